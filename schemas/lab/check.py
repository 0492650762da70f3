"""From the files of a laboratory to what they add: the same on laptop and server."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from schemas.additions import Addition
from schemas.lab.layout import LabHabits, LabLayout, layout_of
from schemas.lab.matching import Bags, LabLine, match
from schemas.lab.readings import Standing, readings_of
from schemas.lab.sheet import read_sheets
from schemas.lab.words import CODE, NUMBER
from schemas.plausibility.cores import of_cores
from schemas.plausibility.every import warnings_within
from schemas.plausibility.records import Records
from schemas.plausibility.tenfold import odd_columns, of_values
from schemas.problems import Problem
from schemas.tables.differing import Differing
from schemas.tables.refusal import Refusal, TableError, in_file

#: What a value says together: another one empties what it does not say.
_VALUE: Final = ("value", "censored", "detection_limit", "moisture")


@dataclass(frozen=True, slots=True)
class LabCheck:
    """What the sheets mean, and what becomes of each reading; nothing is written."""

    records: Records
    habits: LabHabits
    layouts: Mapping[str, Sequence[LabLayout]]
    not_read: Sequence[str] = ()
    lines: Mapping[str, Sequence[LabLine]] = field(default_factory=dict)

    @property
    def every_line(self) -> list[LabLine]:
        """Return the readings of all files."""
        return [line for lines in self.lines.values() for line in lines]

    def wanted(self, how: Differing) -> list[tuple[LabLine, Addition]]:
        """Return the readings that are to be kept, each as a new record or a change."""
        found = []
        for line in self.every_line:
            addition = _wanted(line, how)
            if addition is not None:
                found.append((line, addition))
        return found


def _wanted(line: LabLine, how: Differing) -> Addition | None:
    addition = line.addition
    if addition is None or line.standing is Standing.NEW:
        return addition
    if line.standing is not Standing.DIFFERS or how is Differing.KEEP:
        return None
    if addition.record_type == "sample":
        return addition if how is Differing.REPLACE else None
    if how is Differing.REPLICATE:
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
) -> LabCheck:
    """Read a laboratory's files and judge each reading by what is here.

    Raises
    ------
    TableError
        If a file is no table, or none of its sheets names a bag.
    """
    layouts, not_read = _layouts(files, habits)
    readings = [
        (name, reading)
        for name, those in layouts.items()
        for layout in those
        for reading in readings_of(layout, habits)
    ]
    judged = match(
        (reading for _, reading in readings), Bags(records), habits, lab, keys
    )
    lines: dict[str, list[LabLine]] = {name: [] for name in files}
    for (name, _), line in zip(readings, judged, strict=True):
        lines[name].append(line)
    return LabCheck(records, habits, layouts, not_read, lines)


def _layouts(
    files: Mapping[str, bytes], habits: LabHabits
) -> tuple[dict[str, list[LabLayout]], list[str]]:
    """Return what the sheets of each file mean, and the names of those that mean nothing."""
    layouts, not_read = {}, []
    for name, data in files.items():
        with in_file(name):
            sheets = read_sheets(name, data)
        found = [(sheet, layout_of(sheet, habits)) for sheet in sheets]
        layouts[name] = [layout for _, layout in found if layout is not None]
        not_read += [f"{name}: {sheet.name}" for sheet, layout in found if not layout]
        if not layouts[name]:
            raise TableError(_no_bags(name))
    return layouts, not_read


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
    for sheet in read_sheets(name, data):
        for place, (_, cells) in enumerate(sheet.rows):
            number = next(
                (at for at, c in enumerate(cells) if NUMBER.fullmatch(c)), None
            )
            code = next((at for at, c in enumerate(cells) if CODE.fullmatch(c)), None)
            if number is not None and code is not None:
                rows = [row for _, row in sheet.rows[place + 1 :]]
                most = max(number, code)
                return {row[number]: row[code] for row in rows if len(row) > most}
    reason = "the key has no two columns with the laboratory's number and the bag"
    raise TableError(Refusal("no_key", reason, "name them lab_no and bag"))


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


def _no_bags(name: str) -> Refusal:
    return Refusal(
        "no_bags",
        f"no sheet of {name} has a column with the code of the bag and one with values",
        "say which column it is: --column 'Probe=code' --column 'C %=soc'",
    )


def looked_at(found: LabCheck) -> list[dict[str, Any]]:
    """Return what each sheet was taken to mean, to be looked at first."""
    return [
        {"file": name, **layout.as_data()}
        for name, layouts in found.layouts.items()
        for layout in layouts
    ]
