"""What is derived of a plot: stocks of its points, changes, a trend."""

from dataclasses import dataclass
from datetime import date

from server.stocks.change import ChangeEstimate
from server.stocks.comparison import JudgedOn
from server.stocks.points import PointStock
from server.stocks.random_slope import RandomSlope
from server.stocks.reasons import Reason
from server.stocks.reference_mass import ReferenceMass
from server.stocks.trend import Trend
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDepth:
    """The change to a depth at which all cores of both campaigns are cut; no curve in it."""

    depth_cm: float
    change_t_ha: float | None
    change_ci95_t_ha: tuple[float, float] | None
    verdict_4permille: ChangeVerdict
    verdict_zero: ZeroVerdict


@dataclass(frozen=True, kw_only=True)
class StockChange(ChangeEstimate):
    """Change of one plot between two campaigns; dates are means over the points.

    All figures are those of the stocks named by `judged_on`. Where these are stocks
    in an equal mass, the change to the fixed depth stands beside them.

    `points_sampled0` and `points_sampled1` count the points of either campaign, usable
    or not, `points_sampled` their places, `points_short_of_mass` those compared that do
    not reach the reference mass. Where there are any, all are compared in a common mass:
    `reference_depth_cm` is its depth in the earlier campaign. `curve_spread_t_ha` and
    `shared_depth` are there where the campaigns were cut at other depths.
    `change_confirmed` is why a person stands by a change that no soil makes.
    """

    from_campaign: str
    to_campaign: str
    from_date: date
    to_date: date
    depth_cm: float
    judged_on: JudgedOn = JudgedOn.FIXED_DEPTH
    points_sampled0: int = 0
    points_sampled1: int = 0
    points_sampled: int = 0
    points_short_of_mass: int = 0
    reference_mass_t_ha: float | None = None
    reference_depth_cm: float | None = None
    fixed_depth_change_t_ha: float | None = None
    fixed_depth_change_ci95_t_ha: tuple[float, float] | None = None
    curve_spread_t_ha: float | None = None
    shared_depth: SharedDepth | None = None
    change_confirmed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotTrend:
    """Trend of one plot over three campaigns or more.

    `random_slope` stands beside it where points were not visited every time.
    """

    line: Trend
    judged_on: JudgedOn
    depth_cm: float
    from_campaign: str
    to_campaign: str
    campaigns: int
    reasons: tuple[Reason, ...]
    random_slope: RandomSlope | None = None


@dataclass(frozen=True, slots=True)
class PlotResult:
    """All stocks and changes of one plot, ready to be stored or shown.

    `reference` is the mass that was found or passed in; store it and pass it in again.
    """

    stocks: tuple[PointStock, ...]
    changes: tuple[StockChange, ...]
    reference: ReferenceMass | None = None
    trend: PlotTrend | None = None
