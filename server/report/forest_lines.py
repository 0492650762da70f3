"""What each line of the picture of changes says, and which part of the axis they need."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from server.report.bars import Bar, Limits, Outside, bar_of
from server.report.colours import LINE_PERMILLE
from server.report.findings import Finding, Findings, verdict_of
from server.report.model import Row
from server.report.values import (
    Ends,
    ends,
    fixed,
    interval,
    n_of_plots,
    n_of_points,
    number,
    plain,
    text,
)
from server.stocks.verdicts import ChangeVerdict

#: With so many changes at most, every change is drawn; else one of each plot.
MOST_CHANGES: Final = 40
# Of all ends of intervals, as many are shown in full; the others become arrows.
_SHOWN_IN_FULL: Final = 0.95
_STRETCHED: Final = 1.6
# And of all rates; two plots gone astray do not flatten a hundred.
_RATES_SHOWN: Final = 0.97
_LEAST_PERMILLE: Final = 6.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the picture."""

    name: str
    span: str
    rate: float | None
    ci95: Ends | None
    shape: str
    verdict: ChangeVerdict
    n: str = ""
    main: bool = False
    area: bool = False
    withheld: bool = False

    @property
    def figures(self) -> str:
        """The same in numbers, and how many points or plots they rest on."""
        said = ["no rate"]
        if self.rate is not None:
            limits = interval(self.ci95, 1, self.shape)
            said = [f"{fixed(self.rate, 1)} ({limits if self.ci95 else 'no interval'})"]
        said += [self.n] if self.n else []
        if self.rate is not None and self.verdict is ChangeVerdict.NOT_ASSESSABLE:
            said += ["verdict withheld" if self.withheld else "no verdict"]
        return ", ".join(said)

    def bar(self, limits: Limits) -> Bar | None:
        """Return what of the interval is in the picture; None where there is no interval."""
        if self.rate is None or self.ci95 is None:
            return None
        return bar_of(self.ci95, limits, self.shape)

    def outside(self, limits: Limits) -> Outside | None:
        """Return where the whole line lies, if none of it is in the picture."""
        bar = self.bar(limits)
        if bar is not None or self.rate is None:
            return bar and bar.outside
        return bar_of((self.rate, self.rate), limits).outside


def lines_of(findings: Findings, aggregates: Sequence[Row]) -> list[Line]:
    """Choose the lines: areas first, then every change, or one of each plot."""
    areas = [_area_line(row) for row in aggregates]
    if sum(len(each.changes) for each in findings.plots) <= MOST_CHANGES:
        return areas + [line for each in findings.plots for line in _all_lines(each)]
    return areas + [
        _line(each.change, main=False)
        for each in findings.by_rate()
        if each.change is not None
    ]


def limits_of(lines: Sequence[Line]) -> tuple[float, float]:
    """Choose the ends of the axis, so that a few wide intervals hide no others."""
    rates = [line.rate for line in lines if line.rate is not None]
    ends = [end for line in lines for end in line.ci95 or () if end is not None]
    reach = [abs(end) for end in ends]
    far = _quantile([abs(rate) for rate in rates], _RATES_SHOWN)
    usual = max(_quantile(reach, _SHOWN_IN_FULL), _LEAST_PERMILLE, far)
    longest = max(reach, default=usual)
    most = 1.08 * (longest if longest <= _STRETCHED * usual else usual)
    every = [*rates, *ends]
    low = max(min([0.0, *every]) * 1.08, -most)
    high = min(max([LINE_PERMILLE, *every]) * 1.08, most)
    return min(low, -0.08 * high - 1.0), max(high, LINE_PERMILLE + 2.0)


def _quantile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1))] if ordered else 0.0


def _all_lines(finding: Finding) -> Iterator[Line]:
    several = len(finding.changes) > 1
    for row in finding.changes:
        yield _line(row, main=several and row is finding.change)


def _line(row: Row, *, main: bool) -> Line:
    return Line(
        name=text(row, "plot"),
        span=f"{text(row, 'from_campaign')} - {text(row, 'to_campaign')}",
        rate=number(row, "rate_permille_year"),
        ci95=ends(row, "rate_ci95_permille_year"),
        shape=text(row, "rate_ci95_shape"),
        verdict=verdict_of(row),
        n=n_of_points(row),
        main=main,
        withheld=row.get("withheld") is True,
    )


def _area_line(row: Row) -> Line:
    return Line(
        name=f"{plain(row.get('level'))} {text(row, 'name') or 'not recorded'}",
        span="",
        rate=number(row, "rate_permille_year"),
        ci95=ends(row, "rate_ci95_permille_year"),
        shape=text(row, "rate_ci95_shape"),
        verdict=verdict_of(row),
        n=n_of_plots(row),
        area=True,
    )
