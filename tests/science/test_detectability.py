"""Detectable changes and numbers of points against R, and a handbook's example."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.stocks.change import Design, estimate_change
from server.stocks.detectability import (
    detectability,
    detectable,
    detectable_by_formula,
    later_points_needed,
    points_needed,
    power_of,
    years_to_tell_4permille,
)
from tests.science.check_values import rows

SIDES = {"two.sided": 2, "one.sided": 1}


def error_of(row):
    samples = {"paired": 1, "two.sample": 2}[row["type"]]
    return float(row["sd"]) * (samples / int(row["n"])) ** 0.5


@pytest.mark.parametrize("kind", ["paired", "two.sample"])
def test_every_detectable_change_is_the_one_of_r(kind):
    chosen = [row for row in rows("mdd.csv") if row["type"] == kind]
    assert len(chosen) == 48
    for row in chosen:
        words = {"power": float(row["power"]), "sides": SIDES[row["alternative"]]}
        inputs = error_of(row), float(row["df"])
        exact = float(row["mdd_exact_power_t_test"])
        assert detectable(*inputs, **words) == pytest.approx(exact, rel=1e-9), row
        formula = float(row["mdd_fao_gsoc_formula"])
        assert detectable_by_formula(*inputs, **words) == pytest.approx(
            formula, rel=1e-9
        )


def test_every_number_of_points_is_that_of_r_rounded_up():
    for row in rows("mdd_sample_size.csv"):
        exact = float(row["n_exact_paired_two_sided"])
        needed = points_needed(
            float(row["sd"]), float(row["mdd"]), power=float(row["power"])
        )
        assert needed == int(np.ceil(exact)), row
        # And the change is the detectable one at the number that is not whole.
        mdd = detectable(
            float(row["sd"]) / exact**0.5, exact - 1, power=float(row["power"])
        )
        assert mdd == pytest.approx(float(row["mdd"]), rel=1e-6)


def test_the_handbook_needs_396_points_of_true_up():
    # Verra, draft SSA handbook v1.0 (2 March 2026): variances 10, 150 points,
    # 1 t C/ha, power 0.95; prints 396 points and a noncentrality of 3.298.
    assert later_points_needed(10.0, 150, 10.0, 1.0, power=0.95, sides=1) == 396
    error = (10 / 150 + 10 / 396) ** 0.5
    assert 1 / error == pytest.approx(3.298, abs=5e-4)


def test_a_first_campaign_of_few_points_forbids_it_for_ever():
    assert later_points_needed(10.0, 3, 10.0, 1.0) is None


def test_the_example_of_one_field_needs_about_thirty_years():
    mdd = detectable(6.5 / 10**0.5, 9)
    assert mdd == pytest.approx(6.47401465299, rel=1e-9)
    assert years_to_tell_4permille(mdd, 55.0) == pytest.approx(29.4, abs=0.1)
    assert years_to_tell_4permille(mdd, 0.0) is None


@given(
    st.floats(0.1, 30.0),
    st.integers(2, 60),
    st.floats(0.3, 0.95),
    st.sampled_from([1, 2]),
)
def test_the_power_at_the_detectable_change_is_the_one_asked_for(sd, n, power, sides):
    error = sd / n**0.5
    mdd = detectable(error, n - 1.0, power=power, sides=sides)
    assert power_of(mdd, error, n - 1.0, sides=sides) == pytest.approx(power, abs=1e-9)


@given(st.floats(0.5, 20.0), st.floats(0.5, 20.0), st.sampled_from(Design))
def test_one_point_fewer_is_not_enough(sd, change, design):
    needed = points_needed(sd, change, design=design)
    samples = 1 if design is Design.PAIRED else 2

    def power(n):
        return power_of(change, sd * (samples / n) ** 0.5, samples * (n - 1.0))

    assert power(needed) >= 0.8
    if needed > 2:
        assert power(needed - 1) < 0.8


def test_the_power_is_the_share_of_seeded_trials_that_find_the_change():
    generator = np.random.default_rng(99)
    change = detectable(3.0 / 6**0.5, 5.0)
    differences = generator.normal(change, 3.0, (4000, 6))
    t = differences.mean(axis=1) / (differences.std(axis=1, ddof=1) / 6**0.5)
    assert np.mean(t > 2.5705818) == pytest.approx(0.8, abs=0.02)


def test_a_paired_change_tells_what_its_points_could_have_found():
    stock0 = [50.0, 61.0, 55.0, 49.0, 58.0]
    stock1 = [53.0, 60.0, 58.0, 50.0, 61.0]
    change = estimate_change(stock0, stock1, design=Design.PAIRED, years=6.0)
    told = detectability(change)
    sd = np.std(np.array(stock1) - np.array(stock0), ddof=1)
    assert told.mdd_t_ha == pytest.approx(detectable(sd / 5**0.5, 4.0), rel=1e-9)
    assert told.formula_mdd_t_ha < told.mdd_t_ha
    needed = told.points_for_4permille
    wanted = 0.004 * 6.0 * np.mean(stock0)
    assert detectable(sd / needed**0.5, needed - 1.0) <= wanted
    assert detectable(sd / (needed - 1) ** 0.5, needed - 2.0) > wanted
    assert told.years_for_4permille == pytest.approx(
        told.mdd_t_ha / (0.004 * np.mean(stock0))
    )


def test_an_unpaired_change_uses_the_spread_of_both_campaigns():
    stock0, stock1 = [50.0, 61.0, 55.0, 49.0], [53.0, 66.0, 58.0]
    change = estimate_change(stock0, stock1, design=Design.UNPAIRED, years=6.0)
    told = detectability(change)
    assert told.mdd_t_ha == pytest.approx(detectable(change.se_t_ha, change.df))
    pooled = (np.var(stock0, ddof=1) + np.var(stock1, ddof=1)) / 2
    expected = points_needed(
        pooled**0.5, 0.024 * np.mean(stock0), design=Design.UNPAIRED
    )
    assert told.points_for_4permille == expected


def test_without_a_standard_error_nothing_is_told():
    change = estimate_change([50.0], [52.0], design=Design.PAIRED, years=5.0)
    told = detectability(change)
    assert told.mdd_t_ha is None
    assert told.points_for_4permille is None


def test_the_slow_statistics_package_is_not_loaded():
    code = (
        "import server.stocks.detectability, server.stocks.aggregate, sys;"
        "raise SystemExit('scipy.stats' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
