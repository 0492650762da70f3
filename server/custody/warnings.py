"""What is odd about the records of a project, until somebody says why it is right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from schemas.changes import Draft
from schemas.explained import explained_with
from schemas.messages import Outcome
from schemas.plausibility.every import every_warning
from schemas.plausibility.records import Records, Warned
from schemas.plausibility.skeletons import skeleton
from schemas.records import TYPES
from server.access.records import find_record
from server.clock import Clock
from server.custody.own_log import discard_own, write
from server.errors import NotFoundError, RefusedError
from server.merge.model import Record
from server.store.port import Store, Transaction

_AGAIN: Final = "look again: permille-server warning list"


@dataclass(frozen=True, slots=True)
class Explained:
    """Which warnings of which record are right, why, and who says so."""

    record_type: str
    name: str
    code: str
    why: str
    person: str


def listed(tx: Transaction, project_id: str, clock: Clock) -> list[dict[str, Any]]:
    """Return every warning about the records of a project, explained or not."""
    records = records_in(tx, project_id)
    return [
        {"type": one.record_type, "name": records.name(one.record_type, one.record_id)}
        | one.warning.as_data()
        | {"explained": one.explained}
        for one in _found(tx, records, clock)
    ]


def unexplained(tx: Transaction, records: Records, clock: Clock) -> list[Warned]:
    """Return the warnings about records of which nobody has said why they are right."""
    return [one for one in _found(tx, records, clock) if one.explained is None]


def called_alike(tx: Transaction, project_id: str) -> list[str]:
    """Return the codes of other projects that read like that of this one."""
    codes = {one.id: one.fields.get("code") or "" for one in tx.projects()}
    own = codes.pop(project_id, "")
    return sorted(code for code in codes.values() if skeleton(code) == skeleton(own))


async def explain(store: Store, clock: Clock, project_id: str, given: Explained) -> int:
    """Keep why warnings of one kind about a record are right; return how many there were.

    Raises
    ------
    NotFoundError
        If no record of this name has such a warning.
    RefusedError
        If the record was changed or deleted meanwhile.
    """
    draft, count = await store.read(lambda tx: _draft(tx, clock, project_id, given))
    accepted = await write(store, clock, [draft], given.person)
    (verdict,) = accepted.verdicts
    if verdict.outcome not in {Outcome.ACCEPTED, Outcome.MERGED}:
        await discard_own(store, clock, [verdict], "the administrator was told")
        raise RefusedError("this was not accepted", list(verdict.why), _AGAIN)
    return count


def _draft(
    tx: Transaction, clock: Clock, project_id: str, given: Explained
) -> tuple[Draft, int]:
    records = records_in(tx, project_id)
    asked = _asked(records, _found(tx, records, clock), given)
    record_id = asked[0].record_id
    record = find_record(tx, project_id, record_id)
    assert record is not None, "a record with a warning is here"
    return explaining(tx.epoch(), record, asked, given.why, given.person), len(asked)


def explaining(
    epoch: str,
    record: Record,
    warned: Iterable[Warned],
    why: str,
    person: str,
    reason: str | None = None,
) -> Draft:
    """Return the change that says why warnings about a record are right, and who says so.

    `reason` is why the change is made, where it is part of an operation.
    """
    found = [one.warning for one in warned]
    explained = explained_with(record.fields.get("explained"), found, why, person)
    return Draft(
        record.project_id,
        record.type,
        record.id,
        fields={"explained": explained},
        base=(epoch, record.seq),
        reason=reason,
    )


def _asked(records: Records, found: Sequence[Warned], given: Explained) -> list[Warned]:
    of_record = [
        one
        for one in found
        if one.explained is None
        and one.record_type == given.record_type
        and records.name(one.record_type, one.record_id) == given.name
    ]
    asked = [one for one in of_record if one.warning.code == given.code]
    if asked:
        return asked
    codes = sorted({one.warning.code for one in of_record})
    raise NotFoundError(
        f"{given.record_type} {given.name} has no open warning {given.code}",
        f"it has: {', '.join(codes)}" if codes else "see: permille-server warning list",
    )


def _found(tx: Transaction, records: Records, clock: Clock) -> list[Warned]:
    blocks = {one.block for one in tx.label_blocks()}
    return list(every_warning(records, utc(clock), blocks))


def utc(clock: Clock) -> datetime:
    """Return what time it is."""
    return datetime.fromtimestamp(clock.now_ms() / 1000, UTC)


def records_in(tx: Transaction, project_id: str) -> Records:
    """Return every live record of a project."""
    return Records(
        (record.type, record.id, record.fields)
        for kind in TYPES
        for record in tx.records(project_id, kind)
    )
