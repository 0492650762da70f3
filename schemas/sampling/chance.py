"""Chance that can be had again: numbers that follow from a text by SHA-256.

The same text gives the same numbers on every machine and in every version of Python,
which promises that of no distribution of its module `random`.
"""

import hashlib
from typing import Final

_BITS: Final = 53  # of the fraction of a double


class Chance:
    """Numbers that look random: SHA-256 of a text and of a counter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._drawn = 0

    def number(self) -> float:
        """Return the next number, at least 0 and less than 1.

        >>> chance = Chance("42")
        >>> round(chance.number(), 6), round(chance.number(), 6)
        (0.329884, 0.015106)
        """
        digest = hashlib.sha256(f"{self._text}:{self._drawn}".encode()).digest()
        self._drawn += 1
        return (int.from_bytes(digest[:8], "big") >> (64 - _BITS)) * 2.0**-_BITS

    def between(self, low: float, high: float) -> float:
        """Return a number between two others."""
        return low + (high - low) * self.number()
