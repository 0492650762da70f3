"""Figures of a difference to a control: from errors inside the plots, or between blocks."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from server.stocks.change import PERMILLE_YEAR, ZERO_STOCK_T_HA, Design, estimate_change
from server.stocks.contrast import Combined
from server.stocks.results import StockChange
from server.stocks.strata import Estimate, estimate_of
from server.stocks.student_t import satterthwaite_df
from server.stocks.verdicts import rate_verdict, zero_verdict

# Fields of `ControlledChange` by name.
Figures = dict[str, Any]
_PERMILLE: Final = 1000.0


def plot_figures(
    treated: StockChange, controls: Sequence[StockChange], *, has_spread: bool
) -> Figures:
    """Return the figures of a plot against the mean of its control plots.

    Without spread these are change and rate alone. Raises `ValueError` where a plot has
    no yearly change. Equations: `server.stocks.control.against_control`.
    """
    years, base = treated.years, _known(treated.stock0_t_ha)
    control = float(np.mean([each.annual_t_ha for each in controls]))
    change = _known(treated.change_t_ha) - years * control
    figures: Figures = {
        "years": years,
        "baseline_t_ha": base,
        "treated_annual_t_ha": treated.annual_t_ha,
        "control_annual_t_ha": control,
    }
    is_zero = base < ZERO_STOCK_T_HA
    if not is_zero:
        figures["rate_permille_year"] = _PERMILLE * change / (years * base)
    if not has_spread:
        return figures | _stocks(Estimate(change), years)
    contrast = _contrast(treated, control, controls)
    mean, variance, df = (float(part) for part in contrast.at(np.array(0.0)))
    figures |= _stocks(estimate_of(mean, variance, df), years)
    p_value, t = (None, None) if is_zero else contrast.test(PERMILLE_YEAR)
    figures |= {
        "p_vs_4permille": p_value,
        "verdict_4permille": rate_verdict(p_value, t),
    }
    if p_value is None:
        return figures
    rate = change / (years * base)
    _, at_rate, _ = contrast.at(np.array(rate))
    low, high, shape = contrast.bounds(rate, float(at_rate) ** 0.5 / (years * base))
    ends = tuple(None if end is None else _PERMILLE * end for end in (low, high))
    return figures | {"rate_ci95_permille_year": ends, "rate_ci95_shape": shape}


def _contrast(
    treated: StockChange, control_t_ha_year: float, controls: Sequence[StockChange]
) -> Combined:
    """Return ``D - r T c0`` of the treated plot, D less what the control changed by."""
    years, df = treated.years, _known(treated.df)
    variance, variance0, variance1 = (
        _known(error) ** 2
        for error in (treated.se_t_ha, treated.stock0_se_t_ha, treated.stock1_se_t_ha)
    )
    covariance = (variance0 + variance1 - variance) / 2.0
    of_change = np.array(
        [variance, 2.0 * years * (variance0 - covariance), years**2 * variance0]
    )
    mean = np.array([_known(treated.change_t_ha), -years * _known(treated.stock0_t_ha)])
    own = Combined(mean, of_change, np.convolve(of_change, of_change) / df, df)
    errors = [(_known(each.se_t_ha) / each.years) ** 2 for each in controls]
    freedom = float(satterthwaite_df(errors, [_known(each.df) for each in controls]))
    share = (years / len(controls)) ** 2
    return own.plus(-years * control_t_ha_year, share * sum(errors), freedom)


def block_figures(
    blocks: Sequence[tuple[StockChange, Sequence[StockChange]]],
) -> Figures:
    """Return the figures of the differences inside blocks, whose controls are averaged."""
    years = float(np.mean([plot.years for plot, _ in blocks]))
    base = np.array([_known(plot.stock0_t_ha) for plot, _ in blocks])
    own = np.array([_known(plot.annual_t_ha) for plot, _ in blocks])
    control = np.array(
        [np.mean([_known(each.annual_t_ha) for each in others]) for _, others in blocks]
    )
    found = estimate_change(
        base, base + years * (own - control), design=Design.PAIRED, years=years
    )
    change = Estimate(
        found.change_t_ha,
        found.se_t_ha,
        found.df,
        found.change_ci95_t_ha,
        found.p_value,
    )
    return _stocks(change, years) | {
        "years": years,
        "baseline_t_ha": found.stock0_t_ha,
        "treated_annual_t_ha": float(own.mean()),
        "control_annual_t_ha": float(control.mean()),
        "rate_permille_year": found.rate_permille_year,
        "rate_ci95_permille_year": found.rate_ci95_permille_year,
        "rate_ci95_shape": found.rate_ci95_shape,
        "p_vs_4permille": found.p_vs_4permille,
        "verdict_4permille": found.verdict_4permille,
    }


def _stocks(change: Estimate, years: float) -> Figures:
    return {
        "change_t_ha": change,
        "annual_t_ha": change.times(1.0 / years),
        "verdict_zero": zero_verdict(change.p_value, change.value),
    }


def _known(value: float | None) -> float:
    """Return a figure that was asked for before."""
    if value is None:
        raise ValueError("a change has no such figure")
    return value
