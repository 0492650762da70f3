"""Boundaries that cross themselves; alone imports shapely beside the reading of files."""

import re
from collections.abc import Mapping
from typing import Any, Final

from schemas.gis.extra import is_installed

_NEAR: Final = re.compile(r"\[(-?[0-9.e+-]+) (-?[0-9.e+-]+)")
_WORDS: Final = {
    "Self-intersection": "its boundary crosses itself, or its parts overlap",
    "Hole lies outside shell": "a hole of its boundary lies outside",
    "Holes are nested": "a hole of its boundary lies in another one",
    "Nested shells": "a part of its boundary lies in another one",
    "Duplicate Rings": "its boundary has the same ring twice",
    "Interior is disconnected": "its boundary falls apart at its holes",
}


def can_look() -> bool:
    """Return whether crossings are looked for."""
    return is_installed("shapely")


def crossing(boundary: Mapping[str, Any]) -> str:
    """Return in words where a boundary crosses itself; nothing where it does not.

    Rings that touch themselves at a point hold the area that they say.

    >>> square = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]
    >>> crossing({"type": "Polygon", "coordinates": [square]})
    'its boundary crosses itself, or its parts overlap, near 0.5, 0.5'
    """
    import shapely  # noqa: PLC0415 - of an extra
    from shapely.geometry import shape  # noqa: PLC0415 - of an extra

    said = str(shapely.is_valid_reason(shape(boundary)))
    words = next((words for name, words in _WORDS.items() if said.startswith(name)), "")
    near = _NEAR.search(said)
    if not words or near is None:
        return words
    return f"{words}, near {float(near[1]):.7g}, {float(near[2]):.7g}"
