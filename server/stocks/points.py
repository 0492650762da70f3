"""What was measured of a layer, and the stock of a point that follows from it."""

from datetime import date
from typing import NamedTuple

from server.stocks.reasons import Reason
from server.stocks.shared_density import RingError
from server.stocks.shared_error import SharedFactor


class Layer(NamedTuple):
    """What was measured of one layer of one core; None is missing.

    Depths satisfy ``0 <= top_cm < bottom_cm``, values lie inside the limits of entry.
    `pairing` names the place: points of different campaigns that share it are
    revisits; None stands for the point itself. `reasons` are what the caller already
    knows about these values, such as CENSORED or CONTESTED. `complete_soil_cm` is
    the depth of bedrock or hardpan where the core met it. `bd_given_g_cm3` is the density
    as it was written down, before stones; `shared_density` tells that it is of rings that
    stand for all points of the campaign, `bridge` that its SOC was brought from another
    laboratory method by a factor.

    A tuple, since a project has as many of them as bags.
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
    bd_given_g_cm3: float | None = None
    shared_density: RingError | None = None
    bridge: SharedFactor | None = None


class PointStock(NamedTuple):
    """Stock of one point in one campaign; None where not computable, with reasons.

    `covered_to_cm` is the depth down to which nothing is missing, and
    `stock_to_covered_t_ha` the stock to there: a figure of its own, not a substitute.

    The next four are None unless stocks in an equal mass were asked for: the stock in
    `reference_mass_t_ha` of soil, the mass that was sampled on the same basis, and
    whether some of the reference lies below it.

    `curve_spread_t_ha` is how far the straight line and the curve part, where campaigns
    that are compared were cut at other depths.
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
    esm_stock_t_ha: float | None = None
    reference_mass_t_ha: float | None = None
    sampled_mass_t_ha: float | None = None
    extrapolated: bool | None = None
    curve_spread_t_ha: float | None = None
