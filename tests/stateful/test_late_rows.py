"""A change that stands late: its author has no row of it, whatever they say next."""

from tests.stateful.test_directed import (
    A,
    B,
    bad_plot_with_child,
    edit,
    ends_well,
    judge_again,
    p1,
    stands,
    world,
)

__all__ = ["p1", "world"]


def test_an_edit_does_not_stand_alone_where_its_record_came_late(world, p1):
    bad, child = bad_plot_with_child(world, p1)
    (taken,) = world.laptop(A).store.find("plot", p1, "taken")
    world.put(A, p1, "plot", {}, taken.id, op="del")
    world.sync(A)
    edit(world, B, child, note="wet")
    judge_again(world)
    world.sync(B)
    whole = {"plot_id": bad.record_id, "code": "1", "note": "wet"}
    assert stands(world, child) == whole
    assert world.laptop(B).store.base(child.record_id).fields == whole
    ends_well(world)
