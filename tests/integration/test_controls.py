"""Treated plots beside their controls, wherever people look at a change."""

import asyncio

import pytest
from click.testing import CliRunner

from server.cli import main
from server.derivation.explain import explain, prov_document
from server.figures.choices import By
from server.figures.portfolio import Choices, PortfolioScope, portfolio
from server.figures.queries import stocks_document
from tests.integration.test_derivation import record_campaign

PLOTS = {
    "T1": {"control_plots": ["C1"], "area_ha": 2.0, "farm": "F"},
    "T2": {"control_stratum": "idle", "area_ha": 3.0, "farm": "G"},
    "C1": {"area_ha": 1.0},
    "C2": {"stratum": "idle", "area_ha": 1.0},
}
#: g/kg in 2010, and what was gained until 2020.
GAINED = {
    "T1": (1.2, 1.5, 1.4),
    "T2": (1.0, 1.3, 1.1),
    "C1": (0.3, 0.5, 0.2),
    "C2": (0.1, 0.3, 0.2),
}
BEFORE = (16.0, 17.0, 18.5)


@pytest.fixture
async def recorded(server):
    laptop = await server.laptop("north")
    for code, fields in PLOTS.items():
        plot = laptop.add("plot", {"code": code, **fields})
        after = [a + b for a, b in zip(BEFORE, GAINED[code], strict=True)]
        record_campaign(laptop, plot, "2010", BEFORE)
        record_campaign(laptop, plot, "2020", after)
    assert set((await laptop.sync()).outcomes) == {"accepted"}
    await server.derived()
    return server


def mean(code):
    return 3.75 * sum(GAINED[code]) / 3


async def test_a_change_stands_beside_that_of_its_controls(recorded):
    document, _ = await recorded.ask(lambda store: stocks_document(store, "HF"))
    found = {row["plot"]: row["against_control"] for row in document["changes"]}
    assert found["C1"] is None
    assert found["T1"]["control_plots"] == ["C1"]
    assert found["T1"]["change_t_ha"] == pytest.approx(mean("T1") - mean("C1"))
    assert found["T2"]["control_plots"] == ["C2"]
    assert found["T2"]["change_t_ha"] == pytest.approx(mean("T2") - mean("C2"))
    errors = {row["plot"]: row["se_t_ha"] for row in document["changes"]}
    assert found["T1"]["se_t_ha"] == pytest.approx(
        (errors["T1"] ** 2 + errors["C1"] ** 2) ** 0.5, rel=1e-3
    )
    assert found["T1"]["verdict_zero"] == "gain"


async def test_one_plot_is_shown_with_its_controls_too(recorded):
    document, _ = await recorded.ask(lambda store: stocks_document(store, "HF", "T1"))
    assert document["changes"][0]["against_control"]["control_plots"] == ["C1"]


async def test_a_portfolio_compares_blocks_of_a_plot_and_its_controls(recorded):
    choices = Choices(by=(By.FARM,))
    scope = PortfolioScope("HF", None)
    document, _ = await recorded.ask(lambda store: portfolio(store, scope, choices))
    whole = document["total"]["against_control"]
    assert (whole["design"], whole["treated"]) == ("blocks", 2)
    differences = [mean("T1") - mean("C1"), mean("T2") - mean("C2")]
    assert whole["change_t_ha"] == pytest.approx(sum(differences) / 2)
    assert whole["df"] == 1
    farms = {row["name"]: row["against_control"] for row in document["groups"]}
    assert farms["F"]["design"] == "plots"
    assert farms["F"]["change_t_ha"] == pytest.approx(differences[0])
    assert farms[None] is None


async def test_treated_plots_that_share_a_control_are_not_independent(recorded):
    laptop = await recorded.laptop("south")
    rows = (await laptop.sync()).rows
    plot = next(r["r"] for r in rows if r["t"] == "plot" and r["f"]["code"] == "T2")
    laptop.draft("plot", plot, {"control_plots": ["C1"]})
    await laptop.sync()
    await recorded.derived()
    scope = PortfolioScope("HF", None)
    document, _ = await recorded.ask(lambda store: portfolio(store, scope, Choices()))
    whole = document["total"]["against_control"]
    assert whole["change_t_ha"] is None
    assert whole["problems"] == ["plots share a control: look at them one by one"]


async def test_the_way_back_leads_to_the_bags_of_the_controls(recorded):
    path = await recorded.ask(lambda store: explain(store, "HF", "T1", "2010", "2020"))
    assert path.change["against_control"]["control_plots"] == ["C1"]
    (control,) = path.controls
    assert control.plot["code"] == "C1"
    assert path.same
    bags = sum(
        len(layer["bags"])
        for each in (path, control)
        for campaign in each.campaigns
        for point in campaign["points"]
        for layer in point["layers"]
    )
    assert bags == 12
    entities = prov_document(path)["used"]
    assert len(entities) == 24  # bags and their results


async def test_the_commands_say_it_in_the_same_words(recorded):
    data = ["--data", str(recorded.data.path), "stocks"]
    said = []
    for words in (
        ["show", "--project", "HF", "--plot", "T1"],
        ["explain", "T1", "2010", "2020", "--project", "HF"],
    ):
        done = await asyncio.to_thread(CliRunner().invoke, main, [*data, *words])
        lines = [line for line in done.stdout.splitlines() if "against C1" in line]
        said.append(lines[0].split("against C1", 1)[1].rstrip("."))
    assert said[0] == said[1]
    assert "beyond the control" in said[0]
