"""Moments as people type them for "since" and "until"."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from schemas.typed import local_time

_DAYS_AGO: Final = {"today": 0, "yesterday": 1}
_TIME: Final = re.compile(r"\d{1,2}[:hH]\d{2}")


def with_day(text: str, today: date) -> str:
    """Return a time with the day that goes without saying; other texts as they are.

    >>> day = date(2026, 11, 30)
    >>> with_day("9:30", day), with_day("yesterday 14:30", day), with_day("HF", day)
    ('2026-11-30 9:30', '2026-11-29 14:30', 'HF')
    """
    said = text.strip()
    first, _, rest = said.lower().partition(" ")
    if first in _DAYS_AGO:
        day = today - timedelta(days=_DAYS_AGO[first])
        return f"{day.isoformat()} {rest}".strip()
    return f"{today.isoformat()} {said}" if _TIME.fullmatch(said) else text


def read_moment(
    text: str, now: datetime, local: Callable[[datetime], datetime]
) -> datetime:
    """Return a moment: today, 9:30, 2026-11-30, 2026-11-30 9:30, or with an offset.

    `now` is in local time; `local` adds the local offset to a time without one. A day
    means its beginning.

    Raises
    ------
    ValueError
        If it is none of these.

    Examples
    --------
    >>> here = datetime.fromisoformat("2026-11-30T09:00+01:00")
    >>> local = lambda time: time.replace(tzinfo=here.tzinfo)
    >>> read_moment("8:30", here, local).isoformat()
    '2026-11-30T08:30:00+01:00'
    >>> read_moment("yesterday", here, local).isoformat()
    '2026-11-29T00:00:00+01:00'
    >>> read_moment("2026-05-04T10:15Z", here, local).isoformat()
    '2026-05-04T10:15:00+00:00'
    """
    said = with_day(text, now.date())
    found = datetime.fromisoformat(local_time(said) or said)
    return found if found.tzinfo is not None else local(found)
