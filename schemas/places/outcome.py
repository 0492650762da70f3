"""What came of a file of places: counts, warnings, and the features that come back."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from schemas import strict_json
from schemas.places.check import PlacesCheck
from schemas.places.line import OPEN, PlaceLine, PlaceStanding
from schemas.plausibility.every import warnings_between, warnings_within
from schemas.plausibility.records import Records
from schemas.problems import Problem, from_data
from schemas.tables.differing import Differing
from schemas.tables.harmless import harmless_again
from schemas.told import counted, problem_line

#: How the columns behind the rows that come back are called.
_REASON: Final = "reason"
_NO_CROSSINGS: Final = (
    "whether boundaries cross themselves was not looked at; for that run:"
    " pip install 'permille[geo]'"
)
_SHOWN_WARNINGS: Final = 3


def document(
    found: PlacesCheck,
    how: Differing,
    now: datetime,
    kept: int | None,
    rejected: str | None,
) -> dict[str, Any]:
    """Return the JSON of an import; `kept` is None where nothing was to be written."""
    file = found.file
    return {
        "written": kept is not None,
        "format": file.kind,
        "layer": file.layer or None,
        "coordinate_system": file.crs,
        "columns": {kind: each.as_data() for kind, each in found.columns.items()},
        "not_read": _not_read(found),
        "left_out": found.left_out,
        "looked_for_crossings": found.looked_for_crossings,
        "counts": counts(found.lines),
        "kept": kept or 0,
        "rejected_file": rejected,
        "warnings": [
            {"where": where, **problem.as_data()}
            for where, problem in warnings(found, how, now)
        ],
        "features": [as_data(line) for line in _in_order(found.lines)],
    }


def counts(lines: Iterable[PlaceLine]) -> dict[str, dict[str, int]]:
    """Return how many features there are of each outcome, all named, by what they are."""
    every = Counter((line.kind or "other", line.standing) for line in lines)
    kinds = [
        kind for kind in ("plot", "point", "other") if any(kind == k for k, _ in every)
    ]
    return {
        kind: {str(each): every[kind, each] for each in PlaceStanding} for kind in kinds
    }


def as_data(line: PlaceLine) -> dict[str, Any]:
    """Return a feature as one JSON object."""
    return {
        "outcome": str(line.standing),
        "feature": line.feature.number,
        "type": line.kind or None,
        "name": line.name or None,
        "spelled": line.spelled or None,
        "why": line.why or None,
        "hint": line.hint or None,
        "differences": [asdict(each) for each in line.differences],
    }


def sentences(said: Mapping[str, Any], to_keep: int) -> Iterator[str]:
    """Return in words what the file was taken for, and what came of its features."""
    yield from _taken_for(said)
    for kind, each in said["counts"].items():
        told = [f"{count} {outcome}" for outcome, count in each.items() if count]
        yield f"{kind if kind == 'other' else kind + 's'}: {', '.join(told)}"
    if said["left_out"]:
        yield f"{counted(said['left_out'], 'feature')} of another kind left out"
    if not said["looked_for_crossings"]:
        yield _NO_CROSSINGS
    yield from _warnings(said["warnings"])
    if said["rejected_file"]:
        yield f"the features that were not taken are in {said['rejected_file']}"
    if said["written"]:
        yield f"kept {counted(said['kept'], 'place')}"
    elif to_keep:
        yield f"nothing was written; to keep {counted(to_keep, 'place')} add: --write"


def _taken_for(said: Mapping[str, Any]) -> Iterator[str]:
    layer = f", layer {said['layer']}" if said["layer"] else ""
    yield f"{said['format']}{layer}; coordinate system: {said['coordinate_system']}"
    for kind, columns in said["columns"].items():
        told = [f"{meaning} = {name}" for meaning, name in columns.items()]
        yield f"{kind}s: {', '.join(told)}"
    if said["not_read"]:
        yield f"not read: {', '.join(said['not_read'])}"


def open_rows(found: PlacesCheck, how: Differing) -> list[tuple[object, ...]]:
    """Return the features that need a person, or are spelled otherwise, as rows of a list."""
    lines = [line for line in found.lines if line.spelled or found.is_open(line, how)]
    return [
        (
            line.feature.number,
            f"{line.kind} {line.name}".strip(),
            line.standing,
            "; ".join(filter(None, (line.why or _spelled(line), line.hint))),
        )
        for line in _in_order(lines)
    ]


def warnings(
    found: PlacesCheck, how: Differing, now: datetime
) -> Iterator[tuple[str, Problem]]:
    """Return what is odd about what is to be kept, beside all that is here."""
    places, after = _after(found, how)
    if not places:
        return
    every = Records((kind, name, fields) for name, (kind, fields) in after.items())
    own = Records(
        (after[name][0], name, after[name][1]) for name in places if name in after
    )
    for one in [*warnings_within(own), *warnings_between(every, now)]:
        numbers = [places[name].feature.number for name in one.ids if name in places]
        if numbers and one.explained is None and one.warning.code != "tenfold":
            word = "line" if found.file.counts_lines else "feature"
            name = every.name(one.record_type, one.record_id)
            yield f"{word} {min(numbers)}, {one.record_type} {name}", one.warning


def returned(found: PlacesCheck, how: Differing) -> bytes:
    """Return what was not taken, with the reasons: a CSV of a CSV, else GeoJSON; or nothing."""
    lines = found.open_lines(how)
    if not lines:
        return b""
    if found.file.counts_lines:
        return _table(found.file.header, found.file.delimiter, lines)
    features = [
        {
            "type": "Feature",
            "geometry": line.feature.shape,
            "properties": {**line.feature.properties, _REASON: _why(line)},
        }
        for line in lines
    ]
    return strict_json.write({"type": "FeatureCollection", "features": features})


def _after(
    found: PlacesCheck, how: Differing
) -> tuple[dict[str, PlaceLine], dict[str, tuple[str, Mapping[str, Any]]]]:
    """Return the lines by the ids of their records, and all records as they are to be."""
    after = {name: (kind, fields) for kind, name, fields in found.records.every()}
    places = {}
    for line, addition in found.wanted(how):
        name = addition.record_id or line.new_id
        _, here = after.get(name, (addition.record_type, {}))
        after[name] = (addition.record_type, {**here, **addition.fields})
        places[name] = line
    return places, after


def _in_order(lines: Iterable[PlaceLine]) -> list[PlaceLine]:
    return sorted(lines, key=lambda line: line.feature.number)


def _not_read(found: PlacesCheck) -> list[str]:
    used = {name for each in found.columns.values() for name in each.as_data().values()}
    columns = [name for name in found.file.columns if name and name not in used]
    return [*columns, *found.file.not_read]


def _warnings(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Return the first warnings of each kind, and how many more there are."""
    seen: Counter[str] = Counter()
    for odd in found:
        seen[odd["code"]] += 1
        if seen[odd["code"]] <= _SHOWN_WARNINGS:
            yield f"warning: {odd['where']}: {problem_line(from_data(dict(odd)))}"
    more = sum(
        count - _SHOWN_WARNINGS for count in seen.values() if count > _SHOWN_WARNINGS
    )
    if more:
        yield f"and {counted(more, 'warning')} more of these kinds; --json has all"


def _spelled(line: PlaceLine) -> str:
    return f"its plot is written {line.spelled}" if line.spelled else ""


def _why(line: PlaceLine) -> str:
    said = "; ".join(filter(None, (line.why, line.hint)))
    return f"{line.standing}: {said}" if line.standing in OPEN and said else said


def _table(header: Sequence[str], delimiter: str, lines: Sequence[PlaceLine]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    came_back = tuple(header[-2:]) == ("line", _REASON)
    width = len(header) - (2 if came_back else 0)
    writer.writerow([*header[:width], "line", _REASON])
    for line in lines:
        cells = [*line.feature.raw, *[""] * width][:width]
        writer.writerow([*map(harmless_again, cells), line.feature.number, _why(line)])
    return out.getvalue().encode("utf-8-sig")
