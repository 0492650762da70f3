"""Interpolants of rising curves, for many curves of the same number of nodes at once.

Arrays ``x`` and ``y`` have shape (m, n): m curves of n nodes, x rising strictly.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from server.stocks.fine_soil import FloatArray


class Interpolant(StrEnum):
    """How a cumulative curve runs between its nodes.

    Methods of projects use the first three; the others tell how far a figure depends
    on the curve.
    """

    LINEAR = "linear"
    HYMAN = "hyman"
    NATURAL = "natural"
    FMM = "fmm"
    FRITSCH_CARLSON = "monoHFC"


def interpolate(
    x: FloatArray, y: FloatArray, at: FloatArray, interpolant: Interpolant
) -> FloatArray:
    """Return the value of each curve at one place inside its nodes.

    Two nodes are joined by a straight line whatever the interpolant.

    Parameters
    ----------
    x, y
        Nodes, shape (m, n), n >= 2; x rises strictly, y does not fall.
    at
        Place on each curve, shape (m,); inside the nodes.
    interpolant
        ``linear``; ``hyman``, a cubic spline with its slopes limited so that it
        never falls; ``natural``, a cubic spline without limit, straight at the ends;
        ``fmm``, the spline that Hyman limits; ``monoHFC``, cubic pieces with slopes
        between the secants, which never fall either.

    Returns
    -------
    FloatArray
        Values, shape (m,), in the unit of y.

    Notes
    -----
    Hyman: slopes of the spline of Forsythe, Malcolm and Moler (1977), limited to 3
    times the smaller neighbouring secant (Hyman 1983). ``monoHFC``: Fritsch and
    Carlson (1980). The names are those of ``splinefun`` in R, which gives the same
    values. ``natural`` and ``fmm`` may overshoot.

    Examples
    --------
    >>> x, y = np.array([[0.0, 1.0, 3.0]]), np.array([[0.0, 2.0, 2.5]])
    >>> [
    ...     round(float(interpolate(x, y, np.array([2.0]), kind)[0]), 4)
    ...     for kind in Interpolant
    ... ]
    [2.25, 2.4375, 2.6875, 2.8333, 2.3924]
    """
    secants = np.diff(y, axis=1) / np.diff(x, axis=1)
    if interpolant is Interpolant.LINEAR or x.shape[1] == 2:
        return _piecewise_linear(x, y, secants, at)
    return _hermite(x, y, _slopes(x, secants, interpolant), at)


def _slopes(x: FloatArray, secants: FloatArray, interpolant: Interpolant) -> FloatArray:
    match interpolant:
        case Interpolant.HYMAN:
            return _limited(_spline_slopes(x, secants, natural=False), secants)
        case Interpolant.FRITSCH_CARLSON:
            return _fritsch_carlson_slopes(secants)
        case _:
            natural = interpolant is Interpolant.NATURAL
            return _spline_slopes(x, secants, natural=natural)


def _piecewise_linear(
    x: FloatArray, y: FloatArray, secants: FloatArray, at: FloatArray
) -> FloatArray:
    row = np.arange(at.size)
    piece = _piece(x, at)
    result: FloatArray = y[row, piece] + secants[row, piece] * (at - x[row, piece])
    return result


def _piece(x: FloatArray, at: FloatArray) -> NDArray[np.int64]:
    """Find the piece of each curve that holds the place."""
    inner = (x[:, 1:-1] < at[:, np.newaxis]).sum(axis=1)
    return np.asarray(inner, dtype=np.int64)


def _hermite(
    x: FloatArray, y: FloatArray, slopes: FloatArray, at: FloatArray
) -> FloatArray:
    """Evaluate the cubic that has the given values and slopes at both nodes."""
    row = np.arange(at.size)
    low = _piece(x, at)
    high = low + 1
    width = x[row, high] - x[row, low]
    share = (at - x[row, low]) / width
    rest = 1.0 - share
    result: FloatArray = (
        y[row, low] * (1.0 + 2.0 * share) * rest**2
        + y[row, high] * (1.0 + 2.0 * rest) * share**2
        + width * share * rest * (slopes[row, low] * rest - slopes[row, high] * share)
    )
    return result


def _limited(slopes: FloatArray, secants: FloatArray) -> FloatArray:
    """Keep slopes of a rising curve between 0 and 3 times the smaller secant."""
    steepness = np.abs(secants)
    before = np.concatenate((steepness[:, :1], steepness), axis=1)
    after = np.concatenate((steepness, steepness[:, -1:]), axis=1)
    return np.clip(slopes, 0.0, 3.0 * np.minimum(before, after))


def _fritsch_carlson_slopes(secants: FloatArray) -> FloatArray:
    """Means of the neighbouring secants, shortened where a piece would overshoot."""
    means = (secants[:, :-1] + secants[:, 1:]) / 2.0
    slopes = np.concatenate((secants[:, :1], means, secants[:, -1:]), axis=1)
    for piece in range(secants.shape[1]):
        secant, ends = secants[:, piece], slopes[:, piece : piece + 2]
        flat = secant == 0.0
        ratios = ends / np.where(flat, 1.0, secant)[:, np.newaxis]
        start, end = ratios[:, 0], ratios[:, 1]
        over_start, over_end = 2.0 * start + end - 3.0, start + 2.0 * end - 3.0
        overshoots = (over_start > 0.0) & (over_end > 0.0)
        overshoots &= start * (over_start + over_end) < over_start**2
        length = np.where(overshoots, np.hypot(start, end), 3.0)
        shortened = ends * (3.0 / length)[:, np.newaxis]
        slopes[:, piece : piece + 2] = np.where(flat[:, np.newaxis], 0.0, shortened)
    return slopes


def _spline_slopes(x: FloatArray, secants: FloatArray, *, natural: bool) -> FloatArray:
    """Slopes at the nodes of a cubic spline.

    Unknowns are the second derivatives over 6. Inside, slopes agree from both sides.
    At the ends a natural spline is straight; otherwise its third derivative is that
    of the cubic through the four nodes nearest, or none with three nodes.
    """
    width = np.diff(x, axis=1)
    count = x.shape[1]
    lower, diagonal, upper, right = np.zeros((4, *x.shape))
    lower[:, 1:-1], upper[:, 1:-1] = width[:, :-1], width[:, 1:]
    diagonal[:, 1:-1] = 2.0 * (width[:, :-1] + width[:, 1:])
    right[:, 1:-1] = np.diff(secants, axis=1)
    if natural:
        diagonal[:, 0] = diagonal[:, -1] = 1.0
    else:
        diagonal[:, 0], upper[:, 0] = -width[:, 0], width[:, 0]
        lower[:, -1], diagonal[:, -1] = width[:, -1], -width[:, -1]
        if count > 3:
            right[:, 0] = width[:, 0] ** 2 * _third(x[:, :4], secants[:, :3])
            right[:, -1] = -(width[:, -1] ** 2) * _third(x[:, -4:], secants[:, -3:])
    curve = _solve_tridiagonal(lower, diagonal, upper, right)
    slopes = np.empty_like(x)
    slopes[:, :-1] = secants - width * (curve[:, 1:] + 2.0 * curve[:, :-1])
    slopes[:, -1] = secants[:, -1] + width[:, -1] * (curve[:, -2] + 2.0 * curve[:, -1])
    return slopes


def _third(x: FloatArray, secants: FloatArray) -> FloatArray:
    """Third divided difference of four nodes."""
    second = np.diff(secants, axis=1) / (x[:, 2:] - x[:, :-2])
    third: FloatArray = (second[:, 1] - second[:, 0]) / (x[:, 3] - x[:, 0])
    return third


def _solve_tridiagonal(
    lower: FloatArray, diagonal: FloatArray, upper: FloatArray, right: FloatArray
) -> FloatArray:
    """Solve one tridiagonal system per row by elimination and back substitution."""
    diagonal, right = diagonal.copy(), right.copy()
    count = right.shape[1]
    for i in range(1, count):
        factor = lower[:, i] / diagonal[:, i - 1]
        diagonal[:, i] -= factor * upper[:, i - 1]
        right[:, i] -= factor * right[:, i - 1]
    solution = np.empty_like(right)
    solution[:, -1] = right[:, -1] / diagonal[:, -1]
    for i in range(count - 2, -1, -1):
        above = upper[:, i] * solution[:, i + 1]
        solution[:, i] = (right[:, i] - above) / diagonal[:, i]
    return solution
