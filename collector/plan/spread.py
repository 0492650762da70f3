"""How much the stocks of a plot differ from point to point, as the server derived them."""

import math
from typing import NamedTuple

from collector.laptop.laptop import Laptop
from collector.record.views import stocks
from collector.rules.overlay import RecordView


class StockSpread(NamedTuple):
    """Stocks of points of one campaign: how many, their mean and standard deviation."""

    campaign: str
    points: int
    mean_t_ha: float
    sd_t_ha: float


def spread_of(laptop: Laptop, plot: RecordView) -> StockSpread | None:
    """Return the spread of the last campaign of a plot; None with fewer than two stocks."""
    rows = stocks(laptop, plot.project_id, str(plot.fields["code"]))["stocks"]
    by_campaign: dict[str, list[float]] = {}
    for row in rows:
        stock = row.get("soc_stock_t_ha")
        if isinstance(stock, int | float):
            by_campaign.setdefault(str(row.get("campaign")), []).append(float(stock))
    known = [(name, found) for name, found in by_campaign.items() if len(found) > 1]
    if not known:
        return None
    campaign, found = known[-1]
    mean = math.fsum(found) / len(found)
    squares = math.fsum((stock - mean) ** 2 for stock in found)
    return StockSpread(
        campaign, len(found), mean, math.sqrt(squares / (len(found) - 1))
    )
