"""Bootstrap-t against the R package boot, and against the truth in simulations."""

from itertools import groupby
from operator import itemgetter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from server.stocks.bootstrap_t import Term, bootstrap_t, skewed, skewness
from server.stocks.draws import fractions
from server.stocks.samples import Samples
from server.stocks.student_t import critical_t
from tests.science.check_values import rows
from tests.science.r.resamples import resamples


def terms_of(case):
    mine = [row for row in rows("bootstrap_t_inputs.csv") if row["case"] == case]
    groups = [list(found) for _, found in groupby(mine, itemgetter("term"))]
    return [
        Term([float(row["value"]) for row in group], float(group[0]["weight"]))
        for group in groups
    ]


EXPECTED = {row["case"]: row for row in rows("bootstrap_t.csv")}
CASES = tuple(EXPECTED)


@pytest.mark.parametrize("case", CASES)
def test_the_interval_is_the_studentised_one_of_r(case):
    expected = [float(EXPECTED[case][end]) for end in ("low", "high")]
    assert bootstrap_t(terms_of(case)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("drawn", rows("bootstrap_t_resamples.csv"))
def test_the_same_resamples_are_drawn_for_ever(drawn):
    term = terms_of(drawn["case"])[int(drawn["term"])]
    assert resamples(len(term.values), int(drawn["term"])) == drawn["positions"]


def test_fractions_are_uniform_and_cannot_be_written_to():
    drawn = fractions((40_000,), 99)
    assert stats.kstest(drawn, "uniform").pvalue > 0.01
    with pytest.raises(ValueError, match="read-only"):
        drawn[0] = 0.5


def values_of(case):
    return np.array(terms_of(case)[0].values)


@pytest.mark.parametrize("case", CASES)
def test_skewness_is_that_of_d_agostino(case):
    values = values_of(case)
    found = skewness(Samples(values, np.zeros(values.size, dtype=int), 1))
    z, p = stats.skewtest(values)
    assert found.g1[0] == pytest.approx(stats.skew(values), rel=1e-12)
    assert found.z[0] == pytest.approx(z, rel=1e-10)
    assert found.p_value[0] == pytest.approx(p, rel=1e-10)
    assert skewed(values) == (p < 0.05)


def test_many_groups_are_tested_at_once_and_apart():
    generator = np.random.default_rng(5)
    sizes = [0, 3, 7, 8, 12, 29, 30, 200]
    groups = [generator.exponential(1.0, size) for size in sizes]
    owner = np.repeat(np.arange(len(sizes)), sizes)
    found = skewness(Samples(np.concatenate(groups), owner, len(sizes)))
    assert np.isnan(found.z).tolist() == [size < 8 for size in sizes]
    for number, group in enumerate(groups):
        assert found.skewed[number] == skewed(group)
        if len(group) >= 8:
            assert found.z[number] == pytest.approx(stats.skewtest(group)[0])
    # The mean of many values is near to normal, however skewed they are.
    assert found.p_value[-1] < 1e-6
    assert not found.skewed[-2:].any()


def test_normal_differences_are_seldom_called_skewed():
    generator = np.random.default_rng(8)
    for n in (8, 12, 25):
        values = generator.normal(0.5, 2.0, (4000, n))
        owner = np.repeat(np.arange(4000), n)
        share = skewness(Samples(values.ravel(), owner, 4000)).skewed.mean()
        assert 0.04 < share < 0.06


@pytest.mark.parametrize(
    "values", [[1.0] * 12, [50.1] * 9, [], [4.0], [1.0, 2.0, 90.0]]
)
def test_nothing_is_said_of_values_without_spread_or_of_few(values):
    assert not skewed(values)
    assert bootstrap_t([Term(values)]) is None


def test_an_interval_that_has_no_end_is_none():
    # A third of all resamples holds nothing but the value that occurs seven times.
    assert bootstrap_t([Term([1.0] * 7 + [3.0])]) is None
    assert bootstrap_t([]) is None


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused(wrong):
    with pytest.raises(ValueError, match="finite"):
        skewed([1.0, wrong])
    with pytest.raises(ValueError, match="finite"):
        bootstrap_t([Term([1.0, wrong])])


VALUES = st.lists(st.integers(-400, 400), min_size=8, max_size=20, unique=True)


@given(VALUES, st.randoms(use_true_random=False))
def test_the_order_of_the_points_does_not_matter(values, generator):
    other = list(values)
    generator.shuffle(other)
    assert bootstrap_t([Term(values)]) == bootstrap_t([Term(other)])


@given(VALUES, st.integers(-50, 50), st.sampled_from([0.5, 2.0, 4.0]))
def test_units_and_origin_move_the_interval_along(values, origin, factor):
    plain = np.array(bootstrap_t([Term(values)]))
    moved = bootstrap_t([Term(factor * np.array(values) + origin)])
    np.testing.assert_allclose(moved, factor * plain + origin, atol=1e-6)


def coverage(draw, truth, n, trials, seed):
    """Return how often the t interval and bootstrap-t hold the truth."""
    generator = np.random.default_rng(seed)
    hits = np.zeros(2)
    for _ in range(trials):
        values = draw(generator, n)
        half = float(critical_t(n - 1)) * values.std(ddof=1) / np.sqrt(n)
        low, high = bootstrap_t([Term(values)])
        hits += abs(values.mean() - truth) < half, low < truth < high
    return hits / trials


@pytest.mark.parametrize("n", [10, 16, 25])
def test_bootstrap_t_covers_lognormal_differences_better_than_t(n):
    # With 20,000 trials: t 0.879, 0.888, 0.905; bootstrap-t 0.927, 0.928, 0.934.
    spread = 0.8
    student, bootstrap = coverage(
        lambda generator, size: generator.lognormal(0.0, spread, size),
        np.exp(spread**2 / 2),
        n,
        1000,
        seed=n,
    )
    assert 0.85 < student < 0.925
    assert 0.90 < bootstrap < 0.955
    assert bootstrap > student + 0.01


@pytest.mark.parametrize("n", [8, 12])
def test_bootstrap_t_covers_normal_differences_as_it_says(n):
    _, bootstrap = coverage(
        lambda generator, size: generator.normal(1.0, 2.0, size), 1.0, n, 1000, seed=n
    )
    assert 0.93 < bootstrap < 0.975
