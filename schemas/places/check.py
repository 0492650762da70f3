"""From the features of a file to what they add: the same on laptop and server."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from schemas.additions import Addition
from schemas.places.columns import (
    PlaceColumns,
    area_unit_ha,
    guess_area,
    guess_code,
    guess_name,
    guess_plot,
    text_of,
)
from schemas.places.feature import Feature, PlacesFile, refuse
from schemas.places.land import KnownPlot, Land
from schemas.places.line import OPEN, PlaceLine, PlaceStanding
from schemas.places.plots import judge_plots
from schemas.places.points import judge_points
from schemas.places.shapes import Placed, kind_of, placed
from schemas.plausibility.records import Records
from schemas.tables.differing import Differing

#: Returns in words where a boundary crosses itself; nothing where it does not.
Crossing = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class PlacesSaid:
    """What a person says of a file: what it holds, and what its columns are."""

    kind: str | None = None
    code: str | None = None
    plot: str | None = None
    name: str | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True)
class PlacesCheck:
    """A file that was judged, before anything is written."""

    file: PlacesFile
    records: Records
    columns: Mapping[str, PlaceColumns]
    lines: Sequence[PlaceLine]
    left_out: int = 0
    looked_for_crossings: bool = field(default=True)

    def wanted(self, how: Differing) -> list[tuple[PlaceLine, Addition]]:
        """Return what is to be kept; plots come before the points on them."""
        takes = {PlaceStanding.NEW, PlaceStanding.FILLS}
        if how is Differing.REPLACE:
            takes.add(PlaceStanding.DIFFERS)
        return [
            (line, line.addition)
            for line in self.lines
            if line.standing in takes and line.addition is not None
        ]

    def additions(self, how: Differing) -> list[Addition]:
        """Return what is to be kept, without the lines of the file."""
        return [addition for _, addition in self.wanted(how)]

    def open_lines(self, how: Differing) -> list[PlaceLine]:
        """Return what needs a person, in the order of the file."""
        found = [line for line in self.lines if self.is_open(line, how)]
        return sorted(found, key=lambda line: line.feature.number)

    def is_open(self, line: PlaceLine, how: Differing) -> bool:
        """Return whether a feature is not taken and needs a person."""
        is_taken = how is Differing.REPLACE and line.standing is PlaceStanding.DIFFERS
        return line.standing in OPEN and not is_taken


_Found = tuple[Feature, Placed]
_KINDS: Final = ("plot", "point")


def check(
    file: PlacesFile,
    records: Records,
    project_id: str,
    said: PlacesSaid,
    crossing: Crossing | None,
) -> PlacesCheck:
    """Judge each feature of a file.

    Raises
    ------
    TableError
        If no column names what is in the file, or a column that was named is not there.
    """
    land = _land(records)
    _check_named(file, said, land.codes)
    features = _meant(file.features, said.kind)
    chosen, lines = _shapes(features)
    plots, points = (_of_kind(chosen, kind) for kind in _KINDS)
    is_mixed = bool(plots and points)
    columns: dict[str, PlaceColumns] = {}
    if plots:
        columns["plot"] = _columns_of_plots(
            file, plots, said, land.codes, is_mixed=is_mixed
        )
        lines += judge_plots(plots, columns["plot"], records, project_id, crossing)
        _add_new(land, lines, records)
    if points:
        columns["point"] = _columns_of_points(
            file, points, said, land.codes, is_mixed=is_mixed
        )
        lines += judge_points(points, columns["point"], records, project_id, land)
    named = [_named(line, columns, file) for line in lines]
    return PlacesCheck(
        file,
        records,
        columns,
        named,
        len(file.features) - len(features),
        crossing is not None or not plots,
    )


def _meant(features: Sequence[Feature], kind: str | None) -> list[Feature]:
    """Return the features of one kind; what is of neither may be meant, and is told."""
    others = {*_KINDS} - {kind} if kind else set()
    return [each for each in features if kind_of(each.shape) not in others]


def _of_kind(found: Sequence[_Found], kind: str) -> list[_Found]:
    return [each for each in found if each[1].kind == kind]


def _shapes(features: Iterable[Feature]) -> tuple[list[_Found], list[PlaceLine]]:
    """Return what the shapes are, and a line for each feature that has none to use."""
    found, lines = [], []
    for feature in features:
        shape, why = _shape(feature)
        if shape is not None:
            found.append((feature, shape))
        else:
            hint = "correct it where it was drawn, and import it again"
            kind = kind_of(feature.shape)
            lines.append(PlaceLine(PlaceStanding.REFUSED, feature, kind, "", why, hint))
    return found, lines


def _shape(feature: Feature) -> tuple[Placed | None, str]:
    if feature.shape is None:
        return None, feature.fault
    try:
        return placed(feature.shape), ""
    except ValueError as error:
        return None, str(error)


def _land(records: Records) -> Land:
    land = Land()
    for plot_id, plot in records.of_type("plot").items():
        land.add(KnownPlot(plot_id, plot["code"], plot.get("geometry")))
    return land


def _add_new(land: Land, lines: Iterable[PlaceLine], records: Records) -> None:
    """Add the plots of the same file, and the boundaries that it brings."""
    for line in lines:
        addition = line.addition
        if addition is None or line.standing is PlaceStanding.DIFFERS:
            continue
        boundary = addition.fields.get("geometry")
        if line.standing is PlaceStanding.NEW:
            fields = addition.fields
            land.add(KnownPlot(line.new_id, fields["code"], boundary))
        elif boundary is not None:
            plot = records.get("plot", addition.record_id) or {}
            land.bound(KnownPlot(str(addition.record_id), plot["code"], boundary))


def _columns_of_plots(
    file: PlacesFile,
    plots: Sequence[_Found],
    said: PlacesSaid,
    known: set[str],
    *,
    is_mixed: bool,
) -> PlaceColumns:
    columns, features = file.columns, [feature for feature, _ in plots]
    code = _said_code(said, features, is_mixed=is_mixed)
    code = code or guess_code("plot", columns, features, known)
    if code is None:
        raise _no_code("plots", columns, is_mixed=is_mixed)
    area = said.area or guess_area(columns)
    name = said.name or guess_name(columns, code)
    return PlaceColumns(code, None, name, area, area_unit_ha(area), file.notation)


def _columns_of_points(
    file: PlacesFile,
    points: Sequence[_Found],
    said: PlacesSaid,
    known: set[str],
    *,
    is_mixed: bool,
) -> PlaceColumns:
    columns, features = file.columns, [feature for feature, _ in points]
    every_plot = said.plot if said.plot not in columns else None
    plot = said.plot if every_plot is None else None
    if said.plot is None:
        others = [each for each in columns if each != said.code]
        plot = guess_plot(others, features, known)
    others = [each for each in columns if each != plot]
    code = _said_code(said, features, is_mixed=is_mixed)
    code = code or guess_code("point", others, features, ())
    if code is None:
        raise _no_code("points", columns, is_mixed=is_mixed)
    return PlaceColumns(code, plot, every_plot=every_plot)


def _said_code(
    said: PlacesSaid, features: Sequence[Feature], *, is_mixed: bool
) -> str | None:
    """Return the column that was said; of a mixture it may be that of the other kind."""
    texts = (text_of(each.properties.get(said.code or "")) for each in features)
    return None if is_mixed and not any(texts) else said.code


_NAMELESS: Final = "the file says nothing of its features"


def _no_code(what: str, columns: Sequence[str], *, is_mixed: bool) -> Exception:
    named = f"the file has: {', '.join(columns)}" if columns else _NAMELESS
    other = "plots" if what == "points" else "points"
    alone = f"; or take the {other} alone: --as {other}" if is_mixed else ""
    reason = f"no column with the codes of the {what} was found"
    return refuse("no_code", reason, f"say which: --code COLUMN; {named}{alone}")


def _check_named(file: PlacesFile, said: PlacesSaid, plots: Iterable[str]) -> None:
    for option in ("code", "name", "area"):
        column = getattr(said, option)
        if column is not None and column not in file.columns:
            reason = f"--{option}: the file has no column {column}"
            raise refuse("no_column", reason, f"it has: {', '.join(file.columns)}")
    if said.plot is not None and said.plot not in {*file.columns, *plots}:
        reason = f"--plot: {said.plot} is neither a column of the file nor a plot"
        raise refuse("no_column", reason, f"the file has: {', '.join(file.columns)}")


def _named(
    line: PlaceLine, columns: Mapping[str, PlaceColumns], file: PlacesFile
) -> PlaceLine:
    """Return a line with what its feature calls itself, where it is no record."""
    if line.name:
        return line
    codes = [each.code for each in columns.values()]
    if not codes:
        guesses = (guess_code(kind, file.columns, file.features, ()) for kind in _KINDS)
        codes = [*filter(None, guesses)]
    texts = [text_of(line.feature.properties.get(code or "")) for code in codes]
    return replace(line, name=next(filter(None, texts), ""))
