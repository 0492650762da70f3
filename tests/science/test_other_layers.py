"""Campaigns that were cut at other depths: what the curve says is not the soil's change."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from server.stocks.aggregate import aggregate
from server.stocks.plot import derive_plot, derive_plots
from server.stocks.points import Layer
from server.stocks.reasons import Reason
from server.stocks.settings import choose_settings
from server.stocks.units import cluster, stratum_of
from server.stocks.verdicts import ZeroVerdict

DAYS = {"t0": date(2010, 10, 1), "t1": date(2020, 10, 1)}
METHODS = ("fixed_depth", "linear", "permille", "natural", "vm0042")
DENSITY = 1.35
#: SOC falls off by e every 25 cm below 2.5 %.
_TOP, _SCALE_CM = 25.0, 25.0


def layers(campaign, point, depths, factor=1.0, density=DENSITY):
    """One core whose layers hold the mean of an exponential profile.

    Each point has a density of its own, by very little.
    """
    found = []
    for top, bottom in pairwise(depths):
        area = np.exp(-top / _SCALE_CM) - np.exp(-bottom / _SCALE_CM)
        found.append(
            Layer(
                campaign=campaign,
                point=str(point),
                date=DAYS[campaign],
                top_cm=float(top),
                bottom_cm=float(bottom),
                soc_g_kg=float(factor * _TOP * _SCALE_CM * area / (bottom - top)),
                bd_fine_g_cm3=density + 1e-9 * int(point),
            )
        )
    return found


def plot(first, second, points=6, seed=0, noise=0.01):
    random = np.random.default_rng(seed)
    found = []
    for point in range(points):
        place = 1.0 + 0.05 * (point - points / 2)
        for campaign, depths in (("t0", first), ("t1", second)):
            value = place * (1.0 + random.normal(0.0, noise))
            found += layers(campaign, point, depths, value)
    return found


def change_of(found, method="permille", **chosen):
    (change,) = derive_plot(found, choose_settings(method, **chosen)).changes
    return change


OTHER = [
    ((0, 10, 60), (0, 10, 30, 60)),
    ((0, 15, 45, 70), (0, 10, 30, 60)),
    ((0, 10, 30, 60), (0, 5, 20, 60)),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("first", "second"), OTHER)
def test_a_change_that_is_the_curves_has_no_verdict(first, second, method):
    change = change_of(plot(first, second), method)
    assert Reason.DEPTHS_DIFFER in change.reasons
    low, high = change.change_ci95_t_ha
    if change.curve_spread_t_ha > (high - low) / 2:
        assert change.verdict_zero is ZeroVerdict.NOT_ASSESSABLE
    assert change.verdict_zero not in {ZeroVerdict.GAIN, ZeroVerdict.LOSS}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((0, 10, 30, 60), (0, 10, 30, 60)),
        ((0, 10, 60), (0, 10, 60)),
        ((0, 15, 30, 60), (0, 10, 20, 30, 45)),
        ((0, 10, 30.3, 60), (0, 10, 29.7, 60)),
    ],
)
def test_the_same_layers_or_a_boundary_at_the_depth_are_nothing_to_tell(
    first, second, method
):
    change = change_of(plot(first, second), method)
    assert Reason.DEPTHS_DIFFER not in change.reasons
    assert change.curve_spread_t_ha is None
    assert change.shared_depth is None


def test_the_change_to_a_shared_boundary_is_exact():
    found = plot((0, 10, 60), (0, 10, 30, 60), noise=0.0)
    found = [
        layer._replace(soc_g_kg=layer.soc_g_kg * 1.1)
        if layer.campaign == "t1"
        else layer
        for layer in found
    ]
    shared = change_of(found).shared_depth
    assert shared.depth_cm == 60.0
    whole = DENSITY / 10 * _TOP * _SCALE_CM * (1 - np.exp(-60 / _SCALE_CM))
    mean_place = 1.0 + 0.05 * (2.5 - 3.0)
    assert shared.change_t_ha == pytest.approx(0.1 * whole * mean_place)
    assert shared.verdict_zero is ZeroVerdict.GAIN


def test_a_boundary_above_the_depth_serves_where_none_below_is_shared():
    change = change_of(plot((0, 20, 45), (0, 20, 50), noise=0.01))
    assert change.shared_depth.depth_cm == 20.0


def test_no_shared_boundary_is_no_comparison():
    change = change_of(plot((0, 15, 45), (0, 20, 50)))
    assert Reason.DEPTHS_DIFFER in change.reasons
    assert change.shared_depth is None


def test_one_core_that_was_cut_otherwise_is_enough_to_tell():
    found = plot((0, 10, 30, 60), (0, 10, 30, 60))
    kept = [layer for layer in found if (layer.campaign, layer.point) != ("t1", "2")]
    change = change_of(kept + layers("t1", 2, (0, 15, 45, 60)))
    assert Reason.DEPTHS_DIFFER in change.reasons
    assert change.shared_depth.depth_cm == 60.0


def test_each_place_may_have_layers_of_its_own_if_it_keeps_them():
    found = []
    for point, depths in enumerate(((0, 12, 35, 60), (0, 18, 41, 60), (0, 9, 38, 60))):
        for campaign in DAYS:
            factor = 1.0 + 0.01 * point * (campaign == "t1")
            found += layers(campaign, point, depths, factor)
    assert Reason.DEPTHS_DIFFER not in change_of(found).reasons


def test_points_that_were_not_revisited_are_compared_all_with_all():
    found = [
        layer._replace(point=f"{layer.campaign}-{layer.point}")
        for layer in plot((0, 10, 60), (0, 10, 30, 60))
    ]
    assert Reason.DEPTHS_DIFFER in change_of(found).reasons


def test_stocks_tell_how_far_the_curves_part():
    result = derive_plot(
        plot((0, 10, 60), (0, 10, 30, 60)), choose_settings("permille")
    )
    spread = {(s.campaign, s.point): s.curve_spread_t_ha for s in result.stocks}
    assert spread["t0", "0"] > 5.0
    assert spread["t1", "0"] < 2.0


def test_a_mass_of_ones_own_is_looked_at_where_it_lies():
    found = plot((0, 20, 40, 60), (0, 20, 40, 60))
    assert Reason.DEPTHS_DIFFER not in change_of(found, reference="3900").reasons
    other = plot((0, 20, 40, 60), (0, 30, 60))
    change = change_of(other, reference="2690")
    assert Reason.DEPTHS_DIFFER in change.reasons


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fixed_depth", "permille", "vm0042"])
@pytest.mark.parametrize(("first", "second"), OTHER)
def test_where_nothing_changed_false_verdicts_are_rare(first, second, method):
    plots = {n: plot(first, second, points=8, seed=n, noise=0.03) for n in range(300)}
    found = [
        r.changes[0] for r in derive_plots(plots, choose_settings(method)).values()
    ]
    for verdict in (ZeroVerdict.GAIN, ZeroVerdict.LOSS):
        assert sum(c.verdict_zero is verdict for c in found) <= 0.035 * len(found)


def test_an_area_of_single_points_is_not_judged_by_the_curve():
    units = []
    for number in range(6):
        found = plot((0, 10, 60), (0, 10, 30, 60), points=1, seed=number)
        change = change_of(found)
        assert change.change_ci95_t_ha is None
        units.append(stratum_of(str(number), 1.0, change))
    merged = cluster("all", 6.0, units)
    assert merged.withheld
    assert aggregate([merged]).verdict_zero is ZeroVerdict.NOT_ASSESSABLE


def test_a_change_that_no_soil_makes_has_no_verdict_to_a_shared_depth_either():
    found = [
        layer._replace(soc_g_kg=layer.soc_g_kg / 10.0)
        if layer.campaign == "t1"
        else layer
        for layer in plot((0, 10, 60), (0, 10, 30, 60))
    ]
    change = change_of(found)
    assert {Reason.CHANGE_IMPLAUSIBLE, Reason.DEPTHS_DIFFER} <= set(change.reasons)
    assert change.shared_depth.change_t_ha < -30.0
    assert change.shared_depth.verdict_zero is ZeroVerdict.NOT_ASSESSABLE
    (confirmed,) = derive_plot(
        found, choose_settings("permille"), confirmed="peat burnt"
    ).changes
    assert confirmed.shared_depth.verdict_zero is ZeroVerdict.LOSS
