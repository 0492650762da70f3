"""The middle of values, without the library that takes 4 ms of every entry to import."""

from collections.abc import Iterable


def middle(values: Iterable[float]) -> float:
    """Return the median.

    >>> middle([3.0, 1.0, 2.0]), middle([4.0, 1.0, 2.0, 3.0])
    (2.0, 2.5)
    """
    ordered = sorted(values)
    half = len(ordered) // 2
    below = ordered[half if len(ordered) % 2 else half - 1]
    return (below + ordered[half]) / 2
