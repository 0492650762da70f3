"""What the author of a change was shown: the whole of each field group. Pure.

Laptops name every field of a group that they touch. Older ones name only what was
edited; the rest is what their author saw of it: nothing, where these are their first
words on the record; else the row at the base of the change, with what of their own was
not applied laid over it. Where that cannot be told, the change counts as unseen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.groups import by_group, members
from server.sync.desk import Desk
from server.sync.model import Change, Fields, Record, Writer


@dataclass(frozen=True, slots=True)
class AsShown:
    """The fields of a change with whole groups, and the groups nobody can be sure of."""

    fields: Fields
    doubtful: frozenset[str] = frozenset()


def as_shown(
    desk: Desk, change: Change, fields: Fields, present: Record | None
) -> AsShown:
    """Return a patch with every field of the groups that it names."""
    if present is None and not desk.waiting.of_record((change.stream, change.record)):
        return AsShown(fields)  # a first word is whole: what it leaves out is empty
    found, doubtful = dict(fields), set[str]()
    for group, named in by_group(change.type, fields).items():
        rest = [n for n in members(change.type, group) if n not in named]
        if not rest:
            continue
        shown = _shown(desk, change, group, present)
        if shown is None:
            doubtful.add(group)
        found |= {name: (shown or {}).get(name) for name in rest}
    return AsShown(found, frozenset(doubtful))


def base_seq(desk: Desk, change: Change, group: str) -> int:
    """Return the number of the row the author saw, on the present timeline."""
    base = change.base_of(group)
    return 0 if base is None else desk.timeline.common(change.stream, *base)


def unseen(
    desk: Desk, change: Change, group: str, writers: Iterable[Writer]
) -> list[Writer]:
    """Return the writers of a group whose values the author of a change did not know."""
    seen = base_seq(desk, change, group)
    return [
        w
        for w in writers
        if w.seq > seen
        and w.change not in change.seen
        and not is_own(desk, change, w)
        and not _was_seen_before_restore(desk, change, group, w)
    ]


def _was_seen_before_restore(
    desk: Desk, change: Change, group: str, writer: Writer
) -> bool:
    """Return whether a write stood in a lost timeline where the author saw it."""
    base = change.base_of(group)
    if base is None:
        return False
    epoch, seq = base
    stood = desk.stood.get(writer.change, {}).get(epoch)
    return stood is not None and stood <= seq


def is_own(desk: Desk, change: Change, writer: Writer) -> bool:
    """Return whether the author of a change had written that one before it."""
    return desk.lineage.includes(change.log, change.n, writer.log, writer.n)


def has_latest_row(desk: Desk, change: Change, present: Record) -> bool:
    """Return whether the author had the row as it stands, all of it."""
    base = change.base
    if base is None or desk.timeline.common(change.stream, *base) != base[1]:
        return False
    return base[1] >= present.seq


def _shown(
    desk: Desk, change: Change, group: str, present: Record | None
) -> Fields | None:
    """Return what an author saw of a group; None if that is not known."""
    own = _own_words(desk, change)
    beneath: Fields | None
    if present is None or (
        change.base is None and not own and not _wrote(desk, change)
    ):
        beneath = {}
    elif _lost_its_base(desk, change, group):
        beneath = None
    elif _knows_what_stands(desk, change, group, present):
        beneath = present.fields
    else:
        beneath = _seen_before(desk, change, group)
    if beneath is None:
        return None
    for words in own:
        beneath = {**beneath, **words}
    return beneath


def _own_words(desk: Desk, change: Change) -> list[Fields]:
    """Return what the author said of the record before and what does not stand."""
    lineage = desk.lineage
    waiting = [
        (found.judged.change.n, found.judged.fields)
        for found in desk.waiting.of_record((change.stream, change.record))
        if lineage.includes(
            change.log, change.n, found.judged.change.log, found.judged.change.n
        )
    ]
    contested = [
        (found.n, found.ours)
        for found in desk.conflicts_of(change.stream, change.record).values()
        if found.is_open
        # Once its author has the row, the value beneath is what is shown.
        and found.seq > base_seq(desk, change, found.group)
        and lineage.includes(change.log, change.n, found.log, found.n)
    ]
    return [fields for _, fields in sorted(waiting + contested, key=lambda own: own[0])]


def _wrote(desk: Desk, change: Change) -> bool:
    """Return whether the author wrote of the record before, and it stood."""
    place = (change.stream, change.record)
    present = desk.records.get(place)
    standing = [w for ws in present.writers.values() for w in ws] if present else []
    past = [p for found in desk.past.get(place, {}).values() for p in found]
    wrote = [(w.log, w.n) for w in standing] + [(p.log, p.n) for p in past]
    return any(desk.lineage.includes(change.log, change.n, *found) for found in wrote)


def _knows_what_stands(desk: Desk, change: Change, group: str, present: Record) -> bool:
    """Return whether the author saw what stands in a group, or wrote just that."""
    writers = present.writers.get(group, ())
    wrote_it = any(is_own(desk, change, writer) for writer in writers)
    return wrote_it or not unseen(desk, change, group, writers)


def _lost_its_base(desk: Desk, change: Change, group: str) -> bool:
    """Return whether the author saw a row that went with a restore of the server."""
    base = change.base_of(group)
    if base is None or not desk.timeline.knows(base[0]):
        return False
    return base_seq(desk, change, group) < base[1]


def _seen_before(desk: Desk, change: Change, group: str) -> Fields | None:
    """Return the latest state of a group that the author knew, where history has it."""
    seen = base_seq(desk, change, group)
    known = [
        past
        for past in desk.past.get((change.stream, change.record), {}).get(group, ())
        if past.written_seq <= seen
        or desk.lineage.includes(change.log, change.n, past.log, past.n)
    ]
    if not known:
        return None
    latest = max(known, key=lambda past: past.replaced_seq).values
    return latest if set(latest) >= set(members(change.type, group)) else None
