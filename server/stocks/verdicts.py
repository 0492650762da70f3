"""The words in which a change is judged, and the tests that choose them."""

from enum import StrEnum
from math import isnan
from typing import TypeVar

from server.stocks.student_t import ALPHA


class ChangeVerdict(StrEnum):
    """Where the rate stands against 4 permille of the baseline stock a year."""

    ABOVE = "above"
    BELOW = "below"
    NOT_DISTINGUISHABLE = "not distinguishable"
    NOT_ASSESSABLE = "not assessable"


class ZeroVerdict(StrEnum):
    """Whether the stock changed at all."""

    GAIN = "gain"
    LOSS = "loss"
    NO_DETECTABLE_CHANGE = "no detectable change"
    NOT_ASSESSABLE = "not assessable"


_Word = TypeVar("_Word", ChangeVerdict, ZeroVerdict)


def rate_verdict(p_value: float | None, t: float | None) -> ChangeVerdict:
    """Judge a rate against a line by its test; t is positive above the line.

    >>> str(rate_verdict(0.01, -3.0)), str(rate_verdict(0.05, 2.0))
    ('below', 'not distinguishable')
    >>> str(rate_verdict(None, None))
    'not assessable'
    """
    nothing = ChangeVerdict.NOT_ASSESSABLE, ChangeVerdict.NOT_DISTINGUISHABLE
    return _judge(p_value, t, (*nothing, ChangeVerdict.BELOW, ChangeVerdict.ABOVE))


def zero_verdict(p_value: float | None, change: float | None) -> ZeroVerdict:
    """Judge by the test of a change whether there is one.

    >>> str(zero_verdict(0.01, -3.0)), str(zero_verdict(0.05, 3.0))
    ('loss', 'no detectable change')
    """
    nothing = ZeroVerdict.NOT_ASSESSABLE, ZeroVerdict.NO_DETECTABLE_CHANGE
    return _judge(p_value, change, (*nothing, ZeroVerdict.LOSS, ZeroVerdict.GAIN))


def _judge(
    p_value: float | None, sign: float | None, words: tuple[_Word, _Word, _Word, _Word]
) -> _Word:
    """Choose between not assessable, not distinguishable, negative and positive."""
    if p_value is None or sign is None or isnan(p_value):
        return words[0]
    if p_value >= ALPHA:
        return words[1]
    return words[3] if sign > 0.0 else words[2]
