"""What boards say of a plot, from its records and the figures derived of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from server.derivation.newest_change import newest_change
from server.derivation.stages import stage_groups
from server.report.geometry import Point, middle_of
from server.store.board_values import PlotBoard
from server.store.port import Transaction
from server.store.values import DerivationInput, DerivedRow, PlotTree


def with_handling(
    tx: Transaction, project_id: str, trees: Sequence[PlotTree]
) -> list[PlotTree]:
    """Return the trees of plots of one project with what boards say besides."""
    points, cores, bags = (
        [record.id for tree in trees for record in getattr(tree, name)]
        for name in ("points", "cores", "samples")
    )
    handling = tx.handling(project_id, points, cores, bags)
    return [replace(tree, handling=handling) for tree in trees]


def board_of(
    tree: PlotTree, rows: Sequence[DerivedRow | DerivationInput]
) -> PlotBoard | None:
    """Return what boards say of a plot, by its records and its figures; None of no plot. Pure."""
    if tree.plot is None:
        return None
    changes = {row.id: row.fields["change"] for row in rows if row.type == "change"}
    newest = newest_change(list(changes.values()))
    names = {id(change): name for name, change in changes.items()}
    return PlotBoard(
        code=str(tree.plot.fields["code"]),
        place=_place(tree),
        verdict="" if newest is None else newest["verdict_4permille"],
        reasons=() if newest is None else tuple(newest["reasons"]),
        change_id=None if newest is None else names[id(newest)],
        groups=stage_groups(tree, set(_with_stock(rows))),
    )


def _place(tree: PlotTree) -> Point | None:
    """Return the middle of a plot, degrees: of its boundary, else of its points."""
    assert tree.plot is not None
    middle = middle_of(tree.plot.fields.get("geometry"))
    if middle is not None:
        return middle
    known = [
        (point.fields["lon"], point.fields["lat"])
        for point in tree.points
        if point.fields.get("lon") is not None and point.fields.get("lat") is not None
    ]
    if not known:
        return None
    return fmean(lon for lon, _ in known), fmean(lat for _, lat in known)


def _with_stock(
    rows: Sequence[DerivedRow | DerivationInput],
) -> Iterator[tuple[str, str]]:
    """Return campaign and code of each point that has a stock."""
    for row in rows:
        if row.type == "stock":
            for point in row.fields["points"]:
                if _has_stock(point):
                    yield row.fields["campaign_id"], str(point["point"])


def _has_stock(point: dict[str, Any]) -> bool:
    names = ("soc_stock_t_ha", "esm_stock_t_ha")
    return any(point.get(name) is not None for name in names)
