"""The map of a programme: where its plots are, with their verdicts as signs. Pure."""

from collections.abc import Mapping
from math import cos, radians
from typing import Any, Final, NamedTuple

_WIDTH: Final = 600.0
_TALLEST: Final = 480.0
_LOWEST: Final = 120.0
#: Around the signs, so that none touches the frame.
_EDGE: Final = 20.0


class MapSign(NamedTuple):
    """A dot on the map; `verdict` is None where its plots have several."""

    x: float
    y: float
    verdict: str | None
    dot: Mapping[str, Any]


class ProgrammeMap(NamedTuple):
    """A map in pixels, north up."""

    width: float
    height: float
    signs: list[MapSign]


def programme_map(said: Mapping[str, Any]) -> ProgrammeMap:
    """Lay the dots of a programme board on a plane, true to scale in its middle."""
    west, south, east, north = (
        said[name] for name in ("west", "south", "east", "north")
    )
    narrow = cos(radians((south + north) / 2.0))
    across, up = (east - west) * narrow, north - south
    room_x, room_y = _WIDTH - 2 * _EDGE, _TALLEST - 2 * _EDGE
    scale = min(room_x / across if across else room_x, room_y / up if up else room_y)
    height = max(up * scale + 2 * _EDGE, _LOWEST)
    left, top = (_WIDTH - across * scale) / 2.0, (height - up * scale) / 2.0
    return ProgrammeMap(
        _WIDTH,
        height,
        [
            MapSign(
                left + (dot["lon"] - west) * narrow * scale,
                top + (north - dot["lat"]) * scale,
                next(iter(dot["verdicts"])) if len(dot["verdicts"]) == 1 else None,
                dot,
            )
            for dot in said["dots"]
        ],
    )
