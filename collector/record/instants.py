"""Sampling times as people type them."""

import re
from typing import Final

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MINUTES: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)


def read_instant(text: str) -> tuple[str, str]:
    """Return the instant and how exactly it is known.

    A date alone is noon UTC, known to the day. A time without its offset stays
    as typed, so that the schema refuses it: an offset is never guessed.

    Examples
    --------
    >>> read_instant("2026-05-03")
    ('2026-05-03T12:00:00+00:00', 'day')
    >>> read_instant("2026-05-03 14:30+02:00")
    ('2026-05-03T14:30:00+02:00', 'instant')
    >>> read_instant("2026-05-03 14:30")
    ('2026-05-03 14:30', 'instant')
    """
    text = text.strip()
    if _DAY.fullmatch(text):
        return f"{text}T12:00:00+00:00", "day"
    found = _MINUTES.fullmatch(text)
    if not found or not found[4]:
        return text, "instant"
    day, minutes, seconds, offset = found.groups()
    if len(offset) == 5:
        offset = f"{offset[:3]}:{offset[3:]}"
    return f"{day}T{minutes}{seconds or ':00'}{offset}", "instant"
