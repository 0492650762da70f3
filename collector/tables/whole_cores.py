"""A core is kept whole or not at all: its stock would lack the layers of a rejected row."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from collector.tables.intake import CheckedRow
from collector.tables.layers import read_year
from collector.tables.mapping import TableMapping
from collector.tables.table import Rejection
from collector.tables.values import CellError, Spec, evaluate
from schemas.tables.lines import TableRow

Judge = Callable[[Sequence[int]], list[CheckedRow]]

_NAMED_BY: Final = (
    ("plot", "code"),
    ("point", "code"),
    ("campaign", "name"),
    ("core", "number"),
)


class CoreName(NamedTuple):
    """Which core a row belongs to, as its cells say; None is what cannot be read."""

    plot: str | None
    point: str | None
    campaign: str | None
    number: str | None

    def may_be(self, other: "CoreName") -> bool:
        """Return whether two rows may be of one core.

        >>> known = CoreName("P1", "A", "2020", "1")
        >>> known.may_be(CoreName("P1", "A", None, "1"))
        True
        >>> known.may_be(CoreName("P1", None, "2020", "1"))
        False
        """
        if self.point is None or other.point is None:
            return False
        return all(
            mine is None or theirs is None or mine == theirs
            for mine, theirs in zip(self, other, strict=True)
        )


def core_name(row: TableRow, mapping: TableMapping) -> CoreName:
    """Return the core of a row, also of one that is rejected for another cell."""
    try:
        year = read_year(mapping.year, row.cells)
    except CellError:
        year = None
    return CoreName(
        *(
            _text(mapping.records[kind].get(name), row.cells, year)
            for kind, name in _NAMED_BY
        )
    )


def _text(spec: Spec | None, cells: Mapping[str, Any], year: int | None) -> str | None:
    try:
        value = None if spec is None else evaluate(spec, cells, year)
    except (CellError, KeyError):  # a short row lacks cells
        return None
    return None if value is None else str(value)


def judge_whole_cores(
    lines: Sequence[int],
    rejections: Iterable[Rejection],
    core_of: Callable[[int], CoreName],
    judge: Judge,
) -> tuple[list[CheckedRow], list[Rejection]]:
    """Judge rows without those of a core of which any row was rejected.

    Parameters
    ----------
    lines
        The rows that could be read.
    rejections
        Why the others were not.
    core_of
        The core of any row of the table, by its line.
    judge
        Judges rows in their order. Called again without the rows of a core that
        turns out to be incomplete, since what these would add is then not there.

    Returns
    -------
    tuple
        What is left of the rows, and every rejection.
    """
    found = list(rejections)
    kept = list(lines)
    while True:
        # All are judged before any is held back, so that each says its own fault first.
        judged = judge(kept)
        found += [rejection for row in judged for rejection in row.rejections]
        bad = {rejection.line for rejection in found}
        adding = [row.line for row in judged if row.wanted and row.line not in bad]
        held = _held_back(adding, bad, core_of)
        found += held
        bad.update(rejection.line for rejection in held)
        whole = [line for line in kept if line not in bad]
        if len(whole) == len(kept):
            return judged, found
        kept = whole


def _held_back(
    lines: Iterable[int], bad: Collection[int], core_of: Callable[[int], CoreName]
) -> list[Rejection]:
    if not bad:
        return []
    by_point: dict[str | None, list[tuple[int, CoreName]]] = {}
    for line in sorted(bad):
        name = core_of(line)
        by_point.setdefault(name.point, []).append((line, name))
    held = []
    for line in lines:
        name = core_of(line)
        for cause, other in by_point.get(name.point, ()):
            if name.may_be(other):
                held.append(
                    Rejection(
                        line,
                        "",
                        "",
                        f"line {cause} of the same core is rejected, and a core is kept"
                        " whole or not at all",
                        f"mend line {cause}; this line then goes with it",
                    )
                )
                break
    return held
