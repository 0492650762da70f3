"""Record -> keep for a whole table: check everything, then keep in batches.

A batch is one transaction, and its progress is told after it is on disk. What is
here already is left alone, so an import that was killed is simply run again.
"""

import tomllib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record.entry import mint_all
from collector.record.names import label
from collector.tables.intake import (
    CheckedRow,
    Difference,
    Intake,
    WantedRecord,
    with_campaigns,
)
from collector.tables.layers import LayerReader, TableLayer, columns_of
from collector.tables.mapping import MappingError, TableMapping, read_mapping
from collector.tables.naming import KnownRecord, named_records
from collector.tables.odd_rows import OddRow, odd_rows
from collector.tables.returned import (
    ReturnedRow,
    TableSource,
    differing,
    rejected,
    source_of,
)
from collector.tables.table import Rejection, Table, read_table
from collector.tables.whole_cores import core_name, judge_whole_cores
from schemas import limits
from schemas.changes import Draft
from schemas.lab.sheet import as_csv, is_workbook, read_sheets
from schemas.operations import Operation
from schemas.problems import Problem
from schemas.tables.dates import ISO_DAY
from schemas.tables.lines import FileRule, TableRow, check_size, decode
from schemas.tables.odk import is_submissions, read_submissions
from schemas.tables.refusal import TableError

#: Told after a batch is on disk: layers kept so far, layers in all.
Progress = Callable[[int, int], None]


#: How a table is written that was joined from several.
_AS_JOINED: Final = FileRule()
#: The records of one sampling event.
_TOGETHER: Final = frozenset({"core", "sample"})


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A table that was judged against the laptop, before anything is written."""

    project_id: str
    table: Table
    source: TableSource
    mapping: TableMapping
    archive: bytes | None = None  # where the table came with the files that it names
    ids: dict[int, Mapping[str, str]] = field(default_factory=dict)  # of good rows
    new: list[CheckedRow] = field(default_factory=list)
    here: int = 0
    differing: list[Difference] = field(default_factory=list)
    differing_rows: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    rejected_rows: list[TableRow] = field(default_factory=list)
    warnings: list[OddRow] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Return whether nothing needs a person."""
        return not self.rejections and not self.differing

    def counts(self) -> dict[str, int]:
        """Count the records to add, by type."""
        found: dict[str, int] = {}
        for judged in self.new:
            for wanted in judged.wanted:
                found[wanted.type] = found.get(wanted.type, 0) + 1
        return found


def check(
    laptop: Laptop, project_id: str, file: Path, mapping_file: Path
) -> CheckedFile:
    """Read a table and judge each row; nothing is written.

    Raises
    ------
    RefusedError
        If the file or the mapping as a whole cannot be used.
    """
    mapping = _mapping(mapping_file)
    table, source, mapping, archive = _table(file, mapping)
    rows = {row.line: row for row in table.rows}
    read = list(map(LayerReader(mapping).read, table.rows))
    layers = [found for found in read if isinstance(found, TableLayer)]
    rejections = [found for found in read if isinstance(found, Rejection)]
    campaigns = laptop.store.records("campaign", project_id)
    others = {view.fields["name"]: view.fields["start_date"] for view in campaigns}
    shelf = _Shelf(laptop, project_id)
    named = named_records(shelf, with_campaigns(layers, others))

    def judge(lines: Sequence[int]) -> list[CheckedRow]:
        intake = Intake(mapping.create, columns_of(mapping), shelf.name)
        return [intake.judge(line, named[line]) for line in lines]

    judged, rejections = judge_whole_cores(
        list(named), rejections, lambda line: core_name(rows[line], mapping), judge
    )
    checked = CheckedFile(project_id, table, source, mapping, archive)
    tally = [_tally(checked, row) for row in judged]
    bad = {rejection.line for rejection in rejections}
    return replace(
        checked,
        here=tally.count("here"),
        differing_rows=tally.count("differs"),
        rejections=sorted(rejections, key=lambda one: one.line),
        rejected_rows=[rows[line] for line in sorted(bad)],
        warnings=[
            *_repeated(table),
            *_left_out(layers, bad),
            *odd_rows(laptop, project_id, checked.new),
        ],
    )


def save(
    laptop: Laptop, checked: CheckedFile, done: Operation, progress: Progress
) -> int:
    """Keep what is new, batch by batch; return the number of layers kept.

    A new core and its samples are one group: they stand or fall together. Each change
    names the operation that it is part of.
    """
    kept, person = 0, laptop.person
    for batch in _batches(_events(checked.new), limits.IMPORT_BATCH_LAYERS):
        drafts = [
            draft
            for event in batch
            for draft in _drafts(laptop, checked.project_id, event, done)
        ]
        laptop.store.save(drafts, laptop.timestamp(), person)
        kept += sum(map(len, batch))
        progress(kept, len(checked.new))
    return kept


def returned(
    checked: CheckedFile, taken: Sequence[Difference] = ()
) -> list[ReturnedRow]:
    """Return the rows that come back: those refused, and those that differ and stay so."""
    rows = {row.line: row for row in checked.table.rows}
    reasons: dict[int, list[Rejection]] = {}
    for one in checked.rejections:
        reasons.setdefault(one.line, []).append(one)
    others: dict[int, list[Difference]] = {}
    for difference in checked.differing:
        if difference not in taken:
            others.setdefault(difference.line, []).append(difference)
    found = {line: differing(rows[line], those) for line, those in others.items()}
    found |= {line: rejected(rows[line], those) for line, those in reasons.items()}
    return [found[line] for line in sorted(found)]


def _repeated(table: Table) -> Iterator[OddRow]:
    """Yield the rows that stand in the table before, cell for cell."""
    for line, first in table.repeated:
        problem = Problem("repeated_row", detail=f"as line {first}")
        yield OddRow(line, f"as line {first}", problem)


def _left_out(layers: Sequence[TableLayer], bad: Container[int]) -> Iterator[OddRow]:
    """Yield the cells that were left out of rows that are kept."""
    for layer in layers:
        if layer.line not in bad:
            for problem in layer.left_out:
                yield OddRow(layer.line, problem.path, problem)


def _wanted(rows: Sequence[CheckedRow]) -> list[WantedRecord]:
    return [wanted for row in rows for wanted in row.wanted]


class _Shelf:
    """What is on the laptop, as rows are held against it."""

    def __init__(self, laptop: Laptop, project_id: str) -> None:
        self._laptop, self._project_id = laptop, project_id

    def find_all(self, record_type: str, keys: Iterable[str]) -> dict[str, KnownRecord]:
        """Return the live records with these natural keys, by key."""
        views = self._laptop.store.find_all(record_type, self._project_id, keys)
        return {key: KnownRecord(view.id, view.fields) for key, view in views.items()}

    def mint(self, record_type: str, every: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return for each record the id every laptop would give, or a fresh one."""
        return mint_all(self._laptop, self._project_id, record_type, every)

    def name(self, record_id: str) -> str:
        """Return what people call a record that is here."""
        view = self._laptop.store.record(record_id)
        return label(self._laptop.store, view) if view else record_id


def _mapping(path: Path) -> TableMapping:
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return read_mapping(raw)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, MappingError) as error:
        what = "no mapping" if isinstance(error, MappingError) else "not TOML"
        raise RefusedError(
            f"{path} is {what}: {error}",
            "see: permille import layers --help",
            code="bad_mapping",
        ) from None


def _table(
    path: Path, mapping: TableMapping
) -> tuple[Table, TableSource, TableMapping, bytes | None]:
    archive = None
    try:
        check_size(path.stat().st_size)
        data = path.read_bytes()
        if is_submissions(data):
            text, archive = read_submissions(data, mapping.columns), data
            mapping = replace(mapping, file=_AS_JOINED)
        elif is_workbook(data):
            text, mapping = _sheet(path.name, data, mapping)
        else:
            text = decode(data, mapping.file.encoding)
        table = read_table(text, mapping)
    except TableError as error:
        found = error.refusal
        place = f"{path}, line {found.line}" if found.line else str(path)
        hint, code = found.hint, "bad_table"
        if found.code == "not_utf8":
            hint += (
                ', or say in [file] of the mapping: encoding = "cp1252" or "latin-1"'
            )
        elif found.code == "file_too_large":
            code = "too_large"
        raise RefusedError(f"{place}: {found.reason}", hint, code=code) from None
    source = source_of(path, mapping.file, text, table.head, data)
    return table, source, mapping, archive


def _sheet(name: str, data: bytes, mapping: TableMapping) -> tuple[str, TableMapping]:
    """Return the sheet that has the columns, as a CSV, and the mapping for it.

    A workbook has numbers and days, not how they were written.
    """
    sheets = read_sheets(name, data)
    wanted = set(mapping.columns)
    chosen = max(
        sheets, key=lambda sheet: max(len(wanted & {*row}) for _, row in sheet.rows)
    )
    decimal = chosen.notation.decimal
    rule = replace(mapping.file, delimiter=",", decimal=decimal, encoding="utf-8")
    dates = tuple(
        replace(each, formats=(*each.formats, ISO_DAY)) for each in mapping.dates
    )
    return as_csv(chosen), replace(mapping, file=rule, dates=dates)


def _tally(checked: CheckedFile, judged: CheckedRow) -> str:
    checked.ids[judged.line] = judged.ids
    checked.differing.extend(judged.differences)
    if judged.wanted:
        checked.new.append(judged)
        return "new"
    return "differs" if judged.differences else "here"


def _events(new: Sequence[CheckedRow]) -> list[list[CheckedRow]]:
    """Bring the layers of each new core together; every other layer is by itself."""
    cores = {w.id for judged in new for w in judged.wanted if w.type == "core"}
    events: dict[str | int, list[CheckedRow]] = {}
    for judged in new:
        samples = [w for w in judged.wanted if w.type == "sample"]
        core = str(samples[0].fields["core_id"]) if samples else ""
        events.setdefault(core if core in cores else judged.line, []).append(judged)
    return list(events.values())


def _batches(
    events: Sequence[list[CheckedRow]], size: int
) -> Iterator[list[list[CheckedRow]]]:
    """Yield events while their layers fit; an event is never cut."""
    batch: list[list[CheckedRow]] = []
    count = 0
    for event in events:
        if batch and count + len(event) > size:
            yield batch
            batch, count = [], 0
        batch.append(event)
        count += len(event)
    if batch:
        yield batch


def _drafts(
    laptop: Laptop, project_id: str, event: Sequence[CheckedRow], done: Operation
) -> list[Draft]:
    """Draft the records of an event: what it lies on, the group, the results."""
    wanted = _wanted(event)
    group = [w for w in wanted if w.type in _TOGETHER]
    name = None
    if len(group) > 1 and any(w.type == "core" for w in group):
        name = laptop.clock.new_id()
    # What an event lies on comes first, its results last.
    in_order = sorted(
        wanted, key=lambda w: (w.type in _TOGETHER) + 2 * (w.type == "result")
    )
    return [
        Draft(
            project_id,
            w.type,
            w.id,
            fields=w.fields,
            is_new=True,
            group=name if w.type in _TOGETHER else None,
            reason=done.reason,
        )
        for w in in_order
    ]
