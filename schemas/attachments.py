"""The field that names attached files: their content by its hash, never by a path."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas import limits
from schemas import vocabulary as v
from schemas.fields import (
    Choice,
    FieldError,
    Instant,
    Integer,
    Number,
    PlainField,
    Text,
    fail,
)
from schemas.problems import Problem

_DIGEST: Final = re.compile("[0-9a-f]{64}")


def is_digest(value: object) -> bool:
    """Return whether this is a SHA-256 in the one way it is written."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


class _Digest(PlainField):
    """The SHA-256 of a file, 64 hexadecimal digits in lower case."""

    def check(self, value: object) -> str:
        if not isinstance(value, str) or not is_digest(value):
            raise fail("bad_attachment", value, "64 hexadecimal digits, lower case")
        return value


#: What an attachment says, in the order in which it is written. The name is for
#: people to read: no file is ever stored under it.
_PARTS: Final[Mapping[str, PlainField]] = MappingProxyType(
    {
        "sha256": _Digest(required=True),
        "size": Integer(1, limits.ATTACHMENT_BYTES, required=True),
        "mime": Choice(v.ATTACHMENT_TYPE, required=True),
        "name": Text(required=True),
        "taken_at": Instant(),
        "lon": Number(-180, 180),
        "lat": Number(-90, 90),
    }
)


class Attachments(PlainField):
    """A set of attached files, written in the order of their hashes."""

    def check(self, value: object) -> list[dict[str, Any]]:
        """Refuse what does not describe files, and files named twice."""
        if not isinstance(value, list):
            raise fail("not_a_list", value)
        if len(value) > limits.SET_ITEMS:
            raise fail("too_many", len(value), f"{limits.SET_ITEMS} at most")
        found = [_item(place, item) for place, item in enumerate(value, start=1)]
        if len({item["sha256"] for item in found}) != len(found):
            raise fail("repeated", value)
        return sorted(found, key=lambda item: str(item["sha256"]))

    def bounds(self) -> dict[str, Any]:
        """Return how many files fit, and what is said of each."""
        return {
            "items": limits.SET_ITEMS,
            "parts": {
                name: {
                    "kind": type(part).__name__,
                    "required": part.required,
                    **part.bounds(),
                }
                for name, part in _PARTS.items()
            },
        }


def fault_of(name: str, value: object) -> Problem | None:
    """Return what is wrong with one part of an attachment, or None."""
    try:
        _PARTS[name].check(value)
    except FieldError as error:
        return error.problem
    return None


def _item(place: int, item: object) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise fail("bad_attachment", item, f"file {place} is not a JSON object")
    given = {name: part for name, part in item.items() if part is not None}
    missing = [n for n, part in _PARTS.items() if part.required and n not in given]
    if missing:
        raise fail("bad_attachment", None, f"file {place} has no {missing[0]}")
    if not given.keys() <= _PARTS.keys():
        names = ", ".join(_PARTS)
        raise fail("bad_attachment", None, f"file {place}: only {names} are known")
    if ("lon" in given) != ("lat" in given):
        raise fail("bad_attachment", None, f"file {place}: lon and lat go together")
    return {
        name: _part(place, name, part, given[name])
        for name, part in _PARTS.items()
        if name in given
    }


def _part(place: int, name: str, part: PlainField, value: object) -> object:
    found = fault_of(name, value)
    if found is not None:
        raise fail("bad_attachment", value, f"file {place}: {name}: {found.text}")
    return part.check(value)
