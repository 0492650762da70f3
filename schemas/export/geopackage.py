"""GeoPackage through GDAL: plots, points, cores and layers, some thousand at a time."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from schemas.export.csv_files import Progress, Query
from schemas.gis.extra import needed_for

#: The layers, and what their shapes are.
LAYERS: Final = {
    "plots": "MultiPolygon",
    "points": "Point",
    "cores": "Point",
    "layers": "Point",
}
#: Features that are held at a time.
_BATCH: Final = 5_000
_WGS84: Final = "EPSG:4326"


def write_geopackage(path: Path, query: Query, progress: Progress) -> dict[str, int]:
    """Write a layer for each table with a place; return the features of each.

    Those without a place have no shape.

    Raises
    ------
    TableError
        If the extra geo is not installed.
    """
    with needed_for("GeoPackage"):
        import pyogrio.raw  # noqa: PLC0415 - of an extra

    counts = {}
    for layer, kind in LAYERS.items():
        names, rows, kinds, _ = query(layer)
        fields = [name for name in names if name != "geometry"]
        count = 0
        for batch in _batches(rows):
            columns = dict(zip(names, zip(*batch, strict=True), strict=True))
            pyogrio.raw.write(
                path,
                geometry=_shapes(kind, columns),
                field_data=[
                    _column(kinds.get(name, str), columns[name]) for name in fields
                ],
                fields=fields,
                layer=layer,
                driver="GPKG",
                geometry_type=kind,
                crs=_WGS84,
                append=path.exists(),
            )
            count += len(batch)
        counts[layer] = count
        progress(layer, count)
    return counts


def _batches(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _shapes(kind: str, columns: Mapping[str, Sequence[Any]]) -> Any:  # noqa: ANN401 - an array of numpy
    import shapely  # noqa: PLC0415 - of an extra

    if kind == "Point":
        places = zip(columns["lon"], columns["lat"], strict=True)
        found = [None if None in place else shapely.Point(place) for place in places]
    else:
        found = [
            None if text is None else _many(shapely.from_geojson(text))
            for text in columns["geometry"]
        ]
    return shapely.to_wkb(found)


def _many(shape: Any) -> Any:  # noqa: ANN401 - of shapely
    """Return a boundary as one of many parts: a layer has one kind of shape."""
    import shapely  # noqa: PLC0415 - of an extra

    return shapely.MultiPolygon([shape]) if shape.geom_type == "Polygon" else shape


def _column(kind: type, values: Sequence[Any]) -> Any:  # noqa: ANN401 - an array of numpy
    import numpy as np  # noqa: PLC0415 - comes with GDAL

    if kind is str:
        return np.array([None if v is None else str(v) for v in values], dtype=object)
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
