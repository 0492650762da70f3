"""Cells of one line of a layer table; what is refused is kept, and the rest read on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from schemas import limits
from schemas.tables import cells
from schemas.tables.cells import Bounds
from schemas.tables.dates import read_date
from schemas.tables.lines import TableRow
from schemas.tables.refusal import Refusal
from schemas.typed import Notation

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads a line, and adds every problem of it to those of the file."""

    row: TableRow
    header: Sequence[str]
    notation: Notation
    problems: list[Refusal]

    def refuse(self, refusal: Refusal, column: str) -> None:
        """Note that a cell is refused."""
        value = self.row.raw[self.header.index(column)]
        line = self.row.line
        self.problems.append(replace(refusal, line=line, column=column, value=value))

    def taken(self, found: _Value | Refusal, column: str) -> _Value | None:
        """Return what was read; None where it was refused."""
        if isinstance(found, Refusal):
            self.refuse(found, column)
            return None
        return found

    def text(self, column: str) -> str | None:
        """Return the text of a cell, None where missing."""
        return self.row.cells.get(column)

    def number(self, column: str, bounds: Bounds) -> float | None:
        """Read a number that may be missing."""
        text = self.text(column)
        if text is None:
            return None
        return self.taken(cells.read_number(text, self.notation, bounds), column)

    def depths(self) -> tuple[float, float] | None:
        """Read both depths, which may not be missing."""
        top, bottom = self._depth("top_cm"), self._depth("bottom_cm")
        if top is None or bottom is None:
            return None
        if top >= bottom:
            reason = f"the layer begins at {top:g} cm and ends at {bottom:g} cm"
            hint = "top_cm is the upper depth, bottom_cm the lower one"
            self.refuse(Refusal("top_not_above", reason, hint), "bottom_cm")
        return top, bottom

    def _depth(self, column: str) -> float | None:
        found = cells.read_depth(self.text(column), self.notation)
        if not isinstance(found, Refusal):
            found = cells.refuse_depth(found) or found
        return self.taken(found, column)

    def day(self) -> date | None:
        """Read the day of sampling."""
        found = read_date(self.text("date"))
        if isinstance(found, datetime):
            return found.date()
        return self.taken(found, "date")

    def code(self, column: str) -> str | None:
        """Read a name that may not be missing."""
        text = self.text(column)
        if text is None:
            hint = f"name the {column} of this layer"
            self.refuse(Refusal("required", f"a {column} is required", hint), column)
        elif changed := cells.refuse_code(text, may_be_month=column == "campaign"):
            self.refuse(changed, column)
            return None
        elif len(text) > limits.NAME_CHARS:
            self.refuse(
                Refusal("too_long", "the name is too long", "shorten it"), column
            )
            return None
        return text
