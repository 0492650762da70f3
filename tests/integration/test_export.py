"""What the server exports is what it has, as of one moment."""

import asyncio
import csv
import json

from click.testing import CliRunner

from server.cli import main


async def typed(server, *words, code=0):
    given = ["--data", str(server.data.path), "export", *map(str, words), "--json"]
    done = await asyncio.to_thread(CliRunner().invoke, main, given)
    assert done.exit_code == code, done.output
    return done


async def test_live_records_are_exported_and_deleted_ones_are_not(server, tmp_path):
    north = await server.laptop("north")
    for n in range(40):
        north.add("plot", {"code": f"P{n}", "note": "=1+1"})
    gone = north.add("plot", {"code": "GONE"})
    await north.sync()
    north.draft("plot", gone, {}, op="del")
    assert set((await north.sync()).outcomes) == {"accepted"}
    done = await typed(server, "csv", tmp_path / "t", "--project", "HF")
    assert json.loads(done.stdout)["rows"]["plots"] == 40
    with (tmp_path / "t" / "plots.csv").open(newline="") as file:
        plots = list(csv.DictReader(file))
    assert {plot["code"] for plot in plots} == {f"P{n}" for n in range(40)}
    assert {plot["note"] for plot in plots} == {"'=1+1"}
    assert {plot["project"] for plot in plots} == {"HF"}
    manifest = json.loads((tmp_path / "t" / "manifest.json").read_text())
    assert manifest["snapshot"].partition("@")[2].isdigit()
    assert manifest["rows"]["plots"] == 40


def rows(folder, table):
    with (folder / f"{table}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


async def test_what_waits_for_a_person_is_exported_with_both_values(server, tmp_path):
    north, south = await server.laptop("north"), await server.laptop("south")
    plot = north.add("plot", {"code": "P1", "area_ha": 2.0})
    await north.sync()
    south.add("plot", {"code": "P1", "area_ha": 3.0})
    south.add("plot", {"code": "P2", "area_ha": -3.0})
    assert (await south.sync()).outcomes == ["conflict", "quarantined"]
    await typed(server, "csv", tmp_path / "t", "--project", "HF")
    (conflict,) = rows(tmp_path / "t", "conflicts")
    assert json.loads(conflict["first_value"]) == {"area_ha": 2.0}
    assert json.loads(conflict["other_value"]) == {"area_ha": 3.0}
    assert (conflict["record_id"], conflict["status"]) == (plot, "open")
    (waiting,) = rows(tmp_path / "t", "quarantine")
    assert waiting["codes"] == "out_of_range"
    assert json.loads(waiting["fields"])["code"] == "P2"


async def test_what_is_there_is_not_written_over(server, tmp_path):
    (tmp_path / "x.db").write_text("mine")
    done = await typed(server, "sqlite", tmp_path / "x.db", code=4)
    assert "is there already" in done.output
    assert (tmp_path / "x.db").read_text() == "mine"
