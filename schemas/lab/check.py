"""From the files of a laboratory to what they add: the same on laptop and server."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from schemas.additions import Addition
from schemas.lab.bags import Bags
from schemas.lab.batching import batched
from schemas.lab.control_lines import ControlLine
from schemas.lab.controls import as_controls, blind_duplicates, controls_of
from schemas.lab.layout import LabHabits, LabLayout
from schemas.lab.matching import LabLine, match
from schemas.lab.readings import Reading, Standing, readings_of
from schemas.lab.sheet import read_sheets
from schemas.lab.tables import layouts_in, two_columns
from schemas.lab.twice import told_twice
from schemas.plausibility.cores import of_cores
from schemas.plausibility.every import warnings_within
from schemas.plausibility.records import Records
from schemas.plausibility.tenfold import odd_columns, of_values
from schemas.problems import Problem
from schemas.tables.differing import Differing
from schemas.tables.refusal import Refusal, TableError

#: What a value says together: another one empties what it does not say.
_VALUE: Final = ("value", "censored", "detection_limit", "moisture")


class Beside(NamedTuple):
    """What is said of a delivery besides: its batch, and the bags of blind duplicates.

    `only` are labels or numbers: nothing but what is of these is kept. `differing`: what becomes of values that are here otherwise. Where they are replaced, a
    table says again, and better, what it said before: a batch of its name is its own.
    """

    batch: str | None = None
    duplicates: Mapping[str, str] = MappingProxyType({})
    differing: Differing = Differing.KEEP
    only: Collection[str] = ()


NOTHING_BESIDE: Final = Beside()


@dataclass(frozen=True, slots=True)
class LabCheck:
    """What the sheets mean, and what becomes of each reading; nothing is written."""

    records: Records
    habits: LabHabits
    layouts: Mapping[str, Sequence[LabLayout]]
    not_read: Sequence[str] = ()
    lines: Mapping[str, Sequence[LabLine]] = field(default_factory=dict)
    controls: Sequence[ControlLine] = ()
    only: Collection[str] = ()
    key_names: Sequence[str] = ()

    @property
    def every_line(self) -> list[LabLine]:
        """Return the readings of all files."""
        return [line for lines in self.lines.values() for line in lines]

    def wanted(self, how: Differing) -> list[tuple[LabLine, Addition]]:
        """Return the readings that are to be kept, each as a new record or a change."""
        return [(line, one) for line, one in self._whole(how) if self._is_meant(line)]

    def left_out(self, how: Differing) -> int:
        """Return how many readings would be kept but for `only`."""
        return sum(not self._is_meant(line) for line, _ in self._whole(how))

    def _whole(self, how: Differing) -> Iterator[tuple[LabLine, Addition]]:
        for line in self.every_line:
            addition = _wanted(line, how)
            if addition is not None:
                yield line, addition

    def _is_meant(self, line: LabLine) -> bool:
        return not self.only or not called(line).isdisjoint(self.only)

    def additions(self, how: Differing) -> list[Addition]:
        """Return all that is to be kept, without the readings."""
        return [addition for _, addition in (*self.wanted(how), *self.beside(how))]

    def beside(self, how: Differing) -> list[tuple[LabLine, Addition]]:
        """Return what is to be kept besides values: controls, and batches of known values."""
        batches = [
            (line, line.addition)
            for line in self.every_line
            if line.standing is Standing.EQUAL and line.addition is not None
        ]
        controls = [
            (control.line, addition)
            for control in self.controls
            if (addition := control.wanted(how)) is not None
        ]
        return [each for each in (*controls, *batches) if self._is_meant(each[0])]


def called(line: LabLine) -> set[str]:
    """Return what a person may call a row by: its bag, its label, its number."""
    return {line.bag, line.reading.code, line.reading.number} - {""}


def _wanted(line: LabLine, how: Differing) -> Addition | None:
    addition = line.addition
    if addition is None or line.standing is Standing.NEW:
        return addition
    if line.standing is not Standing.DIFFERS or how is Differing.KEEP:
        return None
    if addition.record_type == "sample":
        return addition if how is Differing.REPLACE else None
    if how is Differing.REPLICATE or addition.record_id is None:
        return addition._replace(record_id=None)
    named = ("sample_id", "analyte", "replicate")
    patch = dict.fromkeys(_VALUE) | dict(addition.fields)
    return addition._replace(
        fields={name: value for name, value in patch.items() if name not in named}
    )


def check(
    files: Mapping[str, bytes],
    records: Records,
    habits: LabHabits,
    lab: str,
    keys: Mapping[str, str],
    beside: Beside = NOTHING_BESIDE,
) -> LabCheck:
    """Read a laboratory's files and judge each reading by what is here.

    Raises
    ------
    TableError
        If a file is no table, none of its sheets names a bag, or no row is of one of
        those that are said to be taken alone.
    """
    bags = Bags(records)
    tables = layouts_in(files, habits, bags.knows)
    layouts, keys = tables.layouts, {**tables.keys, **keys}
    read = [
        (name, reading)
        for name, those in layouts.items()
        for layout in those
        for reading in readings_of(layout, habits)
    ]
    twins = {**blind_duplicates(records), **beside.duplicates}
    readings = list(as_controls(told_twice(read), bags, habits, keys, twins))
    found = batched(readings, beside.batch)

    def judge(those: Iterable[tuple[str, Reading]]) -> _Judged:
        lines = match((r for _, r in those), bags, habits, lab, keys)
        how = beside.differing
        return _Judged(lines, controls_of(lines, bags, habits.references, lab, how))

    lines, controls = judge(found.readings)
    if beside.differing is not Differing.REPLACE and _is_taken(controls, found.guessed):
        lines, controls = judge(readings)
    _check_only(beside.only, lines)
    return LabCheck(
        records,
        habits,
        layouts,
        tables.not_read,
        _by_file(files, readings, _with_controls(lines, controls)),
        controls,
        frozenset(beside.only),
        tables.key_names,
    )


def _check_only(only: Iterable[str], lines: Iterable[LabLine]) -> None:
    known = {name for line in lines for name in called(line)}
    for name in only:
        if name not in known:
            reason = f"--only {name}: no row is of it"
            hint = "name a bag, or a number of the laboratory, as the table has it"
            raise TableError(Refusal("no_row", reason, hint))


class _Judged(NamedTuple):
    lines: list[LabLine]
    controls: list[ControlLine]


def _is_taken(controls: Iterable[ControlLine], guessed: Collection[str]) -> bool:
    """Return whether another batch of a name that was guessed is here."""
    return any(
        control.standing is Standing.DIFFERS and control.fields["lab_batch"] in guessed
        for control in controls
    )


def _by_file(
    files: Iterable[str],
    readings: Iterable[tuple[str, Reading]],
    lines: Iterable[LabLine],
) -> dict[str, list[LabLine]]:
    found: dict[str, list[LabLine]] = {name: [] for name in files}
    for (name, _), line in zip(readings, lines, strict=True):
        found[name].append(line)
    return found


def _with_controls(
    lines: Sequence[LabLine], controls: Sequence[ControlLine]
) -> list[LabLine]:
    """Return the lines; those of controls say what they wait for."""
    waits = {
        id(control.line): control
        for control in controls
        if control.standing in _WAITS and control.line.standing is Standing.CONTROL
    }
    found = []
    for line in lines:
        control = waits.get(id(line))
        if control is not None:
            standing, why, here = control.standing, control.why, control.here
            line = line._replace(standing=standing, why=why, here=here)  # noqa: PLW2901
        found.append(line)
    return found


_WAITS: Final = (
    Standing.DIFFERS,
    Standing.NO_UNIT,
    Standing.NO_BATCH,
    Standing.OUT_OF_RANGE,
    Standing.REFUSED,
)


def warnings(
    records: Records, additions: Iterable[tuple[LabLine, Addition]]
) -> Iterator[tuple[str, Problem]]:
    """Return what is odd about values that are to be kept, beside all that is here."""
    labels: dict[str, str] = {}
    added = []
    for line, addition in additions:
        if addition.record_id is None:
            name = f"{line.bag}/{addition.fields['analyte']}/{addition.fields['replicate']}"
            labels[name] = f"line {line.reading.line}, bag {line.bag}"
            added.append(("result", name, addition.fields))
    every = Records([*records.every(), *added])
    for problem in odd_columns(every, labels):
        yield "all values", problem
    own = [*warnings_within(Records(added)), *of_values(every), *of_cores(every)]
    for one in own:
        if one.record_id in labels and one.warning.code != "tenfold":
            yield labels[one.record_id], one.warning


def read_keys(name: str, data: bytes) -> dict[str, str]:
    """Return the label of a bag by the laboratory's number, from a table of two columns.

    Raises
    ------
    TableError
        If it does not name both.
    """
    found = two_columns(read_sheets(name, data), "number", "code")
    if found is None:
        reason = "the key has no two columns with the laboratory's number and the bag"
        raise TableError(Refusal("no_key", reason, "name them lab_no and bag"))
    return found


def read_duplicates(name: str, data: bytes) -> dict[str, str]:
    """Return the bag of the same soil by the label of a blind duplicate.

    Raises
    ------
    TableError
        If the table does not name both.
    """
    found = two_columns(read_sheets(name, data), "code", "duplicate_of")
    if found is None:
        reason = (
            "the table has no two columns with a label and the bag of the same soil"
        )
        raise TableError(Refusal("no_key", reason, "name them bag and duplicate of"))
    return found


def habits_key(lab: str) -> str:
    """Return the setting that keeps what was said of a laboratory."""
    return f"lab:{lab}"


def habits_of(text: str | None) -> LabHabits:
    """Return what was kept of a laboratory."""
    return LabHabits(**json.loads(text)) if text else LabHabits()


def kept(habits: LabHabits) -> str:
    """Return the text that keeps what was said of a laboratory."""
    return json.dumps(asdict(habits), ensure_ascii=False, sort_keys=True)


def pairs(texts: Iterable[str]) -> dict[str, str]:
    """Return NAME=VALUE pairs.

    Raises
    ------
    ValueError
        With the text that is none.
    """
    found = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise ValueError(text)
        found[name] = value
    return found


def looked_at(found: LabCheck) -> list[dict[str, Any]]:
    """Return what each sheet was taken to mean, to be looked at first."""
    return [
        {"file": name, **layout.as_data()}
        for name, layouts in found.layouts.items()
        for layout in layouts
    ]
