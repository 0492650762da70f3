"""What people type and read: sides, names, lists and fixes, on laptops and the server."""

import json
import re
import shlex

import pytest
from click.testing import CliRunner

from collector.cli.root import cli
from server.cli import main as server_cli
from tests.integration.test_custody import (
    admin,
    pair,  # noqa: F401 - a fixture
    same_label_twice,
    served,  # noqa: F401 - a fixture
)
from tests.integration.test_laptop_sync import LAYER, SAMPLE, Laptop
from tests.ways import ROOT

pytestmark = pytest.mark.slow
WHY = ("--reason", "x")
SIDES_OF_OLD = re.compile(r"\b(mine|ours|theirs)\b", re.IGNORECASE)
UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}")


def masses(pair):  # noqa: F811 - the fixture
    """Weigh a bag on both laptops, unseen: 255 g on two, which syncs first, 271 on one."""
    one, two = pair
    one(*SAMPLE, "--sample-code", "B1", *LAYER)
    one.sync()
    two.sync()
    one("sample", "edit", "B1", "--field-mass-g", 271)
    two("sample", "edit", "B1", "--field-mass-g", 255)
    two.sync()
    one.sync(code=1)
    two.sync(code=1)
    return one, two


def mass(laptop):
    return laptop.json("sample", "show", "B1")["fields"]["field_mass_g"]


@pytest.mark.parametrize("at", ["one", "two", "server"])
@pytest.mark.parametrize(
    ("named", "stands"), [("two", 255), ("one", 271), ("255", 255), ("271", 271)]
)
def test_a_side_has_one_name_wherever_it_is_typed(pair, served, at, named, stands):  # noqa: F811
    laptops = dict(zip(("one", "two"), masses(pair), strict=True))
    words = ("resolve", "B1", "--take", named, *WHY)
    if at == "one" and named == "two":
        # Laptop one was not told who recorded what stands: it says what to type instead.
        error = laptops["one"].json("conflicts", *words, code=4)["error"]
        assert "--keep (field-mass-g 255" in error["hint"]
        return
    if at == "server":
        project = pair[0].project
        found = json.loads(
            admin(served, "conflict", "list", "--project", project, "--json").stdout
        )
        served.admin("conflict", "resolve", found[0]["id"], *words[2:])
    else:
        said = laptops[at]("conflicts", *words)
        assert f"stands: field-mass-g {stands}" in said
    for name in ([at] if at in laptops else []) + [*laptops]:
        laptops[name].sync()
    assert {mass(laptop) for laptop in laptops.values()} == {stands}


def test_what_is_printed_of_a_conflict_can_be_typed(pair, served):  # noqa: F811
    _, two = masses(pair)
    shown = two("conflicts", "show", "B1")
    typed = [line for line in shown.splitlines() if line.startswith("permille ")]
    assert len(typed) == 2
    assert "two on two" in shown
    two(*shlex.split(typed[1])[1:])
    assert two.json("conflicts")[0]["decided"]
    within = ("--project", two.project)
    listed = admin(served, "conflict", "show", "B1", *within).stdout
    typed = [line for line in listed.splitlines() if line.startswith("permille-")]
    served.admin(*shlex.split(typed[0])[1:])


def commands(command, words=()):
    yield words, command
    for name in getattr(command, "list_commands", lambda _: ())(None):
        yield from commands(command.get_command(None, name), (*words, name))


@pytest.mark.parametrize("root", [cli, server_cli], ids=["permille", "permille-server"])
def test_help_names_no_side_by_whose_it_is(root):
    for words, _ in commands(root):
        said = CliRunner().invoke(root, [*words, "--help"]).output
        assert not SIDES_OF_OLD.search(said), words


def test_pages_name_no_side_by_whose_it_is():
    """The pages of the protocol and of the code may: keys of messages are called so."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        if page.name != "protocol.md":
            assert not SIDES_OF_OLD.search(page.read_text("utf-8")), page.name


def test_lists_of_what_waits_hold_names_and_no_ids(pair, served):  # noqa: F811
    _, two = pair
    same_label_twice(pair)
    said = two("fix", code=1)
    assert "sample-code = BAG: another record of the project has this code" in said
    assert "BAG of HF/1/2026/1" in said, "the other bag is named with its core"
    assert "result BAG/soc/1 (follows by itself)" in said
    assert not UUID.search(said)
    assert not re.search(r"\{|\(put\)|undel|_id\b", said)
    shown = admin(
        served, "quarantine", "show", "sample BAG", "--project", two.project
    ).stdout
    assert "waits for it: result BAG/soc/1" in shown
    assert "BAG of HF/1/2026/1" in " ".join(shown.split()), "as on the laptop"


def test_a_reference_is_fixed_by_the_name_of_a_record(pair):  # noqa: F811
    one, two = pair
    one(*SAMPLE, "--sample-code", "GONE", *LAYER)
    one(*SAMPLE, "--sample-code", "HERE", *LAYER)
    one.sync()
    two.sync()
    lab = ["--analyte", "soc", "--value", "14", "--unit", "g_kg", "--method", "tinsley"]
    two("result", "add", "--sample", "GONE", *lab)
    one("sample", "delete", "GONE", "--yes")
    one.sync()
    two.sync(code=1)
    (entry,) = two.json("fix", code=1)
    assert entry["fix"].endswith("--set sample=VALUE")
    error = two.json("fix", "GONE/soc/1", "--set", "sample=NONE", code=4)["error"]
    assert "there is no sample NONE" in error["text"]
    two("fix", "GONE/soc/1", "--set", "sample_id=HERE")
    two.sync()
    assert two.json("fix") == []
    assert two.json("result", "show", "HERE/soc/1")["state"] == "accepted"


@pytest.mark.parametrize("word", ["sample-code=BAG", "note=wet"])
def test_a_fix_that_leaves_the_problem_is_refused_and_says_which(pair, word):  # noqa: F811
    _, two = pair
    same_label_twice(pair)
    before = two.json("status", code=1)["pending"]
    error = two.json("fix", "BAG", "--set", word, code=4)["error"]
    assert "still has the same problem" in error["text"]
    assert [p["code"] for p in error["problems"]] == ["key_taken"]
    assert two.json("status", code=1)["pending"] == before
    two("fix", "BAG", "--set", "sample-code=OTHER", "--set", "note=wet")


def test_a_returned_record_is_accepted(pair):  # noqa: F811
    one, two = pair
    one(*SAMPLE, "--sample-code", "B1", *LAYER)
    one.sync()
    one("sample", "delete", "B1", "--yes")
    one.sync()
    one("sample", "restore", "B1")
    assert one.sync()["accepted"] == 1
    assert one.json("status")["pending"] == 0
    two.sync()
    assert two.json("sample", "show", "B1")["state"] == "accepted"


def test_a_laptop_that_is_enrolled_again_is_one_line_and_refused_as_one(
    served,  # noqa: F811 - a fixture
    tmp_path,
):
    project, laptop = served.project(), Laptop(tmp_path, "thrice")
    for _ in range(3):
        laptop("enrol", served.url, served.code(project))
        laptop.sync()

    def lines(*words):
        said = served.admin("device", "list", *words).splitlines()
        return [line for line in said if line.startswith("thrice")]

    (line,) = lines()
    assert "2 enrolments" in line
    (listed,) = [
        each
        for each in json.loads(served.admin("project", "list", "--json"))
        if each["code"] == project
    ]
    assert listed["devices"] == 1
    assert project in line
    assert len(lines("--all")) == 3
    (told,) = [
        each
        for each in json.loads(served.admin("device", "list", "--json"))
        if each["name"] == "thrice"
    ]
    assert len(told["earlier"]) == 2
    served.admin("device", "show", "thrice")
    assert "2 earlier enrolments" in served.admin("device", "revoke", "thrice")
    every = json.loads(served.admin("device", "list", "--all", "--json"))
    assert all(each["revoked_at"] for each in every if each["name"] == "thrice")
    assert laptop.json("sync", code=4)["error"]["code"] == "bad_token"


def test_who_recorded_and_who_decided_may_be_people_of_one_laptop(pair, served):  # noqa: F811
    one, two = pair
    one("plot", "edit", "HF", "--area-ha", "2", "--person", "Ada")
    two("plot", "edit", "HF", "--area-ha", "3", "--person", "Bo")
    one.sync()
    two.sync(code=1)
    two("conflicts", "resolve", "HF", "--take", "Bo", *WHY, "--person", "Cy")
    two.sync()
    listed = served.admin(
        "conflict", "list", "--settled", "--json", "--project", two.project
    )
    (found,) = json.loads(listed)
    assert (found["person"], found["decision"]["person"]) == ("Bo", "Cy")


def test_a_sync_says_that_figures_of_its_push_come_later(pair):  # noqa: F811
    one, _ = pair
    one(*SAMPLE, "--sample-code", "B1", *LAYER)
    found = one.json("sync")
    assert found["figures_later"]
    one(
        *SAMPLE,
        "--sample-code",
        "B2",
        "--depth-top-cm",
        "30",
        "--depth-bottom-cm",
        "50",
    )
    assert "the server derives the stocks anew" in one("sync")
    assert "derives" not in one("sync")
    one("plot", "edit", "HF", "--note", "x")
    assert not one.json("sync")["figures_later"]
