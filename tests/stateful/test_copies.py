"""Two laptops that are copies of one go on in one log until somebody notices."""

from collector.record import resend
from tests.stateful.test_directed import (
    A,
    B,
    C,
    both_have,
    conflicts,
    edit,
    ends_well,
    p1,
    world,
)

__all__ = ["p1", "world"]


def test_a_copy_hears_of_a_number_that_its_twin_took_and_wrote_nothing(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    edit(world, A, made, area_ha=2.0)
    world.clone_laptop(A, B)
    edit(world, A, made, note=" ")
    world.sync(A)
    resend.discard(world.laptop(A), made.record_id)
    world.sync(A)
    world.sync(B)
    ends_well(world)


def test_a_conflict_of_a_change_that_came_in_two_logs_is_told_once(world, p1):
    made = both_have(world, p1, area_ha=1.0)
    world.backup_laptop(A)
    edit(world, A, made, area_ha=2.0)
    world.clone_laptop(A, B)
    world.clone_laptop(A, C)
    world.restore_laptop(A)
    edit(world, A, made, area_ha=3.0)
    world.sync(A)
    # Both copies find the log gone on elsewhere, and move the same change to a new one.
    world.sync(B)
    world.sync(C)
    assert len(conflicts(world, made)) == 1
    for name in (A, B, C):
        world.sync(name)
        (base,) = world.laptop(name).store.contested()
        assert len(base.conflicts) == 1, name
    ends_well(world)
