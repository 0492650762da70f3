"""A decision on a conflict does not go over a value of one's own that still waits unasked."""

import pytest

from tests.integration.test_custody import (
    area,
    contested,
    deleted_and_edited,
    pair,  # noqa: F401 - a fixture
    served,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.slow

WHY = ("--reason", "first visit counts")


@pytest.fixture
def mine(pair):  # noqa: F811 - the fixture
    """A laptop with a conflict of 2 (stands) and 3 ha, and an edit to 4 ha that waits."""
    contested(pair)
    _, two = pair
    two("plot", "edit", "HF", "--area-ha", "4", "--note", "fenced")
    return two


@pytest.mark.parametrize(
    "words",
    [
        ["HF", "--keep"],
        ["HF", "--take", "two"],
        ["HF", "--set", "area_ha=5"],
        ["--all", "--keep"],
    ],
)
def test_a_value_that_waits_is_named_and_asked_about(mine, words):
    before = mine.json("status", code=1)["pending"]
    error = mine.json("conflicts", "resolve", *words, *WHY, code=4)["error"]
    assert error["code"] == "not_confirmed"
    assert "plot HF: area-ha = 4 (not yet sent)" in error["text"]
    assert "note" not in error["text"], "nobody disputes that"
    assert error["hint"] == "add: --yes"
    assert (mine.json("status", code=1)["pending"], area(mine)) == (before, 4.0)
    mine("conflicts", "resolve", *words, *WHY, "--yes")
    assert mine.json("status", code=1)["pending"] == before + 1
    assert area(mine) != 4.0


def test_a_decision_for_the_value_that_waits_asks_nothing(mine):
    mine("conflicts", "resolve", "HF", "--set", "area_ha=4", *WHY)
    assert area(mine) == 4.0


def test_without_a_value_that_waits_nothing_is_asked(pair):  # noqa: F811
    contested(pair)
    _, two = pair
    two("plot", "edit", "HF", "--note", "fenced")
    two("conflicts", "resolve", "HF", "--keep", *WHY)


def test_a_value_on_the_fix_list_is_asked_about(pair):  # noqa: F811
    contested(pair)
    one, two = pair
    one("plot", "add", "--code", "Q")
    one.sync(code=1)
    two("plot", "edit", "HF", "--code", "Q", "--area-ha", "4")
    two.sync(code=1)
    assert two.json("fix", code=1)
    words = ("conflicts", "resolve", "--all", "--keep")
    error = two.json(*words, *WHY, code=4)["error"]
    assert "area-ha = 4 (on the fix list)" in error["text"]


def test_a_deletion_that_waits_is_asked_about(pair):  # noqa: F811
    one, two = deleted_and_edited(pair)
    two("plot", "delete", "A", "--yes")
    one("plot", "edit", "A", "--area-ha", "2")
    two.sync()
    one.sync(code=1)
    one("plot", "restore", "A")
    one("plot", "delete", "A", "--yes")
    words = ("conflicts", "resolve", "A", "--take", "one")
    error = one.json(*words, *WHY, code=4)["error"]
    assert "plot A: its deletion (not yet sent)" in error["text"]
    one(*words, *WHY, "--yes")
    assert "A" in {found["name"] for found in one.json("plot", "list")}


def test_a_deletion_over_an_edit_that_waits_is_asked_about(pair):  # noqa: F811
    one, two = deleted_and_edited(pair)
    one("plot", "edit", "A", "--area-ha", "2")
    two("plot", "delete", "A", "--yes")
    one.sync()
    two.sync(code=1)
    two("plot", "edit", "A", "--note", "wet")
    words = ("conflicts", "resolve", "A", "--take", "two")
    error = two.json(*words, *WHY, code=4)["error"]
    assert "plot A: note = wet (not yet sent)" in error["text"]
    two(*words, *WHY, "--yes")


def test_everything_that_waits_is_named_when_all_is_decided(pair):  # noqa: F811
    one, two = pair
    for laptop, value in ((one, "2"), (two, "3")):
        laptop("plot", "edit", "HF", "--area-ha", value)
        laptop("point", "edit", "HF/1", "--lon", value, "--lat", "48")
    one.sync()
    two.sync(code=1)
    two("plot", "edit", "HF", "--area-ha", "4")
    two("point", "edit", "HF/1", "--lon", "5")
    words = ("conflicts", "resolve", "--all", "--keep")
    text = two.json(*words, *WHY, code=4)["error"]["text"]
    assert "plot HF: area-ha = 4 (not yet sent)" in text
    assert "point HF/1: lon = 5 (not yet sent)" in text
