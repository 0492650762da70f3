"""Everything that can stop a command: what happened, what to type next.

One small tree. A class says how the command ends (its exit code); the text says
what happened, the hint what to do, and the problems name single fields. An error
that came from the server carries its problem document.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from schemas.problems import Problem


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    ATTENTION = 1  # done, and something needs a person
    USAGE = 2
    UNREACHABLE = 3  # nothing is lost, try again
    REFUSED = 4
    BUSY = 5  # another permille command is at work here, wait and try again


class PermilleError(Exception):
    """A command stopped; `hint` is what to do or type next.

    `are_options` says that the fields of its problems were typed as options.
    """

    exit_code = Exit.REFUSED
    code = "refused"

    def __init__(
        self,
        text: str,
        hint: str = "",
        problems: Sequence[Problem] = (),
        *,
        code: str = "",
    ) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint
        self.problems = tuple(problems)
        self.code = code or self.code
        self.retry_after_s: float | None = None
        self.document: Mapping[str, Any] = {}
        self.are_options = False


class UsageError(PermilleError):
    """The command was typed wrongly."""

    exit_code = Exit.USAGE
    code = "usage"


class RefusedError(PermilleError):
    """What was asked for cannot be done; nothing was written."""


class NotFoundError(RefusedError):
    """No such record on this laptop."""

    code = "not_found"


class StoreError(PermilleError):
    """The laptop's database is missing, locked, damaged or under another key."""

    code = "store"


class UnreachableError(PermilleError):
    """The server cannot be reached or its answer was cut; try again.

    `is_lasting` says that trying again at once will not help.
    """

    exit_code = Exit.UNREACHABLE
    code = "unreachable"
    is_lasting = False


class BusyError(PermilleError):
    """Another command is at work on this laptop; wait for it and try again."""

    exit_code = Exit.BUSY
    code = "busy"
