"""The quarantine as an administrator reads it: one change with all that bears on it."""

from collections.abc import Sequence
from typing import Any, Final

from schemas.changes import reason_of
from schemas.names import meant
from schemas.operations import operation_of
from schemas.records import label, references_of
from schemas.told import ids_in
from server.access.labels import Named, called, labels, placed
from server.access.names import Nameable
from server.access.records import find_record
from server.merge.statuses import WAITS, CustodyStatus
from server.store.custody_values import CustodyQuery, InCustody
from server.store.port import Transaction


def find(
    tx: Transaction,
    names: Sequence[str],
    statuses: Sequence[CustodyStatus] | None,
    project_id: str | None = None,
) -> list[dict[str, Any]]:
    """Return the changes that names of records, ids or starts of ids mean.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several start so.
    """
    found = {
        change.change_id: change
        for name in names
        for change in _several(tx, name, statuses, project_id)
    }
    return _described(tx, list(found.values()))


def listed(
    tx: Transaction, project_id: str | None, statuses: Sequence[CustodyStatus] | None
) -> list[dict[str, Any]]:
    """Return changes of the quarantine, oldest first."""
    query = CustodyQuery(project_id=project_id, statuses=statuses)
    return _described(tx, tx.quarantine(query))


def _described(tx: Transaction, changes: Sequence[InCustody]) -> list[dict[str, Any]]:
    """Return changes with what their records are called, and those they speak of."""
    found: dict[str, dict[str, Any]] = {}
    for project_id in {change.project_id for change in changes}:
        own = [change for change in changes if change.project_id == project_id]
        found |= _of_project(tx, project_id, own)
    return [found[change.change_id] for change in changes]


def _of_project(
    tx: Transaction, project_id: str, changes: Sequence[InCustody]
) -> dict[str, dict[str, Any]]:
    told = (Named(project_id, c.change_id, c.type, c.fields) for c in changes)
    names, spoken_of = labels(tx, told), {c.change_id: _ids_in(c) for c in changes}
    known = placed(tx, project_id, ids_in(p.as_data() for c in changes for p in c.why))
    known |= called(tx, project_id, set().union(*map(_referred, changes)))
    return {
        c.change_id: _as_data(c)
        | {"name": names[c.change_id]}
        | {"names": {i: known[i] for i in spoken_of[c.change_id] & known.keys()}}
        for c in changes
    }


def _ids_in(change: InCustody) -> set[str]:
    """Return the ids of the records that a change and its reasons speak of."""
    return _referred(change) | ids_in(problem.as_data() for problem in change.why)


def _referred(change: InCustody) -> set[str]:
    waited = {change.waits_for} if change.waits_for else set[str]()
    return waited | set(references_of(change.type, change.fields).values())


def _as_data(found: InCustody) -> dict[str, Any]:
    operation = operation_of(_text(reason_of(found.line.raw)))
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
        "part_of": operation.what if operation else None,
    }


def _text(said: object) -> str | None:
    """Return a text; a line of a stranger may say anything."""
    return said if isinstance(said, str) else None


def shown(
    tx: Transaction, name: str, within: str | None = None
) -> list[dict[str, Any]]:
    """Return the changes that a name means, each with all that bears on it."""
    return [_borne_on(tx, found) for found in find(tx, [name], None, within)]


def _borne_on(tx: Transaction, found: dict[str, Any]) -> dict[str, Any]:
    """Return a change with the record as it stands, and who waits for whom."""
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
            {key: other[key] for key in ("change", "type", "record", "name", "fields")}
            for other in waiting
            if other["waits_for"] == found["record"]
            and other["change"] != found["change"]
        ],
    }


def _several(
    tx: Transaction,
    name: str,
    statuses: Sequence[CustodyStatus] | None,
    project_id: str | None,
) -> list[InCustody]:
    """Return the changes of the one record that is called so, or the one of an id."""
    every = tx.quarantine(CustodyQuery(statuses=statuses, project_id=project_id))
    told = {each["change"]: each["name"] for each in _described(tx, every)}
    of_record = {
        change.change_id: change
        for change in every
        if name
        and name in {told[change.change_id], told[change.change_id].partition(" ")[2]}
    }
    if len({change.record_id for change in of_record.values()}) == 1:
        return list(of_record.values())
    known = {change.change_id: change for change in every}
    found = {place: known[place] for place in meant(name, dict.fromkeys(known, ()))}
    return [_CHANGE.only(name, of_record or found)]


_CHANGE: Final[Nameable[InCustody]] = Nameable(
    "quarantined change",
    "permille-server quarantine list --all",
    lambda change, start: f"{start} of {label(change.type, change.fields)}",
)
