"""After a restore of the server: what a laptop has of each row follows from this timeline."""

import pytest

from collector.errors import RefusedError, UnreachableError
from collector.record import resend
from collector.sync import session
from tests.stateful.test_directed import (
    A,
    B,
    both_have,
    edit,
    ends_well,
    p1,
    plot,
    stands,
    world,
)
from tests.stateful.world import Link, deliver_late

__all__ = ["p1", "world"]


def shown(world, name, change):
    return dict(world.laptop(name).store.record(change.record_id).fields)


def quarantined(world, project_id):
    """Send what is refused from the first laptop.

    A verdict without a number is doubted in a new timeline, and all that follow it.
    """
    plot(world, B, project_id, code="taken")
    world.sync(B)
    other = "0190a000-0000-7000-8000-00000000000b"
    world.save(A, world.draft(A, project_id, "plot", {"code": "taken"}, other))
    world.sync(A)


@pytest.mark.parametrize("is_forked", [False, True], ids=["restored", "and forked"])
def test_an_old_word_of_ones_own_does_not_go_over_a_newer_row(world, p1, is_forked):
    quarantined(world, p1)
    made = both_have(world, p1, area_ha=1.0)
    edit(world, A, made, note="old")
    world.sync(A)
    world.sync(B)
    edit(world, B, made, note="new", area_ha=2.0)
    world.sync(B)
    world.sync(A)
    world.backup_server()
    if is_forked:
        world.recover(A)
    world.restore_server()
    world.sync(A)
    assert shown(world, A, made) == {"code": "HF", "area_ha": 2.0, "note": "new"}
    edit(world, A, made, area_ha=3.0)
    world.sync(A)
    assert stands(world, made)["area_ha"] == 3.0, "its author had seen the 2 ha"
    ends_well(world)


def one_change(lines, *_, **__):
    """Return a request's part of a log that is longer than one request takes."""
    return list(lines)[:1]


def once(served):
    """Return a link that breaks after one request."""
    asked = []

    async def sync(self, *request):
        asked.append(request)
        if len(asked) > 1:
            raise UnreachableError("lost")
        return await served(self, *request)

    return sync


def lost(world, project_id, made, most=2000, **said):
    """Put rows on the first laptop that only a lost timeline had: one of this record.

    Their author is gone, and there are so many that a person is asked; by then the laptop
    knows what to send again.
    """
    edit(world, B, made, **said)
    for number in range(60):
        plot(world, B, project_id, code=f"P{number}")
    world.sync(B)
    yield
    world.restore_server()
    world.clone_laptop(A, B)
    with pytest.raises(RefusedError, match="would take away"):
        world.sync(A, most=most, accepts_removals=False)


@pytest.mark.parametrize("said", [{"note": "wet"}, {"area_ha": 3.0}])
def test_what_is_sent_again_stands_on_no_row_of_a_lost_timeline(world, p1, said):
    quarantined(world, p1)
    made = both_have(world, p1)
    world.backup_server()
    edit(world, A, made, area_ha=2.0)
    world.sync(A)
    for _ in lost(world, p1, made, **said):
        world.sync(A)
    for _ in range(2):
        world.sync(A)
    assert stands(world, made) == {"code": "HF", "area_ha": 2.0}
    assert shown(world, A, made) == {"code": "HF", "area_ha": 2.0}
    assert not world.laptop(A).store.contested()
    ends_well(world)


@pytest.mark.parametrize("is_new", [False, True], ids=["edited", "added"])
def test_nor_does_it_in_the_middle_of_a_reset(world, p1, monkeypatch, is_new):
    others = [plot(world, A, p1, code=f"O{number}") for number in range(3)]
    made = None if is_new else both_have(world, p1)
    world.sync(A)
    world.backup_server()
    edit(world, A, others[0], area_ha=1.0)
    if is_new:
        made = plot(world, A, p1, area_ha=2.0)
    else:
        edit(world, A, made, area_ha=2.0)
    world.sync(A)
    world.sync(B)
    for _ in lost(world, p1, made, most=3, note="wet"):
        world.sync(A)
        monkeypatch.setattr(session, "first_batch", one_change)
    world.sync(A)
    assert shown(world, A, made) == {"code": "HF", "area_ha": 2.0}
    ends_well(world)


def test_nor_does_what_was_never_sent(world, p1, monkeypatch):
    other = plot(world, A, p1, code="O")
    made = both_have(world, p1)
    world.backup_server()
    edit(world, A, other, area_ha=1.0)
    edit(world, A, made, area_ha=2.0)
    for _ in lost(world, p1, made, note="wet"):
        with monkeypatch.context() as link:
            link.setattr(session, "first_batch", one_change)
            link.setattr(Link, "sync", once(Link.sync))
            assert world.sync(A) is None
    world.sync(A)
    world.sync(A)
    assert shown(world, A, made) == {"code": "HF", "area_ha": 2.0}
    ends_well(world)


def test_a_record_whose_purge_was_lost_is_known_again(world, p1):
    quarantined(world, p1)
    made = both_have(world, p1, area_ha=1.0)
    world.backup_server()
    world.backup_laptop(B)
    world.save(B, world.draft(B, p1, "plot", {}, made.record_id, op="del"))
    world.sync(B)
    far = "2999-01-01T00:00:00.000Z"
    world.run(world.server.write(lambda tx: tx.purge(far, world.clock.stamp())))
    world.sync(A)
    assert world.laptop(A).store.record(made.record_id) is None
    # Nobody has the deletion any more.
    world.restore_server()
    world.restore_laptop(B)
    world.sync(B)
    world.sync(A)
    world.sync(A)
    assert shown(world, A, made) == {"code": "HF", "area_ha": 1.0}
    ends_well(world)


def test_a_late_answer_of_a_lost_timeline_says_nothing_any_more(world, p1):
    world.sync(A)
    world.backup_server()
    made = plot(world, A, p1, area_ha=1.0)
    world.sync(A, "late")
    world.sync(A)
    world.restore_server()
    edit(world, A, made, area_ha=2.0)
    world.sync(A)
    world.sync(B)
    deliver_late(world, 0)
    assert shown(world, A, made)["area_ha"] == 2.0
    ends_well(world)


def test_what_was_replaced_by_a_fix_may_stand_after_a_restore(world, p1):
    plot(world, B, p1, code="other")
    world.sync(B)
    world.backup_server()
    world.backup_laptop(B)
    plot(world, B, p1, code="taken")
    world.sync(B)
    new = "0190a000-0000-7000-8000-00000000000b"
    (made,) = world.save(A, world.draft(A, p1, "plot", {"code": "taken"}, new))
    world.sync(A)
    resend.send_again(world.laptop(A), made.record_id, {"code": "other"})
    world.sync(A)
    # In this timeline the first label is free, that of the fix is not.
    world.restore_server()
    world.restore_laptop(B)
    world.sync(A)
    assert stands(world, made) == {"code": "taken"}
    assert world.laptop(A).store.base(made.record_id).fields == {"code": "taken"}
    ends_well(world)
