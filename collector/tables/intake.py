"""Which records of a table are new, which are here, which differ, which are wrong.

Nothing is written: the caller asks layer by layer, then keeps what is new. A layer
is taken whole or not at all, so an import that was killed is simply run again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Protocol

from collector.tables.layers import TableLayer
from collector.tables.mapping import CHAIN
from collector.tables.table import Rejection
from schemas.problems import Problem, short
from schemas.records import TYPES, key_text, record_id
from schemas.validate import errors, load_record

#: Fields of the period and purpose of a campaign follow from the rows of a file;
#: another file of the same campaign has others.
_NOT_COMPARED: Final = {"campaign": frozenset({"start_date", "end_date", "purpose"})}
_REFERS: Final = {
    "point": {"plot_id": "plot"},
    "core": {"point_id": "point", "campaign_id": "campaign"},
    "sample": {"core_id": "core"},
    "result": {"sample_id": "sample"},
}


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record that is here, or is about to be; `line` when it is of this file."""

    id: str
    fields: Mapping[str, Any]
    line: int | None = None


class ExistingRecords(Protocol):
    """What is on the laptop."""

    def find(self, record_type: str, key: str) -> KnownRecord | None:
        """Return the live record with this natural key."""

    def is_used(self, record_id: str) -> bool:
        """Return whether a record has, or had, this id."""

    def name(self, record_id: str) -> str:
        """Return what people call a record that is here."""


@dataclass(frozen=True, slots=True)
class WantedRecord:
    """A record to add."""

    type: str
    id: str
    fields: Mapping[str, Any]


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
    wanted: list[WantedRecord] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)


class Intake:
    """Judges the layers of one file, one after the other."""

    def __init__(
        self,
        project_id: str,
        here: ExistingRecords,
        create: Iterable[str],
        columns: Mapping[tuple[str, str], str],
        new_id: Callable[[], str],
    ) -> None:
        self._project_id = project_id
        self._here = here
        self._create = frozenset(create)
        self._columns = columns
        self._new_id = new_id
        self._seen: dict[tuple[str, str], KnownRecord] = {}
        self._layers: dict[tuple[str, float, float], int] = {}
        self._told: set[tuple[str, str]] = set()

    def judge(self, layer: TableLayer) -> CheckedRow:
        """Judge one layer; what it adds is known to the next ones."""
        step = _Step(self, layer)
        step.walk()
        if not step.judged.rejections:
            self._seen.update(step.found)
            self._layers[step.place] = layer.line
        return step.judged

    def known(self, record_type: str, key: str) -> KnownRecord | None:
        """Return a record of this file or of the laptop."""
        found = self._seen.get((record_type, key))
        return found or self._here.find(record_type, key)

    def id_for(self, record_type: str, fields: Mapping[str, Any]) -> str:
        """Return the id every laptop would give, or a fresh one if that is used up."""
        natural = record_id(self._project_id, record_type, fields)
        return self._new_id() if self._here.is_used(natural) else natural

    def name(self, record_id: str) -> str:
        """Return what people call a record that is here."""
        return self._here.name(record_id)

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

    def __init__(self, intake: Intake, layer: TableLayer) -> None:
        self.intake, self.layer = intake, layer
        self.judged = CheckedRow(layer.line)
        self.found: dict[tuple[str, str], KnownRecord] = {}
        self.ids: dict[str, str] = {}
        self.place = ("", 0.0, 0.0)

    def walk(self) -> None:
        """Go down the chain while nothing is wrong."""
        for record_type in CHAIN:
            if not self._visit(record_type, self.layer.records[record_type]):
                return
        for result in self.layer.results:
            if not self._visit("result", result):
                return

    def _visit(self, record_type: str, given: Mapping[str, Any]) -> bool:
        references = {
            name: self.ids[target]
            for name, target in _REFERS.get(record_type, {}).items()
        }
        fields, problems = load_record(record_type, {**given, **references})
        if record_type == "sample" and not errors(problems):
            self._reject_same_layer(fields)
        for problem in errors(problems):
            self._reject_problem(record_type, problem)
        if self.judged.rejections:
            return False
        key = key_text(record_type, fields)
        known = self.intake.known(record_type, key)
        if known is None:
            return self._add(record_type, key, fields)
        self.ids[record_type] = known.id
        return self._compare(record_type, key, known, fields)

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

    def _add(self, record_type: str, key: str, fields: dict[str, Any]) -> bool:
        if not self.intake.may_create(record_type):
            names = TYPES[record_type].key
            self._reject(
                self.intake.column(record_type, names[-1]),
                str(fields.get(names[-1], "")),
                f"this {record_type} is not on the laptop",
                f"add it, or add {record_type!r} to create in the mapping",
            )
            return False
        new_id = self.intake.id_for(record_type, fields)
        self.ids[record_type] = new_id
        self.found[record_type, key] = KnownRecord(new_id, fields, self.layer.line)
        self.judged.wanted.append(WantedRecord(record_type, new_id, fields))
        return True

    def _compare(
        self, record_type: str, key: str, known: KnownRecord, fields: Mapping[str, Any]
    ) -> bool:
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
        if other and self.intake.is_news(record_type, key):
            self.judged.differences.append(
                Difference(
                    self.layer.line,
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
        self.judged.rejections.append(
            Rejection(self.layer.line, column, value, reason, hint)
        )


def with_campaigns(
    layers: list[TableLayer], others: Mapping[str, str]
) -> list[TableLayer]:
    """Return the layers with the period and purpose of their campaigns.

    `others` are the first days of the campaigns that are here, by their names: only the
    first campaign of all is a baseline.
    """
    days: dict[str, list[date]] = {}
    for layer in layers:
        name = str(layer.records["campaign"].get("name"))
        days.setdefault(name, []).append(layer.day)
    began = {**others, **{name: min(days[name]).isoformat() for name in days}}
    first = min(began, key=began.__getitem__, default="")
    return [_with_campaign(layer, days, first) for layer in layers]


def _with_campaign(
    layer: TableLayer, days: Mapping[str, list[date]], first: str
) -> TableLayer:
    given = layer.records["campaign"]
    name = str(given.get("name"))
    campaign = {
        "start_date": min(days[name]).isoformat(),
        "end_date": max(days[name]).isoformat(),
        "purpose": "baseline" if name == first else "resampling",
        **given,
    }
    return replace(layer, records={**layer.records, "campaign": campaign})
