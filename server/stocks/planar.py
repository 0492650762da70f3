"""Outlines of plots on a plane, and random points inside them.

A plot is small beside the Earth, so that longitude and latitude become metres by one
scale each. An outline is cut into level strips. Along a strip, inside lies between the
first crossing with any ring and the second, the third and the fourth, and so on: that
leaves holes out and holds the parts of a plot together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from server.stocks.fine_soil import FloatArray

METRES_DEGREE: Final = 6_371_008.8 * float(np.pi) / 180.0
# A strip is as high as 1/64 of the plot, and straight at its ends.
STRIPS: Final = 64


@dataclass(frozen=True, slots=True)
class Outline:
    """A plot as pieces of level strips, metres from its first corner.

    One value per piece: its left end, its width, the middle of its strip.
    """

    corner: FloatArray
    metres: FloatArray
    left: FloatArray
    width: FloatArray
    middle: FloatArray
    height: float

    @property
    def area_m2(self) -> float:
        """Return the area, m2, holes left out."""
        return float(self.width.sum()) * self.height

    def plane(self, lon_lat: ArrayLike) -> FloatArray:
        """Return positions in metres, shape (n, 2), from degrees, shape (n, 2)."""
        return _plane(np.asarray(lon_lat, dtype=np.float64), self.corner, self.metres)

    def fill(self, fractions: FloatArray) -> FloatArray:
        """Return points inside, uniform where the fractions are; last axis of two.

        The first fraction chooses the place along all pieces laid end to end, the
        second the height in the strip. Metres, shape of `fractions`.
        """
        ends = np.cumsum(self.width)
        along = fractions[..., 0] * ends[-1]
        piece = np.minimum(np.searchsorted(ends, along, "right"), ends.size - 1)
        x = self.left[piece] + along - (ends - self.width)[piece]
        y = self.middle[piece] + (fractions[..., 1] - 0.5) * self.height
        return np.stack((x, y), axis=-1)

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Return centre, m, and covariance, m2, of a point anywhere in the plot."""
        share = self.width / self.width.sum()
        at = np.stack((self.left + self.width / 2.0, self.middle))
        centre = at @ share
        apart = at - centre[:, np.newaxis]
        covariance = (share * apart) @ apart.T
        covariance += np.diag([share @ np.square(self.width), self.height**2]) / 12.0
        return centre, covariance


def outline_of(geometry: Mapping[str, Any]) -> Outline | None:
    """Return the outline of a GeoJSON Polygon or MultiPolygon.

    ``x = R cos(lat) lon``, ``y = R lat``: equirectangular, true to 1 in 10,000 for a
    plot of 10 km. Rings are closed, as RFC 7946 asks; an altitude is left out. A plot
    may lie across the date line. None where the rings enclose nothing. Where parts of
    one plot overlap, twice inside is outside.

    >>> square = [[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01], [0, 0]]
    >>> found = outline_of({"type": "Polygon", "coordinates": [square]})
    >>> round(found.area_m2 / 10_000)
    124
    """
    rings = list(_rings(geometry))
    corner, lat = rings[0][0], np.concatenate(rings)[:, 1]
    across = np.cos(np.radians((lat.min() + lat.max()) / 2.0))
    metres = METRES_DEGREE * np.array([across, 1.0])
    flat = [_plane(ring, corner, metres) for ring in rings]
    start, end = (
        np.concatenate([ring[cut] for ring in flat]) for cut in (np.s_[:-1], np.s_[1:])
    )
    low, high = float(start[:, 1].min()), float(start[:, 1].max())
    height = (high - low) / STRIPS
    middle = low + (np.arange(STRIPS) + 0.5) * height
    above = start[:, 1] > middle[:, np.newaxis]
    strip, edge = np.nonzero(above != (end[:, 1] > middle[:, np.newaxis]))
    rise = (middle[strip] - start[edge, 1]) / (end[edge, 1] - start[edge, 1])
    x = start[edge, 0] + rise * (end[edge, 0] - start[edge, 0])
    order = np.lexsort((x, strip))
    x, strip = x[order], strip[order]
    # Rings close, so that each strip has an even number of crossings.
    left, width = x[::2], x[1::2] - x[::2]
    if not width.sum() > 0.0:
        return None
    at = np.asarray(middle[strip[::2]], dtype=np.float64)
    return Outline(corner, metres, left, width, at, height)


def _rings(geometry: Mapping[str, Any]) -> Iterator[FloatArray]:
    parts = geometry["coordinates"]
    for polygon in [parts] if geometry["type"] == "Polygon" else parts:
        for ring in polygon:
            yield np.array([position[:2] for position in ring], dtype=np.float64)


def _plane(lon_lat: FloatArray, corner: FloatArray, metres: FloatArray) -> FloatArray:
    apart = lon_lat - corner
    # The short way round, also over the date line.
    apart[:, 0] = (apart[:, 0] + 180.0) % 360.0 - 180.0
    moved: FloatArray = apart * metres
    return moved
