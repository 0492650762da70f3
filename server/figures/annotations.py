"""What stands beside stocks and changes because somebody states it.

Conservative figures of a report, and errors of measurement as they are stated. Neither
moves a figure that was derived.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from server.derivation.derive import BATCH, Derived, derive_trees
from server.stocks.comparison import JudgedOn
from server.stocks.crediting_rows import Crediting, crediting_row
from server.stocks.equivalent_mass import equivalent_mass
from server.stocks.fine_soil import FloatArray
from server.stocks.gather import FlatPlots, flatten
from server.stocks.point_stocks import compute_cores
from server.stocks.profiles import BoolArray, IntArray, Profiles, arrange
from server.stocks.rows import estimate_of
from server.stocks.settings import Settings
from server.stocks.uncertainty import (
    DRAWS,
    Errors,
    propagate,
    simulate,
    total_se_t_ha,
)
from server.store.port import Transaction
from server.store.values import Job

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedErrors:
    """Standard uncertainties of measurement, as fractions of the values."""

    soc: float = 0.0
    bd: float = 0.0
    depth: float = 0.0
    seed: int = 0
    draws: int = DRAWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What to put beside stocks and changes, because somebody asked for it.

    `shared_soc` is the standard uncertainty of what the laboratory adds to all SOC
    values of one campaign alike, as a fraction.
    """

    crediting: Crediting | None = None
    errors: StatedErrors | None = None
    shared_soc: float | None = None


NOTHING: Final = Annotations()


def annotate_change(change: Row, annotations: Annotations) -> Row:
    """Return the figures that stand beside a change.

    What all points of a campaign share is drawn anew in each campaign:
    ``u = f sqrt(stock0^2 + stock1^2)``, ``SE_total^2 = SE^2 + u^2``.
    """
    row: Row = {}
    if annotations.crediting is not None:
        row["crediting"] = crediting_row(annotations.crediting, estimate_of(change))
    if annotations.shared_soc is not None:
        stocks = (change["stock0_t_ha"], change["stock1_t_ha"])
        known = None not in stocks
        shared = annotations.shared_soc * math.hypot(*stocks) if known else None
        error = change["se_t_ha"]
        row["shared_u_t_ha"] = shared
        row["se_total_t_ha"] = (
            None if error is None or shared is None else total_se_t_ha(error, shared)
        )
    return row


def errors_of_project(
    tx: Transaction, project_id: str, stated: StatedErrors
) -> dict[tuple[str, str, str], Row]:
    """Propagate stated errors into the stock of every plot, campaign and point."""
    plots = [record.id for record in tx.records(project_id, "plot")]
    found: dict[tuple[str, str, str], Row] = {}
    for start in range(0, len(plots), BATCH):
        jobs = [Job(project_id, plot, 0) for plot in plots[start : start + BATCH]]
        trees = tx.plot_trees(project_id, [job.plot_id for job in jobs])
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
    gathered, settings = flatten([layers]), derived.settings
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
    gathered: FlatPlots, chosen: BoolArray, settings: Settings, stated: StatedErrors
) -> dict[int, tuple[float, float]]:
    if not chosen.any():
        return {}
    cores, profiles = _profiles_of(gathered, chosen, settings.depth_cm)
    error = propagate(profiles, _errors(profiles, stated)).profile_t_ha
    return {
        core: (u, 0.0) for core, u in zip(cores.tolist(), error.tolist(), strict=True)
    }


def _in_equal_mass(
    gathered: FlatPlots,
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
    gathered: FlatPlots, chosen: BoolArray, depth_cm: float
) -> tuple[IntArray, Profiles]:
    """Return the chosen cores, cut at a depth, with their numbers."""
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
