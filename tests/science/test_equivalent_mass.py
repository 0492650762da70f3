"""Equivalent-mass stocks against R, a printed figure and two other tools."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.stocks.choices import Basis
from server.stocks.equivalent_mass import equivalent_mass
from server.stocks.monotone import Interpolant, interpolate
from server.stocks.profiles import Profiles, arrange
from server.stocks.reasons import Reason, reasons_of
from tests.science.check_values import profile, rows

R_ROWS = rows("r_esm_interpolation.csv")
WITHIN = [row for row in R_ROWS if row["within_sampled"] == "TRUE"]
BEYOND = [row for row in R_ROWS if row["within_sampled"] == "FALSE"]


def read_off(layers, mass_t_ha, interpolant=Interpolant.HYMAN, basis=Basis.MINERAL):
    result = equivalent_mass(
        layers, np.array([mass_t_ha]), interpolant=interpolant, basis=basis
    )
    return (
        result.soc_stock_t_ha[0],
        reasons_of(int(result.mask[0])),
        result.sampled_mass_t_ha[0],
    )


def case_profile(row):
    return profile(row["case"], row["campaign"], row["point"])


@pytest.mark.parametrize("interpolant", Interpolant)
def test_every_profile_gives_the_stock_that_r_interpolates(interpolant):
    assert len(WITHIN) > 200
    for row in WITHIN:
        stock, reasons, sampled = read_off(
            case_profile(row),
            float(row["reference_mass_t_ha"]),
            interpolant,
            Basis(row["basis"]),
        )
        name = (row["case"], row["campaign"], row["point"], row["basis"])
        # R draws no spline through two nodes; a straight line is all there is.
        expected = row[f"esm_{interpolant}"] or row["esm_linear"]
        assert stock == pytest.approx(float(expected), rel=1e-6), name
        assert sampled == pytest.approx(float(row["sampled_mass_t_ha"]), rel=1e-9)
        single = row["n_layers"] == "1"
        assert reasons == ((Reason.SINGLE_INCREMENT,) if single else ())


def test_a_reference_far_beyond_the_sampled_mass_is_refused():
    refused = [row for row in BEYOND if row["case"] != "N05"]
    assert refused
    for row in refused:
        stock, reasons, _ = read_off(
            case_profile(row),
            float(row["reference_mass_t_ha"]),
            basis=Basis(row["basis"]),
        )
        assert np.isnan(stock)
        assert reasons == (Reason.MASS_NOT_REACHED,)


def test_a_single_layer_is_read_off_a_straight_line_and_says_so():
    singles = [row for row in BEYOND if row["case"] == "N05"]
    assert singles
    for row in singles:
        stock, reasons, _ = read_off(
            case_profile(row),
            float(row["reference_mass_t_ha"]),
            basis=Basis(row["basis"]),
        )
        assert stock == pytest.approx(float(row["esm_linear"]), rel=1e-9)
        assert reasons == (Reason.EXTRAPOLATED, Reason.SINGLE_INCREMENT)


@pytest.mark.parametrize("interpolant", Interpolant)
def test_two_percent_beyond_is_added_with_the_deepest_concentration(interpolant):
    layers = profile("N13", "t1", "p1")
    end, sampled = 68.8189445, 3417.2
    reference = sampled / 0.981
    stock, reasons, _ = read_off(layers, reference, interpolant, Basis.FINE)
    added = (reference - sampled) * 15.079 / 1000
    assert stock == pytest.approx(end + added, rel=1e-9)
    assert reasons == (Reason.EXTRAPOLATED,)
    stock, reasons, _ = read_off(layers, sampled / 0.979, interpolant, Basis.FINE)
    assert np.isnan(stock)
    assert reasons == (Reason.MASS_NOT_REACHED,)


def test_a_profile_reaches_its_own_mass_in_spite_of_rounding():
    for row in WITHIN:
        layers = case_profile(row)
        _, _, sampled = read_off(layers, 1.0)
        stock, reasons, _ = read_off(layers, sampled * (1 + 1e-12))
        assert not np.isnan(stock)
        assert Reason.EXTRAPOLATED not in reasons


def test_the_figure_that_verra_prints_is_the_natural_spline():
    points = rows("verra_fig3_wendt_hauser_R.csv")
    printed = {"p1": 47.36, "p2": 49.9, "p3": 36.8}
    for row in points:
        masses = [0.0, float(row["m1"]), float(row["m1"]) + float(row["m2"])]
        x = np.array([masses])
        carbon = [0.0, float(row["c1"]), float(row["c1"]) + float(row["c2"])]
        y = np.array([carbon])
        for interpolant in Interpolant:
            value = interpolate(x, y, np.array([1950.0]), interpolant)[0]
            assert value == pytest.approx(float(row[interpolant]), rel=1e-6)
        natural = interpolate(x, y, np.array([1950.0]), Interpolant.NATURAL)[0]
        assert natural == pytest.approx(printed[row["point"]], abs=0.05)


def test_a_fault_below_the_reference_mass_does_not_matter():
    faulty, sound = profile("N20", "t1", "p1"), profile("N20", "t0", "p1")
    mass = 0.9 * 1223.3
    stock, reasons, _ = read_off(faulty, mass, Interpolant.LINEAR, Basis.FINE)
    assert stock == read_off(sound, mass, Interpolant.LINEAR, Basis.FINE)[0]
    assert reasons == (Reason.SINGLE_INCREMENT,)


@pytest.mark.parametrize(
    ("case", "reason"),
    [("N10", Reason.GAP), ("N11", Reason.NO_SURFACE)],
)
def test_a_reference_behind_a_fault_is_refused_with_its_reason(case, reason):
    stock, reasons, _ = read_off(profile(case, "t1", "p1"), 3700.0)
    assert np.isnan(stock)
    assert reasons == (reason, Reason.MASS_NOT_REACHED)


def test_soil_that_is_all_organic_has_no_mineral_mass():
    peat, _ = arrange([0, 0], [0, 30], [30, 50], [580.0, 300.0], [0.2, 0.3])
    stock, reasons, _ = read_off(peat, 100.0)
    assert np.isnan(stock)
    assert Reason.NEGATIVE_FINE_MASS in reasons


def test_profiles_of_different_length_do_not_disturb_each_other():
    keys = [("N05", "t0"), ("N01", "t0"), ("N10", "t1"), ("N15", "t1"), ("N01", "t1")]
    singles = [profile(case, campaign, "p1") for case, campaign in keys]
    together = Profiles(
        np.cumsum([0, *(single.top_cm.size for single in singles)]),
        *(
            np.concatenate(columns)
            for columns in zip(*(s.columns for s in singles), strict=True)
        ),
    )
    mass = np.array([3000.0, 3500.0, 3600.0, 3700.0, 3800.0])
    result = equivalent_mass(together, mass)
    alone = [read_off(s, m)[0] for s, m in zip(singles, mass, strict=True)]
    np.testing.assert_array_equal(result.soc_stock_t_ha, alone)


def test_a_reference_that_is_no_mass_is_refused():
    for bad in (np.array([0.0]), np.array([np.nan]), np.array([1.0, 2.0])):
        with pytest.raises(ValueError, match="reference_mass_t_ha"):
            equivalent_mass(profile("N01", "t0", "p1"), bad)


@given(
    st.lists(
        st.tuples(st.floats(1.0, 500.0), st.floats(0.0, 100.0)), min_size=2, max_size=8
    ),
    st.lists(st.floats(0.0, 1.0), min_size=2, max_size=20),
)
def test_hyman_never_falls_and_never_leaves_its_nodes(steps, shares):
    x = np.concatenate(([0.0], np.cumsum([step for step, _ in steps])))
    y = np.concatenate(([0.0], np.cumsum([rise for _, rise in steps])))
    at = np.sort(np.array(shares)) * x[-1]
    curves = (
        np.broadcast_to(x, (at.size, x.size)),
        np.broadcast_to(y, (at.size, y.size)),
    )
    values = interpolate(*curves, at, Interpolant.HYMAN)
    slack = 1e-9 * (1.0 + y[-1])
    assert np.all(np.diff(values) >= -slack)
    assert np.all((values >= -slack) & (values <= y[-1] + slack))
