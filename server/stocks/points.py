"""From the layers of one plot to the stock of each of its points.

The stock of each core comes first, then the mean over the cores of a point: an
average of products, never a product of averages.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from server.stocks.fine_soil import FloatArray
from server.stocks.fixed_depth import FixedDepth, cumulative_t_ha, fixed_depth
from server.stocks.plausibility import ORGANIC_SOC_G_KG, bd_soc_implausible
from server.stocks.profiles import IntArray, Profiles, arrange
from server.stocks.reasons import Reason, in_order, mask_of, reasons_of

# Bulk density of these methods comes from no sample of the plot at all.
UNMEASURED_BD: Final = frozenset({"pedotransfer", "literature"})
# Measured on the same plot in another campaign: shown, but the verdict stands.
CARRIED_OVER_BD: Final = "carried_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What was measured of one layer of one core; None is missing.

    Depths satisfy ``0 <= top_cm < bottom_cm``, values lie inside the limits of entry.
    `pairing` names the place: points of different campaigns that share it are
    revisits; None stands for the point itself. `reasons` are what the caller already
    knows about these values, such as CENSORED or CONTESTED. `complete_soil_cm` is
    the depth of bedrock or hardpan where the core met it.
    """

    campaign: str
    point: str
    date: date
    top_cm: float
    bottom_cm: float
    soc_g_kg: float | None = None
    bd_fine_g_cm3: float | None = None
    pairing: str | None = None
    core: str = ""
    soc_method: str | None = None
    bd_method: str | None = None
    complete_soil_cm: float | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PointStock:
    """Stock of one point in one campaign; None where not computable, with reasons.

    `covered_to_cm` is the depth down to which nothing is missing, and
    `stock_to_covered_t_ha` the stock to there: a figure of its own, not a substitute.
    """

    campaign: str
    point: str
    depth_cm: float
    soc_stock_t_ha: float | None
    fine_mass_t_ha: float | None
    covered_to_cm: float
    stock_to_covered_t_ha: float | None
    cores: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point's stock with what a comparison of campaigns needs to know of it."""

    stock: PointStock
    pairing: str
    day: float  # mean sampling day, proleptic ordinal
    soc_methods: frozenset[str | None]
    bd_unmeasured: bool


@dataclass(frozen=True, slots=True)
class _Cores:
    """All cores of a plot as one array computation."""

    profiles: Profiles
    result: FixedDepth
    mask: IntArray


def derive_points(layers: Sequence[Layer], depth_cm: float) -> tuple[Point, ...]:
    """Give each point's stock to a depth, in order of first appearance.

    >>> from datetime import date
    >>> layer = Layer(
    ...     campaign="2020",
    ...     point="A",
    ...     date=date(2020, 9, 1),
    ...     top_cm=0.0,
    ...     bottom_cm=30.0,
    ...     soc_g_kg=16.0,
    ...     bd_fine_g_cm3=1.25,
    ... )
    >>> derive_points([layer], 30.0)[0].stock.soc_stock_t_ha
    60.0
    """
    if not layers:
        return ()
    core_of: dict[tuple[str, str, str], int] = {}
    point_layers: dict[tuple[str, str], list[Layer]] = defaultdict(list)
    point_cores: dict[tuple[str, str], dict[int, None]] = defaultdict(dict)
    numbers = np.empty(len(layers), dtype=np.int64)
    for row, layer in enumerate(layers):
        place = (layer.campaign, layer.point)
        core = core_of.setdefault((*place, layer.core), len(core_of))
        point_layers[place].append(layer)
        point_cores[place][core] = None
        numbers[row] = core
    cores = _compute_cores(layers, numbers, depth_cm)
    return tuple(
        _point(cores, list(point_cores[place]), members, depth_cm)
        for place, members in point_layers.items()
    )


def _compute_cores(
    layers: Sequence[Layer], numbers: IntArray, depth_cm: float
) -> _Cores:
    top = np.array([layer.top_cm for layer in layers])
    bottom = np.array([layer.bottom_cm for layer in layers])
    soc = _column([layer.soc_g_kg for layer in layers])
    density = _column([layer.bd_fine_g_cm3 for layer in layers])
    profiles, mask = arrange(numbers, top, bottom, soc, density)
    soil_end = np.full(profiles.count, np.nan)
    np.fmin.at(soil_end, numbers, _column([layer.complete_soil_cm for layer in layers]))
    result = fixed_depth(profiles, depth_cm, soil_end)
    # A layer below the depth has no say, neither has what is known about it.
    used = top < depth_cm
    known = np.array([mask_of(_known_reasons(layer)) for layer in layers])
    known |= np.where(soc > ORGANIC_SOC_G_KG, mask_of([Reason.ORGANIC_LAYER]), 0)
    odd = bd_soc_implausible(density, soc)
    known |= np.where(odd, mask_of([Reason.BD_SOC_IMPLAUSIBLE]), 0)
    np.bitwise_or.at(mask, numbers, np.where(used, known, 0))
    return _Cores(profiles, result, mask | result.mask)


def _column(values: list[float | None]) -> FloatArray:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _known_reasons(layer: Layer) -> tuple[Reason, ...]:
    estimated = layer.bd_method in UNMEASURED_BD or layer.bd_method == CARRIED_OVER_BD
    return (*layer.reasons, Reason.BD_ESTIMATED) if estimated else layer.reasons


def _point(
    cores: _Cores, members: list[int], layers: list[Layer], depth_cm: float
) -> Point:
    used = [layer for layer in layers if layer.top_cm < depth_cm]
    first = layers[0]
    return Point(
        stock=_point_stock(cores, members, first, depth_cm),
        pairing=first.pairing if first.pairing is not None else first.point,
        day=sum(layer.date.toordinal() for layer in layers) / len(layers),
        soc_methods=frozenset(
            layer.soc_method for layer in used if layer.soc_g_kg is not None
        ),
        bd_unmeasured=any(layer.bd_method in UNMEASURED_BD for layer in used),
    )


def _point_stock(
    cores: _Cores, members: list[int], layer: Layer, depth_cm: float
) -> PointStock:
    """Average the cores that have a stock; the others leave their reasons."""
    index = np.array(members)
    usable = index[~np.isnan(cores.result.soc_stock_t_ha[index])]
    chosen = usable if usable.size else index
    covered = float(cores.result.covered_to_cm[chosen].min())
    stock = _mean(cores.result.soc_stock_t_ha[usable])
    to_covered = stock
    if stock is None and covered > 0.0:
        profiles = cores.profiles.take(chosen)
        _, partial = cumulative_t_ha(profiles, np.full(profiles.count, covered))
        to_covered = _mean(partial)
    masks = [reasons_of(int(mask)) for mask in cores.mask[index]]
    return PointStock(
        campaign=layer.campaign,
        point=layer.point,
        depth_cm=depth_cm,
        soc_stock_t_ha=stock,
        fine_mass_t_ha=_mean(cores.result.fine_mass_t_ha[chosen]),
        covered_to_cm=covered,
        stock_to_covered_t_ha=to_covered,
        cores=int(usable.size),
        reasons=in_order(reason for reasons in masks for reason in reasons),
    )


def _mean(values: FloatArray) -> float | None:
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else None
