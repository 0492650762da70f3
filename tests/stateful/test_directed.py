"""Rare courses of events, one by one: random search alone missed known bugs."""

import json

import pytest

from collector.errors import RefusedError
from collector.laptop.receipts import receipts, without_receipt
from collector.record import entry, resend
from schemas import limits
from schemas.records import record_id
from server.custody.review import discard, rejudge, release_waiting
from tests.stateful.invariants import check_all
from tests.stateful.world import World, deliver_late


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path / "world")
    yield found
    found.close()


@pytest.fixture
def p1(world):
    return world.project_ids[0]


A, B, C = "laptop-0", "laptop-1", "laptop-2"


def plot(world, name, project_id, code="HF", **fields):
    return world.put(name, project_id, "plot", {"code": code, **fields}, is_new=True)


def edit(world, name, change, **fields):
    return world.put(name, change.project_id, change.type, fields, change.record_id)


def stands(world, change):
    """Return the fields of a record as the server has it."""
    _, _, fields, deleted = world.records(change.project_id)[change.record_id]
    return None if deleted else json.loads(fields)


def conflicts(world, change):
    rows = world.sql(
        "SELECT change_id FROM conflict WHERE record_id = ? AND status = 'open'",
        change.record_id,
    )
    return {row[0] for row in rows}


def outcome(world, change):
    rows = world.sql("SELECT outcome FROM change WHERE change_id = ?", change.id)
    return {row[0] for row in rows}


def reasons(world, change):
    """Return the problem codes of a change's present verdict."""
    (why,) = world.sql("SELECT why FROM change WHERE change_id = ?", change.id)[0]
    return [problem["code"] for problem in json.loads(why)]


def judge_again(world):
    world.run(rejudge(world.server, world.clock, None))


def ends_well(world):
    world.settle()
    check_all(world)


def both_have(world, project_id, **fields):
    """A plot that two laptops have seen."""
    made = plot(world, A, project_id, **fields)
    world.sync(A)
    world.sync(B)
    return made


def test_a_lost_acknowledgement_is_asked_for_again(world, p1):
    made = plot(world, A, p1)
    assert world.sync(A, "response") is None
    report = world.sync(A)
    assert (report.pushed, report.accepted, report.duplicates) == (1, 1, 1)
    assert outcome(world, made) == {"accepted"}
    ends_well(world)


def test_a_request_that_arrives_twice_is_applied_once(world, p1):
    made = plot(world, A, p1)
    world.sync(A, "twice")
    assert world.sql("SELECT count(*) FROM change WHERE change_id = ?", made.id) == [
        (1,)
    ]
    ends_well(world)


def test_what_an_earlier_change_of_a_push_was_merged_to_arrives(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    edit(world, A, made, note="earlier")
    edit(world, B, made, note="later")
    edit(world, B, made, area_ha=2.0)
    world.sync(A)
    report = world.sync(B)
    # Neither edit had seen the other laptop's.
    assert report.merged == 2
    ends_well(world)
    assert world.laptop(B).store.record(made.record_id).fields["note"] == "later"


def test_a_decision_and_an_edit_in_one_push_leave_no_conflict_behind(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    edit(world, A, made, area_ha=2.0)
    edit(world, B, made, area_ha=3.0)
    world.sync(A)
    world.sync(B)
    (base,) = world.laptop(B).store.contested()
    resolves = (base.conflicts[0]["id"],)
    more = {"op": "resolve", "resolves": resolves}
    world.put(B, p1, "plot", {"area_ha": 3.0}, made.record_id, **more)
    edit(world, B, made, note="decided")
    world.sync(B)
    assert world.laptop(B).store.contested() == []
    ends_well(world)


@pytest.mark.parametrize("skew_s", [-3_600.0, 0.0, 3_600.0])
def test_a_deletion_meets_a_description_its_author_did_not_see(world, p1, skew_s):
    """Whether the author's own description stood against it does not matter."""
    made = both_have(world, p1, area_ha=1.0)
    world.laptop(B).clock.skew_s = skew_s
    edit(world, A, made, note="unseen")
    edit(world, B, made, note="own")
    gone = world.put(B, p1, "plot", {}, made.record_id, op="del")
    world.sync(A)
    world.sync(B)
    assert outcome(world, gone) == {"conflict"}
    ends_well(world)
    assert stands(world, made) is not None


def test_a_set_that_is_written_twice_keeps_what_others_added(world, p1):
    fields = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
    made = world.put(A, p1, "campaign", {**fields, "crew": ["Ada"]}, is_new=True)
    world.sync(A)
    world.sync(B)
    edit(world, A, made, crew=["Ada", "Di"])
    edit(world, B, made, crew=["Ada", "Bo"])
    edit(world, B, made, crew=["Ada", "Bo", "Cy"])
    world.sync(A)
    world.sync(B)
    ends_well(world)
    assert stands(world, made)["crew"] == ["Ada", "Bo", "Cy", "Di"]


def test_a_clone_and_its_original_both_go_on(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    world.clone_laptop(A, C)
    first, second = edit(world, A, made, area_ha=2.0), edit(world, C, made, area_ha=3.0)
    world.sync(A)
    assert world.sync(C).new_logs == 1
    ends_well(world)
    assert stands(world, made)["area_ha"] == 2.0
    assert conflicts(world, made) == {second.id}
    assert first.id != second.id


def test_a_laptop_restored_from_its_backup_loses_nothing_the_server_has(world, p1):
    made = plot(world, A, p1)
    world.sync(A)
    world.backup_laptop(A)
    later = edit(world, A, made, note="after the backup")
    world.sync(A)
    world.restore_laptop(A)
    again = edit(world, A, made, area_ha=4.0)
    world.sync(A)
    ends_well(world)
    assert stands(world, made) == {
        "code": "HF",
        "note": "after the backup",
        "area_ha": 4.0,
    }
    assert outcome(world, later) == {"accepted"}
    assert outcome(world, again) <= {"accepted", "merged"}


def test_a_restored_server_gets_back_what_laptops_have(world, p1):
    world.backup_server()
    made = both_have(world, p1)
    world.restore_server()
    world.settle()
    assert stands(world, made) == {"code": "HF"}
    ends_well(world)


def test_a_server_put_back_by_hand_begins_a_new_epoch_by_itself(world, p1):
    made = plot(world, A, p1)
    world.sync(A)
    world.backup_server()
    for note in ("one", "two", "three"):
        edit(world, A, made, note=note)
        world.sync(A)
    world.sync(B)
    world.restore_server("whole")
    other = plot(world, C, p1, code="C")
    world.sync(C)
    begun = world.sql("SELECT count(*) FROM epoch")
    world.sync(B)
    assert world.sql("SELECT count(*) FROM epoch") == begun, "one laptop alone says so"
    world.sync(A)
    reasons = world.sql("SELECT reason FROM epoch ORDER BY number")
    assert reasons[-1] == ("two laptops have read rows that are not here",)
    ends_well(world)
    assert stands(world, made)["note"] == "three"
    assert stands(world, other) == {"code": "C"}


def test_what_was_judged_in_a_lost_timeline_is_told_anew(world, p1):
    """The old request is replayed after another laptop was first: it is a conflict now."""
    world.backup_server()
    first = plot(world, A, p1, area_ha=1.0)
    world.sync(A)
    _, body = world.requests[-1]
    world.restore_server()
    plot(world, B, p1, area_ha=2.0)
    world.sync(B)
    world.run(world.serve(world.device(A), body))
    assert outcome(world, first) == {"conflict"}
    world.sync(A)
    assert world.laptop(A).store.changes(first.record_id)[0].status == "conflict"
    ends_well(world)


def test_a_restored_server_and_then_a_clone(world, p1):
    world.backup_server()
    world.clone_laptop(A, C)
    first = plot(world, A, p1, code="first")
    world.sync(A)
    world.restore_server()
    second = plot(world, C, p1, code="second")
    world.sync(C)
    ends_well(world)
    assert stands(world, first) is not None
    assert stands(world, second) is not None


def test_a_closed_log_that_a_clone_went_on_with_after_a_restore(world, p1):
    """The new log's parent is another one on the server: the fork is found there."""
    made = plot(world, A, p1)
    world.sync(A)
    world.backup_server()
    world.clone_laptop(A, C)
    edit(world, A, made, note="a")
    world.sync(A)
    world.recover(A)
    edit(world, A, made, area_ha=2.0)
    world.restore_server()
    edit(world, C, made, area_ha=3.0)
    edit(world, C, made, farm="c")
    world.sync(C)
    ends_well(world)
    found = stands(world, made)
    assert (found["note"], found["area_ha"], found["farm"]) == ("a", 3.0, "c")


def test_a_part_of_a_push_that_a_restored_laptop_has_is_signed_for(world, p1):
    """Its backup ends in the middle of what it sent in one push afterwards."""
    made = plot(world, A, p1)
    world.sync(A)
    edit(world, A, made, note="in the backup")
    world.backup_laptop(A)
    edit(world, A, made, note="after the backup")
    world.sync(A)
    world.restore_laptop(A)
    world.sync(A)
    assert [log.n for log in world.laptop(A).store.logs()] == [2, 0]
    assert without_receipt(world.laptop(A).store) == []
    held = receipts(world.laptop(A), verify=True)
    assert [(one.signed_for, one.is_good) for one in held] == [(2, True)]
    ends_well(world)


def test_what_a_laptop_wrote_before_it_recovered_is_its_own(world, p1):
    """The answer was lost, so the later change names an older row."""
    made = both_have(world, p1, area_ha=1.0)
    edit(world, A, made, area_ha=2.0)
    world.sync(A, "response")
    world.recover(A)
    edit(world, A, made, area_ha=3.0)
    ends_well(world)
    assert stands(world, made)["area_ha"] == 3.0
    assert conflicts(world, made) == set()


def test_the_base_of_a_change_from_a_lost_timeline(world, p1):
    made = plot(world, A, p1, area_ha=1.0)
    world.sync(A)
    world.sync(B)
    world.backup_server()
    for number in range(5):
        edit(world, A, made, note=str(number))
        world.sync(A)
    world.sync(B)
    unseeing = edit(world, B, made, area_ha=9.0)
    world.restore_server()
    world.sync(C)
    edit(world, C, made, area_ha=7.0)
    world.sync(C)
    ends_well(world)
    assert stands(world, made)["area_ha"] == 7.0
    assert conflicts(world, made) == {unseeing.id}


def test_a_base_that_nobody_can_have_seen_is_not_believed(world, p1):
    """It would count as having seen whatever others write until then."""
    made = both_have(world, p1, area_ha=1.0)
    edit(world, A, made, area_ha=2.0)
    world.sync(A)
    (head,) = world.sql("SELECT head FROM project WHERE project_id = ?", p1)[0]
    claim = {"base": (world.read(lambda tx: tx.epoch()), head + 2)}
    lie = world.put(B, p1, "plot", {"area_ha": 9.0}, made.record_id, **claim)
    assert world.sync(B).quarantined == 1
    assert reasons(world, lie) == ["base_beyond_head"]
    for note in ("one", "two", "three"):
        edit(world, A, made, note=note)
        world.sync(A)
    judge_again(world)
    assert reasons(world, lie) == ["base_beyond_head"], "no later row makes it true"
    assert stands(world, made)["area_ha"] == 2.0
    ends_well(world)
    fixed = {"area_ha": 9.0}
    again = world.put(B, p1, "plot", fixed, made.record_id, replaces=lie.id)
    ends_well(world)
    assert outcome(world, again) == {"accepted"}


def test_who_saw_rows_that_a_restore_took_away_is_no_liar(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    world.backup_server()
    for number in range(5):
        edit(world, A, made, note=str(number))
        world.sync(A)
    world.sync(B)
    late = edit(world, B, made, area_ha=9.0)
    world.restore_server("whole")
    world.sync(B)
    assert outcome(world, late) == {"quarantined"}, "nothing shows as yet that it is so"
    world.sync(A)
    world.run(release_waiting(world.server, world.clock))
    assert outcome(world, late) == {"accepted"}
    ends_well(world)
    assert stands(world, made) == {"code": "HF", "area_ha": 9.0, "note": "4"}


def test_an_equal_value_keeps_both_authors(world, p1):
    made = both_have(world, p1)
    edit(world, B, made, area_ha=5.0)
    edit(world, A, made, area_ha=5.0)
    third = edit(world, A, made, area_ha=6.0)
    world.sync(B)
    ends_well(world)
    assert stands(world, made)["area_ha"] == 5.0
    assert conflicts(world, made) == {third.id}


def test_a_lost_row_leaves_other_laptops_after_a_restore(world, p1):
    world.backup_server()
    made = both_have(world, p1)
    world.restore_laptop(A)
    world.backup_laptop(C)
    world.restore_server()
    world.clone_laptop(C, A)  # the laptop that made it is no more
    world.settle()
    assert made.record_id not in world.records(p1)
    assert world.laptop(B).store.record(made.record_id) is None
    ends_well(world)


@pytest.mark.parametrize("restored", [False, True])
def test_a_late_answer_moves_no_cursor(world, p1, restored):
    first = plot(world, A, p1)
    world.sync(A)
    world.backup_server()
    world.sync(B)
    edit(world, A, first, note="second")
    world.sync(A)
    world.sync(B, "late")
    if restored:
        world.restore_server()
    else:
        plot(world, A, p1, code="third")
        world.sync(A)
    world.sync(B)
    cursors = world.laptop(B).store.cursors()
    deliver_late(world, 0)
    assert world.laptop(B).store.cursors() == cursors
    ends_well(world)


def test_an_answer_to_the_life_before_a_restore_skips_no_row(world, p1):
    world.sync(B)
    world.backup_laptop(B)
    missed = plot(world, A, p1, code="missed")
    world.sync(A)
    world.sync(B)
    plot(world, A, p1, code="second")
    world.sync(A)
    world.sync(B, "late")
    world.restore_laptop(B)
    deliver_late(world, 0)
    ends_well(world)
    assert world.laptop(B).store.record(missed.record_id) is not None


def test_a_receipt_for_another_life_of_the_log_acknowledges_nothing(world, p1):
    world.backup_laptop(A)
    plot(world, A, p1, code="before")
    world.sync(A, "late")
    world.restore_laptop(A)
    after = plot(world, A, p1, code="after")
    deliver_late(world, 0)
    assert world.laptop(A).store.head().acked_n == 0
    ends_well(world)
    assert stands(world, after) == {"code": "after"}


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_feed_in_small_pages_leaves_nothing_out(world, p1, most):
    world.sync(B)
    made = [plot(world, A, p1, code=str(number)) for number in range(5)]
    world.sync(A)
    assert world.sync(B, most=most).repaired == 0
    shown = world.laptop(B).store
    assert all(shown.record(change.record_id) for change in made)
    ends_well(world)


def test_measurements_are_never_decided_by_a_clock(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    world.laptop(B).clock.skew_s = 10 * 365 * 86400
    edit(world, A, made, area_ha=2.0)
    late = edit(world, B, made, area_ha=3.0)
    world.sync(A)
    world.sync(B)
    assert stands(world, made)["area_ha"] == 2.0
    assert conflicts(world, made) == {late.id}
    ends_well(world)


def test_the_loser_of_two_descriptions_is_kept(world, p1):
    made = both_have(world, p1)
    edit(world, A, made, note="first")
    edit(world, B, made, note="second")
    world.sync(A)
    assert world.sync(B).merged == 1
    assert stands(world, made)["note"] == "second"
    values = world.sql("SELECT old_values FROM history WHERE group_name = 'note'")
    assert ('{"note":"first"}',) in values
    ends_well(world)


def test_a_description_that_comes_too_late_to_stand_is_kept(world, p1):
    made = both_have(world, p1)
    early = edit(world, B, made, note="early")
    edit(world, A, made, note="late")
    world.sync(A)
    assert world.sync(B).merged == 1
    assert stands(world, made)["note"] == "late"
    kept = world.sql("SELECT old_values FROM history WHERE written_by = ?", early.id)
    assert kept == [('{"note":"early"}',)]
    ends_well(world)


def test_a_deletion_against_an_unseen_edit(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    edit(world, A, made, area_ha=2.0)
    gone = world.put(B, p1, "plot", {}, made.record_id, op="del")
    world.sync(A)
    world.sync(B)
    assert stands(world, made)["area_ha"] == 2.0
    assert conflicts(world, made) == {gone.id}
    ends_well(world)


def test_an_edit_against_a_deletion(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    world.put(B, p1, "plot", {}, made.record_id, op="del")
    late = edit(world, A, made, area_ha=2.0)
    world.sync(B)
    world.sync(A)
    assert stands(world, made) is None
    assert conflicts(world, made) == {late.id}
    ends_well(world)


def test_who_did_not_see_the_last_deletion_brings_nothing_back(world, p1):
    """B undoes the first deletion and has not seen the second."""
    made = both_have(world, p1, area_ha=1.0)
    world.put(A, p1, "plot", {}, made.record_id, op="del")
    world.sync(A)
    world.sync(B)
    world.put(A, p1, "plot", {}, made.record_id, op="undel")
    world.sync(A)
    world.put(A, p1, "plot", {}, made.record_id, op="del")
    blind = world.put(B, p1, "plot", {}, made.record_id, op="undel")
    world.sync(A)
    world.sync(B)
    assert stands(world, made) is None
    assert conflicts(world, made) == {blind.id}
    ends_well(world)


def test_a_record_is_brought_back_with_its_fields(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    world.put(A, p1, "plot", {}, made.record_id, op="del")
    world.sync(A)
    world.sync(C)
    back = world.put(C, p1, "plot", {"note": "back"}, made.record_id, op="undel")
    world.sync(C)
    assert outcome(world, back) == {"accepted"}
    assert stands(world, made) == {"code": "HF", "area_ha": 1.0, "note": "back"}
    ends_well(world)


def test_a_record_that_two_bring_back_is_back_once(world, p1):
    """The second finds it there: what it adds is merged, and its author is told."""
    made = both_have(world, p1, area_ha=1.0)
    world.put(A, p1, "plot", {}, made.record_id, op="del")
    for name in (A, B):
        world.sync(name)
    first = world.put(A, p1, "plot", {"area_ha": 2.0}, made.record_id, op="undel")
    second = world.put(B, p1, "plot", {"note": "back"}, made.record_id, op="undel")
    assert world.sync(A).notes == []
    (note,) = world.sync(B).notes
    assert "plot HF" in note
    assert (outcome(world, first), outcome(world, second)) == ({"accepted"}, {"merged"})
    assert stands(world, made) == {"code": "HF", "area_ha": 2.0, "note": "back"}
    ends_well(world)


def test_withdrawn_access_deletes_rows_and_keeps_what_is_pending(world, p1):
    made = both_have(world, p1)
    late = edit(world, B, made, area_ha=2.0)
    world.withdraw(B, p1)
    report = world.sync(B)
    assert report.quarantined == 1
    assert world.laptop(B).store.base(made.record_id) is None
    why = world.sql("SELECT why FROM change WHERE change_id = ?", late.id)
    assert "scope_revoked" in why[0][0]
    ends_well(world)
    world.grant(B, p1)
    world.sync(B)
    assert world.laptop(B).store.base(made.record_id) is not None
    ends_well(world)


def test_a_copy_that_repeats_much_of_a_withdrawn_project_gets_no_row(world, p1):
    """The first answer takes the project away; the second has verdicts of it again."""
    world.sync(B)
    codes = map(str, range(limits.BATCH_CHANGES + 1))
    drafts = [world.draft(B, p1, "plot", {"code": c}, is_new=True) for c in codes]
    world.save(B, *drafts)
    world.clone_laptop(B, C)
    world.sync(B)
    world.withdraw(B, p1)
    assert world.sync(C).duplicates == len(drafts)
    assert not any(world.laptop(C).store.base(draft.record_id) for draft in drafts)
    ends_well(world)


def test_what_depends_on_a_quarantined_record_follows_when_it_is_fixed(world, p1):
    plot(world, A, p1, code="taken")
    world.sync(A)
    key = {"code": "taken"}
    parent = world.draft(
        B, p1, "plot", key, record="0190a000-0000-7000-8000-00000000000b"
    )
    (bad,) = world.save(B, parent)
    child = world.put(
        B, p1, "point", {"plot_id": bad.record_id, "code": "1"}, is_new=True
    )
    report = world.sync(B)
    assert (report.quarantined, report.held) == (1, 1)
    fixed = {"code": "free"}
    world.put(B, p1, "plot", fixed, bad.record_id, replaces=bad.id)
    report = world.sync(B)
    assert (report.accepted, report.settled_late) == (1, 1)
    assert stands(world, child) == {"plot_id": bad.record_id, "code": "1"}
    ends_well(world)


def bad_plot_with_child(world, project_id):
    """A plot whose code is taken, quarantined, and a point that waits for it."""
    plot(world, A, project_id, code="taken")
    world.sync(A)
    other = "0190a000-0000-7000-8000-00000000000b"
    draft = world.draft(B, project_id, "plot", {"code": "taken"}, other)
    (bad,) = world.save(B, draft)
    child = world.put(
        B, project_id, "point", {"plot_id": other, "code": "1"}, is_new=True
    )
    world.sync(B)
    assert outcome(world, child) == {"held"}
    return bad, child


def names_what_was_given_up(world, child, bad):
    (why,) = world.sql("SELECT why FROM change WHERE change_id = ?", child.id)[0]
    (problem,) = json.loads(why)
    found = (problem["code"], problem["value"], problem["detail"])
    return found == ("parent_discarded", bad.record_id, "plot taken")


@pytest.mark.parametrize("by", ["its author", "an administrator"])
def test_what_waits_for_a_record_that_is_given_up_is_told(world, p1, by):
    bad, child = bad_plot_with_child(world, p1)
    if by == "its author":
        world.put(B, p1, "plot", {}, bad.record_id, op="del", replaces=bad.id)
    else:
        given = (world.server, world.clock, p1, [bad.id], "typed twice")
        assert world.run(discard(*given)) == 1
    assert world.sync(B).settled_late >= 1
    waiting = world.laptop(B).store.changes_with("quarantined")
    assert [change.id for change in waiting] == [child.id]
    assert names_what_was_given_up(world, child, bad)
    judge_again(world)
    assert outcome(world, child) == {"quarantined"}, "it does not fall silent again"
    ends_well(world)
    world.put(B, p1, "plot", {"code": "free"}, bad.record_id)
    world.sync(B)
    assert outcome(world, child) == {"accepted"}, "it still follows by itself"
    ends_well(world)


def test_what_comes_after_its_record_was_given_up_is_told_at_once(world, p1):
    bad, child = bad_plot_with_child(world, p1)
    world.put(B, p1, "plot", {}, bad.record_id, op="del", replaces=bad.id)
    world.sync(B)
    fields = {"plot_id": bad.record_id, "code": "2"}
    late = world.put(B, p1, "point", fields, is_new=True)
    assert world.sync(B).quarantined == 1
    assert names_what_was_given_up(world, late, bad)
    again = world.put(B, p1, "plot", {"code": "taken"}, bad.record_id)
    world.put(B, p1, "point", {**fields, "code": "3"}, is_new=True)
    report = world.sync(B)
    assert (report.quarantined, report.held) == (1, 1), "it may come again"
    world.put(B, p1, "plot", {"code": "free"}, bad.record_id, replaces=again.id)
    ends_well(world)
    assert [outcome(world, change) for change in (child, late)] == [{"accepted"}] * 2


def test_a_copy_whose_fix_releases_what_it_repeats_gets_the_row(world, p1):
    """The copy has not heard that its child was held, and sends the fix with it."""
    plot(world, A, p1, code="taken")
    world.sync(A)
    key = {"code": "taken"}
    other = "0190a000-0000-7000-8000-00000000000b"
    (bad,) = world.save(B, world.draft(B, p1, "plot", key, record=other))
    child = world.put(B, p1, "point", {"plot_id": other, "code": "1"}, is_new=True)
    world.clone_laptop(B, C)
    world.sync(B)
    world.put(C, p1, "plot", {"code": "free"}, other, replaces=bad.id)
    assert world.sync(C).repaired == 0, "no digest has to mend it"
    assert world.laptop(C).store.base(child.record_id) is not None
    ends_well(world)


def test_a_sampling_event_stands_or_falls_together(world, p1):
    group = "0190a000-0000-7000-8000-0000000000aa"
    good = world.draft(A, p1, "plot", {"code": "G"}, group=group, is_new=True)
    bad = world.draft(A, p1, "plot", {"code": "B", "area_ha": -1}, group=group)
    changes = world.save(A, good, bad)
    assert world.sync(A).quarantined == 2
    assert good.record_id not in world.records(p1)
    assert [outcome(world, change) for change in changes] == [{"quarantined"}] * 2
    ends_well(world)


def test_an_event_waits_as_a_whole_and_comes_as_a_whole(world, p1):
    parent = record_id(p1, "plot", {"code": "late"})
    group = "0190a000-0000-7000-8000-0000000000ab"
    one = world.draft(A, p1, "plot", {"code": "G"}, group=group, is_new=True)
    two = world.draft(A, p1, "point", {"plot_id": parent, "code": "1"}, group=group)
    changes = world.save(A, one, two)
    assert world.sync(A).held == 2
    plot(world, B, p1, code="late")
    world.sync(B)
    assert [outcome(world, change) for change in changes] == [{"accepted"}] * 2
    assert world.sync(A).settled_late == 2
    ends_well(world)


def test_a_restored_server_tells_no_old_verdict_as_news(world, p1):
    parent = record_id(p1, "plot", {"code": "late"})
    world.put(A, p1, "point", {"plot_id": parent, "code": "1"}, is_new=True)
    world.sync(A)
    plot(world, B, p1, code="late")
    world.sync(B)
    assert world.sync(A).settled_late == 1
    world.backup_server()
    world.restore_server()
    assert world.sync(A).settled_late == 0
    ends_well(world)


def test_a_conflict_is_decided_by_a_change(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    edit(world, A, made, area_ha=2.0)
    edit(world, B, made, area_ha=3.0)
    world.sync(A)
    world.sync(B)
    (found,) = world.laptop(B).store.base(made.record_id).conflicts
    decision = world.put(
        B,
        p1,
        "plot",
        found["ours"],
        made.record_id,
        op="resolve",
        resolves=(found["id"],),
        reason="measured again",
    )
    assert world.sync(B).accepted == 1
    assert stands(world, made)["area_ha"] == 3.0
    assert conflicts(world, made) == set()
    assert world.laptop(B).store.base(made.record_id).conflicts == []
    said = world.sql("SELECT status, settled_by, reason FROM conflict")
    assert said == [("settled", decision.id, "measured again")]
    ends_well(world)


def test_a_decision_that_did_not_see_the_latest_value_is_a_conflict_itself(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    edit(world, A, made, area_ha=2.0)
    edit(world, B, made, area_ha=3.0)
    world.sync(A)
    world.sync(B)
    (found,) = world.laptop(B).store.base(made.record_id).conflicts
    edit(world, A, made, area_ha=4.0)
    world.sync(A)
    world.put(
        B,
        p1,
        "plot",
        found["ours"],
        made.record_id,
        op="resolve",
        resolves=(found["id"],),
    )
    world.sync(B)
    assert stands(world, made)["area_ha"] == 4.0
    assert len(conflicts(world, made)) == 2
    ends_well(world)


def test_a_purged_id_is_never_used_again(world, p1):
    made = both_have(world, p1)
    world.put(A, p1, "plot", {}, made.record_id, op="del")
    world.sync(A)
    far = "2030-01-01T00:00:00.000Z"
    gone = world.run(world.server.write(lambda tx: tx.purge(far, far)))
    assert gone == {p1: 1}
    again = world.put(C, p1, "plot", {"code": "HF"}, made.record_id)
    assert world.sync(C).quarantined == 1
    why = world.sql("SELECT why FROM change WHERE change_id = ?", again.id)
    assert "purged_id" in why[0][0]
    ends_well(world)
    assert all(world.laptop(n).store.is_used_up(made.record_id) for n in world.names)


def test_a_row_that_went_wrong_here_is_mended_by_digest(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    store = world.laptop(B).store
    store._db.execute(
        "UPDATE item SET seq = 99, base_fields = replace(fields, '1.0', '9.0') WHERE uid = unhex(?, '-')",
        (made.record_id,),
    )
    assert world.sync(B).repaired == 0, "compared a moment ago: once a day is enough"
    world.ticks.ms += 2 * 86_400_000
    assert world.sync(B).repaired == 1
    assert store.base(made.record_id).fields["area_ha"] == 1.0
    ends_well(world)


def test_an_old_verdict_brings_back_no_row_that_was_purged(world, p1):
    made = plot(world, A, p1, area_ha=1.0)
    world.sync(A)
    world.sync(B)
    world.backup_laptop(A)
    world.save(B, world.draft(B, p1, "plot", {}, made.record_id, op="del"))
    world.sync(B)
    far = "2999-01-01T00:00:00.000Z"
    world.run(world.server.write(lambda tx: tx.purge(far, world.clock.stamp())))
    # Its verdicts are doubted, given once more, and the row is no longer there.
    world.laptop(A).store.rewind(world.laptop(A).store.head().number, 0)
    world.laptop(A).store._db.execute("UPDATE project SET seq = 0, epoch = ''")
    world.laptop(A).store._db.execute(
        "UPDATE item SET seq = NULL, base_fields = NULL, base_deleted = NULL"
    )
    world.laptop(A).store.mend_counts()
    ends_well(world)
    assert world.laptop(A).store.base(made.record_id) is None


def test_a_return_that_has_not_seen_the_second_deletion_is_a_conflict(world, p1):
    made = world.put(A, p1, "plot", {"code": "P", "area_ha": 1.0}, is_new=True)
    for name in (A, B, C):
        world.sync(name)
    delete = lambda name: world.save(  # noqa: E731
        name, world.draft(name, p1, "plot", {}, made.record_id, op="del")
    )
    delete(A), delete(B)
    world.sync(A)
    world.sync(C)
    world.save(C, world.draft(C, p1, "plot", {}, made.record_id, op="undel"))
    world.sync(B)
    world.sync(C)
    assert world.records(p1)[made.record_id][3], "the second deletion stands"
    (open_one,) = world.laptop(C).store.base(made.record_id).conflicts
    assert open_one["group"] == "*"
    world.settle()
    check_all(world)


@pytest.mark.parametrize("most", [1, 2, 2000])
def test_a_purge_ends_no_sync_and_leaves_no_row_behind(world, p1, most):
    """A laptop that is new, and one that was away, hear of deletions that were purged."""
    kept = [plot(world, A, p1, f"K{number}", area_ha=1.0) for number in range(3)]
    gone = [plot(world, A, p1, f"G{number}", area_ha=1.0) for number in range(3)]
    world.sync(A)
    world.sync(B)
    late = plot(world, A, p1, "LATE", area_ha=1.0)
    world.save(
        A, *(world.draft(A, p1, "plot", {}, g.record_id, op="del") for g in gone)
    )
    world.sync(A)
    far = "2999-01-01T00:00:00.000Z"
    world.run(world.server.write(lambda tx: tx.purge(far, world.clock.stamp())))
    for name in (B, C):
        world.sync(name, most=most)
        store = world.laptop(name).store
        assert all(store.base(made.record_id) for made in [*kept, late])
        assert not any(store.base(made.record_id) for made in gone)
    ends_well(world)


def test_a_laptop_that_begins_anew_gets_the_row_beneath_its_own_edit(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    world.backup_server()
    edit(world, B, made, note="x")
    world.withdraw(B, p1)
    world.sync(B)
    assert world.laptop(B).store.base(made.record_id) is None
    # The server of before knows nothing of it: the edit is sent again, and stands.
    world.restore_server("command")
    world.sync(B)
    assert world.laptop(B).store.base(made.record_id).fields == stands(world, made)
    ends_well(world)


def test_who_gives_up_a_fix_of_a_deleted_record_makes_no_conflict(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    edit(world, B, made, area_ha=-1.0)
    world.sync(B)
    world.save(A, world.draft(A, p1, "plot", {}, made.record_id, op="del"))
    world.sync(A)
    world.sync(B)
    assert resend.discard(world.laptop(B), made.record_id, "not needed") == 1
    ends_well(world)
    assert conflicts(world, made) == set()
    assert stands(world, made) is None
    assert not world.laptop(B).store.changes_with("quarantined")


def test_what_is_known_by_half_only_is_not_brought_back(world, p1):
    """A laptop with a word of its own on a record, and no row of it any more."""
    made = both_have(world, p1, area_ha=1.0)
    edit(world, B, made, note=" ")
    world.sync(B)
    world.save(A, world.draft(A, p1, "plot", {}, made.record_id, op="del"))
    world.sync(A)
    world.sync(B)
    laptop = world.laptop(B)
    laptop.store._db.execute(
        "UPDATE item SET seq = NULL, base_fields = NULL, base_deleted = NULL WHERE uid = unhex(?, '-')",
        (made.record_id,),
    )
    laptop.store.save(
        [world.draft(B, p1, "plot", {}, made.record_id, op="del", base=None)],
        laptop.timestamp(),
        B,
    )
    view = laptop.store.record(made.record_id)
    assert view.deleted
    assert "code" not in view.fields
    with pytest.raises(RefusedError, match="never had the fields"):
        entry.restore(laptop, view)
