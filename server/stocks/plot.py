"""From the layers of plots to their stocks and changes: the one path to a figure.

The server and the command `stocks compute` both come through here, so a laptop, a
server and a file give the same digits. Many plots are one array computation; one plot
is the same with one.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from server.stocks.derivation import PlotBatch
from server.stocks.gather import flatten
from server.stocks.points import Layer
from server.stocks.reference_mass import ReferenceMass
from server.stocks.results import PlotResult, PlotTrend, StockChange
from server.stocks.settings import DEFAULT_SETTINGS, METHOD_VERSION, Settings

__all__ = [
    "DEFAULT_SETTINGS",
    "METHOD_VERSION",
    "PlotResult",
    "PlotTrend",
    "Settings",
    "StockChange",
    "derive_plot",
    "derive_plots",
]

_Key = TypeVar("_Key")


def derive_plot(
    layers: Sequence[Layer],
    settings: Settings = DEFAULT_SETTINGS,
    frozen: ReferenceMass | None = None,
    confirmed: str | None = None,
) -> PlotResult:
    """Derive every stock and change of one plot from its layers.

    Parameters
    ----------
    layers
        Layers of one plot, all campaigns, in any order.
    settings
        Depth of the stock, and the method of stocks in an equal mass.
    frozen
        Reference mass of an earlier derivation. One for another depth or basis is
        not used, and a new one is found.
    confirmed
        Why changes are right that no soil makes; their verdicts are withheld else.

    Returns
    -------
    PlotResult
        Stocks of all points, by date of the campaign; changes of each campaign to
        the next, of the first to the last, and of the first of the present
        laboratory method to the last; the reference mass; the trend over three
        campaigns or more.

    Notes
    -----
    Points without a stock are left out of n; their reasons are carried up. Years are
    the mean date of the points used, later minus earlier, in 365.25 days.

    Examples
    --------
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
    >>> derive_plot([layer]).stocks[0].soc_stock_t_ha
    60.0
    """
    known = {} if frozen is None else {"": frozen}
    said = {} if confirmed is None else {"": confirmed}
    return derive_plots({"": layers}, settings, known, said)[""]


def derive_plots(
    plots: Mapping[_Key, Sequence[Layer]],
    settings: Settings = DEFAULT_SETTINGS,
    frozen: Mapping[_Key, ReferenceMass] | None = None,
    confirmed: Mapping[_Key, str] | None = None,
) -> dict[_Key, PlotResult]:
    """Derive many plots at once; the same figures as `derive_plot` one by one."""
    gathered = flatten(plots.values())
    if not gathered.layers:
        return {key: PlotResult((), ()) for key in plots}
    kept = [(frozen or {}).get(key) for key in plots]
    said = [(confirmed or {}).get(key) for key in plots]
    results = PlotBatch(gathered, settings, kept, said).results()
    return dict(zip(plots, results, strict=True))
