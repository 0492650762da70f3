"""Stocks and changes as rows of plain values: the one place that names their keys.

Every program that prints or sends a figure takes its keys from here. Rows hold text,
numbers, lists and None only, so they are JSON as they stand.
"""

from server.stocks.change import Interval
from server.stocks.plot import Change
from server.stocks.points import PointStock
from server.stocks.reasons import Reason

Row = dict[str, object]


def stock_row(plot: str, stock: PointStock) -> Row:
    """Give the row of one point's stock."""
    return {
        "plot": plot,
        "campaign": stock.campaign,
        "point": stock.point,
        "depth_cm": stock.depth_cm,
        "soc_stock_t_ha": stock.soc_stock_t_ha,
        "fine_mass_t_ha": stock.fine_mass_t_ha,
        "covered_to_cm": stock.covered_to_cm,
        "stock_to_covered_t_ha": stock.stock_to_covered_t_ha,
        "cores": stock.cores,
        "reasons": _codes(stock.reasons),
    }


def change_row(plot: str, change: Change) -> Row:
    """Give the row of one change; a null end of an interval lies at infinity."""
    return {
        "plot": plot,
        "from_campaign": change.from_campaign,
        "to_campaign": change.to_campaign,
        "from_date": change.from_date.isoformat(),
        "to_date": change.to_date.isoformat(),
        "depth_cm": change.depth_cm,
        "design": change.design.value,
        "n0": change.n0,
        "n1": change.n1,
        "stock0_t_ha": change.stock0_t_ha,
        "stock1_t_ha": change.stock1_t_ha,
        "change_t_ha": change.change_t_ha,
        "se_t_ha": change.se_t_ha,
        "df": change.df,
        "change_ci95_t_ha": _ends(change.change_ci95_t_ha),
        "p_value": change.p_value,
        "years": change.years,
        "annual_t_ha": change.annual_t_ha,
        "annual_ci95_t_ha": _ends(change.annual_ci95_t_ha),
        "rate_permille_year": change.rate_permille_year,
        "rate_ci95_permille_year": _ends(change.rate_ci95_permille_year),
        "rate_ci95_shape": change.rate_ci95_shape and change.rate_ci95_shape.value,
        "verdict_4permille": change.verdict_4permille.value,
        "verdict_zero": change.verdict_zero.value,
        "p_vs_4permille": change.p_vs_4permille,
        "co2e_t_ha_year": change.co2e_t_ha_year,
        "reasons": _codes(change.reasons),
    }


def _codes(reasons: tuple[Reason, ...]) -> list[str]:
    return [reason.value for reason in reasons]


def _ends(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else list(interval)
