"""Conflicts: a person's decision becomes a change in the server's own log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.changes import Draft
from schemas.deciding import (
    Decision,
    SideChoice,
    StandingRecord,
    UndecidableError,
    parts,
)
from schemas.messages import Outcome
from schemas.names import meant
from schemas.problems import Problem
from schemas.validate import errors, load_patch
from server.access.names import Nameable
from server.access.records import authors, find_record
from server.clock import Clock
from server.custody.own_log import discard_own, write
from server.errors import NotFoundError, RefusedError
from server.merge.model import Record, Verdict
from server.merge.statuses import ConflictStatus
from server.store.custody_values import Author, ConflictQuery, StoredConflict
from server.store.merge_values import Wanted
from server.store.port import Store, Transaction


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person decided, why, and who it was."""

    choice: SideChoice
    reason: str
    person: str | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """What became of a decision on conflicts of one record."""

    record: str
    type: str
    resolves: tuple[str, ...]
    outcome: Outcome
    problems: list[Problem]
    conflicts: list[str]


def find(tx: Transaction, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the open conflicts with these ids, or starts of ids.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several start so.
    """
    found = {conflict.id: conflict for conflict in (_one(tx, n) for n in names)}
    return _described(tx, list(found.values()))


def listed(
    tx: Transaction, project_id: str | None, status: ConflictStatus
) -> list[dict[str, Any]]:
    """Return conflicts, each with what stands now; None where the record is deleted."""
    query = ConflictQuery(project_id=project_id, status=status)
    found = _described(tx, tx.conflicts(query))
    return [one | {"stands": _standing(one)} for one in found]


def sides(tx: Transaction, conflict: dict[str, Any]) -> dict[str, Any]:
    """Add to a conflict the record as it stands, and who wrote what stands."""
    record = find_record(tx, conflict["project"], conflict["record"])
    if record is None:
        return conflict | {"stands": None, "stands_by": None}
    writers = record.writers.get(conflict["group"]) or (record.last_writer,)
    by = authors(tx, record.project_id, [writers[-1].change_id])
    return conflict | {
        "stands": _standing(conflict),
        "stands_by": by[writers[-1].change_id].as_data(),
    }


def _described(
    tx: Transaction, conflicts: Sequence[StoredConflict]
) -> list[dict[str, Any]]:
    """Return conflicts with their records as they are, and who settled them."""
    records, settlers = {}, {}
    for project_id in {found.project_id for found in conflicts}:
        own = [found for found in conflicts if found.project_id == project_id]
        ids = {found.record_id for found in own}
        for record in tx.lookup(project_id, Wanted(record_ids=ids)).records:
            records[project_id, record.id] = record
        settled = [found.settled_by for found in own if found.settled_by]
        for change_id, author in authors(tx, project_id, settled).items():
            settlers[project_id, change_id] = author
    return [
        _data(
            found,
            records.get((found.project_id, found.record_id)),
            settlers.get((found.project_id, found.settled_by or "")),
        )
        for found in conflicts
    ]


def _data(
    found: StoredConflict, record: Record | None, settler: Author | None
) -> dict[str, Any]:
    line = {
        "project": found.project_id,
        "type": found.type,
        "record": found.record_id,
        "fields": record.fields if record else {},
        "deleted": record is not None and record.deleted,
        "id": found.id,
        "group": found.group,
        "base": found.base,
        "theirs": found.theirs,
        "ours": found.ours,
        "change": found.change_id,
        "device": found.device,
        "person": found.person,
        "at": found.at,
    }
    if found.status is ConflictStatus.OPEN:
        return line
    by = settler or Author(None, None, None)
    decision = by.as_data() | {"at": found.settled_at}
    told = {"reason": found.reason, "chosen": found.chosen}
    return line | {"decision": decision | told}


def _standing(conflict: dict[str, Any]) -> dict[str, Any] | None:
    if conflict["deleted"]:
        return None
    names = dict.fromkeys([*conflict["theirs"], *conflict["ours"]])
    return {name: conflict["fields"].get(name) for name in names}


async def resolve(
    store: Store, clock: Clock, conflicts: Sequence[dict[str, Any]], given: Resolution
) -> list[Resolved]:
    """Settle conflicts; those of one record are settled by one change.

    Raises
    ------
    RefusedError
        If the choice does not fit the conflicts; nothing is written then.
    """
    drafts = await store.read(lambda tx: list(_drafts(tx, conflicts, given)))
    accepted = await write(store, clock, drafts, given.person)
    await discard_own(store, clock, accepted.verdicts, "the decision was refused")
    pairs = zip(drafts, accepted.verdicts, strict=True)
    return [_decided(draft, verdict) for draft, verdict in pairs]


def _one(tx: Transaction, name: str) -> StoredConflict:
    found = _meant(tx, name, ConflictStatus.OPEN)
    if not found and _meant(tx, name, ConflictStatus.SETTLED):
        raise NotFoundError(
            f"conflict {name} is settled already",
            "see: permille-server conflict list --settled",
        )
    return _CONFLICT.only(name, found)


def _meant(
    tx: Transaction, name: str, status: ConflictStatus
) -> dict[str, StoredConflict]:
    query = ConflictQuery(status=status, starts_with=name)
    found = {conflict.id: conflict for conflict in tx.conflicts(query)}
    return {place: found[place] for place in meant(name, dict.fromkeys(found, ()))}


_CONFLICT: Final[Nameable[StoredConflict]] = Nameable(
    "open conflict",
    "permille-server conflict list",
    lambda conflict, start: f"{start} of {conflict.type} {conflict.group}",
)


def _drafts(
    tx: Transaction, conflicts: Sequence[dict[str, Any]], given: Resolution
) -> Iterator[Draft]:
    by_record: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for conflict in conflicts:
        place = (conflict["project"], conflict["record"])
        by_record.setdefault(place, []).append(conflict)
    epoch = tx.epoch()
    for place, found in by_record.items():
        record = find_record(tx, *place)
        assert record is not None, "a conflict belongs to a record"
        for decision in _parts(record, found, given.choice):
            yield _draft(record, (epoch, record.seq), decision, given.reason)


def _parts(
    record: Record, conflicts: list[dict[str, Any]], choice: SideChoice
) -> list[Decision]:
    standing = StandingRecord(record.type, record.fields, record.deleted)
    told = [found | {"stands": record.stands(found["group"])} for found in conflicts]
    try:
        found = parts(told, standing, choice)
    except UndecidableError as error:
        where = f"conflict {conflicts[0]['id']}"
        raise RefusedError(f"{where}: {error.text}", [], error.hint) from None
    problems = errors(load_patch(record.type, found[0].fields)[1])
    if problems:
        raise RefusedError("nothing was decided", problems)
    return found


def _draft(
    record: Record, base: tuple[str, int], decision: Decision, reason: str | None
) -> Draft:
    return Draft(
        record.project_id,
        record.type,
        record.id,
        decision.op,
        decision.fields,
        base,
        seen=decision.seen,
        resolves=decision.resolves,
        reason=reason,
    )


def _decided(draft: Draft, verdict: Verdict) -> Resolved:
    return Resolved(
        draft.record_id,
        draft.type,
        draft.resolves,
        verdict.outcome,
        verdict.why,
        verdict.conflicts,
    )
