"""The sections of the page in the order of reading: what their templates lay out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas.stock_words import notes
from server.report.colours import MARKS, VerdictMark
from server.report.drawing import Picture
from server.report.findings import Finding, Findings, provisional
from server.report.forest import draw_forest
from server.report.forest_lines import MOST_CHANGES, lines_of
from server.report.model import ReportPage, Row
from server.report.plot_map import draw_map
from server.report.series import MOST_PANELS, chosen, draw_series, frame_of
from server.report.soc_depth import depth_frame, depth_plots, draw_depth
from server.report.values import (
    counted,
    ends,
    fixed,
    interval,
    listed,
    n_of_points,
    number,
    plain,
    text,
)
from server.report.visits import PlotVisit, group_series, plot_series
from server.report.words import Reasons, not_assessable
from server.stocks.verdicts import ChangeVerdict

#: So many plots have a sentence each at the top; more are counted.
MOST_SENTENCES: Final = 6
_AFTERWARDS: Final = {
    ChangeVerdict.ABOVE: "above it",
    ChangeVerdict.BELOW: "below it",
    ChangeVerdict.NOT_DISTINGUISHABLE: "not distinguishable from it",
    ChangeVerdict.NOT_ASSESSABLE: "not assessable",
}
_WORDS: Final = {
    ChangeVerdict.ABOVE: "above the 4 permille line",
    ChangeVerdict.BELOW: "below the 4 permille line",
    ChangeVerdict.NOT_DISTINGUISHABLE: "not distinguishable from the 4 permille line",
    ChangeVerdict.NOT_ASSESSABLE: "not assessable against the 4 permille line",
}

#: A name and its value.
Fact = tuple[str, str]


class Sentence(NamedTuple):
    """The result of one plot, and what its figures do not say themselves."""

    plot: str
    words: str
    notes: Sequence[str] = ()


class Tile(NamedTuple):
    """How many plots have one verdict."""

    mark: VerdictMark
    plots: int
    verdict: str


class Panel(NamedTuple):
    """A small picture under its name, and a word of warning about it."""

    name: str
    picture: Picture
    warning: str = ""


@dataclass(frozen=True, slots=True)
class HeadingView:
    """What the page is about, and the result: a sentence for each plot, or tiles."""

    title: str
    under: str
    sentences: Sequence[Sentence]
    counted: str
    tiles: Sequence[Tile]
    warning: str
    coverage: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class MapView:
    """Where the plots are, and the codes of those that the map lacks."""

    picture: Picture
    without_boundary: Sequence[str]


@dataclass(frozen=True, slots=True)
class DepthView:
    """SOC by depth; of `plots` that have layers, those with a panel are in `panels`."""

    panels: Sequence[Panel]
    plots: int
    even: bool
    two: bool


@dataclass(frozen=True, slots=True)
class SeriesView:
    """The stocks in time; of `curves` plots those with a panel are in `plots`."""

    measures: str
    has_breaks: bool
    has_trends: bool
    even: bool
    curves: int
    groups: Sequence[Panel]
    plots: Sequence[Panel]
    each_end: int = MOST_PANELS // 2


@dataclass(frozen=True, slots=True)
class ForestView:
    """The changes against zero and 4 permille; `everything` where each has a line."""

    pictures: Sequence[Picture]
    everything: bool
    areas: bool
    signs: Sequence[tuple[str, VerdictMark]]


def heading(report: ReportPage, findings: Findings) -> HeadingView:
    """Return what the page is about, and the result."""
    project, plots = report.project, findings.plots
    under = [f"Project {project.code}", project.organisation or ""]
    under += [f"soil organic carbon, 0 to {project.depth_cm:g} cm"]
    many = len(plots) > MOST_SENTENCES
    return HeadingView(
        title=project.title or project.code,
        under=" · ".join(filter(None, under)),
        sentences=(
            () if many else [_sentence(finding, report.reasons) for finding in plots]
        ),
        counted=_counted(findings) if many else "",
        tiles=[*_tiles(findings)] if many else (),
        warning=_warning(report),
        coverage=[*_coverage(findings, report)],
    )


def _counted(findings: Findings) -> str:
    (first, count), *others = [pair for pair in findings.counts.items() if pair[1]]
    some = [f"{count} {'is' if count == 1 else 'are'} {_WORDS[first]}"]
    some += [f"{count} {_AFTERWARDS[verdict]}" for verdict, count in others]
    return f"Of {len(findings.plots)} plots, {listed(some)}."


def _tiles(findings: Findings) -> Iterator[Tile]:
    for verdict, count in findings.counts.items():
        yield Tile(MARKS[verdict], count, verdict.value)


def _sentence(finding: Finding, reasons: Reasons) -> Sentence:
    plot, row = finding.plot, finding.change
    name = f"{plot.code} ({plot.name})" if plot.name else plot.code
    if row is None:
        return Sentence(name, ": no two campaigns to compare yet.")
    span = f", {text(row, 'from_campaign')} to {text(row, 'to_campaign')}: "
    return Sentence(name, span + _said(row, finding.verdict, reasons), [*notes(row)])


def _said(row: Row, verdict: ChangeVerdict, reasons: Reasons) -> str:
    rate = number(row, "rate_permille_year")
    words = _WORDS[verdict]
    against_zero = text(row, "verdict_zero")
    if verdict is ChangeVerdict.NOT_ASSESSABLE:
        words = not_assessable(row, words, reasons)
    elif against_zero:
        words += f"; against zero: {against_zero}"
    limits = ends(row, "rate_ci95_permille_year")
    shown = interval(limits, 1, text(row, "rate_ci95_shape"))
    beside = [f"95 % interval {shown}"] if limits else []
    beside += [n_of_points(row)] if n_of_points(row) else []
    if rate is None:
        return f"{words}."
    within = f" ({', '.join(beside)})" if beside else ""
    return f"{fixed(rate, 1)} permille a year{within}, {words}."


def _warning(report: ReportPage) -> str:
    """Say what is not decided yet; empty where everything is."""
    custody = report.custody
    rows = max(custody.provisional, sum(map(bool, map(provisional, report.changes))))
    if not (custody.conflicts or custody.quarantined or rows):
        return ""
    said = []
    if custody.conflicts:
        said.append(f"{counted(custody.conflicts, 'conflict')} not decided")
    if custody.quarantined:
        said.append(f"{counted(custody.quarantined, 'recorded change')} in quarantine")
    rest = "rests" if rows == 1 else "rest"
    below = f" {counted(rows, 'stock change')} {rest} on such records." if rows else ""
    words = f" {listed(said).capitalize()}." if said else ""
    return f"{words}{below} The numbers may move when these are settled."


def _coverage(findings: Findings, report: ReportPage) -> Iterator[Fact]:
    plots = findings.plots
    judged = len(plots) - findings.counts[ChangeVerdict.NOT_ASSESSABLE]
    yield "Plots assessed", f"{judged} of {len(plots)}"
    area = findings.area_ha
    if area:
        share = 100.0 * findings.assessed_ha / area
        digits = 1 if area >= 1 else 3  # research plots are small
        assessed = fixed(findings.assessed_ha, digits)
        yield (
            "Area assessed",
            f"{assessed} of {fixed(area, digits)} ha ({fixed(share, 0)} %)",
        )
    yield from _drawn(report)
    if findings.without_area:
        yield "Without an area", counted(findings.without_area, "plot")
    yield "Points", str(sum(each.plot.points for each in plots))
    yield "Cores", str(sum(each.plot.cores for each in plots))
    yield "Bags", str(sum(each.plot.bags for each in plots))
    yield "Method", plain(report.project.method_profile)
    if report.written_at:
        yield "Written", report.written_at


def _drawn(report: ReportPage) -> Iterator[Fact]:
    """Return that the plots stand for more than themselves, and for how much."""
    total = next((r for r in report.aggregates if text(r, "level") == "project"), {})
    drawn = number(total, "drawn_plots")
    if not drawn:
        return
    stands_for = fixed(number(total, "represented_area_ha"), 1)
    yield "Two-stage sample", f"{counted(int(drawn), 'plot')} drawn out of many"
    area, measured = (
        fixed(number(total, name), 1) for name in ("area_ha", "measured_area_ha")
    )
    yield "Area represented", f"{stands_for} of {area} ha, by {measured} ha measured"


def depth_of(report: ReportPage, findings: Findings) -> DepthView | None:
    """Return SOC by depth; None where no layer has any."""
    found = depth_plots(report, findings)
    if not found:
        return None
    some = chosen(findings, found)
    frame = depth_frame(some)
    return DepthView(
        panels=[
            Panel(
                plot.title,
                draw_depth(plot, frame, f"depth{n}"),
                "other laboratory method, not comparable" if plot.other_method else "",
            )
            for n, plot in enumerate(some)
        ],
        plots=len(found),
        even=None not in {frame.deepest_cm, frame.highest_g_kg},
        two=any(len(plot.curves) > 1 for plot in some),
    )


def map_of(findings: Findings) -> MapView | None:
    """Return where the plots are; None where none has a boundary."""
    picture = draw_map(findings)
    if picture is None:
        return None
    plots = [finding.plot for finding in findings.plots]
    return MapView(picture, [plot.code for plot in plots if not plot.geometry])


def series_of(
    report: ReportPage, findings: Findings, found: Sequence[PlotVisit]
) -> SeriesView | None:
    """Return the stocks in time; None where none has a day."""
    curves = plot_series(report, findings, found)
    groups = group_series(report)
    if not curves and not groups:
        return None
    some = chosen(findings, curves)
    frame = frame_of([*some, *groups])
    return SeriesView(
        measures=listed(dict.fromkeys(plain(c.measure) for c in some if c.measure)),
        has_breaks=any(curve.breaks for curve in (*some, *groups)),
        has_trends=any(curve.trend for curve in some),
        even=frame.span_t_ha is not None,
        curves=len(curves),
        groups=[
            Panel(curve.title, draw_series(curve, frame, f"group{n}"))
            for n, curve in enumerate(groups)
        ],
        plots=[
            Panel(curve.title, draw_series(curve, frame, f"plot{n}"))
            for n, curve in enumerate(some)
        ],
    )


def forest_of(report: ReportPage, findings: Findings) -> ForestView | None:
    """Return the changes against zero and 4 permille; None where there is none."""
    lines = lines_of(findings, report.aggregates)
    if not lines:
        return None
    return ForestView(
        pictures=[*draw_forest(lines)],
        everything=len(report.changes) <= MOST_CHANGES,
        areas=bool(report.aggregates),
        signs=[(verdict.value, mark) for verdict, mark in MARKS.items()],
    )
