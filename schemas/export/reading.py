"""Records read back from the tables of an export, parents before their children. Pure."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, Final, NamedTuple

from schemas.export.cells import value_of
from schemas.export.shape import plural
from schemas.ids import is_id
from schemas.records import TYPES, fixed_problems
from schemas.tables.harmless import as_meant
from schemas.told import option_name, problem_line, told
from schemas.validate import errors, load_record

Row = Mapping[str, object]
#: The rows of each table by its name; asked for when it is their turn.
Tables = Mapping[str, Callable[[], Iterable[Row]]]
#: Records that are kept in one transaction.
_BATCH: Final = 500
#: A project opens before the organisation that runs it, which belongs to it.
_LATER: Final = "organisation_id"
_REVISITS: Final = "revisits_point_id"


class ReadRecord(NamedTuple):
    """A record of an export, and what of its cells could not be read.

    Of one that `begins` a project a field is left out that has to wait for another
    record; one that `completes` it has that.
    """

    project_id: str
    record_type: str
    record_id: str
    fields: dict[str, Any]
    faults: tuple[str, ...] = ()
    begins: bool = False
    completes: bool = False


class ReadMass(NamedTuple):
    """A soil mass that is held equal on a plot, for one depth and basis."""

    project_id: str
    plot_id: str
    setting: str
    mass: dict[str, Any]


class RecordStanding(StrEnum):
    """What a record of an export is to those that are here."""

    NEW = "new"
    HERE = "already here"
    DIFFERS = "differs"
    DELETED = "deleted here"
    REFUSED = "refused"


class JudgedRecord(NamedTuple):
    """A record with its standing: the fields that differ, or why it is refused."""

    record: ReadRecord
    standing: RecordStanding
    patch: Mapping[str, Any]
    why: str = ""
    told: str = ""  # what differs, in words

    def is_wanted(self, *, takes_differing: bool) -> bool:
        """Return whether it is to be kept, also where another is here if that is taken."""
        if self.standing is RecordStanding.NEW:
            return True
        is_other = self.standing in {RecordStanding.DIFFERS, RecordStanding.DELETED}
        return is_other and not self.why and (takes_differing or self.record.completes)


def read_records(tables: Tables, *, are_texts: bool) -> Iterator[ReadRecord]:
    """Yield every record of an export; `are_texts` says that its cells are those of a CSV."""
    read = _Cells(are_texts=are_texts)
    projects = list(_of_type(tables, "project", read))
    for one in projects:
        rest = {name: value for name, value in one.fields.items() if name != _LATER}
        yield one._replace(fields=rest, begins=True)
    yield from _of_type(tables, "organisation", read)
    for one in projects:
        if _LATER in one.fields:
            yield one._replace(completes=True)
    for record_type in TYPES:
        if record_type == "point":
            yield from _older_first(list(_of_type(tables, record_type, read)))
        elif record_type not in {"project", "organisation"}:
            yield from _of_type(tables, record_type, read)


def read_masses(tables: Tables, *, are_texts: bool) -> Iterator[ReadMass]:
    """Yield the soil masses that were found once; what cannot be read is left out."""
    rows = tables.get("reference_masses")
    for row in rows() if rows else ():
        cells = {name: str(row.get(name) or "") for name in ReadMass._fields}
        if are_texts:
            cells = {name: as_meant(cell) for name, cell in cells.items()}
        try:
            mass = json.loads(cells.pop("mass"))
        except ValueError:
            continue
        if isinstance(mass, dict) and is_id(cells["plot_id"]):
            yield ReadMass(**cells, mass=mass)


def in_batches(records: Iterable[ReadRecord]) -> Iterator[list[ReadRecord]]:
    """Yield records of one project and type at a time, so that parents are there first."""
    for _, run in groupby(records, attrgetter("project_id", "record_type")):
        while batch := list(islice(run, _BATCH)):
            yield batch


def judge(
    record: ReadRecord, here: Mapping[str, Any] | None, *, is_deleted: bool = False
) -> JudgedRecord:
    """Return what a record of an export is to the one that is here under its id."""
    clean, problems = load_record(record.record_type, record.fields)
    why = [*record.faults, *map(problem_line, errors(problems))]
    if why:
        return JudgedRecord(record, RecordStanding.REFUSED, {}, "; ".join(why))
    if here is None:
        return JudgedRecord(record, RecordStanding.NEW, clean)
    known = {name: here.get(name) for name in TYPES[record.record_type].fields}
    if record.begins:
        known.pop(_LATER)
    patch = {name: clean.get(name) for name in known if clean.get(name) != known[name]}
    fixed = fixed_problems(record.record_type, known, patch)
    if fixed:
        why = list(map(problem_line, fixed))
        return JudgedRecord(record, RecordStanding.REFUSED, {}, "; ".join(why))
    if is_deleted:
        return JudgedRecord(record, RecordStanding.DELETED, patch)
    standing = RecordStanding.DIFFERS if patch else RecordStanding.HERE
    return JudgedRecord(record, standing, patch, told=_told(known, patch))


def _told(here: Mapping[str, Any], patch: Mapping[str, Any]) -> str:
    """Return in words what differs.

    >>> _told({"note": "wet"}, {"note": None})
    'note is wet here and empty in the export'
    """
    return "; ".join(
        f"{option_name(name)} is {told(here[name]) or 'empty'} here and"
        f" {told(value) or 'empty'} in the export"
        for name, value in patch.items()
    )


def _of_type(tables: Tables, record_type: str, read: "_Cells") -> Iterator[ReadRecord]:
    rows = tables.get(plural(record_type))
    for row in rows() if rows else ():
        yield read.record(record_type, row)


def _older_first(points: list[ReadRecord]) -> list[ReadRecord]:
    """Return points so that each comes after the one that it revisits."""
    by_id = {point.record_id: point for point in points}
    depths: dict[str, int] = {}

    def depth(name: str, seen: frozenset[str]) -> int:
        if name not in depths and name in by_id and name not in seen:
            older = str(by_id[name].fields.get(_REVISITS) or "")
            depths[name] = depth(older, seen | {name}) + 1
        return depths.get(name, 0)

    return sorted(points, key=lambda point: depth(point.record_id, frozenset()))


class _Cells:
    """How the cells of an export are read."""

    def __init__(self, *, are_texts: bool) -> None:
        self._are_texts = are_texts

    def record(self, record_type: str, row: Row) -> ReadRecord:
        """Read one row; what cannot be read is told with its column."""
        fields, faults = dict[str, Any](), list[str]()
        for name, field in TYPES[record_type].fields.items():
            cell = self._meant(row.get(name))
            try:
                value = value_of(field, cell)
            except (ValueError, OverflowError):
                faults.append(f"{option_name(name)} {cell} cannot be read")
                continue
            if value is not None:
                fields[name] = value
        ids = [str(row.get(name) or "") for name in ("project_id", "id")]
        faults += [
            f"{said or 'nothing'} is no id of a record"
            for said in ids
            if not is_id(said)
        ]
        return ReadRecord(ids[0], record_type, ids[1], fields, tuple(faults))

    def _meant(self, cell: object) -> object:
        return as_meant(cell) if self._are_texts and isinstance(cell, str) else cell
