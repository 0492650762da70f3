"""What many changes are parts of: an import, an edit of many, decisions, an undo.

Each change says it in its reason, so that whoever takes it back, on the laptop or on a
server that has the changes, finds them by what they say themselves.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from schemas import limits

#: So many characters of a fresh id tell one operation of a project from the others.
_ID_CHARS: Final = 8
_REASON: Final = re.compile(
    r"(import|edit|delete|plan|decide|undo) ([0-9a-f]{8}): (.+)", re.DOTALL
)


class OperationKind(StrEnum):
    """What was done."""

    IMPORT = "import"
    EDIT = "edit"
    DELETE = "delete"
    PLAN = "plan"
    DECIDE = "decide"
    UNDO = "undo"


class Operation(NamedTuple):
    """One thing that was done in many changes, with what people call it."""

    kind: OperationKind
    id: str
    what: str

    @property
    def reason(self) -> str:
        """Return the reason that each of its changes gives.

        >>> Operation(OperationKind.IMPORT, "3f9a2c1b", "results.csv").reason
        'import 3f9a2c1b: results.csv'
        """
        return f"{self.kind} {self.id}: {self.what}"[: limits.NOTE_CHARS]


def imported(files: Sequence[str], reason: str | None) -> str:
    """Return what an import is called: why it was done, where somebody says so, and its files.

    >>> imported(["lab.csv"], "weighed wrongly"), imported(["a.csv", "b.csv"], None)
    ('weighed wrongly (lab.csv)', 'a.csv, b.csv')
    """
    named = ", ".join(files)
    return f"{reason} ({named})" if reason else named


def operation(kind: OperationKind, fresh_id: str, what: str) -> Operation:
    """Return a new operation; its id is the end of a fresh one, which is random."""
    return Operation(kind, fresh_id[-_ID_CHARS:], what)


def operation_of(reason: str | None) -> Operation | None:
    """Return the operation that a reason names, if it does.

    >>> operation_of("undo 3f9a2c1b: wrong file").what, operation_of("wrong file")
    ('wrong file', None)
    """
    found = _REASON.fullmatch(reason or "")
    if found is None:
        return None
    return Operation(OperationKind(found[1]), found[2], found[3])
