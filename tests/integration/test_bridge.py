"""A bridge between two laboratory methods: from bags analysed by both to a verdict."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from server.cli import main
from server.derivation.explain import explain
from server.figures.queries import stocks_document
from tests.integration.test_derivation import record_campaign

BEFORE = tuple(8.0 + 1.5 * number for number in range(12))
FACTOR = 1.25
#: What 2020 has more than 2010, by the newer method.
GAIN = 2.0


def wobble(number):
    return 1.0 + 0.01 * (-1.0) ** number


@pytest.fixture
async def recorded(server):
    """2010 by Walkley and Black, 2020 by dry combustion; 12 old bags analysed again."""
    laptop = await server.laptop("north")
    plot = laptop.add("plot", {"code": "P1"})
    old = record_campaign(laptop, plot, "2010", BEFORE, method="walkley_black")
    after = [FACTOR * soc + GAIN + 0.2 * wobble(n // 2) for n, soc in enumerate(BEFORE)]
    record_campaign(laptop, plot, "2020", after)
    await laptop.sync()
    await server.derived()
    return server, laptop, old


async def analyse_again(laptop, old, count=12):
    for number, (ids, soc) in enumerate(zip(old, BEFORE, strict=True)):
        if number < count:
            laptop.add(
                "result",
                {
                    "sample_id": ids["sample"],
                    "analyte": "soc",
                    "replicate": 2,
                    "value": FACTOR * soc * wobble(number),
                    "unit": "g_kg",
                    "method": "dry_combustion",
                },
            )
    await laptop.sync()


async def bridge(server, *more):
    words = ["--data", str(server.data.path), "project", "bridge", "HF"]
    words += ["--from", "walkley_black", "--to", "dry_combustion", *more]
    return await asyncio.to_thread(CliRunner().invoke, main, words)


async def change(server):
    await server.derived()
    document, _ = await server.ask(lambda store: stocks_document(store, "HF"))
    return document["changes"][0]


async def test_a_change_of_method_has_no_verdict(recorded):
    server, _laptop, _old = recorded
    found = await change(server)
    assert "METHOD_CHANGED" in found["reasons"]
    assert found["verdict_zero"] == "not assessable"


async def test_too_few_bags_make_no_bridge(recorded):
    server, laptop, old = recorded
    await analyse_again(laptop, old, 9)
    done = await bridge(server, "--write")
    assert done.exit_code == 1
    assert "9 bags" in done.stdout
    assert "fewer than 10 bags" in done.stdout
    (project,) = await server.report("records", server.project_id, "project")
    assert "bridge_factor" not in project.fields


async def test_the_factor_is_shown_first_and_recorded_when_asked(recorded):
    server, laptop, old = recorded
    await analyse_again(laptop, old)
    shown = json.loads((await bridge(server, "--json")).stdout)
    assert shown["written"] is False
    assert shown["bridge"]["bridge_factor"] == pytest.approx(FACTOR, rel=1e-3)
    assert shown["bridge"]["bridge_pairs"] == 12
    assert shown["bridge"]["bridge_low_g_kg"] == pytest.approx(BEFORE[0])
    done = await bridge(server, "--write")
    assert done.exit_code == 0, done.output
    (project,) = await server.report("records", server.project_id, "project")
    assert project.fields["bridge_factor"] == shown["bridge"]["bridge_factor"]


async def test_of_bags_analysed_by_both_the_newer_method_counts(recorded):
    server, laptop, old = recorded
    await analyse_again(laptop, old)
    await bridge(server, "--write")
    found = await change(server)
    assert "METHOD_CHANGED" not in found["reasons"]
    assert found["verdict_zero"] == "gain"
    assert found["change_t_ha"] == pytest.approx(3.75 * (GAIN + 0.2), rel=0.02)


async def test_a_bridge_gives_the_verdict_back_with_its_error_in_the_interval(recorded):
    server, laptop, old = recorded
    other = laptop.add("plot", {"code": "P2"})
    record_campaign(laptop, other, "2010", BEFORE[2:8], method="walkley_black")
    after = [FACTOR * soc + GAIN * wobble(n) for n, soc in enumerate(BEFORE[2:8])]
    record_campaign(laptop, other, "2020", after)
    await analyse_again(laptop, old)
    await bridge(server, "--write")
    await server.derived()
    document, _ = await server.ask(lambda store: stocks_document(store, "HF", "P2"))
    (found,) = document["changes"]
    assert "BRIDGED" in found["reasons"]
    assert "METHOD_CHANGED" not in found["reasons"]
    assert "RECOVERY_UNKNOWN" not in found["reasons"]
    assert found["verdict_zero"] == "gain"
    (project,) = await server.report("records", server.project_id, "project")
    relative = project.fields["bridge_factor_se"] / project.fields["bridge_factor"]
    assert found["shared_se_t_ha"] == pytest.approx(
        relative * found["stock0_t_ha"], rel=1e-2
    )
    path = await server.ask(lambda store: explain(store, "HF", "P2", "2010", "2020"))
    layer = path.campaigns[0]["points"][0]["layers"][0]
    assert layer["soc_g_kg"] == pytest.approx(
        BEFORE[2] * project.fields["bridge_factor"]
    )
    assert layer["results"][0]["fields"]["method"] == "walkley_black"


async def test_outside_of_the_bags_range_the_change_of_method_stands(recorded):
    server, laptop, old = recorded
    other = laptop.add("plot", {"code": "P3"})
    record_campaign(laptop, other, "2010", (3.0, 3.5, 4.0), method="walkley_black")
    record_campaign(laptop, other, "2020", (5.0, 5.5, 6.1))
    await analyse_again(laptop, old)
    await bridge(server, "--write")
    await server.derived()
    document, _ = await server.ask(lambda store: stocks_document(store, "HF", "P3"))
    assert "METHOD_CHANGED" in document["changes"][0]["reasons"]
    assert "BRIDGED" not in document["changes"][0]["reasons"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "walkley_black", "--to", "walkley_black"], "are one method"),
        (["--from", "walkley", "--to", "dry_combustion"], "walkley_black"),
    ],
)
async def test_methods_that_make_no_bridge_are_usage_errors(recorded, words, said):
    server, _laptop, _old = recorded
    start = ["--data", str(server.data.path), "project", "bridge", "HF"]
    done = await asyncio.to_thread(CliRunner().invoke, main, [*start, *words])
    assert done.exit_code == 2
    assert said in done.output
