"""Laptops of before name only what was edited: the rest is what their author was shown.

The period of a campaign is a group of two dates. ana1 recorded it (row 1).
"""

import pytest

from server.merge.model import Epoch
from tests.unit.merge.building import (
    CAMPAIGN,
    CORE,
    NOW,
    OTHER_POINT,
    PLOT,
    POINT,
    PROJECT,
    Server,
    campaign,
    earlier,
    ends,
    first,
    live,
    period,
    put,
    sides,
    stands,
    undelete,
    with_past,
)

# The row as it stands -----------------------------------------------------------------


def test_who_saw_what_stands_was_shown_the_rest_of_it():
    server = Server(campaign(1, 5))
    assert server.push(ends(9, saw=1)) == ["accepted"]
    assert stands(server) == period(1, 9)
    assert server.history == [(period(1, 5), "ana1", 1, "bo1", 2)]


def test_who_cleared_a_part_left_the_rest():
    server = Server(campaign(1, 5))
    cleared = put("bo1", CAMPAIGN, {"end_date": None}, saw=1)
    assert server.push(cleared) == ["accepted"]
    assert stands(server) == period(1, None)


def test_who_wrote_what_stands_was_shown_it_whatever_they_saw_before():
    server = Server(campaign(1, 5, by=("bo1", 2, 20)))
    edit = put("bo2", CAMPAIGN, {"end_date": "2026-03-09"}, saw=1)
    assert server.push(edit) == ["accepted"]
    assert stands(server) == period(1, 9)


def test_a_group_that_nobody_wrote_was_shown_empty():
    server = Server(live(CAMPAIGN, {"start_date": None, "end_date": None}))
    assert server.push(ends(9, saw=1)) == ["quarantined"]
    assert server.why("bo1") == [("required", None)]


# The row of then ------------------------------------------------------------------------


def test_who_saw_an_earlier_row_was_shown_the_rest_of_that():
    """cy1 replaced all of the period since: a day of each author makes no pair."""
    server = with_past(
        Server(campaign(11, 15, by=("cy1", 2, 20))),
        earlier(period(1, 5), "ana1", 1, 2),
    )
    assert server.push(ends(9, saw=1)) == ["conflict"]
    assert sides(server) == (period(11, 15), period(1, 9))
    assert stands(server) == period(11, 15)


def test_the_latest_row_that_an_author_saw_is_what_was_shown():
    server = with_past(
        Server(campaign(21, 25, by=("dee1", 3, 30))),
        earlier(period(11, 15), "cy1", 2, 3),
        earlier(period(1, 5), "ana1", 1, 2),
    )
    server.push(ends(19, saw=2))
    assert sides(server) == (period(21, 25), period(11, 19))


def test_a_row_that_came_later_was_not_shown():
    server = with_past(
        Server(campaign(21, 25, by=("dee1", 3, 30))),
        earlier(period(1, 5), "ana1", 1, 2),
        earlier(period(11, 15), "cy1", 2, 3),
    )
    server.push(ends(19, saw=1))
    assert sides(server) == (period(21, 25), period(1, 19))


def test_what_an_author_wrote_after_their_row_was_shown_to_them():
    server = with_past(
        Server(campaign(21, 25, by=("dee1", 3, 30))),
        earlier(period(11, 15), "bo1", 2, 3),
        earlier(period(1, 5), "ana1", 1, 2),
    )
    edit = put("bo2", CAMPAIGN, {"end_date": "2026-03-19"}, saw=1)
    server.push(edit)
    assert sides(server, "bo2") == (period(21, 25), period(11, 19))


def test_each_group_was_shown_in_its_own_row():
    server = with_past(
        Server(campaign(11, 15, by=("cy1", 2, 20))),
        earlier(period(1, 5), "ana1", 1, 2),
    )
    assert server.push(ends(9, saw=2, bases={"period": 1})) == ["conflict"]
    assert sides(server) == (period(11, 15), period(1, 9))


def test_the_same_as_what_stands_is_no_conflict_when_it_is_whole():
    server = with_past(
        Server(campaign(1, 9, by=("cy1", 2, 20))),
        earlier(period(1, 5), "ana1", 1, 2),
    )
    assert server.push(ends(9, saw=1)) == ["accepted"]
    assert server.writers(CAMPAIGN, "period") == [("cy1", 2, 20), ("bo1", 3, 100)]


# What cannot be told ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "past",
    [[], [earlier({"start_date": "2026-03-01"}, "ana1", 1, 2)]],
    ids=["no history", "history of a part"],
)
def test_where_history_does_not_tell_the_change_counts_as_unseen(past):
    server = with_past(Server(campaign(11, 15, by=("cy1", 2, 20))), *past)
    assert server.push(ends(19, saw=1)) == ["conflict"]
    assert sides(server) == (period(11, 15), period(None, 19))


def test_what_cannot_be_told_is_a_conflict_though_it_looks_the_same():
    server = Server(campaign(1, None, by=("cy1", 2, 20)))
    start = {"start_date": "2026-03-01"}
    assert server.push(put("bo1", CAMPAIGN, start, saw=1)) == ["conflict"]
    assert sides(server) == (period(1, None), period(1, None))


def restored(*records):
    epochs = (Epoch("before", {}), Epoch(NOW, {PROJECT: 1}))
    return Server(*records, epochs=epochs)


def test_a_row_that_went_with_a_restore_is_not_guessed_at():
    """Nobody wrote since; yet the author may have been shown something else."""
    server = restored(campaign(1, 5))
    assert server.push(ends(9, saw=("before", 2))) == ["conflict"]
    assert sides(server) == (period(1, 5), period(None, 9))


def test_a_row_that_a_restore_left_is_what_was_shown():
    server = restored(campaign(1, 5))
    assert server.push(ends(9, saw=("before", 1))) == ["accepted"]
    assert stands(server) == period(1, 9)


def test_a_row_of_a_timeline_that_nobody_knows_counts_as_unseen():
    server = restored(campaign(1, 5))
    assert server.push(ends(9, saw=("lost", 1))) == ["conflict"]


# What a completed group does -----------------------------------------------------------------


def test_a_row_whose_groups_were_completed_is_sent_to_its_author():
    """They may not have had the rest; who named all of it had."""
    server = Server(campaign(1, 5))
    server.push(ends(9, saw=1))
    assert not server.record(CAMPAIGN).computable_by_author
    server.push(put("bo2", CAMPAIGN, period(1, 10), saw=2))
    assert server.record(CAMPAIGN).computable_by_author


def test_what_was_empty_need_not_be_named():
    server = Server(campaign(1, None))
    start = {"start_date": "2026-03-02"}
    assert server.push(put("bo1", CAMPAIGN, start, saw=1)) == ["accepted"]
    assert server.record(CAMPAIGN).computable_by_author


def test_a_value_that_is_kept_otherwise_than_it_was_sent_is_sent_back():
    """The crew is kept in the order of its names."""
    server = Server(campaign(1, 5))
    crew = {"crew": ["Bo", "Ana"]}
    assert server.push(put("bo1", CAMPAIGN, crew, saw=1)) == ["accepted"]
    assert server.fields(CAMPAIGN)["crew"] == ["Ana", "Bo"]
    assert not server.record(CAMPAIGN).computable_by_author


def test_who_brings_a_record_back_with_a_part_was_shown_the_rest():
    server = Server(campaign(1, 5))
    end = {"end_date": "2026-03-09"}
    assert server.push(undelete("bo1", CAMPAIGN, end, saw=1)) == ["merged"]
    assert stands(server) == period(1, 9)


def test_what_a_line_says_is_not_touched_by_what_completes_it():
    """It may wait, and be completed again from another row."""
    server, change = Server(campaign(1, 5)), ends(9, saw=1)
    server.push(change)
    assert change.fields == {"end_date": "2026-03-09"}


def test_who_wrote_what_stands_was_shown_it_though_another_wrote_it_too():
    both = [("cy1", 2, 20), ("bo1", 3, 30)]
    server = Server(live(CAMPAIGN, period(1, 5), writers={"period": both}))
    edit = put("bo2", CAMPAIGN, {"end_date": "2026-03-09"}, saw=1)
    assert server.push(edit) == ["conflict"]
    assert sides(server, "bo2") == (period(1, 5), period(1, 9))


def test_who_wrote_what_stands_was_shown_it_in_whatever_timeline():
    server = restored(live(CAMPAIGN, period(1, 5), by=("bo1", 1, 10)))
    edit = put("bo2", CAMPAIGN, {"end_date": "2026-03-09"}, saw=("lost", 4))
    assert server.push(edit) == ["accepted"]
    assert stands(server) == period(1, 9)


PROBE = {"tool": "probe", "inner_diameter_mm": 40.0}
AUGER = {"tool": "auger", "inner_diameter_mm": 60.0}
ALONE = {"cores_composited": None, "composite_radius_m": None}


@pytest.mark.parametrize("past", [[], [earlier(AUGER | ALONE, "ana1", 1, 2)]])
def test_what_was_replaced_in_the_same_batch_is_what_was_shown(past):
    """A change of bo waits for a point that cy brings, after a new word on the core."""
    core = live(CORE, PROBE, writers={"tool": [("eve1", 2, 20)]})
    server = Server(live(PLOT), live(POINT), live(CAMPAIGN), core)
    server.state.past[PROJECT, CORE.id] = {"tool": past}
    move = {"point_id": OTHER_POINT.id, "inner_diameter_mm": 50.0}
    assert server.push(put("bo1", CORE, move, saw=2)) == ["held"]
    new = put("cy1", CORE, AUGER | ALONE, saw=2)
    assert server.push(new, first("cy2", OTHER_POINT)) == ["accepted", "accepted"]
    shown = PROBE | ALONE | {"inner_diameter_mm": 50.0}
    assert server.conflicts == {"bo1:tool": (AUGER | ALONE, shown)}
