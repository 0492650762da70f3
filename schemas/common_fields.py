"""Fields that several record types have."""

from typing import Final

from schemas import limits
from schemas.attachments import Attachments
from schemas.explained import Explanations
from schemas.fields import FieldClass, Number, Text

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
