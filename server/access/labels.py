"""What people call records: by their parents, as laptops do, never by an id."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from schemas.ids import is_id
from schemas.names import meant
from schemas.records import TYPES, references_of
from schemas.told import told
from server.access.names import Nameable
from server.store.custody_values import CustodyQuery
from server.store.merge_values import Wanted
from server.store.port import Transaction


class Named(NamedTuple):
    """A record to be named: as it stands, or as somebody sent it."""

    project_id: str
    id: str
    type: str
    fields: Mapping[str, Any]


def labels(tx: Transaction, records: Iterable[Named]) -> dict[str, str]:
    """Return what each of these records is called, by its id, with its type."""
    records, found = list(records), dict[str, str]()
    for project_id in {record.project_id for record in records}:
        own = [record for record in records if record.project_id == project_id]
        wanted = {i for r in own for i in references_of(r.type, r.fields).values()}
        known = called(tx, project_id, wanted)
        found |= {
            r.id: f"{r.type} {_label(r.type, r.fields, known) or r.id[:8]}" for r in own
        }
    return found


def called(tx: Transaction, project_id: str, ids: Collection[str]) -> dict[str, str]:
    """Return what records of a project are called, by their ids.

    What is not on the server yet is called as it waits in the quarantine.
    """
    known: dict[str, tuple[str, Mapping[str, Any]]] = {}
    wave, order = set(ids), list[str]()
    while wave:
        found = tx.lookup(project_id, Wanted(record_ids=wave)).records
        known |= {record.id: (record.type, record.fields) for record in found}
        if missing := wave - known.keys():
            query = CustodyQuery(
                project_id=project_id, statuses=None, record_ids=missing
            )
            sent = {w.record_id: (w.type, w.fields) for w in tx.quarantine(query)}
            known |= sent
        order += sorted(wave & known.keys())
        wave = {
            target
            for each in wave & known.keys()
            for target in references_of(*known[each]).values()
        } - known.keys()
    names: dict[str, str] = {}
    # Parents were found after their children: names are made from the last one on.
    for each in reversed(order):
        names[each] = _label(*known[each], names) or each[:8]
    return names


def placed(tx: Transaction, project_id: str, ids: Collection[str]) -> dict[str, str]:
    """Return what records are called that words speak of: a bag with its core.

    Others may have its label.
    """
    records = tx.lookup(project_id, Wanted(record_ids=set(ids))).records
    parents = {
        record.id: str(record.fields.get(kind.parent))
        for record in records
        if (kind := TYPES.get(record.type)) and kind.parent not in kind.name_fields
    }
    names = called(tx, project_id, {*ids, *parents.values()})
    for each, parent in parents.items():
        if parent in names:
            names[each] = f"{names[each]} of {names[parent]}"
    return {each: names[each] for each in ids if each in names}


def with_ids(
    tx: Transaction, project_id: str, record_type: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return values with the id of each record that a reference names as people do.

    Raises
    ------
    NotFoundError
        If no record of the project is called so.
    """
    found = dict(values)
    for name, target in TYPES[record_type].references.items():
        said = found.get(name)
        if isinstance(said, str) and not is_id(said):
            found[name] = _find(tx, project_id, target, said)
    return found


def _find(tx: Transaction, project_id: str, record_type: str, name: str) -> str:
    rows = tx.rows_after(project_id, 0)
    views = [r for r in rows if r.type == record_type and not r.deleted]
    names = labels(tx, (Named(project_id, r.id, r.type, r.fields) for r in views))
    known = {i: (told.partition(" ")[2],) for i, told in names.items()}
    found = {each: each for each in meant(name, known)}
    return _RECORD.only(f"{record_type} {name}", found)


_RECORD: Final[Nameable[str]] = Nameable(
    "record", "permille-server stocks show", lambda _, start: start
)


def _label(
    record_type: str, fields: Mapping[str, Any], known: Mapping[str, str]
) -> str:
    kind = TYPES.get(record_type)
    parts = [
        told(value, known)
        if name not in kind.references
        else known.get(str(value), "?")
        for name in (kind.name_fields if kind else ())
        if kind and (value := fields.get(name)) is not None
    ]
    return "/".join(parts)
