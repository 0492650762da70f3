"""Area-weighted totals against the R package survey, and what they must not hide."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from server.stocks.aggregate import aggregate, mean_stock
from server.stocks.change import Design, estimate_change
from server.stocks.choices import Lonely
from server.stocks.common_errors import ProjectError
from server.stocks.rate_interval import IntervalShape
from server.stocks.reasons import Reason
from server.stocks.strata import Freedom
from server.stocks.units import cluster, stratum_of
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict
from tests.science.check_values import rows
from tests.science.many_changes import paired_changes

SETS = sorted({row["set_id"] for row in rows("stratified_inputs.csv")})
ONE_POINT = "B_one_stratum_has_one_point"


def units_of(set_id):
    strata = {}
    for row in rows("stratified_inputs.csv"):
        if row["set_id"] == set_id:
            strata.setdefault((row["stratum"], float(row["area_ha"])), []).append(row)
    return [
        stratum_of(
            name,
            area,
            estimate_change(
                [float(row["stock0"]) for row in members],
                [float(row["stock1"]) for row in members],
                design=Design.PAIRED,
                years=float(members[0]["years"]),
            ),
        )
        for (name, area), members in strata.items()
    ]


@pytest.mark.parametrize(
    "row",
    rows("stratified_survey.csv"),
    ids=lambda row: f"{row['set_id'][0]}-{row['lonely_psu']}",
)
def test_every_figure_is_the_one_that_survey_prints(row):
    lonely = Lonely(row["lonely_psu"])
    units = units_of(row["set_id"])
    result = aggregate(units, lonely=lonely, freedom=Freedom.DESIGN)
    assert result.area_ha == float(row["area_ha"])
    if row["status"] != "ok":
        assert "only one PSU" in row["status"]
        assert result.annual_t_ha.se is None
        assert result.total_c_t_year.ci95 is None
        return
    annual, total, stock = (
        result.annual_t_ha,
        result.total_c_t_year,
        result.stock0_t_ha,
    )
    pairs = [
        (annual.value, "mean_annual"),
        (annual.se, "se"),
        (annual.df, "df"),
        (annual.ci95[0], "ci95_lo"),
        (annual.ci95[1], "ci95_hi"),
        (total.value, "total_annual_tC"),
        (total.se, "total_se"),
        (stock.value, "mean_stock0"),
        (stock.se, "se_stock0"),
    ]
    if (row["set_id"], lonely) == (ONE_POINT, Lonely.ADJUST):
        pairs.remove((total.se, "total_se"))
    for value, column in pairs:
        assert value == pytest.approx(float(row[column]), rel=1e-6), column


def test_where_survey_measures_a_total_from_another_centre_we_stay_with_the_mean():
    # Its svytotal takes a lonely stratum's whole total for its distance from the
    # mean of all; the error of our total is that of the mean, times the area.
    units = units_of(ONE_POINT)
    adjusted = aggregate(units, lonely=Lonely.ADJUST).total_c_t_year
    certain = aggregate(units, lonely=Lonely.CERTAINTY).total_c_t_year
    (alone,) = (unit for unit in units if unit.n0 == 1)
    off = alone.area_ha * alone.annual_t_ha
    printed = next(
        float(row["total_se"])
        for row in rows("stratified_survey.csv")
        if (row["set_id"], row["lonely_psu"]) == (ONE_POINT, "adjust")
    )
    assert (certain.se**2 + off**2) ** 0.5 == pytest.approx(printed, rel=1e-6)
    assert adjusted.se == pytest.approx(59.75 * 0.0319417292434, rel=1e-6)


def test_one_point_has_a_mean_and_no_error_unless_someone_chooses_a_rule():
    result = aggregate(units_of(ONE_POINT))
    chosen = aggregate(units_of(ONE_POINT), lonely=Lonely.ADJUST)
    assert result.lonely is Lonely.FAIL
    assert result.annual_t_ha.value == chosen.annual_t_ha.value
    assert result.annual_t_ha.se is None
    assert result.area_with_se_share == pytest.approx((12.5 + 7.25) / 59.75)
    assert set(result.reasons) == {Reason.SINGLE_POINT, Reason.NO_VARIANCE}
    assert result.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert result.verdict_zero is ZeroVerdict.NOT_ASSESSABLE
    assert result.rate_ci95_permille_year is None
    assert result.rate_permille_year == chosen.rate_permille_year
    assert chosen.rate_ci95_permille_year is not None


def test_a_rule_for_one_point_never_hides_that_it_was_needed():
    for lonely in Lonely:
        result = aggregate(units_of(ONE_POINT), lonely=lonely)
        assert Reason.SINGLE_POINT in result.reasons
        assert result.lonely is lonely


def test_satterthwaite_leaves_the_error_and_gives_fewer_degrees_of_freedom():
    units = units_of("A_three_strata_16_each")
    result = aggregate(units).annual_t_ha
    plain = aggregate(units, freedom=Freedom.DESIGN).annual_t_ha
    assert (result.value, result.se) == (plain.value, plain.se)
    # From the strata by hand: the published rule, one term per stratum.
    parts = [(unit.area_ha / 59.75) ** 2 * unit.annual_variance / 1.0 for unit in units]
    df = sum(parts) ** 2 / sum(part**2 / 15 for part in parts)
    assert result.df == pytest.approx(df, rel=1e-12)
    assert 15 <= result.df < plain.df


def test_the_variance_is_that_of_the_standard_for_carbon_projects():
    # VM0042 v2.2 equations 70 and 71: both campaigns minus twice the covariance.
    total = 0.0
    units = units_of("A_three_strata_16_each")
    for unit in units:
        members = [
            row
            for row in rows("stratified_inputs.csv")
            if (row["set_id"], row["stratum"]) == ("A_three_strata_16_each", unit.name)
        ]
        before, after = (
            np.array([float(row[key]) for row in members])
            for key in ("stock0", "stock1")
        )
        n = len(members)
        squares = ((before - before.mean()) ** 2 + (after - after.mean()) ** 2).sum()
        shared = ((before - before.mean()) * (after - after.mean())).sum()
        total += unit.area_ha**2 / (n * (n - 1)) * (squares - 2 * shared)
    expected = total**0.5 / 59.75 / 50
    result = aggregate(units).annual_t_ha
    assert result.se == pytest.approx(expected, rel=1e-9)


points = st.lists(st.floats(20.0, 120.0), min_size=2, max_size=8)


@given(
    points, points, st.sampled_from(Design), st.floats(1.0, 40.0), st.floats(0.1, 1e4)
)
def test_one_stratum_is_its_own_plot(stock0, stock1, design, years, area):
    size = min(len(stock0), len(stock1))
    if design is Design.PAIRED:
        stock0, stock1 = stock0[:size], stock1[:size]
    change = estimate_change(stock0, stock1, design=design, years=years)
    # Variances come back from standard errors: a spread of nothing has no digits.
    if change.se_t_ha < 0.05 or min(np.std(stock0), np.std(stock1)) < 0.05:
        return
    result = aggregate([stratum_of("a", area, change)])
    annual = result.annual_t_ha
    assert annual.value == pytest.approx(change.annual_t_ha, rel=1e-12, abs=1e-12)
    assert annual.se == pytest.approx(change.se_t_ha / years, rel=1e-9)
    assert annual.df == pytest.approx(change.df, rel=1e-9)
    assert annual.p_value == pytest.approx(change.p_value, rel=1e-6)
    assert result.rate_permille_year == pytest.approx(
        change.rate_permille_year, rel=1e-9, abs=1e-9
    )
    assert result.p_vs_4permille == pytest.approx(change.p_vs_4permille, rel=1e-5)
    if change.rate_ci95_shape is IntervalShape.INTERVAL:
        assert result.rate_ci95_permille_year == pytest.approx(
            change.rate_ci95_permille_year, rel=1e-5, abs=1e-5
        )
    if abs(change.p_vs_4permille - 0.05) > 1e-6:
        assert result.verdict_4permille is change.verdict_4permille


@given(st.floats(0.5, 100.0), st.integers(1, 3))
def test_cutting_a_stratum_of_known_variance_in_two_changes_no_mean(area, cut):
    units = units_of("C_two_points_each")
    parts = [
        replace(units[0], area_ha=area * cut / 4),
        replace(units[0], area_ha=area * (1 - cut / 4)),
    ]
    whole = aggregate([replace(units[0], area_ha=area), *units[1:]])
    split = aggregate([*parts, *units[1:]])
    assert split.annual_t_ha.value == pytest.approx(whole.annual_t_ha.value, rel=1e-9)
    assert split.total_c_t_year.value == pytest.approx(
        whole.total_c_t_year.value, rel=1e-9
    )


def test_every_bound_of_the_rate_is_where_the_test_turns():
    result = aggregate(units_of("A_three_strata_16_each"))
    assert result.rate_ci95_shape is IntervalShape.INTERVAL
    for bound in result.rate_ci95_permille_year:
        k = 1 + bound * 50 / 1000
        parts, mean = [], 0.0
        for row_set in ("B1", "B2", "B3"):
            members = [
                row
                for row in rows("stratified_inputs.csv")
                if (row["set_id"], row["stratum"])
                == ("A_three_strata_16_each", row_set)
            ]
            contrast = np.array(
                [float(row["stock1"]) - k * float(row["stock0"]) for row in members]
            )
            weight = float(members[0]["area_ha"]) / 59.75
            mean += weight * contrast.mean()
            parts.append(weight**2 * contrast.var(ddof=1) / 16)
        df = sum(parts) ** 2 / sum(part**2 / 15 for part in parts)
        p = 2 * stats.t.sf(abs(mean) / sum(parts) ** 0.5, df)
        assert p == pytest.approx(0.05, abs=1e-7)


def test_unmeasured_plots_are_never_filled():
    units = units_of("A_three_strata_16_each")
    empty = stratum_of("B4", 40.25, None)
    with_gap, without = aggregate([*units, empty]), aggregate(units)
    assert with_gap.annual_t_ha == without.annual_t_ha
    assert with_gap.total_c_t_year == without.total_c_t_year
    assert (with_gap.area_ha, with_gap.measured_ha) == (100.0, 59.75)
    assert with_gap.coverage == pytest.approx(0.5975)
    assert (with_gap.units, with_gap.measured) == (4, 3)
    assert with_gap.reasons == (Reason.PARTIAL_COVERAGE,)


def test_a_plot_without_area_is_left_out_and_named():
    units = units_of("A_three_strata_16_each")
    result = aggregate([*units, replace(units[0], area_ha=None)])
    assert result.annual_t_ha == aggregate(units).annual_t_ha
    assert result.reasons == (Reason.AREA_MISSING,)


def test_an_area_without_any_measurement_has_no_figure():
    result = aggregate([stratum_of("a", 10.0, None)])
    assert (result.area_ha, result.measured_ha, result.coverage) == (10.0, 0.0, 0.0)
    assert result.annual_t_ha.value is None
    assert result.reasons == (Reason.PARTIAL_COVERAGE,)
    assert aggregate([]).verdict_zero is ZeroVerdict.NOT_ASSESSABLE


def test_a_withheld_verdict_stays_withheld_in_the_total():
    gain = {"design": Design.PAIRED, "years": 5.0}
    stocks = [50.0, 55.0, 61.0], [58.0, 62.0, 70.0]
    free = stratum_of("a", 3.0, estimate_change(*stocks, **gain))
    held = estimate_change(*stocks, **gain, withheld=[Reason.METHOD_CHANGED])
    assert aggregate([free, free]).verdict_4permille is ChangeVerdict.ABOVE
    result = aggregate([free, stratum_of("b", 1.0, held)])
    assert result.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert result.verdict_zero is ZeroVerdict.NOT_ASSESSABLE
    assert Reason.METHOD_CHANGED in result.reasons
    assert result.p_vs_4permille is not None
    merged = cluster("all", 9.0, [free, stratum_of("b", 1.0, held)])
    assert aggregate([merged]).verdict_zero is ZeroVerdict.NOT_ASSESSABLE


def test_totals_are_means_times_the_measured_area():
    result = aggregate(units_of("C_two_points_each"))
    for mean, total in zip(
        (result.annual_t_ha.value, result.annual_t_ha.se, *result.annual_t_ha.ci95),
        (
            result.total_co2e_t_year.value,
            result.total_co2e_t_year.se,
            *result.total_co2e_t_year.ci95,
        ),
        strict=True,
    ):
        assert total == pytest.approx(mean * 59.75 * 44 / 12, rel=1e-12)


def plots_out_of_many(generator, count):
    """Plots of unequal area whose true gain is 0.25 t/ha a year on average."""
    for number in range(count):
        gain = generator.normal(1.25, 1.0)
        before = generator.normal(60.0, 5.0, 4)
        after = before + gain + generator.normal(0.0, 1.5, 4)
        area = generator.uniform(1.0, 3.0)
        change = estimate_change(before, after, design=Design.PAIRED, years=5.0)
        yield stratum_of(str(number), area, change)


def test_plots_out_of_many_have_the_variance_between_them():
    plots = list(plots_out_of_many(np.random.default_rng(4), 12))
    merged = cluster("all", 5000.0, plots)
    area = np.array([plot.area_ha for plot in plots])
    annual = np.array([plot.annual_t_ha for plot in plots])
    mean = np.average(annual, weights=area)
    spread = 12 / 11 * np.sum((area * (annual - mean)) ** 2) / area.sum() ** 2
    assert merged.annual_t_ha == pytest.approx(mean, rel=1e-12)
    assert merged.annual_variance == pytest.approx(spread, rel=1e-12)
    result = aggregate([merged])
    assert result.represented_ha == 5000.0
    assert result.measured_ha == area.sum()
    assert (result.units, result.measured, result.drawn) == (12, 12, 12)
    assert result.annual_t_ha.df == pytest.approx(11)
    assert result.annual_t_ha.se == pytest.approx(spread**0.5, rel=1e-12)
    equal = cluster("all", 1.0, [replace(plot, area_ha=2.0) for plot in plots])
    assert equal.annual_variance == pytest.approx(annual.var(ddof=1) / 12, rel=1e-12)


def test_one_plot_out_of_many_is_a_stratum_without_variance():
    (plot,) = plots_out_of_many(np.random.default_rng(4), 1)
    result = aggregate([cluster("all", 50.0, [plot])])
    assert result.annual_t_ha.value == plot.annual_t_ha
    assert result.annual_t_ha.se is None
    assert result.reasons == (Reason.SINGLE_PLOT, Reason.NO_VARIANCE)
    assert aggregate([cluster("all", 50.0, [])]).coverage == 0.0
    second = cluster("other", 50.0, list(drawn_plots()))
    both = [cluster("all", 50.0, [plot]), second]
    assert aggregate(both).annual_t_ha.se is None
    for lonely in (Lonely.ADJUST, Lonely.AVERAGE):
        ruled = aggregate(both, lonely=lonely)
        assert ruled.annual_t_ha.se > 0.0
        assert Reason.SINGLE_PLOT in ruled.reasons


@pytest.mark.slow
def test_the_interval_of_an_area_covers_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(12)
    trials, hits = 1200, 0
    strata = []
    for area, spread, gain, n in (
        (10, 3.0, 1.0, 5),
        (40, 5.0, 2.0, 8),
        (20, 2.0, 0.0, 4),
    ):
        before = generator.normal(60, 8, (trials, n))
        after = before + gain + generator.normal(0, spread, before.shape)
        changes = paired_changes(before, after, 5.0)
        strata.append([stratum_of(str(area), float(area), each) for each in changes])
    for units in zip(*strata, strict=True):
        low, high = aggregate(units).annual_t_ha.ci95
        hits += low < (10 * 1.0 + 40 * 2.0) / 70 / 5 < high
    assert 0.93 <= hits / trials <= 0.97


#: Area in ha, stocks of the points in two campaigns, t/ha; ten years between them.
DRAWN = (
    (2.0, (50.0, 54.0, 58.0), (53.0, 55.0, 63.0)),
    (3.5, (61.0, 66.0), (60.0, 69.0)),
    (1.5, (40.0, 44.0, 45.0), (44.0, 49.0, 48.0)),
    (4.0, (70.0, 71.0), (75.0, 74.0)),
)


def drawn_plots():
    for number, (area, before, after) in enumerate(DRAWN):
        change = estimate_change(before, after, design=Design.PAIRED, years=10.0)
        yield stratum_of(str(number), area, change)


def two_stage(areas, means):
    """Mean and variance of plots drawn at random, in plain Python from the formula."""
    count, total = len(areas), sum(areas)
    mean = sum(a * y for a, y in zip(areas, means, strict=True)) / total
    squares = sum((a * (y - mean)) ** 2 for a, y in zip(areas, means, strict=True))
    return mean, count / (count - 1) * squares / total**2


def test_two_strata_of_drawn_plots_are_what_the_equations_give():
    """Beside a plot that stands for itself, so that both kinds meet in one total."""
    own = estimate_change(
        [30.0, 33.0, 35.0], [31.0, 35.0, 35.0], design=Design.PAIRED, years=10.0
    )
    plots = list(drawn_plots())
    result = aggregate(
        [
            cluster("clay", 300.0, plots[:2]),
            cluster("loam", 900.0, plots[2:]),
            stratum_of("field", 20.0, own),
        ]
    )
    parts = []
    for land, members in ((300.0, DRAWN[:2]), (900.0, DRAWN[2:])):
        areas = [area for area, _, _ in members]
        gains = [
            (sum(after) - sum(before)) / len(before) / 10.0
            for _, before, after in members
        ]
        parts.append((land, *two_stage(areas, gains), len(members) - 1))
    differences = [1.0, 2.0, 0.0]
    spread = sum((each - 1.0) ** 2 for each in differences) / 2 / 3 / 10.0**2
    parts.append((20.0, 0.1, spread, 2))
    whole = 1220.0
    mean = sum(land / whole * y for land, y, _, _ in parts)
    terms = [((land / whole) ** 2 * var, df) for land, _, var, df in parts]
    variance = sum(term for term, _ in terms)
    df = variance**2 / sum(term**2 / df for term, df in terms)
    annual = result.annual_t_ha
    assert annual.value == pytest.approx(mean, rel=1e-12)
    assert annual.se == pytest.approx(variance**0.5, rel=1e-12)
    assert annual.df == pytest.approx(df, rel=1e-9)
    half = stats.t.ppf(0.975, df) * variance**0.5
    assert annual.ci95 == pytest.approx((mean - half, mean + half), rel=1e-9)
    assert result.total_c_t_year.value == pytest.approx(mean * whole, rel=1e-12)
    assert (result.units, result.measured, result.drawn) == (5, 5, 4)
    assert (result.represented_ha, result.measured_ha) == (1220.0, 31.0)
    assert result.coverage == 1.0
    assert result.reasons == ()


def test_plots_of_one_size_are_a_simple_random_sample_of_their_means():
    plots = [replace(plot, area_ha=2.5) for plot in drawn_plots()]
    found = cluster("all", 700.0, plots)
    gains = [plot.annual_t_ha for plot in plots]
    interval = stats.t.interval(0.95, 3, np.mean(gains), stats.sem(gains))
    result = aggregate([found])
    assert result.annual_t_ha.ci95 == pytest.approx(interval, rel=1e-9)
    _, p_value = stats.ttest_1samp(gains, 0.0)
    assert result.annual_t_ha.p_value == pytest.approx(p_value, rel=1e-9)
    stocks = [[np.mean(row[1]) for row in DRAWN], [np.mean(row[2]) for row in DRAWN]]
    covariance = np.cov(stocks) / 4
    assert found.variance0 == pytest.approx(covariance[0, 0], rel=1e-12)
    assert found.variance1 == pytest.approx(covariance[1, 1], rel=1e-12)
    assert found.covariance == pytest.approx(covariance[0, 1], rel=1e-12)


@pytest.mark.parametrize("set_id", [s for s in SETS if s != ONE_POINT])
def test_points_as_plots_of_one_size_are_the_strata_that_survey_prints(set_id):
    """A stratum whose every point is a drawn plot of 1 ha has the figures of points."""
    printed = next(
        row
        for row in rows("stratified_survey.csv")
        if (row["set_id"], row["lonely_psu"]) == (set_id, "fail")
    )
    members = {}
    for row in rows("stratified_inputs.csv"):
        if row["set_id"] == set_id:
            years, area = float(row["years"]), float(row["area_ha"])
            change = estimate_change(
                [float(row["stock0"])],
                [float(row["stock1"])],
                design=Design.PAIRED,
                years=years,
            )
            plot = stratum_of(row["stratum"], 1.0, change)
            members.setdefault((row["stratum"], area), []).append(plot)
    units = [cluster(name, area, plots) for (name, area), plots in members.items()]
    result = aggregate(units, freedom=Freedom.DESIGN)
    assert result.annual_t_ha.se == pytest.approx(float(printed["se"]), rel=1e-6)
    assert result.annual_t_ha.df == float(printed["df"])
    assert result.reasons == (), "points without a spread of their own are no matter"


def test_a_drawn_plot_without_result_takes_its_share_of_the_land_with_it():
    plots = [
        *drawn_plots(),
        stratum_of("missed", 9.0, None),
        stratum_of("x", None, None),
    ]
    result = aggregate([cluster("all", 4000.0, plots)])
    assert (result.units, result.measured, result.drawn) == (6, 4, 6)
    assert result.area_ha == 4000.0
    assert result.represented_ha == pytest.approx(4000.0 * 11 / 20)
    assert result.coverage == pytest.approx(11 / 20)
    assert result.measured_ha == 11.0
    whole = aggregate([cluster("all", 4000.0, list(drawn_plots()))])
    assert result.annual_t_ha == whole.annual_t_ha
    assert result.total_c_t_year.value == pytest.approx(
        whole.total_c_t_year.value * 11 / 20
    )
    assert result.reasons == (Reason.AREA_MISSING, Reason.PARTIAL_COVERAGE)


def test_a_verdict_that_one_point_could_not_carry_is_withheld_between_plots():
    changed = estimate_change(
        [50.0],
        [58.0],
        design=Design.PAIRED,
        years=10.0,
        withheld=[Reason.METHOD_CHANGED],
    )
    plots = [*drawn_plots(), stratum_of("old", 2.0, changed)]
    result = aggregate([cluster("all", 4000.0, plots)])
    assert result.annual_t_ha.p_value is not None
    assert result.verdict_zero is ZeroVerdict.NOT_ASSESSABLE
    assert result.reasons == (Reason.METHOD_CHANGED,)


@pytest.mark.slow
def test_the_interval_between_drawn_plots_covers_the_truth_as_often_as_it_says():
    """Many plots of one population; the mean of those drawn is a sample of means."""
    generator = np.random.default_rng(31)
    areas = generator.uniform(1.0, 6.0, 4000)
    gains = generator.normal(1.5, 3.0, areas.size)
    truth = np.average(gains, weights=areas) / 5.0
    trials, drawn = 1000, 15
    chosen = generator.integers(0, areas.size, (trials, drawn))
    before = generator.normal(60.0, 5.0, (trials, drawn, 3))
    after = before + gains[chosen][..., None]
    after += generator.normal(0.0, 2.0, before.shape)
    changes = iter(paired_changes(before.reshape(-1, 3), after.reshape(-1, 3), 5.0))
    hits = 0
    for plots in chosen.tolist():
        units = [stratum_of(str(n), float(areas[n]), next(changes)) for n in plots]
        low, high = aggregate([cluster("all", areas.sum(), units)]).annual_t_ha.ci95
        hits += low < truth < high
    assert 0.92 <= hits / trials <= 0.97


stocks_of_plots = st.lists(
    st.tuples(
        st.floats(0.1, 1000),
        st.lists(st.floats(10, 200), min_size=2, max_size=6, unique=True),
    ),
    min_size=1,
    max_size=6,
)


@given(plots=stocks_of_plots)
def test_a_mean_stock_has_the_spread_within_its_plots(plots):
    total = sum(area for area, _ in plots)
    shares = [(a / total) ** 2 * np.var(v, ddof=1) / len(v) for a, v in plots]
    squares = [s**2 / (len(v) - 1) for s, (_, v) in zip(shares, plots, strict=True)]
    found = mean_stock(plots, is_drawn=False)
    assert found.value == pytest.approx(
        sum(a / total * np.mean(v) for a, v in plots), rel=1e-12
    )
    half = stats.t.ppf(0.975, sum(shares) ** 2 / sum(squares)) * sum(shares) ** 0.5
    assert found.ci95 is not None
    assert found.ci95[1] - found.value == pytest.approx(half, rel=1e-6)


@given(plots=stocks_of_plots)
def test_a_mean_stock_of_drawn_plots_has_the_spread_between_them(plots):
    area = np.array([area for area, _ in plots])
    means = np.array([np.mean(values) for _, values in plots])
    share, count = area / area.sum(), len(plots)
    found = mean_stock(plots, is_drawn=True)
    assert found.value == pytest.approx(share @ means, rel=1e-12)
    if count == 1:
        assert found.ci95 is None
        return
    variance = count / (count - 1) * np.sum((share * (means - share @ means)) ** 2)
    if found.ci95 is not None:
        half = stats.t.ppf(0.975, count - 1) * variance**0.5
        assert found.ci95[1] - found.value == pytest.approx(half, rel=1e-6, abs=1e-9)


def test_stocks_without_any_spread_have_no_interval():
    assert mean_stock([(1.0, [50.0, 50.0])], is_drawn=False).ci95 is None


def test_a_factor_of_all_plots_is_one_error_of_the_area():
    """Two plots of equal area: their own errors halve in square, the factor's does not."""
    gain = estimate_change(
        [50.0, 61.0, 55.0], [58.0, 70.0, 62.0], design=Design.PAIRED, years=5.0
    )
    shared = ProjectError(early_t_ha=-1.5, late_t_ha=0.5, df=11.0)
    widened = replace(
        gain,
        se_t_ha=(gain.se_t_ha**2 + 2.0**2) ** 0.5,
        stock0_se_t_ha=(gain.stock0_se_t_ha**2 + 1.5**2) ** 0.5,
        stock1_se_t_ha=(gain.stock1_se_t_ha**2 + 0.5**2) ** 0.5,
        project_error=shared,
    )
    units = [stratum_of(name, 2.0, widened) for name in ("a", "b")]
    found = aggregate(units)
    own = gain.se_t_ha**2 / 2.0
    assert found.annual_t_ha.se == pytest.approx((own + 4.0) ** 0.5 / 5.0)
    assert found.stock0_t_ha.se == pytest.approx(
        (gain.stock0_se_t_ha**2 / 2.0 + 1.5**2) ** 0.5
    )
    alone = aggregate([stratum_of(n, 2.0, gain) for n in ("a", "b")])
    low, high = found.rate_ci95_permille_year
    assert low < alone.rate_ci95_permille_year[0]
    assert high > alone.rate_ci95_permille_year[1]


def test_the_error_of_a_factor_is_added_to_that_between_drawn_plots():
    plots = []
    for number, gain in enumerate((1.0, 2.0, 3.0)):
        change = estimate_change([50.0], [50.0 + gain], design=Design.PAIRED, years=5.0)
        shared = ProjectError(early_t_ha=-1.0, late_t_ha=0.0, df=11.0)
        plots.append(
            stratum_of(str(number), 2.0, replace(change, project_error=shared))
        )
    merged = cluster("all", 100.0, plots)
    found = aggregate([merged])
    assert found.annual_t_ha.se == pytest.approx(
        (merged.annual_variance + (1.0 / 5.0) ** 2) ** 0.5
    )
