"""Campaigns whose points crowd in a part of their plot. Pure."""

from collections.abc import Mapping
from typing import Any

from server.stocks.clustering import clustering
from server.store.values import PlotTree


def crowded_campaigns(tree: PlotTree) -> frozenset[str]:
    """Return the campaigns whose points are clustered in the outline of the plot.

    A point lies where it was cored, else where it was planned; without a position it is
    left out. Campaigns of the same positions are looked at once.
    """
    outline = tree.plot.fields.get("geometry") if tree.plot else None
    if outline is None:
        return frozenset()
    planned = {point.id: _position(point.fields) for point in tree.points}
    by_campaign: dict[str, dict[str, tuple[float, float]]] = {}
    for core in tree.cores:
        point = core.fields["point_id"]
        place = _position(core.fields) or planned.get(point)
        if place is not None:
            by_campaign.setdefault(core.fields["campaign_id"], {})[point] = place
    judged: dict[tuple[tuple[float, float], ...], bool] = {}
    crowded = set()
    for campaign, places in by_campaign.items():
        positions = tuple(sorted(places.values()))
        if positions not in judged:
            found = clustering(outline, positions)
            judged[positions] = found is not None and found.clustered
        if judged[positions]:
            crowded.add(campaign)
    return frozenset(crowded)


def _position(fields: Mapping[str, Any]) -> tuple[float, float] | None:
    lon, lat = fields.get("lon"), fields.get("lat")
    return None if lon is None or lat is None else (lon, lat)
