"""Which bags a delivery is about, outcome by outcome, in words and as data."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from schemas.lab.matching import LabLine
from schemas.lab.readings import Standing
from schemas.lab.twice import table_name
from schemas.tables.differing import Differing
from schemas.told import counted

#: Outcomes that nobody has to do anything about, and that are not new values.
_QUIET: Final = (
    Standing.EQUAL,
    Standing.TWICE,
    Standing.NO_VALUE,
    Standing.CONTROL,
    Standing.SUMMARY,
)
#: Names on one line, and days as an example; --json has all of them.
_MOST: Final = 8
_DAYS: Final = 3


def name_of(line: LabLine) -> str:
    """Return what a reading is called: its bag, else its label, else its number."""
    return line.bag or line.reading.code or line.reading.number


def named(lines: Iterable[LabLine]) -> dict[str, list[str]]:
    """Return the bags by what became of their readings, each once, in their order."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for line in lines:
        for kind in _kinds(line):
            found[kind][name_of(line)] = None
    return {kind: list(names) for kind, names in found.items()}


def _kinds(line: LabLine) -> Iterator[str]:
    yield str(line.standing)
    if line.standing is Standing.NEW:
        if line.reading.limit is not None:
            yield "below detection"
        if line.spelled:
            yield "spelled otherwise"
        if replicate_of(line) > 1:
            yield "replicates"


def replicate_of(line: LabLine) -> int:
    """Return which replicate a reading would be."""
    fields = line.addition.fields if line.addition else {}
    return int(fields.get("replicate") or 1)


def sentences(said: Mapping[str, Any]) -> Iterator[str]:
    """Return in words the bags of outcomes that are not listed row by row, and what is odd."""
    for kind in (*_QUIET, "below detection", "replicates"):
        names = said["bags"].get(kind, ())
        if names:
            more = len(names) - _MOST
            behind = f" and {more} more" if more > 0 else ""
            yield f"  {kind}: {', '.join(names[:_MOST])}{behind}"
    if said["differing"] == Differing.KEEP and said["counts"][Standing.DIFFERS]:
        yield (
            "what differs stays as it is; corrected? --differing replace --reason TEXT; one"
            " more reading? --differing replicate; of one bag: --only BAG"
        )
    for one in said["in_several_tables"]:
        yield (
            f"{one['analyte']} of {counted(len(one['bags']), 'bag')} stands in several tables"
            f" ({', '.join(one['tables'])}) and counts as replicates; is one the mean of the"
            " other? Hide or delete it"
        )
    if said["unread_days"]:
        days = ", ".join(said["unread_days"][:_DAYS])
        yield f"the day of analysis is not kept: {days} may be read in two ways; write 2026-05-04"
    if said["left_out"]:
        values = counted(said["left_out"], "value")
        yield f"{values} of other bags left as they are, since --only names some"


def other_sheets(said: Mapping[str, Any]) -> Iterator[str]:
    """Return in words what sheets without values are for, or why they were not read."""
    for name in said["keys"]:
        yield f"{name}: the bags by the numbers of the laboratory"
    for name in said["not_read"]:
        is_hidden = name.endswith("(hidden)")
        why = "show the sheet if it is meant" if is_hidden else "no column names a bag"
        yield f"{name}: not read; {why}"


def unread_days(lines: Iterable[LabLine]) -> list[str]:
    """Return the days of analysis that could not be read."""
    return list(
        dict.fromkeys(x.reading.unread_day for x in lines if x.reading.unread_day)
    )


def in_several(files: Mapping[str, Iterable[LabLine]]) -> list[dict[str, Any]]:
    """Return the analytes that several tables have new values of, for the same bags.

    One may be the mean of another, or the other laboratory; they are kept as replicates.
    """
    places: dict[tuple[str, str, str | None], dict[str, None]] = defaultdict(dict)
    for file, lines in files.items():
        for line in lines:
            if line.standing is Standing.NEW:
                reading = line.reading
                key = (line.bag, reading.analyte, reading.method)
                places[key][table_name(file, reading.sheet)] = None
    found: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (bag, analyte, _), tables in places.items():
        if len(tables) > 1:
            found[analyte, tuple(tables)].append(bag)
    return [
        {"analyte": analyte, "tables": list(tables), "bags": names}
        for (analyte, tables), names in found.items()
    ]
