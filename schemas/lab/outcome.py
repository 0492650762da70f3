"""What came of a laboratory's tables: counts, names, and the rows that come back."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from schemas.lab.check import LabCheck, looked_at, warnings
from schemas.lab.control import checks
from schemas.lab.layout import LabLayout, rows_of
from schemas.lab.matching import LabLine
from schemas.lab.readings import Standing
from schemas.plausibility.records import Records
from schemas.problems import from_data
from schemas.tables.differing import Differing
from schemas.tables.harmless import harmless
from schemas.told import counted, problem_line

#: What needs a person, in the order in which it is told.
OPEN: Final = (
    Standing.UNKNOWN,
    Standing.AMBIGUOUS,
    Standing.DIFFERS,
    Standing.NO_UNIT,
    Standing.NO_METHOD,
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
        "replicates": sum(_replicate(line) > 1 for line in new),
    }


def document(
    found: LabCheck, how: Differing, kept: int, back: Sequence[str], *, written: bool
) -> dict[str, Any]:
    """Return the JSON of an import: what was guessed, counted, kept and given back."""
    lines = found.every_line
    return {
        "written": written,
        "sheets": looked_at(found),
        "not_read": list(found.not_read),
        "counts": counts(lines),
        "kept": kept,
        "rejected_files": list(back),
        "quality": [one._asdict() for one in checks(lines, found.habits.references)],
        "warnings": [
            {"where": where, **problem.as_data()}
            for where, problem in warnings(found.records, found.wanted(how))
        ],
        "readings": [as_data(line) for line in lines],
    }


def needs_a_person(found: LabCheck) -> bool:
    """Return whether a reading waits for somebody."""
    return any(line.standing in OPEN for line in found.every_line)


def sentences(said: Mapping[str, Any], to_keep: int) -> Iterator[str]:
    """Return in words what the columns were taken for, and what came of the readings."""
    for sheet in said["sheets"]:
        yield from _taken_for(sheet)
    for name in said["not_read"]:
        yield f"{name}: no column names a bag; not read"
    told = [f"{count} {kind}" for kind, count in said["counts"].items() if count]
    yield ", ".join(told) or "no values"
    yield from _quality(said["quality"])
    for odd in said["warnings"]:
        yield f"warning: {odd['where']}: {problem_line(from_data(odd))}"
    for place in said["rejected_files"]:
        yield f"the rows that were not taken are in {place}"
    if said["written"]:
        yield f"kept {counted(said['kept'], 'value')}"
    elif to_keep:
        yield f"nothing was written; to keep {counted(to_keep, 'value')} add: --write"


def _quality(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    beyond = [one for one in found if not one["within"]]
    if found:
        within = len(found) - len(beyond)
        yield f"quality control: {within} of {len(found)} within limits"
    for one in beyond:
        place = f"{one['batch']}, {one['analyte']}, {one['what']}"
        yield f"  beyond its limit: {place}: {one['found']}; ask the laboratory"


def _taken_for(sheet: Mapping[str, Any]) -> Iterator[str]:
    values = [
        f"{one['column']} = {one['analyte']} in {one['unit'] or '?'}"
        for one in sheet["values"]
    ]
    columns = [f"{name} = {role}" for role, name in sheet["columns"].items()]
    place = f"{sheet['sheet']}, header in line {sheet['header_line']}"
    yield f"{place}: {', '.join([*columns, *values])}"
    if sheet["not_read"]:
        yield f"  not read: {', '.join(sheet['not_read'])}"


def open_rows(found: LabCheck) -> list[tuple[object, ...]]:
    """Return the readings that need a person, or are spelled otherwise, as rows of a list."""
    return [
        (
            line.reading.line,
            line.bag or line.reading.number,
            line.reading.analyte,
            line.reading.text,
            line.here,
            line.standing,
            line.why or (f"written {line.spelled}" if line.spelled else ""),
        )
        for line in found.every_line
        if line.standing in OPEN or (line.spelled and line.standing is Standing.NEW)
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
    reasons: dict[int, list[str]] = {}
    for line in lines:
        if line.standing in OPEN and line not in taken:
            here = f" ({line.here} is here)" if line.here else ""
            said = f"{line.reading.analyte}: {line.standing}{here}"
            said += f", {line.why}" if line.why else ""
            reasons.setdefault(line.reading.line, []).append(said)
    if not reasons:
        return ""
    out = io.StringIO(newline="")
    delimiter = ";" if layout.sheet.notation.decimal == "," else ","
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([*layout.headers, "line", "reason"])
    for number, cells in rows_of(layout):
        if number in reasons:
            said = "; ".join(dict.fromkeys(reasons[number]))
            writer.writerow([*map(harmless, cells), number, said])
    return out.getvalue()


def expected(records: Records, analyte: str) -> Iterator[dict[str, Any]]:
    """Return the bags that have no result of an analyte, by campaign and label."""
    campaigns = records.of_type("campaign")
    found = []
    for sample_id, sample in records.of_type("sample").items():
        results = records.below("result", sample_id)
        if any(result["analyte"] == analyte for _, result in results):
            continue
        core = records.get("core", sample["core_id"]) or {}
        campaign: Mapping[str, Any] = campaigns.get(core.get("campaign_id", ""), {})
        found.append(
            {
                "campaign": campaign.get("name"),
                "bag": sample["sample_code"],
                "core": records.name("core", sample["core_id"]),
                "depth_top_cm": sample["depth_top_cm"],
                "depth_bottom_cm": sample["depth_bottom_cm"],
            }
        )
    yield from sorted(found, key=lambda one: (str(one["campaign"]), one["bag"]))


def expected_rows(found: Iterable[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    """Return bags that are expected as rows of a list."""
    return [
        (
            one["campaign"],
            one["bag"],
            one["core"],
            f"{one['depth_top_cm']:g}-{one['depth_bottom_cm']:g}",
        )
        for one in found
    ]


def _replicate(line: LabLine) -> int:
    fields = line.addition.fields if line.addition else {}
    return int(fields.get("replicate") or 1)
