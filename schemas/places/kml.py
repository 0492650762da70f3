"""KML: placemarks in any folder, with what is said of them."""

import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element

from schemas.places.feature import Feature, PlacesFile, Shape, check_count, coordinate
from schemas.places.safe_xml import below, child, said

#: Positions have no blanks; some programs write them all the same.
_AROUND_COMMA: Final = re.compile(r"\s*,\s*")
_SHAPES: Final = ("Point", "Polygon", "LineString", "LinearRing", "MultiGeometry")
#: What is drawn and is no place: told, not read.
_OTHERS: Final = ("GroundOverlay", "ScreenOverlay", "PhotoOverlay", "NetworkLink")


def read_kml(root: Element) -> PlacesFile:
    """Return the placemarks of a KML document."""
    features = [
        _feature(number, mark, folder)
        for number, (mark, folder) in enumerate(_placemarks(root), start=1)
    ]
    check_count(len(features))
    counts = {name: sum(1 for _ in root.iter(name)) for name in _OTHERS}
    not_read = [f"{count} {name}" for name, count in counts.items() if count]
    return PlacesFile("KML", features, not_read=not_read)


def _placemarks(element: Element, folder: str = "") -> Iterator[tuple[Element, str]]:
    for each in element:
        if each.tag == "Placemark":
            yield each, folder
        elif each.tag in {"Document", "Folder"}:
            name = said(child(each, "name")) if each.tag == "Folder" else folder
            yield from _placemarks(each, name)


def _feature(number: int, mark: Element, folder: str) -> Feature:
    properties = _said_of(mark, folder)
    drawn = next((each for each in mark if each.tag in _SHAPES), None)
    if drawn is None:
        is_track = any(each.tag in {"Track", "MultiTrack"} for each in mark)
        fault = "it is a track" if is_track else "it has no geometry"
        return Feature(number, None, properties, fault)
    try:
        return Feature(number, _shape(drawn), properties)
    except ValueError as error:
        return Feature(number, None, properties, str(error))


def _said_of(mark: Element, folder: str) -> dict[str, object]:
    """Return name, folder and the extended data of a placemark."""
    found = {name: said(child(mark, name)) for name in ("name", "description")}
    found["folder"] = folder
    more = {
        each.get("name", ""): said(child(each, "value")) for each in mark.iter("Data")
    }
    more |= {each.get("name", ""): said(each) for each in mark.iter("SimpleData")}
    return {name: text for name, text in found.items() if text} | {
        name: text or None for name, text in more.items()
    }


def _shape(drawn: Element) -> Shape:
    if drawn.tag == "Polygon":
        rings = [_ring(each) for each in _rings(drawn)]
        return {"type": "Polygon", "coordinates": rings}
    if drawn.tag == "MultiGeometry":
        parts = [_shape(each) for each in drawn if each.tag in _SHAPES]
        return {"type": "GeometryCollection", "geometries": parts}
    positions = _positions(child(drawn, "coordinates"))
    if drawn.tag == "Point":
        if len(positions) != 1:
            raise ValueError("a point has one position")
        return {"type": "Point", "coordinates": positions[0]}
    if drawn.tag == "LinearRing":
        return {"type": "Polygon", "coordinates": [positions]}
    return {"type": "LineString", "coordinates": positions}


def _rings(polygon: Element) -> Iterator[Element]:
    """Return the outer ring, then the holes, of a polygon."""
    for name in ("outerBoundaryIs", "innerBoundaryIs"):
        for boundary in below(polygon, name):
            yield from below(boundary, "LinearRing")


def _ring(ring: Element) -> list[Any]:
    return _positions(child(ring, "coordinates"))


def _positions(element: Element | None) -> list[list[float]]:
    """Return positions `lon,lat[,altitude]`, with blanks between them."""
    return [
        [coordinate(part) for part in position.split(",") if part]
        for position in _AROUND_COMMA.sub(",", said(element)).split()
    ]
