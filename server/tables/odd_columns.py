"""What is odd about a whole table of layers: units, and names that read alike."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from schemas.plausibility.skeletons import skeleton
from schemas.plausibility.tenfold import odd_column
from schemas.problems import Problem
from server.stocks.points import Layer


def table_warnings(plots: Mapping[str, Sequence[Layer]]) -> list[Problem]:
    """Return what to look at before the figures of a table are believed."""
    layers = [layer for members in plots.values() for layer in members]
    found = [*_units(layers), *_alike("plot", plots)]
    found += _alike("campaign", (layer.campaign for layer in layers))
    for members in plots.values():
        found += _alike("point", (layer.point for layer in members))
    return found


def _units(layers: Sequence[Layer]) -> Iterator[Problem]:
    by_campaign: dict[str, list[float]] = defaultdict(list)
    for layer in layers:
        if layer.soc_g_kg is not None:
            by_campaign[layer.campaign].append(layer.soc_g_kg)
    for campaign, values in by_campaign.items():
        others = [
            value
            for name, those in by_campaign.items()
            if name != campaign
            for value in those
        ]
        problem = odd_column("soc", values, others)
        if problem is not None:
            detail = f"campaign {campaign}: {problem.detail}"
            yield Problem(problem.code, "soc", None, detail)


def _alike(kind: str, names: Iterable[str]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for name in dict.fromkeys(names):
        other = first.setdefault(skeleton(name), name)
        if other != name:
            detail = f"{kind} {other} is in the table, too"
            yield Problem("looks_alike", kind, name, detail)
