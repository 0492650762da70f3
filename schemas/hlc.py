"""Hybrid logical clock: wall milliseconds and a counter in one integer.

The stamp only decides which of two *descriptive* values wins; it never decides
delivery or acceptance.
"""

from typing import Final

_COUNTER_BITS: Final = 16
# The year 4199. A laptop whose clock says more, or less than 1970, goes on stamping,
# and no stamp outgrows the 63 bits that the wire and the databases hold.
_WALL_MAX_MS: Final = (1 << 46) - 1


def tick(last: int, wall_ms: int) -> int:
    """Return the next stamp: after `last`, and not before the wall clock.

    Examples
    --------
    >>> tick(0, 5) == 5 << 16, tick(5 << 16, 5) == (5 << 16) + 1
    (True, True)
    """
    return max(last + 1, at(wall_ms))


def at(wall_ms: int) -> int:
    """Return the stamp of a wall time."""
    return min(max(wall_ms, 0), _WALL_MAX_MS) << _COUNTER_BITS


def wall_ms(stamp: int) -> int:
    """Return the wall milliseconds of a stamp."""
    return stamp >> _COUNTER_BITS
