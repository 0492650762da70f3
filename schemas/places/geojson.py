"""GeoJSON (RFC 7946), and the coordinate system that its older form declares."""

from collections.abc import Mapping
from typing import Any, Final

from schemas import strict_json
from schemas.places.feature import Feature, PlacesFile, check_count, refuse

#: 64 MiB of positions are 3 values each; so many take about 200 MB when they are built.
_MOST_VALUES: Final = 4_000_000
_SHAPES: Final = frozenset(
    {
        *("Point", "MultiPoint", "LineString", "MultiLineString"),
        *("Polygon", "MultiPolygon", "GeometryCollection"),
    }
)
_EXPORT: Final = "export it as GeoJSON"


def read_geojson(data: bytes) -> PlacesFile:
    """Return the features of a GeoJSON text.

    Raises
    ------
    TableError
        If it is none.
    """
    try:
        found = strict_json.read(data.removeprefix(b"\xef\xbb\xbf"), _MOST_VALUES)
    except ValueError as error:
        hint = "export it again; one JSON document is expected"
        raise refuse("not_geojson", f"the file is not JSON: {error}", hint) from None
    if not isinstance(found, dict):
        raise refuse("not_geojson", "the file is JSON, but not GeoJSON", _EXPORT)
    members = _features(found)
    check_count(len(members))
    features = [_feature(number, each) for number, each in enumerate(members, start=1)]
    return PlacesFile("GeoJSON", features, _declared(found))


def _features(found: Mapping[str, Any]) -> list[object]:
    kind = str(found.get("type"))
    if kind == "FeatureCollection" and isinstance(found.get("features"), list):
        return list(found["features"])
    if kind == "Feature":
        return [found]
    if kind in _SHAPES:
        return [{"type": "Feature", "geometry": found, "properties": {}}]
    what = "JSON, but not GeoJSON"
    if kind == "Topology":
        what = "TopoJSON"
    elif "features" in found and "type" not in found:
        what = "JSON of Esri"
    raise refuse("not_geojson", f"the file is {what}", _EXPORT)


def _feature(number: int, found: object) -> Feature:
    if not isinstance(found, dict) or found.get("type") != "Feature":
        return Feature(number, None, {}, "it is no feature of GeoJSON")
    said = found.get("properties")
    properties = dict(said) if isinstance(said, dict) else {}
    if "id" in found:
        properties.setdefault("id", found["id"])
    shape = found.get("geometry")
    if not isinstance(shape, dict):
        return Feature(number, None, properties, "it has no geometry")
    return Feature(number, shape, properties)


def _declared(found: Mapping[str, Any]) -> str | None:
    """Return the coordinate system of the form of 2008; RFC 7946 knows WGS84 alone."""
    crs = found.get("crs")
    if not isinstance(crs, dict):
        return None
    named = crs.get("properties")
    name = named.get("name") if isinstance(named, dict) else None
    if isinstance(name, str):
        return name
    reason = "the file names its coordinate system in a way that is not understood"
    hint = "export it in WGS84 (EPSG:4326)"
    raise refuse("unknown_crs", reason, hint)
