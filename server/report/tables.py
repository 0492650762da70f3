"""The tables: every change and every stock, with all that an auditor asks for."""

from collections.abc import Callable, Container, Sequence
from typing import Final

from server.report.columns import (
    COMPARED,
    RATE,
    REASONS,
    SPAN,
    Column,
    Kind,
    PlotCell,
    Table,
    change_verdict_cell,
    filled,
    fixed_column,
    interval_column,
    p_column,
    pair_column,
    plain_column,
    verdict_cell,
)
from server.report.findings import Findings
from server.report.model import PlotFacts, ReasonText, ReportPage, Row
from server.report.values import (
    DASH,
    codes,
    fixed,
    interval,
    n_of_plots,
    plain,
    text,
)
from server.report.visits import PlotVisit, Spread
from server.report.words import UNKNOWN, Reasons, beside, told
from server.stocks.comparison import JudgedOn


def _shape(trend: Row) -> str:
    curved = trend.get("curved")
    if not isinstance(curved, bool):
        return DASH
    return "bends: read no verdict off it" if curved else "straight"


_RATES: Final[tuple[Column[Row], ...]] = (
    *SPAN[1:],
    COMPARED,
    fixed_column("t/ha a year", "annual_t_ha", 3),
    interval_column("annual_ci95_t_ha", 3),
    fixed_column("t CO2e/ha a year", "co2e_t_ha_year"),
    *RATE,
    p_column("p_vs_4permille"),
    Column("against 4 permille", Kind.VERDICT, change_verdict_cell),
    REASONS,
)
_CHANGES: Final[tuple[Column[Row], ...]] = (
    *SPAN,
    fixed_column("years", "years"),
    plain_column("design", "design"),
    COMPARED,
    pair_column("stocks t/ha", ("stock0_t_ha", "stock1_t_ha"), 2),
    fixed_column("change t/ha", "change_t_ha"),
    interval_column("change_ci95_t_ha"),
    fixed_column("SE", "se_t_ha", 3),
    fixed_column("df", "df", 1),
    p_column("p_value"),
    plain_column("against zero", "verdict_zero"),
)
_MEASURES: Final[tuple[Column[Row], ...]] = (
    *SPAN,
    plain_column("judged on", "judged_on"),
    COMPARED,
    fixed_column("reference mass t/ha", "reference_mass_t_ha", 0),
    fixed_column("change t/ha", "change_t_ha"),
    fixed_column("fixed-depth change t/ha", "fixed_depth_change_t_ha"),
    interval_column("fixed_depth_change_ci95_t_ha"),
    plain_column("depth cm", "depth_cm", Kind.NUMBER),
)
_DETECTION: Final[tuple[Column[Row], ...]] = (
    *SPAN,
    COMPARED,
    fixed_column("detectable t/ha", "mdd_t_ha"),
    plain_column("power", "mdd_power", Kind.NUMBER),
    fixed_column("points needed", "points_needed_4permille", 0),
    fixed_column("years needed", "years_needed_4permille", 1),
)
_BESIDE: Final[tuple[Column[Row], ...]] = (
    *SPAN,
    COMPARED,
    fixed_column("change t/ha", "change_t_ha"),
    interval_column("change_ci95_t_ha"),
)
_TRENDS: Final[tuple[Column[Row], ...]] = (
    *SPAN,
    plain_column("campaigns", "campaigns", Kind.NUMBER),
    plain_column("from what", "stage"),
    plain_column("n", "n", Kind.NUMBER),
    fixed_column("t/ha a year", "slope_t_ha_year", 3),
    interval_column("slope_ci95_t_ha_year", 3),
    fixed_column("SE", "se_t_ha_year", 3),
    p_column("p_value"),
    fixed_column("permille a year", "relative_permille_year"),
    Column("shape", Kind.TEXT, _shape),
    REASONS,
)
_AREAS: Final[tuple[Column[Row], ...]] = (
    plain_column("what", "level"),
    Column("name", Kind.TEXT, lambda row: text(row, "name") or "not recorded"),
    Column("plots with a result", Kind.NOWRAP, lambda row: n_of_plots(row) or DASH),
    fixed_column("area ha", "area_ha", 1),
    fixed_column("measured ha", "measured_area_ha", 1),
    fixed_column("stands for ha", "represented_area_ha", 1),
    Column(
        "plots drawn", Kind.NUMBER, lambda row: plain(row.get("drawn_plots") or None)
    ),
    fixed_column("t/ha a year", "annual_t_ha", 3),
    interval_column("annual_ci95_t_ha", 3),
    *RATE,
    fixed_column("t CO2e a year", "total_co2e_t_year", 1),
    interval_column("total_co2e_ci95_t_year", 1),
    plain_column("against zero", "verdict_zero"),
    Column("against 4 permille", Kind.VERDICT, verdict_cell),
    REASONS,
)
_PLOTS: Final[tuple[Column[PlotFacts], ...]] = (
    Column("plot", Kind.PLOT, lambda plot: PlotCell(plot.code)),
    Column("name", Kind.TEXT, lambda plot: plot.name or DASH),
    Column("farm", Kind.TEXT, lambda plot: plot.farm or DASH),
    Column("stratum", Kind.TEXT, lambda plot: plot.stratum or DASH),
    Column("land use", Kind.TEXT, lambda plot: plot.land_use or DASH),
    Column("area ha", Kind.NUMBER, lambda plot: fixed(plot.area_ha, 2)),
    Column("points", Kind.NUMBER, lambda plot: str(plot.points)),
    Column("cores", Kind.NUMBER, lambda plot: str(plot.cores)),
    Column("bags", Kind.NUMBER, lambda plot: str(plot.bags)),
    Column("boundary", Kind.TEXT, lambda plot: "drawn" if plot.geometry else DASH),
)
_SPREAD: Final[tuple[tuple[str, Callable[[Spread], str]], ...]] = (
    ("n", lambda spread: str(len(spread.values))),
    ("mean t/ha", lambda spread: fixed(spread.mean, 2)),
    ("SD", lambda spread: fixed(spread.sd, 2)),
    ("SE", lambda spread: fixed(spread.se, 2)),
    ("95 % interval", lambda spread: interval(spread.ci95, 2)),
)
_BOTH_MEASURES: Final = {
    JudgedOn.FIXED_DEPTH: "depth: ",
    JudgedOn.EQUIVALENT_MASS: "mass: ",
}
_EXPLANATIONS: Final[tuple[Column[tuple[str, ReasonText]], ...]] = (
    Column("code", Kind.REASON, lambda each: each[0]),
    Column("meaning", Kind.TEXT, lambda each: each[1].meaning),
    Column("what to do", Kind.TEXT, lambda each: each[1].what_to_do),
    Column("the verdict", Kind.TEXT, lambda each: each[1].verdict),
)
_LAYERS: Final[tuple[Column[Row], ...]] = (
    Column("plot", Kind.PLOT, lambda row: PlotCell(text(row, "plot"))),
    Column("campaign", Kind.TEXT, lambda row: text(row, "campaign")),
    fixed_column("from cm", "top_cm", 1),
    fixed_column("to cm", "bottom_cm", 1),
    fixed_column("mean SOC g/kg", "soc_g_kg", 2),
    Column(
        "n of sampled",
        Kind.NOWRAP,
        lambda row: f"{plain(row.get('n'))} of {plain(row.get('sampled'))}",
    ),
)


def tables_of(
    report: ReportPage, findings: Findings, found: Sequence[PlotVisit]
) -> list[Table]:
    """Return the tables that have rows, in their order; none where there is no plot."""
    if not findings.plots:
        return []
    changes, reasons = report.changes, report.reasons
    judged = {id(finding.change) for finding in findings.plots}
    massed = [row for row in changes if "judged_on" in row]
    seen = [row for row in changes if "mdd_t_ha" in row]
    plots = [finding.plot for finding in findings.plots]
    tables = (
        filled("Rate of the change against 4 permille a year", _rates(judged), changes),
        filled("Change of the stock between two campaigns", _CHANGES, changes),
        filled(
            "What stands beside the changes",
            (*_BESIDE, _sentences(reasons)),
            [row for row in changes if any(beside(row, reasons))],
        ),
        filled("Equal soil mass beside fixed depth", _MEASURES, massed),
        filled(
            "Least change that could be seen, and what would tell 4 permille from zero",
            (*_DETECTION, _why_not_told(reasons)),
            seen,
        ),
        filled("Trend over three campaigns or more", _TRENDS, report.trends),
        filled(
            "Farms, strata and the project, weighted by measured area",
            _AREAS,
            report.aggregates,
        ),
        filled("Stock per plot and campaign", _stocks(found), found),
        filled("SOC by depth, mean over the points", _LAYERS, report.layers),
        filled("Plots", _PLOTS, plots),
    )
    return [each for each in tables if each.rows]


def reason_table(report: ReportPage) -> Table:
    """Return what each reason code of the report says; no code is lost."""
    rows = (*report.stocks, *report.changes, *report.trends, *report.aggregates)
    present = {code for row in rows for code in codes(row)}
    told_of = {text(row, "detectability_reason") for row in report.changes}
    present |= told_of.intersection(report.reasons)
    order = [code for code in report.reasons if code in present]
    order += sorted(present.difference(order))
    return filled(
        "What the reason codes beside the figures say",
        _EXPLANATIONS,
        [(code, report.reasons.get(code, UNKNOWN)) for code in order],
    )


def _rates(judged: Container[int]) -> tuple[Column[Row], ...]:
    """Return the columns of rates; of `judged` are the ids of rows set in bold."""

    def plot(row: Row) -> PlotCell:
        return PlotCell(text(row, "plot"), id(row) in judged)

    return Column("plot", Kind.PLOT, plot), *_RATES


def _sentences(reasons: Reasons) -> Column[Row]:
    """Return the column of what figures do not say themselves, in sentences."""
    return Column(
        "in words", Kind.WORDS, lambda row: "; ".join(beside(row, reasons)) or DASH
    )


def _why_not_told(reasons: Reasons) -> Column[Row]:
    def why(row: Row) -> str:
        return told(text(row, "detectability_reason"), reasons) or DASH

    return Column("why not told", Kind.WORDS, why)


def _stocks(found: Sequence[PlotVisit]) -> tuple[Column[PlotVisit], ...]:
    """Return the columns of stocks; of equal mass as well where there is one."""
    massed = any(visit.spread[JudgedOn.EQUIVALENT_MASS].values for visit in found)
    measures = _BOTH_MEASURES if massed else {JudgedOn.FIXED_DEPTH: ""}
    return (
        Column("plot", Kind.PLOT, lambda visit: PlotCell(visit.plot)),
        Column("campaign", Kind.TEXT, lambda visit: visit.campaign),
        Column("mean day", Kind.NOWRAP, lambda visit: str(visit.day or DASH)),
        Column("points sampled", Kind.NUMBER, lambda visit: str(len(visit.rows))),
        *(
            _spread(before + head, measure, write)
            for measure, before in measures.items()
            for head, write in _SPREAD
        ),
        Column("reasons", Kind.REASONS, lambda visit: visit.reasons),
    )


def _spread(
    head: str, measure: JudgedOn, write: Callable[[Spread], str]
) -> Column[PlotVisit]:
    return Column(head, Kind.NUMBER, lambda visit: write(visit.spread[measure]))
