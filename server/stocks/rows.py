"""Stocks and changes as rows of plain values: the one place that names their keys.

Every program that prints or sends a figure takes its keys from here. Rows hold text,
numbers, lists and None only, so they are JSON as they stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from server.stocks.aggregate import Aggregate
from server.stocks.change import ChangeEstimate, Design, Interval
from server.stocks.choices import Basis, Reference
from server.stocks.common_errors import ProjectError
from server.stocks.comparison import JudgedOn
from server.stocks.control import ControlledChange
from server.stocks.detectability import MOST_POINTS, Detectability, detectability
from server.stocks.plot import PlotTrend, StockChange
from server.stocks.points import PointStock
from server.stocks.random_slope import RandomSlope
from server.stocks.rate_interval import IntervalShape
from server.stocks.reasons import Reason
from server.stocks.reference_mass import ReferenceMass
from server.stocks.results import SharedDepth
from server.stocks.settings import DEFAULT_SETTINGS, Settings
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict

Row = dict[str, object]


def stock_row(
    plot: str, stock: PointStock, settings: Settings = DEFAULT_SETTINGS
) -> Row:
    """Return the row of one point's stock."""
    row: Row = {
        "plot": plot,
        "campaign": stock.campaign,
        "point": stock.point,
        "depth_cm": stock.depth_cm,
        "soc_stock_t_ha": stock.soc_stock_t_ha,
        "fine_mass_t_ha": stock.fine_mass_t_ha,
        "covered_to_cm": stock.covered_to_cm,
        "stock_to_covered_t_ha": stock.stock_to_covered_t_ha,
        "cores": stock.cores,
        "curve_spread_t_ha": stock.curve_spread_t_ha,
        "reasons": _codes(stock.reasons),
    }
    if settings.equal_mass:
        row |= {
            "esm_stock_t_ha": stock.esm_stock_t_ha,
            "reference_mass_t_ha": stock.reference_mass_t_ha,
            "sampled_mass_t_ha": stock.sampled_mass_t_ha,
            "extrapolated": stock.extrapolated,
        }
    return row


def change_row(
    plot: str, change: StockChange, settings: Settings = DEFAULT_SETTINGS
) -> Row:
    """Return the row of one change; a null end of an interval lies at infinity."""
    row: Row = {
        "plot": plot,
        "from_campaign": change.from_campaign,
        "to_campaign": change.to_campaign,
        "from_date": change.from_date.isoformat(),
        "to_date": change.to_date.isoformat(),
        "depth_cm": change.depth_cm,
        "design": change.design.value,
        "n0": change.n0,
        "n1": change.n1,
        "points_sampled0": change.points_sampled0,
        "points_sampled1": change.points_sampled1,
        "points_sampled": change.points_sampled,
        "stock0_t_ha": change.stock0_t_ha,
        "stock0_se_t_ha": change.stock0_se_t_ha,
        "stock1_t_ha": change.stock1_t_ha,
        "stock1_se_t_ha": change.stock1_se_t_ha,
        "change_t_ha": change.change_t_ha,
        "se_t_ha": change.se_t_ha,
        "df": change.df,
        "shared_se_t_ha": change.shared_se_t_ha,
        "project_error": change.project_error and asdict(change.project_error),
        "change_ci95_t_ha": _ends(change.change_ci95_t_ha),
        "bootstrap_ci95_t_ha": _ends(change.bootstrap_ci95_t_ha),
        "p_value": change.p_value,
        "years": change.years,
        "annual_t_ha": change.annual_t_ha,
        "annual_ci95_t_ha": _ends(change.annual_ci95_t_ha),
        "rate_permille_year": change.rate_permille_year,
        "rate_ci95_permille_year": _ends(change.rate_ci95_permille_year),
        "rate_ci95_shape": change.rate_ci95_shape and change.rate_ci95_shape.value,
        "verdict_4permille": change.verdict_4permille.value,
        "verdict_zero": change.verdict_zero.value,
        "withheld": change.withheld,
        "p_vs_4permille": change.p_vs_4permille,
        "co2e_t_ha_year": change.co2e_t_ha_year,
        "curve_spread_t_ha": change.curve_spread_t_ha,
        "shared_depth": _shared_depth_row(change.shared_depth),
        "change_confirmed": change.change_confirmed,
        "reasons": _codes(change.reasons),
    }
    if settings.equal_mass:
        row |= {
            "judged_on": change.judged_on.value,
            "reference_mass_t_ha": change.reference_mass_t_ha,
            "reference_depth_cm": change.reference_depth_cm,
            "points_short_of_mass": change.points_short_of_mass,
            "fixed_depth_change_t_ha": change.fixed_depth_change_t_ha,
            "fixed_depth_change_ci95_t_ha": _ends(change.fixed_depth_change_ci95_t_ha),
        }
    return row


def _shared_depth_row(shared: SharedDepth | None) -> Row | None:
    if shared is None:
        return None
    return {
        "depth_cm": shared.depth_cm,
        "change_t_ha": shared.change_t_ha,
        "change_ci95_t_ha": _ends(shared.change_ci95_t_ha),
        "verdict_4permille": shared.verdict_4permille.value,
        "verdict_zero": shared.verdict_zero.value,
    }


def has_errors(row: Mapping[str, Any]) -> bool:
    """Return whether `estimate_of` can read a change; older versions stored less."""
    return {"stock0_se_t_ha", "stock1_se_t_ha", "withheld"} <= row.keys()


def estimate_of(row: Mapping[str, Any]) -> ChangeEstimate:
    """Return what `change_row` says of the points of one plot."""
    ends: dict[str, Any] = {
        name: None if row[name] is None else tuple(row[name])
        for name in ("change_ci95_t_ha", "annual_ci95_t_ha", "rate_ci95_permille_year")
    }
    plain = (
        *("n0", "n1", "years", "stock0_t_ha", "stock1_t_ha", "stock0_se_t_ha"),
        *("stock1_se_t_ha", "change_t_ha", "se_t_ha", "df", "p_value", "annual_t_ha"),
        *("co2e_t_ha_year", "rate_permille_year", "p_vs_4permille", "withheld"),
    )
    shape = row["rate_ci95_shape"]
    return ChangeEstimate(
        **{name: row[name] for name in plain},
        shared_se_t_ha=row.get("shared_se_t_ha"),
        project_error=_project_error(row.get("project_error")),
        **ends,
        design=Design(row["design"]),
        rate_ci95_shape=None if shape is None else IntervalShape(shape),
        verdict_4permille=ChangeVerdict(row["verdict_4permille"]),
        verdict_zero=ZeroVerdict(row["verdict_zero"]),
        reasons=tuple(Reason(code) for code in row["reasons"]),
    )


def _project_error(row: Mapping[str, Any] | None) -> ProjectError | None:
    return None if row is None else ProjectError(**row)


def change_of(row: Mapping[str, Any]) -> StockChange:
    """Return the change that `change_row` says, without what stands beside it."""
    estimate = estimate_of(row)
    return StockChange(
        **{field.name: getattr(estimate, field.name) for field in fields(estimate)},
        from_campaign=row["from_campaign"],
        to_campaign=row["to_campaign"],
        from_date=date.fromisoformat(row["from_date"]),
        to_date=date.fromisoformat(row["to_date"]),
        depth_cm=row["depth_cm"],
        judged_on=JudgedOn(row.get("judged_on", JudgedOn.FIXED_DEPTH)),
    )


def controlled_row(found: ControlledChange, controls: Sequence[str]) -> Row:
    """Return the row of a change less that of its control plots, named by code."""
    return {
        "control_plots": list(controls),
        "design": found.design.value,
        "treated": found.treated,
        "controls": found.controls,
        "years": found.years,
        "baseline_t_ha": found.baseline_t_ha,
        "treated_annual_t_ha": found.treated_annual_t_ha,
        "control_annual_t_ha": found.control_annual_t_ha,
        "change_t_ha": found.change_t_ha.value,
        "se_t_ha": found.change_t_ha.se,
        "df": found.change_t_ha.df,
        "change_ci95_t_ha": _ends(found.change_t_ha.ci95),
        "p_value": found.change_t_ha.p_value,
        "annual_t_ha": found.annual_t_ha.value,
        "annual_ci95_t_ha": _ends(found.annual_t_ha.ci95),
        "rate_permille_year": found.rate_permille_year,
        "rate_ci95_permille_year": _ends(found.rate_ci95_permille_year),
        "rate_ci95_shape": found.rate_ci95_shape and found.rate_ci95_shape.value,
        "p_vs_4permille": found.p_vs_4permille,
        "verdict_4permille": found.verdict_4permille.value,
        "verdict_zero": found.verdict_zero.value,
        "withheld": found.withheld,
        "problems": [problem.value for problem in found.problems],
        "reasons": _codes(found.reasons),
    }


def detectability_row(estimate: ChangeEstimate) -> Row:
    """Return what the points of a change could have told, and why not where null."""
    told = detectability(estimate)
    return {
        "mdd_t_ha": told.mdd_t_ha,
        "mdd_power": told.power,
        "points_needed_4permille": told.points_for_4permille,
        "years_needed_4permille": told.years_for_4permille,
        "detectability_reason": _why_not_told(estimate, told),
    }


def _why_not_told(estimate: ChangeEstimate, told: Detectability) -> str | None:
    if told.mdd_t_ha is None:
        known = [reason.value for reason in estimate.reasons]
        without_error = (Reason.ZERO_VARIANCE.value, Reason.NO_VARIANCE.value)
        named = [code for code in without_error if code in known]
        return (named or known or ["no standard error"])[0]
    if told.years_for_4permille is None:
        return Reason.ZERO_BASELINE.value
    if told.points_for_4permille is None:
        return f"more than {MOST_POINTS} points"
    return None


def aggregate_row(level: str, name: str | None, found: Aggregate) -> Row:
    """Return the row of what is known of an area; figures are of the represented area."""
    return {
        "level": level,
        "name": name,
        "plots": found.units,
        "measured_plots": found.measured,
        "drawn_plots": found.drawn,
        "sampling": _sampling(found),
        "area_ha": found.area_ha,
        "measured_area_ha": found.measured_ha,
        "represented_area_ha": found.represented_ha,
        "coverage": found.coverage,
        "area_with_se_share": found.area_with_se_share,
        "lonely": found.lonely.value,
        "stock0_t_ha": found.stock0_t_ha.value,
        "stock0_se_t_ha": found.stock0_t_ha.se,
        "stock1_t_ha": found.stock1_t_ha.value,
        "stock1_se_t_ha": found.stock1_t_ha.se,
        "annual_t_ha": found.annual_t_ha.value,
        "annual_se_t_ha": found.annual_t_ha.se,
        "annual_df": found.annual_t_ha.df,
        "annual_ci95_t_ha": _ends(found.annual_t_ha.ci95),
        "annual_p_value": found.annual_t_ha.p_value,
        "total_c_t_year": found.total_c_t_year.value,
        "total_c_se_t_year": found.total_c_t_year.se,
        "total_c_ci95_t_year": _ends(found.total_c_t_year.ci95),
        "total_co2e_t_year": found.total_co2e_t_year.value,
        "total_co2e_se_t_year": found.total_co2e_t_year.se,
        "total_co2e_ci95_t_year": _ends(found.total_co2e_t_year.ci95),
        "rate_permille_year": found.rate_permille_year,
        "rate_ci95_permille_year": _ends(found.rate_ci95_permille_year),
        "rate_ci95_shape": found.rate_ci95_shape and found.rate_ci95_shape.value,
        "p_vs_4permille": found.p_vs_4permille,
        "verdict_4permille": found.verdict_4permille.value,
        "verdict_zero": found.verdict_zero.value,
        "reasons": _codes(found.reasons),
    }


def _sampling(found: Aggregate) -> str:
    """Name the design: every plot sampled, plots drawn out of many, or both."""
    if not found.drawn:
        return "every_plot"
    return "two_stage" if found.drawn == found.units else "partly_two_stage"


def trend_row(plot: str, trend: PlotTrend) -> Row:
    """Return the row of the trend over three campaigns or more."""
    line = trend.line
    return {
        "plot": plot,
        "from_campaign": trend.from_campaign,
        "to_campaign": trend.to_campaign,
        "campaigns": trend.campaigns,
        "depth_cm": trend.depth_cm,
        "judged_on": trend.judged_on.value,
        "stage": line.stage.value,
        "n": line.n,
        "slope_t_ha_year": line.slope_t_ha_year,
        "se_t_ha_year": line.se_t_ha_year,
        "df": line.df,
        "slope_ci95_t_ha_year": _ends(line.ci95_t_ha_year),
        "p_value": line.p_value,
        "fitted_first_t_ha": line.fitted_first_t_ha,
        "relative_permille_year": line.relative_permille_year,
        "curved": line.curved,
        "random_slope": _random_slope_row(trend.random_slope),
        "reasons": _codes(trend.reasons),
    }


def _random_slope_row(model: RandomSlope | None) -> Row | None:
    if model is None:
        return None
    return {
        "fit": model.fit.value,
        "points": model.points,
        "single_visits": model.single_visits,
        "slope_t_ha_year": model.slope_t_ha_year,
        "se_t_ha_year": model.se_t_ha_year,
        "df": model.df,
        "slope_ci95_t_ha_year": _ends(model.ci95_t_ha_year),
        "p_value": model.p_value,
    }


def settings_row(settings: Settings) -> Row:
    """Return what was chosen, as it stands beside every result."""
    if not settings.equal_mass:
        return {"depth_cm": settings.depth_cm}
    reference = settings.reference
    return {
        "depth_cm": settings.depth_cm,
        "method": settings.method.value,
        "basis": settings.basis.value,
        "reference": (
            reference.value if isinstance(reference, Reference) else reference
        ),
    }


def reference_row(reference: ReferenceMass) -> Row:
    """Return the row that keeps a reference mass."""
    return {
        "campaign": reference.campaign,
        "date": reference.date.isoformat(),
        "depth_cm": reference.depth_cm,
        "basis": reference.basis.value,
        "mass_t_ha": reference.mass_t_ha,
        "by_place": [list(own) for own in reference.by_place],
    }


def reference_of(row: Mapping[str, Any]) -> ReferenceMass:
    """Return the reference mass that `reference_row` kept."""
    return ReferenceMass(
        campaign=row["campaign"],
        date=date.fromisoformat(row["date"]),
        depth_cm=row["depth_cm"],
        basis=Basis(row["basis"]),
        mass_t_ha=row["mass_t_ha"],
        by_place=tuple((place, mass) for place, mass in row["by_place"]),
    )


def _codes(reasons: tuple[Reason, ...]) -> list[str]:
    return [reason.value for reason in reasons]


def _ends(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else list(interval)
