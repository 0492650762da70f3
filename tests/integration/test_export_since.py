"""An export since another one holds what changed on the server, and what is gone."""

import asyncio
import csv
import json

import pytest
from sqlcipher3 import dbapi2

from server.clock import Clock
from tests.laptop import new_id
from tests.processes import typed


async def export(server, *words, code=0):
    await server.derived()
    done = await asyncio.to_thread(
        typed, server.data.path, "export", *words, "--json", code=code
    )
    return json.loads(done.stdout)


def rows(folder, table):
    with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def core_with(laptop, bags):
    """Add what leads to a core, and bags to it; return their ids."""
    plot = laptop.add("plot", {"code": "P1"})
    point = laptop.add("point", {"plot_id": plot, "code": "1"})
    campaign = laptop.add(
        "campaign", {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
    )
    core = laptop.add(
        "core",
        {
            "point_id": point,
            "campaign_id": campaign,
            "number": 1,
            "sampled_at": "2026-05-04T09:00:00Z",
        },
    )
    found = {"plot": plot, "core": core}
    for n in range(bags):
        depth = {"depth_top_cm": 10.0 * n, "depth_bottom_cm": 10.0 * (n + 1)}
        bag = {"core_id": core, "sample_code": f"B{n}"} | depth
        found[f"B{n}"] = laptop.add("sample", bag)
    return found


def soc(bag, value):
    named = {"analyte": "soc", "replicate": 1, "method": "dry_combustion"}
    return {"sample_id": bag, "value": value, "unit": "g_kg"} | named


async def test_what_changed_is_told_with_the_names_of_what_did_not(server, tmp_path):
    north = await server.laptop("north")
    of = await core_with(north, 3)
    north.add("result", soc(of["B0"], 20.0))
    gone = north.add("result", soc(of["B2"], 9.0))
    await north.sync()
    first = await export(server, "csv", tmp_path / "first")
    assert first["rows"]["samples"] == 3
    assert rows(tmp_path / "first", "deleted") == []

    new = north.add("result", soc(of["B1"], 15.0))
    north.draft("result", gone, {}, op="del")
    assert set((await north.sync()).outcomes) == {"accepted"}
    since = tmp_path / "first" / "manifest.json"
    second = await export(server, "csv", tmp_path / "second", "--since", since)
    assert second["since"] == first["snapshot"] != second["snapshot"]
    (result,) = rows(tmp_path / "second", "results")
    assert (result["id"], result["plot"], result["sample_code"]) == (new, "P1", "B1")
    assert rows(tmp_path / "second", "plots") == []
    (deleted,) = rows(tmp_path / "second", "deleted")
    assert [deleted[name] for name in ("id", "type")] == [gone, "result"]
    # The layers of two bags read otherwise now, though no bag changed itself; whether a
    # script gets the third depends on them.
    layers = {row["sample_code"]: row for row in rows(tmp_path / "second", "layers")}
    assert layers.keys() == {"B0", "B1", "B2"}
    assert (layers["B1"]["soc_g_kg"], layers["B2"]["soc_g_kg"]) == ("15.0", "")

    nothing = await export(
        server, "csv", tmp_path / "third", "--since", second["snapshot"]
    )
    assert nothing["snapshot"] == second["snapshot"]
    told = {table for table, count in nothing["rows"].items() if count}
    assert told == {"codes"}


async def test_a_database_of_changes_has_what_they_belong_to_and_no_more(
    server, tmp_path
):
    north = await server.laptop("north")
    of = await core_with(north, 3)
    for n in range(50):
        north.add("plot", {"code": f"Q{n}"})
    await north.sync()
    first = await export(server, "sqlite", tmp_path / "first.db")
    north.add("result", soc(of["B1"], 15.0))
    await north.sync()
    words = ("--since", first["snapshot"])
    done = await export(server, "sqlite", tmp_path / "second.db", *words)
    # Of one core, all bags: whether a script gets one depends on the others.
    assert (done["rows"]["plots"], done["rows"]["samples"]) == (1, 3)
    assert first["rows"]["plots"] == 51
    with dbapi2.connect(str(tmp_path / "second.db")) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        changed = "SELECT r.value FROM changed AS c JOIN results AS r ON r.id = c.id"
        assert db.execute(changed).fetchall() == [(15.0,)]
        assert (
            db.execute(
                "SELECT id FROM changed WHERE id IN (SELECT id FROM samples)"
            ).fetchall()
            == []
        )
        assert ("P1", 15.0) in db.execute(
            "SELECT plot, soc_g_kg FROM layers"
        ).fetchall()
    db.close()


@pytest.mark.parametrize(
    ("cursor", "why"),
    [
        ("yesterday", "is no cursor of an export"),
        ("", "is no cursor of an export"),
        ("{other}:", "of another server"),
        ("{epoch}:{project}@999999", "is ahead of project"),
    ],
)
async def test_a_cursor_that_tells_nothing_here_is_refused(
    server, tmp_path, cursor, why
):
    epoch = await server.report("epoch")
    given = cursor.format(epoch=epoch, other=new_id(), project=server.project_id)
    error = await export(server, "csv", tmp_path / "t", "--since", given, code=4)
    assert why in error["error"]["text"]
    assert error["error"]["hint"]
    assert not (tmp_path / "t").exists()


async def test_a_cursor_of_a_lost_timeline_is_refused_and_one_from_before_is_not(
    server, tmp_path
):
    north = await server.laptop("north")
    north.add("plot", {"code": "P1"})
    await north.sync()
    first = await export(server, "csv", tmp_path / "first")
    epoch, _, places = first["snapshot"].partition(":")
    head = int(places.rpartition("@")[2])
    lost = f"{epoch}:{server.project_id}@{head + 1}"
    now = Clock().stamp()
    await server.ask(
        lambda store: store.write(
            lambda tx: tx.begin_epoch(new_id(), now, "restored", None)
        )
    )
    error = await export(server, "csv", tmp_path / "t", "--since", lost, code=4)
    assert "put back to a backup" in error["error"]["text"]
    done = await export(server, "csv", tmp_path / "t", "--since", first["snapshot"])
    assert done["rows"]["plots"] == 0


async def test_a_manifest_that_is_none_is_refused(server, tmp_path):
    (tmp_path / "x.json").write_text("[]")
    words = ("--since", tmp_path / "x.json")
    error = await export(server, "csv", tmp_path / "t", *words, code=4)
    assert "is no manifest" in error["error"]["text"]


async def test_a_deletion_that_was_purged_is_told_with_its_type(server, tmp_path):
    north = await server.laptop("north")
    gone = north.add("plot", {"code": "GONE"})
    await north.sync()
    first = await export(server, "csv", tmp_path / "first")
    north.draft("plot", gone, {}, op="del")
    await north.sync()
    purged = await server.ask(
        lambda store: store.write(
            lambda tx: tx.purge("2200-01-01T00:00:00Z", Clock().stamp())
        )
    )
    assert purged == {server.project_id: 1}
    await export(server, "csv", tmp_path / "t", "--since", first["snapshot"])
    told = {row["id"]: row["type"] for row in rows(tmp_path / "t", "deleted")}
    assert told == {gone: "plot"}


async def test_a_decision_about_a_batch_tells_its_bags_anew(server, tmp_path):
    north = await server.laptop("north")
    of = await core_with(north, 2)
    batch = {"lab": "L", "lab_batch": "7"}
    north.add("result", soc(of["B0"], 20.0) | batch)
    north.add("result", soc(of["B1"], 21.0))
    await north.sync()
    first = await export(server, "csv", tmp_path / "first")
    decided = {"analyte": "soc", "decision": "rejected", "reason": "blanks"}
    decision = north.add("lab_batch", batch | decided)
    assert (await north.sync()).outcomes == ["accepted"]
    since = ("--since", first["snapshot"])
    await export(server, "csv", tmp_path / "t", *since)
    layers = {row["sample_code"]: row for row in rows(tmp_path / "t", "layers")}
    assert layers["B0"]["soc_g_kg"] == ""

    second = await export(server, "csv", tmp_path / "second")
    north.draft("lab_batch", decision, {}, op="del")
    await north.sync()
    await export(server, "csv", tmp_path / "u", "--since", second["snapshot"])
    layers = {row["sample_code"]: row for row in rows(tmp_path / "u", "layers")}
    assert layers["B0"]["soc_g_kg"] == "20.0"
