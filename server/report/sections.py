"""The sections of the page, in the order of reading."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from server.report.colours import LINE_PERMILLE, MARKS
from server.report.drawing import Picture
from server.report.findings import RULE, Finding, Findings, provisional
from server.report.forest import MOST_CHANGES, draw_forest, lines_of
from server.report.markup import Html, facts, joined, tag
from server.report.model import ReportPage, Row
from server.report.plot_map import draw_map
from server.report.series import MOST_PANELS, chosen, draw_series, frame_of
from server.report.values import (
    codes,
    counted,
    ends,
    fixed,
    interval,
    listed,
    number,
    plain,
    text,
)
from server.report.visits import PlotVisit, Series, group_series, plot_series
from server.stocks.change import ChangeVerdict

#: So many plots have a sentence each at the top; more are counted.
MOST_SENTENCES: Final = 6
# Fewer panels than this are drawn larger.
_FEW_PANELS: Final = 3
LINE: Final = (
    f"{LINE_PERMILLE:g} permille a year is the reference of the 4 per 1000 Initiative: a"
    " line to compare with, not a pass mark."
)
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


def heading(report: ReportPage, findings: Findings) -> Iterator[Html]:
    """Return what the page is about, and the result."""
    project = report.project
    yield tag("h1", project.title or project.code)
    under = [f"Project {project.code}", project.organisation or ""]
    under += [f"soil organic carbon, 0 to {project.depth_cm:g} cm"]
    yield tag("p", " · ".join(filter(None, under)), class_="under")
    yield from _result(findings)
    yield tag("p", LINE)
    yield from _warning(report)
    yield facts(_coverage(findings, report))


def _result(findings: Findings) -> Iterator[Html]:
    plots = findings.plots
    if not plots:
        yield tag("p", "This project has no plots yet.", class_="result")
        return
    if len(plots) == 1:
        yield tag("p", _sentence(plots[0]), class_="result")
        return
    if len(plots) <= MOST_SENTENCES:
        yield tag(
            "ul", joined(tag("li", _sentence(each)) for each in plots), class_="result"
        )
        return
    (first, count), *others = [pair for pair in findings.counts.items() if pair[1]]
    some = [f"{count} {'is' if count == 1 else 'are'} {_WORDS[first]}"]
    some += [f"{count} {_AFTERWARDS[verdict]}" for verdict, count in others]
    yield tag("p", f"Of {len(plots)} plots, {listed(some)}.", class_="result")
    yield tag("ul", joined(_tiles(findings)), class_="tiles")


def _tiles(findings: Findings) -> Iterator[Html]:
    for verdict, count in findings.counts.items():
        mark = MARKS[verdict]
        number_of = tag("b", f"{mark.glyph} {count}", style=f"color:{mark.colour}")
        yield tag(
            "li", number_of, verdict.value, style=f"border-left-color:{mark.colour}"
        )


def _sentence(finding: Finding) -> Html:
    plot, row = finding.plot, finding.change
    name = f"{plot.code} ({plot.name})" if plot.name else plot.code
    if row is None:
        return joined([tag("b", name), ": no two campaigns to compare yet."], "")
    span = f", {text(row, 'from_campaign')} to {text(row, 'to_campaign')}: "
    return joined([tag("b", name), span, _said(row, finding.verdict)], "")


def _said(row: Row, verdict: ChangeVerdict) -> str:
    rate = number(row, "rate_permille_year")
    words = _WORDS[verdict]
    against_zero = text(row, "verdict_zero")
    if verdict is ChangeVerdict.NOT_ASSESSABLE:
        words += f" ({', '.join(codes(row))})" if codes(row) else ""
    elif against_zero:
        words += f"; against zero: {against_zero}"
    if rate is None:
        return f"{words}."
    limits = ends(row, "rate_ci95_permille_year")
    shown = interval(limits, 1, text(row, "rate_ci95_shape"))
    within = f" (95 % interval {shown})" if limits else ""
    return f"{fixed(rate, 1)} permille a year{within}, {words}."


def _warning(report: ReportPage) -> Iterator[Html]:
    custody = report.custody
    rows = max(custody.provisional, sum(map(bool, map(provisional, report.changes))))
    if not (custody.conflicts or custody.quarantined or rows):
        return
    said = []
    if custody.conflicts:
        said.append(f"{counted(custody.conflicts, 'conflict')} not decided")
    if custody.quarantined:
        said.append(f"{counted(custody.quarantined, 'record')} in quarantine")
    rest = "rests" if rows == 1 else "rest"
    below = f" {counted(rows, 'result')} {rest} on such records." if rows else ""
    words = f" {listed(said).capitalize()}." if said else ""
    yield tag(
        "p",
        tag("b", "Provisional."),
        f"{words}{below} The numbers may move when these are settled.",
        class_="warning",
        role="note",
    )


def _coverage(findings: Findings, report: ReportPage) -> Iterator[tuple[str, str]]:
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
    yield "Samples", str(sum(each.plot.samples for each in plots))
    yield "Method", plain(report.project.method_profile)
    yield "Written", report.generated_at


def _drawn(report: ReportPage) -> Iterator[tuple[str, str]]:
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


def map_section(findings: Findings) -> Iterator[Html]:
    """Show where the plots are."""
    yield tag("h2", "Map")
    picture = draw_map(findings)
    if picture is None:
        yield tag(
            "p",
            "No plot has a boundary, so there is no map."
            " Draw boundaries, or import them, to see the plots here.",
        )
        return
    without = [each.plot.code for each in findings.plots if not each.plot.geometry]
    beside = f" Without a boundary: {', '.join(without)}." if without else ""
    yield figure(
        picture,
        "Longitudes are shortened by the cosine of the middle latitude, so that areas and"
        " distances are near to true in one region; north is up."
        f" Very small plots are drawn as dots. {picture.summary}{beside}",
        kind="map",
    )


def series_section(
    report: ReportPage, findings: Findings, found: Sequence[PlotVisit]
) -> Iterator[Html]:
    """Show the stocks in time."""
    yield tag("h2", "Stocks in time")
    curves = plot_series(report, findings, found)
    groups = group_series(report)
    if not curves and not groups:
        yield tag("p", "No stock with a date yet, so there is nothing to draw.")
        return
    some = chosen(findings, curves)
    frame = frame_of([*some, *groups])
    yield tag("p", _how_to_read(some, even=frame.span_t_ha is not None), class_="lead")
    if len(some) < len(curves):
        half = MOST_PANELS // 2
        yield tag(
            "p",
            f"{len(some)} of {len(curves)} plots are drawn: the {half} with the highest"
            f" rates, then the {half} with the lowest. The table has all of them.",
            class_="lead",
        )
    if groups:
        yield tag("h3", "Farms and strata")
        yield panels(draw_series(c, frame, f"group{n}") for n, c in enumerate(groups))
        yield tag("h3", "Plots")
    yield panels(draw_series(c, frame, f"plot{n}") for n, c in enumerate(some))


def _how_to_read(curves: Iterable[Series], *, even: bool) -> str:
    drawn = [*curves]
    measures = dict.fromkeys(plain(curve.measure) for curve in drawn if curve.measure)
    kinds = f" ({listed(measures)})" if measures else ""
    first = (
        f"Mean stock{kinds} with its 95 % interval. Small dots are points; a hollow mark"
        " has no interval."
    )
    said = [first]
    if any(curve.breaks for curve in drawn):
        said.append(
            "A dotted upright line and a gap: the laboratory method changed there, and"
            " stocks on either side are not comparable."
        )
    if any(curve.trend for curve in drawn):
        said.append("A dashed line is the fitted trend, where it is straight.")
    said.append(
        "All panels have the same years and the same height in t/ha."
        if even
        else "All panels have the same years; the height in t/ha is each panel's own."
    )
    said.append(
        "Judge changes by the next section: where points were revisited, intervals may"
        " overlap although the change is clear."
    )
    return " ".join(said)


def forest_section(report: ReportPage, findings: Findings) -> Iterator[Html]:
    """Show the changes against zero and 4 permille."""
    yield tag("h2", "Changes against zero and 4 permille a year")
    lines = lines_of(findings, report.aggregates)
    if not lines:
        yield tag("p", "No plot has two campaigns yet, so there is no change to show.")
        return
    everything = len(report.changes) <= MOST_CHANGES
    which = (
        "Every change is drawn; bold is the one that a plot is judged by."
        if everything
        else "One change of each plot is drawn, from the highest rate to the lowest."
    )
    yield tag("p", which, " ", RULE, class_="lead")
    yield tag("p", _legend(areas=bool(report.aggregates)), class_="note lead")
    for picture in draw_forest(lines):
        yield figure(picture)


def _legend(*, areas: bool) -> Html:
    parts = [
        joined(
            [
                tag("span", mark.glyph, style=f"color:{mark.colour}"),
                f"{verdict.value},",
            ],
            " ",
        )
        for verdict, mark in MARKS.items()
    ]
    if areas:
        parts.append(tag("span", "\u25c6 area,"))
    parts.append(
        tag(
            "span",
            "all against the dashed line of 4 permille. An arrow: the interval goes on"
            " beyond the picture, or has no end there.",
        )
    )
    return joined(parts, " ")


def figure(picture: Picture, caption: str = "", kind: str = "wide") -> Html:
    """Put a picture on the page."""
    below = [tag("figcaption", caption)] if caption else []
    return tag("figure", picture.svg, *below, class_=kind)


def panels(pictures: Iterable[Picture]) -> Html:
    """Put small pictures side by side, each under its name."""
    drawn = [
        tag(
            "figure",
            tag("figcaption", picture.title.partition(": ")[2]),
            picture.svg,
        )
        for picture in pictures
    ]
    kind = "panels few" if len(drawn) < _FEW_PANELS else "panels"
    return tag("div", joined(drawn), class_=kind)
