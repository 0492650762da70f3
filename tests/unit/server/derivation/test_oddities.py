"""What is odd about bags and cores stands beside their figures until it is explained."""

import pytest

from schemas.explained import explanation
from schemas.plausibility.cores import outside_campaign, unlikely_densities
from server.stocks.reasons import Reason
from tests.unit.server.derivation.trees import SPRING, Tree

LATE = {"sampled_at": "2016-05-04T12:00:00Z"}
HEAVY = {"fine_dry_mass_g": 2600.0}
PROBE = {"inner_diameter_mm": 50.0}


def reasons(core, bag):
    """The reasons of one layer of 10 cm, of a core with such fields."""
    tree = Tree()
    name = tree.core(tree.add("point", code="1"), **core)
    tree.bag(name, 0.0, 10.0, soc=15.0, **bag)
    (layer,) = tree.layers()
    return layer.reasons


def explained(*problems):
    return {"explained": [explanation(each, "so it is") for each in problems]}


@pytest.mark.parametrize(
    ("core", "bag", "expected"),
    [
        ({}, {}, ()),
        (LATE, {}, (Reason.CORE_OUTSIDE_CAMPAIGN,)),
        (PROBE, {"fine_dry_mass_g": 260.0}, ()),
        (PROBE, HEAVY, (Reason.BD_IMPLAUSIBLE,)),
        (PROBE, {"fine_dry_mass_g": 26.0}, (Reason.BD_IMPLAUSIBLE,)),
        (PROBE, {"fine_dry_mass_g": 260.0, "field_mass_g": 3000.0}, ()),
        (LATE | PROBE, HEAVY, (Reason.CORE_OUTSIDE_CAMPAIGN, Reason.BD_IMPLAUSIBLE)),
    ],
)
def test_a_layer_says_what_is_odd_about_it(core, bag, expected):
    assert reasons(core, bag) == expected


def test_what_was_explained_is_not_said_again():
    late = outside_campaign(LATE, SPRING)
    assert reasons(LATE | explained(late), {}) == ()
    depths = {"depth_top_cm": 0.0, "depth_bottom_cm": 10.0}
    heavy = unlikely_densities(HEAVY | depths, PROBE)
    assert reasons(PROBE, HEAVY | explained(*heavy)) == ()
