"""The kinds of values in wire messages, as strict as those of records."""

import re
from collections.abc import Callable
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

from schemas import limits
from schemas.ids import is_id
from schemas.labels.codes import BLOCK_PATTERN, is_block
from schemas.one_line import UNSAFE

_HASH: Final = re.compile("[0-9a-f]{64}")


def text(least: int, most: int, **kwargs: Any) -> fields.String:  # noqa: ANN401
    """Return a field for one line of text."""
    return fields.String(validate=[validate.Length(least, most), _clean], **kwargs)


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


def block(**kwargs: Any) -> fields.String:  # noqa: ANN401
    """Return a field for the block that codes of labels begin with."""
    return fields.String(validate=_block, **kwargs)


def blocks(**kwargs: Any) -> fields.List[Any]:  # noqa: ANN401
    """Return a field for blocks of labels."""
    return fields.List(
        block(), validate=validate.Length(max=limits.LABEL_BLOCKS), **kwargs
    )


def counts(**kwargs: Any) -> fields.Raw:  # noqa: ANN401
    """Return a field for a list of whole numbers from 0, checked in one go."""
    return fields.Raw(validate=_counts, **kwargs)


class Refusing:
    """A validator of marshmallow that refuses what does not pass; `passes` asks without error."""

    def __init__(self, passes: Callable[[Any], bool], reason: str) -> None:
        self.passes, self.reason = passes, reason

    def __call__(self, value: object) -> None:
        """Raise `ValidationError` for what does not pass."""
        if not self.passes(value):
            raise ValidationError(self.reason)


def _is_count(value: object) -> bool:
    # 63 bits are what both databases keep; True and 1.0 are not counts.
    return type(value) is int and 0 <= value < 2**63


def _is_place(value: object) -> bool:
    match value:
        case [name, number]:
            return is_id(name) and _is_count(number)
        case _:
            return False


_clean: Final = Refusing(lambda value: not UNSAFE.search(value), "bad_characters")
_id: Final = Refusing(is_id, "not_an_id")
_hash: Final = Refusing(lambda value: bool(_HASH.fullmatch(value)), "not_a_hash")
_block: Final = Refusing(is_block, "not_a_block")
_count: Final = Refusing(_is_count, "not_an_integer")
_counts: Final = Refusing(
    lambda value: isinstance(value, list) and all(map(_is_count, value)),
    "whole numbers were expected",
)
_flag: Final = Refusing(lambda value: isinstance(value, bool), "not_true_or_false")
_PLACE: Final = "an id and a whole number were expected"
_position: Final = Refusing(lambda value: _is_count(value) or _is_place(value), _PLACE)
_place: Final = Refusing(_is_place, _PLACE)


def shape_of(field: fields.Field[Any]) -> dict[str, Any]:
    """Return what the own check of a field takes, as JSON Schema; nothing for others.

    >>> shape_of(digest())
    {'type': 'string', 'pattern': '^[0-9a-f]{64}$'}
    """
    return next((dict(_TAKES[each]) for each in field.validators if each in _TAKES), {})


_COUNT: Final = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_PAIR: Final = {
    "type": "array",
    "prefixItems": [{"type": "string", "format": "uuid"}, _COUNT],
    "minItems": 2,
    "maxItems": 2,
}
#: What each check takes.
_TAKES: Final[dict[Any, dict[str, Any]]] = {
    _id: {"type": "string", "format": "uuid"},
    _hash: {"type": "string", "pattern": f"^{_HASH.pattern}$"},
    _block: {"type": "string", "pattern": f"^{BLOCK_PATTERN}$"},
    _count: _COUNT,
    _counts: {"type": "array", "items": _COUNT},
    _flag: {"type": "boolean"},
    _place: _PAIR,
    _position: {"anyOf": [_COUNT, _PAIR]},
}
