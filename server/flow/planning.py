"""What sampling can tell before it begins, and what a measured rate would come to.

Neither is a forecast: a plan takes a spread that somebody knows or assumes, and a
projection says what follows if the measured rate went on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from server.stocks.aggregate import Aggregate
from server.stocks.change import PERMILLE_YEAR, Design, ZeroVerdict
from server.stocks.comparison import DAYS_PER_YEAR
from server.stocks.detectability import (
    MOST_POINTS,
    POWER,
    detectable,
    detectable_by_formula,
    points_needed,
    years_to_tell_4permille,
)

Row = dict[str, Any]

HORIZON: Final = date(2050, 12, 31)
CONDITION: Final = "if the measured rate went on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A campaign that is to be planned; None is not known.

    `sd_t_ha` is the standard deviation of the changes of revisited points (paired) or
    of the stocks of the points in either campaign (unpaired).
    """

    sd_t_ha: float
    design: Design = Design.PAIRED
    power: float = POWER
    n: int | None = None
    change_t_ha: float | None = None
    baseline_t_ha: float | None = None
    years: float | None = None


def plan_sampling(plan: Plan) -> Row:
    """Tell what a design can find, and what it would take; null where not asked."""
    gain = None
    if plan.baseline_t_ha is not None and plan.years is not None:
        gain = PERMILLE_YEAR * plan.baseline_t_ha * plan.years
    mdd, formula = _detectable(plan)
    years = None
    if mdd is not None and plan.baseline_t_ha is not None:
        years = years_to_tell_4permille(mdd, plan.baseline_t_ha)
    wanted = {"points_needed": plan.change_t_ha, "points_needed_4permille": gain}
    needed = {
        name: None if change is None else _points(plan, change)
        for name, change in wanted.items()
    }
    return {
        "sd_t_ha": plan.sd_t_ha,
        "design": plan.design.value,
        "mdd_power": plan.power,
        "n": plan.n,
        "change_t_ha": plan.change_t_ha,
        "baseline_t_ha": plan.baseline_t_ha,
        "years": plan.years,
        "gain_4permille_t_ha": gain,
        "mdd_t_ha": mdd,
        "mdd_formula_t_ha": formula,
        **needed,
        "years_needed_4permille": years,
        "reasons": [
            f"{name}: more than {MOST_POINTS} points"
            for name, change in wanted.items()
            if change is not None and needed[name] is None
        ],
    }


def _detectable(plan: Plan) -> tuple[float | None, float | None]:
    if plan.n is None:
        return None, None
    samples = 1 if plan.design is Design.PAIRED else 2
    error = plan.sd_t_ha * (samples / plan.n) ** 0.5
    df = float(samples * (plan.n - 1))
    return (
        detectable(error, df, power=plan.power),
        detectable_by_formula(error, df, power=plan.power),
    )


def _points(plan: Plan, change_t_ha: float) -> int | None:
    return points_needed(
        plan.sd_t_ha, change_t_ha, design=plan.design, power=plan.power
    )


def project_on(found: Aggregate, sampled: Sequence[tuple[float, str]]) -> Row:
    """Carry the measured rate on to the horizon, with its interval or not at all.

    ``gain = annual change * years``, and so its interval; years from the mean last
    sampling day, weighted by area, given as pairs of area in ha and day.
    """
    row: Row = {"condition": CONDITION, "to_date": HORIZON.isoformat()}
    figures: Row = {
        "from_date": None,
        "years": None,
        "gain_t_ha": None,
        "gain_ci95_t_ha": None,
        "total_c_t": None,
        "total_c_ci95_t": None,
        "total_co2e_t": None,
        "total_co2e_ci95_t": None,
    }
    why = _why_not(found)
    if why is None:
        area = sum(share for share, _ in sampled)
        day = sum(a * date.fromisoformat(day).toordinal() for a, day in sampled) / area
        years = (HORIZON.toordinal() - day) / DAYS_PER_YEAR
        figures["from_date"] = date.fromordinal(round(day)).isoformat()
        figures["years"] = years
        if years > 0.0:
            figures |= _carried(found, years)
        else:
            why = "sampled after the horizon"
    return {**row, **figures, "reason": why}


def _why_not(found: Aggregate) -> str | None:
    if found.annual_t_ha.ci95 is None:
        return "the measured rate has no interval"
    if found.verdict_zero is ZeroVerdict.NOT_ASSESSABLE:
        return "the measured rate cannot be judged"
    return None


def _carried(found: Aggregate, years: float) -> Row:
    row: Row = {}
    for value, ends, estimate in (
        ("gain_t_ha", "gain_ci95_t_ha", found.annual_t_ha),
        ("total_c_t", "total_c_ci95_t", found.total_c_t_year),
        ("total_co2e_t", "total_co2e_ci95_t", found.total_co2e_t_year),
    ):
        assert estimate.value is not None
        assert estimate.ci95 is not None
        row[value] = estimate.value * years
        row[ends] = [end * years for end in estimate.ci95]
    return row
