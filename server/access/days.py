"""Days that administrators name, as moments."""

from datetime import UTC, date, datetime, time, timedelta

from server.clock import iso
from server.errors import UsageError


def end_of(day: str, now: str) -> str:
    """Return the end of a day to come, UTC.

    Raises
    ------
    UsageError
        If the day is none, or is past.
    """
    try:
        last = date.fromisoformat(day) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise UsageError(f"{day} is no day", "write it as 2027-06-30") from None
    end = datetime.combine(last, time(), UTC)
    expires = iso(int(end.timestamp() * 1000))
    if expires <= now:
        raise UsageError(f"{day} is past", "name a day to come")
    return expires
