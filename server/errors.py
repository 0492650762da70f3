"""What can go wrong on the server, with the operator's next step."""

import re
from collections.abc import Mapping
from typing import Any

from schemas.problem_kinds import KINDS
from schemas.problems import Problem


class ServerError(Exception):
    """A failure with advice; the command line prints both and exits."""

    exit_code = 4

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint

    @property
    def code(self) -> str:
        """Return the name of its kind, such as `not_found`, for programs."""
        words = re.findall("[A-Z][a-z]+", type(self).__name__.removesuffix("Error"))
        return "_".join(words).lower()


class UsageError(ServerError):
    """The command was typed wrongly."""

    exit_code = 2


class NotInstalledError(ServerError):
    """A library of the server is missing."""


class NoDataError(ServerError):
    """There is no server data in the directory."""


class AlreadyThereError(ServerError):
    """What should be made exists."""


class LockedError(ServerError):
    """Another server process has the data directory."""


class NotFoundError(ServerError):
    """A project, device or record that was named does not exist."""


class AmbiguousError(ServerError):
    """A name means several things."""


class StorageError(ServerError):
    """The database cannot be opened, read or written."""


class DiskFullError(StorageError):
    """The disk of the database has no room for what is to be written."""


class UnreadableError(ServerError):
    """Something that is kept cannot be read; the rest may be."""


class RefusedError(ServerError):
    """What was asked breaks a rule; carries the problems."""

    def __init__(self, text: str, problems: list[Problem], hint: str = "") -> None:
        super().__init__(text, hint)
        self.problems = problems


class RequestError(Exception):
    """A request the server does not serve; answered with a problem document.

    `more` holds members of the document beyond those that every problem has, `headers`
    what the answer carries besides.
    """

    def __init__(
        self,
        problem: Problem,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return KINDS[self.problem.code].status


def busy(detail: str, retry_after_s: int = 3) -> RequestError:
    """Return the error that asks a laptop to come again in a moment."""
    return RequestError(
        Problem("busy", detail=detail), {"Retry-After": str(retry_after_s)}
    )


def refuse(code: str, detail: str = "") -> RequestError:
    """Return the error that answers a request with this problem."""
    return RequestError(Problem(code, detail=detail))
