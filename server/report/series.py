"""Stocks in time: one small picture for each plot, all with the same days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import ceil
from statistics import median
from typing import Final, TypeVar

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from server.report.colours import FAINT, GRID, INK, REFERENCE
from server.report.drawing import Picture, axes_in, canvas, finish
from server.report.findings import Findings
from server.report.values import counted, day, fixed, interval, number
from server.report.visits import MeanMark, Series
from server.stocks.comparison import DAYS_PER_YEAR

T = TypeVar("T")

MOST_PANELS: Final = 24
_WIDTH_IN: Final = 3.1
_HEIGHT_IN: Final = 2.0
_LEFT_IN: Final = 0.45
_BOTTOM_IN: Final = 0.3
# Above the axes: counts of points beside each other, or upright where they are close.
_TOP_IN: Final = 0.2
_TOP_UPRIGHT_IN: Final = 0.55
_COUNT_IN: Final = 0.55
_UPRIGHT_IN: Final = 0.1
_COUNT_POINTS: Final = 6.5
_WIDE_IN: Final = _WIDTH_IN - _LEFT_IN - 0.12
# One plot with a far wider spread than the others would flatten all of them.
_WIDEST_OF_MEDIAN: Final = 3.0
# More dots than this are a blot and a large file.
_MOST_DOTS: Final = 400
# Dots stand beside the interval of their mean, not below it.
_ASIDE: Final = 0.02
_LEAST_YEARS: Final = 1.0
_LABELLED_BY_YEAR: Final = 3.0
_STEPS: Final = [1, 2, 5, 10]
_CURVE: Final = "#1b6e56"


@dataclass(frozen=True, slots=True)
class Frame:
    """What all panels share: the years, and the height of the picture in t/ha."""

    years: tuple[float, float]
    span_t_ha: float | None


def chosen(findings: Findings, curves: Mapping[str, T]) -> list[T]:
    """Return what to draw of plots: all, or those of the highest and the lowest rates."""
    if len(curves) <= MOST_PANELS:
        return [*curves.values()]
    order = [curves[f.plot.code] for f in findings.by_rate() if f.plot.code in curves]
    half = MOST_PANELS // 2
    rated = sum(f.rate is not None and f.plot.code in curves for f in findings.plots)
    end = max(rated, MOST_PANELS)
    return [*order[:half], *order[end - half : end]]


def frame_of(curves: Sequence[Series]) -> Frame:
    """Choose the years and the height that make all panels comparable."""
    years = [decimal_year(mark.day) for curve in curves for mark in curve.marks]
    low, high = min(years), max(years)
    margin = max(0.06 * (high - low), (_LEAST_YEARS - (high - low)) / 2.0)
    spans = [top - bottom for bottom, top in map(_extent, curves)]
    widest = max(spans)
    even = widest <= _WIDEST_OF_MEDIAN * median(spans)
    return Frame((low - margin, high + margin), widest * 1.1 if even else None)


def draw_series(curve: Series, frame: Frame, key: str) -> Picture:
    """Draw one curve: dots of the points, means with their intervals."""
    closest = _closest_in(curve, frame)
    top = _TOP_IN if closest >= _COUNT_IN else _TOP_UPRIGHT_IN
    with canvas(_WIDTH_IN, _HEIGHT_IN + top) as figure:
        axes = axes_in(figure, _LEFT_IN, _BOTTOM_IN, _WIDE_IN, _HEIGHT_IN - _BOTTOM_IN)
        _set_axes(axes, curve, frame)
        _draw_counts(axes, curve, closest)
        _draw_dots(axes, curve)
        _draw_trend(axes, curve)
        _draw_curve(axes, curve)
        _draw_breaks(axes, curve)
        return finish(
            figure,
            key=key,
            title=f"SOC stock in time: {curve.title}",
            summary=_summary(curve),
        )


def decimal_year(when: date) -> float:
    """Return a day as a year with its fraction.

    >>> decimal_year(date(2001, 1, 1)), round(decimal_year(date(2000, 7, 2)), 3)
    (2001.0, 2000.5)
    """
    start = date(when.year, 1, 1)
    length = 366 if _leap(when.year) else 365
    return when.year + (when - start).days / length


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _summary(curve: Series) -> str:
    first, last = curve.marks[0], curve.marks[-1]
    said = [f"{counted(len(curve.marks), 'campaign')}.", _said(first)]
    if last is not first:
        said.append(_said(last))
    if curve.breaks:
        said.append(
            f"New laboratory method: {', '.join(map(str, sorted(curve.breaks)))}."
        )
    return " ".join(said)


def _said(mark: MeanMark) -> str:
    limits = f", 95 % interval {interval(mark.ci95, 1)}" if mark.ci95 else ""
    n = f", {mark.n}" if mark.n else ""
    return f"{mark.day}: {fixed(mark.mean, 1)} t/ha{limits}{n}."


def _extent(curve: Series) -> tuple[float, float]:
    """Return the lowest and highest stock to show; never less than a tenth of the mean."""
    values = [
        value
        for mark in curve.marks
        for value in (mark.mean, *(mark.ci95 or ()), *mark.values)
        if value is not None
    ]
    low, high = min(values, default=0.0), max(values, default=0.0)
    middle, least = (low + high) / 2.0, 0.1 * max(abs(high), 1.0)
    half = max(high - low, least) / 2.0
    return middle - half, middle + half


def _set_axes(axes: Axes, curve: Series, frame: Frame) -> None:
    low, high = _extent(curve)
    span = frame.span_t_ha or 1.1 * (high - low)
    middle = (low + high) / 2.0
    bottom, top = middle - span / 2.0, middle + span / 2.0
    if bottom < 0.0 <= low:
        bottom, top = 0.0, span
    axes.set(xlim=frame.years, ylim=(bottom, top))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=_STEPS))
    axes.grid(axis="y", color=GRID, lw=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=2.5, pad=2)
    ticks, labels = year_ticks(*frame.years)
    axes.set_xticks(ticks, labels)
    axes.text(-0.05, 1.02, "t/ha", transform=axes.transAxes, color=INK, ha="right")


def year_ticks(low: float, high: float) -> tuple[list[float], list[str]]:
    """Choose the ticks of the time axis: years, or months where years are too coarse.

    >>> year_ticks(2019.8, 2021.2)
    ([2020.0, 2020.5, 2021.0], ['2020', '2020-07', '2021'])
    """
    if high - low >= _LABELLED_BY_YEAR:
        years = MaxNLocator(6, integer=True, steps=_STEPS).tick_values(low, high)
        ticks = [float(year) for year in years if low <= year <= high]
        return ticks, [f"{tick:.0f}" for tick in ticks]
    halves = range(ceil(2 * low), int(2 * high) + 1)
    ticks = [half / 2.0 for half in halves]
    return ticks, [f"{half // 2}-07" if half % 2 else f"{half // 2}" for half in halves]


def _closest_in(curve: Series, frame: Frame) -> float:
    """Return how near to each other the marks of a curve stand, inches."""
    years = [decimal_year(mark.day) for mark in curve.marks]
    inch = _WIDE_IN / (frame.years[1] - frame.years[0])
    return min((inch * (b - a) for a, b in pairwise(years)), default=_WIDE_IN)


def _draw_counts(axes: Axes, curve: Series, closest_in: float) -> None:
    """Write above each mark how many points it is the mean of, upright where close."""
    beside = closest_in >= _COUNT_IN
    low, high = axes.get_xlim()
    inches = [
        _WIDE_IN * (decimal_year(mark.day) - low) / (high - low) for mark in curve.marks
    ]
    places = inches if beside else parted(inches, _UPRIGHT_IN, _WIDE_IN)
    for mark, place in zip(curve.marks, places, strict=True):
        axes.text(
            place / _WIDE_IN,
            1.03,
            mark.n,
            transform=axes.transAxes,
            rotation=0 if beside else 90,
            ha="center",
            va="bottom",
            fontsize=_COUNT_POINTS,
        )


def parted(places: Sequence[float], gap: float, end: float) -> list[float]:
    """Move places apart where they are closer than a gap; narrower if there is no room.

    >>> parted([0.0, 1.0, 1.5, 9.9], 1.0, 10.0)
    [0.0, 1.0, 2.0, 9.9]
    >>> parted([8.0, 9.5, 10.0], 1.0, 10.0)
    [8.0, 9.0, 10.0]
    """
    gap = min(gap, end / max(len(places), 1))
    moved = [*places]
    for one in range(1, len(moved)):
        moved[one] = max(moved[one], moved[one - 1] + gap)
    edge = end
    for one in reversed(range(len(moved))):
        moved[one] = min(moved[one], edge)
        edge = moved[one] - gap
    return moved


def _draw_dots(axes: Axes, curve: Series) -> None:
    dots = [(decimal_year(m.day), v) for m in curve.marks for v in m.values]
    if 1 < len(dots) <= _MOST_DOTS:
        years, values = zip(*dots, strict=True)
        low, high = axes.get_xlim()
        aside = [year + _ASIDE * (high - low) for year in years]
        axes.plot(aside, values, "o", ms=2.2, mfc=FAINT, mec="none", alpha=0.7)


def _draw_curve(axes: Axes, curve: Series) -> None:
    for early, late in pairwise(curve.marks):
        if late.day not in curve.breaks:
            axes.plot(
                [decimal_year(early.day), decimal_year(late.day)],
                [early.mean, late.mean],
                color=_CURVE,
                lw=1.2,
            )
    for mark in curve.marks:
        year = decimal_year(mark.day)
        if mark.ci95 and None not in mark.ci95:
            axes.errorbar(
                year,
                mark.mean,
                yerr=[[mark.mean - _end(mark, 0)], [_end(mark, 1) - mark.mean]],
                color=_CURVE,
                lw=0.9,
                capsize=2.2,
            )
        fill = _CURVE if mark.ci95 else "#ffffff"
        axes.plot(year, mark.mean, "o", ms=4.2, mfc=fill, mec=_CURVE, mew=1.0)


def _end(mark: MeanMark, which: int) -> float:
    value = mark.ci95[which] if mark.ci95 else None
    return mark.mean if value is None else value


def _draw_breaks(axes: Axes, curve: Series) -> None:
    """Stand a line between the campaigns that two laboratory methods part."""
    for early, late in pairwise(curve.marks):
        if late.day in curve.breaks:
            middle = early.day + timedelta(days=(late.day - early.day).days // 2)
            axes.axvline(decimal_year(middle), color=REFERENCE, lw=0.9, ls=(0, (2, 2)))


def _draw_trend(axes: Axes, curve: Series) -> None:
    """Draw the fitted line, unless the series bends or two methods made it."""
    trend = curve.trend
    if trend is None or trend.get("curved") or curve.breaks:
        return
    slope, first = number(trend, "slope_t_ha_year"), number(trend, "fitted_first_t_ha")
    if slope is None or first is None or len(curve.marks) < 3:
        return
    start, end = curve.marks[0].day, curve.marks[-1].day
    start = day(trend.get("from_date")) or start
    rise = slope * (end - start).days / DAYS_PER_YEAR
    axes.plot(
        [decimal_year(start), decimal_year(end)],
        [first, first + rise],
        color=INK,
        lw=0.8,
        ls=(0, (5, 2)),
    )
