"""Features that are points: which plot each is of, and whether it is here."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.places.columns import PlaceColumns, text_of
from schemas.places.feature import Feature
from schemas.places.land import KnownPlot, Land, NoPlotError
from schemas.places.line import PlaceLine, PlaceStanding, compared
from schemas.places.plots import PlaceRefusedError, checked, checked_code, judged, new
from schemas.places.shapes import Placed, same_place
from schemas.plausibility.records import Records


def judge_points(
    found: Sequence[tuple[Feature, Placed]],
    columns: PlaceColumns,
    records: Records,
    project_id: str,
    land: Land,
) -> list[PlaceLine]:
    """Return what becomes of each point of a file."""
    plots = {
        feature.number: _plot(feature, columns, shape, land) for feature, shape in found
    }
    counts = Counter(
        (plot.id, text_of(feature.properties.get(columns.code or "")))
        for feature, _ in found
        if isinstance(plot := plots[feature.number], KnownPlot)
    )

    def judge(feature: Feature, place: Mapping[str, Any]) -> PlaceLine:
        code = checked_code(feature, columns, "point")
        plot = plots[feature.number]
        if isinstance(plot, NoPlotError):
            kind = PlaceStanding.SEVERAL if plot.several else PlaceStanding.REFUSED
            return PlaceLine(kind, feature, "point", code, plot.why, plot.hint)
        name = f"{plot.code}/{code}"
        if counts[plot.id, code] > 1:
            why = (
                f"{counts[plot.id, code]} points of plot {plot.code} are called {code}"
            )
            raise PlaceRefusedError(why, "name each")
        fields = checked({"plot_id": plot.id, "code": code, **place}, "point")
        written = text_of(feature.properties.get(columns.plot or ""))
        spelled = written if written not in {"", plot.code} else ""
        return _beside(feature, name, fields, records, project_id).spelled_as(spelled)

    return [judged(feature, "point", columns, judge, shape) for feature, shape in found]


def _beside(
    feature: Feature,
    name: str,
    fields: Mapping[str, Any],
    records: Records,
    project_id: str,
) -> PlaceLine:
    """Return how a point stands to those of its plot that are here."""
    known = [
        (point_id, point)
        for point_id, point in records.below("point", fields["plot_id"])
        if unicodedata.normalize("NFC", point["code"]) == fields["code"]
    ]
    if len(known) > 1:
        raise PlaceRefusedError(
            f"several points here are called {name}", "rename one of them"
        )
    if not known:
        return new(feature, "point", name, fields, project_id)
    place = {part: fields[part] for part in ("lon", "lat")}
    patch = {} if same_place(place, known[0][1]) else place
    return compared(feature, "point", name, known[0], patch)


def _plot(
    feature: Feature, columns: PlaceColumns, shape: Placed, land: Land
) -> KnownPlot | NoPlotError:
    """Return the plot that a point says, else the one whose boundary holds it."""
    code = text_of(feature.properties.get(columns.plot or "")) or columns.every_plot
    try:
        if code:
            return land.called(code)
        return land.around((shape.fields["lon"], shape.fields["lat"]))
    except NoPlotError as error:
        return error
