"""What a laptop shows of a record."""

import pytest

from collector.rules.acknowledge import with_accepted
from collector.rules.overlay import (
    BaseRow,
    ChangeStatus,
    LoggedChange,
    RecordState,
    difference,
    patched,
    view,
)
from schemas.messages import Op

EPOCH = "0190a000-0000-7000-8000-00000000000e"


def base(seq=5, **fields):
    return BaseRow("s", "r", "plot", seq, EPOCH, fields)


def change(n, status=ChangeStatus.PENDING, op=Op.PUT, verdict=None, **fields):
    return LoggedChange(n, f"c{n}", "s", "plot", "r", op, fields, status, verdict or {})


def test_own_changes_lie_over_the_servers_row_in_order():
    found = view(base(code="A", note="x"), [change(1, note="y"), change(2, note="z")])
    assert found.fields == {"code": "A", "note": "z"}
    assert found.state is RecordState.SAVED


def test_a_record_known_only_here_has_its_own_id_not_that_of_its_change():
    found = view(None, [change(1, code="A")])
    assert (found.id, found.fields) == ("r", {"code": "A"})


@pytest.mark.parametrize("op", Op)
@pytest.mark.parametrize("deleted", [False, True])
def test_what_a_change_shows_is_what_its_acceptance_holds(op, deleted):
    row = base(code="A", note="x")._replace(deleted=deleted)
    mine = change(1, op=op, note=None, area_ha=2.0)
    shown = view(row, [mine])
    said = {"q": 6, "epoch": EPOCH}
    held = with_accepted(row, mine._replace(status=ChangeStatus.ACCEPTED, verdict=said))
    assert (shown.fields, shown.deleted) == (held.fields, held.deleted)
    assert held.deleted is (op is Op.DELETE or (deleted and op is not Op.UNDELETE))
    assert ("note" in held.fields) is (op is Op.DELETE)


def test_null_clears_a_field():
    assert view(base(code="A", note="x"), [change(1, note=None)]).fields == {
        "code": "A"
    }


def test_a_quarantined_change_stays_visible_and_asks_to_be_fixed():
    found = view(None, [change(1, ChangeStatus.QUARANTINED, code="A")])
    assert (found.fields, found.state) == ({"code": "A"}, RecordState.TO_FIX)


def test_a_change_in_conflict_gives_way_to_the_value_that_stands():
    found = view(base(area_ha=1.0), [change(1, ChangeStatus.CONFLICT, area_ha=2.0)])
    assert found.fields == {"area_ha": 1.0}


@pytest.mark.parametrize(("seq", "note"), [(8, "mine"), (9, "row")])
def test_a_merged_change_is_shown_until_its_row_has_come(seq, note):
    merged = change(
        1, ChangeStatus.MERGED, verdict={"q": 9, "epoch": EPOCH}, note="mine"
    )
    assert view(base(seq, note="row"), [merged]).fields["note"] == note


def test_what_the_server_took_back_and_nothing_here_adds_is_gone():
    assert view(None, [change(1, ChangeStatus.ACCEPTED, code="A")]) is None


def test_deleting_and_undeleting_follow_the_order_of_the_log():
    assert view(base(code="A"), [change(1, op=Op.DELETE)]).deleted
    both = [change(1, op=Op.DELETE), change(2, op=Op.UNDELETE)]
    assert not view(base(code="A"), both).deleted


def test_open_conflicts_show_before_a_pending_change():
    contested = BaseRow("s", "r", "plot", 5, EPOCH, {}, [{"id": "k"}])
    assert view(contested, [change(1)]).state is RecordState.CONFLICT


def test_a_difference_patches_one_record_into_the_other():
    before, after = {"a": 1, "b": 2}, {"b": 3, "c": 4}
    assert patched(before, difference(before, after)) == after
