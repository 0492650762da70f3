"""SOC by depth: means over the points, layer by layer."""

from datetime import date

import pytest

from server.figures.soc_layers import steps_of
from server.stocks.points import Layer


def core(point, *layers, name=""):
    """Layers of one core: top, bottom, SOC."""
    return [
        Layer("2021", point, date(2021, 5, 1), top, bottom, soc, core=name or point)
        for top, bottom, soc in layers
    ]


def shown(*cores):
    rows = steps_of([layer for each in cores for layer in each])
    return [
        (
            row["top_cm"],
            row["bottom_cm"],
            pytest.approx(row["soc_g_kg"]),
            row["n"],
            row["sampled"],
        )
        for row in rows
    ]


def test_layers_cut_alike_stay_the_layers_that_they_are():
    assert shown(
        core("1", (0.0, 15.0, 24.0), (15.0, 35.0, 11.0)),
        core("2", (0.0, 15.0, 20.0), (15.0, 35.0, 13.0)),
    ) == [(0.0, 15.0, 22.0, 2, 2), (15.0, 35.0, 12.0, 2, 2)]


def test_layers_cut_otherwise_are_parted_where_any_of_them_ends():
    assert shown(
        core("1", (0.0, 30.0, 18.0)),
        core("2", (0.0, 10.0, 24.0), (10.0, 30.0, 12.0)),
    ) == [(0.0, 10.0, 21.0, 2, 2), (10.0, 30.0, 15.0, 2, 2)]


def test_a_point_counts_once_however_many_cores_it_has():
    assert shown(
        core("1", (0.0, 20.0, 10.0), name="a"),
        core("1", (0.0, 20.0, 14.0), name="b"),
        core("2", (0.0, 20.0, 24.0)),
    ) == [(0.0, 20.0, 18.0, 2, 2)]


def test_a_layer_without_soc_is_sampled_and_not_counted():
    assert shown(
        core("1", (0.0, 20.0, 16.0), (20.0, 40.0, 8.0)),
        core("2", (0.0, 20.0, None), (20.0, 40.0, 6.0)),
        core("3", (0.0, 20.0, 18.0)),
    ) == [(0.0, 20.0, 17.0, 2, 3), (20.0, 40.0, 7.0, 2, 2)]


def test_nothing_is_filled_in_between_layers():
    assert shown(core("1", (0.0, 10.0, 20.0), (25.0, 40.0, 9.0))) == [
        (0.0, 10.0, 20.0, 1, 1),
        (25.0, 40.0, 9.0, 1, 1),
    ]
    assert shown(core("1", (0.0, 10.0, None))) == []
