"""A draft: what a person wants to change, before it has its place in the log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.messages import Op, encode
from schemas.version import SCHEMA_VERSION

Fields = Mapping[str, Any]

#: A row of the server: its timeline and its number there.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Draft:
    """One change to be kept.

    `base` is the server row its author was looking at, `bases` those of field groups
    where a change of this laptop hid a newer row, `seen` changes that the author knew
    besides. `replaces` is the quarantined change it stands for, `settles` the conflicts
    it decides and `reason` why; the drafts of a `group` stand or fall together. `is_new`
    says that no record of this laptop has the id yet.
    """

    project_id: str
    type: str
    record_id: str
    op: Op = Op.PUT
    fields: Fields = field(default_factory=dict)
    base: Place | None = None
    bases: Mapping[str, Place | None] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    replaces: str | None = None
    is_new: bool = False
    group: str | None = None
    resolves: tuple[str, ...] = ()
    reason: str | None = None


def line(draft: Draft, n: int, stamp: int, person: str | None) -> bytes:
    """Write a draft as line n of the log; keys that say nothing are left out.

    The line has no id: that follows from the hash of the log after it.
    """
    said: dict[str, Any] = {
        "k": "c",
        "n": n,
        "h": stamp,
        "s": draft.project_id,
        "t": draft.type,
        "r": draft.record_id,
        "o": str(draft.op),
        "v": SCHEMA_VERSION,
        "b": list(draft.base) if draft.base else None,
        "g": draft.group,
        "f": dict(draft.fields) or None,
        "u": person,
        "x": draft.replaces,
        "c": list(draft.resolves) or None,
        "y": draft.reason,
        "bg": {g: list(b) if b else None for g, b in draft.bases.items()} or None,
        "a": list(draft.seen) or None,
    }
    return encode({key: value for key, value in said.items() if value is not None})


def moved_line(raw: bytes, change_id: str, n: int) -> bytes:
    """Write a line anew for its place in another log; it keeps its id and its words."""
    said: dict[str, Any] = json.loads(raw)
    return encode({"k": said.pop("k"), **said, "n": n, "i": change_id})


def difference(before: Fields, after: Fields) -> dict[str, Any]:
    """Return the patch that leads from one set of fields to another; null clears."""
    patch = {name: value for name, value in after.items() if before.get(name) != value}
    patch.update(dict.fromkeys(set(before) - set(after)))
    return patch


def patched(fields: Fields, patch: Fields) -> dict[str, Any]:
    """Return the fields after a patch; null clears.

    Examples
    --------
    >>> patched({"a": 1, "b": 2}, {"b": None, "c": 3})
    {'a': 1, 'c': 3}
    """
    merged = {**fields, **patch}
    return {name: value for name, value in merged.items() if value is not None}
