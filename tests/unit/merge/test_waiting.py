"""What depends on a record that is not here waits for it, and follows by itself."""

import pytest

from tests.unit.merge.building import (
    CAMPAIGN,
    CORE,
    OTHER_PLOT,
    OTHER_POINT,
    PLOT,
    POINT,
    PROJECT,
    SAMPLE,
    Server,
    deleted,
    first,
    live,
    points,
    put,
    undelete,
)

#: A plot that cannot be applied.
BAD = {"area_ha": -1.0}


# Held and released ----------------------------------------------------------------


def test_a_record_waits_for_the_one_it_belongs_to_and_follows_it():
    server = Server()
    assert server.push(first("bo1", POINT)) == ["held"]
    assert server.why("bo1") == [("waits_for", PLOT.id)]
    assert server.waiting() == {"bo1": PLOT.id}
    (kept,) = server.state.quarantined
    assert (kept.parent_id, kept.waits_for, kept.is_held) == (PLOT.id, PLOT.id, True)
    assert server.push(first("ana1", PLOT)) == ["accepted"]
    assert server.outcome("bo1") == "accepted"
    assert server.fields(POINT) == {"plot_id": PLOT.id, "code": "1"}
    assert server.verdict("bo1").repeated
    assert server.waiting() == {}
    assert server.state.closed == {(PROJECT, "bo1"): "released"}


def test_a_verdict_that_changed_in_its_own_batch_is_told_as_it_is_then():
    server = Server()
    found = server.push(first("bo1", POINT), first("bo2", PLOT))
    assert found == ["accepted", "accepted"]
    assert [(v.change_id, v.n, v.seq) for v in server.state.verdicts] == [
        ("bo1", 1, 2),
        ("bo2", 2, 1),
    ]


def test_what_waits_is_released_in_the_order_it_came():
    server = Server()
    server.push(*points(3, "cy"))
    server.push(*points(2, "bo"))
    server.push(first("ana1", PLOT))
    numbers = {v.change_id: v.seq for v in server.state.late_verdicts.values()}
    assert numbers == {"cy1": 2, "cy2": 3, "cy3": 4, "bo1": 5, "bo2": 6}


def test_a_row_of_records_that_wait_for_each_other_comes_at_once():
    server = Server(live(CAMPAIGN))
    waits = [first("bo1", SAMPLE), first("cy1", CORE), first("dee1", POINT)]
    assert server.push(*waits) == ["held"] * 3
    server.push(first("eve1", PLOT))
    assert [server.outcome(name) for name in ("bo1", "cy1", "dee1")] == ["accepted"] * 3
    assert server.record(SAMPLE).seq == 5


def test_what_needs_two_records_waits_for_the_first_and_then_for_the_other():
    server = Server()
    server.push(first("bo1", CORE))
    assert server.waiting() == {"bo1": POINT.id}
    server.push(first("ana1", PLOT), first("ana2", POINT))
    assert server.waiting() == {"bo1": CAMPAIGN.id}
    assert server.why("bo1") == [("waits_for", CAMPAIGN.id)]
    server.push(first("cy1", CAMPAIGN))
    assert server.outcome("bo1") == "accepted"


def test_what_waits_for_one_record_is_not_tried_for_another():
    server = Server()
    server.push(first("bo1", POINT))
    server.push(first("ana1", OTHER_PLOT))
    assert server.state.late_verdicts == {}


def test_what_is_released_meets_what_came_meanwhile():
    """Two recorded the point; the one that waited did not see the other."""
    server = Server()
    server.push(first("bo1", POINT, {"lon": 1.0, "lat": 2.0}))
    server.push(first("ana1", PLOT), first("ana2", POINT, {"lon": 1.0, "lat": 3.0}))
    assert server.outcome("ana2") == "conflict"
    assert server.fields(POINT)["lat"] == 2.0


def test_a_fix_releases_what_waits_and_closes_what_it_stands_in_for():
    server = Server()
    bad = first("bo1", PLOT, BAD)
    assert server.push(bad, first("bo2", POINT)) == ["quarantined", "held"]
    assert server.waiting() == {"bo1": None, "bo2": PLOT.id}
    assert server.push(first("bo3", PLOT, replaces="bo1")) == ["accepted"]
    assert server.outcome("bo2") == "accepted"
    assert server.waiting() == {}
    assert server.state.closed[PROJECT, "bo1"] == "replaced"


def test_a_fix_that_is_wrong_again_takes_the_place_of_the_first():
    server = Server()
    server.push(first("bo1", PLOT, BAD))
    assert server.push(first("bo2", PLOT, BAD, replaces="bo1")) == ["quarantined"]
    assert server.waiting() == {"bo2": None}


def test_a_second_word_on_a_record_waits_for_the_first():
    """Without a base: the author's own first word is quarantined."""
    server = Server()
    edit = put("bo2", PLOT, {"note": "wet"})
    assert server.push(first("bo1", PLOT, BAD), edit) == ["quarantined", "held"]
    assert server.waiting() == {"bo1": None, "bo2": PLOT.id}
    server.push(first("bo3", PLOT, replaces="bo1"))
    assert server.fields(PLOT) == {"code": "A", "note": "wet"}


def test_a_whole_first_word_stands_though_another_one_waits():
    server = Server()
    server.push(first("bo1", PLOT, BAD))
    assert server.push(first("cy1", PLOT)) == ["accepted"]


def test_a_fix_waits_for_nothing_else_of_its_record():
    server = Server()
    server.push(first("bo1", PLOT, BAD), put("bo2", PLOT, BAD))
    assert server.push(put("bo3", PLOT, {}, replaces="bo2")) == ["quarantined"]
    assert server.why("bo3") == [("required", None)]


def test_a_row_that_came_late_is_not_computed_by_its_author():
    server = Server()
    server.push(first("bo1", POINT))
    server.push(first("ana1", PLOT))
    assert server.record(PLOT).computable_by_author
    assert not server.record(POINT).computable_by_author


def test_a_reference_that_is_no_id_is_no_parent():
    server = Server()
    assert server.push(first("bo1", POINT, {"plot_id": 7})) == ["quarantined"]
    assert server.state.quarantined[0].parent_id is None


def test_the_records_that_came_are_told_for_what_waits_beyond_a_batch():
    server = Server(deleted(PLOT))
    server.push(undelete("ana2", PLOT, saw=3), first("ana3", POINT))
    server.push(put("ana4", PLOT, {"note": "wet"}, saw=4))
    assert server.state.arrived == [(PROJECT, PLOT.id), (PROJECT, POINT.id)]
    (rows,) = server.state.by_project().values()
    assert {record.id for record in rows} == {PLOT.id, POINT.id}


def test_a_record_that_comes_back_is_tried_again_for():
    """A deleted plot takes no points: those are refused, and wait for nothing."""
    server = Server(deleted(PLOT))
    assert server.push(first("bo1", POINT)) == ["quarantined"]
    assert server.waiting() == {"bo1": None}
    server.push(undelete("ana2", PLOT, saw=3))
    assert server.outcome("bo1") == "quarantined"
    assert server.judge_again("bo1") == ["accepted"]


def test_what_waits_for_a_return_follows_it():
    server = Server(deleted(PLOT))
    server.lay_by(first("bo1", POINT), PLOT.id)
    server.push(undelete("ana2", PLOT, saw=3))
    assert server.outcome("bo1") == "accepted"


# Judged again ---------------------------------------------------------------------


def test_what_waits_is_judged_again_on_the_records_of_now():
    server = Server(live(PLOT, {"code": "A"}, by=("ana1", 1, 10)))
    server.push(first("bo1", OTHER_PLOT, {"code": "A"}))
    assert server.why("bo1") == [("key_taken", "A")]
    server.push(put("ana2", PLOT, {"code": "AA"}))
    assert server.outcome("bo1") == "quarantined"
    assert server.judge_again("bo1") == ["accepted"]
    assert server.state.late_verdicts["bo1"].seq == 3


def test_what_is_judged_again_releases_what_waits_for_it():
    server = Server(live(PLOT, {"code": "A"}, by=("ana1", 1, 10)))
    server.push(first("bo1", OTHER_PLOT, {"code": "A"}))
    server.push(first("bo2", OTHER_POINT, {"plot_id": OTHER_PLOT.id}))
    server.push(put("ana2", PLOT, {"code": "AA"}))
    server.judge_again("bo1")
    assert server.outcome("bo2") == "accepted"


def test_what_still_cannot_be_applied_waits_on():
    server = Server()
    server.push(first("bo1", PLOT, BAD), first("bo2", POINT))
    assert server.judge_again("bo1", "bo2") == ["quarantined", "held"]
    assert server.waiting() == {"bo1": None, "bo2": PLOT.id}


def test_what_was_released_before_its_turn_is_judged_once():
    server = Server(live(PLOT, {"code": "A"}, by=("ana1", 1, 10)))
    server.push(first("bo1", OTHER_PLOT, {"code": "A"}))
    server.push(first("bo2", OTHER_POINT, {"plot_id": OTHER_PLOT.id}))
    server.push(put("ana2", PLOT, {"code": "AA"}))
    assert server.judge_again("bo1", "bo2") == ["accepted", "accepted"]
    assert server.record(OTHER_POINT).seq == 4
    assert server.state.heads[PROJECT] == 4


# Known already --------------------------------------------------------------------


@pytest.mark.parametrize("waits", [False, True])
def test_a_change_that_is_known_has_its_verdict_again_and_no_effect(waits):
    server = Server(*([] if waits else [live(PLOT)]))
    server.push(first("bo1", POINT))
    written, head = dict(server.state.written), dict(server.state.heads)
    kept = list(server.state.quarantined)
    again = first("bo1", POINT, {"code": "other"}, log_id="copy", n=7)
    assert server.push(again) == ["held" if waits else "accepted"]
    verdict = server.state.verdicts[-1]
    assert (verdict.change_id, verdict.n, verdict.repeated) == ("bo1", 7, True)
    assert verdict.seq == (None if waits else 2)
    assert (server.state.written, server.state.heads) == (written, head)
    assert server.state.quarantined == kept


def test_a_verdict_is_not_a_repeated_one_the_first_time():
    server = Server()
    server.push(first("bo1", PLOT))
    assert not server.state.verdicts[0].repeated
    server.push(first("bo1", PLOT))
    assert server.state.verdicts[-1].repeated


def test_a_copy_that_brings_the_record_is_told_what_became_of_what_waited():
    """By the place that the change has in its own log."""
    server = Server()
    server.push(first("bo1", POINT))
    again = first("bo1", POINT, log_id="copy", n=7)
    assert server.push(again, first("copy8", PLOT)) == ["accepted", "accepted"]
    assert [(v.change_id, v.n) for v in server.state.verdicts[1:]] == [
        ("bo1", 7),
        ("copy8", 8),
    ]
