"""The kinds of values in wire messages, as strict as those of records."""

import re
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

from schemas import limits
from schemas.ids import is_id

_HASH: Final = re.compile("[0-9a-f]{64}")
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def text(least: int, most: int, **kwargs: Any) -> fields.String:  # noqa: ANN401
    """Return a field for one line of text."""
    return fields.String(validate=[validate.Length(least, most), _clean], **kwargs)


def one_line(value: str, most: int) -> str:
    """Return what a person typed as the one line that a message carries.

    Raises
    ------
    ValueError
        If it is blank or too long, or holds what cannot be stored.
    """
    line = " ".join(value.split())
    if not line:
        raise ValueError("it is blank")
    if len(line) > most:
        raise ValueError(f"{len(line)} characters, {most} fit")
    if _UNSAFE.search(line):
        raise ValueError("it holds control characters")
    return line


def uuid(**kwargs: Any) -> fields.String:  # noqa: ANN401
    """Return a field for an id."""
    return fields.String(validate=_id, **kwargs)


def digest(**kwargs: Any) -> fields.String:  # noqa: ANN401
    """Return a field for a SHA-256 in lower-case hexadecimal digits."""
    return fields.String(validate=_hash, **kwargs)


def count(**kwargs: Any) -> fields.Raw:  # noqa: ANN401
    """Return a field for a whole number from 0."""
    return fields.Raw(validate=_count, **kwargs)


def flag(**kwargs: Any) -> fields.Raw:  # noqa: ANN401
    """Return a field for true or false; marshmallow's own takes 'yes' and 1."""
    return fields.Raw(validate=_flag, **kwargs)


def place(**kwargs: Any) -> fields.Raw:  # noqa: ANN401
    """Return a field for a pair: epoch and server seq, or log and place in it."""
    return fields.Raw(validate=_place, **kwargs)


def position(**kwargs: Any) -> fields.Raw:  # noqa: ANN401
    """Return a field for a number of the epoch that the first line names, or a pair."""
    return fields.Raw(validate=_position, **kwargs)


def cursors(**kwargs: Any) -> fields.Dict:  # noqa: ANN401
    """Return a field for the cursor of each project: seq, or [epoch, seq]."""
    return fields.Dict(
        keys=uuid(),
        values=position(),
        validate=validate.Length(max=limits.PROJECTS),
        **kwargs,
    )


def conflict_ids(**kwargs: Any) -> fields.List[Any]:  # noqa: ANN401
    """Return a field for the conflicts that a change settles."""
    return fields.List(
        text(1, limits.CONFLICT_ID_CHARS),
        validate=validate.Length(1, limits.SETTLED_CONFLICTS),
        **kwargs,
    )


def bases(**kwargs: Any) -> fields.Dict:  # noqa: ANN401
    """Return a field for the base of each of several groups; null: no row was seen."""
    return fields.Dict(
        keys=text(1, limits.CODE_CHARS),
        values=place(allow_none=True),
        validate=validate.Length(1, limits.FIELD_GROUPS),
        **kwargs,
    )


def places_by_number(**kwargs: Any) -> fields.Dict:  # noqa: ANN401
    """Return a field for the places where changes stood, by their number in the log."""
    return fields.Dict(
        keys=text(1, 20),
        values=fields.List(place(), validate=validate.Length(1, limits.LOST_TIMELINES)),
        validate=validate.Length(1, limits.BATCH_CHANGES),
        **kwargs,
    )


def change_ids(**kwargs: Any) -> fields.List[Any]:  # noqa: ANN401
    """Return a field for the changes that an author had seen."""
    return fields.List(
        uuid(), validate=validate.Length(1, limits.SEEN_CHANGES), **kwargs
    )


def _is_count(value: object) -> bool:
    # 63 bits are what both databases keep; True and 1.0 are not counts.
    return type(value) is int and 0 <= value < 2**63


def _clean(value: str) -> None:
    if _UNSAFE.search(value):
        raise ValidationError("bad_characters")


def _id(value: object) -> None:
    if not is_id(value):
        raise ValidationError("not_an_id")


def _hash(value: str) -> None:
    if not _HASH.fullmatch(value):
        raise ValidationError("not_a_hash")


def _count(value: object) -> None:
    if not _is_count(value):
        raise ValidationError("not_an_integer")


def _flag(value: object) -> None:
    if not isinstance(value, bool):
        raise ValidationError("not_true_or_false")


def _position(value: object) -> None:
    if not _is_count(value):
        _place(value)


def _place(value: object) -> None:
    match value:
        case [name, number] if is_id(name) and _is_count(number):
            return
        case _:
            raise ValidationError("an id and a whole number were expected")
