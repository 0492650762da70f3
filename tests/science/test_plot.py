"""From layers to stocks and changes of one plot, by the path every program takes."""

import csv
import io
import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.stocks.change import Design
from server.stocks.plot import Settings, derive_plot
from server.stocks.points import Layer
from server.stocks.reasons import (
    EXPLANATIONS,
    Reason,
    in_order,
    mask_of,
    reasons_of,
)
from server.stocks.rows import change_row, stock_row
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict
from tests.science.check_values import number, rows

DAYS = {"t0": date(2015, 9, 1), "t1": date(2020, 9, 1)}


def case_layers(case):
    return [
        Layer(
            campaign=row["campaign"],
            point=row["point"],
            date=DAYS[row["campaign"]],
            top_cm=number(row["top_cm"]),
            bottom_cm=number(row["bottom_cm"]),
            soc_g_kg=10 * float(row["soc_pct"]) if row["soc_pct"] else None,
            bd_fine_g_cm3=float(row["bd_fine_g_cm3"]) if row["bd_fine_g_cm3"] else None,
        )
        for row in rows("cases_layers.csv")
        if row["case"] == case
    ]


def plain(stocks, campaign="t0", **changes):
    """One layer 0-30 cm per point that holds the given stock in t/ha.

    The first has 1.3 g/cm3, each further one a little more.
    """
    return [
        Layer(
            campaign=campaign,
            point=f"p{number}",
            date=DAYS.get(campaign, date(2010, 9, 1)),
            top_cm=0.0,
            bottom_cm=30.0,
            soc_g_kg=stock / (3.0 * (1.3 + number / 100)),
            bd_fine_g_cm3=1.3 + number / 100,
        )._replace(**changes)
        for number, stock in enumerate(stocks)
    ]


BEFORE, AFTER = [50.0, 61.0, 55.0], [58.0, 70.0, 62.0]


def change_of(layers, **settings):
    changes = derive_plot(layers, Settings(**settings)).changes
    assert len(changes) == 1
    return changes[0]


def test_the_stocks_are_those_of_the_kernel_and_of_r():
    result = derive_plot(case_layers("N26"))
    expected = {
        (row["campaign"], row["point"]): float(row["soc_stock_t_ha_linear"])
        for row in rows("r_fixed_depth.csv")
        if row["case"] == "N26" and row["target_depth_cm"] == "30"
    }
    stocks = {(s.campaign, s.point): s.soc_stock_t_ha for s in result.stocks}
    assert stocks == pytest.approx(expected, rel=1e-9)
    change = result.changes[0]
    mean = {
        campaign: sum(v for k, v in expected.items() if k[0] == campaign) / 12
        for campaign in DAYS
    }
    assert change.design is Design.PAIRED
    assert change.change_t_ha == pytest.approx(mean["t1"] - mean["t0"], rel=1e-9)


def test_points_of_other_names_are_compared_unpaired():
    change = change_of(case_layers("N24"))
    assert (change.design, change.n0, change.n1) == (Design.UNPAIRED, 5, 3)


def test_a_point_without_a_stock_is_left_out_and_says_why():
    change = change_of(case_layers("N20"))
    assert (change.n0, change.n1) == (1, 0)
    assert change.change_t_ha is None
    assert change.stock0_t_ha == pytest.approx(62.8511357, rel=1e-9)
    assert Reason.MISSING_SOC in change.reasons


def test_cores_of_a_point_are_averaged_as_stocks_and_not_as_products():
    soc, density = (40.0, 10.0), (0.9, 1.5)
    cores = [
        plain([0.0])[0]._replace(core=str(i), soc_g_kg=c, bd_fine_g_cm3=b)
        for i, (c, b) in enumerate(zip(soc, density, strict=True))
    ]
    stock = derive_plot(cores).stocks[0]
    assert stock.cores == 2
    assert stock.soc_stock_t_ha == pytest.approx((108.0 + 45.0) / 2, rel=1e-12)
    assert stock.fine_mass_t_ha == pytest.approx((2700.0 + 4500.0) / 2, rel=1e-12)


def test_a_faulty_core_leaves_the_point_to_the_others_and_its_reason_behind():
    good, bad = plain([60.0])[0], plain([60.0])[0]
    bad = bad._replace(core="b", soc_g_kg=None, bd_fine_g_cm3=0.9)
    stock = derive_plot([good, bad]).stocks[0]
    assert stock.soc_stock_t_ha == pytest.approx(60.0)
    assert (stock.cores, stock.reasons) == (1, (Reason.MISSING_SOC,))
    assert stock.fine_mass_t_ha == pytest.approx(3900.0)
    assert stock.covered_to_cm == 30.0
    assert stock.stock_to_covered_t_ha == stock.soc_stock_t_ha


def test_a_shallow_point_keeps_its_stock_under_its_own_label():
    layers = plain([60.0], bottom_cm=20.0) + plain([60.0], bottom_cm=25.0, core="b")
    stock = derive_plot(layers).stocks[0]
    assert stock.soc_stock_t_ha is None
    assert stock.covered_to_cm == 20.0
    assert stock.stock_to_covered_t_ha == pytest.approx(40.0)
    assert stock.reasons == (Reason.TOO_SHALLOW,)


def test_nothing_covered_is_no_stock_to_there():
    stock = derive_plot(plain([60.0], top_cm=5.0)).stocks[0]
    assert stock.covered_to_cm == 0.0
    assert stock.stock_to_covered_t_ha is None


def test_soil_that_ends_at_bedrock_is_a_stock():
    stock = derive_plot(plain([60.0], bottom_cm=20.0, complete_soil_cm=20.0)).stocks[0]
    assert stock.soc_stock_t_ha == pytest.approx(40.0)
    assert stock.reasons == (Reason.COMPLETE_SOIL,)


def test_what_is_known_of_a_layer_below_the_depth_is_not_a_reason():
    deep = plain([60.0], top_cm=30.0, bottom_cm=50.0, reasons=(Reason.CENSORED,))
    layers = [*plain([60.0]), deep[0]._replace(bd_method="literature")]
    assert derive_plot(layers).stocks[0].reasons == ()
    assert derive_plot(layers, Settings(depth_cm=40.0)).stocks[0].reasons == (
        Reason.CENSORED,
        Reason.BD_ESTIMATED,
    )


def test_a_clear_gain_has_its_verdict():
    change = change_of(plain(BEFORE) + plain(AFTER, "t1"))
    assert change.change_t_ha == pytest.approx(8.0)
    assert change.verdict_4permille is ChangeVerdict.ABOVE
    assert change.verdict_zero is ZeroVerdict.GAIN
    assert change.reasons == ()


@pytest.mark.parametrize("method", ["pedotransfer", "literature"])
def test_a_density_that_nobody_measured_withholds_the_verdict(method):
    change = change_of(plain(BEFORE) + plain(AFTER, "t1", bd_method=method))
    assert change.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert change.verdict_zero is ZeroVerdict.NOT_ASSESSABLE
    assert change.reasons == (Reason.BD_ESTIMATED,)
    assert change.p_vs_4permille is not None


def test_a_density_carried_over_is_shown_and_keeps_the_verdict():
    change = change_of(plain(BEFORE) + plain(AFTER, "t1", bd_method="carried_over"))
    assert change.verdict_4permille is ChangeVerdict.ABOVE
    assert change.reasons == (Reason.BD_CARRIED_OVER,)


@pytest.mark.parametrize("before", ["Tinsley", None])
def test_another_laboratory_method_withholds_the_verdict(before):
    layers = plain(BEFORE, soc_method=before) + plain(AFTER, "t1", soc_method="LECO")
    change = change_of(layers)
    assert change.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert change.reasons == (Reason.METHOD_CHANGED,)


def test_methods_below_the_depth_withhold_nothing():
    below = {"top_cm": 30.0, "bottom_cm": 50.0, "bd_method": "literature"}
    deep = plain(AFTER, "t1", soc_method="LECO", **below)
    change = change_of(plain(BEFORE) + plain(AFTER, "t1") + deep)
    assert change.verdict_4permille is ChangeVerdict.ABOVE
    assert change.reasons == ()


def test_carbonate_left_in_withholds_the_verdict():
    odd = plain(AFTER, "t1", reasons=(Reason.CARBONATE_UNCORRECTED,))
    change = change_of(plain(BEFORE) + odd)
    assert change.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE


def test_a_contested_value_says_so_up_to_the_change():
    odd = plain(AFTER, "t1")
    odd[0] = odd[0]._replace(reasons=(Reason.CONTESTED,))
    change = change_of(plain(BEFORE) + odd)
    assert change.reasons == (Reason.CONTESTED,)
    assert change.verdict_4permille is ChangeVerdict.ABOVE


@pytest.mark.parametrize(
    ("late", "differs"),
    [
        (date(2020, 10, 30), False),
        (date(2020, 11, 2), True),
        (date(2020, 6, 1), True),
    ],
)
def test_another_season_is_a_warning_only(late, differs):
    change = change_of(plain(BEFORE) + plain(AFTER, "t1", date=late))
    assert (Reason.SEASON_DIFFERS in change.reasons) is differs
    assert change.verdict_4permille is ChangeVerdict.ABOVE


def test_new_year_does_not_divide_a_season():
    change = change_of(
        plain(BEFORE, date=date(2015, 12, 20))
        + plain(AFTER, "t1", date=date(2021, 1, 10))
    )
    assert Reason.SEASON_DIFFERS not in change.reasons


def test_years_are_between_the_mean_days_of_the_points():
    before = plain(BEFORE)
    before[0] = before[0]._replace(date=before[0].date - timedelta(days=30))
    change = change_of(before + plain(AFTER, "t1"))
    apart = (DAYS["t1"] - DAYS["t0"]).days + 10
    assert change.years == pytest.approx(apart / 365.25, rel=1e-12)


def test_every_campaign_is_compared_with_the_next_and_the_first_with_the_last():
    days = {"c": date(2005, 9, 1), "a": date(2010, 9, 1), "b": date(2016, 9, 1)}
    layers = [
        layer
        for campaign in ("a", "b", "c")
        for layer in plain(BEFORE, campaign, date=days[campaign])
    ]
    spans = [(c.from_campaign, c.to_campaign) for c in derive_plot(layers).changes]
    assert spans == [("c", "a"), ("a", "b"), ("c", "b")]


def test_points_named_anew_are_paired_by_what_they_revisit():
    after = [
        layer._replace(point=f"new {layer.point}", pairing=layer.point)
        for layer in plain(AFTER, "t1")
    ]
    change = change_of(plain(BEFORE) + after)
    assert change.design is Design.PAIRED
    assert change.df == 2


def test_a_mix_of_revisited_and_new_points_is_named():
    before = plain([50.0, 61.0, 55.0, 58.0])
    after = plain([58.0, 70.0, 62.0], "t1")
    mostly = change_of(before + after)
    assert (mostly.design, mostly.n0, mostly.n1) == (Design.PAIRED, 3, 3)
    assert mostly.reasons == (Reason.UNPAIRED_MIX,)
    few = change_of(before + after[:2])
    assert (few.design, few.n0, few.n1) == (Design.UNPAIRED, 4, 2)
    assert few.reasons == (Reason.UNPAIRED_MIX,)


def test_a_place_that_two_points_claim_pairs_with_nothing():
    after = plain(AFTER, "t1", pairing="p0")
    change = change_of(plain(BEFORE) + after)
    assert change.design is Design.UNPAIRED
    assert change.reasons == ()


def test_organic_and_implausible_layers_are_noted():
    peat = plain([0.0], soc_g_kg=400.0, bd_fine_g_cm3=0.2)
    odd = plain([0.0], soc_g_kg=400.0, bd_fine_g_cm3=1.4)
    assert derive_plot(peat).stocks[0].reasons == (Reason.ORGANIC_LAYER,)
    assert derive_plot(odd).stocks[0].reasons == (
        Reason.ORGANIC_LAYER,
        Reason.BD_SOC_IMPLAUSIBLE,
    )


def test_duplicate_results_are_noted_on_the_point():
    stocks = derive_plot(case_layers("N18")).stocks
    assert [s.reasons for s in stocks] == [(), (Reason.DUPLICATES_AVERAGED,)]


def test_a_plot_without_layers_has_no_results():
    result = derive_plot([])
    assert (result.stocks, result.changes) == ((), ())


@given(st.permutations(case_layers("N26")))
def test_the_order_of_the_layers_changes_no_figure(layers):
    def figures(result):
        stocks = {(s.campaign, s.point): s for s in result.stocks}
        return stocks, result.changes[0].change_t_ha

    stocks, change = figures(derive_plot(layers))
    expected, expected_change = figures(derive_plot(case_layers("N26")))
    assert stocks == expected
    assert change == pytest.approx(expected_change, rel=1e-12)


def test_rows_are_valid_json_whatever_is_missing():
    for case in ("N10", "N11", "N12", "N20", "N21", "N24", "N26"):
        result = derive_plot(case_layers(case))
        documents = [stock_row("P", s) for s in result.stocks]
        documents += [change_row("P", c) for c in result.changes]
        assert json.loads(json.dumps(documents, allow_nan=False)) == documents


def test_every_reason_is_explained():
    assert set(EXPLANATIONS) == set(Reason)


@given(st.sets(st.sampled_from(Reason)))
def test_a_mask_gives_back_its_reasons(reasons):
    assert reasons_of(mask_of(reasons)) == in_order(reasons)
    assert mask_of(Reason) < 2**62


HIGHFIELD = """\
campaign,date,point,soc_pct,bd,soc_method,bd_method
1959,1959-12-15,1,2.849,0.944,Tinsley,carried_over
1959,1959-12-15,2,2.813,0.944,Tinsley,carried_over
1959,1959-12-15,3,2.922,0.944,Tinsley,carried_over
1959,1959-12-15,4,3.022,0.944,Tinsley,carried_over
2000,2000-08-31,1,1.000,1.245,LECO,core
2000,2000-08-31,2,1.020,1.245,LECO,core
2000,2000-08-31,3,1.080,1.245,LECO,core
2000,2000-08-31,4,1.240,1.245,LECO,core
2014,2014-09-08,1,0.999,1.245,LECO,carried_over
2014,2014-09-08,2,0.980,1.245,LECO,carried_over
2014,2014-09-08,3,1.114,1.245,LECO,carried_over
2014,2014-09-08,4,1.193,1.245,LECO,carried_over
"""


def highfield():
    """Rothamsted, Highfield, 0-23 cm (doi 10.23637/rrs1-SOILCN1959-2014-01)."""
    return [
        Layer(
            campaign=row["campaign"],
            point=row["point"],
            date=date.fromisoformat(row["date"]),
            top_cm=0.0,
            bottom_cm=23.0,
            soc_g_kg=10 * float(row["soc_pct"]),
            bd_fine_g_cm3=float(row["bd"]),
            soc_method=row["soc_method"],
            bd_method=row["bd_method"],
        )
        for row in csv.DictReader(io.StringIO(HIGHFIELD))
    ]


def test_highfield_2000_to_2014_is_below_4_permille_without_detectable_change():
    changes = derive_plot(highfield(), Settings(depth_cm=23.0)).changes
    change = next(
        c for c in changes if (c.from_campaign, c.to_campaign) == ("2000", "2014")
    )
    assert change.verdict_4permille is ChangeVerdict.BELOW
    assert change.verdict_zero is ZeroVerdict.NO_DETECTABLE_CHANGE
    # One density in all campaigns: it scales both stocks, and moves no test.
    assert change.reasons == (Reason.BD_CARRIED_OVER,)
    assert change.change_ci95_t_ha == pytest.approx((-2.104, 1.331), abs=6e-3)
    assert change.change_t_ha == pytest.approx(-0.3865, abs=0.01)
    assert change.years == pytest.approx(14.0205338809, rel=1e-9)


def test_highfield_1959_to_2014_withholds_the_verdict_for_the_change_of_method():
    change = derive_plot(highfield(), Settings(depth_cm=23.0)).changes[-1]
    assert (change.from_campaign, change.to_campaign) == ("1959", "2014")
    assert change.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert Reason.METHOD_CHANGED in change.reasons
    assert change.rate_permille_year == pytest.approx(-9.3737, abs=0.01)


def test_highfield_to_30_cm_is_never_scaled_up():
    for stock in derive_plot(highfield()).stocks:
        assert stock.soc_stock_t_ha is None
        assert stock.covered_to_cm == 23.0
        assert Reason.TOO_SHALLOW in stock.reasons


def test_the_longest_span_of_the_present_method_is_compared():
    # The spans are what an auditor reads: Highfield changed its method before 2000.
    methods = {1978: "tinsley", 1987: "tinsley", 2000: "dc", 2008: "dc", 2014: "dc"}
    layers = [
        Layer(
            campaign=str(year),
            point=point,
            date=date(year, 9, 1),
            top_cm=0.0,
            bottom_cm=30.0,
            soc_g_kg=soc,
            bd_fine_g_cm3=1.2,
            soc_method=method,
        )
        for year, method in methods.items()
        for point, soc in (("1", 20.0), ("2", 21.0), ("3", 25.0))
    ]
    spans = [(c.from_campaign, c.to_campaign) for c in derive_plot(layers).changes]
    assert spans[-2:] == [("1978", "2014"), ("2000", "2014")]
    assert len(spans) == 6
