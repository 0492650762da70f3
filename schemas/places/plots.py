"""Features that are plots: new, here already, or here otherwise."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from schemas.additions import Addition
from schemas.places.columns import PlaceColumns, text_of
from schemas.places.feature import Feature
from schemas.places.line import PlaceLine, PlaceStanding, compared
from schemas.places.shapes import Placed, same_place
from schemas.plausibility.planar import area_ha
from schemas.plausibility.records import Fields, Records
from schemas.records import record_id
from schemas.tables.cells import refuse_code
from schemas.told import problem_line
from schemas.typed import read_number
from schemas.validate import errors, load_record

#: Areas are kept to the square metre.
_DECIMALS: Final = 4
_CORRECT: Final = "correct it where it was drawn, and import it again"


class PlaceRefusedError(ValueError):
    """A feature is not taken; why, and what to do."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.why, self.hint = why, hint


def judge_plots(
    found: Sequence[tuple[Feature, Placed]],
    columns: PlaceColumns,
    records: Records,
    project_id: str,
    crossing: Callable[[Mapping[str, Any]], str] | None,
) -> list[PlaceLine]:
    """Return what becomes of each plot of a file."""
    codes = Counter(code_of(feature, columns) for feature, _ in found)
    here: dict[str, list[str]] = defaultdict(list)
    for plot_id, plot in records.of_type("plot").items():
        here[unicodedata.normalize("NFC", plot["code"])].append(plot_id)

    def judge(feature: Feature, shape: Mapping[str, Any]) -> PlaceLine:
        code = checked_code(feature, columns, "plot")
        if codes[code] > 1:
            why = f"{codes[code]} features are called {code}"
            raise PlaceRefusedError(
                why, "make one shape of several parts of them, or name each"
            )
        crossed = crossing(shape["geometry"]) if crossing else ""
        if crossed:
            raise PlaceRefusedError(crossed, _CORRECT)
        fields = _fields(feature, columns, code, shape)
        known = here.get(code, [])
        if len(known) > 1:
            raise PlaceRefusedError(
                f"several plots here are called {code}", "rename one of them"
            )
        if known:
            plot = records.of_type("plot")[known[0]]
            patch = _patch(plot, fields)
            checked({**plot, **patch}, "plot")
            return compared(feature, "plot", code, (known[0], plot), patch)
        return new(
            feature, "plot", code, checked(_with_area(fields), "plot"), project_id
        )

    return [judged(feature, "plot", columns, judge, shape) for feature, shape in found]


def judged(
    feature: Feature,
    kind: str,
    columns: PlaceColumns,
    judge: Callable[[Feature, Mapping[str, Any]], PlaceLine],
    shape: Placed,
) -> PlaceLine:
    """Return what becomes of a feature, in words where it is refused."""
    try:
        return judge(feature, shape.fields)
    except PlaceRefusedError as refused:
        name = code_of(feature, columns)
        return PlaceLine(
            PlaceStanding.REFUSED, feature, kind, name, refused.why, refused.hint
        )


def new(
    feature: Feature, kind: str, name: str, fields: Fields, project_id: str
) -> PlaceLine:
    """Return the line of a record that is not here."""
    return PlaceLine(
        PlaceStanding.NEW,
        feature,
        kind,
        name,
        addition=Addition(kind, None, fields),
        new_id=record_id(project_id, kind, fields),
    )


def code_of(feature: Feature, columns: PlaceColumns) -> str:
    """Return the code of a feature; nothing where it has none."""
    return text_of(feature.properties.get(columns.code or ""))


def checked_code(feature: Feature, columns: PlaceColumns, kind: str) -> str:
    """Return the code of a feature.

    Raises
    ------
    PlaceRefusedError
        If it has none, or a spreadsheet changed it.
    """
    code = code_of(feature, columns)
    if not code:
        raise PlaceRefusedError(
            f"it has no code in {columns.code}", f"give the {kind} a code"
        )
    changed = refuse_code(code) if feature.raw else None
    if changed is not None:
        raise PlaceRefusedError(f"{code}: {changed.reason}", changed.hint)
    return code


def checked(fields: Fields, kind: str) -> dict[str, Any]:
    """Return the fields of a record as they are kept.

    Raises
    ------
    PlaceRefusedError
        If one breaks a rule.
    """
    clean, problems = load_record(kind, fields)
    refused = errors(problems)
    if refused:
        raise PlaceRefusedError(
            "; ".join(map(problem_line, refused)), "correct it in the file"
        )
    return clean


def _fields(
    feature: Feature, columns: PlaceColumns, code: str, shape: Mapping[str, Any]
) -> dict[str, Any]:
    fields = {"code": code, **shape}
    name = text_of(feature.properties.get(columns.name or ""))
    if name and name != code:
        fields["name"] = name
    area = _area(feature, columns)
    if area is not None:
        fields["area_ha"] = area
    return fields


def _area(feature: Feature, columns: PlaceColumns) -> float | None:
    value = feature.properties.get(columns.area or "")
    text = text_of(value)
    if not text:
        return None
    number = read_number(text, columns.notation)
    if isinstance(number, str):
        raise PlaceRefusedError(
            f"{columns.area} = {text}: a number was expected", "correct it"
        )
    # Programs of GIS write 0 where they have none.
    found = round(number * columns.area_unit_ha, 6)
    return found or None


def _with_area(fields: dict[str, Any]) -> dict[str, Any]:
    if "area_ha" not in fields:
        found = _measured(fields["geometry"])
        if found:
            fields["area_ha"] = found
    return fields


def _measured(boundary: Mapping[str, Any]) -> float:
    return round(area_ha(boundary), _DECIMALS)


def _patch(here: Fields, fields: Fields) -> dict[str, Any]:
    """Return what a plot that is here lacks or has otherwise; an area follows its boundary."""
    return dict(_changes(here, fields))


def _changes(here: Fields, fields: Fields) -> Iterator[tuple[str, Any]]:
    is_moved = not same_place(fields, here)
    if is_moved:
        yield "geometry", fields["geometry"]
    if "name" in fields and fields["name"] != here.get("name"):
        yield "name", fields["name"]
    told, kept = _told_area(here, fields, is_moved=is_moved), here.get("area_ha")
    if told is not None and (kept is None or abs(told - kept) > 0.5 * 10.0**-_DECIMALS):
        yield "area_ha", told


def _told_area(here: Fields, fields: Fields, *, is_moved: bool) -> float | None:
    """Return the area that a plot is to have; one that came from its boundary follows it."""
    told: float | None = fields.get("area_ha")
    boundary, kept = here.get("geometry"), here.get("area_ha")
    follows = is_moved and boundary is not None and kept == _measured(boundary)
    if told is None and (kept is None or follows):
        return _measured(fields["geometry"]) or None
    return told
