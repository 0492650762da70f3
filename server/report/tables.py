"""The tables: every change and every stock, with all that an auditor asks for."""

from collections.abc import Iterable, Sequence
from typing import Final

from server.report.colours import MARKS
from server.report.findings import Findings, provisional, verdict_of
from server.report.markup import Column, Html, breakable, joined, table, tag
from server.report.model import ReportPage, Row
from server.report.values import (
    DASH,
    codes,
    ends,
    fixed,
    interval,
    number,
    p_value,
    plain,
    text,
)
from server.report.visits import PlotVisit
from server.stocks.comparison import JudgedOn

_NUMBER: Final = "number"
_SPAN: Final = (
    Column("plot", "code"),
    Column("from", "nowrap"),
    Column("to", "nowrap"),
)


def verdict_cell(row: Row) -> Html:
    """Write a verdict with its shape and colour."""
    mark, words = MARKS[verdict_of(row)], verdict_of(row).value
    glyph = tag("span", mark.glyph, style=f"color:{mark.colour}", aria_hidden="true")
    return joined([glyph, words], " ")


def change_table(report: ReportPage) -> Html:
    """Write the change of each plot between two campaigns."""
    columns = (
        *_SPAN,
        Column("years", _NUMBER),
        Column("design"),
        Column("n", _NUMBER),
        Column("stocks t/ha", _NUMBER),
        Column("change t/ha", _NUMBER),
        Column("95 % interval", _NUMBER),
        Column("SE", _NUMBER),
        Column("df", _NUMBER),
        Column("p", _NUMBER),
        Column("against zero"),
    )
    return table(
        "Change of the stock between two campaigns",
        columns,
        [
            (
                *_span(row),
                fixed(number(row, "years"), 2),
                plain(row.get("design")),
                f"{_count(row, 'n0')}, {_count(row, 'n1')}",
                f"{_fixed(row, 'stock0_t_ha')}, {_fixed(row, 'stock1_t_ha')}",
                _fixed(row, "change_t_ha"),
                interval(ends(row, "change_ci95_t_ha"), 2),
                fixed(number(row, "se_t_ha"), 3),
                fixed(number(row, "df"), 1),
                p_value(number(row, "p_value")),
                plain(row.get("verdict_zero")),
            )
            for row in report.changes
        ],
    )


def rate_table(report: ReportPage, findings: Findings) -> Html:
    """Write the rate of each change and where it stands against 4 permille."""
    main = {id(finding.change) for finding in findings.plots}
    columns = (
        *_SPAN,
        Column("t/ha a year", _NUMBER),
        Column("95 % interval", _NUMBER),
        Column("t CO2e/ha a year", _NUMBER),
        Column("permille a year", _NUMBER),
        Column("95 % interval", _NUMBER),
        Column("p", _NUMBER),
        Column("against 4 permille"),
        Column("reasons", "codes"),
    )
    return table(
        "Rate of the change against 4 permille a year",
        columns,
        [
            (
                *_span(row, marked=id(row) in main),
                fixed(number(row, "annual_t_ha"), 3),
                interval(ends(row, "annual_ci95_t_ha"), 3),
                _fixed(row, "co2e_t_ha_year"),
                _fixed(row, "rate_permille_year"),
                _rate_interval(row),
                p_value(number(row, "p_vs_4permille")),
                _against(row),
                reason_links(codes(row)),
            )
            for row in report.changes
        ],
    )


def measure_table(report: ReportPage) -> Html | None:
    """Write what each change was judged on, where two kinds of stock exist."""
    rows = [row for row in report.changes if "judged_on" in row]
    if not rows:
        return None
    columns = (
        *_SPAN,
        Column("judged on"),
        Column("reference mass t/ha", _NUMBER),
        Column("change t/ha", _NUMBER),
        Column("fixed-depth change t/ha", _NUMBER),
        Column("95 % interval", _NUMBER),
        Column("depth cm", _NUMBER),
    )
    return table(
        "Equal soil mass beside fixed depth",
        columns,
        [
            (
                *_span(row),
                plain(row.get("judged_on")),
                fixed(number(row, "reference_mass_t_ha"), 0),
                _fixed(row, "change_t_ha"),
                _fixed(row, "fixed_depth_change_t_ha"),
                interval(ends(row, "fixed_depth_change_ci95_t_ha"), 2),
                plain(row.get("depth_cm")),
            )
            for row in rows
        ],
    )


def detection_table(report: ReportPage) -> Html | None:
    """Write what each plot could have shown, and what it would take."""
    rows = [row for row in report.changes if "mdd_t_ha" in row]
    if not rows:
        return None
    columns = (
        *_SPAN,
        Column("detectable t/ha", _NUMBER),
        Column("power", _NUMBER),
        Column("points needed", _NUMBER),
        Column("years needed", _NUMBER),
        Column("why not told"),
    )
    return table(
        "Least change that could be seen, and what would tell 4 permille from zero",
        columns,
        [
            (
                *_span(row),
                _fixed(row, "mdd_t_ha"),
                plain(row.get("mdd_power")),
                _count(row, "points_needed_4permille"),
                fixed(number(row, "years_needed_4permille"), 1),
                text(row, "detectability_reason") or DASH,
            )
            for row in rows
        ],
    )


def stock_table(found: Sequence[PlotVisit]) -> Html:
    """Write the stock of each plot and campaign."""
    massed = any(visit.spread[JudgedOn.EQUIVALENT_MASS].values for visit in found)
    measures = [*JudgedOn] if massed else [JudgedOn.FIXED_DEPTH]
    columns = (
        Column("plot", "code"),
        Column("campaign"),
        Column("mean day", "nowrap"),
        Column("points", _NUMBER),
        *(column for _ in measures for column in _SPREAD),
        Column("reasons", "codes"),
    )
    if massed:
        columns = (*columns[:4], *_headed(measures), columns[-1])
    return table(
        "Stock per plot and campaign",
        columns,
        [
            (
                visit.plot,
                visit.campaign,
                str(visit.day or DASH),
                str(len(visit.rows)),
                *(cell for each in measures for cell in _spread_cells(visit, each)),
                reason_links(visit.reasons),
            )
            for visit in found
        ],
    )


_SPREAD: Final = (
    Column("n", _NUMBER),
    Column("mean t/ha", _NUMBER),
    Column("SD", _NUMBER),
    Column("SE", _NUMBER),
    Column("95 % interval", _NUMBER),
)


def _headed(measures: Iterable[JudgedOn]) -> Iterable[Column]:
    short = {JudgedOn.FIXED_DEPTH: "depth", JudgedOn.EQUIVALENT_MASS: "mass"}
    return (
        Column(f"{short[measure]}: {column.head}", column.kind)
        for measure in measures
        for column in _SPREAD
    )


def _spread_cells(visit: PlotVisit, measure: JudgedOn) -> tuple[str, ...]:
    spread = visit.spread[measure]
    return (
        str(len(spread.values)),
        fixed(spread.mean, 2),
        fixed(spread.sd, 2),
        fixed(spread.se, 2),
        interval(spread.ci95, 2),
    )


def trend_table(report: ReportPage) -> Html | None:
    """Write the trends over three campaigns and more."""
    if not report.trends:
        return None
    columns = (
        *_SPAN,
        Column("campaigns", _NUMBER),
        Column("from what"),
        Column("n", _NUMBER),
        Column("t/ha a year", _NUMBER),
        Column("95 % interval", _NUMBER),
        Column("SE", _NUMBER),
        Column("p", _NUMBER),
        Column("permille a year", _NUMBER),
        Column("shape"),
        Column("reasons", "codes"),
    )
    shapes = {True: "bends: read no verdict off it", False: "straight"}
    return table(
        "Trend over three campaigns or more",
        columns,
        [
            (
                *_span(row),
                plain(row.get("campaigns")),
                plain(row.get("stage")),
                plain(row.get("n")),
                fixed(number(row, "slope_t_ha_year"), 3),
                interval(ends(row, "slope_ci95_t_ha_year"), 3),
                fixed(number(row, "se_t_ha_year"), 3),
                p_value(number(row, "p_value")),
                _fixed(row, "relative_permille_year"),
                shapes.get(
                    row.get("curved") if row.get("curved") in shapes else None, DASH
                ),  # type: ignore[call-overload]
                reason_links(codes(row)),
            )
            for row in report.trends
        ],
    )


def area_table(report: ReportPage) -> Html | None:
    """Write what is known of farms, strata and the project; nothing is filled in."""
    if not report.aggregates:
        return None
    columns = (
        Column("what"),
        Column("name"),
        Column("area ha", _NUMBER),
        Column("measured ha", _NUMBER),
        Column("stands for ha", _NUMBER),
        Column("plots drawn", _NUMBER),
        Column("t/ha a year", _NUMBER),
        Column("95 % interval", _NUMBER),
        Column("permille a year", _NUMBER),
        Column("95 % interval", _NUMBER),
        Column("t CO2e a year", _NUMBER),
        Column("95 % interval", _NUMBER),
        Column("against zero"),
        Column("against 4 permille"),
        Column("reasons", "codes"),
    )
    return table(
        "Farms, strata and the project, weighted by measured area",
        columns,
        [
            (
                plain(row.get("level")),
                text(row, "name"),
                fixed(number(row, "area_ha"), 1),
                fixed(number(row, "measured_area_ha"), 1),
                fixed(number(row, "represented_area_ha"), 1),
                plain(row.get("drawn_plots") or None),
                fixed(number(row, "annual_t_ha"), 3),
                interval(ends(row, "annual_ci95_t_ha"), 3),
                _fixed(row, "rate_permille_year"),
                _rate_interval(row),
                fixed(number(row, "total_co2e_t_year"), 1),
                interval(ends(row, "total_co2e_ci95_t_year"), 1),
                plain(row.get("verdict_zero")),
                verdict_cell(row),
                reason_links(codes(row)),
            )
            for row in report.aggregates
        ],
    )


def plot_table(findings: Findings) -> Html:
    """Write what is known of each plot."""
    columns = (
        Column("plot", "code"),
        Column("name"),
        Column("farm"),
        Column("stratum"),
        Column("land use"),
        Column("area ha", _NUMBER),
        Column("points", _NUMBER),
        Column("samples", _NUMBER),
        Column("boundary"),
    )
    plots = [finding.plot for finding in findings.plots]
    return table(
        "Plots",
        columns,
        [
            (
                plot.code,
                plot.name or DASH,
                plot.farm or DASH,
                plot.stratum or DASH,
                plot.land_use or DASH,
                fixed(plot.area_ha, 2),
                str(plot.points),
                str(plot.samples),
                "drawn" if plot.geometry else DASH,
            )
            for plot in plots
        ],
    )


def reason_links(found: Sequence[str]) -> Html:
    """Write reason codes; each leads to what it means."""
    if not found:
        return tag("span", DASH)
    return joined(
        (tag("a", breakable(code), href=f"#reason-{code}") for code in found), " "
    )


def _span(row: Row, *, marked: bool = False) -> tuple[str, str, str]:
    plot = text(row, "plot")
    return (
        tag("b", plot) if marked else plot,
        _end(row, "from"),
        _end(row, "to"),
    )


def _end(row: Row, side: str) -> Html:
    day = text(row, f"{side}_date")
    return joined(
        [text(row, f"{side}_campaign"), *([tag("small", day)] if day else [])], " "
    )


def _against(row: Row) -> Html:
    parts = [verdict_cell(row)]
    if provisional(row):
        parts.append(tag("small", "provisional", class_="provisional"))
    return joined(parts, " ")


def _rate_interval(row: Row) -> str:
    shape = text(row, "rate_ci95_shape")
    return interval(ends(row, "rate_ci95_permille_year"), 2, shape)


def _fixed(row: Row, key: str) -> str:
    return fixed(number(row, key), 2)


def _count(row: Row, key: str) -> str:
    return fixed(number(row, key), 0)
