"""Cells of a layer table: strict reading of one text, with a reason for a refusal.

Nothing is guessed and nothing is repaired: a cell is a value, missing, or refused.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas.limits import YEAR_RANGE

MISSING: Final = frozenset({"", "*", "NA"})

_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DAY: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_YEAR_ONLY: Final = re.compile(r"[0-9]{4}(\.0+)?")
_SPREADSHEET_DATE: Final = re.compile(
    r"[0-9]{1,2}[-/. ][A-Za-z]{3,9}([-/. ][0-9]{2,4})?"
    r"|[A-Za-z]{3,9}[-/. ][0-9]{2,4}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?"
    r"|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}"
)
_RANGE: Final = re.compile(r"[0-9.,]+ *(-|to) *[0-9.,]+")
_NOT_A_NUMBER: Final = frozenset(
    {"nan", "inf", "infinity", "na", "n/a", "#n/a", "null", "none"}
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text is not taken, and what to do about it."""

    code: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """Closed limits of a number; `below_high` excludes the upper one."""

    low: float
    high: float
    unit: str
    below_high: bool = False

    def refuse(self, value: float) -> Refusal | None:
        """Refuse a value outside the range."""
        above = value >= self.high if self.below_high else value > self.high
        if self.low <= value and not above:
            return None
        upper = "below" if self.below_high else "to"
        return Refusal(
            "out_of_range",
            f"outside {self.low:g} {upper} {self.high:g} {self.unit}",
            "check the value and its unit",
        )


# A negative depth has a message of its own, so the sign is not a matter of bounds.
_ANY_DEPTH: Final = Bounds(float("-inf"), float("inf"), "cm")


def read_number(
    text: str, bounds: Bounds, *, decimal_comma: bool = False
) -> float | Refusal | None:
    """Read a plain number within its bounds; None is a missing value.

    >>> read_number(" 12.5 ", Bounds(0, 58, "%")), read_number("*", Bounds(0, 58, "%"))
    (12.5, None)
    >>> read_number("12,5", Bounds(0, 58, "%"), decimal_comma=True)
    12.5
    """
    text = text.strip()
    if text in MISSING:
        return None
    plain = _with_point(text) if decimal_comma else text
    if not _NUMBER.fullmatch(plain):
        return _refuse_number(text, decimal_comma=decimal_comma)
    value = float(plain)
    return bounds.refuse(value) or value


def read_limit(
    text: str, bounds: Bounds, *, decimal_comma: bool = False
) -> float | Refusal:
    """Read the detection limit of a value below it, such as `<0.5`.

    >>> (
    ...     read_limit("< 0.5", Bounds(0, 58, "%")),
    ...     read_limit("<0", Bounds(0, 58, "%")).code,
    ... )
    (0.5, 'out_of_range')
    """
    limit = text.strip().removeprefix("<")
    value = read_number(limit, bounds, decimal_comma=decimal_comma)
    if isinstance(value, Refusal):
        return value
    if not value:
        reason = "a detection limit above zero is needed behind <"
        return Refusal(
            "out_of_range", reason, "write it as <0.5, or leave the cell empty"
        )
    return value


def read_depth(
    text: str, bounds: Bounds, *, decimal_comma: bool = False
) -> float | Refusal:
    """Read a depth; it may not be missing and grows downward from 0.

    >>> read_depth("10-May", Bounds(0, 500, "cm")).code
    'spreadsheet_date'
    """
    text = text.strip()
    written = _refuse_depth_text(text)
    if written is not None:
        return written
    value = read_number(text, _ANY_DEPTH, decimal_comma=decimal_comma)
    if value is None:
        return Refusal("required", "a depth is required", "enter the depth in cm")
    if isinstance(value, float) and value < 0:
        return Refusal(
            "negative_depth",
            "depths grow downward from 0 at the surface",
            "write depths without the minus sign",
        )
    return value if isinstance(value, Refusal) else bounds.refuse(value) or value


def read_day(text: str) -> date | Refusal:
    """Read the day of sampling; a time of day behind it is ignored.

    >>> read_day("1948-12-22 00:00:00")
    datetime.date(1948, 12, 22)
    >>> read_day("1948").code
    'year_only'
    """
    text = text.strip()
    if text in MISSING:
        return Refusal(
            "required",
            "a date is required, since rates are per year",
            "enter the day of sampling as YYYY-MM-DD",
        )
    if _YEAR_ONLY.fullmatch(text):
        return Refusal(
            "year_only",
            "a year alone is not a date",
            "enter the day of sampling as YYYY-MM-DD; if only the year is known,"
            " choose the usual sampling day and say so in your notes",
        )
    match = _DAY.fullmatch(text)
    try:
        day = date.fromisoformat(match[1]) if match else None
    except ValueError:
        day = None
    if day is None:
        return Refusal("not_a_date", "not a date", "write it as YYYY-MM-DD")
    first, last = YEAR_RANGE
    if not first <= day.year <= last:
        return Refusal(
            "year_out_of_range",
            f"the year is outside {first} to {last}",
            "check the year",
        )
    return day


def _refuse_depth_text(text: str) -> Refusal | None:
    """Recognise what spreadsheets and people write in place of one depth."""
    if _SPREADSHEET_DATE.fullmatch(text):
        return Refusal(
            "spreadsheet_date",
            "a spreadsheet turned this depth into a date",
            "format the column as text, type the depths again and export once more",
        )
    if _RANGE.fullmatch(text):
        return Refusal(
            "depth_range",
            "one depth was expected, not a range",
            "put the upper depth into top_cm and the lower one into bottom_cm",
        )
    return None


def _with_point(text: str) -> str:
    """Take commas for decimal marks; a second mark makes it no number."""
    return text.replace(",", ".")


def _refuse_number(text: str, *, decimal_comma: bool) -> Refusal:
    if text.lower().lstrip("+-") in _NOT_A_NUMBER:
        return Refusal(
            "not_finite",
            "not a number",
            "leave a missing value empty, or write * or NA",
        )
    if "," in text and not decimal_comma:
        return Refusal(
            "decimal_comma",
            "a decimal comma in a file separated by commas",
            "write a decimal point, or separate the columns by semicolons",
        )
    if text[:1] in "<>":
        return Refusal(
            "censored",
            "a limit is not a value",
            "leave the cell empty; only SOC may be below detection, written as <0.5",
        )
    return Refusal(
        "not_a_number", "a number was expected", "give a plain number, such as 12.5"
    )
