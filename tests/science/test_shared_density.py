"""The error of rings that stand for all points of a plot is in the interval.

It moves all stocks of a campaign together, so the spread between points knows nothing
of it: an interval without it covers the true change in a third of plots.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.stocks.change import Design, estimate_changes
from server.stocks.contrast import Combined
from server.stocks.equivalent_mass import equivalent_mass
from server.stocks.fixed_depth import fixed_depth
from server.stocks.profiles import Profiles
from server.stocks.samples import Compared, Samples
from server.stocks.shared_density import ASSUMED_CV, ring_error
from server.stocks.shared_error import SharedFactor
from server.stocks.student_t import critical_t, two_sided_p
from tests.science.check_values import number, rows
from tests.science.shared_errors import join, scale_density, sensitivity

POINTS, YEARS = 10, 10.0
TOP, BOTTOM = np.array([0.0, 10, 20, 30]), np.array([10.0, 20, 30, 45])
SOC, DENSITY = np.array([20.0, 14, 9, 6]), np.array([1.25, 1.35, 1.45, 1.5])
LAYERS = SOC.size


class Plots:
    """Plots of ten revisited points whose density is that of rings beside them."""

    def __init__(self, count, cv, rings, seed, *, layer_cv=0.0, gain=1.0):
        random = np.random.default_rng(seed)
        self.count = count
        soc = SOC * np.exp(random.normal(0.0, 0.1, (count, 1, POINTS, 1)))
        soc = np.repeat(soc, 2, axis=1) * np.array([1.0, gain])[:, None, None]
        self.true = self._profiles(soc, np.broadcast_to(DENSITY, soc.shape))
        # A ring is off in all its layers alike, and in each a little for itself.
        off = random.normal(0.0, cv, (count, 2, rings, 1))
        off = off + random.normal(0.0, layer_cv, (count, 2, rings, LAYERS))
        self.rings = DENSITY * (1.0 + off)
        density = self.rings.mean(axis=2)[:, :, None, :]
        # The laboratory 3 %, and another 3 % from one hole to the next.
        noise = random.normal(1.0, 0.03 * 2**0.5, soc.shape)
        self.measured = self._profiles(soc * noise, np.broadcast_to(density, soc.shape))

    def _profiles(self, soc, density):
        profiles = self.count * 2 * POINTS
        offsets = np.arange(profiles + 1) * LAYERS
        bounds = (np.tile(bound, profiles) for bound in (TOP, BOTTOM))
        return Profiles(offsets, *bounds, soc.ravel(), density.ravel())

    def scaled(self, campaign, factor):
        chosen = np.tile(np.repeat([campaign == 0, campaign == 1], POINTS), self.count)
        return scale_density(self.measured, chosen, factor)

    def points(self, values):
        return values.reshape(self.count, 2, POINTS)


def to_depth(plots, profiles):
    return plots.points(fixed_depth(profiles, 30.0).soc_stock_t_ha)


def in_equal_mass(plots, profiles):
    """Stocks in the mass that the baseline was found to have, which stays frozen."""
    mass = plots.points(
        fixed_depth(plots.measured, 30.0).fine_mass_t_ha
        * (1.0 - np.average(SOC[:3], weights=DENSITY[:3]) / 580.0)
    )
    reference = np.repeat(mass[:, 0].mean(axis=1), 2 * POINTS)
    return plots.points(equivalent_mass(profiles, reference).soc_stock_t_ha)


def change_of(stocks):
    return (stocks[:, 1] - stocks[:, 0]).mean(axis=1)


def estimated(stocks):
    owner = np.repeat(np.arange(len(stocks)), POINTS)
    sides = (Samples(stocks[:, each].ravel(), owner, len(stocks)) for each in (0, 1))
    compared = Compared(*sides, np.ones(len(stocks), dtype=bool))
    years = np.full(len(stocks), YEARS)
    return list(estimate_changes(compared, years, np.zeros(len(stocks), dtype=int)))


def coverage(plots, read, stated=None):
    """Share of plots whose interval holds the true change, with the term and without.

    The error is that of the rings, or the one that is stated.
    """
    stocks, truth = read(plots, plots.measured), change_of(read(plots, plots.true))
    slopes = [
        sensitivity(lambda f, c=c: change_of(read(plots, plots.scaled(c, f))))
        for c in (0, 1)
    ]
    covered = np.zeros((plots.count, 2), dtype=bool)
    for index, row in enumerate(estimated(stocks)):
        assert row["design"] is Design.PAIRED
        factors = [stated or ring_error(plots.rings[index, c]).factor for c in (0, 1)]
        own = (row["se_t_ha"] ** 2, row["df"])
        joined = join(*own, [each[index] for each in slopes], factors)
        off = abs(row["change_t_ha"] - truth[index])
        for place, (variance, df) in enumerate((joined, own)):
            covered[index, place] = off <= critical_t(df) * variance**0.5
    return covered.mean(axis=0)


READERS = {"depth": to_depth, "mass": in_equal_mass}
#: Coverage without the term: one ring, by its true error and how the stock is read.
BLIND = {
    ("depth", 0.03): (0.35, 0.50),
    ("depth", 0.05): (0.20, 0.35),
    ("mass", 0.03): (0.62, 0.75),
    ("mass", 0.05): (0.47, 0.60),
}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "cv"), BLIND)
def test_one_ring_of_stated_error_is_covered_as_often_as_is_said(kind, cv):
    plots = Plots(1500, cv, 1, seed=11)
    told, blind = coverage(plots, READERS[kind], SharedFactor(cv, np.inf))
    assert 0.93 <= told <= 0.97
    low, high = BLIND[kind, cv]
    assert low <= blind <= high


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "cv"), BLIND)
def test_one_ring_of_assumed_error_is_covered(kind, cv):
    told, _ = coverage(Plots(1500, cv, 1, seed=12), READERS[kind])
    assert told >= (0.93 if cv == ASSUMED_CV else 0.98)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "cv"), BLIND)
def test_three_rings_tell_their_own_error(kind, cv):
    told, blind = coverage(Plots(1500, cv, 3, seed=13), READERS[kind])
    assert 0.93 <= told <= 0.97
    assert blind <= 0.88


@pytest.mark.slow
@pytest.mark.parametrize("kind", READERS)
def test_layers_that_err_for_themselves_are_covered_too(kind):
    told, _ = coverage(Plots(800, 0.02, 3, seed=14, layer_cv=0.04), READERS[kind])
    assert told >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("kind", READERS)
def test_a_true_gain_is_covered_as_often(kind):
    plots = Plots(1500, 0.05, 1, seed=15, gain=1.1)
    assert 0.93 <= coverage(plots, READERS[kind])[0] <= 0.97


def test_an_error_of_density_moves_a_stock_to_a_depth_in_full():
    plots = Plots(3, 0.05, 1, seed=1)
    late = to_depth(plots, plots.measured)[:, 1].mean(axis=1)
    for plot in range(3):
        found = sensitivity(
            lambda f, n=plot: change_of(to_depth(plots, plots.scaled(1, f)))[n]
        )
        assert found == pytest.approx(late[plot], rel=1e-4)


def test_an_equal_mass_takes_part_of_it_away():
    plots = Plots(1, 0.05, 1, seed=1)
    by_depth, by_mass = (
        sensitivity(lambda f, r=read: change_of(r(plots, plots.scaled(1, f)))[0])
        for read in (to_depth, in_equal_mass)
    )
    assert 0.3 * by_depth < by_mass < 0.8 * by_depth


def test_rings_of_several_layers_share_their_degrees_of_freedom():
    rings = DENSITY * np.array([[0.96], [1.0], [1.04]])
    found = ring_error(rings)
    assert found.cv == pytest.approx(0.04)
    assert (found.rings, found.df, found.assumed) == (3, 2.0, False)
    assert found.factor.relative_se == pytest.approx(0.04 / 3**0.5)


def test_rings_in_holes_of_their_own_all_count():
    nan = np.nan
    found = ring_error([[1.2, nan], [1.3, nan], [nan, 1.5], [nan, 1.6], [nan, 1.4]])
    squares = 2 * (0.05 / 1.25) ** 2 + 2 * (0.1 / 1.5) ** 2
    assert found.cv == pytest.approx((squares / 3) ** 0.5)
    assert (found.rings, found.df) == (2, 3.0)


def test_the_layer_with_fewest_rings_says_how_many_there_are():
    found = ring_error([[1.2, 1.5], [1.3, np.nan]])
    assert (found.rings, found.df, found.assumed) == (1, 1.0, False)


def test_a_single_ring_is_assumed_to_be_off_by_five_percent():
    found = ring_error([[1.2, 1.5, 1.4]])
    assert (found.cv, found.rings, found.assumed) == (0.05, 1, True)
    assert found.factor == SharedFactor(0.05, np.inf)


@pytest.mark.parametrize("rings", [[[1.2, np.nan]], [[1.2, 0.0]], [[1.2, -1.0]], [[]]])
def test_rings_that_are_none_are_refused(rings):
    with pytest.raises(ValueError, match="density"):
        ring_error(rings)


def test_joined_figures_are_those_of_independent_software():
    for row in rows("shared_join.csv"):
        given = {name: number(text) for name, text in row.items()}
        factors = [SharedFactor(given[f"u{k}"], given[f"df{k}"]) for k in (1, 2)]
        variance, df = join(
            given["variance"], given["df"], [given["s1"], given["s2"]], factors
        )
        assert variance == pytest.approx(given["joined_variance"], rel=1e-11)
        assert df == pytest.approx(given["joined_df"], rel=1e-10)
        half = float(critical_t(df)) * variance**0.5
        assert half == pytest.approx(given["half_width95"], rel=1e-9)
        p_value = float(two_sided_p(given["change"] / variance**0.5, df))
        assert p_value == pytest.approx(given["p_value"], rel=1e-9)


@given(
    st.floats(1e-3, 1e3),
    st.integers(1, 50),
    st.lists(st.tuples(st.floats(-90, 90), st.floats(0, 0.2), st.integers(1, 30))),
)
def test_what_is_shared_only_ever_widens(variance, df, terms):
    factors = [SharedFactor(u, float(own)) for _, u, own in terms]
    joined, freedom = join(variance, float(df), [s for s, _, _ in terms], factors)
    assert joined >= variance
    least = min([df, *(own for _, _, own in terms)])
    total = df + sum(own for _, _, own in terms)
    assert least * (1 - 1e-9) <= freedom <= total * (1 + 1e-9)


def test_nothing_shared_changes_nothing():
    assert join(2.0, 9.0, [], []) == (2.0, 9.0)
    assert join(2.0, 9.0, [0.0], [SharedFactor(0.05, np.inf)]) == (2.0, 9.0)


def test_what_is_assumed_alone_is_known():
    variance, df = join(0.0, np.nan, [50.0], [SharedFactor(0.05, np.inf)])
    assert variance == 6.25
    assert np.isnan(df)
    assert join(0.0, 9.0, [50.0], [SharedFactor(0.05, np.inf)])[1] == np.inf
    assert float(two_sided_p(1.959963984540054, np.inf)) == pytest.approx(0.05)


def test_a_factor_that_is_none_is_refused():
    with pytest.raises(ValueError, match="relative"):
        SharedFactor(-0.01, 2.0)
    with pytest.raises(ValueError, match="freedom"):
        SharedFactor(0.01, 0.0)


def test_a_strata_rule_that_inflates_takes_no_further_term():
    inflated = Combined(np.ones(1), np.ones(1), np.ones(1), 1.0, 2.0)
    with pytest.raises(ValueError, match="Satterthwaite"):
        inflated.plus(0.0, 1.0, 3.0)
