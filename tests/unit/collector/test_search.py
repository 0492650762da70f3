"""Records of the laptop by words: codes, names, notes, people."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def bags(field):
    bag = ["sample", "add", "--plot", "HF", "--point", "1", "--sample-code"]
    for n, code in enumerate(["HF-2026-1", "HF-2026-2"]):
        depths = ["--depth-top-cm", 20 * n, "--depth-bottom-cm", 20 * n + 20]
        field(*bag, code, *depths)
    field("sample", "edit", "HF-2026-1", "--note", "très humide, près de la haie")
    field("campaign", "edit", "2026", "--crew", "Ada Diallo", "--crew", "Bo")
    return field


def names(permille, *words):
    return [one["name"] for one in permille.json("search", *words)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["HF-2026"], ["HF-2026-1", "HF-2026-2"]),
        (["hf-2026-2"], ["HF-2026-2"]),
        (["humide"], ["HF-2026-1"]),
        (["TRES", "hai"], ["HF-2026-1"]),
        (["diallo"], ["2026"]),
        (["haie", "Bo"], []),
        (["AND"], []),
        (['"; DROP'], []),
    ],
)
def test_words_find_codes_notes_and_people(bags, words, found):
    assert sorted(names(bags, *words)) == found


def test_signs_alone_are_no_words(bags):
    error = bags.json("search", "...", code=2)["error"]
    assert error["text"] == "there is no word to look for"


def test_what_changes_is_found_as_it_is_now(bags):
    assert names(bags, "humide") == ["HF-2026-1"]
    bags("sample", "edit", "HF-2026-1", "--note", "sec")
    assert (names(bags, "humide"), names(bags, "sec")) == ([], ["HF-2026-1"])
    bags("sample", "delete", "HF-2026-1", "--yes")
    assert names(bags, "sec") == []


def test_a_search_is_narrowed_to_a_type(bags):
    assert names(bags, "2026", "--type", "campaign") == ["2026"]
    assert names(bags, "2026", "--type", "plot") == []


def test_the_words_say_where_they_were_found_and_that_there_are_more(bags):
    said = bags("search", "humide")
    assert "note très humide" in said.out
    said = bags("search", "HF", "--limit", "1")
    assert "there are more than 1" in said.err
    assert "nothing has all" in bags("search", "nowhere").out


def test_nothing_that_was_written_lies_on_the_disk_unencrypted(bags):
    bags("search", "humide")
    for path in bags.home.rglob("*"):
        if path.is_file():
            assert b"humide" not in path.read_bytes()
