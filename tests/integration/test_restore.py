"""Deleted by mistake: every record type comes back, from any laptop, under any name.

A bare return names no parent. Every test here of a type that has one (practice, point, core,
sample, result) fails at a server that looks only at what a change names itself.
"""

import pytest

from tests.integration.test_laptop_sync import Laptop, Served
from tests.processes import server_process, typed

pytestmark = pytest.mark.slow

DEPTHS = "--depth-top-cm 0 --depth-bottom-cm 30"
#: How to add a record of each type, and its name after its parents were renamed.
RECORDS = {
    "organisation": ("--code ORG --name Org --kind member", "ORG"),
    "plot": ("--code HF", "HF"),
    "practice": ("--plot HF --family agroforestry --what hedges", "RE/hedges"),
    "point": ("--plot HF --code 1", "RE/1"),
    "campaign": ("--name 2026 --purpose baseline --start-date 2026-05-01", "2026"),
    "core": (
        "--plot HF --point 1 --campaign 2026 --sampled-at 2026-05-03",
        "RE/one/again/1",
    ),
    "sample": (
        f"--plot HF --point 1 --campaign 2026 --sample-code BAG {DEPTHS}",
        "BAG",
    ),
    "result": (
        "--sample BAG --analyte soc --value 14 --unit g_kg --method dry_combustion",
        "NEW/soc/1",
    ),
}
#: What a person calls a record before anything was renamed.
NAMES = {
    "practice": "HF/hedges",
    "point": "HF/1",
    "core": "HF/1/2026/1",
    "result": "BAG/soc/1",
}
#: What is renamed above each type: the name it had and the words that change it.
RENAMED = {
    "practice": [("plot", "HF", "--code", "RE")],
    "point": [("plot", "HF", "--code", "RE")],
    "core": [
        ("plot", "HF", "--code", "RE"),
        ("point", "RE/1", "--code", "one"),
        ("campaign", "2026", "--name", "again"),
    ],
    "sample": [("plot", "HF", "--code", "RE")],
    "result": [("sample", "BAG", "--sample-code", "NEW")],
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    data = tmp_path_factory.mktemp("restore") / "data"
    typed(data, "init")
    with server_process(data) as url:
        yield Served(data, url)
    typed(data, "verify")


def add(laptop, record_type):
    """Add one record of every type up to this one, so that it has its parents."""
    for kind, (words, _) in RECORDS.items():
        laptop(kind, "add", *words.split())
        if kind == record_type:
            return


def every(laptop):
    return {
        kind: {
            one["id"]: (one["name"], one["fields"]) for one in laptop.json(kind, "list")
        }
        for kind in RECORDS
    }


@pytest.fixture
def pair(served, tmp_path):
    project = served.project()
    laptops = [Laptop(tmp_path, name) for name in ("one", "two")]
    for laptop in laptops:
        laptop("enrol", served.url, served.code(project))
        laptop.sync()
    return laptops


def deleted(pair, record_type):
    """Record something on both laptops and delete it; return what it was."""
    one, two = pair
    add(one, record_type)
    one.sync()
    two.sync()
    name = NAMES.get(record_type, RECORDS[record_type][1])
    before = one.json(record_type, "show", _shown(one, record_type, name))
    one(record_type, "delete", before["id"], "--yes")
    one.sync()
    two.sync()
    return before


def _shown(laptop, record_type, name):
    if record_type != "practice":
        return name
    (only,) = laptop.json("practice", "list")
    assert only["name"] == name
    return only["id"]


def test_what_was_deleted_is_listed(pair):
    before = deleted(pair, "core")
    for laptop in pair:
        assert laptop.json("core", "list") == []
        (found,) = laptop.json("core", "list", "--deleted")
        assert (found["id"], found["name"]) == (before["id"], "HF/1/2026/1")
        assert "HF/1/2026/1" in laptop("core", "list", "--deleted")
    error = pair[0].json("core", "restore", "HF/2/2026/1", code=4)["error"]
    assert error["hint"] == "see: permille core list --deleted"
    pair[0]("core", "list", "--deleted", "--plot", "HF", code=2)


def came_back(pair, before):
    one, two = pair
    for laptop in (one, two, one, two):
        found = laptop.sync()
        assert (found["conflicts"], found["quarantined"], found["held"]) == (0, 0, 0)
    for laptop in pair:
        after = laptop.json(before["type"], "show", before["id"])
        assert after["fields"] == before["fields"]
        assert after["state"] in {"accepted", "merged"}
        assert laptop.json("fix") == laptop.json("conflicts") == []
    assert every(one) == every(two)


@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize("record_type", RECORDS)
def test_a_deleted_record_comes_back_from_any_laptop(pair, record_type, who):
    before = deleted(pair, record_type)
    name = NAMES.get(record_type, RECORDS[record_type][1])
    done = pair[who].json(record_type, "restore", name)
    assert (done["id"], done["outcome"]) == (before["id"], "restored")
    came_back(pair, before)


@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize("record_type", RENAMED)
def test_it_comes_back_under_the_present_names_of_what_it_belongs_to(
    pair, record_type, who
):
    before = deleted(pair, record_type)
    one, two = pair
    for kind, name, *words in RENAMED[record_type]:
        two(kind, "edit", name, *words)
    two.sync()
    one.sync()
    old = NAMES.get(record_type)
    if old is not None:
        error = pair[who].json(record_type, "restore", old, code=4)["error"]
        assert error["code"] == "not_found"
    done = pair[who].json(record_type, "restore", RECORDS[record_type][1])
    assert (done["id"], done["outcome"]) == (before["id"], "restored")
    came_back(pair, before)


@pytest.mark.parametrize("record_type", RECORDS)
def test_a_start_of_the_id_is_enough(pair, record_type):
    before = deleted(pair, record_type)
    done = pair[1].json(record_type, "restore", before["id"][:8])
    assert done["id"] == before["id"]
    came_back(pair, before)


@pytest.mark.parametrize(
    ("record_type", "short"), [("core", "HF/1/2026"), ("result", "BAG/soc")]
)
def test_a_first_core_or_result_goes_without_its_number(pair, record_type, short):
    before = deleted(pair, record_type)
    done = pair[1].json(record_type, "restore", short)
    assert done["id"] == before["id"]
    came_back(pair, before)


def test_a_whole_place_comes_back_from_above_to_below(pair):
    one, two = pair
    add(one, "result")
    one.sync()
    two.sync()
    before = every(one)
    below_first = ["result", "sample", "core", "campaign", "point", "practice", "plot"]
    for kind in below_first:
        (name,) = before[kind]
        one(kind, "delete", name, "--yes")
        one.sync()
    two.sync()
    for kind in ("result", "sample", "core", "point", "practice"):
        name = NAMES.get(kind, RECORDS[kind][1])
        error = two.json(kind, "restore", name, code=4)["error"]
        assert error["problems"][0]["code"] == "parent_deleted", kind
    for kind in reversed(below_first):
        two(kind, "restore", NAMES.get(kind, RECORDS[kind][1]))
    found = two.sync()
    assert (found["accepted"], found["pushed"]) == (7, 7)
    one.sync()
    assert every(one) == every(two) == before


def test_a_name_that_two_deleted_records_had_asks_which(pair):
    one, two = pair
    first = deleted(pair, "point")
    two("point", "add", "--plot", "HF", "--code", "1", "--note", "second")
    second = two.json("point", "show", "HF/1")
    assert second["id"] != first["id"]
    two.sync()
    one.sync()
    two("point", "delete", "HF/1", "--yes")
    two.sync()
    one.sync()
    error = one.json("point", "restore", "HF/1", code=4)["error"]
    assert error["code"] == "ambiguous"
    assert first["id"][:8] in error["text"]
    one("point", "restore", first["id"])
    came_back(pair, first)
