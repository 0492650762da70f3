"""Three laptops write one field without having seen each other, in whatever order."""

from itertools import permutations

import pytest

from schemas import limits
from tests.unit.merge.building import CAMPAIGN, PLOT, Server, live, put, writer

STAMPS = {"ana2": 30, "bo1": 50, "cy1": 40}
ORDERS = list(permutations(STAMPS))
each_order = pytest.mark.parametrize("order", ORDERS, ids=" then ".join)


def notes(order, stamps=STAMPS, said=None):
    """Return what each laptop says of the note; all of them saw row 1 only."""
    return [
        put(name, PLOT, {"note": (said or {}).get(name, name)}, saw=1, at=stamps[name])
        for name in order
    ]


def plot():
    return live(PLOT, {"note": "as planned"}, by=("eve1", 1, 10))


# Descriptions ---------------------------------------------------------------------


@each_order
def test_the_latest_of_three_descriptions_stands_whatever_the_order(order):
    server = Server(plot())
    (first, *later) = server.push(*notes(order))
    assert first == "accepted"
    assert later == ["merged", "merged"]
    assert server.fields(PLOT)["note"] == "bo1"
    assert server.conflicts == {}


@each_order
def test_all_three_are_unseen_writers_and_only_the_latest_keeps_its_stamp(order):
    server = Server(plot())
    server.push(*notes(order))
    numbers = {name: seq for seq, name in enumerate(order, start=2)}
    assert sorted(server.writers(PLOT, "note")) == sorted(
        (name, numbers[name], 50 if name == "bo1" else 0) for name in order
    )


@each_order
def test_each_description_that_does_not_stand_is_history_once(order):
    server = Server(plot())
    server.push(*notes(order))
    gone = [values["note"] for values, *_ in server.history]
    assert sorted(gone) == ["ana2", "as planned", "cy1"]


@pytest.mark.parametrize(("at", "stands"), [(60, "dee1"), (45, "bo1")])
@each_order
def test_a_fourth_meets_the_latest_of_the_three(order, at, stands):
    server = Server(plot())
    server.push(*notes(order))
    late = put("dee1", PLOT, {"note": "dee1"}, saw=1, at=at)
    assert server.push(late) == ["merged"]
    assert server.fields(PLOT)["note"] == stands


@each_order
def test_equal_stamps_are_told_apart_by_the_names_of_the_changes(order):
    server = Server(plot())
    server.push(*notes(order, dict.fromkeys(STAMPS, 50)))
    assert server.fields(PLOT)["note"] == "cy1"


@each_order
def test_the_later_of_two_who_said_the_same_counts(order):
    """ana2 and bo1 agree; cy1, whose stamp lies between, does not stand."""
    server = Server(plot())
    said = {"ana2": "wet", "bo1": "wet", "cy1": "dry"}
    server.push(*notes(order, said=said))
    assert server.fields(PLOT)["note"] == "wet"


def test_no_stamp_counts_as_later_than_its_receipt():
    server = Server(plot())
    of_next_year = put("bo1", PLOT, {"note": "bo1"}, saw=1, at=9000)
    server.push(of_next_year, received=50)
    assert server.writers(PLOT, "note") == [("bo1", 2, 50)]
    server.push(put("cy1", PLOT, {"note": "cy1"}, saw=1, at=51), received=60)
    assert server.fields(PLOT)["note"] == "cy1"


def test_a_stamp_is_later_than_that_of_a_superseded_writer_whatever_the_clock_says():
    """The clock of the one who receives may stand at 0, too."""
    server = Server(plot())
    server.push(put("bo1", PLOT, {"note": "bo1"}, saw=1), received=0)
    assert server.writers(PLOT, "note") == [("bo1", 2, 1)]


def test_a_superseded_description_stands_against_nobody():
    """bo1 goes on, with a clock that was put back, over what they have not seen."""
    server = Server(plot())
    server.push(*notes(["cy1", "bo1"]))
    again = put("bo2", PLOT, {"note": "bo2"}, saw=1, at=5)
    assert server.push(again) == ["merged"]
    assert server.fields(PLOT)["note"] == "bo2"
    assert server.writers(PLOT, "note") == [("cy1", 2, 0), ("bo2", 4, 5)]


def test_what_was_superseded_enters_history_once():
    """Who replaces the standing one does not put the superseded one there again."""
    server = Server(plot())
    server.push(*notes(["cy1", "bo1"]))
    seen = len(server.history)
    assert server.push(put("dee1", PLOT, {"note": "dee1"}, saw=3)) == ["accepted"]
    assert server.history[seen:] == [({"note": "bo1"}, "bo1", 3, "dee1", 4)]
    assert server.writers(PLOT, "note") == [("dee1", 4, 100)]


def test_who_saw_only_the_superseded_one_is_merged_with_the_one_that_stands():
    server = Server(plot())
    server.push(*notes(["cy1", "bo1"]))
    late = put("dee1", PLOT, {"note": "dee1"}, saw=2, at=45)
    assert server.push(late) == ["merged"]
    assert server.fields(PLOT)["note"] == "bo1"
    assert server.writers(PLOT, "note") == [("dee1", 4, 0), ("bo1", 3, 50)]


def test_both_who_said_the_same_are_replaced_in_history():
    same = {"note": [("cy1", 2, 20), ("bo1", 3, 30)]}
    server = Server(live(PLOT, {"note": "wet"}, writers=same))
    server.push(put("dee1", PLOT, {"note": "dry"}, saw=3))
    assert server.history == [
        ({"note": "wet"}, "cy1", 2, "dee1", 4),
        ({"note": "wet"}, "bo1", 3, "dee1", 4),
    ]


# Measurements ---------------------------------------------------------------------


@each_order
def test_the_first_of_three_measurements_stands_and_two_conflicts_are_open(order):
    server = Server(live(PLOT, {"area_ha": 9.0}, by=("eve1", 1, 10)))
    areas = {"ana2": 1.0, "bo1": 2.0, "cy1": 3.0}
    changes = [
        put(name, PLOT, {"area_ha": areas[name]}, saw=1, at=STAMPS[name])
        for name in order
    ]
    assert server.push(*changes) == ["accepted", "conflict", "conflict"]
    first, *others = order
    stands = {"area_ha": areas[first]}
    assert server.fields(PLOT)["area_ha"] == areas[first]
    assert server.writers(PLOT, "area_ha") == [(first, 2, STAMPS[first])]
    assert server.conflicts == {
        f"{name}:area_ha": (stands, {"area_ha": areas[name]}) for name in others
    }
    assert server.record(PLOT).open_conflicts == 2


def test_a_conflict_says_which_row_its_author_saw():
    server = Server(live(PLOT, {"area_ha": 9.0}))
    server.push(put("bo1", PLOT, {"area_ha": 1.0}, saw=1))
    server.push(put("cy1", PLOT, {"area_ha": 2.0}, saw=1))
    (conflict,) = server.state.conflicts
    assert (conflict.base_seq, conflict.change.id) == (1, "cy1")


def test_who_has_seen_one_of_two_who_measured_the_same_has_not_seen_the_other():
    same = {"area_ha": [("cy1", 2, 20), ("bo1", 3, 30)]}
    server = Server(live(PLOT, {"area_ha": 1.0}, writers=same))
    assert server.push(put("dee1", PLOT, {"area_ha": 2.0}, saw=2)) == ["conflict"]
    assert server.push(put("eve1", PLOT, {"area_ha": 3.0}, saw=3)) == ["accepted"]


def test_a_group_of_measurements_is_judged_as_one():
    """A new end beside an unseen start would make a period that nobody saw."""
    writers = {"period": [("cy1", 2, 20)]}
    server = Server(live(CAMPAIGN, {"start_date": "2026-02-01"}, writers=writers))
    dates = {"start_date": "2026-03-01", "end_date": "2026-03-31"}
    assert server.push(put("bo1", CAMPAIGN, dates, saw=1)) == ["conflict"]
    assert server.conflicts == {
        "bo1:period": ({"start_date": "2026-02-01", "end_date": "2026-03-02"}, dates)
    }


# Sets -----------------------------------------------------------------------------

CREWS = {"ana2": ["Ana"], "bo1": ["Ana", "Bo"], "cy1": ["Cy"]}


@each_order
def test_three_sets_are_joined_whatever_the_order(order):
    server = Server(live(CAMPAIGN, {"crew": ["Eve"]}, by=("eve1", 1, 10)))
    changes = [
        put(name, CAMPAIGN, {"crew": CREWS[name]}, saw=1, at=STAMPS[name])
        for name in order
    ]
    assert server.push(*changes) == ["accepted", "merged", "merged"]
    assert server.fields(CAMPAIGN)["crew"] == ["Ana", "Bo", "Cy"]
    assert {name for name, *_ in server.writers(CAMPAIGN, "crew")} == set(order)


@each_order
def test_what_an_author_of_a_set_did_not_see_stays_unseen_for_their_next_word(order):
    server = Server(live(CAMPAIGN, {"crew": ["Eve"]}, by=("eve1", 1, 10)))
    for name in order:
        server.push(put(name, CAMPAIGN, {"crew": CREWS[name]}, saw=1))
    last = order[-1]
    log, n = last[:-1], int(last[-1])
    again = put(f"{log}{n + 1}", CAMPAIGN, {"crew": [*CREWS[last], "Zoe"]}, saw=1)
    assert server.push(again) == ["merged"]
    assert server.fields(CAMPAIGN)["crew"] == ["Ana", "Bo", "Cy", "Zoe"]


def test_a_set_that_was_empty_takes_what_is_named():
    writers = {"crew": [("cy1", 2, 20)]}
    server = Server(live(CAMPAIGN, {"crew": None}, writers=writers))
    assert server.push(put("bo1", CAMPAIGN, {"crew": ["Bo"]}, saw=1)) == ["merged"]
    assert server.fields(CAMPAIGN)["crew"] == ["Bo"]


def test_two_sets_that_are_too_many_when_they_are_joined_are_not():
    crews = [
        [f"{name} {k}" for k in range(limits.SET_ITEMS - 1)] for name in ("Ana", "Bo")
    ]
    writers = {"crew": [("cy1", 2, 20)]}
    server = Server(live(CAMPAIGN, {"crew": sorted(crews[0])}, writers=writers))
    change = put("bo1", CAMPAIGN, {"crew": crews[1]}, saw=1)
    assert server.push(change) == ["quarantined"]
    assert server.why("bo1") == [("too_many", 2 * (limits.SET_ITEMS - 1))]
    assert server.fields(CAMPAIGN)["crew"] == sorted(crews[0])


# Who wrote last -------------------------------------------------------------------


def test_the_last_writer_of_a_record_is_who_has_its_highest_number():
    record = live(PLOT, writers={"note": [("bo1", 3, 5)], "code": [("cy1", 2, 99)]})
    assert record.last_writer == writer("bo1", 3, 5)
