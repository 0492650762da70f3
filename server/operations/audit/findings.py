"""How a check tells what it finds, and how far it is."""

import json
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol, TypeVar

from server.errors import RequestError, UnreadableError
from server.store.values import Fault, Progress

#: Rows between two signs of progress.
_STEP: Final = 500
#: Writes a value as it is kept: compact JSON text.
dump: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

K = TypeVar("K", bound=NamedTuple)


class Kept(Protocol):
    """Everything that is kept, whoever keeps it."""

    def kept(self, kind: type[K], *of: str | int) -> Iterator[K]:
        """Read all that is kept of a kind; `kept_values` says what narrows it."""


def guarded(check: str, where: str, faults: Iterator[Fault]) -> Iterator[Fault]:
    """Yield faults; what is too damaged to be read is one, too."""
    try:
        yield from faults
    except RequestError as error:
        yield Fault(check, where, f"cannot be understood: {error.problem}")
    except (UnreadableError, ValueError, TypeError, LookupError, AttributeError) as e:
        yield Fault(check, where, f"cannot be read: {str(e) or type(e).__name__}")


def one_of(kept: Kept, kind: type[K], *of: str | int) -> K | None:
    """Return the only value of a kind, or the first, or None."""
    return next(kept.kept(kind, *of), None)


class Steps:
    """Counts rows, and tells now and then."""

    def __init__(self, progress: Progress, what: str, total: int) -> None:
        self._progress, self._what, self._total = progress, what, total
        self._done = 0

    def one(self) -> None:
        """Count one row more."""
        self._done += 1
        if self._done % _STEP == 0 or self._done == self._total:
            self._progress(self._what, self._done, self._total)
