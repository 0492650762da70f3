"""R reads the flat layers of an export, and comes to the stocks that the server derived."""

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.exports import rows
from tests.integration.visited import tables  # noqa: F401 - a fixture

SCRIPT = Path(__file__).parents[1] / "science" / "r" / "vonhaden_layout.R"
pytestmark = pytest.mark.skipif(
    shutil.which("Rscript") is None,
    reason="Rscript is missing: apt-get install --no-install-recommends r-base-core",
)


def r(*words):
    done = subprocess.run(
        [shutil.which("Rscript"), "--vanilla", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_the_layout_of_von_haden_gives_the_stocks_of_the_server(
    tables,  # noqa: F811
    tmp_path,
):
    r(SCRIPT, tables / "layers_vonhaden.csv", 30, tmp_path / "by_r.csv")
    with (tmp_path / "by_r.csv").open(newline="") as file:
        by_r = {(row["ID"], row["Rep"]): row for row in csv.DictReader(file)}
    stocks = rows(tables, "stocks")
    assert len(stocks) == len(by_r) == 8
    for stock in stocks:
        found = by_r[f"HF/P1/{stock['campaign']}", stock["point"]]
        fixed, equal = float(found["fixed_t_ha"]), float(found["esm_t_ha"])
        assert fixed == pytest.approx(float(stock["soc_stock_t_ha"]), rel=1e-9)
        assert equal == pytest.approx(float(stock["esm_stock_t_ha"]), rel=1e-6)


async def test_the_flat_layers_are_profiles_to_r(
    tables,  # noqa: F811
    tmp_path,
):
    """Base R does what `aqp::depths(layers) <- profile_id ~ top_cm + bottom_cm` asks for."""
    said = r(
        "-e",
        f"layers <- read.csv('{tables / 'layers.csv'}');"
        "layers <- layers[order(layers$profile_id, layers$top_cm), ];"
        "stopifnot(is.numeric(layers$top_cm), is.numeric(layers$soc_g_kg));"
        "stopifnot(all(layers$top_cm < layers$bottom_cm), !anyNA(layers$profile_id));"
        "fine <- layers$bd_fine_g_cm3 * (layers$bottom_cm - layers$top_cm);"
        "cat(length(unique(layers$profile_id)), nrow(layers),"
        " sprintf('%.6f', sum(0.1 * fine * layers$soc_g_kg)))",
    )
    profiles, layers, carbon = said.split()
    assert (profiles, layers) == ("8", "24")
    told = rows(tables, "annex_vm0042")
    total = sum(float(row["soc_stock_t_ha"]) for row in told)
    assert float(carbon) == pytest.approx(total, abs=1e-5)


async def test_the_layout_of_simpleesm_is_what_its_script_asks_for(tables):  # noqa: F811
    layers = rows(tables, "layers_simpleesm")
    order = ["Campaign", "Treatment", "Block", "Plot", "Point"]
    assert list(layers[0])[:5] == order
    assert len(layers) == 24
    for row in layers:
        assert float(row["Lower_cm"]) < float(row["Upper_cm"]) <= 0
        assert float(row["BD_g_cm3"]) > 0 < float(row["SOC_g_kg"])
    assert {row["Treatment"] for row in layers} == {"'=S1"}
    assert rows(tables, "layers_left_out") == []
