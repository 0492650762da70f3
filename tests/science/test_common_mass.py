"""Points are compared in one mass that all of them reach, or without a verdict.

Who leaves out the points that are too light for the reference judges the dense half of
the field: cores that end at the depth, whose density differs by a few percent from visit
to visit, then show gains where nothing changed.
"""

from datetime import date

import numpy as np
import pytest

from server.stocks.change import Design
from server.stocks.comparison import LEAST_COMMON_SHARE, JudgedOn
from server.stocks.plot import derive_plot, derive_plots
from server.stocks.points import Layer
from server.stocks.reasons import Reason
from server.stocks.settings import choose_settings
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict

DAYS = {"t0": date(2010, 10, 1), "t1": date(2020, 10, 1), "t2": date(2030, 10, 1)}
DEPTHS = (0.0, 10.0, 20.0, 30.0)
SOC = np.array([20.0, 14.0, 9.0])
DENSITY = 1.35
#: Mean density of each visit by campaign: 4 % lighter and denser soil.
PROFILES = ("permille", "vm0042", "wendt_hauser")


def core(campaign, point, soc, density, depths=DEPTHS):
    return [
        Layer(
            campaign=campaign,
            point=str(point),
            date=DAYS[campaign],
            top_cm=top,
            bottom_cm=bottom,
            soc_g_kg=float(value),
            bd_fine_g_cm3=float(density),
        )
        for top, bottom, value in zip(depths, depths[1:], soc, strict=False)
    ]


def survivors(campaigns=("t0", "t1")):
    """Eight revisited points; only the density of each visit differs."""
    visits = (0.96, 1.04, 0.97, 1.03, 0.98, 1.02, 0.95, 1.05)
    return [
        layer
        for number, campaign in enumerate(campaigns)
        for p in range(8)
        for layer in core(
            campaign,
            p,
            SOC * (1 + 0.02 * (p - 4) + 0.002 * ((7 * p + 3 * number) % 5)),
            DENSITY * (visits[p] if number else 1.0),
        )
    ]


def change_of(layers, profile="permille", **chosen):
    (change,) = derive_plot(layers, choose_settings(profile, **chosen)).changes
    return change


@pytest.mark.parametrize("profile", PROFILES)
def test_no_point_is_left_out_for_what_it_weighs(profile):
    change = change_of(survivors(), profile)
    assert change.judged_on is JudgedOn.EQUIVALENT_MASS
    assert (change.design, change.n0, change.n1) == (Design.PAIRED, 8, 8)
    assert (change.points_sampled0, change.points_sampled1) == (8, 8)
    assert change.points_sampled == 8
    assert change.verdict_zero is ZeroVerdict.NO_DETECTABLE_CHANGE
    assert abs(change.change_t_ha) < 0.05
    assert Reason.COMMON_MASS in change.reasons
    assert not {Reason.MASS_NOT_REACHED, Reason.UNPAIRED_MIX} & set(change.reasons)


def test_the_common_mass_is_that_of_the_lightest_core_with_its_depth():
    change = change_of(survivors(), "wendt_hauser")
    lightest = 0.95 * DENSITY * 30 * 100
    assert change.reference_mass_t_ha == pytest.approx(lightest / 0.98)
    assert change.reference_depth_cm == pytest.approx(0.95 * 30 / 0.98)
    assert change.points_short_of_mass == 3


def test_a_mass_that_all_reach_is_the_reference_itself():
    layers = [
        layer
        for number, campaign in enumerate(("t0", "t1"))
        for p in range(4)
        for layer in core(
            campaign, p, [*SOC, 5.0], DENSITY * (1 - 0.04 * number), (*DEPTHS, 45.0)
        )
    ]
    change = change_of(layers, "wendt_hauser")
    assert change.reference_mass_t_ha == pytest.approx(DENSITY * 30 * 100)
    assert change.reference_depth_cm is None
    assert Reason.COMMON_MASS not in change.reasons


def test_a_core_that_is_far_too_light_takes_the_verdict_not_itself():
    layers = survivors()
    short = [layer for layer in layers if (layer.campaign, layer.point) == ("t1", "6")]
    kept = [layer for layer in layers if layer not in short]
    kept += core("t1", "6", SOC[:2], DENSITY, DEPTHS[:3])
    change = change_of(kept)
    assert change.judged_on is JudgedOn.FIXED_DEPTH
    assert Reason.MASS_NOT_REACHED in change.reasons
    assert change.verdict_zero is ZeroVerdict.NOT_ASSESSABLE
    assert change.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert change.points_short_of_mass >= 1
    assert change.points_sampled1 == 8


@pytest.mark.parametrize(("share", "judged"), [(0.86, True), (0.84, False)])
def test_a_common_mass_of_much_less_soil_is_none(share, judged):
    late = [
        layer
        for p in range(3)
        for layer in core("t1", p, SOC, DENSITY * (share * 0.98 if p == 1 else 1.0))
    ]
    early = [
        layer
        for p in range(3)
        for layer in core("t0", p, SOC * (1 + 0.01 * p), DENSITY)
    ]
    change = change_of(early + late, "wendt_hauser")
    assert (change.judged_on is JudgedOn.EQUIVALENT_MASS) is judged
    assert LEAST_COMMON_SHARE == 0.85


def test_a_second_core_of_a_point_is_not_left_out_either():
    layers = [layer._replace(core="a") for layer in survivors()]
    light = [
        layer._replace(core="b", bd_fine_g_cm3=0.93 * DENSITY)
        for layer in layers
        if (layer.campaign, layer.point) == ("t1", "1")
    ]
    change = change_of(layers + light, "wendt_hauser")
    assert change.reference_mass_t_ha == pytest.approx(0.93 * DENSITY * 3000 / 0.98)
    assert change.n1 == 8


def test_what_is_missing_is_not_called_light():
    layers = [
        layer._replace(soc_g_kg=None)
        if (layer.campaign, layer.point, layer.top_cm) == ("t1", "0", 20.0)
        else layer
        for layer in survivors()
    ]
    change = change_of(layers)
    assert Reason.MISSING_SOC in change.reasons
    assert (change.n0, change.points_sampled0) == (7, 8)
    assert Reason.COMMON_MASS in change.reasons


def test_a_trend_is_one_of_all_points_too():
    result = derive_plot(survivors(("t0", "t1", "t2")), choose_settings("permille"))
    assert result.trend.judged_on is JudgedOn.EQUIVALENT_MASS
    assert result.trend.line.n == 8
    assert Reason.COMMON_MASS in result.trend.reasons
    assert abs(result.trend.line.slope_t_ha_year) < 0.01


def test_the_lightest_point_of_the_baseline_can_be_the_reference():
    layers = [
        layer._replace(
            bd_fine_g_cm3=layer.bd_fine_g_cm3 * (1 - 0.01 * int(layer.point))
        )
        if layer.campaign == "t0"
        else layer
        for layer in survivors()
    ]
    change = change_of(layers, "wendt_hauser", reference="lightest")
    lightest = 0.93 * DENSITY * 30 * 100
    assert change.reference_mass_t_ha == pytest.approx(lightest)
    assert Reason.COMMON_MASS not in change.reasons
    assert change.n0 == change.points_sampled0


def simulated(plots, points, seed, *, gain=1.0, depths=DEPTHS):
    """Plots whose cores end at the depth; density +-4 % a visit, laboratory noise 3 %."""
    random = np.random.default_rng(seed)
    soc = SOC if len(depths) == len(DEPTHS) else np.array([*SOC, 5.0])
    for _ in range(plots):
        layers = []
        for p in range(points):
            place = soc * np.exp(random.normal(0.0, 0.1))
            for number, campaign in enumerate(("t0", "t1")):
                noise = 1 + random.normal(0.0, 0.03, soc.size)
                density = DENSITY * (1 + random.normal(0.0, 0.04))
                value = place * noise * (gain if number else 1.0)
                layers += core(campaign, p, value, density, depths)
        yield layers


def verdicts(plots, profile):
    results = derive_plots(dict(enumerate(plots)), choose_settings(profile))
    found = [result.changes[0] for result in results.values()]
    count = len(found)
    share = {
        verdict: sum(change.verdict_zero is verdict for change in found) / count
        for verdict in ZeroVerdict
    }
    return share, found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "points"),
    [("permille", 5), ("permille", 16), ("vm0042", 10), ("vm0042", 30)],
)
def test_where_nothing_changed_false_verdicts_are_rare(profile, points):
    share, found = verdicts(
        simulated(24_000 // max(points, 16), points, seed=100 + points), profile
    )
    assert share[ZeroVerdict.GAIN] <= 0.035
    assert share[ZeroVerdict.LOSS] <= 0.035
    assert abs(np.mean([change.change_t_ha for change in found])) < 0.1
    judged = [c for c in found if c.judged_on is JudgedOn.EQUIVALENT_MASS]
    assert len(judged) >= 0.9 * len(found)


@pytest.mark.slow
@pytest.mark.parametrize(("points", "less"), [(5, 0.12), (10, 0.02)])
def test_a_true_change_is_found_about_as_often_as_where_density_stays(points, less):
    """8 permille a year over ten years; to a fixed depth where each place keeps its own."""
    gain = 1.0 + 0.008 * 10
    by_mass, _ = verdicts(simulated(400, points, seed=7, gain=gain), "permille")
    plots = []
    for layers in simulated(400, points, seed=7, gain=gain):
        own = {layer.point: DENSITY + 1e-6 * int(layer.point) for layer in layers}
        plots.append([x._replace(bd_fine_g_cm3=own[x.point]) for x in layers])
    to_depth, _ = verdicts(plots, "fixed_depth")
    assert to_depth[ZeroVerdict.GAIN] > 0.97
    assert by_mass[ZeroVerdict.GAIN] >= to_depth[ZeroVerdict.GAIN] - less


@pytest.mark.slow
def test_a_true_change_is_found_about_as_often_as_with_deeper_cores():
    gain = 1.0 + 0.008 * 10
    at_depth, _ = verdicts(simulated(400, 10, seed=1, gain=gain), "permille")
    deeper, _ = verdicts(
        simulated(400, 10, seed=1, gain=gain, depths=(*DEPTHS, 45.0)), "permille"
    )
    assert at_depth[ZeroVerdict.GAIN] >= deeper[ZeroVerdict.GAIN] - 0.05
