"""One density for many points, on the path every program takes."""

from datetime import date

import numpy as np
import pytest

from server.stocks.detectability import detectability
from server.stocks.plot import derive_plot, derive_plots
from server.stocks.points import Layer
from server.stocks.reasons import Reason
from server.stocks.settings import choose_settings
from server.stocks.shared_density import RingError, ring_error
from server.stocks.verdicts import ZeroVerdict

DAYS = {"2010": date(2010, 10, 1), "2020": date(2020, 10, 1)}
DEPTHS = ((0.0, 15.0), (15.0, 30.0), (30.0, 45.0))
PROFILE = (18.0, 11.0, 6.0)
METHODS = ("fixed_depth", "permille")


def plot(density, *, points=8, seed=3, rings=None, spread=0.0, factor=1.0):
    """A plot whose points carry the density of each campaign, or almost."""
    random = np.random.default_rng(seed)
    found = []
    for point in range(points):
        place = 1.0 + 0.05 * (point - points / 2)
        for campaign, bd in density.items():
            gain = factor if campaign == "2020" else 1.0
            value = place * gain * (1.0 + random.normal(0.0, 0.02))
            own = 1.0 + spread * random.normal()
            found += [
                Layer(
                    campaign=campaign,
                    point=str(point),
                    date=DAYS[campaign],
                    top_cm=top,
                    bottom_cm=bottom,
                    soc_g_kg=value * soc,
                    bd_fine_g_cm3=bd * own,
                    shared_density=rings,
                )
                for (top, bottom), soc in zip(DEPTHS, PROFILE, strict=True)
            ]
    return found


def change_of(layers, method="permille", **chosen):
    (change,) = derive_plot(layers, choose_settings(method, **chosen)).changes
    return change


@pytest.mark.parametrize("method", METHODS)
def test_a_density_that_all_points_carry_was_measured_once(method):
    copied = change_of(plot({"2010": 1.3, "2020": 1.34}), method)
    own = change_of(plot({"2010": 1.3, "2020": 1.34}, spread=1e-9), method)
    assert Reason.BD_SHARED_ASSUMED in copied.reasons
    assert Reason.BD_SHARED_ASSUMED not in own.reasons
    assert copied.change_t_ha == pytest.approx(own.change_t_ha)
    assert copied.se_t_ha > 2.0 * own.se_t_ha
    assert copied.shared_se_t_ha == pytest.approx(
        (copied.se_t_ha**2 - own.se_t_ha**2) ** 0.5
    )
    assert own.shared_se_t_ha is None


def test_the_error_joins_as_the_equation_says():
    own = change_of(plot({"2010": 1.3, "2020": 1.34}, spread=1e-9), "fixed_depth")
    copied = change_of(plot({"2010": 1.3, "2020": 1.34}), "fixed_depth")
    # To a depth the stock is proportional to the density; an assumed error has no df.
    variance = own.se_t_ha**2 + sum(
        (0.05 * stock) ** 2 for stock in (own.stock0_t_ha, own.stock1_t_ha)
    )
    df = variance**2 / (own.se_t_ha**4 / own.df)
    assert copied.se_t_ha == pytest.approx(variance**0.5, rel=1e-6)
    assert copied.df == pytest.approx(df, rel=1e-6)
    stock0 = (own.stock0_se_t_ha**2 + (0.05 * own.stock0_t_ha) ** 2) ** 0.5
    assert copied.stock0_se_t_ha == pytest.approx(stock0, rel=1e-6)


def test_rings_that_differ_say_how_far_one_is_off():
    rings = ring_error([[1.30, 1.30, 1.30], [1.36, 1.36, 1.36], [1.33, 1.33, 1.33]])
    change = change_of(plot({"2010": 1.33, "2020": 1.36}, rings=rings), "fixed_depth")
    assert Reason.BD_SHARED in change.reasons
    assert Reason.BD_SHARED_ASSUMED not in change.reasons
    relative = rings.cv / 3**0.5
    assert change.shared_se_t_ha == pytest.approx(
        relative * np.hypot(change.stock0_t_ha, change.stock1_t_ha), rel=1e-3
    )


def test_one_density_in_all_campaigns_scales_both_stocks_and_moves_no_test():
    change = change_of(plot({"2010": 1.3, "2020": 1.3}), "fixed_depth")
    assert (change.reasons, change.shared_se_t_ha) == ((), None)
    other = change_of(plot({"2010": 1.5, "2020": 1.5}), "fixed_depth")
    assert other.p_value == pytest.approx(change.p_value)
    assert other.p_vs_4permille == pytest.approx(change.p_vs_4permille)


def test_rings_that_are_recorded_twice_with_one_density_are_one_error():
    ring = RingError(0.05, 1, np.inf, assumed=True)
    change = change_of(plot({"2010": 1.3, "2020": 1.3}, rings=ring), "fixed_depth")
    assert change.shared_se_t_ha == pytest.approx(
        0.05 * abs(change.change_t_ha), rel=1e-3
    )


@pytest.mark.parametrize("points", [2, 3])
def test_points_that_agree_in_one_layer_by_chance_are_left_alone(points):
    layers = [
        layer._replace(bottom_cm=30.0)
        for layer in plot({"2010": 1.3, "2020": 1.34}, points=points)
        if layer.top_cm == 0.0
    ]
    shared = Reason.BD_SHARED_ASSUMED in change_of(layers, "fixed_depth").reasons
    assert shared is (points == 3)


def test_points_of_one_campaign_that_differ_anywhere_have_their_own_density():
    layers = plot({"2010": 1.3, "2020": 1.34})
    layers[0] = layers[0]._replace(bd_fine_g_cm3=1.31)
    change = change_of(layers, "fixed_depth")
    assert change.shared_se_t_ha == pytest.approx(0.05 * change.stock1_t_ha, rel=1e-3)


def test_one_whole_density_is_shared_though_stones_differ():
    layers = [
        layer._replace(
            bd_given_g_cm3=layer.bd_fine_g_cm3,
            bd_fine_g_cm3=layer.bd_fine_g_cm3 * (1.0 - 0.01 * int(layer.point)),
        )
        for layer in plot({"2010": 1.3, "2020": 1.34})
    ]
    assert Reason.BD_SHARED_ASSUMED in change_of(layers).reasons


def test_more_points_do_not_make_up_for_one_ring():
    change = change_of(plot({"2010": 1.3, "2020": 1.34}), "fixed_depth")
    assert detectability(change).points_for_4permille is None
    own = change_of(plot({"2010": 1.3, "2020": 1.34}, spread=1e-9), "fixed_depth")
    assert detectability(own).points_for_4permille is not None


def test_a_trend_holds_the_error_of_its_rings():
    days = {"2000": date(2000, 10, 1), "2010": date(2010, 10, 1)} | DAYS
    density = {"2000": 1.28, "2010": 1.3, "2020": 1.34}
    layers, own = [], []
    for found, spread in ((layers, 0.0), (own, 1e-9)):
        for key, bd in density.items():
            part = plot({"2010": bd}, seed=int(key), spread=spread)
            found += [p._replace(campaign=key, date=days[key]) for p in part]
    settings = choose_settings("fixed_depth")
    shared = derive_plot(layers, settings).trend.line
    alone = derive_plot(own, settings).trend.line
    assert shared.slope_t_ha_year == pytest.approx(alone.slope_t_ha_year)
    # Slope of three campaigns ten years apart: (last - first) / 20 years.
    ends = [s.soc_stock_t_ha for s in derive_plot(layers, settings).stocks]
    first, last = np.mean(ends[:8]), np.mean(ends[-8:])
    added = 0.05 * np.hypot(first, last) / 20.0
    assert shared.se_t_ha_year == pytest.approx(
        np.hypot(alone.se_t_ha_year, added), rel=1e-3
    )


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("error", "rings"), [(0.03, 3), (0.05, 3), (0.05, 1)], ids=str)
def test_intervals_cover_the_true_change_and_nothing_is_no_gain(method, error, rings):
    """95 % of intervals hold the truth; at most 3.5 % call no change a gain or loss."""
    random = np.random.default_rng(11)
    plots, number = {}, 800
    for each in range(number):
        densities, ring = {}, {}
        for campaign in DAYS:
            found = 1.3 * (1.0 + random.normal(0.0, error, size=(rings, 1)))
            densities[campaign] = float(found.mean())
            ring[campaign] = ring_error(np.repeat(found, 3, axis=1))
        layers = plot(densities, points=10, seed=each)
        plots[each] = [
            layer._replace(shared_density=ring[layer.campaign]) for layer in layers
        ]
    changes = [
        result.changes[0]
        for result in derive_plots(plots, choose_settings(method)).values()
    ]
    covered = np.mean(
        [c.change_ci95_t_ha[0] <= 0.0 <= c.change_ci95_t_ha[1] for c in changes]
    )
    gains, losses = (
        np.mean([c.verdict_zero is verdict for c in changes])
        for verdict in (ZeroVerdict.GAIN, ZeroVerdict.LOSS)
    )
    assert 0.93 <= covered <= 0.97
    assert max(gains, losses) <= 0.035
    without = np.mean([abs(c.change_t_ha) <= 2.262 * _own_error(c) for c in changes])
    assert without < 0.88


def _own_error(change):
    return (change.se_t_ha**2 - change.shared_se_t_ha**2) ** 0.5
