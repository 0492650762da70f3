"""Two projects of one code are told apart in words wherever one is chosen or listed."""

import json
import shlex

import pytest
from click.testing import CliRunner

from server.cli import main as server_cli
from tests.integration.test_laptop_sync import Laptop, Served
from tests.processes import server_process, typed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A server and a laptop with two projects HF: one opened there, one in the field."""
    folder = tmp_path_factory.mktemp("both")
    data = folder / "data"
    typed(data, "init")
    with server_process(data) as url:
        served = Served(data, url)
        opening = "project add --code HF --title Highfield --organisation ROTH --json"
        there = json.loads(served.admin(*opening.split()))["id"]
        served.admin("project", "add", "--code", "WB", "--title", "Woburn")
        laptop = Laptop(folder, "lap")
        laptop("project", "add", "--code", "HF", "--title", "Hofacker")
        laptop("plot", "add", "--code", "A")
        laptop("enrol", url, served.code("WB", may_begin=True))
        assert laptop.sync(code=1)["quarantined"] == 1
        served.admin("quarantine", "release", "HF")
        laptop.sync()
        (here,) = (p["id"] for p in laptop.json("project", "list") if p["name"] == "HF")
        served.admin("device", "grant", "lap", "--project", there)
        laptop.sync()
        laptop("plot", "add", "--code", "A", "--project", there)
        laptop.sync()
        served.admin("stocks", "derive")
        served.here, served.there, served.laptop = here, there, laptop
        yield served


def refused(both, *words):
    done = CliRunner().invoke(server_cli, ["--data", str(both.data), *words])
    assert done.exit_code == 4, done.output
    return done.output


def hint_of(said):
    """Return what a refusal says to type."""
    return shlex.split(said.strip().splitlines()[-1].partition("such as: ")[2])[-1]


@pytest.mark.parametrize(
    "words",
    [
        "project show HF",
        "project edit HF --title X",
        "device code --project HF",
        "device grant lap --project HF",
        "device withdraw lap --project HF",
        "device move lap --from WB --to HF",
        "conflict list --project HF",
        "quarantine list --project HF",
        "attachments list --project HF",
        "stocks show --project HF",
        "stocks explain A 1 2 --project HF",
        "stocks portfolio --project HF",
        "stocks derive --project HF",
    ],
)
def test_the_server_says_which_two_and_what_to_type(both, words):
    said = refused(both, *words.split())
    assert "HF means several projects" in said
    assert '"Highfield" of ROTH' in said
    assert '"Hofacker"' in said
    start = hint_of(said)
    assert sum(name.startswith(start) for name in (both.here, both.there)) == 1


def test_a_start_of_an_id_is_enough_on_the_server(both):
    shown = json.loads(both.admin("project", "list", "--json"))
    for found in (each for each in shown if each["code"] == "HF"):
        start = found["choose"]
        assert found["title"] in both.admin("project", "show", start)
        assert found["title"] in both.admin("device", "code", "--project", start)
        both.admin("stocks", "show", "--project", start)
        both.admin("conflict", "list", "--project", start)


def test_the_server_lists_them_with_title_organisation_and_start_of_the_id(both):
    listed = both.admin("project", "list")
    assert "organisation" in listed
    assert "ROTH" in listed
    shown = json.loads(both.admin("project", "list", "--json"))
    found = {p["id"]: (p["name"], p["choose"], p["organisation"]) for p in shown}
    name, choose, runs = found[both.there]
    assert (name, runs) == (f"HF ({choose})", "ROTH")
    assert both.there.startswith(choose)
    assert choose in listed
    woburn = [each for each in found.values() if each[0] == "WB"]
    assert woburn == [("WB", "WB", None)]
    device = json.loads(both.admin("device", "show", "lap", "--json"))
    assert set(device["projects"]) == {"WB", name, found[both.here][0]}
    told = json.loads(both.admin("stocks", "portfolio", "--all", "--json"))
    assert {plot["project"] for plot in told["plots"]} == {name, found[both.here][0]}


def test_the_laptop_says_which_ones_and_what_to_type(both):
    laptop = both.laptop
    for words in (
        ["plot", "add", "--code", "B", "--project", "HF"],
        ["plot", "list", "--project", "HF"],
        ["project", "show", "HF"],
        ["stocks", "--project", "HF"],
    ):
        error = laptop.json(*words, code=4)["error"]
        assert error["code"] == "ambiguous"
        assert "Highfield" in error["text"]
        assert "of ROTH" in error["text"]
        assert "Hofacker" in error["text"]
        start = hint_of(error["hint"])
        chosen = laptop.json("project", "show", start)
        assert chosen["id"] in {both.here, both.there}
        assert len(laptop.json("plot", "list", "--project", start)) == 1
    error = laptop.json("plot", "add", "--code", "B", code=4)["error"]
    assert "this laptop has several projects" in error["text"]
    assert "WB" in error["text"]
    chosen = hint_of(error["hint"])
    laptop.json("plot", "list", "--project", chosen)
    error = laptop.json("plot", "show", "A", code=4)["error"]
    assert error["text"].count("of project HF (") == 2


def test_the_laptop_lists_them_apart(both):
    listed = both.laptop("project", "list")
    assert "Highfield" in listed
    assert "ROTH" in listed
    shown = both.laptop.json("status")["projects"]
    assert len(set(shown)) == 3
    assert sorted(name.partition(" ")[0] for name in shown) == ["HF", "HF", "WB"]


def test_devices_of_one_name_are_told_apart_too(both, tmp_path):
    twin = Laptop(tmp_path, "lap")
    twin("enrol", both.url, both.code("WB"))
    said = refused(both, "device", "show", "lap")
    assert "lap means several devices" in said
    shown = json.loads(both.admin("device", "show", hint_of(said), "--json"))
    assert shown["name"] == "lap"
    both.admin("device", "revoke", twin.json("status")["device"][:36])
    assert (
        json.loads(both.admin("device", "show", "lap", "--json"))["id"]
        != (twin.json("status")["device"])
    )
