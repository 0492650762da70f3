"""Many changes that wait for one record: they come in by themselves, a batch at a time."""

import json
from collections import Counter

import pytest

from collector.fix import conflicts
from collector.record import resend
from schemas import limits
from schemas.conflicts import Take
from schemas.deciding import SideChoice
from schemas.sides import PersonsChoice
from server.custody.review import rejudge, release_waiting
from server.intake.load import waiting_until
from tests.stateful.invariants import check_all
from tests.stateful.world import World

A, B = "laptop-0", "laptop-1"
CAMPAIGN = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path, laptops=2)
    yield made
    made.close()


def outcomes(world):
    projects = {
        line.change_id
        for line in world.lines()
        if json.loads(line.raw)["t"] == "project"
    }
    rows = world.sql("SELECT change_id, outcome FROM change")
    return dict(Counter(outcome for change, outcome in rows if change not in projects))


def bad_plot(world):
    """A plot that is quarantined; what belongs to it is held."""
    fields = {"code": "P", "area_ha": -1.0}
    return world.put(A, world.project_ids[0], "plot", fields, is_new=True)


def add_points(world, plot, count, group=None):
    project_id = world.project_ids[0]
    drafts = [
        world.draft(
            A,
            project_id,
            "point",
            {"plot_id": plot.record_id, "code": str(number)},
            is_new=True,
            group=group(number) if group else None,
        )
        for number in range(count)
    ]
    world.save(A, *drafts)


def transactions(world):
    """Count how many changes each writing transaction of a release judges again."""
    sizes = []

    def job(tx):
        place = tx.next_release()
        if place is None:
            return
        project_id, record_id, after = place
        waiting, _ = waiting_until(
            tx, project_id, {record_id}, after, limits.RELEASED_AT_ONCE
        )
        sizes.append(len(waiting))

    original = world.server.write

    async def write(work, *holds):
        await world.server.read(job)
        return await original(work, *holds)

    world.server.write = write
    return sizes


def test_beyond_the_bound_of_held_changes_everything_comes_in(world, monkeypatch):
    monkeypatch.setattr(limits, "HELD_CHANGES", 20)
    monkeypatch.setattr(limits, "RELEASED_AT_ONCE", 15)
    plot = bad_plot(world)
    add_points(world, plot, 70)
    world.sync(A)
    assert outcomes(world) == {"held": 20, "quarantined": 51}
    sizes = transactions(world)
    resend.send_again(world.laptop(A), plot.record_id, {"area_ha": 1.0})
    world.sync(A)
    assert outcomes(world)["accepted"] == 16, "a push releases a batch at most"
    world.run(release_waiting(world.server, world.clock))
    assert outcomes(world) == {"accepted": 71, "quarantined": 1}
    assert max(sizes) <= 15
    world.settle()
    check_all(world)
    assert not world.laptop(A).store.changes_with("quarantined")


def test_what_is_held_takes_no_second_room_when_it_is_judged_again(world, monkeypatch):
    monkeypatch.setattr(limits, "HELD_CHANGES", 20)
    add_points(world, bad_plot(world), 15)
    world.sync(A)
    for _ in range(2):
        assert outcomes(world) == {"held": 15, "quarantined": 1}
        world.run(rejudge(world.server, world.clock, None))
    assert outcomes(world) == {"held": 15, "quarantined": 1}


def test_a_release_cuts_no_event_in_two(world, monkeypatch):
    monkeypatch.setattr(limits, "RELEASED_AT_ONCE", 10)
    names = [world.clock.new_id() for _ in range(10)]
    plot = bad_plot(world)
    add_points(world, plot, 70, group=lambda number: names[number // 7])
    world.sync(A)
    resend.send_again(world.laptop(A), plot.record_id, {"area_ha": 1.0})
    world.sync(A)
    assert outcomes(world)["accepted"] == 1 + 14, "two events of seven"
    world.run(release_waiting(world.server, world.clock))
    assert outcomes(world) == {"accepted": 71, "quarantined": 1}


def test_what_waits_in_a_row_of_records_is_released_to_its_end(world, monkeypatch):
    monkeypatch.setattr(limits, "RELEASED_AT_ONCE", 3)
    project_id, plot = world.project_ids[0], bad_plot(world)

    def put(kind, fields):
        return world.put(A, project_id, kind, fields, is_new=True).record_id

    campaign = put("campaign", CAMPAIGN)
    for number in range(4):
        point = put("point", {"plot_id": plot.record_id, "code": str(number)})
        hole = {"point_id": point, "campaign_id": campaign, "number": 1}
        core = put("core", hole | {"sampled_at": "2026-05-02T10:00:00Z"})
        put(
            "sample",
            {
                "core_id": core,
                "sample_code": f"S{number}",
                "depth_top_cm": 0.0,
                "depth_bottom_cm": 30.0,
            },
        )
    world.sync(A)
    resend.send_again(world.laptop(A), plot.record_id, {"area_ha": 1.0})
    world.sync(A)
    world.run(release_waiting(world.server, world.clock))
    assert outcomes(world) == {"accepted": 14, "quarantined": 1}
    world.settle()
    check_all(world)


def test_a_release_that_was_cut_off_goes_on(world, monkeypatch):
    monkeypatch.setattr(limits, "RELEASED_AT_ONCE", 10)
    plot = bad_plot(world)
    add_points(world, plot, 35)
    world.sync(A)
    resend.send_again(world.laptop(A), plot.record_id, {"area_ha": 1.0})
    world.sync(A)
    place = world.read(lambda tx: tx.next_release())
    assert place is not None
    world.server.close()
    world.server = type(world.server)(world._server_path)
    assert world.read(lambda tx: tx.next_release()) == place
    world.run(release_waiting(world.server, world.clock))
    assert outcomes(world) == {"accepted": 36, "quarantined": 1}
    assert world.run(release_waiting(world.server, world.clock)) == 0


def test_more_conflicts_of_a_record_than_one_change_holds_are_decided_at_once(
    world, monkeypatch
):
    monkeypatch.setattr(limits, "SETTLED_CONFLICTS", 1)
    project_id = world.project_ids[0]
    plot = world.put(A, project_id, "plot", {"code": "P", "area_ha": 1.0}, is_new=True)
    world.sync(A)
    world.sync(B)
    world.put(A, project_id, "plot", {"code": "Q", "area_ha": 2.0}, plot.record_id)
    world.put(B, project_id, "plot", {"code": "R", "area_ha": 3.0}, plot.record_id)
    world.sync(A)
    world.sync(B)
    laptop = world.laptop(B)
    base = laptop.store.base(plot.record_id)
    assert len(base.conflicts) == 2
    stands = PersonsChoice(SideChoice(Take.STANDS))
    assert conflicts.resolve(laptop, base, (), stands, "first visit counts") == 2
    world.settle()
    assert not world.sql("SELECT id FROM conflict WHERE status = 'open'")
    check_all(world)
