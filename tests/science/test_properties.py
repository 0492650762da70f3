"""What must hold for any soil, through the one path and by seeded simulation."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.stocks.change import Design, estimate_changes
from server.stocks.choices import Basis
from server.stocks.equivalent_mass import equivalent_mass
from server.stocks.plot import derive_plot
from server.stocks.points import Layer
from server.stocks.profiles import arrange
from server.stocks.samples import Compared, Samples
from server.stocks.settings import choose_settings
from tests.science.test_plot import case_layers

soils = st.lists(
    st.tuples(st.floats(2.0, 20.0), st.floats(1.0, 60.0), st.floats(0.7, 1.7)),
    min_size=3,
    max_size=6,
)


def layers_of(soil, scale=1.0, **changes):
    """Layers of thickness, SOC and density under each other, 10 cm and more below."""
    bottoms = np.cumsum([thickness for thickness, _, _ in soil])
    bottoms[-1] = max(bottoms[-1], 60.0)
    tops = [0.0, *bottoms[:-1]]
    return [
        Layer(
            campaign="2020",
            point="a",
            date=date(2020, 9, 1),
            top_cm=float(top),
            bottom_cm=float(bottom),
            soc_g_kg=soc * scale,
            bd_fine_g_cm3=density,
        )._replace(**changes)
        for top, bottom, (_, soc, density) in zip(tops, bottoms, soil, strict=True)
    ]


def stock_of(layers, settings):
    (stock,) = derive_plot(layers, settings).stocks
    return stock


LINEAR = choose_settings("linear", reference="2500")
CURVES = st.sampled_from(["linear", "hyman", "natural"])


@given(soils, st.integers(0, 5), st.floats(0.1, 0.9))
def test_a_layer_cut_in_two_changes_no_stock(soil, which, share):
    layers = layers_of(soil)
    layer = layers[which % len(layers)]
    at = layer.top_cm + share * (layer.bottom_cm - layer.top_cm)
    halves = [layer._replace(bottom_cm=at), layer._replace(top_cm=at)]
    cut = [each for each in layers if each is not layer] + halves
    whole, parts = stock_of(layers, LINEAR), stock_of(cut, LINEAR)
    assert parts.soc_stock_t_ha == pytest.approx(whole.soc_stock_t_ha, rel=1e-9)
    assert parts.fine_mass_t_ha == pytest.approx(whole.fine_mass_t_ha, rel=1e-9)
    assert parts.esm_stock_t_ha == pytest.approx(whole.esm_stock_t_ha, rel=1e-9)


@given(soils, CURVES, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_stock_in_an_equal_mass(soil, curve, random):
    settings = choose_settings(curve, reference="2500")
    layers = layers_of(soil)
    mixed = layers.copy()
    random.shuffle(mixed)
    assert stock_of(mixed, settings) == stock_of(layers, settings)


@given(soils, CURVES, st.floats(0.1, 2.0))
def test_stocks_in_fine_mass_scale_with_the_unit_of_soc(soil, curve, factor):
    settings = choose_settings(curve, basis="fine", reference="2500")
    plain = stock_of(layers_of(soil), settings)
    scaled = stock_of(layers_of(soil, factor), settings)
    assert scaled.esm_stock_t_ha == pytest.approx(
        factor * plain.esm_stock_t_ha, rel=1e-9
    )
    assert scaled.soc_stock_t_ha == pytest.approx(
        factor * plain.soc_stock_t_ha, rel=1e-9
    )


@given(soils, CURVES, st.floats(0.8, 1.25))
def test_a_stock_in_fine_mass_does_not_know_how_deep_the_soil_lies(soil, curve, factor):
    settings = choose_settings(curve, basis="fine", reference="2500")
    moved = [
        layer._replace(
            top_cm=layer.top_cm * factor,
            bottom_cm=layer.bottom_cm * factor,
            bd_fine_g_cm3=layer.bd_fine_g_cm3 / factor,
        )
        for layer in layers_of(soil)
    ]
    expected = stock_of(layers_of(soil), settings).esm_stock_t_ha
    assert stock_of(moved, settings).esm_stock_t_ha == pytest.approx(expected, rel=1e-9)


@given(soils, st.sampled_from(Basis))
def test_more_mass_never_holds_less_carbon(soil, basis):
    layers = layers_of(soil)
    profiles, _ = arrange(
        [0] * len(layers),
        [layer.top_cm for layer in layers],
        [layer.bottom_cm for layer in layers],
        [layer.soc_g_kg for layer in layers],
        [layer.bd_fine_g_cm3 for layer in layers],
    )
    end = equivalent_mass(profiles, np.array([1.0]), basis=basis).sampled_mass_t_ha[0]
    masses = np.linspace(0.01, 1.02, 60) * end
    many = profiles.take(np.zeros(60, dtype=np.int64))
    stocks = equivalent_mass(many, masses, basis=basis).soc_stock_t_ha
    assert np.all(np.diff(stocks) >= -1e-9 * stocks[-1])
    assert stocks[0] > 0.0


@given(st.permutations(case_layers("N26")))
def test_the_order_of_rows_changes_no_change_in_an_equal_mass(layers):
    settings = choose_settings("permille")
    mixed = derive_plot(layers, settings)
    plain = derive_plot(case_layers("N26"), settings)
    assert mixed.reference.mass_t_ha == pytest.approx(
        plain.reference.mass_t_ha, rel=1e-12
    )
    assert mixed.changes[0].change_t_ha == pytest.approx(
        plain.changes[0].change_t_ha, rel=1e-9
    )


TRIALS = 8000
GAIN, BASE, YEARS = 1.5, 60.0, 5.0


def figures_of(before, after, design):
    """Changes of many simulated plots, one per row."""
    n0, n1 = before.shape[1], after.shape[1]
    early = Samples(before.ravel(), np.repeat(np.arange(TRIALS), n0), TRIALS)
    late = Samples(after.ravel(), np.repeat(np.arange(TRIALS), n1), TRIALS)
    paired = np.full(TRIALS, design is Design.PAIRED)
    return list(
        estimate_changes(
            Compared(early, late, paired),
            np.full(TRIALS, YEARS),
            np.zeros(TRIALS, dtype=np.int64),
        )
    )


def simulated(design, counts, seed):
    generator = np.random.default_rng(seed)
    before = generator.normal(BASE, 5.0, (TRIALS, counts[0]))
    if design is Design.PAIRED:
        return before, before + GAIN + generator.normal(0.0, 3.0, before.shape)
    return before, generator.normal(BASE + GAIN, 8.0, (TRIALS, counts[1]))


@pytest.mark.parametrize(
    ("design", "counts"),
    [
        (Design.PAIRED, (3, 3)),
        (Design.PAIRED, (10, 10)),
        (Design.UNPAIRED, (5, 5)),
        (Design.UNPAIRED, (10, 4)),
    ],
)
def test_intervals_cover_the_truth_as_often_as_they_say(design, counts):
    figures = figures_of(*simulated(design, counts, 2026), design)
    change = [f["change_ci95_t_ha"] for f in figures]
    covered = np.mean([low < GAIN < high for low, high in change])
    assert 0.93 <= covered <= 0.97
    truth = 1000.0 * GAIN / (BASE * YEARS)
    within = np.mean([_holds(f, truth) for f in figures])
    assert 0.93 <= within <= 0.97


def _holds(figures, rate):
    low, high = figures["rate_ci95_permille_year"]
    return (low is None or low < rate) and (high is None or rate < high)


def test_without_a_change_one_verdict_in_twenty_is_wrong():
    design = Design.PAIRED
    before, after = simulated(design, (6, 6), 7)
    # The true rate is 4 permille a year: any verdict is an error.
    growth = BASE * 0.004 * YEARS - GAIN
    figures = figures_of(before, after + growth, design)
    verdicts = [f["verdict_4permille"].value for f in figures]
    wrong = np.mean([verdict in {"above", "below"} for verdict in verdicts])
    assert 0.03 <= wrong <= 0.07
