"""Change of a treated plot beyond that of its control: what the treatment did.

Weather, tillage and the laboratory move treated and untreated soil alike; a change alone
does not tell them from the treatment. The two changes are taken as independent, as VM0042
does for project and control sites; what both share, such as the laboratory's bias, makes
the interval wider than it had to be. Without random assignment the difference is no
proof of a cause: say so beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from server.stocks.change import Interval
from server.stocks.control_figures import Figures, block_figures, plot_figures
from server.stocks.rate_interval import IntervalShape
from server.stocks.reasons import Reason, in_order
from server.stocks.results import StockChange
from server.stocks.strata import Estimate
from server.stocks.units import OF_POINTS
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict

# First and last visits may together be apart by this share of the treated plot's time.
MOST_APART_SHARE: Final = 0.1
_FEWEST_BLOCKS: Final = 2
_UNKNOWN: Final = Estimate()


class ControlDesign(StrEnum):
    """Where the error of a difference to the control comes from."""

    PLOTS = "plots"  # points inside the plots
    BLOCKS = "blocks"  # differences between blocks of a treated and a control plot


class ControlProblem(StrEnum):
    """What stands against a verdict on a difference to the control."""

    NO_CHANGE = "a plot has no yearly change between the two campaigns"
    NO_CONTROL = "there is no control plot"
    NO_SPREAD = "a change has no error: too few points, or no spread between them"
    ONE_BLOCK = "fewer than two blocks have no spread between them"
    SPAN_DIFFERS = "treated and control plots were not sampled in the same years"
    STOCK_DIFFERS = (
        "changes are of stocks to other depths, or one of an equal mass alone"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlledChange:
    """Change of a treated plot less that of its control; None where not computable.

    t/ha and t/ha a year of carbon, means over blocks where there are some. `years` is the
    time of the treated plot; the control's yearly change is taken over the same time. The
    rate is permille a year of `baseline_t_ha`, the treated baseline. Verdicts are not
    assessable where there are `problems` or `withheld` plots; figures stay. An end of
    the interval of the rate that is None is at infinity.
    """

    design: ControlDesign
    treated: int
    controls: int
    years: float | None = None
    baseline_t_ha: float | None = None
    treated_annual_t_ha: float | None = None
    control_annual_t_ha: float | None = None
    change_t_ha: Estimate = _UNKNOWN
    annual_t_ha: Estimate = _UNKNOWN
    rate_permille_year: float | None = None
    rate_ci95_permille_year: Interval | None = None
    rate_ci95_shape: IntervalShape | None = None
    p_vs_4permille: float | None = None
    verdict_4permille: ChangeVerdict = ChangeVerdict.NOT_ASSESSABLE
    verdict_zero: ZeroVerdict = ZeroVerdict.NOT_ASSESSABLE
    withheld: bool = False
    problems: tuple[ControlProblem, ...] = ()
    reasons: tuple[Reason, ...] = ()


def against_control(
    treated: StockChange, controls: Sequence[StockChange]
) -> ControlledChange:
    """Compare the change of a plot with the mean change of its control plots.

    ``D = D_t - T * mean(D_i / T_i)``, ``Var = SE_t^2 + T^2 sum((SE_i / T_i)^2) / m^2``,
    df after Satterthwaite. The rate is judged on ``D - r T c0_t``, whose variance is
    ``Var + 2 r T (v0 - c) + (r T)^2 v0``, v0 the variance of the treated baseline c0_t
    and c its covariance with the later stock; the interval holds every rate r that this
    test does not reject.

    Parameters
    ----------
    treated, controls
        Changes with their standard errors and degrees of freedom, as they stand: errors
        that points share are in those of change and stocks already, where there are any.

    Returns
    -------
    ControlledChange
        Figures, and what stands against a verdict.

    Notes
    -----
    Control plots are these ones, each with the same weight: the spread between them is
    not asked for. The df of the treated change serve at every rate. Sources: Satterthwaite
    1946; Fieller 1954; VM0042 v2.2 (project minus control).
    """
    pairs = [(treated, control) for control in controls]
    problems = set(_problems(pairs))
    if not controls:
        problems.add(ControlProblem.NO_CONTROL)
    if any(each.se_t_ha is None or each.df is None for each in (treated, *controls)):
        problems.add(ControlProblem.NO_SPREAD)
    figures: Figures = {}
    if not problems & _NO_FIGURES:
        has_spread = ControlProblem.NO_SPREAD not in problems
        figures = plot_figures(treated, controls, has_spread=has_spread)
    return _judged(ControlDesign.PLOTS, ([treated], controls), problems, figures)


def against_blocks(
    blocks: Sequence[tuple[StockChange, Sequence[StockChange]]],
) -> ControlledChange:
    """Compare treated plots with the control plots of the same block.

    ``d_i = T (D_ti / T_ti - D_ci / T_ci)``, ``D = mean(d_i)``, ``SE = sd(d_i) /
    sqrt(n)``, ``df = n - 1``: the change of `estimate_change` whose baseline is that of
    the treated plots and whose later stock is the baseline and d_i.

    Parameters
    ----------
    blocks
        The changes of the treated plot and of the control plots of each block, which
        count by their mean; T is the mean time of the treated plots.

    Returns
    -------
    ControlledChange
        Figures, and what stands against a verdict.

    Notes
    -----
    Blocks count alike and are independent. The spread between blocks holds that between
    the points, but not an error that all plots share. Sources: paired t test; Fieller
    1954 for the interval of the rate.
    """
    treated = [plot for plot, _ in blocks]
    controls = [plot for _, own in blocks for plot in own]
    problems = set(_problems([(plot, each) for plot, own in blocks for each in own]))
    if not all(own for _, own in blocks):
        problems.add(ControlProblem.NO_CONTROL)
    if len(blocks) < _FEWEST_BLOCKS:
        problems.add(ControlProblem.ONE_BLOCK)
    figures: Figures = {}
    if blocks and not problems & _NO_FIGURES:
        figures = block_figures(blocks)
        if figures["change_t_ha"].se == 0.0:
            problems.add(ControlProblem.NO_SPREAD)
    return _judged(ControlDesign.BLOCKS, (treated, controls), problems, figures)


_NO_FIGURES: Final = {ControlProblem.NO_CHANGE, ControlProblem.NO_CONTROL}


def _problems(
    pairs: Sequence[tuple[StockChange, StockChange]],
) -> Iterator[ControlProblem]:
    """Yield what stands against comparing plots, each with its control."""
    for treated, control in pairs:
        if treated.annual_t_ha is None or control.annual_t_ha is None:
            yield ControlProblem.NO_CHANGE
        apart = abs((treated.from_date - control.from_date).days)
        apart += abs((treated.to_date - control.to_date).days)
        if apart > MOST_APART_SHARE * (treated.to_date - treated.from_date).days:
            yield ControlProblem.SPAN_DIFFERS
        if (treated.judged_on, treated.depth_cm) != (
            control.judged_on,
            control.depth_cm,
        ):
            yield ControlProblem.STOCK_DIFFERS


def _judged(
    design: ControlDesign,
    sides: tuple[Sequence[StockChange], Sequence[StockChange]],
    problems: set[ControlProblem],
    figures: Figures,
) -> ControlledChange:
    """Put figures together; no verdict where something stands against it."""
    treated, controls = sides
    plots = [*treated, *controls]
    withheld = any(each.withheld for each in plots)
    if withheld or problems:
        figures = figures | {
            "verdict_4permille": ChangeVerdict.NOT_ASSESSABLE,
            "verdict_zero": ZeroVerdict.NOT_ASSESSABLE,
        }
    reasons = {reason for each in plots for reason in each.reasons}
    if design is ControlDesign.BLOCKS:
        # The spread between blocks does not need what points could not tell.
        reasons -= OF_POINTS
    return ControlledChange(
        design=design,
        treated=len(treated),
        controls=len(controls),
        withheld=withheld,
        problems=tuple(each for each in ControlProblem if each in problems),
        reasons=in_order(reasons),
        **figures,
    )
