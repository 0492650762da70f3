"""Rounds become medians of ratios, and a table that fits."""

import pytest

from benchmarks.peers import run
from benchmarks.peers.facts import DONE, MEANING, SAID
from benchmarks.peers.measures import MEASURES
from benchmarks.peers.metrics import METRICS, compared
from benchmarks.peers.words import facts_lines, figure_lines, missing_lines

ROUNDS = [
    {"permille": {"push_rate": 100.0}, "pouchdb": {"push_rate": 50.0}},
    {"permille": {"push_rate": 10.0}, "pouchdb": {"push_rate": 10.0}},
    {"permille": {"push_rate": 90.0}, "pouchdb": {"push_rate": 30.0}},
]


def test_a_ratio_is_taken_round_by_round():
    (figure,) = compared(ROUNDS)
    ratio = figure.ratio("pouchdb")
    assert (ratio.median, ratio.least, ratio.most) == (2.0, 1.0, 3.0)
    assert figure.spread("permille").median == 90.0
    assert figure.ratio("permille") is None


def test_the_document_holds_every_round():
    (figure,) = compared(ROUNDS)
    data = figure.as_data()
    assert data["sides"]["pouchdb"]["rounds"] == [50.0, 10.0, 30.0]
    assert data["better"] == "more"


def test_a_figure_that_a_side_lacks_is_left_out_for_that_side():
    found = compared([{"permille": {"disk_server": 1.0}, "kinto": {}}])
    assert list(found[0].values) == ["permille"]


def test_the_order_of_sides_changes_with_every_round():
    names = ["a", "b", "c"]
    orders = [run.in_order(names, number) for number in range(3)]
    assert {order[0] for order in orders} == set(names)
    assert all(sorted(order) == names for order in orders)


def test_lines_fit_80_columns():
    wide = {"permille": 123_456.0, "pouchdb, both ways": 987_654.0, "kinto": 1e5 / 3}
    narrow = {side: value / 3 for side, value in wide.items()}
    both = [
        {side: dict.fromkeys(METRICS, value) for side, value in each.items()}
        for each in (wide, narrow)
    ]
    lines = [line for figure in compared(both) for line in figure_lines(figure)]
    lines += facts_lines(list(SAID))
    assert [line for line in lines if len(line) > 80] == []


def test_everything_is_said_of_every_side():
    assert all(tuple(said) == DONE for said in SAID.values())
    assert tuple(MEANING) == DONE


def test_who_is_not_measured_is_named():
    lines = list(missing_lines({"kinto": "pip: no network"}))
    assert lines == ["NOT MEASURED: kinto: pip: no network"]


@pytest.mark.parametrize("words", [["--only", "nothing"], ["--rounds", "0"]])
def test_what_cannot_be_measured_is_refused(words, capsys):
    with pytest.raises(SystemExit) as left:
        run.main(words)
    assert left.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_help_names_every_measure_and_an_example(capsys):
    with pytest.raises(SystemExit):
        run.main(["--help"])
    said = capsys.readouterr().out
    assert "make bench-peers BENCH_ARGS=" in said
    assert all(name in said for name in MEASURES)
