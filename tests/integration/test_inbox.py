"""The inbox: all that waits as one list, decided on at once, and taken back as one act."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from server.cli import main
from server.custody.inbox import CHOICES, InboxChoice, InboxKind
from tests.integration.test_undo import bags

LATER = {"u": "Cy"}
OF_BATCH = {"lab": "LAS", "lab_batch": "B7", "analyte": "soc"}
CRM = OF_BATCH | {
    "kind": "reference",
    "code": "CRM-A",
    "number": 1,
    "value": 20.0,
    "unit": "g_kg",
    "certified_value": 23.1,
}
WHY = ["--reason", "measured twice", "--person", "Bo", "--yes"]
BACK = ["--write", "--reason", "too early", "--person", "Bo"]


async def typed(server, *words, code=0):
    given = ["--data", str(server.data.path), *map(str, words)]
    done = await asyncio.to_thread(CliRunner().invoke, main, given)
    assert done.exit_code == code, done.output
    return done.stdout


async def asked(server, *words, code=0):
    return json.loads(await typed(server, *words, "--json", code=code))


async def listed(server, *words):
    return (await asked(server, "inbox", "list", *words))["rows"]


async def decide(server, *words, code=0):
    return await asked(server, "inbox", "decide", *words, *WHY, code=code)


async def undone(server, operation, code=0):
    words = ["undo", operation, "--project", "HF", *BACK]
    return await asked(server, *words, code=code)


async def looked_at(server, operation):
    """Return what an undo would do; its exit code is 1 where something would stay."""
    words = ["--data", str(server.data.path), "undo", operation, "--project", "HF"]
    done = await asyncio.to_thread(CliRunner().invoke, main, [*words, "--json"])
    return json.loads(done.stdout)


async def standing(server):
    """Return all that a person sees of a project: live records, and what waits."""
    kinds = ("plot", "sample", "result", "lab_control", "lab_batch", "core")
    records = {
        record.id: {k: v for k, v in record.fields.items() if k != "explained" or v}
        for kind in kinds
        for record in await server.report("records", server.project_id, kind)
    }
    waits = [(r["id"], r["kind"], r["what"], r["person"]) for r in await listed(server)]
    return records, sorted(waits)


@pytest.fixture
async def north(server):
    """A laptop that recorded a plot with four bags."""
    return await bags(server, await server.laptop("north"), codes="ABCD")


async def contested(server, north):
    """Write the area of the plot on two laptops, unseen."""
    south = await server.laptop("south")
    north.draft("plot", north.plot, {"area_ha": 1.0}, u="Ada")
    await north.sync()
    south.draft("plot", north.plot, {"area_ha": 2.0}, **LATER)
    assert (await south.sync()).outcomes == ["conflict"]
    return south


async def deleted_unseen(server, north, *, first):
    """Delete bag A where it was edited, unseen; the `first` of the two stands."""
    south = await server.laptop("south")
    bag = north.bags["A"]
    base = await server.seen(bag)
    depth = {"depth_top_cm": 0.0, "depth_bottom_cm": 25.0}
    deletion = ("sample", bag, {}), {"op": "del", "base": base, "u": "Ada"}
    edit = ("sample", bag, depth), {"base": base, **LATER}
    order = [(north, deletion), (south, edit)]
    for laptop, (place, more) in order if first == "deletion" else reversed(order):
        laptop.draft(*place, **more)
        outcomes = (await laptop.sync()).outcomes
    assert outcomes == ["conflict"]
    return south


async def waiting(server, north):
    """Send a bag without a depth, which is quarantined, and its result, which is held."""
    south = await server.laptop("south")
    bad = {"core_id": north.hole, "sample_code": "Z", "depth_top_cm": 90.0}
    bag = south.add("sample", bad, **LATER)
    value = {"sample_id": bag, "analyte": "soc", "value": 1.5, "unit": "pct"}
    south.add("result", value | {"method": "dry_combustion", "replicate": 1}, **LATER)
    assert (await south.sync()).outcomes == ["quarantined", "held"]
    return south


async def failed_batch(server, north):
    """Send a batch whose reference fails."""
    value = {"sample_id": north.bags["A"], "value": 1.5, "unit": "pct", "replicate": 1}
    north.add("result", OF_BATCH | value | {"method": "dry_combustion"}, u="Ada")
    north.add("lab_control", CRM, u="Ada")
    assert set((await north.sync()).outcomes) == {"accepted"}


async def odd(server, north):
    """Record two bags that look alike."""
    bag = {"core_id": north.hole, "depth_top_cm": 80.0, "depth_bottom_cm": 90.0}
    north.add("sample", bag | {"sample_code": "0071"}, u="Ada")
    bag = bag | {"depth_top_cm": 90.0, "depth_bottom_cm": 95.0}
    north.add("sample", bag | {"sample_code": "71"}, u="Ada")
    await north.sync()


async def test_one_of_each_kind_is_listed_with_what_can_be_chosen(server, north):
    await contested(server, north)
    bad = {"core_id": north.hole, "sample_code": "Z", "depth_top_cm": 90.0}
    await waiting(server, north)
    await failed_batch(server, north)
    await odd(server, north)
    rows = await listed(server)
    assert {row["kind"] for row in rows} == {
        *("conflict", "quarantine", "held", "warning", "lab")
    }
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    first = {row["kind"]: row for row in reversed(rows)}
    conflict = first["conflict"]
    assert conflict["what"] == "stands: area-ha 1; also recorded: area-ha 2"
    assert (conflict["name"], conflict["code"]) == ("plot P1", "HF")
    assert (conflict["person"], conflict["device"]) == ("Cy", "south")
    assert (conflict["days"], conflict["choices"]) == (0, ["keep", "other"])
    assert first["held"]["what"] == f"waits for {bad['sample_code']}"
    assert first["quarantine"]["choices"] == ["release", "discard"]
    assert first["lab"]["name"] == "batch B7 of LAS, soc"
    assert first["lab"]["person"] == "Ada"
    assert first["warning"]["choices"] == ["explain"]


async def test_filters_narrow_the_list(server, north):
    await contested(server, north)
    await waiting(server, north)
    await odd(server, north)
    south = await listed(server, "--device", "south")
    assert {row["kind"] for row in south} == {"conflict", "quarantine", "held"}
    assert await listed(server, "--person", "cy") == south
    assert {row["kind"] for row in await listed(server, "--by", "Ada")} == {"warning"}
    held = await listed(server, "--kind", "held", "--kind", "conflict")
    assert {row["kind"] for row in held} == {"held", "conflict"}
    assert await listed(server, "--older-than", "1") == []
    assert len(await listed(server, "--project", "HF", "--older-than", "0")) > 3


async def test_a_list_has_pages(server, north):
    await waiting(server, north)
    said = await asked(server, "inbox", "list")
    assert (said["count"], said["page"], said["pages"]) == (2, 1, 1)
    said = await asked(server, "inbox", "list", "--page", "2")
    assert (said["count"], said["rows"]) == (2, [])


async def test_what_is_listed_is_printed_with_the_next_command(server, north):
    await contested(server, north)
    (row,) = await listed(server)
    said = await typed(server, "inbox", "list")
    assert "1 thing waits for a person." in said
    assert f"permille-server inbox decide {row['id']} --choose keep" in said


CASES = {
    "keep": (contested, "conflict"),
    "other": (contested, "conflict"),
    "discard": (waiting, "quarantine"),
    "accept": (failed_batch, "lab"),
    "reject": (failed_batch, "lab"),
    "explain": (odd, "warning"),
}


def test_the_command_names_all_kinds_and_choices():
    words = {
        param.name: param.type
        for param in main.commands["inbox"].commands["decide"].params
    }
    assert {*words["kinds"].choices} == {*InboxKind}
    assert {*words["choice"].choices} == {*InboxChoice}
    assert set().union(*CHOICES.values()) == {*InboxChoice}


@pytest.mark.parametrize("choice", CASES)
async def test_each_decision_is_made_and_taken_back_as_one_act(server, north, choice):
    make, kind = CASES[choice]
    await make(server, north)
    before = await standing(server)
    ids = [row["id"] for row in await listed(server, "--kind", kind)]
    looked = await decide(server, *ids, "--choose", choice, "--dry-run")
    assert (looked["written"], len(looked["decided"])) == (False, len(ids))
    assert await standing(server) == before
    done = await decide(server, *ids, "--choose", choice)
    assert [one["id"] for one in done["decided"]] == ids
    assert done["left"] == []
    assert not {*ids} & {row["id"] for row in await listed(server)}
    (operation,) = await asked(server, "undo", "--list", "--project", "HF")
    assert (operation["id"], operation["kind"]) == (done["operation"], "decide")
    assert operation["what"] == f"{choice}, measured twice (Bo)"
    await undone(server, done["operation"])
    assert await standing(server) == before
    again = await looked_at(server, done["operation"])
    assert (again["steps"], again["reopened"], again["discarded"]) == ([], 0, 0)
    await typed(server, "verify")


@pytest.mark.parametrize("first", ["deletion", "edit"])
@pytest.mark.parametrize("choice", ["keep", "other"])
async def test_a_deletion_that_met_an_edit_is_as_before(server, north, first, choice):
    await deleted_unseen(server, north, first=first)
    before = await standing(server)
    (row,) = await listed(server, "--kind", "conflict")
    done = await decide(server, row["id"], "--choose", choice)
    assert done["left"] == []
    await undone(server, done["operation"])
    assert await standing(server) == before
    await typed(server, "verify")


async def test_the_other_value_stands_and_laptops_hear_of_both(server, north):
    south = await contested(server, north)
    (row,) = await listed(server)
    done = await decide(server, row["id"], "--choose", "other")
    (plot,) = await server.report("records", server.project_id, "plot")
    assert plot.fields["area_ha"] == 2.0
    (seen,) = [r for r in (await south.sync()).rows if r["r"] == north.plot]
    assert not seen["x"]
    await undone(server, done["operation"])
    (seen,) = [r for r in (await south.sync()).rows if r["r"] == north.plot]
    assert (seen["f"]["area_ha"], seen["x"][0]["ours"]) == (1.0, {"area_ha": 2.0})
    (again,) = await listed(server)
    later = await decide(server, again["id"], "--choose", "other")
    assert later["left"] == []
    (plot,) = await server.report("records", server.project_id, "plot")
    assert plot.fields["area_ha"] == 2.0


async def test_an_author_hears_of_a_discard_and_of_its_undo(server, north):
    south = await waiting(server, north)
    (row,) = await listed(server, "--kind", "quarantine")
    done = await decide(server, row["id"], "--choose", "discard")
    (held,) = await listed(server)
    assert held["kind"] == "quarantine"  # what waited for it is told so
    assert set((await south.sync()).late.values()) == {"quarantined"}
    undo = await undone(server, done["operation"])
    assert undo["discarded"] == 1
    assert {row["kind"] for row in await listed(server)} == {"quarantine", "held"}
    assert set((await south.sync()).late.values()) == {"quarantined", "held"}


async def test_a_released_change_stays_accepted_and_what_it_wrote_is_taken_back(
    server, north
):
    north.add("plot", {"code": "P9"}, u="Ada")
    south = await server.laptop("south", [server.project_id])
    await typed(server, "device", "withdraw", "south", "--project", "HF")
    south.draft("plot", north.plot, {"note": "stony"}, base=None, **LATER)
    assert (await south.sync()).outcomes == ["quarantined"]
    (row,) = await listed(server, "--kind", "quarantine")
    done = await decide(server, row["id"], "--choose", "release")
    assert len(done["decided"]) == 1
    plots = await server.report("records", server.project_id, "plot")
    assert {one.fields.get("note") for one in plots} == {"stony"}
    back = await undone(server, done["operation"])
    assert [step["does"] for step in back["steps"]] == ["set back"]
    plots = await server.report("records", server.project_id, "plot")
    assert {one.fields.get("note") for one in plots} == {None}
    assert await listed(server) == []
    await typed(server, "verify")


async def test_what_is_still_wrong_is_not_released_and_told(server, north):
    await waiting(server, north)
    (row,) = await listed(server, "--kind", "quarantine")
    done = await decide(server, row["id"], "--choose", "release", code=1)
    assert (done["written"], done["decided"]) == (False, [])
    assert done["left"][0]["why"].startswith("it waits on: ")
    assert row["id"] in {one["id"] for one in await listed(server)}


async def test_what_changed_since_it_was_listed_is_left_and_told(server, north):
    south = await contested(server, north)
    (row,) = await listed(server)
    base = await server.seen(north.plot)
    north.draft("plot", north.plot, {"area_ha": 1.5}, base=base, u="Ada")
    await north.sync()
    told = await asked(
        server, "inbox", "decide", row["id"], "--choose", "keep", *WHY, code=4
    )
    assert told["error"]["text"] == "nothing of this waits"
    (now,) = await listed(server)
    assert now["id"] != row["id"]
    ids = [row["id"], now["id"]]
    done = await decide(server, *ids, "--choose", "keep", code=1)
    assert [one["id"] for one in done["decided"]] == [now["id"]]
    assert done["left"] == [
        {
            "id": row["id"],
            "name": "",
            "why": "it was decided, or has changed, since it was listed",
        }
    ]
    assert (await south.sync()).rows


async def test_what_a_choice_does_not_fit_is_left_and_told(server, north):
    await contested(server, north)
    await odd(server, north)
    ids = [row["id"] for row in await listed(server)]
    done = await decide(server, *ids, "--choose", "keep", code=1)
    assert {one["kind"] for one in done["decided"]} == {"conflict"}
    assert {one["why"] for one in done["left"]} == {
        "of a warning you may choose explain"
    }


async def test_two_other_values_are_not_chosen_between(server, north):
    await contested(server, north)
    west = await server.laptop("west")
    west.draft("plot", north.plot, {"area_ha": 3.0}, u="Di")
    await west.sync()
    rows = await listed(server)
    ids = [row["id"] for row in rows]
    done = await decide(server, *ids, "--choose", "other", code=1)
    assert len(done["left"]) == 2
    assert "2 other values of area_ha wait" in done["left"][0]["why"]
    one = await decide(server, ids[0], "--choose", "other")
    assert one["left"] == []


async def test_all_of_a_filter_are_decided_and_no_others(server, north):
    await contested(server, north)
    await waiting(server, north)
    words = ["--all-of-filter", "--kind", "held", "--device", "south"]
    done = await decide(server, *words, "--choose", "discard")
    assert [one["kind"] for one in done["decided"]] == ["held"]
    left = {row["kind"] for row in await listed(server)}
    assert left == {"conflict", "quarantine"}


async def test_many_need_a_yes(server, north):
    await waiting(server, north)
    words = ["inbox", "decide", "--all-of-filter", "--choose", "discard"]
    error = (await asked(server, *words, "--reason", "x", code=4))["error"]
    assert error["text"] == "Choose discard for 2 rows? This needs a yes."
    assert len(await listed(server)) == 2


async def test_the_rows_of_a_list_that_was_kept_are_decided(server, north, tmp_path):
    await waiting(server, north)
    kept = tmp_path / "list.json"
    kept.write_text(await typed(server, "inbox", "list", "--kind", "held", "--json"))
    done = await decide(server, "--listed", kept, "--choose", "discard")
    assert [one["kind"] for one in done["decided"]] == ["held"]
    kept.write_text('{"rows": [7]}')
    words = ["inbox", "decide", "--listed", kept, "--choose", "keep", *WHY]
    error = (await asked(server, *words, code=2))["error"]
    assert error["text"] == "list.json is no list of the inbox"


async def test_which_rows_is_said_once(server, north):
    words = ["inbox", "decide", "--choose", "keep", *WHY]
    for more in ([], ["3f9a2c1b", "--all-of-filter"]):
        error = (await asked(server, *words, *more, code=2))["error"]
        assert error["text"].startswith("say which rows")


async def test_the_start_of_an_id_is_enough(server, north):
    await contested(server, north)
    (row,) = await listed(server)
    done = await decide(server, row["id"][:6], "--choose", "keep")
    assert [one["id"] for one in done["decided"]] == [row["id"]]


async def test_what_was_built_on_a_decision_stays_and_is_named(server, north):
    await contested(server, north)
    (row,) = await listed(server)
    done = await decide(server, row["id"], "--choose", "other")
    west = await server.laptop("west")
    await west.sync()
    base = await server.seen(north.plot)
    west.draft("plot", north.plot, {"area_ha": 2.2}, base=base, u="Di")
    assert (await west.sync()).outcomes == ["accepted"]
    back = await undone(server, done["operation"], code=1)
    assert (back["reopened"], len(back["kept"])) == (0, 1)
    assert back["kept"][0]["why"] == "Di on west has written area-ha since"
    (plot,) = await server.report("records", server.project_id, "plot")
    assert plot.fields["area_ha"] == 2.2


async def test_decisions_of_all_kinds_at_once_are_in_the_audit_log(server, north):
    await waiting(server, north)
    ids = [row["id"] for row in await listed(server)]
    await decide(server, *ids, "--choose", "discard")
    found = (await asked(server, "audit", "list"))[0]
    assert (found["command"], found["person"]) == ("inbox decide", "Bo")
    assert found["said"]["reason"] == "measured twice"
    assert found["projects"] != []


async def test_what_has_come_meanwhile_is_no_longer_waited_for_after_an_undo(
    server, north
):
    south = await waiting(server, north)
    (row,) = await listed(server, "--kind", "held")
    done = await decide(server, row["id"], "--choose", "discard")
    bag = {"core_id": north.hole, "sample_code": "Z", "depth_top_cm": 90.0}
    south.add("sample", bag | {"depth_bottom_cm": 95.0}, x=south.change_id(1), **LATER)
    assert (await south.sync()).outcomes == ["accepted"]
    assert await server.report("records", server.project_id, "result") == []
    await undone(server, done["operation"])
    for _ in range(100):
        if not await listed(server, "--kind", "held"):
            break
        await asyncio.sleep(0.1)
    (result,) = await server.report("records", server.project_id, "result")
    assert result.fields["value"] == 1.5
    await typed(server, "verify")
