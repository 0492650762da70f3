"""Stocks per plot and campaign: mean, spread and interval over the points."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import sqrt
from statistics import fmean, stdev
from typing import Final

from server.report.findings import Finding, Findings
from server.report.model import PlotFacts, ReportPage, Row
from server.report.values import (
    Ends,
    codes,
    counted,
    day,
    ends,
    natural,
    number,
    text,
)
from server.stocks.comparison import JudgedOn
from server.stocks.reasons import Reason
from server.stocks.student_t import critical_t

STOCK_KEYS: Final = {
    JudgedOn.FIXED_DEPTH: "soc_stock_t_ha",
    JudgedOn.EQUIVALENT_MASS: "esm_stock_t_ha",
}


@dataclass(frozen=True, slots=True)
class Spread:
    """Stocks of the points of one campaign, t/ha; None where too few have one."""

    values: tuple[float, ...]
    mean: float | None
    sd: float | None
    se: float | None
    ci95: Ends | None


@dataclass(frozen=True, slots=True)
class PlotVisit:
    """One plot in one campaign."""

    plot: str
    campaign: str
    day: date | None
    rows: tuple[Row, ...]
    spread: dict[JudgedOn, Spread]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return each reason code of the points once."""
        return tuple(dict.fromkeys(code for row in self.rows for code in codes(row)))


@dataclass(frozen=True, slots=True)
class MeanMark:
    """One mean in a picture, its interval, the values below it and how many they are."""

    day: date
    campaign: str
    mean: float
    ci95: Ends | None
    values: tuple[float, ...] = ()
    n: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: its marks in time, and the days between which the method changed."""

    key: str
    title: str
    measure: str
    marks: tuple[MeanMark, ...]
    breaks: tuple[date, ...] = ()
    trend: Row | None = None


def spread_of(values: Iterable[float | None]) -> Spread:
    """Describe the stocks of a campaign; the interval is mean +- t(0.975, n-1) SE.

    >>> spread = spread_of([50.0, 52.0, 54.0, None])
    >>> spread.mean, spread.sd, round(spread.se, 4)
    (52.0, 2.0, 1.1547)
    """
    known = tuple(value for value in values if value is not None)
    if len(known) < 2:
        return Spread(known, known[0] if known else None, None, None, None)
    mean, sd = fmean(known), stdev(known)
    se = sd / sqrt(len(known))
    half = float(critical_t(len(known) - 1)) * se
    return Spread(known, mean, sd, se, (mean - half, mean + half))


def visits(report: ReportPage) -> list[PlotVisit]:
    """Return every plot and campaign that has stocks, in the order of their days."""
    rows = defaultdict(list)
    for row in report.stocks:
        rows[text(row, "plot"), text(row, "campaign")].append(row)
    days = _days(report)
    found = [
        PlotVisit(plot, campaign, days.get((plot, campaign)), tuple(own), _spreads(own))
        for (plot, campaign), own in rows.items()
    ]
    return sorted(
        found,
        key=lambda v: (natural(v.plot), v.day or date.max, natural(v.campaign)),
    )


def plot_series(
    report: ReportPage, findings: Findings, found: Sequence[PlotVisit]
) -> dict[str, Series]:
    """Return the curve of each plot that has a dated stock."""
    own = defaultdict(list)
    for visit in found:
        own[visit.plot].append(visit)
    trends = {text(row, "plot"): row for row in report.trends}
    curves = {}
    for finding in findings.plots:
        code = finding.plot.code
        curve = _curve(finding, own[code], trends.get(code))
        if curve.marks:
            curves[code] = curve
    return curves


def group_series(report: ReportPage) -> list[Series]:
    """Return the curve of each farm, stratum or project that came with stocks."""
    groups = defaultdict(list)
    for row in report.group_stocks:
        mean, on = number(row, "stock_t_ha"), day(row.get("date"))
        if mean is not None and on is not None:
            mark = MeanMark(
                on,
                text(row, "campaign"),
                mean,
                ends(row, "stock_ci95_t_ha"),
                n=_plots(row),
            )
            groups[text(row, "level"), text(row, "name")].append(mark)
    curves = []
    for (level, name), marks in groups.items():
        marks.sort(key=lambda mark: mark.day)
        own = {plot.code for plot in report.plots if is_member(plot, level, name)}
        changes = [row for row in report.changes if text(row, "plot") in own]
        title, breaks = f"{level} {name}".strip(), _breaks(changes, marks)
        curves.append(Series(f"{level} {name}", title, "", tuple(marks), breaks))
    return curves


def is_member(plot: PlotFacts, level: str, name: str) -> bool:
    """Return whether a plot is one of a farm, a stratum or a kind of land use.

    Of what a plot does not say itself, such as its project, every plot is one.
    """
    names = {"farm": plot.farm, "stratum": plot.stratum, "land_use": plot.land_use}
    return level not in names or names[level] == name


def _plots(row: Row) -> str:
    plots = row.get("plots")
    return counted(plots, "plot") if isinstance(plots, int) else ""


def measure_of(finding: Finding, own: Sequence[PlotVisit]) -> JudgedOn:
    """Choose the kind of stock that a plot's curve shows: the one it is judged on."""
    if finding.change is not None and "judged_on" in finding.change:
        return JudgedOn(text(finding.change, "judged_on"))
    massed = any(visit.spread[JudgedOn.EQUIVALENT_MASS].values for visit in own)
    return JudgedOn.EQUIVALENT_MASS if massed else JudgedOn.FIXED_DEPTH


def _curve(finding: Finding, own: Sequence[PlotVisit], trend: Row | None) -> Series:
    measure = measure_of(finding, own)
    marks = []
    for visit in own:
        spread = visit.spread[measure]
        if visit.day is not None and spread.mean is not None:
            mark = MeanMark(
                visit.day,
                visit.campaign,
                spread.mean,
                spread.ci95,
                spread.values,
                f"n {len(spread.values)} of {len(visit.rows)}",
            )
            marks.append(mark)
    plot = finding.plot
    title = f"{plot.code} {plot.name}" if plot.name else plot.code
    breaks = _breaks(finding.changes, marks)
    return Series(plot.code, title, measure.value, tuple(marks), breaks, trend)


def _breaks(changes: Iterable[Row], marks: Sequence[MeanMark]) -> tuple[date, ...]:
    """Return the day of each campaign that came with a new laboratory method.

    One plot of a farm or stratum that has a new method breaks the curve of all.
    """
    plots = defaultdict(list)
    for row in changes:
        plots[text(row, "plot")].append(row)
    return tuple(
        late.day
        for early, late in pairwise(marks)
        if any(_is_parted(own, early.campaign, late.campaign) for own in plots.values())
    )


def _is_parted(changes: Sequence[Row], early: str, late: str) -> bool:
    """Return whether a new laboratory method lies between two campaigns of a plot.

    Where these two were not compared, any campaigns between them tell it.
    """
    days = {
        text(row, f"{end}_campaign"): text(row, f"{end}_date")
        for row in changes
        for end in ("from", "to")
    }
    if early not in days or late not in days:
        return False
    within = [
        row
        for row in changes
        if days[early] <= text(row, "from_date") and text(row, "to_date") <= days[late]
    ]
    direct = [
        row
        for row in within
        if (text(row, "from_campaign"), text(row, "to_campaign")) == (early, late)
    ]
    return any(Reason.METHOD_CHANGED in codes(row) for row in direct or within)


def _spreads(rows: Sequence[Row]) -> dict[JudgedOn, Spread]:
    return {
        measure: spread_of(number(row, key) for row in rows)
        for measure, key in STOCK_KEYS.items()
    }


def _days(report: ReportPage) -> dict[tuple[str, str], date | None]:
    """Return the day of each plot in each campaign, its own where a change tells it."""
    plots = {text(row, "plot") for row in report.stocks}
    days = {
        (plot, campaign.name): day(campaign.date)
        for campaign in report.campaigns
        for plot in plots
    }
    for row in report.changes:
        for end in ("from", "to"):
            key = text(row, "plot"), text(row, f"{end}_campaign")
            days[key] = day(row.get(f"{end}_date")) or days.get(key)
    return days
