"""Conservative figures as crediting programmes print them: pure, and off by default.

They answer what a programme would credit, not what happened. Nothing else in Permille
calls them; who prints one names the programme and its version beside it.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from scipy import special

from server.stocks.change import ChangeEstimate
from server.stocks.student_t import critical_t

VM0042_QUANTILE: Final = 2.0 / 3.0  # printed 0.667; its 0.4307 belongs to two thirds
GOLD_STANDARD_LEVEL: Final = 0.90
GOLD_STANDARD_FREE: Final = 0.20
GOLD_STANDARD_BUFFER: Final = 0.20
AUSTRALIA_EXCEEDANCE: Final = 0.60
AUSTRALIA_WITHHELD: Final = 0.25
AUSTRALIA_BUFFER: Final = 0.05
# Discount by the years for which a project promises to keep the carbon.
AUSTRALIA_PERMANENCE: Final = MappingProxyType({25: 0.20, 100: 0.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldStandard402:
    """Parts of the creditable change, t/ha; shares are fractions."""

    change_t_ha: float
    half_width_t_ha: float
    uncertainty: float
    deduction: float
    buffer_t_ha: float
    creditable_t_ha: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Australia2021:
    """Parts of the creditable change, t/ha, by the Australian method of 2021.

    ``change = discount + withheld + buffer + permanence + creditable + deficit``; what is
    withheld comes back with a later sampling. Where the change less the discount is a
    loss nothing is credited, and `deficit_t_ha` is that loss, 0 or less.
    """

    change_t_ha: float
    discount_t_ha: float
    withheld_t_ha: float
    buffer_t_ha: float
    permanence_t_ha: float
    creditable_t_ha: float
    deficit_t_ha: float


def vm0042_uncertainty(mean_t_ha: float, se_t_ha: float, df: float) -> float | None:
    """Return the uncertainty deduction of VM0042 as a fraction.

    ``UNC = SE / |mean| * t(2/3, df)``, the quantile of one side. There is no
    threshold and no cap in v2.2. None for a mean of 0. Source: VM0042 v2.2, section
    8.6 and page 88 (quantile about 0.4307 at many degrees of freedom).

    >>> round(vm0042_uncertainty(2.0, 0.5, 10), 6)
    0.110939
    """
    if mean_t_ha == 0.0:
        return None
    quantile = float(special.stdtrit(df, VM0042_QUANTILE))
    return se_t_ha / abs(mean_t_ha) * quantile


def vm0042_adjusted(change_t_ha: float, uncertainty: float, *, worse: bool) -> float:
    """Return a change after the deduction of VM0042.

    ``change * (1 - UNC * I)``, I = -1 where the project does worse than its baseline,
    1 otherwise. Source: VM0042 v2.2, section 8.6.

    >>> vm0042_adjusted(4.0, 0.25, worse=False), vm0042_adjusted(-4.0, 0.25, worse=True)
    (3.0, -5.0)
    """
    sign = -1.0 if worse else 1.0
    return change_t_ha * (1.0 - uncertainty * sign)


def gold_standard_402(change: ChangeEstimate) -> GoldStandard402 | None:
    """Return the creditable change of the Gold Standard SOC framework 402.

    Each campaign has its own two-sided 90 % interval, ``mean +- t(0.95, n - 1) SE``;
    the half-width of the change is the sum of both, as in the worst case;
    ``UNC = half-width / |change|``. A gain loses ``UNC - 20 %``, then 20 % go to the
    buffer; a loss counts in full. None where a campaign has no standard error or the
    change is 0. Source: platform specification of framework 402, as extracted.

    >>> from server.stocks.change import Design, estimate_change
    >>> parts = gold_standard_402(
    ...     estimate_change(
    ...         [50.0, 51.0, 52.0], [58.0, 59.0, 60.0], design=Design.PAIRED, years=5.0
    ...     )
    ... )
    >>> round(parts.uncertainty, 4), round(parts.creditable_t_ha, 4)
    (0.4215, 4.9826)
    """
    error0, error1, gain = (
        change.stock0_se_t_ha,
        change.stock1_se_t_ha,
        change.change_t_ha,
    )
    if error0 is None or error1 is None or gain is None:
        return None
    return gold_standard_402_of(
        gain, (error0, change.n0 - 1.0), (error1, change.n1 - 1.0)
    )


def gold_standard_402_of(
    gain: float, *errors: tuple[float, float]
) -> GoldStandard402 | None:
    """Return the creditable change from the standard error and df of each campaign.

    None for a change of 0.
    """
    if gain == 0.0:
        return None
    half = sum(
        float(critical_t(df, GOLD_STANDARD_LEVEL)) * error for error, df in errors
    )
    uncertainty = half / abs(gain)
    deduction = max(uncertainty - GOLD_STANDARD_FREE, 0.0) if gain > 0.0 else 0.0
    kept = gain * max(1.0 - deduction, 0.0)
    buffer = GOLD_STANDARD_BUFFER * kept if gain > 0.0 else 0.0
    return GoldStandard402(
        change_t_ha=gain,
        half_width_t_ha=half,
        uncertainty=uncertainty,
        deduction=deduction,
        buffer_t_ha=buffer,
        creditable_t_ha=kept - buffer,
    )


def australia_2021(
    change: ChangeEstimate, *, first_sampling: bool, permanence_years: int
) -> Australia2021 | None:
    """Return the creditable change of the Australian soil carbon method of 2021.

    ``conservative = D - t(0.6, df) SE``: the change that the true one exceeds with a
    probability of 60 %. Of a gain, 25 % are withheld after the first sampling that
    follows the baseline; of the rest go 5 % to the risk of reversal buffer and, where
    the carbon is kept for 25 years, 20 % as permanence period discount. Both shares are
    added before they are taken.

    Parameters
    ----------
    change
        A change, t/ha of carbon; design, SE and df are its own.
    first_sampling
        Whether the later campaign is the first after the baseline.
    permanence_years
        25 or 100.

    Returns
    -------
    Australia2021 or None
        None where the change has no standard error or degrees of freedom.

    Raises
    ------
    ValueError
        For other years of permanence.

    Notes
    -----
    Of the sequestration alone: the emissions of a project are subtracted before both
    shares, the part that a model estimates is not covered, and one plot stands for one
    carbon estimation area. Source: Carbon Credits (Carbon Farming Initiative -
    Estimation of Soil Organic Carbon Sequestration Using Measurement and Models)
    Methodology Determination 2021, Part 4, with its Supplement; Carbon Credits (Carbon
    Farming Initiative) Act 2011 for both shares. The 25 %, 5 % and 20 % were read in the
    Clean Energy Regulator's notice of June 2023 on the first issue under this method,
    which also names the discount for probability of exceedance. Not verified against
    the text of the determination: the 60 %, known from secondary literature (0.253
    standard errors at many degrees of freedom), that shares are added (0.75 in all at
    25 years), and what becomes of a loss.

    Examples
    --------
    >>> from server.stocks.change import Design, estimate_change
    >>> parts = australia_2021(
    ...     estimate_change(
    ...         [50.0, 51.0, 52.0], [58.0, 60.0, 59.0], design=Design.PAIRED, years=5.0
    ...     ),
    ...     first_sampling=True,
    ...     permanence_years=25,
    ... )
    >>> round(parts.discount_t_ha, 4), round(parts.creditable_t_ha, 4)
    (0.1667, 4.4062)
    """
    if permanence_years not in AUSTRALIA_PERMANENCE:
        raise ValueError("permanence is 25 or 100 years")
    if change.change_t_ha is None or change.se_t_ha is None or change.df is None:
        return None
    return australia_2021_of(
        change.change_t_ha,
        (change.se_t_ha, change.df),
        withheld=AUSTRALIA_WITHHELD if first_sampling else 0.0,
        permanence=AUSTRALIA_PERMANENCE[permanence_years],
    )


def australia_2021_of(
    gain: float, error: tuple[float, float], *, withheld: float, permanence: float
) -> Australia2021:
    """Return the creditable change from a change, its standard error and df.

    `withheld` and `permanence` are fractions; see `australia_2021`.
    """
    se, df = error
    discount = float(special.stdtrit(df, AUSTRALIA_EXCEEDANCE)) * se
    conservative = gain - discount
    kept = max(conservative, 0.0)
    issued = kept * (1.0 - withheld)
    return Australia2021(
        change_t_ha=gain,
        discount_t_ha=discount,
        withheld_t_ha=kept * withheld,
        buffer_t_ha=issued * AUSTRALIA_BUFFER,
        permanence_t_ha=issued * permanence,
        creditable_t_ha=issued * (1.0 - AUSTRALIA_BUFFER - permanence),
        deficit_t_ha=min(conservative, 0.0),
    )
