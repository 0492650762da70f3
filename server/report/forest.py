"""Changes against zero and 4 permille a year: one line each, with its interval."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from server.report.colours import DIM, FAINT, GRID, INK, LINE_PERMILLE, MARKS, REFERENCE
from server.report.drawing import Picture, axes_in, canvas, finish
from server.report.findings import Finding, Findings, verdict_of
from server.report.model import Row
from server.report.values import (
    Ends,
    counted,
    ends,
    fixed,
    interval,
    number,
    one_line,
    text,
)
from server.stocks.rate_interval import IntervalShape
from server.stocks.verdicts import ChangeVerdict

#: With so many changes at most, every change is drawn; else one of each plot.
MOST_CHANGES: Final = 40
# A figure of so many lines fits on one printed page below its heading.
_LINES_PER_FIGURE: Final = 32
_WIDTH_IN: Final = 6.4
_LEFT_IN: Final = 1.75
_RIGHT_IN: Final = 1.75
_LINE_IN: Final = 0.19
_TOP_IN: Final = 0.42
_BOTTOM_IN: Final = 0.42
# Of all ends of intervals, as many are shown in full; the others become arrows.
_SHOWN_IN_FULL: Final = 0.95
_STRETCHED: Final = 1.6
# And of all rates; two plots gone astray do not flatten a hundred.
_RATES_SHOWN: Final = 0.97
_LEAST_PERMILLE: Final = 6.0
# On a longer axis the heads of the two lines would run into each other.
_CLOSE_PERMILLE: Final = 30.0
_LONGEST_NAME: Final = 17
_NAME_POINTS: Final = 74.0  # room for the name, before the campaigns


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the picture."""

    name: str
    span: str
    rate: float | None
    ci95: Ends | None
    shape: str
    verdict: ChangeVerdict
    main: bool = False
    area: bool = False

    @property
    def figures(self) -> str:
        """The same in numbers."""
        if self.rate is None:
            return "no rate"
        limits = interval(self.ci95, 1, self.shape)
        return f"{fixed(self.rate, 1)} ({limits if self.ci95 else 'no interval'})"


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


def draw_forest(lines: Sequence[Line]) -> Iterator[Picture]:
    """Draw the lines, so many to a figure, all on one scale."""
    limits = limits_of(lines)
    starts = range(0, len(lines), _LINES_PER_FIGURE)
    for page, start in enumerate(starts, 1):
        some = lines[start : start + _LINES_PER_FIGURE]
        title = "Rates of stock change against 4 permille a year"
        if len(starts) > 1:
            title += f", part {page} of {len(starts)}"
        with canvas(_WIDTH_IN, _TOP_IN + _BOTTOM_IN + _LINE_IN * len(some)) as figure:
            _draw(figure, some, limits)
            yield finish(
                figure, key=f"forest{page}", title=title, summary=_summary(some)
            )


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


def _summary(lines: Iterable[Line]) -> str:
    said = [f"{counted(len([*lines]), 'line')}, from top to bottom."]
    for line in lines:
        name = f"{line.name}, {line.span}" if line.span else line.name
        said.append(f"{name}: {line.figures}, {line.verdict.value}.")
    return " ".join(said)


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
        main=main,
    )


def _area_line(row: Row) -> Line:
    return Line(
        name=f"{text(row, 'level')} {text(row, 'name')}".strip(),
        span="",
        rate=number(row, "rate_permille_year"),
        ci95=ends(row, "rate_ci95_permille_year"),
        shape=text(row, "rate_ci95_shape"),
        verdict=verdict_of(row),
        area=True,
    )


def _draw(figure: Figure, lines: Sequence[Line], limits: tuple[float, float]) -> None:
    height = _LINE_IN * len(lines)
    wide = _WIDTH_IN - _LEFT_IN - _RIGHT_IN
    axes = axes_in(figure, _LEFT_IN, _BOTTOM_IN, wide, height)
    axes.set(xlim=limits, ylim=(len(lines) - 0.5, -0.5), yticks=())
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.tick_params(length=2.5, pad=2)
    axes.grid(axis="x", color=GRID, lw=0.5)
    axes.set_axisbelow(True)
    axes.set_xlabel("permille of the baseline stock a year")
    axes.axvline(0.0, color=INK, lw=0.9)
    axes.axvline(LINE_PERMILLE, color=REFERENCE, lw=1.1, ls=(0, (4, 2)))
    _draw_heads(axes, limits)
    previous = ""
    for place, line in enumerate(lines):
        _draw_texts(axes, place, line, repeated=line.name == previous)
        _draw_line(axes, place, line, limits)
        previous = line.name


def _draw_heads(axes: Axes, limits: tuple[float, float]) -> None:
    across = limits[1] - limits[0]
    close = across > _CLOSE_PERMILLE
    for x, head, colour, side in (
        (0.0, "0", INK, "right" if close else "center"),
        (LINE_PERMILLE, "4 permille", REFERENCE, "left" if close else "center"),
    ):
        axes.annotate(
            head,
            (x, 1.0),
            (0.0, 3.0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=side,
            va="bottom",
            color=colour,
        )
    axes.annotate(
        "rate (95 % interval)",
        (1.0, 1.0),
        (8.0, 3.0),
        xycoords="axes fraction",
        textcoords="offset points",
        va="bottom",
    )


def _draw_texts(axes: Axes, place: int, line: Line, *, repeated: bool) -> None:
    name = line.name if line.area else shortened(line.name)
    left = -_LEFT_IN * 72.0
    for words, side, start in (
        ("" if repeated else name, 0.0, left),
        (line.span, 0.0, left + _NAME_POINTS),
        (line.figures, 1.0, 8.0),
    ):
        axes.annotate(
            one_line(words),
            (side, place),
            (start, 0.0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center_baseline",
            weight="bold" if line.main or line.area else "normal",
            color=DIM if line.verdict is ChangeVerdict.NOT_ASSESSABLE else INK,
        )


def _draw_line(axes: Axes, place: int, line: Line, limits: tuple[float, float]) -> None:
    if line.rate is None:
        return
    mark = MARKS[line.verdict]
    if line.ci95 is not None:
        given = (None, None) if line.shape == IntervalShape.DISJOINT else line.ci95
        _draw_interval(axes, place, given, limits, mark.colour)
    if not limits[0] <= line.rate <= limits[1]:
        edge, arrow = (limits[0], "<") if line.rate < 0.0 else (limits[1], ">")
        axes.plot(edge, place, arrow, ms=4.5, color=mark.colour, clip_on=False)
        return
    axes.plot(
        line.rate,
        place,
        "D" if line.area else mark.shape,
        ms=6.0 if line.main or line.area else 5.0,
        mfc=mark.fill,
        mec=mark.colour if mark.fill != "#ffffff" else FAINT,
        mew=1.0,
        clip_on=False,
    )


def _draw_interval(
    axes: Axes, place: int, given: Ends, limits: tuple[float, float], colour: str
) -> None:
    """Draw a bar; an end that is not on the axis becomes an arrow."""
    low, high = (
        edge if end is None else min(max(end, limits[0]), limits[1])
        for end, edge in zip(given, limits, strict=True)
    )
    axes.plot((low, high), (place, place), color=colour, lw=1.2)
    for end, edge, arrow in zip(given, limits, "<>", strict=True):
        if end is not None and limits[0] <= end <= limits[1]:
            axes.plot(end, place, "|", ms=4.5, color=colour)
        else:
            axes.plot(edge, place, arrow, ms=4.5, color=colour, clip_on=False)


def shortened(name: str) -> str:
    """Cut a long name.

    >>> shortened("a very long name of a plot")
    'a very long name…'
    """
    name = one_line(name)
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "\u2026"
