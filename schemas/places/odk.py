"""Places as ODK writes them in a cell: `latitude longitude altitude accuracy`, with `;` between."""

import re
from typing import Final

from schemas.places.feature import Shape, coordinate

_NUMBER: Final = r"[-+]?[0-9]+(?:\.[0-9]+)?"
_POSITION: Final = rf"{_NUMBER}(?:\s+{_NUMBER}){{1,3}}"
_PLACES: Final = re.compile(rf"\s*{_POSITION}\s*(?:;\s*{_POSITION}\s*)*;?\s*")


def is_odk(text: str) -> bool:
    """Return whether a cell holds places in this form."""
    return _PLACES.fullmatch(text) is not None


def read_odk(text: str) -> Shape:
    """Return a point, a boundary that ends where it begins, or else a line.

    Examples
    --------
    >>> read_odk("48.85 2.35 120 4.5")
    {'type': 'Point', 'coordinates': [2.35, 48.85]}
    >>> read_odk("0 0 0 0; 0 1 0 0; 1 1 0 0; 0 0 0 0;")["type"]
    'Polygon'
    """
    parts = [part.split() for part in text.split(";") if part.strip()]
    line = [[coordinate(lon), coordinate(lat)] for lat, lon, *_ in parts]
    if len(line) == 1:
        return {"type": "Point", "coordinates": line[0]}
    if line[0] == line[-1]:
        return {"type": "Polygon", "coordinates": [line]}
    return {"type": "LineString", "coordinates": line}
