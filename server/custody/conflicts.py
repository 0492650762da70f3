"""Conflicts: a person's decision becomes a change in the server's own log."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.changes import Draft
from schemas.deciding import Decision, StandingRecord, UndecidableError
from schemas.messages import Op, Outcome
from schemas.names import meant
from schemas.problems import Problem
from schemas.records import references_of
from schemas.sides import By, Contest, PersonsChoice, decisions
from schemas.told import told_values
from schemas.validate import errors, load_patch
from server.access.labels import Named, called, labels
from server.access.names import Nameable
from server.access.records import authors, find_record
from server.clock import Clock
from server.custody.own_log import discard_own, write
from server.errors import NotFoundError, RefusedError
from server.merge.model import Record
from server.merge.statuses import ConflictStatus, CustodyStatus
from server.store.custody_values import (
    Author,
    ConflictQuery,
    CustodyQuery,
    StoredConflict,
)
from server.store.merge_values import Wanted
from server.store.port import Store, Transaction


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person decided, why, and who it was."""

    choice: PersonsChoice
    reason: str
    person: str | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """What became of a decision on conflicts of one record."""

    record: str
    type: str
    name: str
    resolves: tuple[str, ...]
    stands: str
    outcome: Outcome
    problems: Sequence[Problem]
    conflicts: Sequence[str]


def beyond(tx: Transaction, found: Sequence[dict[str, Any]]) -> int:
    """Count the changes that wait because these records have as many conflicts as they may."""
    project_ids = {one["project"] for one in found}
    records = {one["record"] for one in found}
    return sum(
        any(problem.code == "too_many_conflicts" for problem in waiting.why)
        for project_id in project_ids
        for waiting in tx.quarantine(
            CustodyQuery(
                project_id=project_id,
                record_ids=records,
                statuses=(CustodyStatus.OPEN,),
            )
        )
    )


def find(
    tx: Transaction, names: Sequence[str], project_id: str | None = None
) -> list[dict[str, Any]]:
    """Return the open conflicts that names of records, ids or starts of ids mean.

    The name of a record means all of its open conflicts.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several start so.
    """
    found = {each.id: each for name in names for each in _several(tx, name, project_id)}
    return _described(tx, list(found.values()))


def listed(
    tx: Transaction, project_id: str | None, status: ConflictStatus
) -> list[dict[str, Any]]:
    """Return conflicts, each with what stands now; None where the record is deleted."""
    query = ConflictQuery(project_id=project_id, status=status)
    return _described(tx, tx.conflicts(query))


def _described(
    tx: Transaction, conflicts: Sequence[StoredConflict]
) -> list[dict[str, Any]]:
    """Return conflicts with their records as they are, named, and who wrote what."""
    found: dict[str, dict[str, Any]] = {}
    for project_id in {conflict.project_id for conflict in conflicts}:
        own = [each for each in conflicts if each.project_id == project_id]
        for each, told in zip(own, _of_project(tx, project_id, own), strict=True):
            found[each.id] = told
    return [found[conflict.id] for conflict in conflicts]


def _of_project(
    tx: Transaction, project_id: str, conflicts: Sequence[StoredConflict]
) -> Iterator[dict[str, Any]]:
    wanted = Wanted(record_ids={conflict.record_id for conflict in conflicts})
    records = {r.id: r for r in tx.lookup(project_id, wanted).records}
    names = labels(
        tx, (Named(r.project_id, r.id, r.type, r.fields) for r in records.values())
    )
    wrote = {
        each.id: _last_writer(records[each.record_id], each.group)
        for each in conflicts
        if each.record_id in records
    }
    settled = [each.settled_by for each in conflicts if each.settled_by]
    by = authors(tx, project_id, {*wrote.values(), *settled})
    targets = _names_of_targets(tx, project_id, conflicts)
    for each in conflicts:
        line = _data(each, records.get(each.record_id)) | {
            "name": names.get(each.record_id, each.type),
            "names": targets[each.id],
        }
        if each.status is ConflictStatus.OPEN:
            author = by.get(wrote.get(each.id, ""))
            yield line | {"stands_by": author.as_data() if author else None}
        else:
            yield line | {"decision": _decision(each, by.get(each.settled_by or ""))}


def _names_of_targets(
    tx: Transaction, project_id: str, conflicts: Sequence[StoredConflict]
) -> dict[str, dict[str, str]]:
    """Return for each conflict what the records are called that its values refer to."""
    targets = {each.id: _targets(each) for each in conflicts}
    known = called(tx, project_id, set().union(*targets.values()))
    return {
        name: {target: known[target] for target in own & known.keys()}
        for name, own in targets.items()
    }


def _decision(found: StoredConflict, author: Author | None) -> dict[str, Any]:
    by = author or Author(None, None, None)
    told = {"reason": found.reason, "chosen": found.chosen}
    return by.as_data() | {"at": found.settled_at} | told


def _targets(found: StoredConflict) -> set[str]:
    """Return the ids of the records that its values refer to."""
    values = [found.base or {}, found.theirs, found.ours, found.chosen]
    return {t for each in values for t in references_of(found.type, each).values()}


def _named(record: Record) -> Named:
    return Named(record.project_id, record.id, record.type, record.fields)


def _last_writer(record: Record, group: str) -> str:
    writers = record.writers.get(group) or (record.last_writer,)
    return writers[-1].change_id


def _data(found: StoredConflict, record: Record | None) -> dict[str, Any]:
    told = {
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
    return told | {"stands": _standing(told)}


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
    drafts = await store.read(lambda tx: drafts_of(tx, conflicts, given))
    accepted = await write(store, clock, drafts, given.person)
    await discard_own(store, clock, accepted.verdicts, "the decision was refused")
    names = {found["record"]: found["name"] for found in conflicts}
    names_in = {k: v for found in conflicts for k, v in found["names"].items()}
    return [
        Resolved(
            draft.record_id,
            draft.type,
            names[draft.record_id],
            draft.resolves,
            _stands(draft, names_in),
            verdict.outcome,
            verdict.why,
            verdict.conflicts,
        )
        for draft, verdict in zip(drafts, accepted.verdicts, strict=True)
    ]


def _stands(draft: Draft, names: Mapping[str, str]) -> str:
    """Return in words what a decision lets stand."""
    if draft.op is Op.DELETE:
        return "the record is deleted"
    return told_values(draft.fields, names)


def _several(
    tx: Transaction, name: str, project_id: str | None
) -> list[StoredConflict]:
    if of_record := _of_record(tx, name, ConflictStatus.OPEN, project_id):
        return of_record
    found = _meant(tx, name, ConflictStatus.OPEN)
    if not found and (
        _meant(tx, name, ConflictStatus.SETTLED)
        or _of_record(tx, name, ConflictStatus.SETTLED, project_id)
    ):
        raise NotFoundError(
            f"conflict {name} is settled already",
            "see: permille-server conflict list --settled",
        )
    return [_CONFLICT.only(name, found)]


def _of_record(
    tx: Transaction, name: str, status: ConflictStatus, project_id: str | None
) -> list[StoredConflict]:
    """Return the conflicts of the one record that is called so, with or without its type."""
    every = tx.conflicts(ConflictQuery(status=status, project_id=project_id))
    told = {each["id"]: each for each in _described(tx, every)}
    found = [
        each
        for each in every
        if name
        and name
        in {
            told[each.id]["name"],
            told[each.id]["name"].partition(" ")[2],
            each.record_id,
        }
    ]
    if len({(each.project_id, each.record_id) for each in found}) > 1:
        several_ones = {each.id: each for each in found}
        return [_CONFLICT.only(name, several_ones)]
    return found


def _meant(
    tx: Transaction, name: str, status: ConflictStatus
) -> dict[str, StoredConflict]:
    query = ConflictQuery(status=status, starts_with=name)
    found = {conflict.id: conflict for conflict in tx.conflicts(query)}
    return {place: found[place] for place in meant(name, dict.fromkeys(found, ()))}


_CONFLICT: Final[Nameable[StoredConflict]] = Nameable(
    "open conflict",
    "permille-server conflict list",
    lambda conflict, start: f"{start} of {conflict.type}, {conflict.group}",
)


def drafts_of(
    tx: Transaction, conflicts: Sequence[dict[str, Any]], given: Resolution
) -> list[Draft]:
    """Return the changes that settle conflicts; those of one record need one or few.

    Raises
    ------
    RefusedError
        If the choice does not fit the conflicts.
    """
    by_record: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for conflict in conflicts:
        place = (conflict["project"], conflict["record"])
        by_record.setdefault(place, []).append(conflict)
    drafts, epoch = [], tx.epoch()
    for place, found in by_record.items():
        record = find_record(tx, *place)
        assert record is not None, "a conflict belongs to a record"
        drafts += settling(epoch, record, found, given)
    return drafts


def settling(
    epoch: str, record: Record, conflicts: list[dict[str, Any]], given: Resolution
) -> list[Draft]:
    """Return the changes that settle conflicts of one record, as it stands.

    Raises
    ------
    RefusedError
        If the choice does not fit the conflicts.
    """
    base = (epoch, record.seq)
    return [
        _draft(record, base, decision, given.reason)
        for decision in _parts(record, conflicts, given.choice)
    ]


def contest(tx: Transaction, conflicts: Sequence[dict[str, Any]]) -> Contest:
    """Return open conflicts of one record with what a person sees of it."""
    first = conflicts[0]
    record = find_record(tx, first["project"], first["record"])
    assert record is not None, "a conflict belongs to a record"
    return _contest(record, conflicts)


def _contest(record: Record, conflicts: Sequence[Mapping[str, Any]]) -> Contest:
    names = {k: v for found in conflicts for k, v in found["names"].items()}
    standing = StandingRecord(record.type, record.fields, record.deleted)
    told = [
        found | {"stands": record.stands(found["group"])}
        for found in map(dict, conflicts)
    ]
    by = {
        found["group"]: By(wrote["person"], wrote["device"])
        for found in conflicts
        if (wrote := found.get("stands_by"))
    }
    return Contest(told, standing, by, names)


def _parts(
    record: Record, conflicts: list[dict[str, Any]], choice: PersonsChoice
) -> list[Decision]:
    try:
        found = decisions(_contest(record, conflicts), choice)
    except UndecidableError as error:
        raise RefusedError(
            f"{conflicts[0]['name']}: {error.text}", [], error.hint
        ) from None
    problems = [
        p for each in found for p in errors(load_patch(record.type, each.fields)[1])
    ]
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
