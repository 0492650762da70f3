"""What a campaign could find, from a spread that somebody knows or assumes."""

from dataclasses import dataclass
from typing import Any

from server.stocks.change import PERMILLE_YEAR, Design
from server.stocks.detectability import (
    MOST_POINTS,
    POWER,
    detectable,
    detectable_by_formula,
    points_needed,
    years_to_tell_4permille,
)

Row = dict[str, Any]


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
    """Return what a design can find, and what it would take; null where not asked."""
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
