"""Points that crowd in a part of their plot, from the records to the reasons."""

import pytest

from server.derivation.crowding import crowded_campaigns
from server.store.values import DerivationInput, PlotTree

SQUARE = [[1.0, 48.0], [1.01, 48.0], [1.01, 48.01], [1.0, 48.01], [1.0, 48.0]]
OUTLINE = {"type": "Polygon", "coordinates": [SQUARE]}
SPREAD = [(0.2, 0.3), (0.8, 0.2), (0.5, 0.6), (0.1, 0.9), (0.9, 0.8), (0.4, 0.1)]
CORNER = [(x / 4, y / 4) for x, y in SPREAD]


def degrees(places):
    return [(1.0 + x / 100, 48.0 + y / 100) for x, y in places]


def tree(cored, *, planned=SPREAD, outline=OUTLINE):
    plot = {"code": "P1"} | ({} if outline is None else {"geometry": outline})
    points = [
        DerivationInput(f"p{n}", "point", 2, {"code": str(n), "lon": x, "lat": y}, 0)
        for n, (x, y) in enumerate(degrees(planned))
    ]
    cores = [
        DerivationInput(
            f"{campaign} {number}",
            "core",
            3,
            {"point_id": f"p{number}", "campaign_id": campaign}
            | ({} if place is None else dict(zip(("lon", "lat"), place, strict=True))),
            0,
        )
        for campaign, places in cored.items()
        for number, place in enumerate(places)
    ]
    return PlotTree(
        project=None,
        plot=DerivationInput("plot", "plot", 1, plot, 0),
        campaigns=[],
        points=points,
        cores=cores,
        samples=[],
        results=[],
        frozen={},
    )


def test_a_campaign_in_a_corner_is_named_and_one_over_the_plot_is_not():
    found = tree({"2020": degrees(CORNER), "2026": degrees(SPREAD)})
    assert crowded_campaigns(found) == {"2020"}


@pytest.mark.parametrize("planned", [SPREAD, CORNER])
def test_a_core_without_a_position_lies_where_its_point_was_planned(planned):
    found = crowded_campaigns(tree({"2026": [None] * 6}, planned=planned))
    assert found == ({"2026"} if planned is CORNER else set())


def test_without_an_outline_nobody_can_tell():
    assert crowded_campaigns(tree({"2020": degrees(CORNER)}, outline=None)) == set()


def test_of_four_points_nobody_can_tell():
    assert crowded_campaigns(tree({"2020": degrees(CORNER)[:4]})) == set()
