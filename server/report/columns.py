"""Columns of tables: a head, how the cells below it are laid out, what a row says there."""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, Final, Generic, NamedTuple, TypeVar

from schemas.stock_words import compared_text
from server.report.colours import MARKS, VerdictMark
from server.report.findings import provisional, verdict_of
from server.report.model import Row
from server.report.values import (
    codes,
    ends,
    fixed,
    interval,
    number,
    p_value,
    plain,
    text,
)

T = TypeVar("T")


class Kind(StrEnum):
    """How cells are laid out; in the page also the class of their style."""

    TEXT = ""
    NUMBER = "number"
    NOWRAP = "nowrap"
    PLOT = "plot"
    END = "end"
    VERDICT = "verdict"
    REASONS = "reasons"
    REASON = "reason"
    WORDS = "words"


class PlotCell(NamedTuple):
    """A plot; `judged` where the row is the change that the plot is judged by."""

    code: str
    judged: bool = False


class EndCell(NamedTuple):
    """The campaign at one end of a change, and its day."""

    campaign: str
    day: str


class VerdictCell(NamedTuple):
    """A verdict with its shape and colour; `withheld` where figures must not be judged."""

    mark: VerdictMark
    words: str
    provisional: bool = False
    withheld: bool = False


Cell = str | PlotCell | EndCell | VerdictCell | tuple[str, ...]


class Column(NamedTuple, Generic[T]):
    """Head of a column, the kind of its cells, and the cell of a row."""

    head: str
    kind: Kind
    cell: Callable[[T], Cell]


class Table(NamedTuple):
    """A table with its cells filled in."""

    caption: str
    columns: Sequence[Column[Any]]
    rows: Sequence[Sequence[Cell]]


def filled(caption: str, columns: Sequence[Column[T]], rows: Iterable[T]) -> Table:
    """Return a table of what the columns say of each row."""
    cells = [[column.cell(row) for column in columns] for row in rows]
    return Table(caption, columns, cells)


def plain_column(head: str, key: str, kind: Kind = Kind.TEXT) -> Column[Row]:
    """Return a column of settings and other values of any type."""
    return Column(head, kind, lambda row: plain(row.get(key)))


def fixed_column(head: str, key: str, digits: int = 2) -> Column[Row]:
    """Return a column of numbers with so many decimals."""
    return Column(head, Kind.NUMBER, lambda row: fixed(number(row, key), digits))


def pair_column(head: str, keys: Sequence[str], digits: int) -> Column[Row]:
    """Return a column of two numbers, one for each end of a change."""

    def both(row: Row) -> str:
        return ", ".join(fixed(number(row, key), digits) for key in keys)

    return Column(head, Kind.NUMBER, both)


def interval_column(key: str, digits: int = 2) -> Column[Row]:
    """Return a column of 95 % intervals."""
    return Column(
        "95 % interval", Kind.NUMBER, lambda row: interval(ends(row, key), digits)
    )


def p_column(key: str) -> Column[Row]:
    """Return a column of p values."""
    return Column("p", Kind.NUMBER, lambda row: p_value(number(row, key)))


def _rate_interval(row: Row) -> str:
    """Write the interval of a rate; its shape says whether it goes on beyond a gap."""
    shape = text(row, "rate_ci95_shape")
    return interval(ends(row, "rate_ci95_permille_year"), 2, shape)


def verdict_cell(row: Row) -> VerdictCell:
    """Return the verdict of an area."""
    verdict = verdict_of(row)
    return VerdictCell(MARKS[verdict], verdict.value)


def change_verdict_cell(row: Row) -> VerdictCell:
    """Return the verdict of a change, whether it is withheld, whether records are open."""
    return verdict_cell(row)._replace(
        provisional=provisional(row) > 0, withheld=row.get("withheld") is True
    )


def _end_column(side: str) -> Column[Row]:
    return Column(
        side,
        Kind.END,
        lambda row: EndCell(text(row, f"{side}_campaign"), text(row, f"{side}_date")),
    )


#: What every row of a change begins with.
SPAN: Final[tuple[Column[Row], ...]] = (
    Column("plot", Kind.PLOT, lambda row: PlotCell(text(row, "plot"))),
    _end_column("from"),
    _end_column("to"),
)
RATE: Final[tuple[Column[Row], ...]] = (
    fixed_column("permille a year", "rate_permille_year"),
    Column("95 % interval", Kind.NUMBER, _rate_interval),
)
COMPARED: Final[Column[Row]] = Column("n of sampled", Kind.NOWRAP, compared_text)
REASONS: Final[Column[Row]] = Column("reasons", Kind.REASONS, codes)
