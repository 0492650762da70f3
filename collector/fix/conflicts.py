"""Conflicts: a person's decision becomes a change of this laptop."""

from collections.abc import Sequence

from collector.errors import NotFoundError, RefusedError
from collector.laptop.laptop import Laptop
from collector.record.names import label, one, server_label
from collector.record.saving import save
from collector.rules.draft import Draft
from collector.rules.overlay import BaseRow, RecordView, undecided
from schemas.deciding import SideChoice, StandingRecord, Take, UndecidableError, parts
from schemas.validate import errors, load_patch


def find_contested(laptop: Laptop, name: str) -> BaseRow:
    """Return the server's row with open conflicts that a name or an id means.

    Raises
    ------
    NotFoundError
        If no record with an open conflict has the name.
    """
    bases = {base.id: base for base in laptop.store.contested()}
    views = [
        view
        for base in bases.values()
        if name in _names(laptop, base, view := _view(laptop, base))
        or (len(name) >= 4 and any(i.startswith(name) for i in _ids(base)))
    ]
    if not views:
        raise NotFoundError(
            f"there is no open conflict of {name}", "see: permille conflicts"
        )
    return bases[one("record", name, views, store=laptop.store).id]


def conflicts_named(base: BaseRow, name: str) -> tuple[str, ...]:
    """Return the conflicts whose ids start so; none if the name is the record's."""
    is_record = len(name) < 4 or base.id.startswith(name)
    found = (str(conflict["id"]) for conflict in base.conflicts)
    return () if is_record else tuple(i for i in found if i.startswith(name))


def name_of(laptop: Laptop, base: BaseRow) -> str:
    """Name a contested record as people do."""
    return f"{base.type} {label(laptop.store, _view(laptop, base))}"


def resolve(
    laptop: Laptop, base: BaseRow, ids: Sequence[str], choice: SideChoice, reason: str
) -> int:
    """Decide on conflicts of one record, all or those named; return how many.

    Raises
    ------
    NotFoundError
        If the record has no such conflict.
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
    drafts = _drafts(base, chosen, choice, reason)
    save(laptop, drafts, drafts[0].fields, base.id)
    return sum(len(draft.resolves) for draft in drafts)


def resolve_all(laptop: Laptop, reason: str) -> int:
    """Resolve every conflict with what stands; return how many that decides."""
    drafts = list[Draft]()
    for base in laptop.store.contested():
        left = undecided(base, laptop.store.changes(base.id))
        if left:
            ids = [conflict["id"] for conflict in left]
            stands = SideChoice(Take.STANDS)
            drafts += _drafts(base, _chosen(base, ids), stands, reason)
    if drafts:
        save(laptop, drafts)
    return sum(len(draft.resolves) for draft in drafts)


def _chosen(base: BaseRow, ids: Sequence[str]) -> list[dict[str, object]]:
    chosen = [
        dict(conflict)
        for conflict in base.conflicts
        if not ids or any(str(conflict["id"]).startswith(name) for name in ids)
    ]
    strange = [
        name
        for name in ids
        if not any(str(conflict["id"]).startswith(name) for conflict in chosen)
    ]
    if strange:
        raise NotFoundError(
            f"the record has no open conflict {strange[0]}", "see: permille conflicts"
        )
    return chosen


def _drafts(
    base: BaseRow,
    conflicts: Sequence[dict[str, object]],
    choice: SideChoice,
    reason: str,
) -> list[Draft]:
    """Draft a decision on the row as the server has it, which is what conflicts show."""
    try:
        found = parts(
            conflicts, StandingRecord(base.type, base.fields, base.deleted), choice
        )
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


def _names(laptop: Laptop, base: BaseRow, view: RecordView) -> set[str]:
    said = {label(laptop.store, view), server_label(laptop.store, base)}
    return {view.id, *said, *(f"{view.type} {name}" for name in said)}
