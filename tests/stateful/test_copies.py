"""Two laptops that are copies of one go on in one log until somebody notices."""

from collector.record import resend
from tests.stateful.test_directed import A, B, both_have, edit, ends_well, p1, world

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
