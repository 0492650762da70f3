"""Two records of one code: side by side, and settled by giving one of them another code."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from collector.errors import RefusedError
from collector.fix import fixing
from collector.laptop.laptop import Laptop
from collector.record import entry, resend
from collector.record.labels import as_meant
from collector.record.names import called_in
from collector.rules.overlay import RecordView
from schemas.problems import Problem
from schemas.records import TYPES, key_text
from schemas.settings import read_texts
from schemas.told import option_name, told

_TAKEN: Final = "key_taken"
#: What no person compares.
_NOT_SHOWN: Final = frozenset({"attachments", "explained"})


class FieldPair(NamedTuple):
    """One field of two records, in words."""

    name: str
    this: str
    that: str

    @property
    def is_same(self) -> bool:
        """Return whether both say the same."""
        return self.this == self.that


class Duplicate(NamedTuple):
    """A record that waits because another one has its code, and that other one."""

    this: RecordView
    that: RecordView
    field: str
    pairs: list[FieldPair]


def duplicate_of(
    laptop: Laptop, this: RecordView, problems: Iterable[Problem]
) -> Duplicate | None:
    """Return the record that has the code of one that waits; None where it is not here."""
    taken = [problem for problem in problems if problem.code == _TAKEN]
    if not taken or taken[0].path not in TYPES[this.type].fields:
        return None
    scope = None if this.type == "project" else this.project_id
    key = key_text(this.type, this.fields)
    others = [v for v in laptop.store.find(this.type, scope, key) if v.id != this.id]
    if not others:
        return None
    that = others[0]
    called = called_in(laptop.store, this.type, [this.fields, that.fields])
    return Duplicate(this, that, taken[0].path, list(_pairs(this, that, called)))


def relabel(
    laptop: Laptop, found: Duplicate, *, is_that: bool, code: str, reason: str
) -> entry.Saved:
    """Keep another code for one of two records; then both can stand.

    Raises
    ------
    RefusedError
        Without a code or a reason, if the code is the same, or if it is taken, too.
    """
    code, reason = code.strip(), " ".join(reason.split())
    name = option_name(found.field)
    if not code:
        raise RefusedError(f"which {name} instead?", "type or scan the new one")
    if not reason:
        raise RefusedError("a correction says why", "write the reason beside it")
    if found.this.type == "sample":
        code = as_meant(laptop, code).text
    patch = read_texts(found.this.type, {found.field: code})
    if patch[found.field] == found.this.fields.get(found.field):
        raise RefusedError(f"{code} is the {name} that both have", "give another one")
    if not is_that:
        return fixing.fix(laptop, found.this, patch, reason)
    saved = entry.edit(laptop, found.that, patch, reason)
    # What waited for the code is sent anew behind the change that frees it.
    resend.send_again(laptop, found.this.id, {}, reason)
    return saved


def _pairs(
    this: RecordView, that: RecordView, called: Mapping[str, str]
) -> Iterable[FieldPair]:
    for name in TYPES[this.type].fields:
        if name in _NOT_SHOWN:
            continue
        pair = FieldPair(
            option_name(name), _said(this, name, called), _said(that, name, called)
        )
        if pair.this or pair.that:
            yield pair


def _said(view: RecordView, name: str, called: Mapping[str, str]) -> str:
    value: Any = view.fields.get(name)
    return told(value, called)
