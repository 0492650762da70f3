"""Undo on the server: an import, a lab batch, what somebody did since a moment."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from schemas import hlc
from schemas.operations import OperationKind, operation
from server.cli import main
from server.clock import Clock
from server.custody.selected import Selection
from server.custody.undo import look, undo

MAY = 1_777_000_000_000
TABLE = "Probe;Corg %;Charge\nA;1,52;B7\nB;1,41;B7\n"
SAYS = ["--method", "soc=dry_combustion"]
WHY = ["--write", "--reason", "wrong file", "--person", "Bo"]


@pytest.fixture
async def north(server):
    """A laptop that recorded two bags."""
    return await bags(server, await server.laptop("north"))


async def bags(server, laptop, plot="P1", codes="AB"):
    said = {"u": "Ada", "h": hlc.at(MAY)}
    laptop.plot = laptop.add("plot", {"code": plot}, **said)
    laptop.point = laptop.add("point", {"plot_id": laptop.plot, "code": "1"}, **said)
    start = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
    laptop.campaign = laptop.add("campaign", start, **said)
    core = {"point_id": laptop.point, "campaign_id": laptop.campaign, "number": 1}
    at = {"sampled_at": "2026-05-04T09:00:00Z"}
    laptop.hole = laptop.add("core", core | at, **said)
    laptop.bags = {}
    for n, code in enumerate(codes):
        depths = {"depth_top_cm": 20.0 * n, "depth_bottom_cm": 20.0 * n + 20}
        bag = {"core_id": laptop.hole, "sample_code": code, **depths}
        laptop.bags[code] = laptop.add("sample", bag, **said)
    assert set((await laptop.sync()).outcomes) <= {"accepted", "merged"}
    return laptop


async def typed(server, *words, code=0):
    given = ["--data", str(server.data.path), *map(str, words)]
    done = await asyncio.to_thread(CliRunner().invoke, main, given)
    assert done.exit_code == code, done.output
    return done


async def asked(server, *words, code=0):
    done = await typed(server, *words, "--project", "HF", "--json", code=code)
    return json.loads(done.stdout)


async def imported(server, tmp_path, text=TABLE, *more, code=0):
    path = tmp_path / "lab.csv"
    path.write_text(text, "utf-8")
    words = ["lab", "import", path, "--lab", "LAS", *SAYS, "--write", *more]
    return await asked(server, *words, code=code)


async def results(server):
    found = await server.report("records", server.project_id, "result")
    return sorted(record.fields["value"] for record in found)


async def fields(server, kind, record):
    found = await server.report("records", server.project_id, kind)
    return next((one.fields for one in found if one.id == record), None)


async def test_an_import_is_looked_at_taken_back_and_had_again(server, north, tmp_path):
    done = (await imported(server, tmp_path))["operation"]
    looked = await asked(server, "undo", done)
    assert (looked["written"], looked["changes"]) == (False, 2)
    assert {step["does"] for step in looked["steps"]} == {"delete"}
    assert await results(server) == [1.41, 1.52]
    undone = await asked(server, "undo", done, *WHY)
    assert await results(server) == []
    gone = [row["r"] for row in (await north.sync()).gone]
    assert len(gone) >= 2
    again = await asked(server, "undo", undone["operation"], *WHY)
    assert {step["does"] for step in again["steps"]} == {"bring back"}
    assert await results(server) == [1.41, 1.52]
    listed = await asked(server, "undo", "--list")
    assert [one["kind"] for one in listed] == ["undo", "undo", "import"]
    assert (listed[-1]["what"], listed[-1]["changes"]) == ("lab.csv", 2)


async def test_an_undo_that_is_repeated_has_nothing_to_do(server, north, tmp_path):
    done = (await imported(server, tmp_path))["operation"]
    await asked(server, "undo", done, *WHY)
    again = await asked(server, "undo", done, *WHY)
    assert (again["written"], again["already"]) == (False, 2)


async def test_what_others_have_written_since_stays_and_is_named(
    server, north, tmp_path
):
    done = (await imported(server, tmp_path))["operation"]
    south = await server.laptop("south")
    rows = (await south.sync()).rows
    first = next(row for row in rows if row["f"].get("value") == 1.41)
    epoch = await server.report("epoch")
    note = {"note": "seen"}
    south.draft("result", first["r"], note, base=[epoch, first["q"]], u="Cy")
    await south.sync()
    undone = await asked(server, "undo", done, *WHY, code=1)
    assert await results(server) == [1.41]
    assert [(one["name"], one["why"]) for one in undone["kept"]] == [
        ("result B/soc/1", "Cy on south has written note since, so it stays")
    ]


async def test_a_record_stays_where_others_have_added_to_it(server, north):
    south = await server.laptop("south")
    await south.sync()
    bag = {"core_id": north.hole, "sample_code": "C"}
    south.add("sample", bag | {"depth_top_cm": 40.0, "depth_bottom_cm": 60.0})
    await south.sync()
    undone = await asked(
        server, "undo", "--laptop", "north", "--since", "2026-01-01", *WHY, code=1
    )
    kept = {one["type"]: one["why"] for one in undone["kept"]}
    assert kept["core"] == "1 record belongs to it: sample C"
    # What the bag hangs on stays, too; the campaign is the core's.
    assert set(kept) == {"core", "point", "plot", "campaign"}
    assert {step["type"] for step in undone["steps"]} == {"sample"}
    assert await fields(server, "sample", north.bags["A"]) is None
    assert await fields(server, "plot", north.plot) is not None


async def test_a_value_gives_way_to_what_stood_before_it(server, north):
    row = await server.seen(north.plot)
    south = await server.laptop("south")
    later = {"u": "Cy", "h": hlc.at(MAY + 60_000)}
    south.draft("plot", north.plot, {"area_ha": 2.0}, base=row, **later)
    south.draft("plot", north.plot, {"area_ha": 3.0}, base=row, **later)
    south.draft("plot", north.plot, {"note": "stony"}, base=row, **later)
    bag = north.bags["A"]
    depth = {"depth_top_cm": 0.0, "depth_bottom_cm": 25.0}
    south.draft("sample", bag, depth, base=await server.seen(bag), **later)
    await south.sync()
    assert (await fields(server, "sample", bag))["depth_bottom_cm"] == 25.0
    undone = await asked(server, "undo", "--by", "Cy", "--since", "2026-01-01", *WHY)
    assert {step["does"] for step in undone["steps"]} == {"set back"}
    plot = await fields(server, "plot", north.plot)
    assert ("area_ha" in plot, "note" in plot) == (False, False)
    assert (await fields(server, "sample", bag))["depth_bottom_cm"] == 20.0


async def test_writing_again_what_stood_there_is_not_taken_for_its_beginning(
    server, north
):
    south = await server.laptop("south")
    depth = {"depth_top_cm": 0.0, "depth_bottom_cm": 20.0}
    base = await server.seen(north.bags["A"])
    south.draft("sample", north.bags["A"], depth, base=base, u="Cy", h=hlc.at(MAY))
    await south.sync()
    found = await asked(server, "undo", "--by", "Cy", "--since", "2026-01-01")
    assert (found["steps"], found["already"]) == ([], 1)


async def test_a_deletion_is_taken_back_with_its_parents_first(server, north):
    for record, kind in [
        *((bag, "sample") for bag in north.bags.values()),
        (north.hole, "core"),
    ]:
        base = await server.seen(record)
        said = {"op": "del", "base": base, "u": "Cy", "h": hlc.at(MAY + 1)}
        north.draft(kind, record, {}, **said)
        await north.sync()
    assert await fields(server, "core", north.hole) is None
    await asked(server, "undo", "--by", "Cy", "--since", "2026-01-01", *WHY)
    assert await fields(server, "core", north.hole) is not None
    assert await fields(server, "sample", north.bags["B"]) is not None


async def test_a_batch_of_a_laboratory_is_taken_back_alone(server, north, tmp_path):
    await imported(server, tmp_path, TABLE.replace("B;1,41;B7", "B;1,41;B8"))
    words = ["--lab", "LAS", "--batch", "B7"]
    undone = await asked(server, "undo", *words, *WHY)
    assert [step["name"] for step in undone["steps"]] == ["result A/soc/1"]
    assert await results(server) == [1.41]


async def test_a_replaced_value_comes_back_when_its_import_is_taken_back(
    server, north, tmp_path
):
    await imported(server, tmp_path)
    other = TABLE.replace("1,52", "1,62")
    again = await imported(server, tmp_path, other, "--differing", "replace", code=1)
    assert await results(server) == [1.41, 1.62]
    await asked(server, "undo", again["operation"], *WHY)
    assert await results(server) == [1.41, 1.52]


async def test_what_waits_is_discarded_and_a_conflict_of_it_closed(server, north):
    south = await server.laptop("south")
    said = {"u": "Cy", "h": hlc.at(MAY)}
    south.draft("plot", north.plot, {"area_ha": 2.0}, base=None, **said)
    bad = {"core_id": north.hole, "sample_code": "Z", "depth_top_cm": 9.0}
    south.add("sample", bad, **said)
    north.draft("plot", north.plot, {"area_ha": 1.0}, h=hlc.at(MAY))
    await north.sync()
    outcomes = (await south.sync()).outcomes
    assert sorted(outcomes) == ["conflict", "quarantined"]
    undone = await asked(server, "undo", "--by", "Cy", "--since", "2026-01-01", *WHY)
    assert (undone["conflicts"], undone["waiting"]) == (1, 1)
    assert (await fields(server, "plot", north.plot))["area_ha"] == 1.0
    assert await asked(server, "conflict", "list") == []
    assert await asked(server, "quarantine", "list") == []


async def test_what_comes_between_looking_and_writing_is_not_overwritten(
    server, north, tmp_path
):
    done = (await imported(server, tmp_path))["operation"]
    which = Selection(operation=done)
    found = await server.ask(
        lambda store: store.read(lambda tx: look(tx, server.project_id, which))
    )
    south = await server.laptop("south")
    first = next(r for r in (await south.sync()).rows if r["f"].get("value") == 1.41)
    epoch = await server.report("epoch")
    late = {"value": 1.5, "unit": "pct"}
    south.draft("result", first["r"], late, base=[epoch, first["q"]])
    await south.sync()
    back = operation(OperationKind.UNDO, Clock().new_id(), "wrong file")
    came = await server.ask(
        lambda store: undo(store, Clock(), found, back, "Bo", lambda *_: None)
    )
    assert (came.steps, len(came.refused)) == (1, 1)
    assert await results(server) == [1.5]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say what is taken back"),
        (["--laptop", "north"], "say what is taken back"),
        (["--lab", "LAS"], "a batch is named"),
        (["--by", "Cy", "--since", "sometime"], "sometime is no moment"),
        (["3f9a2c1b", "--write"], "an undo needs a reason"),
    ],
)
async def test_what_is_not_said_plainly_is_asked_for(server, words, said):
    error = (await asked(server, "undo", *words, code=2))["error"]
    assert said in error["text"]


async def test_an_undo_of_nothing_says_so(server, north):
    done = await typed(server, "undo", "3f9a2c1b", "--project", "HF")
    assert "no changes are meant" in done.stdout


async def test_many_are_edited_and_deleted_by_what_they_have_in_common(server, north):
    words = ["records", "edit", "sample", "--where", "plot=P1", "--set", "note=wet"]
    assert "This needs a yes" in (await asked(server, *words, code=4))["error"]["text"]
    done = await asked(server, *words, "--yes")
    assert len(done["changed"]) == 2
    assert (await fields(server, "sample", north.bags["A"]))["note"] == "wet"
    gone = await asked(
        server, "records", "delete", "core", "--where", "plot=P1", "--yes", code=1
    )
    assert [one["why"] for one in gone["kept"]] == [
        "2 records belong to it: sample A; sample B"
    ]
    words = ["records", "delete", "sample", "--where", "depth-top-cm>=20", "--yes"]
    gone = await asked(server, *words)
    assert await fields(server, "sample", north.bags["B"]) is None
    await asked(server, "undo", gone["operation"], *WHY)
    await asked(server, "undo", done["operation"], *WHY)
    assert "note" not in await fields(server, "sample", north.bags["B"])


async def test_a_batch_is_taken_back_with_its_controls(server, north, tmp_path):
    text = "Probe;Corg %;Charge\nBLANK;0,01;B7\nA;1,52;B7\nB;1,41;B8\n"
    await imported(server, tmp_path, text)
    controls = await server.report("records", server.project_id, "lab_control")
    assert [one.fields["lab_batch"] for one in controls] == ["B7"]
    await asked(server, "undo", "--lab", "LAS", "--batch", "B7", *WHY)
    assert await server.report("records", server.project_id, "lab_control") == []
    assert await results(server) == [1.41]
