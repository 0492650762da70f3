"""From records to layers: which carbon, which density, and what is said of them."""

import pytest

from server.derivation.layer_values import carbon_of, density_of
from server.stocks.reasons import Reason

BAG = {"depth_top_cm": 0.0, "depth_bottom_cm": 10.0}


def result(analyte="soc", value=20.0, unit="g_kg", method="dry_combustion", **more):
    return {"analyte": analyte, "value": value, "unit": unit, "method": method} | more


@pytest.mark.parametrize(
    ("results", "soc_g_kg", "reasons"),
    [
        ([result()], 20.0, ()),
        ([result(value=2.0, unit="pct")], 20.0, ()),
        ([result(value=0.02, unit="g_g")], 20.0, ()),
        ([result(value=18.0), result(value=22.0)], 20.0, ()),
        (
            [result(value=None, censored="<", detection_limit=2.0)],
            1.0,
            (Reason.CENSORED,),
        ),
        ([result(method="walkley_black")], 20.0, (Reason.RECOVERY_UNKNOWN,)),
        ([result(method="walkley_black", recovery_factor=1.3)], 26.0, ()),
        (
            [
                result(
                    method="walkley_black", recovery_factor=1.3, recovery_applied=True
                )
            ],
            20.0,
            (),
        ),
        (
            [result("organic_matter", 5.0, "pct", "loss_on_ignition")],
            29.0,
            (Reason.SOC_FROM_ORGANIC_MATTER,),
        ),
        ([result("total_carbon", 25.0), result("inorganic_carbon", 5.0)], 20.0, ()),
        (
            [
                result("total_carbon", 25.0),
                result("calcium_carbonate", 5.0, "pct", "calcimeter"),
            ],
            19.0,
            (),
        ),
        ([result("total_carbon")], 20.0, (Reason.CARBONATE_UNCORRECTED,)),
        ([], None, ()),
    ],
)
def test_the_carbon_of_a_layer_and_what_is_said_of_it(results, soc_g_kg, reasons):
    found = carbon_of(results, BAG)
    assert found.soc_g_kg == (None if soc_g_kg is None else pytest.approx(soc_g_kg))
    assert found.reasons == reasons


def test_total_carbon_is_soc_where_the_soil_does_not_fizz():
    found = carbon_of([result("total_carbon")], BAG | {"carbonate_class": "none"})
    assert (found.soc_g_kg, found.reasons) == (20.0, ())


def test_total_carbon_of_soil_that_fizzes_is_no_soc():
    found = carbon_of([result("total_carbon")], BAG | {"carbonate_class": "slight"})
    assert found.soc_g_kg is None
    assert found.reasons == (Reason.CARBONATE_UNCORRECTED,)


@pytest.mark.parametrize(
    ("ph", "reason"),
    [
        (3.9, Reason.CARBONATE_FREE_BY_PH),
        (6.49, Reason.CARBONATE_FREE_BY_PH),
        (6.5, Reason.CARBONATE_UNLIKELY_BY_PH),
        (6.99, Reason.CARBONATE_UNLIKELY_BY_PH),
        (7.0, Reason.CARBONATE_UNCORRECTED),
        (8.1, Reason.CARBONATE_UNCORRECTED),
    ],
)
def test_the_ph_tells_whether_total_carbon_is_organic(ph, reason):
    found = carbon_of([result("total_carbon"), result("ph_water", ph, "none")], BAG)
    assert found.soc_g_kg == 20.0
    assert found.reasons == (reason,)


def test_the_highest_ph_of_a_bag_tells_and_what_was_seen_goes_before_it():
    results = [
        result("total_carbon"),
        *(result("ph_water", p, "none") for p in (5, 7.2)),
    ]
    assert carbon_of(results, BAG).reasons == (Reason.CARBONATE_UNCORRECTED,)
    acid = [result("total_carbon"), result("ph_water", 5.0, "none")]
    assert carbon_of(acid, BAG | {"carbonate_class": "slight"}).soc_g_kg is None
    assert carbon_of(acid, BAG | {"carbonate_class": "none"}).reasons == ()


def test_an_air_dry_value_is_brought_to_oven_dry_where_the_water_is_known():
    wet = BAG | {"water_g_g": 0.03}
    assert carbon_of([result(moisture="air_dry")], wet).soc_g_kg == pytest.approx(20.6)
    assert carbon_of([result(moisture="oven_dry")], wet).soc_g_kg == 20.0
    assert carbon_of([result(moisture="air_dry")], BAG).soc_g_kg == 20.0


@pytest.mark.parametrize(
    ("sample", "core", "density", "reason"),
    [
        # VM0042 figure 3: 283.2 g in four cores of 21.5 mm are 1950.1 t/ha.
        (
            {"fine_dry_mass_g": 283.2},
            {"inner_diameter_mm": 21.5, "cores_composited": 4},
            1.9501,
            None,
        ),
        ({"fine_dry_mass_g": 125.0, "volume_cm3": 100.0}, {}, 1.25, None),
        (
            {"bulk_density_g_cm3": 1.3, "bulk_density_definition": "fine_in_total"},
            {},
            1.3,
            None,
        ),
        (
            {
                "bulk_density_g_cm3": 2.0,
                "bulk_density_definition": "whole",
                "coarse_fragments_pct": 25.0,
                "coarse_fragments_basis": "mass",
            },
            {},
            1.5,
            None,
        ),
        (
            {
                "bulk_density_g_cm3": 1.5,
                "bulk_density_definition": "whole",
                "coarse_fragments_pct": 60.0,
                "coarse_fragments_basis": "volume",
            },
            {},
            None,
            Reason.NEGATIVE_FINE_MASS,
        ),
        (
            {"bulk_density_g_cm3": 1.5, "bulk_density_definition": "whole"},
            {},
            None,
            Reason.COARSE_BASIS_UNKNOWN,
        ),
        (
            {
                "bulk_density_g_cm3": 1.5,
                "bulk_density_definition": "whole",
                "coarse_fragments_pct": 0.0,
            },
            {},
            1.5,
            None,
        ),
        ({"bulk_density_g_cm3": 1.5}, {}, None, Reason.BD_DEFINITION_UNKNOWN),
        ({}, {}, None, None),
    ],
)
def test_the_density_of_a_layer_by_the_best_route_there_is(
    sample, core, density, reason
):
    found = density_of(BAG | sample, core)
    wanted = None if density is None else pytest.approx(density, rel=1e-4)
    assert found.bd_fine_g_cm3 == wanted
    assert found.reasons == (() if reason is None else (reason,))
