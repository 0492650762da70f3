"""Treated plots against their control, against R's t tests and against simulation."""

from dataclasses import asdict, replace
from datetime import date

import numpy as np
import pytest

from server.stocks.change import Design, estimate_change
from server.stocks.comparison import JudgedOn
from server.stocks.control import (
    ControlDesign,
    ControlProblem,
    against_blocks,
    against_control,
)
from server.stocks.rate_interval import IntervalShape
from server.stocks.reasons import Reason
from server.stocks.results import StockChange
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict
from tests.science.check_values import number, rows
from tests.science.many_changes import paired_changes

TESTS = {row["set"]: row for row in rows("control_tests.csv")}
FIRST, LAST = date(2010, 10, 1), date(2020, 10, 1)


def measured(stock0, stock1, *, design=Design.PAIRED, years=10.0, **more):
    estimate = estimate_change(stock0, stock1, design=design, years=years)
    return known(estimate, **more)


def known(estimate, **more):
    """Return an estimate as the change of a plot between two days."""
    fields = {
        "from_campaign": "t0",
        "to_campaign": "t1",
        "from_date": FIRST,
        "to_date": LAST,
        "depth_cm": 30.0,
    }
    return StockChange(**asdict(estimate) | fields | more)


def plots_of(name):
    """Changes of a set by plot."""
    points = {}
    for row in rows("control_inputs.csv"):
        if row["set"] == name:
            key = row["plot"], row["paired"], row["years"]
            points.setdefault(key, ([], []))[int(row["campaign"])].append(
                float(row["stock"])
            )
    return {
        plot: measured(
            *sides,
            design=Design.PAIRED if paired == "TRUE" else Design.UNPAIRED,
            years=float(years),
        )
        for (plot, paired, years), sides in points.items()
    }


def controlled(name):
    plots = plots_of(name)
    if name == "blocks":
        return against_blocks([(plots[f"t{i}"], [plots[f"c{i}"]]) for i in range(1, 7)])
    return against_control(plots.pop("t"), list(plots.values()))


@pytest.mark.parametrize("name", TESTS)
def test_every_figure_is_the_one_that_r_prints(name):
    result, expected = controlled(name), TESTS[name]
    change = result.change_t_ha
    found = {
        "years": result.years,
        "base": result.baseline_t_ha,
        "change": change.value,
        "se": change.se,
        "df": change.df,
        "p_value": change.p_value,
        "low": change.ci95[0],
        "high": change.ci95[1],
        "rate": result.rate_permille_year,
        "p_vs_4permille": result.p_vs_4permille,
    }
    for field, value in found.items():
        assert value == pytest.approx(number(expected[field]), rel=1e-9), field
    assert result.problems == ()
    assert result.annual_t_ha.value == pytest.approx(change.value / result.years)


@pytest.mark.parametrize("name", TESTS)
def test_the_interval_of_the_rate_is_the_inverted_test_of_r(name):
    result, expected = controlled(name), TESTS[name]
    for end, side in zip(
        result.rate_ci95_permille_year, ("rate_low", "rate_high"), strict=True
    ):
        if expected[side] == "NA":
            assert end is None
            assert result.rate_ci95_shape is IntervalShape.UNBOUNDED
        else:
            assert end == pytest.approx(float(expected[side]), rel=1e-6)


def test_verdicts_follow_the_tests():
    assert controlled("one").verdict_4permille is ChangeVerdict.ABOVE
    assert controlled("one").verdict_zero is ZeroVerdict.GAIN
    assert controlled("two").verdict_4permille is ChangeVerdict.NOT_DISTINGUISHABLE
    assert controlled("two").verdict_zero is ZeroVerdict.NO_DETECTABLE_CHANGE
    assert controlled("blocks").verdict_4permille is ChangeVerdict.ABOVE
    assert controlled("blocks").design is ControlDesign.BLOCKS


def test_a_control_that_stands_still_exactly_leaves_the_change_as_it_is():
    treated = measured([50.0, 52.0, 57.0, 49.0], [53.0, 54.0, 60.0, 54.0])
    still = replace(treated, change_t_ha=0.0, annual_t_ha=0.0, se_t_ha=0.0, df=3.0)
    result = against_control(treated, [still])
    assert result.change_t_ha.ci95 == pytest.approx(treated.change_ci95_t_ha)
    assert result.p_vs_4permille == pytest.approx(treated.p_vs_4permille)
    assert result.rate_ci95_permille_year == pytest.approx(
        treated.rate_ci95_permille_year
    )


def test_an_error_that_points_share_is_taken_as_it_stands():
    plots = plots_of("one")
    wider = replace(plots["t"], se_t_ha=2.0, df=400.0)
    result = against_control(wider, [plots["c1"]])
    expected = (4.0 + plots["c1"].se_t_ha ** 2) ** 0.5
    assert result.change_t_ha.se == pytest.approx(expected)
    assert result.change_t_ha.df > controlled("one").change_t_ha.df


def test_a_control_sampled_in_other_years_takes_the_verdict_not_the_figures():
    plots = plots_of("one")
    late = replace(plots["c1"], from_date=date(2012, 10, 1), to_date=date(2022, 10, 1))
    result = against_control(plots["t"], [late])
    assert result.problems == (ControlProblem.SPAN_DIFFERS,)
    assert result.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert result.verdict_zero is ZeroVerdict.NOT_ASSESSABLE
    assert result.change_t_ha == controlled("one").change_t_ha


@pytest.mark.parametrize(("month", "agrees"), [(4, True), (11, False)])
def test_a_tenth_of_the_time_may_be_apart(month, agrees):
    plots = plots_of("one")
    other = replace(plots["c1"], from_date=date(2011, month, 1))
    found = against_control(plots["t"], [other]).problems
    assert (ControlProblem.SPAN_DIFFERS not in found) is agrees


@pytest.mark.parametrize(
    "other", [{"depth_cm": 40.0}, {"judged_on": JudgedOn.EQUIVALENT_MASS}]
)
def test_stocks_of_another_kind_are_not_compared(other):
    plots = plots_of("one")
    result = against_control(plots["t"], [replace(plots["c1"], **other)])
    assert result.problems == (ControlProblem.STOCK_DIFFERS,)
    assert result.verdict_zero is ZeroVerdict.NOT_ASSESSABLE


def test_a_plot_that_is_withheld_withholds_the_difference():
    plots = plots_of("one")
    changed = replace(plots["c1"], withheld=True, reasons=(Reason.METHOD_CHANGED,))
    result = against_control(plots["t"], [changed])
    assert result.withheld
    assert result.reasons == (Reason.METHOD_CHANGED,)
    assert result.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert result.p_vs_4permille is not None


def test_a_control_of_one_point_leaves_figures_without_error():
    plots = plots_of("one")
    result = against_control(plots["t"], [measured([50.0], [51.0])])
    assert result.problems == (ControlProblem.NO_SPREAD,)
    assert result.change_t_ha.value == pytest.approx(plots["t"].change_t_ha - 1.0)
    assert result.change_t_ha.se is None
    assert result.rate_permille_year is not None
    assert result.verdict_zero is ZeroVerdict.NOT_ASSESSABLE


def test_without_control_or_without_change_there_is_nothing():
    plots = plots_of("one")
    assert against_control(plots["t"], []).problems == (ControlProblem.NO_CONTROL,)
    short = measured([50.0, 51.0], [52.0, 52.5], years=0.5)
    result = against_control(short, [plots["c1"]])
    assert ControlProblem.NO_CHANGE in result.problems
    assert result.change_t_ha.value is None
    assert against_blocks([]).problems == (ControlProblem.ONE_BLOCK,)


def test_a_baseline_of_zero_has_no_rate():
    empty = measured([0.0, 0.0, 0.0], [1.0, 1.2, 0.9])
    result = against_control(empty, [plots_of("one")["c1"]])
    assert result.rate_permille_year is None
    assert result.p_vs_4permille is None
    assert result.verdict_4permille is ChangeVerdict.NOT_ASSESSABLE
    assert result.change_t_ha.p_value is not None


def test_one_block_has_figures_without_error_and_many_need_no_points():
    pair = measured([50.0], [55.0]), [measured([52.0], [53.0])]
    assert Reason.SINGLE_POINT in pair[0].reasons
    single = against_blocks([pair])
    assert single.problems == (ControlProblem.ONE_BLOCK,)
    assert single.change_t_ha.value == pytest.approx(4.0)
    other = measured([50.0], [56.0]), [measured([52.0], [52.5])]
    both = against_blocks([pair, other])
    assert both.problems == ()
    assert both.reasons == ()
    assert (both.change_t_ha.df, both.change_t_ha.value) == (1.0, pytest.approx(4.75))


def test_blocks_that_differ_alike_are_not_tested():
    pair = measured([50.0], [55.0]), [measured([52.0], [53.0])]
    result = against_blocks([pair, pair, pair])
    assert result.problems == (ControlProblem.NO_SPREAD,)
    assert result.change_t_ha.se == 0.0
    assert result.verdict_zero is ZeroVerdict.NOT_ASSESSABLE


@pytest.mark.slow
@pytest.mark.parametrize("points", [4, 10])
def test_the_interval_covers_a_true_effect(points):
    """Both plots gain 3 t/ha of weather, the treated one 2 t/ha more: 4 permille."""
    random = np.random.default_rng(31)
    trials = 1000
    covered, verdicts = np.zeros((trials, 2), dtype=bool), []
    places = random.normal(50.0, 5.0, (trials, 2, points))
    late = places + random.normal([[5.0], [3.0]], 2.0, places.shape)
    shape = -1, points
    plots = paired_changes(places.reshape(shape), late.reshape(shape), 10.0)
    for trial in range(trials):
        treated, control = (known(each) for each in plots[2 * trial : 2 * trial + 2])
        result = against_control(treated, [control])
        low, high = result.change_t_ha.ci95
        ends = result.rate_ci95_permille_year
        covered[trial] = low <= 2.0 <= high, ends[0] <= 4.0 <= ends[1]
        verdicts.append(result.verdict_4permille)
    assert np.all(np.abs(covered.mean(axis=0) - 0.955) <= 0.02)
    for verdict in (ChangeVerdict.ABOVE, ChangeVerdict.BELOW):
        assert np.mean([each is verdict for each in verdicts]) <= 0.04
