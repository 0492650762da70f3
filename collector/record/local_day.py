"""One day where this laptop is."""

from datetime import datetime, timedelta
from typing import NamedTuple

from collector.clock import Clock
from collector.errors import UsageError
from schemas.moments import read_moment
from schemas.phrases import _


class LocalDay(NamedTuple):
    """A day from its beginning to that of the next."""

    begins: datetime
    ends: datetime

    @property
    def text(self) -> str:
        """Return the day as YYYY-MM-DD."""
        return self.begins.date().isoformat()

    @property
    def bounds_ms(self) -> tuple[int, int]:
        """Return from when on and until when it is, in milliseconds since 1970."""
        return int(self.begins.timestamp() * 1000), int(self.ends.timestamp() * 1000)


def here_now(clock: Clock) -> str:
    """Return the time of now with the offset of this place, to the second."""
    return clock.local(clock.now()).isoformat(timespec="seconds")


def day_of(clock: Clock, text: str) -> LocalDay:
    """Return the day that was typed; today where nothing was.

    Raises
    ------
    UsageError
        If it is no day.
    """
    here = clock.local(clock.now())
    try:
        found = read_moment(text or "today", here, clock.local)
    except ValueError:
        hint = _("type it like 2026-11-30, or: yesterday")
        raise UsageError(_("{text} is no day", text=text), hint) from None
    begins = _midnight(clock, found)
    # A day of 23 or 25 hours ends at midnight, too.
    return LocalDay(begins, _midnight(clock, begins + timedelta(hours=30)))


def _midnight(clock: Clock, moment: datetime) -> datetime:
    plain = moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return clock.local(plain)
