"""What follows from what somebody states: a spread, a rate that goes on, errors.

Nothing here is a finding: a plan takes a spread that somebody knows or assumes, a
projection says what would come if the measured rate went on, and errors of measurement
are propagated as they are stated.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from server.flow.derive import BATCH, Derived, derive_trees
from server.stocks.aggregate import Aggregate
from server.stocks.change import PERMILLE_YEAR, Design, ZeroVerdict
from server.stocks.comparison import DAYS_PER_YEAR, JudgedOn
from server.stocks.detectability import (
    MOST_POINTS,
    POWER,
    detectable,
    detectable_by_formula,
    points_needed,
    years_to_tell_4permille,
)
from server.stocks.equivalent_mass import equivalent_mass
from server.stocks.fine_soil import FloatArray
from server.stocks.gather import Gathered, gather
from server.stocks.point_stocks import compute_cores
from server.stocks.profiles import BoolArray, IntArray, Profiles, arrange
from server.stocks.rows import crediting_row, estimate_of
from server.stocks.settings import Settings
from server.stocks.uncertainty import (
    DRAWS,
    Errors,
    propagate,
    simulate,
    total_se_t_ha,
)
from server.store.port import Job, Unit

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedErrors:
    """Standard uncertainties of measurement, as fractions of the values."""

    soc: float = 0.0
    bd: float = 0.0
    depth: float = 0.0
    seed: int = 0
    draws: int = DRAWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What to put beside stocks and changes, because somebody asked for it.

    `shared_soc` is the standard uncertainty of what the laboratory adds to all SOC
    values of one campaign alike, as a fraction.
    """

    profile: str | None = None
    errors: StatedErrors | None = None
    shared_soc: float | None = None


NOTHING: Final = Beside()


def beside_change(change: Row, beside: Beside) -> Row:
    """Give the figures that stand beside a change.

    What all points of a campaign share is drawn anew in each campaign:
    ``u = f sqrt(stock0^2 + stock1^2)``, ``SE_total^2 = SE^2 + u^2``.
    """
    row: Row = {}
    if beside.profile is not None:
        row["crediting"] = crediting_row(beside.profile, estimate_of(change))
    if beside.shared_soc is not None:
        stocks = (change["stock0_t_ha"], change["stock1_t_ha"])
        known = None not in stocks
        shared = beside.shared_soc * math.hypot(*stocks) if known else None
        error = change["se_t_ha"]
        row["shared_u_t_ha"] = shared
        row["se_total_t_ha"] = (
            None if error is None or shared is None else total_se_t_ha(error, shared)
        )
    return row


def errors_of_project(
    unit: Unit, stream: str, stated: StatedErrors
) -> dict[tuple[str, str, str], Row]:
    """Propagate stated errors into the stock of every plot, campaign and point."""
    plots = [record.id for record in unit.records(stream, "plot")]
    found: dict[tuple[str, str, str], Row] = {}
    for start in range(0, len(plots), BATCH):
        jobs = [Job(stream, plot, 0) for plot in plots[start : start + BATCH]]
        trees = unit.plot_trees(stream, [job.plot for job in jobs])
        for derived in derive_trees(jobs, trees):
            found |= _errors_of_plot(derived, stated)
    return found


def _errors_of_plot(
    derived: Derived, stated: StatedErrors
) -> dict[tuple[str, str, str], Row]:
    """Propagate through each core; a point is the mean of its cores.

    Every plot begins the same draws anew, so that its figures do not depend on others.
    """
    if not derived.layers:
        return {}
    names, stocks = derived.names, derived.result.stocks
    # Draws follow the names, not the order in which records were stored.
    layers = sorted(
        derived.layers,
        key=lambda each: (names[each.campaign], names[each.point], each.core),
    )
    gathered, settings = gather([layers]), derived.settings
    by_name = {(stock.campaign, stock.point): stock for stock in stocks}
    points = [by_name[layer.campaign, layer.point] for layer in gathered.first_layers]
    massed = np.array([point.esm_stock_t_ha is not None for point in points])
    reference = np.array(
        [point.reference_mass_t_ha or np.nan for point in points], dtype=np.float64
    )[gathered.core_point]
    fixed = compute_cores(gathered, settings.depth_cm).fixed.soc_stock_t_ha
    of_mass = massed[gathered.core_point]
    by_core = _to_depth(gathered, ~of_mass & ~np.isnan(fixed), settings, stated)
    by_core |= _in_equal_mass(gathered, of_mass, reference, settings, stated)
    cores: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for core, error in by_core.items():
        cores[int(gathered.core_point[core])].append(error)
    return {
        (derived.plot, names[point.campaign], names[point.point]): _error_row(
            cores[number], bool(massed[number])
        )
        for number, point in enumerate(points)
    }


def _error_row(cores: Sequence[tuple[float, float]], massed: bool) -> Row:  # noqa: FBT001
    failed = max((share for _, share in cores), default=0.0)
    error = math.hypot(*(error for error, _ in cores)) / max(len(cores), 1)
    why = None if cores else "no stock"
    if failed:
        why = f"the mass was not reached in {100.0 * failed:.3g} % of the draws"
    of = JudgedOn.EQUIVALENT_MASS if massed else JudgedOn.FIXED_DEPTH
    return {
        "u_t_ha": error if why is None else None,
        "of": of.value,
        "by": "simulation" if massed else "first order",
        "failed_share": failed,
        "reason": why,
    }


def _to_depth(
    gathered: Gathered, chosen: BoolArray, settings: Settings, stated: StatedErrors
) -> dict[int, tuple[float, float]]:
    if not chosen.any():
        return {}
    cores, profiles = _profiles_of(gathered, chosen, settings.depth_cm)
    error = propagate(profiles, _errors(profiles, stated)).profile_t_ha
    return {
        core: (u, 0.0) for core, u in zip(cores.tolist(), error.tolist(), strict=True)
    }


def _in_equal_mass(
    gathered: Gathered,
    chosen: BoolArray,
    reference_t_ha: FloatArray,
    settings: Settings,
    stated: StatedErrors,
) -> dict[int, tuple[float, float]]:
    if not chosen.any():
        return {}
    cores, profiles = _profiles_of(gathered, chosen, np.inf)
    mass = reference_t_ha[cores]
    nominal = equivalent_mass(
        profiles,
        mass,
        interpolant=settings.curve(int(profiles.layer_counts.min())),
        basis=settings.basis,
    )
    generator = np.random.default_rng(stated.seed)
    errors = _errors(profiles, stated)
    found = simulate(profiles, errors, mass, generator, settings, stated.draws)
    columns = zip(
        cores.tolist(),
        found.se_t_ha.tolist(),
        found.failed.tolist(),
        np.isnan(nominal.soc_stock_t_ha).tolist(),
        strict=True,
    )
    return {core: (u, failed) for core, u, failed, unknown in columns if not unknown}


def _profiles_of(
    gathered: Gathered, chosen: BoolArray, depth_cm: float
) -> tuple[IntArray, Profiles]:
    """Give the chosen cores, cut at a depth, with their numbers."""
    rows = chosen[gathered.layer_core] & (gathered.top_cm < depth_cm)
    cores, profile = np.unique(gathered.layer_core[rows], return_inverse=True)
    profiles, _ = arrange(
        profile,
        gathered.top_cm[rows],
        np.minimum(gathered.bottom_cm, depth_cm)[rows],
        gathered.soc_g_kg[rows],
        gathered.bd_fine_g_cm3[rows],
    )
    return cores, profiles


def _errors(profiles: Profiles, stated: StatedErrors) -> Errors:
    return Errors(
        soc_g_kg=stated.soc * profiles.soc_g_kg,
        bd_fine_g_cm3=stated.bd * profiles.bd_fine_g_cm3,
        thickness_cm=stated.depth * (profiles.bottom_cm - profiles.top_cm),
    )
