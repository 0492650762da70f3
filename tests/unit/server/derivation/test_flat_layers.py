"""The flat tables of an export say what the stocks are derived from."""

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlcipher3 import dbapi2
from sqlite_utils import Database

from schemas.export.database import fill
from schemas.export.shape import ExportRecord
from server.derivation.layer_values import carbon_of, density_of

positive = st.floats(0.05, 500)
densities = st.floats(0.1, 2.6)
samples = st.fixed_dictionaries(
    {},
    optional={
        "fine_dry_mass_g": positive | st.just(0.0),
        "coarse_dry_mass_g": positive | st.just(0.0),
        "volume_cm3": positive,
        "bulk_density_g_cm3": densities,
        "bulk_density_definition": st.sampled_from(
            ["whole", "fine_earth_only", "fine_in_total"]
        ),
        "mass_moisture": st.sampled_from(["air_dry", "oven_dry"]),
        "water_g_g": st.floats(0, 1),
        "coarse_fragments_pct": st.floats(0, 99) | st.just(0.0),
        "coarse_fragments_basis": st.sampled_from(["mass", "volume"]),
        "fragment_density_g_cm3": st.floats(1.5, 3),
        "carbonate_class": st.sampled_from(["none", "slight"]),
    },
)
cores = st.fixed_dictionaries(
    {},
    optional={
        "inner_diameter_mm": st.floats(10, 100),
        "cores_composited": st.integers(1, 9),
    },
)
results = st.lists(
    st.fixed_dictionaries(
        {
            "analyte": st.sampled_from(
                [
                    *("soc", "total_carbon", "inorganic_carbon", "calcium_carbonate"),
                    *("organic_matter", "clay"),
                ]
            ),
            "unit": st.sampled_from(["g_kg", "pct", "mg_kg", "g_g"]),
            "method": st.sampled_from(["dry_combustion", "walkley_black"]),
            "detection_limit": st.floats(0.01, 1),
        },
        optional={
            "value": st.floats(0.1, 100),
            "moisture": st.sampled_from(["air_dry", "oven_dry"]),
            "recovery_factor": st.floats(1, 1.5),
            "recovery_applied": st.booleans(),
        },
    ),
    max_size=4,
)


def layer_of(sample, core, found):
    """Return the row of the flat table of one bag."""
    records = [
        ExportRecord("p", "core", "c", core),
        ExportRecord("p", "sample", "s", sample),
    ]
    records += [
        ExportRecord("p", "result", f"r{n}", {"sample_id": "s", "replicate": n} | one)
        for n, one in enumerate(found)
    ]
    with closing(dbapi2.connect(":memory:", isolation_level=None)) as connection:
        db = Database(connection)
        fill(db, records)
        (row,) = db.query("SELECT soc_g_kg, soc_from, bd_fine_g_cm3 FROM layers")
        return row


def alike(told, expected):
    if told is None or expected is None:
        return told is expected
    return told == pytest.approx(expected, rel=1e-9)


@given(samples, cores, results)
def test_a_layer_has_the_carbon_and_density_that_stocks_are_derived_from(
    sample, core, found
):
    sample = {"core_id": "c", "depth_top_cm": 10.0, "depth_bottom_cm": 30.0} | sample
    row = layer_of(sample, core, found)
    carbon, density = carbon_of(found, sample), density_of(sample, core)
    assert alike(row["soc_g_kg"], carbon.soc_g_kg)
    assert alike(row["bd_fine_g_cm3"], density.bd_fine_g_cm3)
    assert (row["soc_from"] is None) == (row["soc_g_kg"] is None)
