"""What is wrong with a table or one of its cells, and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file, a line or a cell is not taken; line 1 is that of the header."""

    code: str
    reason: str
    hint: str
    line: int | None = None
    column: str | None = None
    value: str | None = None


class TableError(ValueError):
    """A file cannot be read as a table at all."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


@contextmanager
def in_file(name: str) -> Iterator[None]:
    """Name the file, and the line where one is known, in what a file is refused for."""
    try:
        yield
    except TableError as error:
        found = error.refusal
        place = f"{name}, line {found.line}" if found.line else name
        told = replace(found, reason=f"{place}: {found.reason}")
        raise TableError(told) from None
