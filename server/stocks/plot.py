"""From the layers of one plot to its stocks and changes: the one path to a figure.

The server and the command `stocks compute` both come through `derive_plot`, so a
laptop, a server and a file give the same digits.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Final

from server.stocks.change import (
    ChangeEstimate,
    Design,
    choose_design,
    estimate_change,
)
from server.stocks.points import Layer, Point, PointStock, derive_points
from server.stocks.reasons import WITHHOLDS_VERDICT, Reason, in_order

METHOD_VERSION: Final = "fixed-depth-1"
DAYS_PER_YEAR: Final = 365.25
SEASON_DAYS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a person may choose; kept beside every result."""

    depth_cm: float = 30.0


DEFAULT_SETTINGS: Final = Settings()


@dataclass(frozen=True, kw_only=True)
class Change(ChangeEstimate):
    """Change of one plot between two campaigns; dates are means over the points."""

    from_campaign: str
    to_campaign: str
    from_date: date
    to_date: date
    depth_cm: float


@dataclass(frozen=True, slots=True)
class PlotResult:
    """All stocks and changes of one plot, ready to be stored or shown."""

    stocks: tuple[PointStock, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Campaign:
    key: str
    points: tuple[Point, ...]

    @property
    def usable(self) -> tuple[Point, ...]:
        """Points that have a stock."""
        return tuple(p for p in self.points if p.stock.soc_stock_t_ha is not None)


def derive_plot(
    layers: Sequence[Layer], settings: Settings = DEFAULT_SETTINGS
) -> PlotResult:
    """Derive every stock and change of one plot from its layers.

    Parameters
    ----------
    layers
        Layers of one plot, all campaigns, in any order.
    settings
        Depth of the stock.

    Returns
    -------
    PlotResult
        Stocks of all points, by date of the campaign; changes of each campaign to
        the next, of the first to the last, and of the first of the present
        laboratory method to the last.

    Notes
    -----
    Points without a stock are left out of n; their reasons are carried up. Years are
    the mean date of the points used, later minus earlier, in 365.25 days.
    """
    campaigns = _campaigns(derive_points(layers, settings.depth_cm))
    return PlotResult(
        tuple(point.stock for campaign in campaigns for point in campaign.points),
        tuple(_change(early, late, settings) for early, late in _spans(campaigns)),
    )


def _spans(campaigns: Sequence[_Campaign]) -> list[tuple[_Campaign, _Campaign]]:
    """Choose the campaigns to compare, each pair once.

    Each with the next, the first with the last, and the first of the present
    laboratory method with the last: the longest span that one method judges.
    """
    spans = list(pairwise(campaigns))
    if len(campaigns) > 2:
        spans.append((campaigns[0], campaigns[-1]))
        start = len(campaigns) - 1
        methods = _soc_methods(campaigns[-1].points)
        while start and _soc_methods(campaigns[start - 1].points) == methods:
            start -= 1
        if 0 < start < len(campaigns) - 2:
            spans.append((campaigns[start], campaigns[-1]))
    return spans


def _campaigns(points: Sequence[Point]) -> list[_Campaign]:
    """Group points by campaign, in order of their mean date."""
    keys = dict.fromkeys(point.stock.campaign for point in points)
    campaigns = [
        _Campaign(key, tuple(p for p in points if p.stock.campaign == key))
        for key in keys
    ]
    return sorted(campaigns, key=lambda each: (_mean_day(each.points), each.key))


def _change(early: _Campaign, late: _Campaign, settings: Settings) -> Change:
    design, mixed, used0, used1 = _select(early, late)
    day0 = _mean_day(used0 or early.points)
    day1 = _mean_day(used1 or late.points)
    withheld = _withheld(used0, used1)
    estimate = estimate_change(
        [_stock(point) for point in used0],
        [_stock(point) for point in used1],
        design=design,
        years=(day1 - day0) / DAYS_PER_YEAR,
        withheld=withheld,
    )
    noted = [*estimate.reasons]
    if mixed:
        noted.append(Reason.UNPAIRED_MIX)
    if _season_differs(day0, day1):
        noted.append(Reason.SEASON_DIFFERS)
    for point in (*early.points, *late.points):
        noted.extend(point.stock.reasons)
    return Change(
        **vars(replace(estimate, reasons=in_order(noted))),
        from_campaign=early.key,
        to_campaign=late.key,
        from_date=date.fromordinal(round(day0)),
        to_date=date.fromordinal(round(day1)),
        depth_cm=settings.depth_cm,
    )


def _select(
    early: _Campaign, late: _Campaign
) -> tuple[Design, bool, list[Point], list[Point]]:
    """Choose the points to compare; pairs come in the same order on both sides."""
    places0, places1 = _places(early.usable), _places(late.usable)
    shared = [place for place in places0 if place in places1]
    design, mixed = choose_design(len(early.usable), len(late.usable), len(shared))
    if design is Design.UNPAIRED:
        return design, mixed, list(early.usable), list(late.usable)
    return (
        design,
        mixed,
        [places0[place] for place in shared],
        [places1[place] for place in shared],
    )


def _places(points: Sequence[Point]) -> dict[str, Point]:
    """Points by place; a place that two points claim pairs with nothing."""
    claims = Counter(point.pairing for point in points)
    return {p.pairing: p for p in points if claims[p.pairing] == 1}


def _withheld(used0: Sequence[Point], used1: Sequence[Point]) -> set[Reason]:
    """Find what forbids a verdict although the figures can be computed."""
    used = (*used0, *used1)
    withheld = {
        reason
        for point in used
        for reason in point.stock.reasons
        if reason in WITHHOLDS_VERDICT
    }
    if any(point.bd_unmeasured for point in used):
        withheld.add(Reason.BD_ESTIMATED)
    if used0 and used1 and _soc_methods(used0) != _soc_methods(used1):
        withheld.add(Reason.METHOD_CHANGED)
    return withheld


def _soc_methods(points: Sequence[Point]) -> set[str | None]:
    return {method for point in points for method in point.soc_methods}


def _season_differs(day0: float, day1: float) -> bool:
    first, second = (
        date.fromordinal(round(day)).timetuple().tm_yday for day in (day0, day1)
    )
    apart = abs(first - second)
    return min(apart, DAYS_PER_YEAR - apart) > SEASON_DAYS


def _mean_day(points: Sequence[Point]) -> float:
    return sum(point.day for point in points) / len(points)


def _stock(point: Point) -> float:
    stock = point.stock.soc_stock_t_ha
    assert stock is not None
    return stock
