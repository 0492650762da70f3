"""What came of a laboratory's tables: counts, names, and the rows that come back."""

import csv
import io
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.lab import judging, naming
from schemas.lab.check import LabCheck, looked_at, warnings
from schemas.lab.layout import LabLayout, rows_of
from schemas.lab.matching import LabLine
from schemas.lab.readings import Standing
from schemas.problems import from_data
from schemas.tables.differing import Differing
from schemas.tables.harmless import harmless_again
from schemas.told import counted, problem_line

#: What needs a person, in the order in which it is told.
OPEN: Final = (
    Standing.UNKNOWN,
    Standing.AMBIGUOUS,
    Standing.DIFFERS,
    Standing.NO_UNIT,
    Standing.NO_METHOD,
    Standing.NO_BATCH,
    Standing.OUT_OF_RANGE,
    Standing.REFUSED,
)


def counts(lines: Iterable[LabLine]) -> dict[str, int]:
    """Return how many readings there are of each kind, all kinds named.

    `below detection` and `spelled otherwise` are of those that are new, `replicates` those
    that are not the first of their bag.
    """
    found = Counter(line.standing for line in lines)
    new = [line for line in lines if line.standing is Standing.NEW]
    return {str(kind): found[kind] for kind in Standing} | {
        "below detection": sum(line.reading.limit is not None for line in new),
        "spelled otherwise": sum(bool(line.spelled) for line in new),
        "replicates": sum(naming.replicate_of(line) > 1 for line in new),
    }


class LabKept(NamedTuple):
    """What was written of a delivery: values, and controls with what belongs to them."""

    values: int = 0
    controls: int = 0
    returned: Sequence[str] = ()
    is_written: bool = False


NOT_WRITTEN: Final = LabKept()


def document(
    found: LabCheck, lab: str, how: Differing, kept: LabKept = NOT_WRITTEN
) -> dict[str, Any]:
    """Return the JSON of an import: what was guessed, counted, kept and given back."""
    lines, wanted = found.every_line, found.wanted(how)
    return {
        "written": kept.is_written,
        "sheets": looked_at(found),
        "keys": list(found.key_names),
        "not_read": list(found.not_read),
        "differing": str(how),
        "counts": counts(lines),
        "bags": naming.named(lines),
        "in_several_tables": naming.in_several(found.lines),
        "unread_days": naming.unread_days(lines),
        "left_out": found.left_out(how),
        "kept": kept.values,
        "controls_kept": kept.controls,
        "rejected_files": list(kept.returned),
        "quality": judging.judged(found, lab),
        "unused_controls": judging.unused(found),
        "failed_batches": [key._asdict() for key in judging.waiting(found, lab)],
        "field_replicates": [
            one.as_data() for one in judging.replicates_of(found, wanted)
        ],
        "warnings": [
            {"where": where, **problem.as_data()}
            for where, problem in warnings(found.records, wanted)
        ],
        "readings": [as_data(line) for line in lines],
    }


def needs_a_person(found: LabCheck, said: Mapping[str, Any]) -> bool:
    """Return whether a reading, or a batch that fails, waits for somebody."""
    is_open = any(line.standing in OPEN for line in found.every_line)
    return is_open or bool(said["failed_batches"])


def sentences(said: Mapping[str, Any], to_keep: int, decide: str) -> Iterator[str]:
    """Return in words what the columns were taken for, and what came of the readings.

    `decide` is the command that decides on a batch.
    """
    for sheet in said["sheets"]:
        yield from _taken_for(sheet)
    yield from naming.other_sheets(said)
    told = [f"{count} {kind}" for kind, count in said["counts"].items() if count]
    yield ", ".join(told) or "no values"
    yield from naming.sentences(said)
    yield from judging.sentences(said)
    for odd in said["warnings"]:
        yield f"warning: {odd['where']}: {problem_line(from_data(odd))}"
    for place in said["rejected_files"]:
        yield f"the rows that were not taken are in {place}"
    if said["written"]:
        controls = said["controls_kept"]
        more = f" and {counted(controls, 'control')}" if controls else ""
        yield f"kept {counted(said['kept'], 'value')}{more}"
    elif to_keep:
        yield f"nothing was written; to keep {counted(to_keep, 'value')} add: --write"
    yield from _to_decide(said["failed_batches"], decide)


def _to_decide(failed: Sequence[Mapping[str, str]], decide: str) -> Iterator[str]:
    """Return what to do about batches that fail."""
    for one in failed:
        yield (
            f"batch {one['lab_batch']}, {one['analyte']}: quality control fails; its"
            " results carry LAB_QC_FAILED until somebody decides. Ask the laboratory, then"
            " accept them, or type rejected:"
        )
        lab, batch = shlex.quote(one["lab"]), shlex.quote(one["lab_batch"])
        yield f"  {decide} accepted --lab {lab} --batch {batch} --reason TEXT"


def _taken_for(sheet: Mapping[str, Any]) -> Iterator[str]:
    values = [
        f"{one['column']} = {one['analyte']} in {_unit(one)}{_by(one)}"
        for one in sheet["values"]
    ]
    columns = [f"{name} = {role}" for role, name in sheet["columns"].items()]
    place = f"{sheet['sheet']}, header in line {sheet['header_line']}"
    yield f"{place}: {', '.join([*columns, *values])}"
    if sheet["not_read"]:
        yield f"  not read: {', '.join(sheet['not_read'])}"


#: What is listed row by row.
_LISTED: Final = (*OPEN, Standing.TWICE)


def _unit(column: Mapping[str, Any]) -> str:
    said = f"what {column['unit_column']} says" if column["unit_column"] else "?"
    return str(column["unit"] or said)


def _by(column: Mapping[str, Any]) -> str:
    """Return what else a header says: the method, the layer, which reading it is."""
    method, depths = column["method"], column["depths_cm"]
    said = [f" by {method}"] if method else []
    said += [f" of {depths[0]:g}-{depths[1]:g} cm"] if depths else []
    said += [f" ({column['replicate']})"] if column["replicate"] else []
    return "".join(said)


def open_rows(found: LabCheck) -> list[tuple[object, ...]]:
    """Return the readings that need a person, or are spelled otherwise, as rows of a list."""
    return [
        (
            line.reading.line,
            naming.name_of(line),
            line.reading.analyte,
            line.reading.text,
            line.here,
            line.standing,
            line.why or (f"written {line.spelled}" if line.spelled else ""),
        )
        for line in found.every_line
        if line.standing in _LISTED or (line.spelled and line.standing is Standing.NEW)
    ]


def as_data(line: LabLine) -> dict[str, Any]:
    """Return a reading as one JSON object."""
    reading = line.reading
    return {
        "outcome": str(line.standing),
        "sheet": reading.sheet,
        "line": reading.line,
        "code": reading.code or None,
        "number": reading.number or None,
        "bag": line.bag or None,
        "analyte": reading.analyte,
        "value": reading.text,
        "unit": reading.unit,
        "here": line.here or None,
        "spelled": line.spelled or None,
        "why": line.why or None,
    }


def returned(
    layout: LabLayout, lines: Sequence[LabLine], taken: Collection[LabLine]
) -> str:
    """Return the rows that were not taken as a CSV, with line and reason behind; or nothing."""
    reasons = _reasons(lines, taken)
    if not reasons:
        return ""
    out = io.StringIO(newline="")
    delimiter = ";" if layout.sheet.notation.decimal == "," else ","
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    rows = [row for row in rows_of(layout) if row[0] in reasons]
    width = max(len(cells) for _, cells in rows)
    said_above = ["line", "reason"]
    for _, cells in layout.head:
        writer.writerow([*cells, *[""] * (width - len(cells)), *said_above])
        said_above = ["", ""]
    for number, cells in rows:
        said = "; ".join(dict.fromkeys(reasons[number]))
        more = [""] * (width - len(cells))
        writer.writerow([*map(harmless_again, cells), *more, number, said])
    return out.getvalue()


def _reasons(
    lines: Sequence[LabLine], taken: Collection[LabLine]
) -> dict[int, list[str]]:
    """Return why rows come back, by their lines."""
    reasons: dict[int, list[str]] = {}
    for line in lines:
        if line.standing in OPEN and line not in taken:
            here = f" ({line.here} is here)" if line.here else ""
            said = f"{line.reading.analyte}: {line.standing}{here}"
            said += f", {line.why}" if line.why else ""
            reasons.setdefault(line.reading.line, []).append(said)
    return reasons
