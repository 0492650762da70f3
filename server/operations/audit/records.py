"""Records: each value is the one that its latest writer's line carries."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from schemas.changes import Change, read_change
from schemas.fields import FieldClass
from schemas.groups import WHOLE_RECORD
from schemas.messages import Op
from schemas.records import DERIVED, TYPES, key_text
from schemas.sets import joined
from server.merge.model import Record, ValidatedChange, Writer
from server.merge.preconditions import validate
from server.operations.audit.findings import Kept, Steps, dump, guarded, one_of
from server.operations.audit.verdicts import APPLIED
from server.store.kept_values import (
    KeptRecord,
    KeptVersion,
    LatestChange,
    Totals,
    WrittenLine,
)
from server.store.values import Fault, Progress

_CHECK: Final = "records"

#: Returns the line at a place of a log.
LineAt = Callable[[str, int], WrittenLine | None]
_Place = tuple[str, str]


class Latest:
    """The number of the latest change of each record, asked for in order."""

    def __init__(self, changes: Iterable[LatestChange]) -> None:
        self._rest = iter(changes)
        self._next = next(self._rest, None)

    def of(self, place: _Place) -> int | None:
        """Return the number for a place; places come in ascending order."""
        while self._next is not None and self._next[:2] < place:
            self._next = next(self._rest, None)
        if self._next is not None and self._next[:2] == place:
            return self._next.seq
        return None


def check_records(kept: Kept, progress: Progress) -> Iterator[Fault]:
    """Check every record against the lines it was written by."""
    totals = one_of(kept, Totals)
    steps = Steps(progress, "records", totals.records if totals else 0)
    latest = Latest(kept.kept(LatestChange))

    def line_at(log: str, n: int) -> WrittenLine | None:
        return one_of(kept, WrittenLine, log, n)

    for row in kept.kept(KeptRecord):
        steps.one()
        where = f"project {row.project_id}, {row.type} {row.id}"
        if row.type in DERIVED:
            wrong = _check_derived(kept, row)
            found = (Fault("derived rows", where, what) for what in wrong)
        else:
            number = latest.of((row.project_id, row.id))
            wrong = wrong_record(row, number, line_at)
            found = (Fault(_CHECK, where, what) for what in wrong)
        yield from guarded(_CHECK, where, found)


def wrong_record(row: KeptRecord, latest: int | None, line_at: LineAt) -> Iterator[str]:
    """Return in words what of a record does not follow from the lines that wrote it.

    `latest` is the number of the latest change that was applied to it.
    """
    record = row.read()
    yield from _columns(record, row, latest)
    yield from _values(record, line_at)


def _columns(record: Record, row: KeptRecord, latest: int | None) -> Iterator[str]:
    parent = record.fields.get(TYPES[record.type].parent)
    key = None if record.deleted else key_text(record.type, record.fields)
    last = record.last_writer
    indexed = (row.parent_id, row.natural_key, row.last_log, row.last_n)
    if indexed != (parent, key, last.log_id, last.n):
        yield "its parent, label or last line do not follow from its fields and writers"
    if record.seq != latest:
        yield f"its number is {record.seq}; its latest change has {latest}"
    groups = TYPES[record.type].groups
    for name in record.fields:
        if groups[name] not in record.writers:
            yield f"nobody wrote {name}"


def _values(record: Record, line_at: LineAt) -> Iterator[str]:
    lines: dict[tuple[str, int], ValidatedChange | str] = {}
    for group, writers in record.writers.items():
        for writer in writers:
            place = (writer.log_id, writer.n)
            if place not in lines:
                lines[place] = _written(record, writer, line_at(*place))
            found = lines[place]
            if isinstance(found, str):
                yield f"{group}: {found}"
            elif writer is writers[-1]:
                yield from _group(record, group, found)


def _written(
    record: Record, writer: Writer, line: WrittenLine | None
) -> ValidatedChange | str:
    """Return the judged change that a writer names, or what is wrong with it."""
    if line is None:
        return f"written by a change that is not here ({writer.change_id})"
    change = read_change(writer.log_id, line.raw, line.hash)
    said = (line.change_id, line.seq, change.record_id, change.project_id)
    if said != (writer.change_id, writer.seq, record.id, record.project_id):
        return f"change {writer.change_id} did not write it with number {writer.seq}"
    if line.outcome not in APPLIED:
        return f"written by change {line.change_id}, which is {line.outcome}"
    if writer.hlc > change.hlc:
        return f"change {line.change_id} was stamped earlier"
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


def _check_derived(kept: Kept, row: KeptRecord) -> Iterator[str]:
    version = None
    if not row.deleted:
        version = one_of(kept, KeptVersion, row.project_id, row.id, row.seq)
    yield from wrong_derived(row, version)


def wrong_derived(row: KeptRecord, version: KeptVersion | None) -> Iterator[str]:
    """Return in words what of a derived row is not as its version in the history."""
    record = row.read()
    plot = record.fields["plot_id"]
    indexed = (row.parent_id, row.natural_key, row.last_log, row.last_n)
    if indexed != (plot, None, None, None) or record.writers or record.open_conflicts:
        yield "its plot or writers are not those of a derived row"
    if record.deleted:
        return
    if version is None:
        yield f"its version {row.seq} is not in its history"
    elif version != (row.fields, plot, record.type):
        yield f"it is not its version {row.seq} in its history"
