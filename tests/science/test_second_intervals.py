"""Skewed differences and series with holes: what stands beside the usual figures."""

from datetime import date

import numpy as np
import pytest

from schemas.stock_words import notes
from server.stocks.bootstrap_t import Term, bootstrap_t
from server.stocks.plot import derive_plot
from server.stocks.points import Layer
from server.stocks.random_slope import fit_random_slope
from server.stocks.reasons import Reason
from server.stocks.rows import change_row, trend_row
from server.stocks.settings import DEFAULT_SETTINGS

YEARS = (2010, 2015, 2020, 2025)
#: One place gained far more than all others.
SKEWED = (0.2, 0.4, 0.5, 0.7, 0.9, 1.3, 2.2, 9.1)
EVEN = (0.2, 0.5, 0.8, 1.0, 1.2, 1.4, 1.7, 2.0)


def layer(year, place, stock, name=None):
    density = 1.3 + int(place) / 1000
    return Layer(
        campaign=str(year),
        point=name or str(place),
        date=date(year, 9, 1),
        top_cm=0.0,
        bottom_cm=30.0,
        soc_g_kg=stock / (3.0 * density),
        bd_fine_g_cm3=density,
    )


def change_of(gains, *, revisited=True):
    layers = []
    for place, gain in enumerate(gains):
        stock = 50.0 + place
        layers.append(layer(2010, place, stock))
        name = None if revisited else f"new {place}"
        layers.append(layer(2020, place, stock + gain, name))
    (change,) = derive_plot(layers).changes
    return change


def test_skewed_differences_have_a_second_interval_and_say_so():
    change = change_of(SKEWED)
    assert Reason.SKEWED in change.reasons
    expected = bootstrap_t([Term(SKEWED)])
    assert change.bootstrap_ci95_t_ha == pytest.approx(expected, rel=1e-9)
    low, high = change.bootstrap_ci95_t_ha
    assert high - change.change_t_ha > change.change_t_ha - low
    assert any("bootstrap-t" in note for note in notes(change_row("P", change)))


def test_even_differences_have_none():
    change = change_of(EVEN)
    assert Reason.SKEWED not in change.reasons
    assert change.bootstrap_ci95_t_ha is None
    assert not any("bootstrap-t" in note for note in notes(change_row("P", change)))


def test_the_stocks_of_points_that_were_not_revisited_are_looked_at_each():
    gains = np.array([*SKEWED[:-1], 60.0])
    change = change_of(gains, revisited=False)
    assert Reason.SKEWED in change.reasons
    assert change.bootstrap_ci95_t_ha is not None


def series(holes=()):
    random = np.random.default_rng(5)
    layers, rows = [], []
    for place in range(6):
        slope = random.normal(0.3, 0.1)
        for number, year in enumerate(YEARS):
            stock = 50.0 + place + slope * 5 * number + random.normal(0.0, 0.4)
            if (place, year) not in holes:
                layers.append(layer(year, place, stock))
                rows.append((5.0 * number, stock, str(place)))
    return layers, rows


def test_a_full_series_has_its_two_stage_trend_alone():
    trend = derive_plot(series()[0]).trend
    assert trend.random_slope is None
    assert trend_row("P", trend)["random_slope"] is None


def test_a_series_with_holes_has_the_model_of_all_visits_beside_it():
    layers, rows = series({(0, 2025), (1, 2010), (1, 2015), (1, 2020)})
    trend = derive_plot(layers).trend
    years, stocks, places = zip(*rows, strict=True)
    expected = fit_random_slope(years, stocks, places)
    assert trend.random_slope.single_visits == 1
    assert trend.random_slope.slope_t_ha_year == pytest.approx(
        expected.slope_t_ha_year, rel=1e-3
    )
    row = trend_row("P", trend)["random_slope"]
    assert row["slope_t_ha_year"] == trend.random_slope.slope_t_ha_year


def test_trends_that_part_are_named():
    """Places that were left early had gained, and those that stayed did not."""
    layers = []
    for place in range(8):
        leaves = place < 4
        for number, year in enumerate(YEARS[:2] if leaves else YEARS):
            wave = 0.2 * (-1) ** (place + number)
            gain = 1.0 * 5 * number if leaves else 0.02 * 5 * number
            layers.append(layer(year, place, 50.0 + place + gain + wave))
    trend = derive_plot(layers, DEFAULT_SETTINGS).trend
    assert Reason.TRENDS_PART in trend.reasons
