"""Strict fields: what goes in is what is meant, or a problem.

Every field takes and gives plain JSON values, so a record has one form on the
wire, on disk and in memory. Nothing is coerced: '12' is not a number, 12.9 is
not a whole number, a blank is not a text.
"""

import math
import re
import unicodedata
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from schemas import limits, vocabulary
from schemas.countries import COUNTRIES
from schemas.geometry import TooManyError, polygons_of
from schemas.ids import is_id
from schemas.problems import Problem
from schemas.typed import (
    TYPED,
    Notation,
    days_meant,
    may_be_thousands,
    read_day,
    read_flag,
    read_instant,
    read_number,
    read_whole,
)

# Control characters but tab and line feed, lone surrogates, non-characters.
_NOT_STORABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
)
# What breaks a line or cannot be seen: two labels that look the same are the same.
_NOT_IN_A_LABEL: Final = re.compile(
    "[\t\n\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
# Only ASCII digits: \d would take those of every script.
_DATE: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    _DATE.pattern + r"T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
    r"(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class FieldClass(StrEnum):
    """How two unseen writes to one field meet."""

    MEASUREMENT = "measurement"  # first stands, the other is kept, a person decides
    DESCRIPTIVE = "descriptive"  # the later stands, the earlier is kept as history
    SET = "set"  # both are kept


class FieldError(ValueError):
    """A value that its field does not take; carries the problem, without its path."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def fail(code: str, value: object = None, detail: str = "") -> FieldError:
    """Return the error of one field; its path is filled in by the caller."""
    return FieldError(Problem(code, "", value, detail))


class PlainField:
    """A field whose loaded value is the JSON value itself; null empties it.

    Parameters
    ----------
    required
        A record needs a value.
    field_class
        How two unseen writes meet.
    group
        Fields of one group are judged as one (both depths, value with unit).
    help
        What the field means, with its unit; shown by the command line.
    """

    def __init__(
        self,
        *,
        required: bool = False,
        field_class: FieldClass = FieldClass.DESCRIPTIVE,
        group: str = "",
        help: str = "",  # noqa: A002 - the word the command line uses for it
    ) -> None:
        self.required = required
        self.allow_none = not required
        self.field_class = field_class
        self.group = group
        self.help = help

    def check(self, value: object) -> object:
        """Return the value back, or raise with the reason."""
        raise NotImplementedError

    def read(self, text: str, notation: Notation = TYPED) -> object:  # noqa: ARG002 - of numbers and lists
        """Return what a person typed as a value; what is none stays text, to be refused."""
        return text

    def bounds(self) -> dict[str, Any]:
        """Return what the field takes, as plain JSON for references."""
        return {}


class Text(PlainField):
    """One line or a paragraph of Unicode text, kept in composed form (NFC).

    Keyboards and files spell one accented letter in several ways; a plot must not
    become two plots by that.
    """

    def __init__(self, *, most: int = limits.NAME_CHARS, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.most = most

    def check(self, value: object) -> str:
        """Refuse what is not storable text."""
        if not isinstance(value, str):
            raise fail("not_text", value)
        if not value.strip():
            raise fail("blank", value)
        if _NOT_STORABLE.search(value):
            raise fail("bad_characters", value)
        # Asked before, since composing endless text takes endless time, and after,
        # since a few characters compose to several.
        self._check_length(value)
        text = unicodedata.normalize("NFC", value)
        self._check_length(text)
        return text

    def _check_length(self, text: str) -> None:
        if len(text) > self.most:
            raise fail("too_long", text, f"{len(text)} characters, {self.most} fit")

    def bounds(self) -> dict[str, Any]:
        """Return the longest text."""
        return {"most": self.most}


class Code(Text):
    """A short label people type and print: no blanks around it, one line."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(most=limits.CODE_CHARS, **kwargs)

    def check(self, value: object) -> str:
        """Refuse surrounding blanks, line breaks and what cannot be seen."""
        text = super().check(value)
        if text != text.strip():
            raise fail("surrounding_blanks", value)
        if _NOT_IN_A_LABEL.search(text):
            raise fail("bad_characters", value)
        return text


class Number(PlainField):
    """A finite number within limits; text may give it in another unit, with its name.

    >>> density = Number(0.01, 3.6, other_unit=("kg/m3", 1000.0))
    >>> density.read("1.3"), density.read("1300 kg/m3"), density.read("heavy kg/m3")
    (1.3, 1.3, 'heavy kg/m3')
    """

    def __init__(
        self,
        low: float,
        high: float,
        *,
        low_open: bool = False,
        high_open: bool = False,
        other_unit: tuple[str, float] | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**kwargs)
        self.other_unit = other_unit
        self.low, self.high = low, high
        self.low_open, self.high_open = low_open, high_open

    def read(self, text: str, notation: Notation = TYPED) -> object:
        """Return the number that was typed."""
        if self.other_unit is not None:
            name, per_own = self.other_unit
            number, found, rest = text.strip().partition(name)
            value = read_number(number.strip(), notation)
            if found and not rest and isinstance(value, float):
                return value / per_own
        return read_number(text, notation)

    def check(self, value: object) -> float:
        """Refuse text, booleans, NaN and values outside the limits."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            if isinstance(value, str) and may_be_thousands(value):
                with_point, plain = value.replace(",", "."), value.replace(",", "")
                detail = f"is it {with_point} or {plain}?"
                raise fail("not_a_number", value, detail)
            raise fail("not_a_number", value)
        if isinstance(value, int) and abs(value) > 2**53:
            raise fail("out_of_range", value, self.range_text)
        if not math.isfinite(value):
            raise fail("not_finite", str(value))
        below = value <= self.low if self.low_open else value < self.low
        above = value >= self.high if self.high_open else value > self.high
        if below or above:
            raise fail("out_of_range", value, self.range_text)
        return float(value) + 0.0  # -0.0 is 0.0

    @property
    def range_text(self) -> str:
        """Return the limits in words."""
        low = f"more than {self.low:g}" if self.low_open else f"{self.low:g}"
        high = f"less than {self.high:g}" if self.high_open else f"{self.high:g}"
        return f"{low} to {high}"

    def bounds(self) -> dict[str, Any]:
        """Return the limits."""
        return {
            "low": self.low,
            "high": self.high,
            "low_open": self.low_open,
            "high_open": self.high_open,
        }


class Integer(PlainField):
    """A whole number within limits."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def read(self, text: str, notation: Notation = TYPED) -> object:
        """Return the whole number that was typed."""
        return read_whole(text, notation)

    def check(self, value: object) -> int:
        """Refuse anything but a whole number within the limits."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise fail("not_an_integer", value)
        if not self.low <= value <= self.high:
            raise fail("out_of_range", value, f"{self.low} to {self.high}")
        return int(value)

    def bounds(self) -> dict[str, Any]:
        """Return the limits."""
        return {"low": self.low, "high": self.high}


class Flag(PlainField):
    """True or false."""

    def read(self, text: str, notation: Notation = TYPED) -> object:  # noqa: ARG002 - as inherited
        """Return what was typed as true, yes, false or no."""
        return read_flag(text)

    def check(self, value: object) -> bool:
        """Refuse anything but true and false."""
        if not isinstance(value, bool):
            raise fail("not_true_or_false", value)
        return value


class Choice(PlainField):
    """A code of a closed list."""

    def __init__(self, codes: vocabulary.Vocabulary, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.codes = codes

    def check(self, value: object) -> str:
        """Refuse codes outside the list, and name the list."""
        if not isinstance(value, str):
            raise fail("not_text", value)
        if value not in self.codes:
            raise fail("not_in_list", value, " | ".join(self.codes.codes))
        return value

    def bounds(self) -> dict[str, Any]:
        """Return the name of the list."""
        return {"list": self.codes.name}


class Country(PlainField):
    """ISO 3166-1 alpha-2 country code."""

    def check(self, value: object) -> str:
        """Refuse what is not an assigned code."""
        if not isinstance(value, str):
            raise fail("not_text", value)
        if value not in COUNTRIES:
            raise fail("not_in_list", value, "ISO 3166-1 alpha-2, such as FR")
        return value


class Day(PlainField):
    """A calendar date, YYYY-MM-DD."""

    def read(self, text: str, notation: Notation = TYPED) -> object:  # noqa: ARG002 - as inherited
        """Return the day that was typed."""
        return read_day(text)

    def check(self, value: object) -> str:
        """Refuse what is no date of the calendar."""
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise fail("not_a_date", value, _two_days(value))
        try:
            date.fromisoformat(value)
        except ValueError:
            raise fail("not_a_date", value, "no such day") from None
        _check_year(value)
        return value


class Instant(PlainField):
    """A time with its offset from UTC, RFC 3339; the offset is kept.

    `precision` names the field that says how exactly it is known.
    """

    def __init__(self, *, precision: str = "", **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.precision = precision

    def read(self, text: str, notation: Notation = TYPED) -> object:  # noqa: ARG002 - as inherited
        """Return the instant that was typed; that of a date alone is noon UTC."""
        return read_instant(text)

    def check(self, value: object) -> str:
        """Refuse times without an offset and times that do not exist."""
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise fail("not_an_instant", value, _two_days(value))
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise fail("not_an_instant", value, "no such time") from None
        _check_year(value)
        return value


def _two_days(value: object) -> str:
    """Return the question which of two days is meant, if it may be two."""
    days = days_meant(value) if isinstance(value, str) else []
    return f"is it {' or '.join(days)}?" if len(days) > 1 else ""


class Id(PlainField):
    """The id of a record; `target` names the record type it refers to."""

    def __init__(self, target: str = "", **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.target = target

    def check(self, value: object) -> str:
        """Refuse what is not a canonical UUID."""
        if not is_id(value):
            raise fail("not_an_id", value)
        return str(value)

    def bounds(self) -> dict[str, Any]:
        """Return the record type it refers to."""
        return {"target": self.target}


class Geometry(PlainField):
    """A GeoJSON Polygon or MultiPolygon (RFC 7946), WGS84 longitude, latitude."""

    def check(self, value: object) -> dict[str, object]:
        """Refuse open rings, wrong axes and positions off the Earth."""
        try:
            return polygons_of(value)
        except TooManyError as error:
            raise fail("too_many", value, str(error)) from None
        except ValueError as error:
            raise fail("not_a_polygon", value, str(error)) from None

    def bounds(self) -> dict[str, Any]:
        """Return how much fits."""
        return {"positions": limits.GEOMETRY_POSITIONS, "polygons": limits.POLYGONS}


def _check_year(text: str) -> None:
    low, high = limits.YEAR_RANGE
    if not low <= int(text[:4]) <= high:
        raise fail("year_out_of_range", text)
