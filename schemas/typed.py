"""What people type, read as values: at the command line and in the cells of tables.

What cannot be read stays as it was typed, so that its field refuses it in its own
words, together with whatever else is wrong with a record.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_NUMBER: Final = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_COMMA: Final = re.compile(r"[-+]?[0-9]+,[0-9]+")
_THOUSANDS: Final = re.compile(r"[-+]?[1-9][0-9]{0,2}(?:,[0-9]{3})+")
_FLAGS: Final = {"true": True, "yes": True, "false": False, "no": False}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Points have the day first everywhere, slashes the month somewhere.
_WRITTEN_DAY: Final = re.compile(r"(\d{1,2})([./])(\d{1,2})\2(\d{4})(?=\s|$|T)")
_MINUTES: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ]\s*(\d{1,2})[:hH](\d{2})(:\d{2}(?:\.\d+)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)


class Notation(NamedTuple):
    """How a text writes its numbers, and what stands between the names of a list.

    Where either sign may be meant, a comma counts as a decimal sign unless it may be one
    of thousands.
    """

    decimal: str = "."
    separator: str = ","
    either: bool = False


#: As people type it at the command line.
TYPED: Final = Notation(either=True)


def read_number(text: str, notation: Notation = TYPED) -> float | str:
    """Return a number with its decimal sign.

    >>> (
    ...     read_number("12.5"),
    ...     read_number("-1e3"),
    ...     read_number("1 000"),
    ...     read_number("nan"),
    ... )
    (12.5, -1000.0, '1 000', 'nan')
    >>> read_number("12,5"), read_number("12,5", Notation(decimal=","))
    (12.5, 12.5)
    >>> read_number("1,152"), read_number("12,5", Notation())
    ('1,152', '12,5')
    >>> read_number("1.152", Notation(decimal=","))
    '1.152'
    """
    plain = text.strip()
    if notation.decimal == ",":
        # A point may be one of thousands: 1.152 is asked about.
        if "." in plain:
            return text
        plain = plain.replace(",", ".")
    elif notation.either and _COMMA.fullmatch(plain) and not may_be_thousands(plain):
        plain = plain.replace(",", ".")
    return float(plain) if _NUMBER.fullmatch(plain) else text


def may_be_thousands(text: str) -> bool:
    """Return whether a comma in a number may stand between thousands.

    >>> may_be_thousands("1,152"), may_be_thousands("0,152"), may_be_thousands("15,2")
    (True, False, False)
    """
    return _THOUSANDS.fullmatch(text.strip()) is not None


def read_whole(text: str, notation: Notation = TYPED) -> float | str:
    """Return a whole number as one; spreadsheets write 3 as 3.0.

    >>> read_whole("3"), read_whole("3.0"), read_whole("3.5"), read_whole("three")
    (3, 3, 3.5, 'three')
    """
    number = read_number(text, notation)
    whole = isinstance(number, float) and number.is_integer()
    return int(number) if whole else number


def read_flag(text: str) -> bool | str:
    """Return true or false.

    >>> read_flag("true"), read_flag("No"), read_flag("maybe")
    (True, False, 'maybe')
    """
    return _FLAGS.get(text.strip().lower(), text)


def split(text: str, notation: Notation = TYPED) -> list[str]:
    """Return the items of a list, without the blanks around them.

    >>> split("Ann, Ben,"), split("Smith, A.; Jones, B.", Notation(separator=";"))
    (['Ann', 'Ben'], ['Smith, A.', 'Jones, B.'])
    """
    items = (item.strip() for item in text.split(notation.separator))
    return [item for item in items if item]


def read_areas(pairs: Sequence[str], notation: Notation = TYPED) -> object:
    """Return areas by the names of strata, from pairs NAME=HA.

    Pairs that name a stratum twice stay as they were typed: no area may be lost.

    >>> read_areas(["clay=1200", "loam = 3,5", "sand"])
    {'clay': 1200.0, 'loam': 3.5, 'sand': None}
    """
    found: dict[str, float | str | None] = {}
    for pair in pairs:
        name, equals, area = (part.strip() for part in pair.rpartition("="))
        found[name if equals else area] = (
            read_number(area, notation) if equals else None
        )
    return found if len(found) == len(pairs) else list(pairs)


def read_day(text: str) -> str:
    """Return a day as YYYY-MM-DD; what may be two days stays as typed.

    >>> read_day("3.5.2026"), read_day("25/12/2026"), read_day("3/5/2026")
    ('2026-05-03', '2026-12-25', '3/5/2026')
    """
    plain = text.strip()
    found = _WRITTEN_DAY.match(plain)
    if not found or len(days_meant(plain)) != 1:
        return text
    return days_meant(plain)[0] + plain[found.end() :]


def days_meant(text: str) -> list[str]:
    """Return the days that a day with points or slashes may be.

    >>> days_meant("3/5/2026"), days_meant("3.5.2026"), days_meant("2026-05-03")
    (['2026-05-03', '2026-03-05'], ['2026-05-03'], [])
    """
    found = _WRITTEN_DAY.match(text.strip())
    if not found:
        return []
    first, sign, second, year = found.groups()
    pairs = [(second, first), (first, second)] if sign == "/" else [(second, first)]
    return list(
        dict.fromkeys(
            f"{year}-{int(month):02}-{int(day):02}"
            for month, day in pairs
            if int(month) <= 12
        )
    )


def read_instant(text: str) -> str:
    """Return the instant; that of a date alone is noon UTC.

    A time without its offset stays as typed: an offset is never guessed here.

    >>> read_instant("2026-05-03"), read_instant("3.5.2026")
    ('2026-05-03T12:00:00+00:00', '2026-05-03T12:00:00+00:00')
    >>> read_instant("2026-05-03 14:30+02:00")
    '2026-05-03T14:30:00+02:00'
    >>> read_instant("2026-05-03 14:30")
    '2026-05-03 14:30'
    """
    plain = read_day(text).strip()
    if _DAY.fullmatch(plain):
        return f"{plain}T12:00:00+00:00"
    found = _MINUTES.fullmatch(plain)
    if not found or not found[5]:
        return text
    day, hour, minute, seconds, offset = found.groups()
    if len(offset) == 5:
        offset = f"{offset[:3]}:{offset[3:]}"
    return f"{day}T{int(hour):02}:{minute}{seconds or ':00'}{offset}"


def local_time(text: str) -> str | None:
    """Return a time that lacks its offset, as YYYY-MM-DDTHH:MM:SS; None for other texts.

    >>> local_time("2026-05-03 9:30"), local_time("3.5.2026 14h30")
    ('2026-05-03T09:30:00', '2026-05-03T14:30:00')
    >>> local_time("2026-05-03 14:30+02:00"), local_time("2026-05-03")
    (None, None)
    """
    found = _MINUTES.fullmatch(read_day(text).strip())
    if not found or found[5]:
        return None
    day, hour, minute, seconds, _ = found.groups()
    return f"{day}T{int(hour):02}:{minute}{seconds or ':00'}"


def precision_of(text: str) -> str:
    """Return how exactly an instant is known by what was typed.

    >>> precision_of("2026-05-03"), precision_of("2026-05-03 14:30+02:00")
    ('day', 'instant')
    """
    return "day" if _DAY.fullmatch(read_day(text).strip()) else "instant"
