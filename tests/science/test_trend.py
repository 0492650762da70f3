"""Trends against R's lm and t.test on real long-term data."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from server.stocks.comparison import JudgedOn
from server.stocks.plot import Settings, derive_plot
from server.stocks.points import Layer
from server.stocks.reasons import Reason
from server.stocks.rows import trend_row
from server.stocks.samples import Samples
from server.stocks.settings import choose_settings
from server.stocks.trend import Stage, estimate_trend, fit_lines, line_of, two_stage
from tests.science.check_values import rows

CAMPAIGNS = Path(__file__).parents[2] / "fixtures" / "campaigns"
FIRST_DAY = date(1959, 12, 15)


def read(name):
    with (CAMPAIGNS / name).open(encoding="latin-1", newline="") as file:
        return list(csv.DictReader(file))


def highfield():
    return [
        (
            row["sub-plot"],
            (date.fromisoformat(row["sample_date"]) - FIRST_DAY).days / 365.25,
            float(row["SOC_stock"]),
        )
        for row in read("highfield_bare_fallow_1959_2014.csv")
    ]


def woburn():
    """Block 1 without the year before the experiment; 25 cm, % times g/cm3."""
    return [
        (
            f"{row['block']}.{row['main_plot']}",
            float(row["year"]) - 1938.0,
            float(row["percent_soc"]) * float(row["bulk_density"]) * 25.0,
        )
        for row in read("woburn_ley_arable_1938_2009.csv")
        if row["block"] == "1" and int(row["year"]) > 1938
    ]


def lines_of(data):
    places = list(dict.fromkeys(place for place, _, _ in data))
    owner = np.array([places.index(place) for place, _, _ in data])
    years, stocks = (np.array([row[i] for row in data]) for i in (1, 2))
    return places, fit_lines(years, Samples(stocks, owner, len(places)))


SERIES = {"highfield": highfield, "woburn": woburn}
FIGURES = {
    "slope": "slope_t_ha_year",
    "slope_se": "se_t_ha_year",
    "df": "df",
    "p": "p_value",
    "ci95_lo": "low_t_ha_year",
    "ci95_hi": "high_t_ha_year",
    "sigma": "residual_sd_t_ha",
    "fitted_first": "fitted_first_t_ha",
    "t_first": "first_year",
    "n": "n",
}


@pytest.mark.parametrize("source", SERIES)
def test_every_line_is_the_one_that_r_fits(source):
    places, lines = lines_of(SERIES[source]())
    expected = {
        row["plot"]: row
        for row in rows("trend_ols_per_plot.csv")
        if row["source"].startswith(source)
    }
    assert set(places) == set(expected)
    for number, place in enumerate(places):
        line = line_of(lines, number)
        for column, field in FIGURES.items():
            wanted = float(expected[place][column])
            assert line[field] == pytest.approx(wanted, rel=1e-6), (place, field)
        relative = 1000 * float(expected[place]["slope"])
        relative /= float(expected[place]["fitted_first"])
        assert line["relative_permille_year"] == pytest.approx(relative, rel=1e-6)


TWO_STAGE = {
    row["source"]: row
    for row in rows("trend_pooled.csv")
    if row["model"].startswith("two-stage")
}


@pytest.mark.parametrize(
    ("source", "data"),
    [
        ("highfield all 8 campaigns", highfield()),
        ("highfield 1978-2014", [row for row in highfield() if row[1] > 15]),
        ("woburn block 1", woburn()),
    ],
)
def test_the_two_stage_trend_is_the_t_test_of_r_over_the_slopes(source, data):
    trend = estimate_trend(
        *zip(*((t, c) for _, t, c in data), strict=True), [p for p, _, _ in data]
    )
    expected = TWO_STAGE[source]
    assert trend.stage is Stage.POINT_SLOPES
    assert trend.slope_t_ha_year == pytest.approx(float(expected["slope"]), rel=1e-6)
    assert trend.se_t_ha_year == pytest.approx(float(expected["se"]), rel=1e-6)
    assert trend.df == float(expected["df"])
    assert trend.p_value == pytest.approx(float(expected["p"]), rel=1e-6)
    low, high = trend.ci95_t_ha_year
    assert (low + high) / 2 == pytest.approx(trend.slope_t_ha_year, rel=1e-9)
    half = stats.t.ppf(0.975, trend.df) * trend.se_t_ha_year
    assert high - low == pytest.approx(2 * half, rel=1e-9)


def test_highfield_is_curved():
    data = highfield()
    years, stocks, places = (
        [row[1] for row in data],
        [row[2] for row in data],
        [row[0] for row in data],
    )
    assert estimate_trend(years, stocks, places).curved is True
    _, lines = lines_of(data)
    assert np.all(lines.bend_t_ha_year2 > 0.0)
    assert np.count_nonzero(lines.bend_p_value < 0.05) == 3


def test_the_bend_is_the_squared_term_of_a_parabola():
    years = np.array([0.0, 3.0, 7.0, 12.0, 20.0])
    noise = np.array([0.3, -0.2, 0.1, -0.3, 0.2])
    stocks = 50.0 + 0.4 * years - 0.02 * years**2 + noise
    lines = fit_lines(years, Samples(stocks, np.zeros(5, dtype=int), 1))
    coefficients, covariance = np.polyfit(years, stocks, 2, cov="unscaled")
    fitted = np.polyval(coefficients, years)
    sd = np.sqrt(np.sum((stocks - fitted) ** 2) / 2)
    t = coefficients[0] / (sd * np.sqrt(covariance[0, 0]))
    assert lines.bend_t_ha_year2[0] == pytest.approx(coefficients[0], rel=1e-9)
    assert lines.bend_p_value[0] == pytest.approx(2 * stats.t.sf(abs(t), 2), rel=1e-9)


def test_a_straight_line_is_not_curved_and_a_perfect_one_has_no_test():
    years = [0.0, 5.0, 10.0, 15.0] * 3
    noise = [0.4, -0.3, -0.5, 0.2, -0.2, 0.1, 0.4, -0.3, 0.1, 0.5, -0.4, 0.1]
    stocks = [50 + 0.2 * t + e for t, e in zip(years, noise, strict=True)]
    places = [place for place in "abc" for _ in range(4)]
    assert estimate_trend(years, stocks, places).curved is False
    perfect = estimate_trend(years, [50 + 0.2 * t for t in years], places)
    assert perfect.slope_t_ha_year == pytest.approx(0.2)
    assert perfect.se_t_ha_year == 0.0
    assert perfect.p_value is None


def test_points_that_were_not_revisited_give_one_line_through_the_means():
    years = [0.0, 0.0, 5.0, 5.0, 11.0, 11.0]
    stocks = [50.0, 54.0, 53.0, 54.0, 58.0, 57.0]
    trend = estimate_trend(years, stocks, list("abcdef"))
    expected = stats.linregress([0, 5, 11], [52.0, 53.5, 57.5])
    assert (trend.stage, trend.n, trend.df) == (Stage.CAMPAIGN_MEANS, 3, 1)
    assert trend.slope_t_ha_year == pytest.approx(expected.slope, rel=1e-12)
    assert trend.se_t_ha_year == pytest.approx(expected.stderr, rel=1e-9)
    assert trend.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert trend.curved is None


def test_two_campaigns_have_a_slope_and_no_error():
    trend = estimate_trend([0.0, 5.0], [50.0, 52.0], ["a", "a"])
    assert trend.slope_t_ha_year == pytest.approx(0.4)
    assert (trend.se_t_ha_year, trend.ci95_t_ha_year, trend.p_value) == (None,) * 3


def test_one_date_has_no_slope():
    trend = estimate_trend([3.0, 3.0], [50.0, 52.0], ["a", "b"])
    assert trend.slope_t_ha_year is None
    assert trend.n == 1


def layers_of(data, **changes):
    """The stocks as one layer of 25 cm on 1 September of the year.

    Each place has a density of its own.
    """
    places = {place: number for number, (place, *_) in enumerate(data)}
    density = {place: 1.3 + number / 1000 for place, number in places.items()}
    return [
        Layer(
            campaign=f"{year:.2f}",
            point=place,
            date=FIRST_DAY + timedelta(days=round(365.25 * year)),
            top_cm=0.0,
            bottom_cm=25.0,
            soc_g_kg=stock / (2.5 * density[place]),
            bd_fine_g_cm3=density[place],
        )._replace(**changes)
        for place, year, stock in data
    ]


def test_a_plot_of_three_campaigns_has_its_trend_on_real_dates():
    data = highfield()
    result = derive_plot(layers_of(data), Settings(depth_cm=25.0))
    expected = TWO_STAGE["highfield all 8 campaigns"]
    trend = result.trend
    assert trend.line.slope_t_ha_year == pytest.approx(
        float(expected["slope"]), rel=1e-6
    )
    assert trend.line.se_t_ha_year == pytest.approx(float(expected["se"]), rel=1e-6)
    assert (trend.campaigns, trend.line.n, trend.line.curved) == (8, 4, True)
    assert (trend.from_campaign, trend.to_campaign) == ("0.00", "54.73")
    assert trend.reasons == ()
    document = trend_row("P", trend)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["slope_t_ha_year"] == trend.line.slope_t_ha_year


def test_a_plot_of_two_campaigns_has_a_change_and_no_trend():
    data = [row for row in highfield() if row[1] < 5]
    assert len({year for _, year, _ in data}) == 2
    result = derive_plot(layers_of(data), Settings(depth_cm=25.0))
    assert len(result.changes) == 1
    assert result.trend is None


def test_campaigns_without_a_stock_have_a_trend_without_figures():
    result = derive_plot(layers_of(highfield()))
    assert result.trend.line.slope_t_ha_year is None
    assert result.trend.line.n == 0
    assert result.trend.reasons == (Reason.TOO_SHALLOW,)


def test_another_laboratory_method_in_the_series_is_named():
    layers = layers_of(highfield(), soc_method="dc")
    old = [
        layer._replace(soc_method="tinsley") if layer.date < date(1990, 1, 1) else layer
        for layer in layers
    ]
    trend = derive_plot(old, Settings(depth_cm=25.0)).trend
    assert trend.reasons == (Reason.METHOD_CHANGED,)
    assert trend.line.slope_t_ha_year is not None


def test_a_trend_of_equal_masses_is_judged_on_them_where_every_campaign_has_one():
    layers = [
        layer._replace(top_cm=top, bottom_cm=bottom)
        for layer in layers_of(highfield())
        for top, bottom in ((0.0, 15.0), (15.0, 30.0))
    ]
    settings = choose_settings("permille", depth_cm=25.0)
    trend = derive_plot(layers, settings).trend
    assert trend.judged_on is JudgedOn.EQUIVALENT_MASS
    single = derive_plot(layers_of(highfield()), settings).trend
    assert single.judged_on is JudgedOn.FIXED_DEPTH


def test_a_point_seen_twice_does_not_enter_the_second_stage():
    years = [0.0, 5.0, 10.0] * 2 + [0.0, 10.0]
    stocks = [50.0, 51.0, 53.0, 60.0, 61.0, 62.0, 10.0, 90.0]
    places = ["a"] * 3 + ["b"] * 3 + ["c"] * 2
    trend = estimate_trend(years, stocks, places)
    assert trend.n == 2
    assert trend.slope_t_ha_year == pytest.approx(0.25)


@given(
    st.lists(st.floats(5.0, 200.0), min_size=4, max_size=9),
    st.floats(0.01, 100.0),
    st.floats(-2000.0, 2000.0),
)
def test_units_and_the_origin_of_time_change_no_test(stocks, factor, origin):
    years = np.cumsum(np.arange(len(stocks)) % 3 + 1.0)
    values = np.array(stocks)
    one = np.zeros(values.size, dtype=int)
    plain = fit_lines(years, Samples(values, one, 1))
    moved = fit_lines(years + origin, Samples(factor * values, one, 1))
    if plain.se_t_ha_year[0] > 1e-6:
        assert moved.p_value == pytest.approx(plain.p_value, rel=1e-5, abs=1e-9)
        assert moved.bend_p_value == pytest.approx(
            plain.bend_p_value, rel=1e-4, abs=1e-6, nan_ok=True
        )


def test_the_interval_of_a_trend_covers_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(20260)
    trials, points = 1500, 6
    years = np.tile([0.0, 4.0, 9.0, 15.0], points)
    owner = np.repeat(np.arange(points), 4)
    hits = 0
    for _ in range(trials):
        slopes = generator.normal(0.2, 0.1, points)
        stocks = 55 + slopes[owner] * years + generator.normal(0, 2, years.size)
        trend = two_stage(fit_lines(years, Samples(stocks, owner, points)))
        low, high = trend.ci95_t_ha_year
        hits += low < 0.2 < high
    assert 0.93 <= hits / trials <= 0.97
