"""What a verdict makes of a change of ours, and of the row that the laptop has."""

import pytest

from collector.rules.acknowledge import notes_of, with_accepted, with_row, with_verdict
from collector.rules.overlay import BaseRow, ChangeStatus, LoggedChange
from schemas.messages import Op, decode_response, encode
from tests.unit.collector.replies import EPOCH, PROJECT_ID, RECORD, gone, row, verdict

OLDER = "0190a000-0000-7000-8000-00000000000d"
CHANGE = "0190a000-0000-7000-8000-0000000000c1"


def base(seq=5, epoch=EPOCH, **more):
    fields = {"code": "HF", "note": "wet"}
    return BaseRow(PROJECT_ID, RECORD, "plot", seq, epoch, fields, **more)


def change(status=ChangeStatus.PENDING, op=Op.PUT, said=None, **fields):
    place = (1, CHANGE, PROJECT_ID, "plot", RECORD)
    return LoggedChange(*place, op, fields, status, said or {})


def read(message):
    """Return a line of an answer as the laptop reads it."""
    return decode_response(encode(message))


def judged(r="accepted", op=Op.PUT, q=6, n=1, **fields):
    """Return a change with the verdict that it was given; n=None: late."""
    return with_verdict(
        change(op=op, **fields), EPOCH, read(verdict(CHANGE, r, n, q=q))
    )


# The change -----------------------------------------------------------------------


@pytest.mark.parametrize("outcome", list(ChangeStatus)[1:6])
def test_a_verdict_is_what_becomes_of_a_change(outcome):
    assert judged(outcome.value).status is outcome


def test_a_verdict_is_kept_with_its_place_and_its_reasons():
    why = [{"code": "required", "path": "code"}]
    said = read(verdict(CHANGE, "conflict", q=6, why=why, cf=["c1:note"]))
    found = with_verdict(change(), EPOCH, said)
    kept = {"q": 6, "epoch": EPOCH, "why": why, "cf": ["c1:note"]}
    assert found.verdict == kept


def test_a_late_verdict_is_kept_with_its_number():
    assert judged(n=None).verdict == {"q": 6, "epoch": EPOCH, "late": 1}


def test_that_a_change_waits_which_was_fixed_since_is_old_news():
    replaced = change(ChangeStatus.REPLACED)
    for outcome in ("quarantined", "held"):
        said = read(verdict(CHANGE, outcome))
        assert with_verdict(replaced, EPOCH, said) is replaced


def test_a_change_that_was_fixed_since_may_stand_after_a_restore():
    said = read(verdict(CHANGE, q=6))
    found = with_verdict(change(ChangeStatus.REPLACED), EPOCH, said)
    assert found.status is ChangeStatus.ACCEPTED


def test_what_an_administrator_gave_up_is_no_longer_to_be_fixed():
    said = verdict(CHANGE, "quarantined", why=[{"code": "discarded"}])
    assert with_verdict(change(), EPOCH, read(said)).status is ChangeStatus.REPLACED


def test_what_the_server_remarks_on_a_change_that_stands_is_told():
    why = [{"code": "not_deleted", "text": "it stood", "hint": "look"}]
    verdicts = [
        read(verdict(CHANGE, r, why=why)) for r in ("merged", "held", "quarantined")
    ]
    assert notes_of(verdicts) == ["it stood; look"]


# The row beneath it ---------------------------------------------------------------


def test_an_accepted_change_becomes_part_of_the_row():
    found = with_accepted(base(5), judged(note="dry"))
    assert (found.seq, found.epoch) == (6, EPOCH)
    assert found.fields == {"code": "HF", "note": "dry"}


def test_an_accepted_decision_becomes_part_of_the_row():
    found = with_accepted(base(5), judged(op=Op.RESOLVE, note="dry"))
    assert found.fields["note"] == "dry"


def test_an_accepted_deletion_leaves_the_fields_and_deletes_the_row():
    found = with_accepted(base(5), judged(op=Op.DELETE))
    assert (found.deleted, found.fields) == (True, base().fields)


def test_an_accepted_return_brings_the_row_back_with_its_words():
    found = with_accepted(base(5, deleted=True), judged(op=Op.UNDELETE, note="dry"))
    assert (found.deleted, found.fields["note"]) == (False, "dry")


def test_an_accepted_edit_brings_no_deleted_row_back():
    assert with_accepted(base(5, deleted=True), judged(note="dry")).deleted


def test_an_accepted_first_word_is_the_row():
    found = with_accepted(None, judged(code="HF"))
    assert (found.id, found.type, found.seq) == (RECORD, "plot", 6)
    assert (found.fields, found.deleted) == ({"code": "HF"}, False)


@pytest.mark.parametrize("outcome", ["merged", "conflict", "held", "quarantined"])
def test_what_was_not_accepted_as_it_stood_moves_no_row(outcome):
    was = base(5)
    assert with_accepted(was, judged(outcome, note="dry")) is was
    assert with_accepted(None, judged(outcome, note="dry")) is None


def test_what_stands_late_moves_no_row():
    """Others may have written since; the server sends the row."""
    was = base(5)
    assert with_accepted(was, judged(n=None, note="dry")) is was
    assert with_accepted(None, judged(n=None, code="HF")) is None


def test_what_stands_without_a_row_moves_none():
    was = base(5)
    assert with_accepted(was, judged(q=None, note="dry")) is was


@pytest.mark.parametrize("seq", [6, 7])
def test_a_row_that_is_past_a_change_stands(seq):
    was = base(seq)
    assert with_accepted(was, judged(note="dry")) is was


def test_a_row_of_an_older_timeline_is_behind_whatever_its_number():
    found = with_accepted(base(9, epoch=OLDER), judged(note="dry"))
    assert (found.seq, found.epoch, found.fields["note"]) == (6, EPOCH, "dry")


# A row that comes -----------------------------------------------------------------


def test_a_row_of_the_server_takes_the_place_of_the_one_before():
    found = with_row(base(5), EPOCH, read(row(7, note="dry")))
    assert (found.seq, found.fields, found.deleted) == (7, {"note": "dry"}, False)


def test_a_row_that_comes_again_after_a_later_one_moves_nothing():
    was = base(7)
    assert with_row(was, EPOCH, read(row(6))) is was
    assert with_row(was, EPOCH, read(row(7))) is not was


def test_a_row_of_this_timeline_takes_the_place_of_one_of_another():
    assert with_row(base(9, epoch=OLDER), EPOCH, read(row(2))).seq == 2


def test_a_deleted_row_keeps_its_fields():
    found = with_row(base(5), EPOCH, read(gone(7)))
    assert (found.seq, found.deleted, found.fields) == (7, True, base().fields)
    assert with_row(None, EPOCH, read(gone(7))).fields == {}


@pytest.mark.parametrize("message", [gone(7, t="stock")])
def test_what_is_purged_moved_or_derived_goes(message):
    assert with_row(base(5), EPOCH, read(message)) is None


@pytest.mark.parametrize(
    ("status", "before"),
    [
        (ChangeStatus.PENDING, {"code": "HF", "note": "wet"}),
        (ChangeStatus.HELD, {"code": "HF", "note": "wet"}),
        (ChangeStatus.QUARANTINED, {"code": "HF", "note": "wet"}),
        (ChangeStatus.ACCEPTED, None),
        (ChangeStatus.CONFLICT, None),
    ],
)
def test_what_a_waiting_change_was_laid_over_is_kept(status, before):
    found = with_row(base(5), EPOCH, read(row(7)), [change(status)])
    assert found.before == before


def test_what_it_was_laid_over_first_is_kept():
    changes = [change(ChangeStatus.PENDING)]
    first = with_row(base(5), EPOCH, read(row(7, note="dry")), changes)
    second = with_row(first, EPOCH, read(row(8, note="damp")), changes)
    assert second.before == base().fields
    assert with_row(None, EPOCH, read(row(7)), changes).before == {}
