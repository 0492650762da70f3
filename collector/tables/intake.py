"""Which records of a table are new, which are here, which differ, which are wrong.

Nothing is written: the caller asks layer by layer, then keeps what is new. A layer
is taken whole or not at all, so an import that was killed is simply run again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from collector.tables.layers import TableLayer
from collector.tables.naming import KnownRecord, NamedRecord
from collector.tables.table import Rejection
from schemas.problems import Problem, short
from schemas.records import TYPES

#: Fields of the period and purpose of a campaign follow from the rows of a file;
#: another file of the same campaign has others.
_NOT_COMPARED: Final = {"campaign": frozenset({"start_date", "end_date", "purpose"})}


@dataclass(frozen=True, slots=True)
class WantedRecord:
    """A record to add, and what is odd about it in itself."""

    type: str
    id: str
    fields: Mapping[str, Any]
    warnings: Sequence[Problem]


@dataclass(frozen=True, slots=True)
class Difference:
    """A record that is here with other values than the file has.

    `here` and `in_file` hold the fields that differ, `fields` all that the file says.
    """

    line: int
    type: str
    id: str
    name: str
    here: Mapping[str, Any]
    in_file: Mapping[str, Any]
    fields: Mapping[str, Any]


@dataclass(slots=True)
class CheckedRow:
    """What one layer comes to."""

    line: int
    ids: dict[str, str] = field(default_factory=dict)  # its records, by their types
    wanted: list[WantedRecord] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)


class Intake:
    """Judges the layers of one file, one after the other."""

    def __init__(
        self,
        create: Iterable[str],
        columns: Mapping[tuple[str, str], str],
        name: Callable[[str], str],
    ) -> None:
        self._create = frozenset(create)
        self._columns = columns
        self._name = name
        self._seen: dict[tuple[str, str], KnownRecord] = {}
        self._layers: dict[tuple[str, float, float], int] = {}
        self._told: set[tuple[str, str]] = set()

    def judge(self, line: int, records: Sequence[NamedRecord]) -> CheckedRow:
        """Judge the records of one layer; what it adds is known to the next ones."""
        step = _Step(self, line)
        step.walk(records)
        if not step.judged.rejections:
            self._seen.update(step.found)
            self._layers[step.place] = line
        return step.judged

    def known(self, record: NamedRecord) -> KnownRecord | None:
        """Return the record of this file or of the laptop that has the same key."""
        return self._seen.get((record.type, record.key)) or record.here

    def name(self, record_id: str) -> str:
        """Return what people call a record that is here."""
        return self._name(record_id)

    def may_create(self, record_type: str) -> bool:
        """Return whether the mapping lets records of a type be added."""
        return record_type in self._create

    def column(self, record_type: str, name: str) -> str:
        """Return the column a field came from."""
        return self._columns.get((record_type, name), "")

    def line_of(self, place: tuple[str, float, float]) -> int | None:
        """Return the line of this file that had the same layer."""
        return self._layers.get(place)

    def is_news(self, record_type: str, key: str) -> bool:
        """Return whether a difference is told for the first time; rows of a record repeat it."""
        news = (record_type, key) not in self._told
        self._told.add((record_type, key))
        return news


class _Step:
    """One layer on its way through the chain of records."""

    def __init__(self, intake: Intake, line: int) -> None:
        self.intake, self.line = intake, line
        self.ids: dict[str, str] = {}
        self.judged = CheckedRow(line, self.ids)
        self.found: dict[tuple[str, str], KnownRecord] = {}
        self.place = ("", 0.0, 0.0)

    def walk(self, records: Iterable[NamedRecord]) -> None:
        """Go down the chain while nothing is wrong."""
        for record in records:
            if not self._visit(record):
                return

    def _visit(self, record: NamedRecord) -> bool:
        if record.type == "sample" and not record.errors:
            self._reject_same_layer(record.fields)
        for problem in record.errors:
            self._reject_problem(record.type, problem)
        if self.judged.rejections:
            return False
        known = self.intake.known(record)
        if known is None:
            return self._add(record)
        self.ids[record.type] = known.id
        return self._compare(record, known)

    def _reject_same_layer(self, sample: Mapping[str, Any]) -> None:
        depths = (sample["depth_top_cm"], sample["depth_bottom_cm"])
        self.place = (self.ids["core"], *depths)
        line = self.intake.line_of(self.place)
        if line is not None:
            self._reject(
                self.intake.column("sample", "depth_top_cm"),
                f"{depths[0]:g}-{depths[1]:g}",
                f"the same layer as line {line}",
                "remove one of the rows, or tell them apart in the mapping",
            )

    def _add(self, record: NamedRecord) -> bool:
        record_type = record.type
        if not self.intake.may_create(record_type):
            names = TYPES[record_type].key
            self._reject(
                self.intake.column(record_type, names[-1]),
                str(record.fields.get(names[-1], "")),
                f"this {record_type} is not on the laptop",
                f"add it, or add {record_type!r} to create in the mapping",
            )
            return False
        self.ids[record_type] = record.id
        added = KnownRecord(record.id, record.fields, self.line)
        self.found[record_type, record.key] = added
        self.judged.wanted.append(
            WantedRecord(record_type, record.id, record.fields, record.warnings)
        )
        return True

    def _compare(self, record: NamedRecord, known: KnownRecord) -> bool:
        record_type, fields = record.type, record.fields
        if known.fields is fields:  # rows share it
            return True
        skipped = _NOT_COMPARED.get(record_type, frozenset())
        other = [
            name
            for name, value in fields.items()
            if name not in skipped and known.fields.get(name) != value
        ]
        if known.line is not None:
            return self._within_file(record_type, known, fields, other)
        if "core_id" in other:
            self._reject_used_label(known, fields)
            return False
        if other and self.intake.is_news(record_type, record.key):
            self.judged.differences.append(
                Difference(
                    self.line,
                    record_type,
                    known.id,
                    self.intake.name(known.id),
                    {name: known.fields.get(name) for name in other},
                    {name: fields[name] for name in other},
                    fields,
                )
            )
        # Of a sample that is here with other values nothing more is taken.
        return not (other and record_type == "sample")

    def _reject_used_label(self, known: KnownRecord, sample: Mapping[str, Any]) -> None:
        """Refuse a bag whose label is that of a bag of another core."""
        self._reject(
            self.intake.column("sample", "sample_code"),
            str(sample["sample_code"]),
            f"a bag of core {self.intake.name(known.fields['core_id'])} has this label",
            "give each bag a label of its own; if it is the same bag, correct plot, point,"
            " campaign or number of the core",
        )

    def _within_file(
        self,
        record_type: str,
        known: KnownRecord,
        fields: Mapping[str, Any],
        other: list[str],
    ) -> bool:
        if record_type in {"sample", "result"}:
            name = TYPES[record_type].key[0]
            self._reject(
                self.intake.column(record_type, name),
                str(fields.get(name)),
                f"the same {record_type} as line {known.line}",
                "remove one of the rows, or tell them apart in the mapping",
            )
        for name in other:
            self._reject(
                self.intake.column(record_type, name),
                str(short(fields[name])),
                f"{record_type} {name} was {known.fields.get(name)} in line {known.line}",
                "make the rows agree",
            )
        return not self.judged.rejections

    def _reject_problem(self, record_type: str, problem: Problem) -> None:
        column = self.intake.column(record_type, problem.path)
        value = "" if problem.value is None else str(short(problem.value))
        where = f"{record_type}.{problem.path}: " if problem.path else ""
        self._reject(column, value, f"{where}{problem.text}", problem.hint)

    def _reject(self, column: str, value: str, reason: str, hint: str) -> None:
        self.judged.rejections.append(Rejection(self.line, column, value, reason, hint))


def with_campaigns(
    layers: list[TableLayer], others: Mapping[str, str]
) -> list[TableLayer]:
    """Return the layers with the period and purpose of their campaigns.

    `others` are the first days of the campaigns that are here, by their names: only the
    first campaign of all is a baseline.
    """
    days: dict[str, list[date]] = {}
    for layer in layers:
        days.setdefault(_campaign_of(layer), []).append(layer.day)
    periods = {
        name: {
            "start_date": min(found).isoformat(),
            "end_date": max(found).isoformat(),
        }
        for name, found in days.items()
    }
    began = {**others, **{name: each["start_date"] for name, each in periods.items()}}
    first = min(began, key=began.__getitem__, default="")
    filled = {
        name: {**each, "purpose": "baseline" if name == first else "resampling"}
        for name, each in periods.items()
    }
    # Rows that share a campaign share it still: it is judged once.
    shared = {id(layer.records["campaign"]): layer for layer in layers}
    whole = {
        place: {**filled[_campaign_of(layer)], **layer.records["campaign"]}
        for place, layer in shared.items()
    }
    return [
        layer._replace(
            records={
                **layer.records,
                "campaign": whole[id(layer.records["campaign"])],
            }
        )
        for layer in layers
    ]


def _campaign_of(layer: TableLayer) -> str:
    return str(layer.records["campaign"].get("name"))
