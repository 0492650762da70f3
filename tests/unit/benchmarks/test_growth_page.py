"""The costs of growth as a table, a picture, and a part of a page."""

import xml.etree.ElementTree as ET

import pytest

from benchmarks.growth import page, run
from benchmarks.growth.costs import KINDS
from benchmarks.peers import page as peers_page
from benchmarks.peers.facts import SAID
from benchmarks.performance_page import PAGE

COSTS = {
    1_000: dict.fromkeys(KINDS, 2.0),
    1_000_000: dict.fromkeys(KINDS, 3_000.0),
    10_000: dict.fromkeys(KINDS, 2.5),
    100_000: dict.fromkeys(KINDS, 3.0),
}
WHEN = {
    "at": "2026-01-01 10:00 UTC",
    "cores": 2,
    "load": 1.0,
    "python": "3.11.7",
    "commit": "abc",
}


def test_the_table_says_how_many_times_the_first_each_cost_is():
    lines = page.table(COSTS).splitlines()
    assert lines[0].split(" | ")[2:] == ["1,000", "10,000", "100,000", "1,000,000 |"]
    assert len(lines) == len(KINDS) + 2
    cells = "| 2 | 2.5 (1.25 x) | 3 (1.50 x) | 3,000 (1500.00 x) |"
    bounded = "| 2 | 2.5 | 3 | 3,000 |"
    for line, kind in zip(lines[2:], KINDS.values(), strict=True):
        assert line.endswith(cells if kind.has_ratio else bounded)


def test_four_sizes_fit_80_columns():
    assert [line for line in page.plain(COSTS).splitlines() if len(line) > 80] == []


def test_the_picture_is_well_formed_and_names_every_cost():
    drawn = ET.fromstring(page.picture(COSTS))  # noqa: S314 - drawn by us
    texts = {text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {kind.title for kind in KINDS.values() if kind.has_ratio} <= texts
    assert page.picture(COSTS) == page.picture(COSTS)


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    before, after = f"Intro.\n\n{page.PART.begin}\n", f"\n{page.PART.end}\n\nMore.\n"
    file = tmp_path / "performance.md"
    file.write_text(f"{before}old{after}")
    page.write(file, COSTS, WHEN)
    first = file.read_text()
    assert first.startswith(before.rstrip())
    assert first.endswith(after.lstrip())
    assert "old" not in first
    assert "commit abc" in first
    page.write(file, COSTS, WHEN)
    assert file.read_text() == first
    assert (tmp_path / "performance.svg").read_text() == page.picture(COSTS)


def test_a_page_without_marks_is_left_alone(tmp_path):
    file = tmp_path / "performance.md"
    file.write_text("no marks")
    with pytest.raises(ValueError, match="the page lacks"):
        page.write(file, COSTS, WHEN)
    assert file.read_text() == "no marks"


@pytest.mark.parametrize("part", [page.PART, peers_page.PART])
def test_the_page_of_the_project_has_the_marks(part):
    assert "here it is" in part.put(PAGE.read_text("utf-8"), "here it is")


def test_a_run_beside_peers_becomes_tables():
    ratio = {"median": 2.0, "min": 1.5, "max": 3.0}
    side = {"median": 8.0, "min": 8.0, "max": 8.0, "ours_by_theirs": ratio}
    figure = {"title": "push", "unit": "bags/s", "sides": {"permille": side}}
    both = {"permille": side, "pouchdb": side, "pouchdb, both ways": side}
    document = {
        "began": WHEN,
        "bags": 1000,
        "rounds": 3,
        "figures": [figure, {**figure, "title": "crowd", "sides": both}],
        "bad_link": {
            "bits_s": 64e3,
            "round_trip_s": 0.6,
            "loss": 0.03,
            "floor_s": 1.6,
            "floor_bytes": 3346,
        },
        "does": {name: SAID[name] for name in ("permille", "pouchdb")},
        "versions": {"pouchdb": "9.0.0"},
        "not_measured": {"kinto": "no network"},
    }
    text = peers_page.text(document)
    assert "| push | bags/s | 8 |  |  |" in text
    assert "| crowd | bags/s | 8 | 8 | 2 (1.5 to 3) |" in text
    assert "| crowd, pouchdb both ways | bags/s | 8 | 8 | 2 (1.5 to 3) |" in text
    assert "| on the disk | yes | not synced |" in text
    assert "Not measured: kinto: no network." in text


@pytest.mark.parametrize("words", [["--up-to", "10"], ["--quick", "--huge"]])
def test_sizes_that_make_no_sense_are_refused(words, capsys):
    with pytest.raises(SystemExit) as left:
        run.main(words)
    assert left.value.code == 2
    assert "--" in capsys.readouterr().err
