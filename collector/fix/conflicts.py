"""Conflicts: a person's decision becomes a change of this laptop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.errors import NotFoundError, RefusedError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.record.names import called_in, label, one
from collector.record.saving import save
from collector.record.server_names import server_label
from collector.rules.overlay import BaseRow, RecordView, undecided
from schemas.changes import Draft
from schemas.deciding import Decision, StandingRecord, UndecidableError
from schemas.ids import starts
from schemas.names import by_start, meant, missing, several
from schemas.sides import KEPT, By, Contest, PersonsChoice, decisions
from schemas.validate import errors, load_patch


def find_contested(laptop: Laptop, name: str) -> BaseRow:
    """Return the server's row with open conflicts that a name or an id means.

    Raises
    ------
    NotFoundError
        If no record with an open conflict has the name.
    """
    bases = {base.id: base for base in laptop.store.contested()}
    holders = {each: base for base in bases.values() for each in _ids(base)}
    names = {
        each: _names(laptop, base) if each == base.id else set()
        for each, base in holders.items()
    }
    views = [_view(laptop, holders[each]) for each in meant(name, names)]
    return bases[one("open conflict of", name, views, laptop.store, "conflicts").id]


def conflicts_named(
    base: BaseRow, names: Sequence[str], record: str
) -> tuple[str, ...]:
    """Return the conflicts that are named, or that the name of the record means.

    None stands for all of the record.

    Raises
    ------
    NotFoundError
        If there is no such conflict.
    RefusedError
        If the start of an id is that of several.
    """
    known: dict[str, Sequence[str]] = {str(each["id"]): () for each in base.conflicts}
    if not names:
        return () if meant(record, {base.id: ()}) else tuple(meant(record, known))
    return tuple(_only(name, meant(name, known)) for name in names)


def _only(name: str, ids: Sequence[str]) -> str:
    if not ids:
        text = f"{missing('open conflict', name)} of this record"
        raise NotFoundError(text, "see: permille conflicts")
    if len(ids) > 1:
        short = starts(ids)
        text = several("conflict", name, list(short.values()))
        raise RefusedError(text, by_start(short[ids[0]]), code="ambiguous")
    return ids[0]


def name_of(laptop: Laptop, base: BaseRow) -> str:
    """Name a contested record as people do."""
    return f"{base.type} {label(laptop.store, _view(laptop, base))}"


def contest_of(
    laptop: Laptop, base: BaseRow, conflicts: Sequence[Mapping[str, Any]]
) -> Contest:
    """Return conflicts of a record with what a person sees of it.

    The decision is on the row as the server has it, which is what conflicts show. Who
    recorded what stands is known where it was this laptop.
    """
    own, device = laptop.store.authors(base.id), laptop.store.setting(settings.NAME)
    by = {
        str(conflict["group"]): By(own[change], device)
        for conflict in conflicts
        for change in conflict.get("stands", ())
        if change in own
    }
    standing = StandingRecord(base.type, base.fields, base.deleted)
    values = [base.fields, *(conflict["ours"] for conflict in conflicts)]
    called = called_in(laptop.store, base.type, values)
    return Contest(list(map(dict, conflicts)), standing, by, called)


def resolve(
    laptop: Laptop,
    base: BaseRow,
    ids: Sequence[str],
    choice: PersonsChoice,
    reason: str,
) -> int:
    """Decide on conflicts of one record, all or those named; return how many.

    Raises
    ------
    RefusedError
        If the choice does not fit the conflicts; nothing is kept then.
    """
    chosen = _chosen(base, ids)
    left = undecided(base, laptop.store.changes(base.id))
    open_ids = {str(conflict["id"]) for conflict in left}
    chosen = [conflict for conflict in chosen if conflict["id"] in open_ids]
    if not chosen:
        raise RefusedError(
            "this was decided here already", "to send it: permille sync", code="decided"
        )
    drafts = _drafts(laptop, base, chosen, choice, reason)
    save(laptop, drafts, drafts[0].fields, base.id)
    return sum(len(draft.resolves) for draft in drafts)


@dataclass(frozen=True, slots=True)
class Decided:
    """What stands after a decision, by what it is about, and what is left open."""

    stands: Mapping[str, str]
    left_open: Sequence[str]


def outcome(laptop: Laptop, base: BaseRow, ids: Sequence[str]) -> Decided:
    """Return what a decision on conflicts of a record came to, in words."""
    contest = contest_of(laptop, base, _chosen(base, ids))
    left = {
        str(conflict["group"])
        for conflict in undecided(base, laptop.store.changes(base.id))
    }
    view = _view(laptop, base)
    stands = {
        contest.about(group): "deleted"
        if view.deleted
        else contest.told(group, view.fields)
        for group in contest.groups()
        if group not in left
    }
    return Decided(stands, sorted(map(contest.about, left & contest.groups().keys())))


def resolve_all(laptop: Laptop, reason: str) -> int:
    """Resolve every conflict with what stands; return how many that decides."""
    drafts = list[Draft]()
    for base in laptop.store.contested():
        left = undecided(base, laptop.store.changes(base.id))
        if left:
            ids = [conflict["id"] for conflict in left]
            drafts += _drafts(laptop, base, _chosen(base, ids), KEPT, reason)
    if drafts:
        save(laptop, drafts)
    return sum(len(draft.resolves) for draft in drafts)


def _chosen(base: BaseRow, ids: Sequence[str]) -> list[Mapping[str, Any]]:
    return [dict(each) for each in base.conflicts if not ids or each["id"] in ids]


def decisions_of(
    laptop: Laptop,
    base: BaseRow,
    conflicts: Sequence[Mapping[str, Any]],
    choice: PersonsChoice,
) -> list[Decision]:
    """Return what decides conflicts of a record.

    Raises
    ------
    UndecidableError
        If the choice does not say which values are to stand.
    """
    contest = contest_of(laptop, base, conflicts)
    return decisions(contest, choice)


def _drafts(
    laptop: Laptop,
    base: BaseRow,
    conflicts: Sequence[Mapping[str, Any]],
    choice: PersonsChoice,
    reason: str,
) -> list[Draft]:
    try:
        found = decisions_of(laptop, base, conflicts, choice)
    except UndecidableError as error:
        raise RefusedError(error.text, error.hint, code="undecidable") from None
    problems = errors(load_patch(base.type, found[0].fields)[1])
    if problems:
        raise RefusedError("nothing was decided", "", problems, code="invalid")
    return [
        Draft(
            base.project_id,
            base.type,
            base.id,
            decision.op,
            decision.fields,
            base.seen,
            seen=decision.seen,
            resolves=decision.resolves,
            reason=reason,
        )
        for decision in found
    ]


def _ids(base: BaseRow) -> list[str]:
    return [base.id, *(str(conflict["id"]) for conflict in base.conflicts)]


def _view(laptop: Laptop, base: BaseRow) -> RecordView:
    found = laptop.store.record(base.id)
    assert found is not None, "what the server has is shown"
    return found


def _names(laptop: Laptop, base: BaseRow) -> set[str]:
    said = {
        label(laptop.store, _view(laptop, base)),
        server_label(laptop.store, base),
    }
    return {*said, *(f"{base.type} {name}" for name in said)}
