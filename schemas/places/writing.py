"""Places for a phone or a hand-held receiver: GPX 1.1 and GeoJSON, in the order of a walk."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from schemas.screen import safe

_GPX: Final = "http://www.topografix.com/GPX/1/1"


class Waypoint(NamedTuple):
    """A place with a name, a line about it, and more for programs."""

    name: str
    lon: float
    lat: float
    about: str = ""
    properties: Mapping[str, Any] = {}


def gpx_of(title: str, waypoints: Sequence[Waypoint]) -> bytes:
    """Return waypoints, and a route through them, as GPX.

    >>> b'<wpt lat="48.85" lon="2.35">' in gpx_of(
    ...     "2026", [Waypoint("HF/1", 2.35, 48.85)]
    ... )
    True
    """
    root = Element("gpx", {"version": "1.1", "creator": "Permille", "xmlns": _GPX})
    for waypoint in waypoints:
        _placed(root, "wpt", waypoint)
    route = SubElement(root, "rte")
    SubElement(route, "name").text = safe(title)
    for waypoint in waypoints:
        _placed(route, "rtept", waypoint)
    text: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"


def geojson_of(waypoints: Sequence[Waypoint]) -> bytes:
    """Return waypoints as a collection of GeoJSON (RFC 7946)."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [each.lon, each.lat]},
            "properties": {
                "name": each.name,
                "about": each.about,
                "order": number,
                **each.properties,
            },
        }
        for number, each in enumerate(waypoints, start=1)
    ]
    said = {"type": "FeatureCollection", "features": features}
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def _placed(parent: Element, tag: str, waypoint: Waypoint) -> None:
    place = {"lat": f"{waypoint.lat:.10g}", "lon": f"{waypoint.lon:.10g}"}
    found = SubElement(parent, tag, place)
    SubElement(found, "name").text = safe(waypoint.name)
    if waypoint.about:
        SubElement(found, "desc").text = safe(waypoint.about)
