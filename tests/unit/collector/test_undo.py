"""Undo on the laptop: an import, a lab batch, what was done since a moment."""

import pytest

pytestmark = pytest.mark.slow

TABLE = "Sample;SOC %;Batch\nA;1,52;B7\nB;1,41;B8\n"
SAYS = ["--method", "soc=dry_combustion", "--write"]
WHY = ["--write", "--reason", "wrong file"]


@pytest.fixture
def lab(field, tmp_path):
    """Import what a laboratory sent; return the id of the operation."""
    bag = ["sample", "add", "--plot", "HF", "--point", "1", "--sample-code"]
    for n, code in enumerate("AB"):
        depths = ["--depth-top-cm", 20 * n, "--depth-bottom-cm", 20 * n + 20]
        field(*bag, code, *depths)
    path = tmp_path / "lab.csv"

    def run(text=TABLE, *more, code=0):
        path.write_text(text, "utf-8")
        words = ["lab", "import", path, "--lab", "LAS", *SAYS, *more]
        return field.json(*words, code=code)["operation"]

    run.permille = field
    return run


def values(permille):
    found = permille.json("result", "list")
    return sorted(one["fields"]["value"] for one in found)


def test_an_import_is_looked_at_taken_back_and_had_again(lab):
    permille, done = lab.permille, lab()
    looked = permille.json("undo", done)
    assert (looked["written"], looked["changes"]) == (False, 2)
    assert values(permille) == [1.41, 1.52]
    undone = permille.json("undo", done, *WHY)
    assert values(permille) == []
    permille.json("undo", undone["operation"], *WHY)
    assert values(permille) == [1.41, 1.52]
    listed = permille.json("undo", "--list")
    assert [one["kind"] for one in listed] == ["undo", "undo", "import"]
    assert (listed[-1]["what"], listed[-1]["changes"]) == ("lab.csv", 2)


def test_a_replaced_value_comes_back(lab):
    permille = lab.permille
    lab()
    more = ["--differing", "replace"]
    again = lab(TABLE.replace("1,52", "1,62"), *more, code=1)
    assert values(permille) == [1.41, 1.62]
    permille.json("undo", again, *WHY)
    assert values(permille) == [1.41, 1.52]


def test_a_batch_is_taken_back_alone(lab):
    lab()
    lab.permille.json("undo", "--lab", "LAS", "--batch", "B7", *WHY)
    assert values(lab.permille) == [1.41]


def test_what_was_corrected_since_stays_and_is_named(lab):
    permille, done = lab.permille, lab()
    permille("result", "edit", "A/soc", "--note", "seen")
    undone = permille.json("undo", done, *WHY, code=1)
    why = "a later change of this laptop has written note since, so it stays"
    assert [(one["name"], one["why"]) for one in undone["kept"]] == [
        ("result A/soc/1", why)
    ]
    assert values(permille) == [1.52]


def test_what_was_typed_since_a_moment_is_taken_back_not_what_came_before(lab):
    permille = lab.permille
    permille("sample", "edit", "A", "--note", "before")
    permille.app.clock.at = permille.app.clock.at.replace(hour=15)
    permille("sample", "edit", "A", "--note", "after")
    permille("sample", "edit", "A", "--fine-dry-mass-g", "150")
    permille("sample", "edit", "A", "--note", "later")
    done = permille.json("undo", "--since", "2026-06-01T15:00Z", *WHY)
    assert len(done["steps"]) == 1
    fields = permille.json("sample", "show", "A")["fields"]
    assert fields["note"] == "before"
    assert "fine_dry_mass_g" not in fields


def test_a_new_record_that_was_edited_before_it_was_sent_was_here_all_the_same(lab):
    permille = lab.permille
    permille.app.clock.at = permille.app.clock.at.replace(hour=15)
    permille("sample", "edit", "A", "--note", "after")
    permille.json("undo", "--since", "2026-06-01T15:00Z", *WHY)
    assert "note" not in permille.json("sample", "show", "A")["fields"]


def test_a_deletion_is_taken_back(lab):
    permille = lab.permille
    permille.app.clock.at = permille.app.clock.at.replace(hour=15)
    permille("sample", "delete", "B", "--yes")
    permille.json("undo", "--since", "2026-06-01T15:00Z", *WHY)
    assert [one["name"] for one in permille.json("sample", "list")] == ["A", "B"]


def test_what_others_added_to_a_record_keeps_it(lab):
    permille = lab.permille
    hole = ["--plot", "HF", "--point", "1", "--core-number", "2"]
    permille("core", "add", *hole[:4], "--number", "2", "--sampled-at", "12:00",
             "--campaign", "2026", "--person", "Bo")  # fmt: skip
    bag = ["--sample-code", "C", "--depth-top-cm", "0", "--depth-bottom-cm", "10"]
    permille("sample", "add", *hole, *bag)
    words = ["undo", "--by", "Bo", "--since", "2026-01-01", *WHY]
    undone = permille.json(*words, code=1)
    assert [one["why"] for one in undone["kept"]] == [
        "1 record belongs to it: sample C"
    ]
    permille("sample", "delete", "C", "--yes")
    assert permille.json(*words)["kept"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say what is taken back"),
        (["--batch", "B7"], "a batch is named"),
        (["--since", "sometime"], "sometime is no moment"),
        (["3f9a2c1b", "--write"], "an undo needs a reason"),
    ],
)
def test_what_is_not_said_plainly_is_asked_for(field, words, said):
    assert said in field.json("undo", *words, code=2)["error"]["text"]


def test_the_words_say_what_would_be_done_and_how(lab):
    done = lab()
    said = lab.permille("undo", done).out
    assert "delete 2 results" in said
    assert 'add: --write --reason "..."' in said
    said = lab.permille("undo", done, *WHY).out
    assert "to have it again: permille undo" in said
