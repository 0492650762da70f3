"""Random numbers that anybody gets again: no clock, no state, no version in them.

The bits are those of the PCG64 generator, whose stream numpy keeps for ever, seeded
with whole numbers that say what they are for. The turn into fractions and positions is
written here, since numpy may change its own.
"""

from functools import lru_cache
from typing import Final

import numpy as np

from server.stocks.fine_soil import FloatArray
from server.stocks.profiles import IntArray

# What every seed begins with; the rest says what the numbers are for.
SEED: Final = 4
_LOW_BITS: Final = np.uint64(11)
_STEP: Final = 2.0**-53


@lru_cache(maxsize=64)
def fractions(shape: tuple[int, ...], *purpose: int) -> FloatArray:
    """Return independent fractions, uniform on 0 <= u < 1, the same at every call.

    The upper 53 bits of each word of PCG64, seeded with `SEED` and `purpose`, times
    2^-53. The array cannot be written to. Source: O'Neill 2014 for the generator.

    >>> fractions((2,), 1).round(6).tolist() == fractions((2,), 1).round(6).tolist()
    True
    >>> bool((fractions((50,), 1) == fractions((50,), 2)).any())
    False
    """
    bits = np.random.PCG64(np.random.SeedSequence((SEED, *purpose)))
    count = int(np.prod(shape))
    words = np.asarray(bits.random_raw(count), dtype=np.uint64)
    drawn: FloatArray = (words >> _LOW_BITS).astype(np.float64) * _STEP
    drawn = drawn.reshape(shape)
    drawn.setflags(write=False)
    return drawn


def positions(draws: int, n: int, *purpose: int) -> IntArray:
    """Return which of n values each of `draws` resamples holds, shape (draws, n).

    With replacement; ``floor(u n)`` of `fractions`.

    >>> drawn = positions(3, 5, 1)
    >>> drawn.shape, bool(((drawn >= 0) & (drawn < 5)).all())
    ((3, 5), True)
    """
    drawn: IntArray = (fractions((draws, n), *purpose) * n).astype(np.int64)
    return drawn
