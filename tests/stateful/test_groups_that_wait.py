"""A sampling event whose record was given up waits as a whole, and follows as a whole."""

import pytest

from tests.stateful.test_directed import (
    B,
    C,
    bad_plot_with_child,
    ends_well,
    judge_again,
    names_what_was_given_up,
    outcome,
    p1,
    world,
)

__all__ = ["p1", "world"]
GROUP = "0190a000-0000-7000-8000-0000000000e1"


def event(world, project_id, plot):
    """Two points of one plot, which stand or fall together."""
    return world.save(
        B,
        *(
            world.draft(
                B,
                project_id,
                "point",
                {"plot_id": plot, "code": code},
                group=GROUP,
                is_new=True,
            )
            for code in "23"
        ),
    )


@pytest.mark.parametrize("is_later", [True, False], ids=["after", "before"])
def test_an_event_waits_whole_for_a_record_that_was_given_up(world, p1, is_later):
    bad, _ = bad_plot_with_child(world, p1)
    points = [] if is_later else event(world, p1, bad.record_id)
    world.sync(B)
    world.put(B, p1, "plot", {}, bad.record_id, op="del", replaces=bad.id)
    world.sync(B)
    points = points or event(world, p1, bad.record_id)
    world.sync(B)
    for _ in range(2):
        assert all(names_what_was_given_up(world, point, bad) for point in points)
        ends_well(world)
        judge_again(world)
    world.put(B, p1, "plot", {"code": "free"}, bad.record_id)
    world.sync(B)
    assert [outcome(world, point) for point in points] == [{"accepted"}] * 2
    ends_well(world)


def test_an_event_with_a_fault_of_its_own_does_not_follow_by_halves(world, p1):
    bad, _ = bad_plot_with_child(world, p1)
    world.put(B, p1, "plot", {}, bad.record_id, op="del", replaces=bad.id)
    world.sync(B)
    wrong = {"plot_id": bad.record_id, "code": "2", "lon": 999.0, "lat": 1.0}
    points = world.save(
        B,
        world.draft(
            B,
            p1,
            "point",
            {"plot_id": bad.record_id, "code": "3"},
            group=GROUP,
            is_new=True,
        ),
        world.draft(B, p1, "point", wrong, group=GROUP, is_new=True),
    )
    world.sync(B)
    world.put(B, p1, "plot", {"code": "free"}, bad.record_id)
    world.sync(B)
    assert [outcome(world, point) for point in points] == [{"quarantined"}] * 2
    ends_well(world)


def test_an_event_that_waits_is_absorbed_when_a_copy_sends_it_again(world, p1):
    bad, _ = bad_plot_with_child(world, p1)
    world.put(B, p1, "plot", {}, bad.record_id, op="del", replaces=bad.id)
    world.sync(B)
    points = event(world, p1, bad.record_id)
    world.clone_laptop(B, C)
    world.sync(B)
    world.sync(C)
    for name in (B, C):
        world.put(name, p1, "plot", {"code": f"N{name}"}, is_new=True)
    ends_well(world)
    assert all(names_what_was_given_up(world, point, bad) for point in points)
    world.put(B, p1, "plot", {"code": "free"}, bad.record_id)
    world.sync(B)
    assert [outcome(world, point) for point in points] == [{"accepted"}] * 2
    ends_well(world)
