"""GPX: the waypoints of a receiver; tracks and routes are told, not read."""

from typing import Final
from xml.etree.ElementTree import Element

from schemas.places.feature import Feature, PlacesFile, Shape, check_count, coordinate
from schemas.places.safe_xml import below, child, said
from schemas.told import counted

_SAID: Final = ("name", "desc", "cmt", "sym", "type", "time")


def read_gpx(root: Element) -> PlacesFile:
    """Return the waypoints of a GPX document."""
    waypoints = list(below(root, "wpt"))
    check_count(len(waypoints))
    features = [_feature(number, each) for number, each in enumerate(waypoints, 1)]
    counts = {
        noun: sum(1 for _ in below(root, tag))
        for tag, noun in (("trk", "track"), ("rte", "route"))
    }
    not_read = [counted(count, noun) for noun, count in counts.items() if count]
    return PlacesFile("GPX", features, not_read=not_read)


def _feature(number: int, waypoint: Element) -> Feature:
    properties: dict[str, object] = {
        name: text for name in _SAID if (text := said(child(waypoint, name)))
    }
    try:
        shape = _shape(waypoint)
    except ValueError:
        return Feature(number, None, properties, "its position is not two numbers")
    return Feature(number, shape, properties)


def _shape(waypoint: Element) -> Shape:
    place = [coordinate(waypoint.get(name, "")) for name in ("lon", "lat")]
    return {"type": "Point", "coordinates": place}
