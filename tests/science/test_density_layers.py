"""Bulk density in other layers than SOC: rings beside an auger."""

from datetime import date

import pytest

from server.stocks.plot import derive_plot
from server.stocks.points import Layer
from server.stocks.reasons import Reason


def layer(top, bottom, soc=None, density=None, core=""):
    return Layer(
        campaign="2020",
        point="a",
        date=date(2020, 9, 1),
        top_cm=float(top),
        bottom_cm=float(bottom),
        soc_g_kg=soc,
        bd_fine_g_cm3=density,
        core=core,
    )


def stock_of(*layers):
    (stock,) = derive_plot(layers).stocks
    return stock


RINGS = [layer(0, 10, density=1.2), layer(10, 30, density=1.5)]


def test_a_soc_layer_weighs_what_the_rings_beside_it_weigh():
    stock = stock_of(layer(0, 30, soc=20.0), *RINGS)
    # 100 (1.2 x 10 + 1.5 x 20) = 4200 t/ha of 20 g/kg
    assert stock.fine_mass_t_ha == pytest.approx(4200.0)
    assert stock.soc_stock_t_ha == pytest.approx(84.0)
    assert stock.reasons == (Reason.BD_OTHER_LAYERS,)


def test_the_mass_of_the_rings_is_read_at_the_boundaries_of_soc():
    stock = stock_of(layer(0, 15, soc=20.0), layer(15, 30, soc=10.0), *RINGS)
    # to 15 cm 100 (1.2 x 10 + 1.5 x 5) = 1950 t/ha, below it 2250 t/ha
    assert stock.soc_stock_t_ha == pytest.approx(1950 * 0.020 + 2250 * 0.010)


@pytest.mark.parametrize(
    "rings",
    [
        [layer(0, 10, density=1.2), layer(10, 25, density=1.5)],
        [layer(0, 10, density=1.2), layer(15, 30, density=1.5)],
        [layer(10, 30, density=1.5)],
    ],
    ids=["too shallow", "gap", "not from the surface"],
)
def test_rings_that_do_not_span_the_soc_layer_give_it_no_mass(rings):
    stock = stock_of(layer(0, 30, soc=20.0), *rings)
    assert stock.soc_stock_t_ha is None
    assert stock.fine_mass_t_ha is None
    assert set(stock.reasons) == {Reason.MISSING_BD, Reason.BD_OTHER_LAYERS}


def test_what_is_missing_in_layers_below_each_other_stays_missing():
    stock = stock_of(layer(0, 10, soc=20.0), layer(10, 30, density=1.5))
    assert stock.soc_stock_t_ha is None
    assert set(stock.reasons) == {Reason.MISSING_SOC, Reason.MISSING_BD}


def test_other_cores_of_the_point_are_left_alone():
    whole = layer(0, 30, soc=20.0, density=1.4, core="b")
    stock = stock_of(layer(0, 30, soc=20.0), *RINGS, whole)
    assert stock.cores == 2
    assert stock.soc_stock_t_ha == pytest.approx(84.0)
