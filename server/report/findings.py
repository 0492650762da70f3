"""What the report says of each plot: one change, chosen by a rule that is printed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from server.report.model import PlotFacts, ReportPage, Row
from server.report.values import codes, natural, number, text
from server.stocks.reasons import Reason
from server.stocks.verdicts import ChangeVerdict

VERDICTS: Final = tuple(ChangeVerdict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One plot and the change that it is judged by, if it has any."""

    plot: PlotFacts
    changes: tuple[Row, ...]
    change: Row | None

    @property
    def verdict(self) -> ChangeVerdict:
        """Where the plot stands against 4 permille a year."""
        return verdict_of(self.change) if self.change else ChangeVerdict.NOT_ASSESSABLE

    @property
    def rate(self) -> float | None:
        """Rate in permille a year; None where the plot is not assessable."""
        if self.change is None or self.verdict is ChangeVerdict.NOT_ASSESSABLE:
            return None
        return number(self.change, "rate_permille_year")


@dataclass(frozen=True)
class Findings:
    """All plots in the order of their codes."""

    plots: tuple[Finding, ...]
    counts: Mapping[ChangeVerdict, int] = field(init=False)

    def __post_init__(self) -> None:
        counts = Counter(finding.verdict for finding in self.plots)
        object.__setattr__(self, "counts", {each: counts[each] for each in VERDICTS})

    @property
    def area_ha(self) -> float:
        """Area of all plots that have one."""
        return sum(finding.plot.area_ha or 0.0 for finding in self.plots)

    @property
    def assessed_ha(self) -> float:
        """Area of the plots that could be assessed."""
        return sum(
            finding.plot.area_ha or 0.0
            for finding in self.plots
            if finding.verdict is not ChangeVerdict.NOT_ASSESSABLE
        )

    @property
    def without_area(self) -> int:
        """How many plots have no area."""
        return sum(not finding.plot.area_ha for finding in self.plots)

    def by_rate(self) -> list[Finding]:
        """Return the plots from the highest rate to the lowest, then the others."""
        return sorted(
            self.plots, key=lambda each: (each.rate is None, -(each.rate or 0.0))
        )


def find(report: ReportPage) -> Findings:
    """Choose the change of each plot; a plot that only rows name is not lost."""
    plots = {plot.code: plot for plot in report.plots}
    for row in (*report.stocks, *report.changes, *report.trends):
        plots.setdefault(text(row, "plot"), PlotFacts(code=text(row, "plot")))
    changes = defaultdict(list)
    for row in report.changes:
        changes[text(row, "plot")].append(row)
    return Findings(
        tuple(
            Finding(plots[code], tuple(changes[code]), main_change(changes[code]))
            for code in sorted(plots, key=natural)
        )
    )


def main_change(changes: Iterable[Row]) -> Row | None:
    """Choose the longest change up to the last campaign that can be assessed.

    Where none can, the longest of the present laboratory method; the page says so.
    """
    rows = [*changes]
    last = max((text(row, "to_date") for row in rows), default="")
    return max((r for r in rows if text(r, "to_date") == last), key=_rank, default=None)


def verdict_of(row: Row) -> ChangeVerdict:
    """Return the verdict of a change against 4 permille a year."""
    try:
        return ChangeVerdict(text(row, "verdict_4permille"))
    except ValueError:
        return ChangeVerdict.NOT_ASSESSABLE


def provisional(row: Row) -> int:
    """Count the contested and quarantined records below a row."""
    given = row.get("provisional")
    if isinstance(given, Mapping):
        return sum(count for count in given.values() if isinstance(count, int))
    return 1 if given is True else 0


def _rank(row: Row) -> tuple[bool, bool, bool, float]:
    return (
        verdict_of(row) is not ChangeVerdict.NOT_ASSESSABLE,
        Reason.METHOD_CHANGED not in codes(row),
        number(row, "rate_permille_year") is not None,
        number(row, "years") or 0.0,
    )
