"""Changes and verdicts against R's t tests and their inversion."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from server.stocks.change import Design, choose_design, estimate_change
from server.stocks.rate_interval import IntervalShape
from server.stocks.reasons import Reason
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict
from tests.science.check_values import rows

TESTS = rows("stats_change_tests.csv")
COMPUTABLE = [row for row in TESTS if row["status"] == "ok"]
REFUSED = [row for row in TESTS if row["status"] != "ok"]

FIGURES = {
    "mean0": "stock0_t_ha",
    "mean1": "stock1_t_ha",
    "delta": "change_t_ha",
    "se": "se_t_ha",
    "df": "df",
    "p_two_sided": "p_value",
    "annual": "annual_t_ha",
    "co2e_annual": "co2e_t_ha_year",
    "rate_permille": "rate_permille_year",
    "p_vs_4permille_two_sided": "p_vs_4permille",
    "t_vs_4permille": "t_vs_4permille",
    "df_vs_4permille": "df_vs_4permille",
}
INTERVALS = {
    "ci95": "change_ci95_t_ha",
    "annual_ci95": "annual_ci95_t_ha",
    "rate_fieller_ci95": "rate_ci95_permille_year",
}


def inputs(case):
    return tuple(
        [
            float(row["stock_t_ha"])
            for row in rows("stats_change_inputs.csv")
            if (row["case"], row["campaign"]) == (case, campaign)
        ]
        for campaign in ("t0", "t1")
    )


def estimate(row, **changes):
    stock0, stock1 = inputs(row["case"])
    settings = {"design": Design(row["design"]), "years": float(row["years"])}
    return estimate_change(stock0, stock1, **settings | changes)


def by_case(case):
    return next(row for row in TESTS if row["case"] == case)


def case_name(row):
    return row["case"]


@pytest.mark.parametrize("row", COMPUTABLE, ids=case_name)
def test_every_figure_is_the_one_that_r_prints(row):
    result = estimate(row)
    assert (result.n0, result.n1) == (int(row["n0"]), int(row["n1"]))
    for column, field in FIGURES.items():
        if row[column] == "Inf":
            assert getattr(result, field) is None
        else:
            expected = pytest.approx(float(row[column]), rel=1e-9, abs=1e-12)
            assert getattr(result, field) == expected, field


@pytest.mark.parametrize("row", COMPUTABLE, ids=case_name)
def test_every_bound_is_the_one_that_r_prints(row):
    result = estimate(row)
    for column, field in INTERVALS.items():
        interval = getattr(result, field) or (None, None)
        for side, bound in zip(("lo", "hi"), interval, strict=True):
            text = row[f"{column}_{side}"]
            if text:
                expected = pytest.approx(float(text), rel=1e-6, abs=1e-9)
                assert bound == expected, (field, side)


@pytest.mark.parametrize("row", REFUSED, ids=case_name)
def test_where_r_refuses_the_change_stands_without_error_or_verdict(row):
    result = estimate(row)
    assert result.change_t_ha == pytest.approx(float(row["delta"]), rel=1e-9)
    assert result.change_ci95_t_ha is None
    assert result.p_value is None
    assert result.rate_ci95_permille_year is None
    assert result.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert result.verdict_zero is ZeroVerdict.NOT_ASSESSABLE


def test_the_reason_tells_why_there_is_no_standard_error():
    alone = (Reason.SINGLE_POINT, Reason.NO_VARIANCE)
    assert estimate(by_case("S06")).reasons == alone
    assert estimate(by_case("S10")).reasons == alone
    identical = estimate(by_case("S08"))
    assert identical.reasons == (Reason.ZERO_VARIANCE,)
    assert identical.se_t_ha == 0.0


def test_identical_changes_are_seen_through_rounding():
    stock0 = np.array([46.1, 151.3, 60.7, 33.3])
    result = estimate_change(stock0, stock0 + 0.1, design=Design.PAIRED, years=5.0)
    assert (stock0 + 0.1 - stock0).std() > 0.0
    assert result.reasons == (Reason.ZERO_VARIANCE,)


VERDICTS = {
    "S01": (ChangeVerdict.BELOW, ZeroVerdict.LOSS),
    "S02": (ChangeVerdict.BELOW, ZeroVerdict.NO_DETECTABLE_CHANGE),
    "S03": (ChangeVerdict.BELOW, ZeroVerdict.NO_DETECTABLE_CHANGE),
    "S04": (ChangeVerdict.BELOW, ZeroVerdict.LOSS),
    "S05": (ChangeVerdict.NOT_DISTINGUISHABLE, ZeroVerdict.NO_DETECTABLE_CHANGE),
    "S07": (ChangeVerdict.NOT_DISTINGUISHABLE, ZeroVerdict.NO_DETECTABLE_CHANGE),
    "S09": (ChangeVerdict.NOT_DISTINGUISHABLE, ZeroVerdict.NO_DETECTABLE_CHANGE),
    "S11": (ChangeVerdict.NOT_DISTINGUISHABLE, ZeroVerdict.NO_DETECTABLE_CHANGE),
    "S12": (ChangeVerdict.ABOVE, ZeroVerdict.GAIN),
    "S13": (ChangeVerdict.NOT_ASSESSABLE, ZeroVerdict.GAIN),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_the_verdict_follows_the_test(case):
    result = estimate(by_case(case))
    assert (result.verdict_4permille, result.verdict_zero) == VERDICTS[case]


def test_a_zero_baseline_has_a_change_and_no_rate():
    result = estimate(by_case("S13"))
    assert result.reasons == (Reason.ZERO_BASELINE,)
    assert result.rate_permille_year is None
    assert result.rate_ci95_permille_year is None
    assert result.change_t_ha == pytest.approx(1.15)


def test_a_baseline_known_too_badly_gives_an_interval_without_end():
    result = estimate(by_case("S11"))
    low, high = result.rate_ci95_permille_year
    assert low == pytest.approx(-102.12584078, rel=1e-6)
    assert high is None
    assert result.rate_ci95_shape is IntervalShape.DISJOINT


@pytest.mark.parametrize(
    ("stock0", "stock1", "design"),
    [
        ([1.0, 90.0], [2.0, 80.0], Design.UNPAIRED),
        ([89.0, 68.0, 1.0, 75.0], [1.0, 55.0, 4.0, 76.0], Design.PAIRED),
    ],
)
def test_an_interval_that_is_everything_says_so(stock0, stock1, design):
    result = estimate_change(stock0, stock1, design=design, years=5.0)
    assert result.rate_ci95_shape is IntervalShape.UNBOUNDED
    assert result.rate_ci95_permille_year == (None, None)
    for rate in np.linspace(-3000.0, 3000.0, 601):
        assert p_at(rate, stock0, stock1, design, 5.0) > 0.05


def test_less_than_a_year_gives_a_change_and_no_rate():
    result = estimate(by_case("S12"), years=0.99)
    assert result.reasons == (Reason.INTERVAL_TOO_SHORT,)
    assert result.p_value == pytest.approx(1.22002433281e-05, rel=1e-9)
    assert result.verdict_zero is ZeroVerdict.GAIN
    assert result.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert result.annual_t_ha is None
    assert result.rate_permille_year is None
    assert result.p_vs_4permille is None


def test_a_withheld_verdict_leaves_every_figure():
    free = estimate(by_case("S12"))
    withheld = estimate(by_case("S12"), withheld=[Reason.METHOD_CHANGED])
    assert withheld.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert withheld.verdict_zero is ZeroVerdict.NOT_ASSESSABLE
    assert withheld.reasons == (Reason.METHOD_CHANGED,)
    for field in (*FIGURES.values(), *INTERVALS.values()):
        assert getattr(withheld, field) == getattr(free, field)


def test_a_campaign_without_points_gives_no_change():
    result = estimate_change([50.0], [], design=Design.UNPAIRED, years=5.0)
    assert result.stock0_t_ha == 50.0
    assert result.stock1_t_ha is None
    assert result.change_t_ha is None
    assert result.verdict_zero is ZeroVerdict.NOT_ASSESSABLE


def test_pairs_of_unequal_number_are_refused():
    with pytest.raises(ValueError, match="number"):
        estimate_change([50.0, 51.0], [50.0], design=Design.PAIRED, years=5.0)


def test_a_stock_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite"):
        estimate_change([50.0], [math.nan], design=Design.UNPAIRED, years=5.0)


@pytest.mark.parametrize(
    ("counts", "design", "mixed"),
    [
        ((4, 4, 4), Design.PAIRED, False),
        ((2, 2, 2), Design.PAIRED, False),
        ((1, 1, 1), Design.PAIRED, False),
        ((5, 3, 0), Design.UNPAIRED, False),
        ((6, 6, 3), Design.PAIRED, True),
        ((7, 6, 3), Design.UNPAIRED, True),
        ((3, 3, 2), Design.UNPAIRED, True),
        ((0, 3, 0), Design.UNPAIRED, False),
    ],
)
def test_pairs_decide_only_when_they_are_most_of_the_points(counts, design, mixed):
    assert choose_design(*counts) == (design, mixed)


stocks = st.lists(st.floats(5.0, 200.0), min_size=2, max_size=12)


def p_at(rate, stock0, stock1, design, years):
    """The p value of scipy's own test that the rate is this one."""
    scaled = (1 + rate * years / 1000) * np.array(stock0)
    if design is Design.PAIRED:
        return stats.ttest_rel(stock1, scaled).pvalue
    return stats.ttest_ind(stock1, scaled, equal_var=False).pvalue


@given(stocks, stocks, st.sampled_from(Design), st.floats(1.0, 60.0))
def test_each_bound_of_the_rate_is_where_the_test_turns(stock0, stock1, design, years):
    size = min(len(stock0), len(stock1))
    if design is Design.PAIRED:
        stock0, stock1 = stock0[:size], stock1[:size]
    assume(np.std(stock0) > 0.5)
    assume(np.std(stock1) > 0.5)
    assume(np.std(np.array(stock1[:size]) - np.array(stock0[:size])) > 0.5)
    result = estimate_change(stock0, stock1, design=design, years=years)
    for bound in result.rate_ci95_permille_year:
        # Far out the ratio has too few digits left for a check of p.
        if bound is not None and abs(bound) < 1e5:
            p = p_at(bound, stock0, stock1, design, years)
            assert p == pytest.approx(0.05, abs=1e-6)


@given(stocks, stocks, st.sampled_from(Design), st.floats(1.0, 60.0))
def test_the_verdict_and_the_interval_never_disagree(stock0, stock1, design, years):
    size = min(len(stock0), len(stock1))
    if design is Design.PAIRED:
        stock0, stock1 = stock0[:size], stock1[:size]
    result = estimate_change(stock0, stock1, design=design, years=years)
    assume(result.p_vs_4permille is not None)
    assume(abs(result.p_vs_4permille - 0.05) > 1e-6)
    assume(result.rate_ci95_shape is IntervalShape.INTERVAL)
    low, high = result.rate_ci95_permille_year
    inside = low < 4.0 < high
    assert inside == (result.verdict_4permille is ChangeVerdict.NOT_DISTINGUISHABLE)


@given(stocks, stocks, st.floats(0.001, 1000.0))
def test_units_change_no_verdict_and_no_p_value(stock0, stock1, factor):
    assume(np.std(stock0) > 0.1)
    plain = estimate_change(stock0, stock1, design=Design.UNPAIRED, years=7.0)
    scaled = estimate_change(
        factor * np.array(stock0),
        factor * np.array(stock1),
        design=Design.UNPAIRED,
        years=7.0,
    )
    assert scaled.p_value == pytest.approx(plain.p_value, rel=1e-6, abs=1e-12)
    assert scaled.p_vs_4permille == pytest.approx(
        plain.p_vs_4permille, rel=1e-6, abs=1e-12
    )
    assert scaled.rate_permille_year == pytest.approx(
        plain.rate_permille_year, rel=1e-6, abs=1e-9
    )
