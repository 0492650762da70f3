"""The quarantine as an administrator reads it: one change with all that bears on it."""

from collections.abc import Sequence
from typing import Any, Final

from schemas.names import meant
from schemas.records import label
from server.access.names import Nameable
from server.access.records import find_record
from server.merge.statuses import WAITS, CustodyStatus
from server.store.custody_values import CustodyQuery, InCustody
from server.store.port import Transaction


def find(
    tx: Transaction, names: Sequence[str], statuses: Sequence[CustodyStatus] | None
) -> list[dict[str, Any]]:
    """Return the changes with these ids, or starts of ids.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several start so.
    """
    found = {
        change.change_id: change for change in (_one(tx, n, statuses) for n in names)
    }
    return [as_data(change) for change in found.values()]


def listed(
    tx: Transaction, project_id: str | None, statuses: Sequence[CustodyStatus] | None
) -> list[dict[str, Any]]:
    """Return changes of the quarantine, oldest first."""
    query = CustodyQuery(project_id=project_id, statuses=statuses)
    return [as_data(found) for found in tx.quarantine(query)]


def as_data(found: InCustody) -> dict[str, Any]:
    """Return the JSON object of a change in quarantine."""
    return {
        "project": found.project_id,
        "type": found.type,
        "record": found.record_id,
        "change": found.change_id,
        "fields": found.fields,
        "why": [problem.as_data() for problem in found.why],
        "device": found.device,
        "person": found.person,
        "at": found.at,
        "status": found.status,
        "waits_for": found.waits_for,
        "reason": found.reason,
    }


def shown(tx: Transaction, name: str) -> dict[str, Any]:
    """Return one change with the record as it stands, and who waits for whom."""
    (found,) = find(tx, [name], None)
    project_id = found["project"]
    record = find_record(tx, project_id, found["record"])
    waiting = listed(tx, project_id, WAITS)
    return found | {
        "stands": None
        if record is None
        else {"fields": record.fields, "deleted": record.deleted, "seq": record.seq},
        "waits_for_changes": [
            other["change"]
            for other in waiting
            if other["record"] == found["waits_for"]
        ],
        "waiting_for_it": [
            {key: other[key] for key in ("change", "type", "record", "fields")}
            for other in waiting
            if other["waits_for"] == found["record"]
            and other["change"] != found["change"]
        ],
    }


def _one(
    tx: Transaction, name: str, statuses: Sequence[CustodyStatus] | None
) -> InCustody:
    query = CustodyQuery(statuses=statuses, starts_with=name)
    known = {change.change_id: change for change in tx.quarantine(query)}
    found = {place: known[place] for place in meant(name, dict.fromkeys(known, ()))}
    return _CHANGE.only(name, found)


_CHANGE: Final[Nameable[InCustody]] = Nameable(
    "quarantined change",
    "permille-server quarantine list --all",
    lambda change, start: f"{start} of {label(change.type, change.fields)}",
)
