"""Strict marshmallow fields: what goes in is what is meant, or a problem.

Every field takes and gives plain JSON values, so a record has one form on the
wire, on disk and in memory. Nothing is coerced: '12' is not a number, 12.9 is
not a whole number, a blank is not a text.
"""

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from marshmallow import ValidationError, fields

from schemas import limits, vocabulary
from schemas.ids import is_id
from schemas.problems import Problem

_NOT_STORABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_INSTANT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})"
)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class FieldClass(StrEnum):
    """How two unseen writes to one field meet."""

    MEASUREMENT = "measurement"  # first stands, the other is kept, a person decides
    DESCRIPTIVE = "descriptive"  # the later stands, the earlier is kept as history
    SET = "set"  # both are kept


def fail(code: str, value: object = None, detail: str = "") -> ValidationError:
    """Give the error of one field; its path is filled in by the caller."""
    # marshmallow passes any list of messages through; ours are Problem objects.
    return ValidationError([Problem(code, "", value, detail)])


class PlainField(fields.Field[Any]):
    """A field whose loaded value is the JSON value itself.

    Parameters
    ----------
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
        field_class: FieldClass = FieldClass.DESCRIPTIVE,
        group: str = "",
        help: str = "",  # noqa: A002 - the word the command line uses for it
        **kwargs: Any,  # noqa: ANN401 - marshmallow's own options
    ) -> None:
        kwargs.setdefault("allow_none", not kwargs.get("required", False))
        super().__init__(**kwargs)
        self.field_class = field_class
        self.group = group
        self.help = help

    def _deserialize(
        self,
        value: Any,  # noqa: ANN401
        attr: str | None,  # noqa: ARG002
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ANN401, ARG002
    ) -> Any:  # noqa: ANN401
        return self.check(value)

    def check(self, value: object) -> object:
        """Give the value back, or raise with the reason."""
        raise NotImplementedError


class Text(PlainField):
    """One line or a paragraph of Unicode text."""

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
        if len(value) > self.most:
            raise fail("too_long", value, f"{len(value)} characters, {self.most} fit")
        return value


class Code(Text):
    """A short label people type and print: no blanks around it, one line."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(most=limits.CODE_CHARS, **kwargs)

    def check(self, value: object) -> str:
        """Refuse surrounding blanks and line breaks."""
        text = super().check(value)
        if text != text.strip():
            raise fail("surrounding_blanks", value)
        if "\n" in text or "\t" in text:
            raise fail("bad_characters", value)
        return text


class Number(PlainField):
    """A finite number within limits."""

    def __init__(
        self,
        low: float,
        high: float,
        *,
        low_open: bool = False,
        high_open: bool = False,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**kwargs)
        self.low, self.high = low, high
        self.low_open, self.high_open = low_open, high_open

    def check(self, value: object) -> float:
        """Refuse text, booleans, NaN and values outside the limits."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise fail("not_a_number", value)
        if isinstance(value, int) and abs(value) > 2**53:
            raise fail("out_of_range", value, self.range_text)
        if not math.isfinite(value):
            raise fail("not_finite", str(value))
        below = value <= self.low if self.low_open else value < self.low
        above = value >= self.high if self.high_open else value > self.high
        if below or above:
            raise fail("out_of_range", value, self.range_text)
        return float(value)

    @property
    def range_text(self) -> str:
        """Say the limits."""
        low = f"more than {self.low:g}" if self.low_open else f"{self.low:g}"
        high = f"less than {self.high:g}" if self.high_open else f"{self.high:g}"
        return f"{low} to {high}"


class Integer(PlainField):
    """A whole number within limits."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def check(self, value: object) -> int:
        """Refuse anything but a whole number within the limits."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise fail("not_an_integer", value)
        if not self.low <= value <= self.high:
            raise fail("out_of_range", value, f"{self.low} to {self.high}")
        return value


class Flag(PlainField):
    """True or false."""

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


class Country(PlainField):
    """ISO 3166-1 alpha-2 country code."""

    def check(self, value: object) -> str:
        """Refuse what is not an assigned code."""
        if not isinstance(value, str):
            raise fail("not_text", value)
        if value not in vocabulary.COUNTRIES:
            raise fail("not_in_list", value, "ISO 3166-1 alpha-2, such as FR")
        return value


class Day(PlainField):
    """A calendar date, YYYY-MM-DD."""

    def check(self, value: object) -> str:
        """Refuse what is no date of the calendar."""
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise fail("not_a_date", value)
        try:
            date.fromisoformat(value)
        except ValueError:
            raise fail("not_a_date", value, "no such day") from None
        _check_year(value)
        return value


class Instant(PlainField):
    """A time with its offset from UTC, RFC 3339; the offset is kept."""

    def check(self, value: object) -> str:
        """Refuse times without an offset and times that do not exist."""
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise fail("not_an_instant", value)
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise fail("not_an_instant", value, "no such time") from None
        _check_year(value)
        return value


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


class NameSet(PlainField):
    """A set of short names, written as a list without repetition."""

    def check(self, value: object) -> list[str]:
        """Refuse repetitions, blanks and endless lists."""
        if not isinstance(value, list):
            raise fail("not_a_list", value)
        if len(value) > limits.SET_ITEMS:
            raise fail("too_many", len(value), f"{limits.SET_ITEMS} at most")
        item = Code()
        names = [item.check(name) for name in value]
        if len(set(names)) != len(names):
            raise fail("repeated", value)
        return names


class Geometry(PlainField):
    """A GeoJSON Polygon or MultiPolygon (RFC 7946), WGS84 longitude, latitude."""

    def check(self, value: object) -> dict[str, object]:
        """Refuse open rings, wrong axes and positions off the Earth."""
        if not isinstance(value, dict) or set(value) != {"type", "coordinates"}:
            raise fail("not_a_polygon", value, "an object with type and coordinates")
        coordinates = value["coordinates"]
        match value["type"]:
            case "Polygon":
                polygons = [coordinates]
            case "MultiPolygon" if isinstance(coordinates, list) and coordinates:
                polygons = coordinates
            case _:
                raise fail("not_a_polygon", value, "type Polygon or MultiPolygon")
        if len(polygons) > limits.POLYGONS:
            raise fail("too_many", len(polygons), f"{limits.POLYGONS} polygons fit")
        for polygon in polygons:
            _check_polygon(polygon)
        return value


def _check_polygon(polygon: object) -> None:
    if not isinstance(polygon, list) or not polygon:
        raise fail("not_a_polygon", polygon, "a list of rings")
    for ring in polygon:
        if not isinstance(ring, list) or len(ring) < 4:
            raise fail("not_a_polygon", ring, "a ring has four positions or more")
        if len(ring) > limits.RING_POSITIONS:
            raise fail("too_many", len(ring), f"{limits.RING_POSITIONS} positions fit")
        for position in ring:
            _check_position(position)
        if ring[0] != ring[-1]:
            raise fail("not_a_polygon", ring[-1], "the ring does not close")


def _check_position(position: object) -> None:
    if not isinstance(position, list) or len(position) not in {2, 3}:
        raise fail("not_a_polygon", position, "a position is [longitude, latitude]")
    for part in position:
        if isinstance(part, bool) or not isinstance(part, int | float):
            raise fail("not_a_polygon", position, "positions are numbers")
        if not math.isfinite(part):
            raise fail("not_a_polygon", str(position), "positions are finite")
    longitude, latitude = position[:2]
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise fail("not_a_polygon", position, "longitude, latitude is off the Earth")


def _check_year(text: str) -> None:
    low, high = limits.YEAR_RANGE
    if not low <= int(text[:4]) <= high:
        raise fail("year_out_of_range", text)
