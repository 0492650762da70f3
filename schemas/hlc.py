"""Hybrid logical clock: wall milliseconds and a counter in one integer.

The stamp only decides which of two *descriptive* values wins; it never decides
delivery or acceptance.
"""

from typing import Final

_COUNTER_BITS: Final = 16


def tick(last: int, wall_ms: int) -> int:
    """Give the next stamp: after `last`, and not before the wall clock.

    Examples
    --------
    >>> tick(0, 5) == 5 << 16, tick(5 << 16, 5) == (5 << 16) + 1
    (True, True)
    """
    return max(last + 1, wall_ms << _COUNTER_BITS)


def at(wall_ms: int) -> int:
    """Give the stamp of a wall time."""
    return wall_ms << _COUNTER_BITS


def wall_ms(stamp: int) -> int:
    """Give the wall milliseconds of a stamp."""
    return stamp >> _COUNTER_BITS
