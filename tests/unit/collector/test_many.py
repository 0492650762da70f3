"""Many records at once on the laptop: listed, edited, deleted, taken back."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def bags(field):
    bag = ["sample", "add", "--plot", "HF", "--point", "1", "--sample-code"]
    for n, code in enumerate("ABC"):
        depths = ["--depth-top-cm", 20 * n, "--depth-bottom-cm", 20 * n + 20]
        field(*bag, code, *depths)
    return field


def notes(permille):
    found = permille.json("sample", "list")
    return [one["fields"].get("note") for one in found]


def test_many_are_edited_after_a_question_and_taken_back(bags):
    words = [
        "records",
        "edit",
        "sample",
        "--where",
        "depth-top-cm>=20",
        "--set",
        "note=wet",
    ]
    error = bags.json(*words, code=None)["error"]
    assert error["text"] == "Set note wet of 2 samples? This needs a yes."
    assert notes(bags) == [None, None, None]
    done = bags.json(*words, "--yes")
    assert (done["found"], len(done["changed"])) == (2, 2)
    assert notes(bags) == [None, "wet", "wet"]
    assert bags.json(*words, "--yes")["already"] == 2
    bags.json("undo", done["operation"], "--write", "--reason", "no")
    assert notes(bags) == [None, None, None]


def test_many_are_deleted_but_not_those_that_something_belongs_to(bags):
    lab = ["--analyte", "soc", "--value", "14", "--unit", "g_kg"]
    bags("result", "add", "--sample", "B", *lab, "--method", "dry_combustion")
    words = ["records", "delete", "sample", "--where", "plot=HF", "--yes"]
    done = bags.json(*words, code=1)
    assert [one["why"] for one in done["kept"]] == [
        "1 record belongs to it: result B/soc/1"
    ]
    assert [one["name"] for one in bags.json("sample", "list")] == ["B"]


def test_a_value_that_a_record_cannot_have_is_told_by_name(bags):
    words = ["records", "edit", "sample", "--where", "plot=HF", "--yes"]
    done = bags.json(*words, "--set", "depth-bottom-cm=30", code=1)
    assert [one["name"] for one in done["changed"]] == ["sample A", "sample B"]
    assert "sample C" in [one["name"] for one in done["kept"]]


def test_many_are_listed_with_the_values_that_were_asked_for(bags):
    said = bags("records", "list", "sample", "--where", "depth-top-cm>=20").out
    assert "2 samples with depth-top-cm>=20" in said
    assert "depth-top-cm 40" in said


@pytest.mark.parametrize("words", [["colour=red"], ["HF"]])
def test_what_is_no_condition_is_refused_in_words(bags, words):
    found = bags.json("records", "list", "sample", "--where", *words, code=2)
    assert "is no condition" in found["error"]["text"]
