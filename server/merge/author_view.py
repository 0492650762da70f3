"""What the author of a change was shown: the whole of each field group. Pure.

Laptops name every field of a group that they touch. Older ones name only what was
edited; the rest is what their author saw of it: nothing, where these are their first
words on the record; else the row at the base of the change, with what of their own was
not applied laid over it. Where that cannot be told, the change counts as unseen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.changes import Change
from schemas.groups import by_group, members
from server.merge.model import Fields, Record, Writer
from server.merge.state import MergeState


@dataclass(frozen=True, slots=True)
class AsShown:
    """The fields of a change with whole groups, and the groups nobody can be sure of."""

    fields: Fields
    doubtful: frozenset[str] = frozenset()


def as_shown(
    state: MergeState, change: Change, fields: Fields, present: Record | None
) -> AsShown:
    """Return a patch with every field of the groups that it names."""
    if present is None and not state.waiting.of_record(
        (change.project_id, change.record_id)
    ):
        return AsShown(fields)  # a first word is whole: what it leaves out is empty
    found, doubtful = dict(fields), set[str]()
    for group, named in by_group(change.type, fields).items():
        rest = [n for n in members(change.type, group) if n not in named]
        if not rest:
            continue
        shown = _shown(state, change, group, present)
        if shown is None:
            doubtful.add(group)
        found |= {name: (shown or {}).get(name) for name in rest}
    return AsShown(found, frozenset(doubtful))


def base_seq(state: MergeState, change: Change, group: str) -> int:
    """Return the number of the row the author saw, on the present timeline."""
    base = change.base_of(group)
    return 0 if base is None else state.timeline.common(change.project_id, *base)


def concurrent_writers(
    state: MergeState, change: Change, group: str, writers: Iterable[Writer]
) -> list[Writer]:
    """Return the writers of a group whose values the author of a change did not know."""
    seen = base_seq(state, change, group)
    return [
        w
        for w in writers
        if w.seq > seen
        and w.change_id not in change.seen
        and not is_own(state, change, w)
        and not _was_seen_before_restore(state, change, group, w)
    ]


def _was_seen_before_restore(
    state: MergeState, change: Change, group: str, writer: Writer
) -> bool:
    """Return whether a write stood in a lost timeline where the author saw it."""
    base = change.base_of(group)
    if base is None:
        return False
    epoch, seq = base
    stood = state.stood.get(writer.change_id, {}).get(epoch)
    return stood is not None and stood <= seq


def is_own(state: MergeState, change: Change, writer: Writer) -> bool:
    """Return whether the author of a change had written that one before it."""
    return state.lineage.includes(change.log_id, change.n, writer.log_id, writer.n)


def has_latest_row(state: MergeState, change: Change, present: Record) -> bool:
    """Return whether the author had the row as it stands, all of it."""
    base = change.base
    if base is None or state.timeline.common(change.project_id, *base) != base[1]:
        return False
    return base[1] >= present.seq


def _shown(
    state: MergeState, change: Change, group: str, present: Record | None
) -> Fields | None:
    """Return what an author saw of a group; None if that is not known."""
    own = _own_words(state, change)
    beneath: Fields | None
    if present is None or (
        change.base is None and not own and not _wrote(state, change)
    ):
        beneath = {}
    elif _lost_its_base(state, change, group):
        beneath = None
    elif _knows_what_stands(state, change, group, present):
        beneath = present.fields
    else:
        beneath = _seen_before(state, change, group)
    if beneath is None:
        return None
    for words in own:
        beneath = {**beneath, **words}
    return beneath


def _own_words(state: MergeState, change: Change) -> list[Fields]:
    """Return what the author said of the record before and what does not stand."""
    waiting = [
        (
            found.validated.change.log_id,
            found.validated.change.n,
            found.validated.fields,
        )
        for found in state.waiting.of_record((change.project_id, change.record_id))
    ]
    contested = [
        (found.log_id, found.n, found.ours)
        for found in state.conflicts_of(change.project_id, change.record_id).values()
        if found.is_open
        # Once its author has the row, the value beneath is what is shown.
        and found.seq > base_seq(state, change, found.group)
    ]
    own = [
        (state.lineage.generation(log), n, fields)
        for log, n, fields in waiting + contested
        if state.lineage.includes(change.log_id, change.n, log, n)
    ]
    return [fields for *_, fields in sorted(own, key=lambda said: said[:2])]


def _wrote(state: MergeState, change: Change) -> bool:
    """Return whether the author wrote of the record before, and it stood."""
    place = (change.project_id, change.record_id)
    present = state.records.get(place)
    standing = [w for ws in present.writers.values() for w in ws] if present else []
    past = [p for found in state.past.get(place, {}).values() for p in found]
    wrote = [(w.log_id, w.n) for w in standing] + [(p.log_id, p.n) for p in past]
    return any(
        state.lineage.includes(change.log_id, change.n, *found) for found in wrote
    )


def _knows_what_stands(
    state: MergeState, change: Change, group: str, present: Record
) -> bool:
    """Return whether the author saw what stands in a group, or wrote just that."""
    writers = present.writers.get(group, ())
    wrote_it = any(is_own(state, change, writer) for writer in writers)
    return wrote_it or not concurrent_writers(state, change, group, writers)


def _lost_its_base(state: MergeState, change: Change, group: str) -> bool:
    """Return whether the author saw a row that went with a restore of the server."""
    base = change.base_of(group)
    if base is None or not state.timeline.knows(base[0]):
        return False
    return base_seq(state, change, group) < base[1]


def _seen_before(state: MergeState, change: Change, group: str) -> Fields | None:
    """Return the latest state of a group that the author knew, where history has it."""
    seen = base_seq(state, change, group)
    known = [
        past
        for past in state.past.get((change.project_id, change.record_id), {}).get(
            group, ()
        )
        if past.written_seq <= seen
        or state.lineage.includes(change.log_id, change.n, past.log_id, past.n)
    ]
    if not known:
        return None
    latest = max(known, key=lambda past: past.replaced_seq).values
    return latest if set(latest) >= set(members(change.type, group)) else None
