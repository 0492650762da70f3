"""The Australian method of 2021 against one-sided t tests of R, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.stocks.change import Design, estimate_change
from server.stocks.crediting import australia_2021, australia_2021_of
from tests.science.check_values import rows

EARLY = [52.1, 55.4, 49.8, 58.0, 53.3, 50.9]
LATE = [54.0, 58.9, 50.1, 60.7, 57.2, 52.0]
OTHER = [56.3, 51.2, 59.8, 55.5]
CASES = {
    "paired_first_25": (EARLY, LATE, Design.PAIRED, True, 25),
    "paired_later_100": (EARLY, LATE, Design.PAIRED, False, 100),
    "welch_first_100": (EARLY, OTHER, Design.UNPAIRED, True, 100),
    "welch_unsure_first_25": (LATE, OTHER, Design.UNPAIRED, True, 25),
}


def parts(early, late, design, first_sampling, years):
    change = estimate_change(early, late, design=design, years=5.0)
    return australia_2021(change, first_sampling=first_sampling, permanence_years=years)


@pytest.mark.parametrize("expected", rows("australia_2021.csv"))
def test_every_part_is_that_of_the_one_sided_t_test_of_r(expected):
    found = parts(*CASES[expected["case"]])
    for name, value in expected.items():
        if name != "case":
            part = getattr(found, f"{name}_t_ha")
            assert part == pytest.approx(float(value), rel=1e-9, abs=1e-12), name


def test_the_worked_example_of_the_science_page():
    # t(0.6, 9) = 0.260955 by the tables; 2 t/ha with a standard error of 0.8.
    found = australia_2021_of(2.0, (0.8, 9.0), withheld=0.25, permanence=0.20)
    assert found.discount_t_ha == pytest.approx(0.8 * 0.260955, abs=1e-6)
    assert found.withheld_t_ha == pytest.approx(0.25 * 1.791236, abs=1e-6)
    assert found.creditable_t_ha == pytest.approx(0.75 * 0.75 * 1.791236, abs=1e-6)
    assert round(found.creditable_t_ha * 44 / 12, 2) == 3.69


@given(
    st.floats(-20.0, 20.0),
    st.floats(0.0, 20.0),
    st.floats(1.0, 60.0),
    st.sampled_from([0.0, 0.25]),
    st.sampled_from([0.0, 0.2]),
)
def test_the_parts_add_up_and_never_credit_more_than_was_found(
    gain, se, df, withheld, permanence
):
    found = australia_2021_of(gain, (se, df), withheld=withheld, permanence=permanence)
    total = (
        found.discount_t_ha
        + found.withheld_t_ha
        + found.buffer_t_ha
        + found.permanence_t_ha
        + found.creditable_t_ha
        + found.deficit_t_ha
    )
    assert total == pytest.approx(gain, abs=1e-9)
    assert 0.0 <= found.creditable_t_ha <= max(gain, 0.0)
    assert found.deficit_t_ha <= 0.0
    assert found.deficit_t_ha == 0.0 or found.creditable_t_ha == 0.0


def test_the_true_change_exceeds_the_conservative_one_six_times_in_ten():
    generator = np.random.default_rng(12)
    exceeded = 0
    for _ in range(4000):
        values = generator.normal(1.5, 2.0, 6)
        error = values.std(ddof=1) / np.sqrt(6)
        found = australia_2021_of(
            values.mean(), (error, 5.0), withheld=0.0, permanence=0.0
        )
        exceeded += found.change_t_ha - found.discount_t_ha < 1.5
    assert exceeded / 4000 == pytest.approx(0.6, abs=0.025)


def test_no_figures_without_an_error_and_none_for_other_years():
    alone = estimate_change([50.0], [52.0], design=Design.PAIRED, years=5.0)
    assert australia_2021(alone, first_sampling=True, permanence_years=25) is None
    same = estimate_change([50.0, 51.0], [52.0, 53.0], design=Design.PAIRED, years=5.0)
    assert australia_2021(same, first_sampling=True, permanence_years=25) is None
    with pytest.raises(ValueError, match="25 or 100"):
        australia_2021(alone, first_sampling=True, permanence_years=50)
