"""Records: each value is the one that its latest writer's line carries."""

import json
from collections.abc import Iterator
from typing import Any, Final

from schemas.changes import Change, read_change
from schemas.fields import FieldClass
from schemas.groups import WHOLE_RECORD
from schemas.messages import Op
from schemas.records import DERIVED, TYPES
from schemas.sets import joined
from server.merge.model import Record, ValidatedChange, Writer
from server.merge.preconditions import validate
from server.store.checks.faults import Steps, guarded
from server.store.checks.verdicts import APPLIED
from server.store.driver import Connection
from server.store.rows import RECORD_COLUMNS, dump, record_of, record_row
from server.store.values import Fault, Progress

_RECORDS: Final = f"""
    SELECT {RECORD_COLUMNS}, parent_id, natural_key, last_log, last_n
    FROM record ORDER BY project_id, id
"""  # noqa: S608 - the columns are a constant
_LINE: Final = """
    SELECT raw, hash, change_id, outcome, seq FROM change WHERE log_id = ? AND n = ?
"""
_VERSION: Final = """
    SELECT fields, plot_id, type FROM derived_version
    WHERE project_id = ? AND id = ? AND seq = ?
"""
_APPLIED: Final = """
    SELECT project_id, record_id, max(seq) FROM applied GROUP BY 1, 2 ORDER BY 1, 2
"""
_CHECK: Final = "records"

Place = tuple[str, str]


class _Latest:
    """The number of the latest change of each record, asked for in order."""

    def __init__(self, scratch: Connection) -> None:
        self._rows = iter(scratch.execute(_APPLIED))
        self._next: tuple[Place, int] | None = None
        self._advance()

    def of(self, place: Place) -> int | None:
        """Return the number for a place; places come in ascending order."""
        while self._next is not None and self._next[0] < place:
            self._advance()
        if self._next is not None and self._next[0] == place:
            return self._next[1]
        return None

    def _advance(self) -> None:
        row = next(self._rows, None)
        self._next = ((row[0], row[1]), row[2]) if row else None


def check_records(
    connection: Connection, scratch: Connection, progress: Progress
) -> Iterator[Fault]:
    """Check every record against the lines it was written by."""
    total = connection.execute("SELECT count(*) FROM record").fetchone()[0]
    steps, latest = Steps(progress, "records", total), _Latest(scratch)
    for row in connection.execute(_RECORDS):
        steps.one()
        where = f"project {row[0]}, {row[2]} {row[1]}"
        found = _check_record(connection, row, latest.of((row[0], row[1])), where)
        yield from guarded(_CHECK, where, found)


def _check_record(
    connection: Connection,
    row: Any,  # noqa: ANN401
    latest: int | None,
    where: str,
) -> Iterator[Fault]:
    record, columns = record_of(row[:9]), tuple(row[9:])
    if record.type in DERIVED:
        for what in _derived(connection, record, columns, str(row[4])):
            yield Fault("derived rows", where, what)
        return
    for what in _columns(record, columns, latest):
        yield Fault(_CHECK, where, what)
    for what in _values(connection, record):
        yield Fault(_CHECK, where, what)


def _columns(
    record: Record, columns: tuple[Any, ...], latest: int | None
) -> Iterator[str]:
    *_, parent, key, _, _, _, last_log, last_n = record_row(record)
    if columns != (parent, key, last_log, last_n):
        yield "its parent, label or last line do not follow from its fields and writers"
    if record.seq != latest:
        yield f"its number is {record.seq}; its latest change has {latest}"
    groups = TYPES[record.type].groups
    for name in record.fields:
        if groups[name] not in record.writers:
            yield f"nobody wrote {name}"


def _values(connection: Connection, record: Record) -> Iterator[str]:
    lines: dict[tuple[str, int], ValidatedChange | str] = {}
    for group, writers in record.writers.items():
        for writer in writers:
            place = (writer.log_id, writer.n)
            if place not in lines:
                lines[place] = _line(connection, record, writer)
            found = lines[place]
            if isinstance(found, str):
                yield f"{group}: {found}"
            elif writer is writers[-1]:
                yield from _group(record, group, found)


def _line(
    connection: Connection, record: Record, writer: Writer
) -> ValidatedChange | str:
    """Return the judged change that a writer names, or what is wrong with it."""
    row = connection.execute(_LINE, (writer.log_id, writer.n)).fetchone()
    if row is None:
        return f"written by a change that is not here ({writer.change_id})"
    raw, digest, name, outcome, seq = row
    change = read_change(writer.log_id, bytes(raw), bytes(digest))
    said = (name, seq, change.record_id, change.project_id)
    if said != (writer.change_id, writer.seq, record.id, record.project_id):
        return f"change {writer.change_id} did not write it with number {writer.seq}"
    if outcome not in APPLIED:
        return f"written by change {name}, which is {outcome}"
    if writer.hlc > change.hlc:
        return f"change {name} was stamped earlier"
    return validate(change)


def _group(record: Record, group: str, validated: ValidatedChange) -> Iterator[str]:
    change = validated.change
    if group == WHOLE_RECORD:
        if change.op != Op.DELETE or not record.deleted:
            yield "marked as deleted by a change that does not delete it"
        return
    groups = TYPES[record.type].groups
    wrote = {name: v for name, v in validated.fields.items() if groups[name] == group}
    if not wrote and change.op != Op.UNDELETE:
        yield f"change {change.id} did not write {group}"
    for name, value in wrote.items():
        if not _stands(record, name, json.loads(dump(value))):
            yield _otherwise(record, name, value, change)


def _stands(record: Record, name: str, wrote: Any) -> bool:  # noqa: ANN401 - any value
    value = record.fields.get(name)
    if value == wrote:
        return True
    is_set = TYPES[record.type].fields[name].field_class == FieldClass.SET
    return is_set and joined(value, wrote) == value


def _otherwise(record: Record, name: str, wrote: object, change: Change) -> str:
    stands = dump(record.fields.get(name))
    return f"{name} is {stands}; change {change.id} wrote {dump(wrote)}"


def _derived(
    connection: Connection, record: Record, columns: tuple[Any, ...], text: str
) -> Iterator[str]:
    plot = record.fields["plot_id"]
    if columns != (plot, None, None, None) or record.writers or record.open_conflicts:
        yield "its plot or writers are not those of a derived row"
    if record.deleted:
        return
    row = connection.execute(
        _VERSION, (record.project_id, record.id, record.seq)
    ).fetchone()
    if row is None:
        yield f"its version {record.seq} is not in its history"
    elif tuple(row) != (text, plot, record.type):
        yield f"it is not its version {record.seq} in its history"
