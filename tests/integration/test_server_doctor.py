"""permille-server doctor: what is wrong with a server is told before somebody asks."""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from server.cli import main
from server.clock import Clock
from server.operations import doctor
from server.operations.doctor import examine
from tests.integration.test_portfolio import typed


async def found(server):
    """Return what is said of each part, and how it is."""
    done = await typed(server, "doctor", "--json")
    parts = json.loads(done.output)
    healths = {one["health"] for one in parts}
    assert done.exit_code == (0 if healths == {"good"} else 1)
    return {one["part"]: (one["health"], one["said"], one["hint"]) for one in parts}


async def test_a_server_that_runs_says_of_each_part_how_it_is(server):
    parts = await found(server)
    assert parts["serving"][0] == "good"
    assert parts["database"][0] == "good"
    assert re.fullmatch(r"[0-9.]+ GiB free", parts["disk"][1])
    assert parts["inbox"] == ("good", "nothing waits for a person", "")
    assert parts["derivation"][0] == parts["files"][0] == "good"
    printed = await typed(server, "doctor")
    assert (
        " !  backup       none was made yet -> permille-server backup" in printed.output
    )
    assert max(map(len, printed.output.splitlines())) <= 160


async def test_a_backup_is_told_until_it_is_old(server, tmp_path, monkeypatch):
    done = await typed(server, "backup", str(tmp_path / "x.permille-backup"))
    assert done.exit_code == 0, done.output
    assert (await found(server))["backup"][:2] == ("good", "made 0 minutes ago")
    monkeypatch.setattr(doctor, "_BACKUP_AGE_S", -1)
    parts = await server.ask(lambda s: examine(server.data, s, Clock()))
    assert {one.part: one.health for one in parts}["backup"] == "odd"


async def test_what_waits_for_a_person_or_for_the_derivation_is_told(server):
    laptop = await server.laptop("north")
    laptop.add("plot", {"code": "A", "area_ha": -1.0})
    laptop.add("core", {"point_id": laptop.log, "campaign_id": laptop.log, "number": 1})
    await laptop.sync()
    said = (await found(server))["inbox"]
    assert said[0] == "odd"
    assert "in quarantine" in said[1]
    assert "permille-server quarantine list" in said[2]


@pytest.mark.parametrize(
    ("skews", "said"),
    [
        ((0.0, 1.0, 2.0), "no laptop says that it is off"),
        ((4000.0, 1.0, 2.0), "1 laptop of 3 with a clock that is off"),
        ((4000.0, 3900.0, 4100.0), "most laptops say that it is 67 minutes off"),
        ((4000.0, 3900.0), "2 laptops of 2 with a clock that is off"),
    ],
)
async def test_the_clock_is_judged_by_what_most_laptops_say(server, skews, said):
    for number, skew in enumerate(skews):
        laptop = await server.laptop(f"lap-{number}")
        wall = (datetime.now(UTC) + timedelta(seconds=skew)).isoformat()
        laptop.add("plot", {"code": f"P{number}"})
        await laptop.post(laptop.body(wall=wall))
    assert (await found(server))["clock"][1] == said


async def test_a_laptop_that_is_not_heard_of_is_counted(server, monkeypatch):
    await server.laptop("north")
    assert (await found(server))["laptops"][:2] == ("good", "1 laptop")
    monkeypatch.setattr(doctor, "_SILENT_S", -1)
    parts = await server.ask(lambda s: examine(server.data, s, Clock()))
    silent = next(one for one in parts if one.part == "laptops")
    assert silent.said.startswith("1 of 1 laptop not heard of")


async def test_a_disk_without_room_is_bad(server, monkeypatch):
    usage = shutil.disk_usage(server.data.path)
    for free, health in ((10**8, "bad"), (10**9, "odd"), (10**11, "good")):
        full = usage._replace(free=free)
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path, full=full: full)
        parts = await server.ask(lambda s: examine(server.data, s, Clock()))
        assert next(one for one in parts if one.part == "disk").health == health


def test_where_there_is_no_server_that_is_said(tmp_path):
    done = CliRunner().invoke(main, ["--data", str(tmp_path / "none"), "doctor"])
    assert done.exit_code == 4
    assert "run: permille-server" in done.output
