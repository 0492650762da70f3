"""How long to wait before a request is tried again."""

from collections.abc import Iterator
from typing import Final

#: Waits before the second and third try: a server that restarts is back within
#: seconds, a person is not kept waiting for longer.
DELAYS_S: Final = (0.3, 1.5)
#: A busy server may ask for longer, up to what a person waits without a word.
LONGEST_S: Final = 10.0


def delays(asked_s: float | None, chance: float) -> Iterator[float]:
    """Return the waits, each spread by up to a half so that laptops do not march.

    Examples
    --------
    >>> list(delays(None, 0.0))
    [0.3, 1.5]
    >>> list(delays(60, 1.0))[0]
    15.0
    """
    for delay in DELAYS_S:
        wait = max(delay, min(asked_s or 0.0, LONGEST_S))
        yield wait * (1 + chance / 2)
