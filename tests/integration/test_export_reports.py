"""Tables that reports and soil information systems ask for, of a plot with figures."""

import pytest

from tests.exports import rows
from tests.integration.visited import tables  # noqa: F401 - a fixture

CARON = "http://w3id.org/glosis/model/codelists/physioChemicalPropertyCode-Carorg"
COMBUSTION = "http://w3id.org/glosis/model/procedure/carbonOrganicProcedure-OrgC_dc"


async def test_reports_find_what_they_ask_for(tables):  # noqa: F811
    (change,), (told,) = rows(tables, "changes"), rows(tables, "annex_gold_standard")
    assert (told["modelling_unit"], told["area_ha"]) == ("P1", "2.0")
    for name in ("stock0_t_ha", "stock1_t_ha", "change_t_ha", "se_t_ha", "years"):
        assert told[name] == change[name] != ""
    tonnes = float(change["change_t_ha"]) * 2.0 * 44 / 12
    assert float(told["change_t_co2e"]) == pytest.approx(tonnes)
    assert float(told["stock0_se_t_ha"]) > 0

    places = rows(tables, "annex_gsoc_mrv")
    stocks = {row["id"]: row for row in rows(tables, "stocks")}
    assert len(places) == len(stocks) == 8
    for place in places:
        stock = stocks[place["id"]]
        assert place["soc_stock_t_ha"] == stock["soc_stock_t_ha"]
        assert (stock["plot_id"] != "", stock["point_id"] != "") == (True, True)
        assert place["purpose"] in {"baseline", "resampling"}

    layers = rows(tables, "annex_vm0042")
    assert len(layers) == 24
    by_core = {}
    for layer in layers:
        if float(layer["bottom_cm"]) <= 30:
            key = layer["campaign"], layer["point"]
            by_core[key] = by_core.get(key, 0) + float(layer["soc_stock_t_ha"])
    for stock in stocks.values():
        found = by_core[stock["campaign"], stock["point"]]
        assert found == pytest.approx(float(stock["soc_stock_t_ha"]))


async def test_observations_name_concepts_where_there_are_some(tables):  # noqa: F811
    found = rows(tables, "glosis")
    kinds = {row["property"] for row in found}
    assert kinds == {"soc", "bulk_density_whole", "coarse_fragments_mass"}
    assert len(found) == 3 * 24
    for row in found:
        assert float(row["upper_depth"]) < float(row["lower_depth"])
        assert row["profile_code"].startswith("HF/P1/")
        if row["property"] == "soc":
            assert (row["property_iri"], row["procedure_iri"]) == (CARON, COMBUSTION)
            assert row["unit_iri"].endswith("/PERCENT")
        if row["property"] == "bulk_density_whole":
            assert row["property_iri"].endswith("bulkDensityWholeSoilProperty")
