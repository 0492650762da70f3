"""Days and times as whole microseconds since 1970, UTC, so that they can be compared."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(microseconds=1)
_DAY_US: Final = 86_400_000_000
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
#: What has no beginning, and what has no end.
EARLIEST: Final = -(2**62)
LATEST: Final = 2**62


class Period(NamedTuple):
    """From one microsecond to another, both counted in."""

    begin: int
    end: int


def period_of(text: str) -> Period:
    """Return the time that a day or an instant with its offset takes.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> period_of("1970-01-02")
    Period(begin=86400000000, end=172799999999)
    >>> period_of("1970-01-01T01:00:00.5+01:00")
    Period(begin=500000, end=500000)
    """
    said = text.upper()
    if _DATE.fullmatch(said):
        begin = _since(datetime.fromisoformat(said).replace(tzinfo=UTC))
        return Period(begin, begin + _DAY_US - 1)
    if not _TIME.fullmatch(said):
        raise ValueError("neither a day nor a time with its offset")
    at = _since(datetime.fromisoformat(said))
    return Period(at, at)


def asked_period(text: str) -> Period:
    """Return the time that a `datetime` parameter asks for: one, or two with / between.

    An end that is `..` or empty is open.

    Raises
    ------
    ValueError
        If it is none, or ends before it begins.

    Examples
    --------
    >>> asked_period("../1970-01-01").end, asked_period("1970-01-01/").begin
    (86399999999, 0)
    """
    first, slash, last = text.partition("/")
    if not slash:
        return period_of(text)
    begin = EARLIEST if first in {"", ".."} else period_of(first).begin
    end = LATEST if last in {"", ".."} else period_of(last).end
    if begin > end:
        raise ValueError("it ends before it begins")
    return Period(begin, end)


def between(first: object, last: object) -> Period | None:
    """Return the time from one day or instant to another; None where neither is known.

    >>> between("2026-05-04", None) == asked_period("2026-05-04/..")
    True
    """
    begin, end = _known(first), _known(last)
    if begin is None and end is None:
        return None
    return Period(begin.begin if begin else EARLIEST, end.end if end else LATEST)


def _known(said: object) -> Period | None:
    try:
        return period_of(said) if isinstance(said, str) else None
    except ValueError:
        return None


def instant(at: int | None) -> str | None:
    """Return a moment as RFC 3339 text in UTC; None for an open end.

    Examples
    --------
    >>> instant(500_000), instant(LATEST)
    ('1970-01-01T00:00:00.500000Z', None)
    """
    if at is None or at in {EARLIEST, LATEST}:
        return None
    return (_BEGIN + at * _STEP).isoformat().replace("+00:00", "Z")


def _since(moment: datetime) -> int:
    return (moment - _BEGIN) // _STEP
