"""Stocks in an equal mass through the one path, beside stocks to a fixed depth."""

import json
from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.stocks.change import Design
from server.stocks.choices import Basis, Method, Reference
from server.stocks.comparison import JudgedOn
from server.stocks.equivalent_mass import SOC_PER_OM
from server.stocks.plot import StockChange, derive_plot, derive_plots
from server.stocks.points import Layer, PointStock
from server.stocks.reasons import Reason
from server.stocks.rows import (
    change_row,
    reference_of,
    reference_row,
    settings_row,
    stock_row,
)
from server.stocks.settings import PROFILES, Settings, choose_settings
from server.stocks.verdicts import ChangeVerdict
from tests.science.check_values import rows
from tests.science.test_plot import DAYS, case_layers

PERMILLE = choose_settings("permille")
R_ROWS = [
    row
    for row in rows("r_esm_interpolation.csv")
    if row["within_sampled"] == "TRUE" and row["n_layers"] != "1"
]


def profile(depths_cm, soc_g_kg, density_g_cm3, campaign="t0", point="p1", **changes):
    """One point with layers between the depths."""
    spans = zip(depths_cm, depths_cm[1:], soc_g_kg, density_g_cm3, strict=False)
    return [
        Layer(
            campaign=campaign,
            point=point,
            date=DAYS[campaign],
            top_cm=float(top),
            bottom_cm=float(bottom),
            soc_g_kg=soc,
            bd_fine_g_cm3=density,
        )._replace(**changes)
        for top, bottom, soc, density in spans
    ]


SOC = {"p1": (21.0, 14.0, 9.0), "p2": (24.0, 15.0, 8.0), "p3": (20.0, 15.5, 9.5)}
DEPTHS = (0, 15, 30, 45)


def campaign(key, *, gain=1.0, loosened=1.0, depths=DEPTHS):
    """Three points; loosened soil is the same soil over a greater depth."""
    return [
        layer
        for number, (point, soc) in enumerate(SOC.items())
        for layer in profile(
            [depth * loosened for depth in depths],
            [gain * value for value in soc],
            [(bd + number / 1000) / loosened for bd in (1.3, 1.4, 1.5)],
            key,
            point,
        )
    ]


def change_of(layers, settings=PERMILLE, frozen=None):
    (change,) = derive_plot(layers, settings, frozen).changes
    return change


@pytest.mark.parametrize("row", R_ROWS[::7], ids=lambda row: row["case"])
@pytest.mark.parametrize("method", ["hyman", "linear", "natural"])
def test_a_given_mass_is_read_off_as_r_does(row, method):
    expected = row[f"esm_{method}"] or row["esm_linear"]
    settings = choose_settings(
        method, basis=row["basis"], reference=row["reference_mass_t_ha"]
    )
    stock = next(
        stock
        for stock in derive_plot(case_layers(row["case"]), settings).stocks
        if (stock.campaign, stock.point) == (row["campaign"], row["point"])
    )
    assert stock.esm_stock_t_ha == pytest.approx(float(expected), rel=1e-6)
    assert stock.reference_mass_t_ha == float(row["reference_mass_t_ha"])
    assert stock.extrapolated is False


def test_the_reference_is_the_mean_mass_of_the_baseline_points():
    # R's case N24: other points at t1, so all of t0 make the reference.
    (to_30_cm,) = {
        float(row["reference_mass_t_ha"])
        for row in R_ROWS
        if (row["case"], row["basis"], row["campaign"], row["reference_depth_cm"])
        == ("N24", "fine", "t1", "30")
    }
    result = derive_plot(case_layers("N24"), choose_settings("hyman", basis="fine"))
    assert result.reference.mass_t_ha == pytest.approx(to_30_cm, rel=1e-9)
    assert result.reference.campaign == "t0"
    assert len(result.reference.by_place) == 5


def test_mineral_mass_leaves_out_organic_matter():
    layers = campaign("t0")
    fine = derive_plot(layers, choose_settings("hyman", basis="fine")).reference
    mineral = derive_plot(layers, PERMILLE).reference
    stock = [s.soc_stock_t_ha for s in derive_plot(layers).stocks]
    less = sum(stock) / len(stock) / SOC_PER_OM
    assert fine.mass_t_ha - mineral.mass_t_ha == pytest.approx(less, rel=1e-9)


def test_loosened_soil_is_a_loss_to_a_depth_and_none_in_an_equal_mass():
    change = change_of(campaign("t0") + campaign("t1", loosened=1.06))
    assert change.judged_on is JudgedOn.EQUIVALENT_MASS
    # Plot-mean reference: what is left is the curve between other nodes.
    assert abs(change.change_t_ha) < 0.1
    assert change.fixed_depth_change_t_ha < -2.0
    assert change.fixed_depth_change_ci95_t_ha[1] < 0.0


def test_the_change_beside_is_the_one_of_the_default_path():
    layers = campaign("t0") + campaign("t1", gain=1.1, loosened=1.03)
    change = change_of(layers)
    plain = change_of(layers, Settings())
    assert change.fixed_depth_change_t_ha == plain.change_t_ha
    assert change.fixed_depth_change_ci95_t_ha == plain.change_ci95_t_ha
    assert change.change_t_ha != plain.change_t_ha
    assert change.verdict_4permille is ChangeVerdict.ABOVE


@given(
    st.lists(st.floats(0.9, 1.1), min_size=1, max_size=4),
    st.sampled_from(["hyman", "linear", "natural"]),
)
def test_equal_profiles_have_no_change_at_any_compaction(factors, method):
    layers = profile((0, 15, 30, 55), (21.0, 14.0, 9.0), (1.3, 1.4, 1.5))
    for number, factor in enumerate(factors):
        layers += profile(
            [depth * factor for depth in (0, 15, 30, 55)],
            (21.0, 14.0, 9.0),
            [density / factor for density in (1.3, 1.4, 1.5)],
            "t1",
            f"q{number}",
        )
    stocks = derive_plot(layers, choose_settings(method)).stocks
    first = stocks[0].esm_stock_t_ha
    assert [s.esm_stock_t_ha for s in stocks] == pytest.approx(
        [first] * len(stocks), rel=1e-9
    )


def test_a_frozen_reference_is_not_moved_by_points_that_come_later():
    before = campaign("t0")
    kept = derive_plot(before, PERMILLE).reference
    heavy = profile(DEPTHS, (20.0, 14.0, 9.0), (1.7, 1.7, 1.7), point="p4")
    after = before + heavy + campaign("t1")
    moved = derive_plot(after, PERMILLE)
    assert moved.reference.mass_t_ha > kept.mass_t_ha + 100.0
    frozen = derive_plot(after, PERMILLE, kept)
    assert frozen.reference == kept
    assert frozen.stocks[0] == derive_plot(before, PERMILLE).stocks[0]


def test_a_reference_kept_for_another_basis_or_depth_is_found_anew():
    layers = campaign("t0")
    kept = derive_plot(layers, PERMILLE).reference
    for settings in (
        choose_settings("hyman", basis="fine"),
        choose_settings("hyman", depth_cm=40.0),
    ):
        found = derive_plot(layers, settings, kept).reference
        assert found.fits(settings)
        assert found.mass_t_ha != kept.mass_t_ha


def test_a_reference_survives_as_json():
    kept = derive_plot(campaign("t0"), PERMILLE).reference
    assert reference_of(json.loads(json.dumps(reference_row(kept)))) == kept


def test_each_point_may_have_its_own_reference():
    settings = choose_settings("hyman", reference="point")
    extra = profile(DEPTHS, (22.0, 14.0, 9.0), (1.3, 1.4, 1.5), "t1", "new")
    result = derive_plot(campaign("t0") + campaign("t1") + extra, settings)
    own = dict(result.reference.by_place)
    for stock in result.stocks:
        expected = own.get(stock.point, result.reference.mass_t_ha)
        assert stock.reference_mass_t_ha == expected
        if stock.campaign == "t0":
            # At its own mass a profile has its stock to the depth.
            assert stock.esm_stock_t_ha == pytest.approx(stock.soc_stock_t_ha, rel=1e-9)
    assert len(set(own.values())) == 3
    change = result.changes[0]
    assert change.reference_mass_t_ha == pytest.approx(np.mean([*own.values()]))


def test_one_increment_is_judged_on_the_depth():
    layers = campaign("t0", depths=(0, 30)) + campaign("t1", gain=1.1, depths=(0, 30))
    change = change_of(layers)
    assert change.judged_on is JudgedOn.FIXED_DEPTH
    assert Reason.SINGLE_INCREMENT in change.reasons
    assert change.reference_mass_t_ha is None
    assert change.change_t_ha == change_of(layers, Settings()).change_t_ha
    assert change.verdict_4permille is ChangeVerdict.ABOVE


@pytest.mark.parametrize(
    ("denser", "verdict"),
    [(1.04, ChangeVerdict.ABOVE), (1.06, ChangeVerdict.NOT_ASSESSABLE)],
)
def test_one_increment_in_unequal_masses_has_no_verdict(denser, verdict):
    late = [
        layer._replace(bd_fine_g_cm3=layer.bd_fine_g_cm3 * denser)
        for layer in campaign("t1", gain=1.1, depths=(0, 30))
    ]
    change = change_of(campaign("t0", depths=(0, 30)) + late)
    assert change.judged_on is JudgedOn.FIXED_DEPTH
    assert change.verdict_4permille is verdict
    assert change.p_vs_4permille is not None


def test_a_change_to_the_depth_says_only_why_it_is_not_one_in_equal_masses():
    late = [
        layer._replace(bd_fine_g_cm3=layer.bd_fine_g_cm3 / 1.01, reasons=())
        for layer in campaign("t1", depths=(0, 30))
    ]
    result = derive_plot(campaign("t0", depths=(0, 30)) + late, PERMILLE)
    assert any(Reason.EXTRAPOLATED in stock.reasons for stock in result.stocks)
    assert result.changes[0].reasons == (Reason.SINGLE_INCREMENT,)


def test_organic_soil_is_judged_on_the_depth():
    late = campaign("t1")
    late[0] = late[0]._replace(soc_g_kg=150.0, bd_fine_g_cm3=0.7)
    change = change_of(campaign("t0") + late)
    assert change.judged_on is JudgedOn.FIXED_DEPTH
    assert Reason.ORGANIC_LAYER in change.reasons


def test_organic_soil_below_the_reference_has_no_say():
    deep = (0, 15, 30, 45, 60)
    layers = [
        layer
        for key in ("t0", "t1")
        for layer in profile(deep, (20, 15, 10, 200), (1.3, 1.4, 1.5, 0.5), key)
    ]
    change = change_of(layers)
    assert change.judged_on is JudgedOn.EQUIVALENT_MASS
    assert Reason.ORGANIC_LAYER not in change.reasons


def test_where_a_point_does_not_reach_the_mass_all_are_compared_in_less():
    late = campaign("t1")
    late[:3] = profile((0, 15, 26), (21.0, 14.0), (1.3, 1.4), "t1", "p1")
    result = derive_plot(campaign("t0") + late, PERMILLE)
    stock = next(s for s in result.stocks if (s.campaign, s.point) == ("t1", "p1"))
    assert stock.esm_stock_t_ha is None
    assert stock.extrapolated is None
    assert stock.sampled_mass_t_ha < stock.reference_mass_t_ha
    assert Reason.MASS_NOT_REACHED in stock.reasons
    change = result.changes[0]
    assert change.judged_on is JudgedOn.EQUIVALENT_MASS
    assert (change.design, change.n0, change.n1) == (Design.PAIRED, 3, 3)
    assert change.points_short_of_mass == 1
    assert change.reference_mass_t_ha == pytest.approx(stock.sampled_mass_t_ha / 0.98)
    assert Reason.COMMON_MASS in change.reasons
    assert Reason.UNPAIRED_MIX not in change.reasons


def test_at_most_two_percent_are_added_with_the_deepest_concentration():
    settings = choose_settings("linear", basis="fine", reference="4100")
    layers = profile((0, 15, 30), (20.0, 10.0), (1.3, 1.4))
    (stock,) = derive_plot(layers, settings).stocks
    assert stock.sampled_mass_t_ha == pytest.approx(4050.0)
    assert stock.extrapolated is True
    assert Reason.EXTRAPOLATED in stock.reasons
    assert stock.esm_stock_t_ha == pytest.approx(stock.soc_stock_t_ha + 0.5)
    further = choose_settings("linear", basis="fine", reference="4140")
    (stock,) = derive_plot(layers, further).stocks
    assert stock.esm_stock_t_ha is None
    assert Reason.MASS_NOT_REACHED in stock.reasons


def test_a_laboratory_method_above_the_mass_counts_and_below_does_not():
    def layers(below, above="dc"):
        late = campaign("t1", gain=1.1)
        methods = {0.0: above, 15.0: above, 30.0: below}
        early = [layer._replace(soc_method="dc") for layer in campaign("t0")]
        # 2 cm more make sure that the mass of 30 cm lies above the third layer.
        late = [layer._replace(soc_method=methods[layer.top_cm]) for layer in late]
        return early + [
            layer._replace(bd_fine_g_cm3=1.02 * layer.bd_fine_g_cm3) for layer in late
        ]

    assert change_of(layers("wb")).verdict_4permille is ChangeVerdict.ABOVE
    withheld = change_of(layers("dc", "wb"))
    assert withheld.judged_on is JudgedOn.EQUIVALENT_MASS
    assert withheld.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert Reason.METHOD_CHANGED in withheld.reasons


def test_vm0042_draws_one_kind_of_curve_for_the_whole_plot():
    settings = PROFILES["vm0042"]
    deep = (0, 15, 30, 45)
    three = profile(deep, (21.0, 14.0, 9.0), (1.3, 1.4, 1.5))
    two = profile((0, 30, 50), (18.0, 9.0), (1.35, 1.5), "t1")
    mass = 3800.0
    given_mass = replace(settings, reference=mass)

    def stocks(layers, settings):
        return [s.esm_stock_t_ha for s in derive_plot(layers, settings).stocks]

    alone = stocks(three, given_mass)
    assert alone == stocks(three, replace(given_mass, method=Method.HYMAN))
    both = stocks(three + two, given_mass)
    assert both == stocks(three + two, replace(given_mass, method=Method.LINEAR))
    assert both[0] != alone[0]


def test_verra_prints_the_equal_mass_stocks_of_wendt_and_hauser():
    # VM0042 v2.2 figure 3: masses and organic carbon of two increments, t/ha.
    printed = {
        "a": ((1950, 1303), (47.36, 16.52), 47.36),
        "b": ((1534, 994), (44.1, 10.6), 49.9),
        "c": ((1498, 988), (31.0, 11.1), 36.8),
    }
    settings = choose_settings("wendt_hauser", reference="1950")
    for mass, carbon, expected in printed.values():
        density = [m / 100 / d for m, d in zip(mass, (30, 20), strict=True)]
        soc = [1000 * c / m for c, m in zip(carbon, mass, strict=True)]
        (stock,) = derive_plot(profile((0, 30, 50), soc, density), settings).stocks
        assert stock.esm_stock_t_ha == pytest.approx(expected, abs=0.05)


def test_cores_of_a_point_are_read_off_one_by_one():
    one = profile(DEPTHS, (21.0, 14.0, 9.0), (1.3, 1.4, 1.5), core="1")
    two = profile(DEPTHS, (30.0, 9.0, 2.0), (1.2, 1.5, 1.6), core="2")
    settings = choose_settings("hyman", reference="3900")

    def stock(layers):
        return derive_plot(layers, settings).stocks[0].esm_stock_t_ha

    expected = (stock(one) + stock(two)) / 2
    assert stock(one + two) == pytest.approx(expected, rel=1e-12)


def test_a_plot_where_nothing_reaches_the_depth_has_no_reference():
    result = derive_plot(profile((0, 10), (20.0,), (1.3,)), PERMILLE)
    assert result.reference is None
    (stock,) = result.stocks
    assert (stock.esm_stock_t_ha, stock.reference_mass_t_ha) == (None, None)
    assert stock.reasons == (Reason.TOO_SHALLOW,)


def test_a_baseline_without_a_mass_leaves_the_reference_to_the_next_campaign():
    shallow = profile((0, 10), (20.0,), (1.3,))
    result = derive_plot(shallow + campaign("t1"), PERMILLE)
    assert result.reference.campaign == "t1"
    assert result.changes[0].judged_on is JudgedOn.FIXED_DEPTH
    assert result.changes[0].change_t_ha is None


def test_the_default_has_neither_figures_nor_keys_of_equal_masses():
    result = derive_plot(campaign("t0") + campaign("t1"))
    assert result.reference is None
    new = {
        "esm_stock_t_ha",
        "reference_mass_t_ha",
        "sampled_mass_t_ha",
        "extrapolated",
        "judged_on",
        "fixed_depth_change_t_ha",
        "fixed_depth_change_ci95_t_ha",
    }
    for stock in result.stocks:
        assert not new & set(stock_row("P", stock))
        assert new & set(stock_row("P", stock, PERMILLE))
    assert not new & set(change_row("P", result.changes[0]))
    keys = set(change_row("P", result.changes[0], PERMILLE))
    assert new <= keys | set(stock_row("P", result.stocks[0], PERMILLE))


def test_rows_of_equal_masses_are_valid_json_whatever_is_missing():
    for case in ("N05", "N08", "N10", "N12", "N20", "N24", "N26"):
        result = derive_plot(case_layers(case), PERMILLE)
        documents = [stock_row("P", s, PERMILLE) for s in result.stocks]
        documents += [change_row("P", c, PERMILLE) for c in result.changes]
        documents.append(settings_row(PERMILLE))
        assert json.loads(json.dumps(documents, allow_nan=False)) == documents


def test_the_settings_are_kept_as_they_were_chosen():
    assert settings_row(Settings()) == {"depth_cm": 30.0}
    assert settings_row(choose_settings("vm0042", reference=3900)) == {
        "depth_cm": 30.0,
        "method": "vm0042",
        "basis": "fine",
        "reference": 3900.0,
    }
    assert Settings().version == "fixed-depth-2"
    assert PERMILLE.version == "equivalent-mass-2"


@pytest.mark.parametrize(
    "words",
    [
        {"profile": "spline"},
        {"profile": "hyman", "basis": "organic"},
        {"profile": "hyman", "reference": "median"},
        {"profile": "hyman", "reference": "-1"},
        {"profile": "hyman", "reference": "nan"},
    ],
)
def test_a_word_that_is_not_known_is_refused(words):
    with pytest.raises(ValueError):  # noqa: PT011 - five texts, one meaning
        choose_settings(**words)


def test_a_choice_beside_a_profile_replaces_its_own():
    chosen = choose_settings("vm0042", basis="mineral", reference="mean", depth_cm=40)
    assert (chosen.basis, chosen.reference) == (Basis.MINERAL, Reference.MEAN)
    assert (chosen.method, chosen.depth_cm) == (Method.VM0042, 40)


CASES = sorted({row["case"] for row in rows("cases_layers.csv")})


def same(one, other):
    """Equal up to the rounding of the last digits."""
    names = (
        one._fields if isinstance(one, PointStock) else [f.name for f in fields(one)]
    )
    for name in names:
        mine, yours = (
            value if isinstance(value, tuple) else (value,)
            for value in (getattr(one, name), getattr(other, name))
        )
        for x, y in zip(mine, yours, strict=True):
            if isinstance(x, float):
                assert x == pytest.approx(y, rel=1e-9, abs=1e-12), name
            else:
                assert x == y, name


@pytest.mark.parametrize("profile", PROFILES)
def test_many_plots_at_once_give_the_figures_of_each_alone(profile):
    settings = choose_settings(profile)
    plots = {case: case_layers(case) for case in CASES} | {"none": []}
    together = derive_plots(plots, settings)
    assert list(together) == list(plots)
    compared = 0
    for case, layers in plots.items():
        alone = derive_plot(layers, settings)
        assert together[case].reference == alone.reference
        for mine, yours in zip(
            (*alone.stocks, *alone.changes),
            (*together[case].stocks, *together[case].changes),
            strict=True,
        ):
            assert isinstance(mine, PointStock | StockChange)
            same(mine, yours)
            compared += 1
    assert compared > 80


def test_no_plot_at_all_is_no_result():
    assert derive_plots({}) == {}
    assert derive_plots({"a": []})["a"].stocks == ()


def test_plots_of_many_designs_do_not_disturb_each_other():
    paired = campaign("t0") + campaign("t1", gain=1.05)
    unpaired = campaign("t0") + [
        layer._replace(point=f"new {layer.point}", pairing=None)
        for layer in campaign("t1", gain=1.2)
    ]
    single = campaign("t0")[:3] + campaign("t1")[:3]
    late = [x._replace(date=date(2031, 9, 1)) for x in campaign("t1")]
    plots = {1: paired, 2: unpaired, 3: single, 4: campaign("t0") + late, 5: paired}
    together = derive_plots(plots)
    designs = [result.changes[0].design for result in together.values()]
    assert designs == [
        Design.PAIRED,
        Design.UNPAIRED,
        Design.PAIRED,
        Design.PAIRED,
        Design.PAIRED,
    ]
    for key, layers in plots.items():
        same(derive_plot(layers).changes[0], together[key].changes[0])


def test_one_layer_that_ends_above_the_depth_is_not_scaled_up_by_its_line():
    layers = [
        Layer(
            campaign="t0",
            point=point,
            date=date(2020, 9, 1),
            top_cm=0.0,
            bottom_cm=bottom,
            soc_g_kg=16.0,
            bd_fine_g_cm3=1.25,
        )
        for point, bottom in (("deep", 30.0), ("shallow", 20.0))
    ]
    deep, shallow = derive_plot(layers, choose_settings("permille")).stocks
    assert deep.esm_stock_t_ha is not None
    assert shallow.esm_stock_t_ha is None
    assert Reason.MASS_NOT_REACHED in shallow.reasons
    assert not shallow.extrapolated
