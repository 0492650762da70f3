"""Fields that several record types have."""

from typing import Final

from schemas import limits
from schemas import vocabulary as v
from schemas.attachments import Attachments
from schemas.explained import Explanations
from schemas.fields import Choice, FieldClass, Number, Text

MEASURED: Final = FieldClass.MEASUREMENT


def note() -> Text:
    """Return the field of what people write besides."""
    return Text(most=limits.NOTE_CHARS, help="free text")


def attachments() -> Attachments:
    """Return the field of the files that belong to a record."""
    return Attachments(field_class=FieldClass.SET, help="photos and field sheets")


def explained() -> Explanations:
    """Return the field of the warnings about a record that a person explained."""
    return Explanations(
        field_class=FieldClass.SET, help="warnings that are right all the same, and why"
    )


def longitude() -> Number:
    """Return the longitude of a place."""
    return Number(
        -180, 180, field_class=MEASURED, group="place", help="longitude, WGS84"
    )


def latitude() -> Number:
    """Return the latitude of a place."""
    return Number(-90, 90, field_class=MEASURED, group="place", help="latitude, WGS84")


def analyte() -> Choice:
    """Return the field of what a laboratory measured."""
    return Choice(v.ANALYTE, required=True, field_class=MEASURED, help="what")


def found_value(meaning: str) -> Number:
    """Return the field of what a laboratory found."""
    most = limits.RESULT_MAX
    return Number(-most, most, field_class=MEASURED, group="value", help=meaning)


def unit(meaning: str) -> Choice:
    """Return the field of the unit of a value."""
    return Choice(
        v.UNIT, required=True, field_class=MEASURED, group="value", help=meaning
    )


def censored() -> Choice:
    """Return the field that says that a value lies below the detection limit."""
    return Choice(
        v.CENSORED, field_class=MEASURED, group="value", help="< below detection limit"
    )


def detection_limit(meaning: str) -> Number:
    """Return the field of the detection limit, in the unit of the value."""
    return Number(
        0,
        limits.RESULT_MAX,
        field_class=MEASURED,
        group="value",
        help=meaning,
    )
