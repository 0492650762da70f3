"""Layers of many plots as columns: one pass over the objects, arrays from there on.

A layer knows the number of its core, a core that of its point, a point that of its
campaign, a campaign that of its plot. Points are numbered plot by plot, in order of
first appearance.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter
from typing import Any, Final

import numpy as np

from server.stocks.fine_soil import FloatArray
from server.stocks.plausibility import ORGANIC_SOC_G_KG, bd_soc_implausible
from server.stocks.points import Layer
from server.stocks.profiles import BoolArray, IntArray
from server.stocks.reasons import Reason, mask_of

# What the method of a bulk density says: of no sample of the plot at all, or measured on
# it in another campaign.
_SAID_BY_BD_METHOD: Final[dict[str | None, int]] = {
    "pedotransfer": mask_of([Reason.BD_ESTIMATED]),
    "literature": mask_of([Reason.BD_ESTIMATED]),
    "carried_over": mask_of([Reason.BD_CARRIED_OVER]),
}

#: The core of a layer, as far as a plot knows it: campaign, point and core.
_CORE: Final = itemgetter(
    *(Layer._fields.index(name) for name in ("campaign", "point", "core"))
)

_ORGANIC_LAYER: Final = mask_of([Reason.ORGANIC_LAYER])
_BD_SOC_IMPLAUSIBLE: Final = mask_of([Reason.BD_SOC_IMPLAUSIBLE])


@dataclass(frozen=True)
class FlatPlots:
    """Layers, cores, points and campaigns of many plots."""

    layers: Sequence[Layer]
    layer_core: IntArray
    core_point: IntArray
    first_layers: Sequence[Layer]  # one per point: its names
    point_campaign: IntArray
    campaign_keys: Sequence[str]
    campaign_plot: IntArray
    plots: int
    density_factor: FloatArray | None = None  # of each layer; None is 1
    soc_factor: FloatArray | None = None

    def with_density(self, chosen: BoolArray, factor: float) -> "FlatPlots":
        """Return the same layers with the density of some multiplied."""
        return replace(self, density_factor=np.where(chosen, factor, 1.0))

    def with_soc(self, chosen: BoolArray, factor: float) -> "FlatPlots":
        """Return the same layers with the SOC of some multiplied."""
        return replace(self, soc_factor=np.where(chosen, factor, 1.0))

    @cached_property
    def columns(self) -> dict[str, tuple[Any, ...]]:
        """Values of all layers, field by field."""
        return dict(zip(Layer._fields, zip(*self.layers, strict=True), strict=True))

    @cached_property
    def layer_point(self) -> IntArray:
        """Number of the point of each layer."""
        return self.core_point[self.layer_core]

    @cached_property
    def core_plot(self) -> IntArray:
        """Number of the plot of each core."""
        return self.campaign_plot[self.point_campaign[self.core_point]]

    @cached_property
    def top_cm(self) -> FloatArray:
        """Upper depth of each layer."""
        return _column(self.columns["top_cm"])

    @cached_property
    def bottom_cm(self) -> FloatArray:
        """Lower depth of each layer."""
        return _column(self.columns["bottom_cm"])

    @cached_property
    def soc_g_kg(self) -> FloatArray:
        """SOC of each layer; NaN where missing."""
        soc = _column(self.columns["soc_g_kg"])
        return soc if self.soc_factor is None else soc * self.soc_factor

    @cached_property
    def bd_fine_g_cm3(self) -> FloatArray:
        """Fine bulk density of each layer; NaN where missing."""
        density = _column(self.columns["bd_fine_g_cm3"])
        return density if self.density_factor is None else density * self.density_factor

    @cached_property
    def bd_given_g_cm3(self) -> FloatArray:
        """Density as it was written down; the fine one where that is all there is."""
        given = _column(self.columns["bd_given_g_cm3"])
        return np.where(np.isnan(given), self.bd_fine_g_cm3, given)

    @cached_property
    def said(self) -> IntArray:
        """Mask of what the layers say of themselves, as they came or by their values."""
        soc, density = self.soc_g_kg, self.bd_fine_g_cm3
        reasons, methods = self.columns["reasons"], self.columns["bd_method"]
        said = np.array([mask_of(own) if own else 0 for own in reasons])
        said |= np.array([_SAID_BY_BD_METHOD.get(name, 0) for name in methods])
        said |= np.where(soc > ORGANIC_SOC_G_KG, _ORGANIC_LAYER, 0)
        said |= np.where(bd_soc_implausible(density, soc), _BD_SOC_IMPLAUSIBLE, 0)
        return said

    @cached_property
    def soc_method(self) -> tuple[IntArray, list[str | None]]:
        """Number of the laboratory method of each layer, and the methods by number."""
        methods = self.columns["soc_method"]
        names = list(dict.fromkeys(methods))
        numbers = {name: number for number, name in enumerate(names)}
        return np.array([numbers[name] for name in methods]), names

    @cached_property
    def core_soil_end_cm(self) -> FloatArray:
        """Depth of bedrock or hardpan of each core; NaN where none was met."""
        depths_cm = _column(self.columns["complete_soil_cm"])
        end_cm = np.full(self.core_point.size, np.nan)
        np.fmin.at(end_cm, self.layer_core, depths_cm)
        return end_cm

    @cached_property
    def point_day(self) -> FloatArray:
        """Mean sampling day of each point, proleptic ordinal."""
        days = [day.toordinal() for day in self.columns["date"]]
        total = np.bincount(self.layer_point, weights=days)
        return np.asarray(total / np.bincount(self.layer_point), dtype=np.float64)

    @cached_property
    def campaign_day(self) -> FloatArray:
        """Mean sampling day over the points of each campaign."""
        total = np.bincount(self.point_campaign, weights=self.point_day)
        return np.asarray(total / np.bincount(self.point_campaign), dtype=np.float64)

    @cached_property
    def campaign_points(self) -> list[list[int]]:
        """Numbers of the points of each campaign."""
        points: list[list[int]] = [[] for _ in self.campaign_keys]
        for point, campaign in enumerate(self.point_campaign.tolist()):
            points[campaign].append(point)
        return points

    @cached_property
    def plot_campaigns(self) -> list[list[int]]:
        """Numbers of the campaigns of each plot, by mean date."""
        days, keys = self.campaign_day.tolist(), self.campaign_keys
        campaigns: list[list[int]] = [[] for _ in range(self.plots)]
        for campaign, plot in enumerate(self.campaign_plot.tolist()):
            campaigns[plot].append(campaign)
        for numbers in campaigns:
            numbers.sort(key=lambda number: (days[number], keys[number]))
        return campaigns

    @cached_property
    def places(self) -> list[str]:
        """Name of the place of each point, shared by its visits."""
        return [
            layer.point if layer.pairing is None else layer.pairing
            for layer in self.first_layers
        ]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the layers that a stock was made of say, per point."""

    mask: IntArray
    soc_methods: Sequence[frozenset[str | None]]


def flatten(plots: Collection[Sequence[Layer]]) -> FlatPlots:
    """Assign numbers to cores, points, campaigns and plots."""
    layer_core: list[int] = []
    core_point: list[int] = []
    first_layers: list[Layer] = []
    point_campaign: list[int] = []
    campaign_keys: list[str] = []
    campaign_plot: list[int] = []
    everything: list[Layer] = []
    for plot, layers in enumerate(plots):
        keys = list(map(_CORE, layers))
        first: dict[tuple[str, str, str], Layer] = {}
        for key, layer in zip(keys, layers, strict=True):
            first.setdefault(key, layer)
        cores: dict[tuple[str, str, str], int] = {}
        points: dict[tuple[str, str], int] = {}
        campaigns: dict[str, int] = {}
        for key, layer in first.items():
            campaign_key, point_key, _ = key
            campaign = campaigns.get(campaign_key)
            if campaign is None:
                campaign = campaigns[campaign_key] = len(campaign_keys)
                campaign_keys.append(campaign_key)
                campaign_plot.append(plot)
            point = points.get((campaign_key, point_key))
            if point is None:
                point = points[campaign_key, point_key] = len(first_layers)
                first_layers.append(layer)
                point_campaign.append(campaign)
            cores[key] = len(core_point)
            core_point.append(point)
        layer_core += map(cores.__getitem__, keys)
        everything += layers
    return FlatPlots(
        layers=everything,
        layer_core=np.array(layer_core, dtype=np.int64),
        core_point=np.array(core_point, dtype=np.int64),
        first_layers=first_layers,
        point_campaign=np.array(point_campaign, dtype=np.int64),
        campaign_keys=campaign_keys,
        campaign_plot=np.array(campaign_plot, dtype=np.int64),
        plots=len(plots),
    )


def facts(gathered: FlatPlots, used: BoolArray) -> Facts:
    """Collect what is known of the layers used; a layer not used has no say."""
    count = len(gathered.first_layers)
    point = gathered.layer_point
    mask = np.zeros(count, dtype=np.int64)
    np.bitwise_or.at(mask, point[used], gathered.said[used])
    with_soc = used & ~np.isnan(gathered.soc_g_kg)
    return Facts(mask, _soc_methods(gathered, with_soc))


def _soc_methods(gathered: FlatPlots, used: BoolArray) -> list[frozenset[str | None]]:
    """Return the laboratory methods of each point."""
    method, names = gathered.soc_method
    pairs = np.unique(gathered.layer_point[used] * len(names) + method[used])
    owner, number = np.divmod(pairs, max(len(names), 1))
    single = [frozenset([name]) for name in names]
    found: list[frozenset[str | None]] = [frozenset()] * len(gathered.first_layers)
    for point, index in zip(owner.tolist(), number.tolist(), strict=True):
        # Points of one method share one set.
        found[point] = found[point] | single[index] if found[point] else single[index]
    return found


def _column(values: Sequence[float | None]) -> FloatArray:
    return np.array(values, dtype=np.float64)
