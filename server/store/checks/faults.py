"""How a check tells what it finds, and how far it is."""

from collections.abc import Iterator
from typing import Final

from server.errors import RequestError
from server.store.driver import DatabaseError
from server.store.values import Fault, Progress

#: Rows between two signs of progress.
_STEP: Final = 500


def guarded(check: str, where: str, faults: Iterator[Fault]) -> Iterator[Fault]:
    """Yield faults; what is too damaged to be read is one, too."""
    try:
        yield from faults
    except RequestError as error:
        yield Fault(check, where, f"cannot be understood: {error.problem}")
    except (DatabaseError, ValueError, TypeError, LookupError, AttributeError) as error:
        yield Fault(
            check, where, f"cannot be read: {str(error) or type(error).__name__}"
        )


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
