"""Fixed-depth stocks against numbers that other software printed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.stocks.fixed_depth import cumulative_t_ha, fixed_depth
from server.stocks.profiles import DUPLICATES_AVERAGED, Profiles, arrange
from server.stocks.reasons import Reason, reasons_of
from tests.science.check_values import example_profiles, profile, rows

EXPECTED = rows("r_fixed_depth.csv")

# What the other tools cut, drop or crash on; ours refuse and say why.
REFUSED = [
    ("N10", 30.0, Reason.GAP, 20.0),
    ("N11", 30.0, Reason.NO_SURFACE, 0.0),
    ("N12", 30.0, Reason.TOO_SHALLOW, 25.0),
    ("N19", 30.0, Reason.OVERLAP, 10.0),
    ("N20", 30.0, Reason.MISSING_SOC, 10.0),
    ("N21", 30.0, Reason.MISSING_BD, 10.0),
]


def row_name(row):
    return "-".join(
        row[key] for key in ("case", "campaign", "point", "target_depth_cm")
    )


@pytest.mark.parametrize("row", EXPECTED, ids=row_name)
def test_every_profile_gives_the_stock_that_r_gives_or_is_too_shallow(row):
    layers = profile(row["case"], row["campaign"], row["point"])
    result = fixed_depth(layers, float(row["target_depth_cm"]))
    assert result.covered_to_cm[0] == float(row["covered_to_cm"])
    if row["computable"] == "TRUE":
        assert result.mask[0] == 0
        stock = float(row["soc_stock_t_ha_linear"])
        assert result.soc_stock_t_ha[0] == pytest.approx(stock, rel=1e-9)
        mass = float(row["fine_mass_t_ha"])
        assert result.fine_mass_t_ha[0] == pytest.approx(mass, rel=1e-9)
    else:
        assert np.isnan(result.soc_stock_t_ha[0])
        assert np.isnan(result.fine_mass_t_ha[0])
        assert reasons_of(int(result.mask[0])) == (Reason.TOO_SHALLOW,)


def test_no_case_of_the_reference_is_left_out():
    listed = {(row["case"], row["campaign"], row["point"]) for row in EXPECTED}
    refused = {(case, "t1", "p1") for case, *_ in REFUSED}
    averaged = {("N18", "t1", "p1")}
    present = {
        (row["case"], row["campaign"], row["point"]) for row in rows("cases_layers.csv")
    }
    assert present == listed | refused | averaged


@pytest.mark.parametrize(("case", "depth_cm", "reason", "covered_cm"), REFUSED)
def test_a_faulty_profile_is_refused_for_its_reason(case, depth_cm, reason, covered_cm):
    result = fixed_depth(profile(case, "t1", "p1"), depth_cm)
    assert np.isnan(result.soc_stock_t_ha[0])
    assert reasons_of(int(result.mask[0])) == (reason,)
    assert result.covered_to_cm[0] == covered_cm


def test_a_refused_profile_still_gives_the_stock_to_where_it_is_sound():
    result = fixed_depth(profile("N20", "t1", "p1"), 30.0)
    first_layer = 100 * 1.2233 * 10 * 20.233 / 1000
    assert result.stock_to_covered_t_ha[0] == pytest.approx(first_layer, rel=1e-12)
    assert np.isnan(
        fixed_depth(profile("N11", "t1", "p1"), 30.0).stock_to_covered_t_ha[0]
    )


def test_fine_mass_needs_no_soc():
    result = fixed_depth(profile("N20", "t1", "p1"), 30.0)
    assert result.fine_mass_t_ha[0] == pytest.approx(3879.1, rel=1e-9)
    assert np.isnan(fixed_depth(profile("N21", "t1", "p1"), 30.0).fine_mass_t_ha[0])


def tool_rows(name):
    """Cumulative stocks at layer bottoms that another tool printed."""
    left_out = {(case, "t1") for case, *_ in REFUSED} - {("N12", "t1")}
    if name.startswith("vonhaden"):
        left_out.add(("N18", "t1"))
    for row in rows(name):
        if name.startswith("vonhaden"):
            case, campaign, point = [*row["ID"].split("_"), row["Rep"]][:3]
            wanted = float(row["Lower_cm"]), 100 * float(row["Cum_SOC_g_cm2"])
            mass = 100 * float(row["Cum_Soil_g_cm2"])
        else:
            case, campaign, point = row["case"], row["Campaign"], row["Point"]
            wanted = -float(row["Lower_cm"]), float(row["SOC_stock_cum_FD"])
            mass = float(row["Soil_mass_cum"])
        if (case, campaign) not in left_out:
            yield case, campaign, point, *wanted, mass


@pytest.mark.parametrize(
    ("name", "fewest"),
    [("vonhaden_cases_FD.csv", 200), ("simpleesm_cases_FD.csv", 190)],
)
def test_cumulative_stocks_match_another_tool(name, fewest):
    compared = 0
    for case, campaign, point, depth_cm, stock, mass in tool_rows(name):
        result = fixed_depth(profile(case, campaign, point), depth_cm)
        assert result.soc_stock_t_ha[0] == pytest.approx(stock, rel=1e-9), case
        assert result.fine_mass_t_ha[0] == pytest.approx(mass, rel=1e-9), case
        compared += 1
    assert compared >= fewest


@pytest.mark.parametrize("name", ["a_temporal_paired", "b_temporal_random"])
def test_published_example_profiles_give_the_published_stocks(name):
    order, profiles = example_profiles(name)
    expected = rows(f"vonhaden_example_{name}_FD.csv")
    for row in expected:
        result = fixed_depth(profiles, float(row["Lower_cm"]))
        stock = result.soc_stock_t_ha[order.index((row["ID"], row["Rep"]))]
        assert stock == pytest.approx(100 * float(row["Cum_SOC_g_cm2"]), rel=1e-9)


def test_duplicate_results_of_a_layer_are_averaged_as_simpleesm_does():
    top, soc = [0, 10, 30, 0], [19.298, 12.944, 8.806, 20.033]
    bottom, density = [10, 30, 50, 10], [1.2951, 1.3068, 1.3924, 1.2951]
    profiles, mask = arrange([0] * 4, top, bottom, soc, density)
    assert mask[0] == DUPLICATES_AVERAGED
    assert profiles.top_cm.tolist() == [0, 10, 30]
    expected = {
        -float(row["Lower_cm"]): float(row["SOC_stock_cum_FD"])
        for row in rows("simpleesm_cases_FD.csv")
        if (row["case"], row["Campaign"]) == ("N18", "t1")
    }
    stock = fixed_depth(profiles, 30.0).soc_stock_t_ha[0]
    assert stock == pytest.approx(expected[30.0], rel=1e-9)


def test_duplicate_densities_are_averaged_and_noted_as_well():
    profiles, mask = arrange([0, 0], [0, 0], [30, 30], [16, np.nan], [1.2, 1.3])
    assert mask[0] == DUPLICATES_AVERAGED
    assert fixed_depth(profiles, 30.0).soc_stock_t_ha == pytest.approx([60.0])


def test_soc_and_density_in_rows_of_their_own_are_no_duplicates():
    profiles, mask = arrange([0, 0], [0, 0], [30, 30], [16, np.nan], [np.nan, 1.25])
    assert mask[0] == 0
    assert fixed_depth(profiles, 30.0).soc_stock_t_ha.tolist() == [60.0]


def small(tops, bottoms, soc=None, density=None):
    soc = [20.0] * len(tops) if soc is None else soc
    density = [1.2] * len(tops) if density is None else density
    return arrange([0] * len(tops), tops, bottoms, soc, density)[0]


def reasons(profiles, depth_cm=30.0, soil_end=np.nan):
    result = fixed_depth(profiles, depth_cm, np.array([soil_end]))
    return reasons_of(int(result.mask[0]))


def test_what_lies_below_the_depth_does_not_matter():
    gap_below = small([0, 10, 40], [10, 30, 50])
    missing_below = small([0, 10, 30], [10, 30, 50], [20, 20, np.nan])
    overlap_below = small([0, 10, 30, 35], [10, 30, 45, 50])
    for profiles in (gap_below, missing_below, overlap_below):
        result = fixed_depth(profiles, 30.0)
        assert result.mask[0] == 0
        assert result.soc_stock_t_ha[0] == pytest.approx(72.0, rel=1e-12)


def test_a_gap_above_the_depth_is_refused_and_a_millimetre_is_not():
    assert reasons(small([0, 10.1], [10, 30])) == ()
    assert reasons(small([0, 20.1], [20, 30])) == ()
    assert reasons(small([0, 10.2], [10, 30])) == (Reason.GAP,)
    assert reasons(small([0, 9.9], [10, 30])) == ()
    assert reasons(small([0, 9.8], [10, 30])) == (Reason.OVERLAP,)


def test_a_layer_inside_another_is_an_overlap_and_not_a_gap():
    assert reasons(small([0, 5, 30], [30, 10, 40]), 40.0) == (Reason.OVERLAP,)


def test_a_gap_with_soil_below_it_is_not_called_too_shallow():
    assert reasons(small([0, 40], [20, 60])) == (Reason.GAP,)


def test_every_fault_of_a_profile_is_named():
    faulty = small([2, 12], [10, 20], [np.nan, 20], [1.2, np.nan])
    assert reasons(faulty) == (
        Reason.NO_SURFACE,
        Reason.GAP,
        Reason.MISSING_SOC,
        Reason.MISSING_BD,
        Reason.TOO_SHALLOW,
    )


def test_soil_that_ends_at_bedrock_counts_as_complete():
    shallow = small([0, 10], [10, 22])
    result = fixed_depth(shallow, 30.0, np.array([22.0]))
    assert reasons_of(int(result.mask[0])) == (Reason.COMPLETE_SOIL,)
    assert result.soc_stock_t_ha[0] == pytest.approx(100 * 1.2 * 22 * 0.02, rel=1e-12)
    assert result.covered_to_cm[0] == 22.0


def test_soil_not_sampled_down_to_its_bedrock_stays_too_shallow():
    assert reasons(small([0, 10], [10, 20]), soil_end=25.0) == (Reason.TOO_SHALLOW,)


def test_bedrock_below_the_depth_changes_nothing():
    assert reasons(small([0, 10], [10, 40]), soil_end=35.0) == ()
    assert reasons(small([0, 10], [10, 20]), soil_end=35.0) == (Reason.TOO_SHALLOW,)


def test_layers_found_below_recorded_bedrock_are_believed():
    assert reasons(small([0, 10], [10, 30]), soil_end=20.0) == ()
    result = fixed_depth(small([0, 10], [10, 25]), 30.0, np.array([20.0]))
    assert reasons_of(int(result.mask[0])) == (Reason.COMPLETE_SOIL,)
    assert result.covered_to_cm[0] == 25.0


def test_faulty_profiles_do_not_disturb_their_neighbours():
    cases = [("N01", "t0"), ("N10", "t1"), ("N03", "t1"), ("N21", "t1"), ("N13", "t0")]
    singles = [profile(case, campaign, "p1") for case, campaign in cases]
    together = Profiles(
        np.cumsum([0, *(single.top_cm.size for single in singles)]),
        *(
            np.concatenate(columns)
            for columns in zip(*(s.columns for s in singles), strict=True)
        ),
    )
    result = fixed_depth(together, 30.0)
    alone = [fixed_depth(single, 30.0).soc_stock_t_ha[0] for single in singles]
    np.testing.assert_array_equal(result.soc_stock_t_ha, alone)


def test_more_profiles_than_one_block_keep_their_order():
    count = 40_000
    soc = np.linspace(5.0, 50.0, count)
    profiles = Profiles(
        np.arange(count + 1), np.zeros(count), np.full(count, 30.0), soc, np.ones(count)
    )
    result = fixed_depth(profiles, 30.0)
    np.testing.assert_allclose(result.soc_stock_t_ha, 3.0 * soc, rtol=1e-12)


def test_a_depth_that_is_no_depth_is_refused():
    for depth_cm in (0.0, -30.0, np.nan):
        with pytest.raises(ValueError, match="depth_cm"):
            fixed_depth(small([0], [30]), depth_cm)


def test_an_empty_profile_is_refused():
    with pytest.raises(ValueError, match="no layer"):
        arrange([0, 2], [0, 0], [30, 30], [20, 20], [1.2, 1.2])


@st.composite
def sound_profiles(draw):
    thickness = draw(st.lists(st.floats(1.0, 40.0), min_size=1, max_size=6))
    edges = np.concatenate(([0.0], np.cumsum(thickness)))
    values = st.floats(0.01, 1.0)
    count = len(thickness)
    soc = 580.0 * np.array(draw(st.lists(values, min_size=count, max_size=count)))
    density = 2.6 * np.array(draw(st.lists(values, min_size=count, max_size=count)))
    return edges[:-1], edges[1:], soc, density


@given(sound_profiles(), st.floats(0.0, 1.0))
def test_splitting_a_layer_changes_no_stock(columns, share):
    top, bottom, soc, density = columns
    depth_cm = float(bottom[-1])
    cut = top[0] + share * (bottom[0] - top[0])
    whole = fixed_depth(small(top, bottom, soc, density), depth_cm)
    if not top[0] < cut < bottom[0]:
        return
    split = fixed_depth(
        small(
            np.concatenate(([top[0], cut], top[1:])),
            np.concatenate(([cut], bottom)),
            np.concatenate(([soc[0]], soc)),
            np.concatenate(([density[0]], density)),
        ),
        depth_cm,
    )
    np.testing.assert_allclose(split.soc_stock_t_ha, whole.soc_stock_t_ha, rtol=1e-9)
    np.testing.assert_allclose(split.fine_mass_t_ha, whole.fine_mass_t_ha, rtol=1e-9)


@given(sound_profiles(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_stock(columns, random):
    order = list(range(columns[0].size))
    random.shuffle(order)
    depth_cm = float(columns[1][-1])
    sorted_stock = fixed_depth(small(*columns), depth_cm).soc_stock_t_ha
    mixed = small(*(column[order] for column in columns))
    np.testing.assert_array_equal(
        fixed_depth(mixed, depth_cm).soc_stock_t_ha, sorted_stock
    )


@given(sound_profiles(), st.floats(0.1, 10.0))
def test_a_change_of_unit_of_soc_changes_the_stock_by_that_factor(columns, factor):
    top, bottom, soc, density = columns
    depth_cm = float(bottom[-1])
    plain = fixed_depth(small(*columns), depth_cm)
    scaled = fixed_depth(small(top, bottom, factor * soc, density), depth_cm)
    np.testing.assert_allclose(
        scaled.soc_stock_t_ha, factor * plain.soc_stock_t_ha, rtol=1e-9
    )
    np.testing.assert_array_equal(scaled.fine_mass_t_ha, plain.fine_mass_t_ha)


@given(sound_profiles(), st.floats(0.05, 1.0))
def test_the_stock_to_a_depth_and_the_rest_make_the_whole(columns, share):
    profiles = small(*columns)
    bottom = float(columns[1][-1])
    depth_cm = share * bottom
    upper = fixed_depth(profiles, depth_cm).soc_stock_t_ha
    _, whole = cumulative_t_ha(profiles, np.array([bottom]))
    top = np.maximum(columns[0], depth_cm)
    rest = np.maximum(columns[1] - top, 0.0) * columns[2] * columns[3] / 10
    np.testing.assert_allclose(upper + rest.sum(), whole, rtol=1e-9)
