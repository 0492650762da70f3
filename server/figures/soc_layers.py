"""SOC by depth: the mean over the points of a campaign, layer by layer. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

from server.derivation.layers import layers_of
from server.stocks.points import Layer
from server.store.values import PlotTree

Row = dict[str, Any]


def soc_by_depth(tree: PlotTree) -> Iterator[Row]:
    """Return a row for each layer of each campaign of a plot.

    Where the points were cut at other depths, the rows are as thin as the layers that they
    have in common. `n` counts the points with SOC there, `sampled` those with a layer.
    """
    if tree.plot is None:
        return
    names = {record.id: str(record.fields["name"]) for record in tree.campaigns}
    campaigns: dict[str, list[Layer]] = defaultdict(list)
    for layer in layers_of(tree):
        campaigns[layer.campaign].append(layer)
    for campaign in sorted(campaigns, key=lambda each: (names[each], each)):
        for step in steps_of(campaigns[campaign]):
            yield {
                "plot": str(tree.plot.fields["code"]),
                "campaign": names[campaign],
            } | step


def steps_of(layers: Sequence[Layer]) -> Iterator[Row]:
    """Cut the layers of a campaign at every depth at which one with SOC ends."""
    known = [layer for layer in layers if layer.soc_g_kg is not None]
    depths = {depth for layer in known for depth in (layer.top_cm, layer.bottom_cm)}
    for top, bottom in pairwise(sorted(depths)):
        here = [
            each for each in layers if each.top_cm < bottom and each.bottom_cm > top
        ]
        means = _of_points(here)
        if means:
            yield {
                "top_cm": top,
                "bottom_cm": bottom,
                "soc_g_kg": fmean(means.values()),
                "n": len(means),
                "sampled": len({layer.point for layer in here}),
            }


def _of_points(layers: Sequence[Layer]) -> Mapping[str, float]:
    """Return the mean SOC of each point over its cores."""
    points: dict[str, list[float]] = defaultdict(list)
    for layer in layers:
        if layer.soc_g_kg is not None:
            points[layer.point].append(layer.soc_g_kg)
    return {point: fmean(values) for point, values in points.items()}
