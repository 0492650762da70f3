"""Random slopes against the R packages lme4 and lmerTest, and against the truth."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.stocks.random_slope import Fit, SlopeFreedom, fit_random_slope, parts
from server.stocks.reml import Likelihood
from server.stocks.samples import Samples
from server.stocks.trend import estimate_trend
from tests.science.check_values import rows

CAMPAIGNS = Path(__file__).parents[2] / "fixtures" / "campaigns"
EXPECTED = {row["case"]: row for row in rows("random_slope.csv")}
SINGULAR = {case for case, row in EXPECTED.items() if row["singular"] == "TRUE"}
FIGURES = {
    "slope": "slope_t_ha_year",
    "se": "se_t_ha_year",
    "df": "df",
    "p": "p_value",
    "intercept": "fitted_first_t_ha",
    "intercept_sd": "intercept_sd_t_ha",
    "slope_sd": "slope_sd_t_ha_year",
    "correlation": "correlation",
    "residual_sd": "residual_sd_t_ha",
    "deviance": "reml_deviance",
}


def woburn():
    name = "woburn_ley_arable_1938_2009.csv"
    with (CAMPAIGNS / name).open(encoding="latin-1", newline="") as file:
        found = [
            row
            for row in csv.DictReader(file)
            if row["block"] == "1" and int(row["year"]) > 1938
        ]
    return (
        [float(row["year"]) - 1939.0 for row in found],
        [25 * float(row["percent_soc"]) * float(row["bulk_density"]) for row in found],
        [row["main_plot"] for row in found],
    )


def series(case):
    if case == "woburn":
        return woburn()
    mine = [row for row in rows("random_slope_inputs.csv") if row["case"] == case]
    years, stocks = (
        [float(row[key]) for row in mine] for key in ("years", "stock_t_ha")
    )
    return years, stocks, [row["place"] for row in mine]


@pytest.mark.parametrize("case", EXPECTED)
def test_every_figure_is_that_of_lme4(case):
    found = fit_random_slope(*series(case))
    # On the boundary the curvature of the likelihood has no meaning; we count points.
    other = {"df", "p"} if case in SINGULAR else set()
    assert found.fit is (Fit.BOUNDARY if case in SINGULAR else Fit.CONVERGED)
    for name, field in FIGURES.items():
        if name not in other:
            wanted = float(EXPECTED[case][name])
            assert getattr(found, field) == pytest.approx(wanted, rel=2e-5), name


def test_a_boundary_is_named_and_counts_points_for_freedom():
    found = fit_random_slope(*series("no_slope_variance"))
    assert found.freedom is SlopeFreedom.CONTAINMENT
    assert found.df == found.points - 1
    assert found.correlation == pytest.approx(1.0)
    wider = float(EXPECTED["no_slope_variance"]["df"])
    assert found.df < wider


def test_points_all_alike_have_no_variance_and_no_correlation():
    generator = np.random.default_rng(3)
    years = np.tile([0.0, 5.0, 10.0, 15.0], 6)
    noise = generator.normal(0, 2, years.size)
    places = np.repeat(np.arange(6), 4)
    # What points differ in by chance is taken away.
    noise -= np.array([noise[places == p].mean() for p in places])
    steep = [np.polyfit(years[:4], noise[places == place], 1)[0] for place in range(6)]
    stocks = 50 + 0.3 * years + noise - np.array(steep)[places] * (years - 7.5)
    found = fit_random_slope(years, stocks, places.tolist())
    assert found.fit is Fit.BOUNDARY
    assert found.slope_sd_t_ha_year == pytest.approx(0.0, abs=1e-6)
    assert found.intercept_sd_t_ha == pytest.approx(0.0, abs=1e-4)
    assert found.correlation is None
    assert found.slope_t_ha_year == pytest.approx(0.3)


def test_without_holes_the_slope_is_the_mean_of_the_slopes():
    found, plain = fit_random_slope(*series("full")), estimate_trend(*series("full"))
    assert found.slope_t_ha_year == pytest.approx(plain.slope_t_ha_year, rel=1e-9)
    assert found.se_t_ha_year == pytest.approx(plain.se_t_ha_year, rel=1e-5)
    assert found.df == pytest.approx(plain.df, rel=1e-4)
    assert parts(plain, found) is False


def test_points_with_one_or_two_visits_count():
    found = fit_random_slope(*series("many_holes"))
    assert (found.points, found.single_visits, found.visits) == (23, 7, 73)
    assert estimate_trend(*series("many_holes")).n < found.points


@pytest.mark.parametrize(
    ("years", "places", "fit"),
    [
        ([], [], Fit.TOO_FEW),
        ([0, 5, 10, 0, 5, 10], "aaabbb", Fit.TOO_FEW),
        ([0, 10] * 4, "aabbccdd", Fit.TOO_FEW),
        ([0, 5, 10, 0, 10, 0, 10], "aaabbcc", Fit.TOO_FEW),
        ([0, 5, 10, 0, 5, 10, 0, 10], "aaabbbcc", Fit.CONVERGED),
        ([0, 0, 0, 0, 0, 0, 0, 0], "aaabbbcc", Fit.TOO_FEW),
    ],
)
def test_too_few_visits_give_no_figures(years, places, fit):
    stocks = [50.0, 52.2, 53.5, 61.0, 62.0, 62.5, 49.0, 56.0, 51.0][: len(years)]
    found = fit_random_slope(years, stocks, list(places))
    assert found.fit in (fit, Fit.BOUNDARY if fit is Fit.CONVERGED else fit)
    assert (found.slope_t_ha_year is None) == (fit is Fit.TOO_FEW)
    assert found.visits == len(years)


@pytest.mark.parametrize("rise", [0.0, 0.25, 7.3])
def test_points_on_their_own_lines_have_no_residual(rise):
    years = np.tile([0.0, 5.0, 10.0], 4)
    places = np.repeat(np.arange(4), 3)
    stocks = 50 + rise * (places + 1) * years + rise * places
    assert fit_random_slope(years, stocks, places.tolist()).fit is Fit.NO_RESIDUAL


@pytest.mark.parametrize(
    ("years", "stocks"), [([0.0], [1.0, 2.0]), ([0.0, np.nan], [1.0, 2.0])]
)
def test_unsound_input_is_refused(years, stocks):
    with pytest.raises(ValueError, match=r"number|finite"):
        fit_random_slope(years, stocks, ["a", "b"])


@settings(max_examples=25)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.02, 50.0),
    st.floats(-2000.0, 2000.0),
)
def test_units_origin_and_order_change_nothing(seed, factor, origin):
    generator = np.random.default_rng(seed)
    years, stocks, places = (np.array(part) for part in series("holes"))
    order = generator.permutation(years.size)
    plain = fit_random_slope(years, stocks, places.tolist())
    moved = fit_random_slope(
        years[order] + origin, factor * stocks[order], places[order].tolist()
    )
    assert moved.slope_t_ha_year == pytest.approx(
        factor * plain.slope_t_ha_year, rel=1e-4, abs=factor * 1e-5
    )
    assert moved.slope_sd_t_ha_year == pytest.approx(
        factor * plain.slope_sd_t_ha_year, rel=1e-3
    )
    assert moved.df == pytest.approx(plain.df, rel=1e-3)


def test_the_gradient_is_the_slope_of_the_deviance():
    years, stocks, places = series("holes")
    owner = np.unique(places, return_inverse=True)[1]
    samples = Samples(np.array(stocks), owner, int(owner.max()) + 1)
    likelihood = Likelihood.of(np.array(years), samples)
    at = np.array([1.3, -0.4, 0.7])
    for number, step in enumerate(1e-6 * np.eye(3)):
        rise = likelihood.deviance(at + step)[0] - likelihood.deviance(at - step)[0]
        assert likelihood.deviance(at)[1][number] == pytest.approx(
            rise / 2e-6, rel=1e-6
        )


def simulated(generator, hole):
    """Twelve points whose slopes differ, four campaigns, some visits missing."""
    years = np.tile([0.0, 4.0, 9.0, 15.0], 12)
    owner = np.repeat(np.arange(12), 4)
    steep = generator.normal(0.2, 0.3, 12)[owner]
    stocks = 55 + generator.normal(0, 6, 12)[owner] + steep * years
    stocks += generator.normal(0, 2, years.size)
    seen = generator.random(years.size) >= hole
    return years[seen], stocks[seen], owner[seen].tolist()


@pytest.mark.slow
def test_the_interval_covers_the_truth_with_holes_and_is_the_narrower_one():
    # With 4,000 trials: 0.948 covered; two-stage 0.946 with 1.18 of the width.
    generator = np.random.default_rng(77)
    trials, covered, ratio = 200, 0, []
    for _ in range(trials):
        data = simulated(generator, 0.3)
        found, plain = fit_random_slope(*data), estimate_trend(*data)
        low, high = found.ci95_t_ha_year
        covered += low < 0.2 < high
        ratio.append((high - low) / np.diff(plain.ci95_t_ha_year)[0])
    assert 0.90 < covered / trials < 0.99
    assert np.median(ratio) < 0.95


def test_it_parts_from_the_mean_of_slopes_where_the_rest_went_another_way():
    # Three points stay in the study and gain; nine were seen twice and lose.
    generator = np.random.default_rng(6)
    rows_of = [
        (year, 50.0 + place + rate * year + generator.normal(0, 0.4), place)
        for place in range(12)
        for rate in ((0.5, -0.3)[place > 2] + generator.normal(0, 0.05),)
        for year in ((0.0, 5.0, 10.0, 15.0), (0.0, 10.0))[place > 2]
    ]
    data = [list(column) for column in zip(*rows_of, strict=True)]
    found, plain = fit_random_slope(*data), estimate_trend(*data)
    assert plain.slope_t_ha_year > 0.3
    assert found.slope_t_ha_year < 0.1
    assert parts(plain, found) is True
    empty = fit_random_slope([], [], [])
    assert parts(plain, empty) is None
    assert parts(estimate_trend([], [], []), found) is None
