"""Conflicts, the quarantine and bundles, from the field to the decision and back."""

import asyncio
import json
import shlex
import sqlite3
from datetime import timedelta

import pytest
from click.testing import CliRunner

from collector.cli.app import App
from collector.cli.root import cli
from collector.clock import Clock
from collector.store.sqlite import LaptopStore
from schemas import bundles
from schemas.signing import sign
from server.config import DataDirectory
from server.custody.review import SCHEMA_SETTING
from server.data import open_store
from tests.integration.test_laptop_sync import (
    LAYER,
    SAMPLE,
    Laptop,
    Served,
    everything,
    point_at,
    prepare,
)
from tests.lines import kept_lines
from tests.processes import server_process, typed


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    data = tmp_path_factory.mktemp("custody") / "data"
    typed(data, "init")
    with server_process(data) as url:
        yield Served(data, url)
    typed(data, "verify")


@pytest.fixture
def pair(served, tmp_path):
    """Two laptops of one project, both with plot HF, point 1 and campaign 2026."""
    project = served.project()
    laptops = [Laptop(tmp_path, name) for name in ("one", "two")]
    for laptop in laptops:
        laptop("enrol", served.url, served.code(project))
    laptops[0].sync()
    laptops[0].project = laptops[1].project = project
    prepare(laptops[0])
    for laptop in laptops:
        laptop.sync()
    return laptops


def admin(served, *words, code=0):
    """Type an administrator's command; return what it printed."""
    return typed(served.data, *words, code=code)


def contested(pair, **areas):
    """Change the area on both laptops, unseen; return the open conflict."""
    one, two = pair
    one("plot", "edit", "HF", "--area-ha", areas.get("first", 2))
    two("plot", "edit", "HF", "--area-ha", areas.get("second", 3))
    one.sync()
    two.sync(code=1)
    (found,) = two.json("conflicts", code=1)
    return found["id"]


def area(laptop):
    return laptop.json("plot", "show", "HF")["fields"].get("area_ha")


def agreed(*laptops):
    """Sync twice and see that all show the same, without an open conflict."""
    for laptop in laptops * 2:
        laptop.sync()
    assert all(laptop.json("conflicts") == [] for laptop in laptops)
    assert everything(laptops[0]) == everything(laptops[-1])


@pytest.mark.parametrize(
    ("words", "stands"),
    [
        (["--keep"], 2.0),
        (["--take", "two"], 3.0),
        (["--set", "area_ha=2.5"], 2.5),
    ],
)
def test_an_administrator_settles_a_conflict(pair, served, words, stands):
    name = contested(pair)
    done = served.admin(
        "conflict", "resolve", name[:20], *words, "--reason", "measured again"
    )
    assert "1 conflict settled" in done
    agreed(*pair)
    assert area(pair[0]) == stands
    settled = json.loads(served.admin("conflict", "list", "--settled", "--json"))
    (found,) = [c for c in settled if c["id"] == name]
    assert found["decision"]["reason"] == "measured again"
    assert found["decision"]["chosen"] == {"area_ha": stands}
    assert "measured again" in served.admin("conflict", "list", "--settled")


@pytest.mark.parametrize("choice", ["keep", "other"])
def test_a_conflict_that_is_open_again_after_an_undo_is_decided_on_a_laptop(
    pair, served, choice
):
    name = contested(pair)
    project = pair[0].project
    words = ("--project", project, "--kind", "conflict", "--json")
    (row,) = json.loads(served.admin("inbox", "list", *words))["rows"]
    words = ("--choose", choice, "--reason", "too quick", "--json")
    done = json.loads(served.admin("inbox", "decide", row["id"], *words))
    agreed(*pair)
    words = ("--project", project, "--write", "--reason", "not yet")
    served.admin("undo", done["operation"], *words)
    for laptop in pair:
        laptop.sync(code=1)
        (found,) = laptop.json("conflicts", code=1)
        assert (found["id"], area(laptop)) == (name, 2.0)
        assert laptop.json("sync", "--check", code=1)["repaired"] == 0
    pair[1]("conflicts", "resolve", "HF", "--take", "two", "--reason", "seen both")
    pair[1].sync()
    agreed(*pair)
    assert area(pair[0]) == 3.0


def test_a_conflict_is_shown_side_by_side_with_who_and_when(pair, served):
    name = contested(pair)
    shown = served.admin("conflict", "show", name)
    words = [line.split() for line in shown.splitlines()]
    assert words[2][:6] == ["stands", "area-ha", "2", "one", "on", "one"]
    assert words[3][:7] == ["also", "recorded", "area-ha", "3", "two", "on", "two"]
    assert "conflict resolve" in shown
    assert "--take two" in shown
    found = json.loads(served.admin("conflict", "show", name, "--json"))
    assert (found["stands"], found["other"]) == ({"area_ha": 2.0}, {"area_ha": 3.0})
    assert found["stands_by"]["person"] == "one"


def test_a_choice_that_does_not_fit_writes_nothing(pair, served):
    name = contested(pair)
    give = ["conflict", "resolve", name, "--reason", "x"]
    before = json.loads(served.admin("stats", "--json"))["changes"]
    assert "no other" in admin(served, *give, "--set", "note=x", code=4).output
    assert (
        "outside its limits"
        in admin(served, *give, "--set", "area_ha=-1", code=4).output
    )
    assert "one of them" in admin(served, *give, code=2).output
    missing = admin(served, "conflict", "show", "ffffffff", code=4).output
    assert "there is no open conflict" in missing
    assert json.loads(served.admin("stats", "--json"))["changes"] == before
    served.admin("conflict", "resolve", name, "--keep", "--reason", "x")
    gone = admin(served, *give, "--keep", code=4).output
    assert "settled already" in gone


def test_a_start_that_several_conflicts_share_lists_them(pair, served):
    """One change met another in two field groups: their ids share its id."""
    one, two = pair
    for laptop, tool, lon in ((one, "auger", 2), (two, "probe", 3)):
        words = ["--tool", tool, "--lon", lon, "--lat", 48]
        laptop("core", "edit", "HF/1/2026/1", *words)
    one.sync()
    two.sync(code=1)
    ids = [each["id"] for each in two.json("conflicts", code=1)]
    start = ids[0].partition(":")[0]
    why = ["--keep", "--reason", "x"]
    said = admin(served, "conflict", "resolve", start, *why, code=4).output
    laptop = ["conflicts", "resolve", "HF/1/2026/1", "--id", start[:12], *why]
    error = two.json(*laptop, code=4)["error"]
    assert error["code"] == "ambiguous"
    for told in (said.strip(), f"{error['text']} {error['hint']}"):
        assert "means several" in told
        typed = told.rpartition(": ")[2]
        assert sum(name.startswith(typed) for name in ids) == 1
    admin(served, "conflict", "show", "", code=4)
    admin(served, "quarantine", "show", "", code=4)
    for name in ids:
        served.admin("conflict", "resolve", name, *why)
    agreed(*pair)


def test_many_conflicts_are_settled_at_once(pair, served):
    one, two = pair
    for laptop, note in ((one, "2"), (two, "3")):
        laptop("plot", "edit", "HF", "--area-ha", note, "--land-use", "grassland")
        laptop("point", "edit", "HF/1", "--lon", note, "--lat", "48")
    one.sync()
    two.sync(code=1)
    ids = [found["id"] for found in two.json("conflicts", code=1)]
    assert len(ids) == 2
    words = ["conflict", "resolve", *ids, "--take", "two", "--reason", "second visit"]
    assert "needs a yes" in admin(served, *words, code=4).output
    served.admin(*words, "--yes")
    agreed(one, two)
    assert area(one) == 3.0
    assert one.json("point", "show", "HF/1")["fields"]["lon"] == 3.0


def deleted_and_edited(pair):
    """Delete a plot on one laptop that the other edits unseen."""
    one, two = pair
    one("plot", "add", "--code", "A", "--area-ha", "1")
    for laptop in pair:
        laptop.sync()
    return one, two


@pytest.mark.parametrize(
    ("words", "lives"), [(["--keep"], False), (["--take", "one"], True)]
)
def test_an_edit_met_a_deletion(pair, served, words, lives):
    one, two = deleted_and_edited(pair)
    two("plot", "delete", "A", "--yes")
    one("plot", "edit", "A", "--area-ha", "2")
    two.sync()
    one.sync(code=1)
    assert "bring it back" in served.admin("conflict", "show", "plot A")
    served.admin("conflict", "resolve", "plot A", *words, "--reason", "x")
    agreed(one, two)
    fields = {p["name"]: p["fields"] for p in two.json("plot", "list")}
    assert ("A" in fields) is lives
    assert not lives or fields["A"]["area_ha"] == 2.0


@pytest.mark.parametrize(
    ("words", "lives"), [(["--keep"], True), (["--take", "deleted"], False)]
)
def test_a_deletion_met_an_edit(pair, served, words, lives):
    one, two = deleted_and_edited(pair)
    one("plot", "edit", "A", "--area-ha", "2")
    two("plot", "delete", "A", "--yes")
    one.sync()
    two.sync(code=1)
    (found,) = two.json("conflicts", code=1)
    assert "delete the record" in served.admin("conflict", "show", found["id"])
    served.admin("conflict", "resolve", found["id"], *words, "--reason", "x")
    agreed(one, two)
    assert ("A" in {p["name"] for p in one.json("plot", "list")}) is lives


def test_a_decision_that_cannot_stand_leaves_the_conflict_open(pair, served):
    one, two = deleted_and_edited(pair)
    one("plot", "edit", "A", "--area-ha", "2")
    two("plot", "delete", "A", "--yes")
    one.sync()
    two.sync(code=1)
    one("point", "add", "--plot", "A", "--code", "1")
    one.sync(code=1)
    (found,) = two.json("conflicts", code=1)
    words = ["conflict", "resolve", found["id"], "--take", "two", "--reason", "x"]
    assert "refused; the conflict stays open" in admin(served, *words, code=4).output
    assert json.loads(served.admin("quarantine", "list", "--json")) == []
    assert found["id"] in served.admin("conflict", "list", "--json")


def same_label_twice(pair):
    """Label bags of two cores the same; return the second laptop's change."""
    one, two = pair
    given = "core add --plot HF --point 1 --campaign 2026 --number 2"
    two(*given.split(), "--sampled-at", "2026-05-03")
    one(*SAMPLE, "--sample-code", "BAG", *LAYER)
    two(*SAMPLE, "--core-number", "2", "--sample-code", "BAG", *LAYER)
    lab = ["--analyte", "soc", "--value", "14", "--unit", "g_kg", "--method", "tinsley"]
    two("result", "add", "--sample", "BAG", *lab)
    one.sync()
    two.sync(code=1)
    entries = {entry["type"]: entry for entry in two.json("fix", code=1)}
    return entries["sample"]["change"], entries["result"]["change"]


def mine(served, pair, *words):
    """List the quarantine of the pair's project."""
    given = ("quarantine", "list", "--project", pair[0].project, "--json", *words)
    return json.loads(served.admin(*given))


def test_the_quarantine_says_what_waits_for_what(pair, served):
    bag, result = same_label_twice(pair)
    assert [q["change"] for q in mine(served, pair)] == [bag]
    assert [q["change"] for q in mine(served, pair, "--held")] == [result]
    assert len(mine(served, pair, "--all")) == 2
    shown = served.admin("quarantine", "show", bag[:18])
    assert "[key_taken]" in shown
    assert "sent by two on two" in shown
    assert "the record is not on the server" in shown
    assert f"change {result}" in shown
    held = json.loads(served.admin("quarantine", "show", result, "--json"))
    assert held["waits_for_changes"] == [bag]
    assert "1 more held" in served.admin(
        "quarantine", "list", "--project", pair[0].project
    )


def test_a_change_is_released_when_what_was_wrong_is_mended(pair, served):
    one, two = pair
    bag, _ = same_label_twice(pair)
    done = served.admin("quarantine", "release", bag)
    assert "0 settled, 1 still waiting" in done
    assert [q["change"] for q in mine(served, pair)] == [bag], "still for a person"
    one("sample", "delete", "BAG", "--yes")
    one.sync()
    assert "1 settled" in served.admin("quarantine", "release", bag[:20])
    assert mine(served, pair, "--held") == []
    found = two.sync()
    assert found["settled_late"] == 2
    agreed(one, two)
    assert two.json("result", "show", "BAG/soc")["state"] == "accepted"
    late = admin(served, "quarantine", "release", bag, code=4).output
    assert "there is no quarantined change" in late


def test_what_is_given_up_is_told_to_its_author(pair, served):
    one, two = pair
    bag, result = same_label_twice(pair)
    words = ["quarantine", "discard", result, bag, "--reason", "typed twice"]
    assert "2 changes given up" in served.admin(*words)
    two.sync()
    assert two.json("fix") == []
    agreed(one, two)
    kept = {q["change"]: q for q in mine(served, pair, "--all")}
    assert kept[bag]["reason"] == "typed twice"
    assert kept[bag]["status"] == "discarded"


async def last_ran_with(data, version):
    """Make a server's database look as an older program left it."""
    store = open_store(DataDirectory(data))
    await store.write(lambda tx: tx.set_setting(SCHEMA_SETTING, str(version)))
    store.close()


def test_waiting_changes_are_judged_again_once_after_an_update(tmp_path):
    """What an older schema kept back gets another chance when the server starts."""
    data = tmp_path / "data"
    typed(data, "init")
    with server_process(data) as url:
        served = Served(data, url)
        project = served.project()
        pair = [Laptop(tmp_path, name) for name in ("one", "two")]
        for laptop in pair:
            laptop("enrol", url, served.code(project))
            laptop.sync()
        prepare(pair[0])
        for laptop in pair:
            laptop.sync()
        same_label_twice(pair)
        pair[0]("sample", "delete", "BAG", "--yes")
        pair[0].sync()
    log = tmp_path / "server.log"
    with server_process(data):
        assert "judged again" not in log.read_text()
    asyncio.run(last_ran_with(data, 1))
    with server_process(data):
        pass
    with server_process(data):
        pass
    (said,) = [line for line in log.read_text().splitlines() if "judged again" in line]
    assert json.loads(said)["settled"] == 2
    assert json.loads(served.admin("quarantine", "list", "--json")) == []


@pytest.mark.parametrize(
    ("words", "stands"),
    [
        (["--keep"], 2.0),
        (["--take", "two"], 3.0),
        (["--set", "area_ha=2.5"], 2.5),
    ],
)
def test_a_person_settles_a_conflict_on_a_laptop(pair, served, words, stands):
    one, two = pair
    name = contested(pair)
    assert "--take two" in two("conflicts", "show", "HF")
    two("conflicts", "resolve", "HF", *words, "--reason", "measured again")
    assert two.json("plot", "show", "HF")["state"] == "decided here, not yet synced"
    assert "decided here, not yet synced" in two("conflicts")
    assert area(two) == stands
    found = two.sync()
    assert (found["accepted"], found["conflicts"]) == (1, 0)
    agreed(one, two)
    assert area(one) == stands
    settled = json.loads(served.admin("conflict", "list", "--settled", "--json"))
    (found,) = [c for c in settled if c["id"] == name]
    assert found["decision"]["reason"] == "measured again"
    assert (found["decision"]["person"], found["decision"]["device"]) == ("two", "two")


def of_one_core(pair):
    """Time the one core on both laptops, unseen; return the open conflict."""
    one, two = pair
    one("core", "edit", "HF/1/2026/1", "--sampled-at", "2026-05-03T10:00+02:00")
    two("core", "edit", "HF/1/2026/1", "--sampled-at", "2026-05-03T11:00+02:00")
    one.sync()
    two.sync(code=1)
    (found,) = two.json("conflicts", code=1)
    return found["id"]


def time_of(laptop, core="HF/1/2026/1"):
    fields = laptop.json("core", "show", core)["fields"]
    return fields["sampled_at"], fields["sampled_precision"]


@pytest.mark.parametrize("side", ["laptop", "server"])
def test_a_day_that_settles_a_conflict_is_known_to_the_day(pair, served, side):
    one, two = pair
    name = of_one_core(pair)
    words = ["--set", "sampled-at=2026-05-03", "--reason", "from the field sheet"]
    if side == "laptop":
        two("conflicts", "resolve", "HF/1/2026/1", *words)
    else:
        served.admin("conflict", "resolve", name, *words)
    agreed(two, one)
    assert time_of(one) == ("2026-05-03T12:00:00+00:00", "day")


@pytest.mark.parametrize("side", ["laptop", "server"])
@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ("area_ha=two", 4, "area-ha = two: a number was expected"),
        ("area_ha=two", 4, "give a plain number, such as 12.5"),
        ("area=2", 2, "area-ha"),
    ],
)
def test_a_third_value_that_cannot_be_read_is_refused_in_words(
    pair, served, side, setting, code, said
):
    name = contested(pair)
    words = ["--set", setting, "--reason", "x"]
    if side == "server":
        assert (
            said in admin(served, "conflict", "resolve", name, *words, code=code).output
        )
        return
    given = ["--home", str(pair[1].home), "conflicts", "resolve", "HF", *words]
    done = CliRunner().invoke(cli, given)
    assert (done.exit_code, said in done.output) == (code, True)


def test_a_fix_of_a_time_says_how_exactly_it_is_known(pair, served):
    one, two = pair
    one("point", "add", "--plot", "HF", "--code", "2")
    agreed(one, two)
    one("point", "delete", "HF/2", "--yes")
    one.sync()
    given = "core add --plot HF --point 2 --campaign 2026"
    two(*given.split(), "--sampled-at", "2026-05-03T10:00+02:00")
    two.sync(code=1)
    (entry,) = two.json("fix", code=1)
    point = two.json("point", "show", "HF/1")["id"]
    settings = f"--set sampled_at=2026-05-03 --set point_id={point} --set number=2"
    two("fix", entry["record"], *settings.split())
    assert "core HF/2/2026/1" in served.admin("quarantine", "list")
    assert time_of(two, "HF/1/2026/2") == ("2026-05-03T12:00:00+00:00", "day")
    agreed(two, one)


def test_a_decision_that_meets_a_newer_value_becomes_a_conflict(pair, served):
    one, two = pair
    name = contested(pair)
    one.sync(code=1)
    one("plot", "edit", "HF", "--area-ha", "5")
    one.sync(code=1)
    two("conflicts", "resolve", "HF", "--keep", "--reason", "I saw 2 ha")
    assert two.sync(code=1)["conflicts"] == 1
    ids = [found["id"] for found in two.json("conflicts", code=1)]
    assert len(ids) == 2
    assert name in ids
    assert area(two) == 5.0
    two("conflicts", "resolve", "--all", "--keep", "--reason", "5", "--yes")
    two.sync()
    agreed(one, two)
    assert area(two) == 5.0


@pytest.mark.parametrize(
    ("words", "lives"), [(["--keep"], False), (["--take", "one"], True)]
)
def test_a_laptop_decides_on_a_deletion(pair, words, lives):
    one, two = deleted_and_edited(pair)
    two("plot", "delete", "A", "--yes")
    one("plot", "edit", "A", "--area-ha", "2")
    two.sync()
    one.sync(code=1)
    one("conflicts", "resolve", "A", *words, "--reason", "x")
    one.sync()
    agreed(one, two)
    assert ("A" in {p["name"] for p in two.json("plot", "list")}) is lives


def test_only_the_named_conflict_is_settled(pair):
    one, two = pair
    for laptop, note in ((one, "2"), (two, "3")):
        laptop("plot", "edit", "HF", "--area-ha", note)
        laptop("point", "edit", "HF/1", "--lon", note, "--lat", "48")
    one.sync()
    two.sync(code=1)
    by_type = {c["type"]: c["id"] for c in two.json("conflicts", code=1)}
    words = ["--take", "two", "--reason", "x"]
    wrong = two.json("conflicts", "resolve", "HF", "--id", "zz", *words, code=4)
    assert wrong["error"]["code"] == "not_found"
    two("conflicts", "resolve", "HF", "--id", by_type["plot"][:18], *words)
    states = {c["type"]: c["decided"] for c in two.json("conflicts", code=1)}
    assert states == {"plot": True, "point": False}
    assert two.json("conflicts", "resolve", "HF", "--reason", "x", code=2)["error"]


def test_a_deleted_record_is_brought_back(pair):
    one, two = pair
    one("plot", "add", "--code", "A", "--area-ha", "1")
    for laptop in pair:
        laptop.sync()
    one("plot", "delete", "A", "--yes")
    one.sync()
    two.sync()
    assert two.json("plot", "restore", "A")["outcome"] == "restored"
    assert two.sync()["accepted"] == 1
    agreed(one, two)
    assert one.json("plot", "show", "A")["fields"]["area_ha"] == 1.0
    missing = one.json("plot", "restore", "A", code=4)["error"]
    assert "deleted plot A" in missing["text"]


def test_who_brings_back_what_is_back_already_is_told(pair):
    one, two = pair
    one("plot", "add", "--code", "A", "--area-ha", "1")
    for laptop in pair:
        laptop.sync()
    one("plot", "delete", "A", "--yes")
    for laptop in pair:
        laptop.sync()
        laptop("plot", "restore", "A")
    assert one.sync()["notes"] == []
    told = two("sync")
    assert "1 change pushed: 1 merged" in told
    assert "was not deleted (plot A)" in told
    assert two.json("fix") == [], "nothing waits for a person"
    agreed(one, two)
    assert one.json("plot", "show", "A")["fields"]["area_ha"] == 1.0


def test_a_reason_travels_with_what_a_person_gives_up(pair, served):
    _, two = pair
    bag, _ = same_label_twice(pair)
    shown = two("fix", "BAG", code=1)
    assert "sample-code = BAG" in shown
    assert "soc" not in shown
    two("fix", "BAG", "--discard", "--reason", "the bag of the other core", "--yes")
    two.sync(code=1)
    (left,) = two.json("fix", code=1)
    assert (left["type"], left["reasons"][0]["code"]) == ("result", "parent_discarded")
    assert left["reasons"][0]["detail"] == "sample BAG"
    two(*shlex.split(left["discard"])[1:], "--yes")
    two.sync()
    assert two.json("fix") == []
    with sqlite3.connect(served.data / "permille.db") as db:
        lines = [line.raw for line in kept_lines(db)]
    db.close()
    sent = [json.loads(line) for line in lines if bag.encode() in line]
    assert [line["y"] for line in sent] == ["the bag of the other core"]


TABLE = """bag,point,depth
{0}1,7,0-10
{0}2,8,0-10
{0}3,7,10-30
BAG,7,30-50
"""
MAPPING = """create = ["point", "campaign", "core", "sample"]
[[date]]
value = "2026-05-03"
formats = ["%Y-%m-%d"]
[depth]
label = "{depth}"
[plot]
code = "HF"
[point]
code = "{point}"
[campaign]
name = "2026"
[sample]
sample_code = "{bag}"
"""


def test_a_sampling_event_falls_together_and_is_fixed_together(pair, tmp_path):
    one, two = pair
    one(*SAMPLE, "--sample-code", "BAG", *LAYER)
    one.sync()
    (tmp_path / "t.csv").write_text(TABLE.format("T"))
    (tmp_path / "t.toml").write_text(MAPPING)
    two(
        "import",
        "layers",
        tmp_path / "t.csv",
        "--mapping",
        tmp_path / "t.toml",
        "--write",
    )
    found = two.sync(code=1)
    assert (found["pushed"], found["quarantined"], found["held"]) == (8, 4, 0)
    codes = {e["reasons"][0]["code"] for e in two.json("fix", code=1)}
    assert codes == {"key_taken", "group_broken"}
    done = two.json("fix", "BAG", "--set", "sample_code=T4")
    assert done["changes"] == 4
    found = two.sync()
    assert (found["accepted"], found["pushed"]) == (4, 4)
    assert two.json("fix") == []
    agreed(one, two)
    assert len(one.json("sample", "list", "--point", "7", "--plot", "HF")) == 3


@pytest.fixture
def stick(tmp_path):
    return tmp_path / "stick.bundle"


def import_bundle(served, stick, *words):
    return json.loads(served.admin("bundle", "import", str(stick), "--json", *words))


def changes_here(served):
    return json.loads(served.admin("stats", "--json"))["changes"]


def test_a_bundle_arrives_like_a_push_and_twice_is_harmless(pair, served, stick):
    one, two = pair
    for number in range(30):
        one("plot", "add", "--code", f"S{number}")
    one(*SAMPLE, "--sample-code", "BAG", *LAYER)
    assert one.json("bundle", "export", stick)["changes"] == 31
    assert one.json("status")["pending"] == 31, "nothing is marked as sent"
    found = import_bundle(served, stick)
    assert (found["name"], found["changes"], found["known"]) == ("one", 31, 0)
    assert found["verdicts"] == {"accepted": 31}
    before = changes_here(served)
    again = import_bundle(served, stick)
    assert (again["changes"], again["known"]) == (31, 31)
    assert changes_here(served) == before
    told = served.admin("bundle", "import", str(stick))
    assert "31 changes of one: 31 accepted; 31 known before" in told
    synced = one.sync()
    assert (synced["accepted"], synced["duplicates"]) == (31, 31)
    agreed(one, two)


def test_the_answers_come_back_by_stick(pair, served, stick, tmp_path):
    one, two = pair
    answers = tmp_path / "north.answers"
    one("plot", "edit", "HF", "--area-ha", "2")
    one.sync()
    two("plot", "edit", "HF", "--area-ha", "3")
    two("plot", "add", "--code", "B")
    two("bundle", "export", stick)
    import_bundle(served, stick, "--reply", str(answers))
    found = two.json("bundle", "apply", answers, code=1)
    counts = (found["pushed"], found["accepted"], found["conflicts"], found["pending"])
    assert counts == (2, 1, 1, 0)
    assert area(two) == 2.0
    assert len(two.json("conflicts", code=1)) == 1
    assert two.json("status", code=1)["safe_to_wipe"] is True
    shown = two("bundle", "apply", answers, code=1)
    assert "0 changes judged" in shown, "a repeat does nothing"
    synced = two.sync(code=1)
    assert (synced["pushed"], synced["duplicates"]) == (0, 0)
    one.sync(code=1)
    assert everything(one) == everything(two)


def test_old_answers_do_not_undo_what_was_heard_since(pair, served, stick, tmp_path):
    one, two = pair
    answers = tmp_path / "old.answers"
    one(*SAMPLE, "--sample-code", "BAG", *LAYER)
    given = "core add --plot HF --point 1 --campaign 2026 --number 2"
    two(*given.split(), "--sampled-at", "2026-05-03")
    two(*SAMPLE, "--core-number", "2", "--sample-code", "BAG", *LAYER)
    one.sync()
    two("bundle", "export", stick)
    import_bundle(served, stick, "--reply", str(answers))
    two.sync(code=1)
    two("fix", "BAG", "--set", "sample_code=BAG-2")
    two.sync()
    import_bundle(served, stick)
    two("bundle", "apply", answers)
    assert two.json("fix") == []
    agreed(one, two)


def test_a_bundle_of_several_batches_and_logs_is_whole(pair, served, stick, tmp_path):
    one, two = pair
    rows = [f"G{n},{n},0-10" for n in range(1, 301)]
    (tmp_path / "t.csv").write_text("bag,point,depth\n" + "\n".join(rows) + "\n")
    (tmp_path / "t.toml").write_text(MAPPING)
    words = [tmp_path / "t.csv", "--mapping", tmp_path / "t.toml", "--write"]
    one("import", "layers", *words)
    one("recover")
    one("plot", "add", "--code", "last")
    found = one.json("bundle", "export", stick)
    assert (found["changes"], found["requests"]) == (899, 3)
    answers = tmp_path / "a"
    assert import_bundle(served, stick, "--reply", str(answers))["verdicts"] == {
        "accepted": 899
    }
    assert one.json("bundle", "apply", answers)["accepted"] == 899
    assert one.json("status")["safe_to_wipe"] is True
    agreed(one, two)


@pytest.mark.parametrize("harm", ["cut", "flipped", "longer", "empty", "text"])
def test_a_damaged_bundle_is_refused_whole(pair, served, stick, harm):
    one, _ = pair
    one("plot", "add", "--code", "B")
    one("bundle", "export", stick)
    whole = stick.read_bytes()
    stick.write_bytes(
        {
            "cut": whole[:-9],
            "flipped": whole[:99] + bytes([whole[99] ^ 1]) + whole[100:],
            "longer": whole + b"x",
            "empty": b"",
            "text": b"dear administrator",
        }[harm]
    )
    before = changes_here(served)
    done = admin(served, "bundle", "import", str(stick), code=4)
    assert "the bundle cannot be used" in done.output
    assert "nothing was stored" in done.output
    assert changes_here(served) == before
    refused = one.json("bundle", "apply", stick, code=4)["error"]
    assert refused["code"] == "bad_bundle"


def test_answers_that_somebody_changed_are_refused(pair, served, stick, tmp_path):
    one, two = pair
    answers = tmp_path / "answers"
    one("plot", "add", "--code", "B")
    one("bundle", "export", stick)
    import_bundle(served, stick, "--reply", str(answers))
    found = bundles.read(answers.read_bytes(), bundles.ANSWERS)
    forged = [part.replace(b"accepted", b"conflict") for part in found.parts]
    secret = bytes(32)
    head = {k: v for k, v in found.head.items() if k not in {"sig", "count", "sha256"}}
    answers.write_bytes(bundles.write(head, forged, lambda text: sign(secret, text)))
    refused = one.json("bundle", "apply", answers, code=4)["error"]
    assert "not signed by the server" in refused["text"]
    import_bundle(served, stick, "--reply", str(answers))
    assert (
        "another laptop"
        in two.json("bundle", "apply", answers, code=4)["error"]["text"]
    )
    assert one.json("status")["pending"] == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 4001, "a\x01b"])
def test_a_reason_that_no_message_can_carry_is_refused_at_once(pair, served, reason):
    _, two = pair
    conflict = contested(pair)
    given = ["--keep", "--reason", reason]
    said = two.json("conflicts", "resolve", "HF", *given, code=2)["error"]["text"]
    assert "--reason" in said
    assert two.json("status", code=1)["pending"] == 0
    assert (
        "--reason"
        in admin(served, "conflict", "resolve", conflict, *given, code=2).output
    )
    two("conflicts", "resolve", "HF", "--keep", "--reason", "two\nlines")
    assert two.sync()["accepted"] == 1


def test_a_bundle_takes_no_other_file_away_and_tells_no_time(pair, served, stick):
    one, _ = pair
    one("plot", "add", "--code", "B")
    notes = stick.with_name("my notes.txt")
    notes.write_text("do not lose")
    assert "no bundle" in one.json("bundle", "export", notes, code=4)["error"]["text"]
    assert notes.read_text() == "do not lose"
    one("bundle", "export", stick)
    one("bundle", "export", stick)
    answers = stick.with_name("none") / "north.answers"
    given = ["bundle", "import", str(stick), "--reply", str(answers)]
    assert "nothing was taken in" in admin(served, *given, code=2).output
    show = ["device", "show", one.json("status")["device"], "--json"]
    before = json.loads(admin(served, *show).stdout)
    assert export_days_ago(one, stick).exit_code == 0
    import_bundle(served, stick)
    after = json.loads(admin(served, *show).stdout)
    assert after["changes"]["total"] == before["changes"]["total"] + 1
    assert after["skew_s"] == before["skew_s"]


def export_days_ago(laptop, stick):
    """Write the bundle as if it had been three days on its way."""

    class ThreeDaysAgo(Clock):
        def now(self):
            return super().now() - timedelta(days=3)

    given = ["--home", str(laptop.home), "bundle", "export", str(stick)]
    return CliRunner().invoke(cli, given, obj=App(clock=ThreeDaysAgo()))


def test_a_conflict_is_decided_once_and_may_be_named_by_its_id(pair, served, tmp_path):
    one, _ = pair
    third = Laptop(tmp_path, "third")
    third("enrol", served.url, served.code(one.project))
    third.sync()
    third("plot", "edit", "HF", "--area-ha", 6)
    conflict = contested(pair)
    third.sync(code=1)
    one.sync(code=1)
    two = ["--take", "two", "--reason", "measured again"]
    decided = one.json("conflicts", "resolve", conflict[:8], *two)
    assert decided["decided"] == 1
    again = one.json("conflicts", "resolve", conflict[:8], *two, code=4)["error"]
    assert again["code"] == "decided"
    stands = ["--keep", "--reason", "the rest"]
    asked = one.json("conflicts", "resolve", "HF", *stands, code=4)["error"]
    assert "area-ha = 3 (not yet sent)" in asked["text"], "what was just decided"
    done = one.json("conflicts", "resolve", "HF", *stands, "--yes")
    assert done["decided"] == 1


def test_a_list_of_conflicts_shows_what_stands_now(pair, served):
    one, two = pair
    contested(pair)
    one.sync(code=1)
    one("plot", "edit", "HF", "--area-ha", 7)
    one.sync(code=1)
    two.sync(code=1)
    (found,) = two.json("conflicts", code=1)
    assert found["stood"] == {"area_ha": 2.0}
    assert found["stands"] == {"area_ha": 7.0}
    listed = json.loads(served.admin("conflict", "list", "--json"))
    (on_server,) = [one for one in listed if one["id"] == found["id"]]
    assert on_server["stands"] == {"area_ha": 7.0}
    two("conflicts", "resolve", "HF", "--keep", "--reason", "7 it is")
    two.sync()
    assert area(two) == 7.0


def test_an_authors_newer_word_closes_the_conflict_of_the_older_one(pair, served):
    one, two = pair
    conflict = contested(pair)
    two("plot", "edit", "HF", "--area-ha", 5)
    assert two.sync()["accepted"] == 1
    agreed(one, two)
    assert area(one) == area(two) == 5
    settled = json.loads(served.admin("conflict", "list", "--settled", "--json"))
    assert conflict in [found["id"] for found in settled]


def test_a_revoked_or_unknown_laptop_is_told_what_to_do(pair, served, stick, tmp_path):
    one, _ = pair
    one("plot", "add", "--code", "B")
    one("bundle", "export", stick)
    data = tmp_path / "other"
    typed(data, "init")
    other = Served(data, "")
    strange = admin(other, "bundle", "import", str(stick), code=4)
    assert "not enrolled here" in strange.output
    device = one.json("status")["device"]
    served.admin("device", "revoke", device)
    refused = admin(served, "bundle", "import", str(stick), code=4)
    assert "was revoked on" in refused.output
    one("enrol", served.url, served.code(one.project))
    one("bundle", "export", stick)
    assert import_bundle(served, stick)["verdicts"] == {"accepted": 1}


def test_a_server_that_lost_a_log_asks_for_everything(tmp_path, stick):
    data = tmp_path / "data"
    typed(data, "init")
    with server_process(data) as url:
        served = Served(data, url)
        one = Laptop(tmp_path, "one")
        one("enrol", url, served.code(served.project()))
        one.sync()
    backup = (data / "permille.db").read_bytes()
    with server_process(data) as url:
        point_at(one, url)
        one("plot", "add", "--code", "A")
        one.sync()
    for old in data.glob("permille.db*"):
        old.unlink()
    (data / "permille.db").write_bytes(backup)
    one("plot", "add", "--code", "B")
    one("bundle", "export", stick)
    refused = admin(served, "bundle", "import", str(stick), code=4)
    assert "bundle export --all" in refused.output
    one("bundle", "export", stick, "--all")
    assert import_bundle(served, stick)["verdicts"] == {"accepted": 2}


def test_a_laptop_that_was_never_enrolled_has_no_bundle(tmp_path, stick):
    lonely = Laptop(tmp_path, "lonely")
    refused = lonely.json("bundle", "export", stick, code=4)["error"]
    assert refused["code"] == "not_enrolled"
    assert not stick.exists()


def reasons(laptop, code=0):
    found = laptop.json("status", code=code)
    assert found["safe_to_wipe"] is (not found["reasons"])
    return found["reasons"]


def opened(laptop):
    """Open the database of a laptop."""
    key = bytes.fromhex((laptop.home / "key").read_text().strip())
    return LaptopStore(laptop.home / "permille.db", key)


def test_status_says_why_a_laptop_may_not_be_wiped(pair, tmp_path):
    _, two = pair
    assert reasons(two) == []
    two("plot", "add", "--code", "B")
    assert reasons(two) == ["1 change is not on the server: permille sync"]
    two.sync()
    same_label_twice(pair)
    assert reasons(two, code=1) == [
        "1 change waits on the fix list: permille fix",
        "1 change waits on the server for others: permille fix",
    ]
    two("fix", "BAG", "--set", "sample_code=T")
    two.sync()
    assert reasons(two) == []
    store = opened(two)
    store._db.execute(
        "UPDATE item SET stale = 1 WHERE uid IN"
        " (SELECT uid FROM base WHERE type = 'plot')"
    )
    store.close()
    assert reasons(two) == ["2 rows are not confirmed by the server yet: permille sync"]
    lonely = Laptop(tmp_path, "lonely")
    lonely("project", "add", "--code", "X", "--title", "X")
    assert "never synced" in reasons(lonely)[1]


def test_a_receipt_that_is_missing_is_asked_for_again(pair):
    _, two = pair
    two("plot", "add", "--code", "B")
    two.sync()
    (held,) = two.json("receipts", "--verify")
    assert (held["changes"], held["signed_for"], held["is_good"]) == (1, 1, True)
    store = opened(two)
    store._db.execute("DELETE FROM receipt")
    store.close()
    (why,) = reasons(two)
    assert "receipt" in why
    assert two.json("receipts", "--verify", code=1)[0]["is_good"] is False
    found = two.json("sync", "--check")
    assert (found["pushed"], found["duplicates"], found["pending"]) == (1, 1, 0)
    assert reasons(two) == []
    assert "good" in two("receipts", "--verify")


def test_a_receipt_of_a_closed_log_is_asked_for_too(pair):
    """A log that was closed leaves nothing behind that only this laptop can show."""
    _, two = pair
    two("plot", "add", "--code", "B")
    two.sync()
    store = opened(two)
    store._db.execute("DELETE FROM receipt")
    store.close()
    two("recover")
    (why,) = reasons(two)
    assert "receipt" in why
    assert two.json("sync", "--check")["duplicates"] == 1
    assert reasons(two) == []
    assert two.json("receipts", "--verify")[0]["signed_for"] == 1


def test_a_receipt_of_the_log_that_goes_on_speaks_for_the_one_before(pair):
    """The server compared the end of the first when it took the second."""
    _, two = pair
    two("plot", "add", "--code", "B")
    two.sync()
    two("recover")
    two("plot", "add", "--code", "C")
    two.sync()
    store = opened(two)
    store._db.execute("DELETE FROM receipt WHERE log = 1")
    store.close()
    assert reasons(two) == []
    store = opened(two)
    store._db.execute("DELETE FROM receipt")
    store.close()
    assert len(reasons(two)) == 1
    assert two.json("sync", "--check")["duplicates"] == 2
    assert reasons(two) == []


def test_a_receipt_that_was_changed_is_found(pair):
    _, two = pair
    two("plot", "add", "--code", "B")
    two.sync()
    assert "not checked" in two("receipts")
    store = opened(two)
    store._db.execute("UPDATE receipt SET raw = replace(raw, '\"n\":1', '\"n\":9')")
    store.close()
    assert "not good" in two("receipts", "--verify", code=1)


def test_the_account_after_a_sync_adds_up(pair):
    one, two = pair
    one(*SAMPLE, "--sample-code", "BAG", *LAYER)
    one("plot", "edit", "HF", "--area-ha", "2", "--note", "early")
    one.sync()
    given = "core add --plot HF --point 1 --campaign 2026 --number 2"
    two(*given.split(), "--sampled-at", "2026-05-03")
    two(*SAMPLE, "--core-number", "2", "--sample-code", "BAG", *LAYER)
    lab = ["--analyte", "soc", "--value", "14", "--unit", "g_kg", "--method", "tinsley"]
    two("result", "add", "--sample", "BAG", *lab)
    two("plot", "edit", "HF", "--area-ha", "3")
    two("point", "edit", "HF/1", "--note", "a stone")
    told = two("sync", code=1).splitlines()
    assert told[0].startswith(
        "5 changes pushed: 2 accepted, 1 to fix, 1 waiting, 1 conflict; "
    )
    assert "derives the stocks anew" in told[1]
    assert told[2:] == ["see: permille fix", "see: permille conflicts"]
    two("fix", "BAG", "--set", "sample_code=T")
    told = two("sync", code=1).splitlines()
    assert told[0].startswith("1 change pushed: 1 accepted; ")
    assert told[1] == "1 change that waited got another verdict on the server"


def test_judging_again_keeps_to_the_projects_of_each_laptop(pair, served):
    one, two = pair
    two("plot", "add", "--code", "B")
    device = two.json("status")["device"]
    served.admin("device", "withdraw", device, "--project", two.project)
    assert two.sync(code=1)["quarantined"] == 1
    (kept,) = mine(served, pair)
    assert kept["why"][0]["code"] == "scope_revoked"
    told = served.admin("quarantine", "rejudge", "--project", one.project)
    assert "1 change judged again: 0 settled, 1 still waiting" in told
    assert "1 settled" in served.admin("quarantine", "release", kept["change"])
    one.sync()
    assert "B" in {plot["name"] for plot in one.json("plot", "list")}
