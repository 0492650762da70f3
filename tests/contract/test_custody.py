"""Quarantine, conflicts and releases of any store."""

import pytest

from schemas.digest import conflict_hash
from schemas.problems import Problem
from server.merge.model import KeptBack
from server.store.custody_values import ConflictQuery, CustodyQuery, HowMuchWaits
from tests.contract.values import (
    Batch,
    begin,
    line_of,
    new_id,
    nothing,
    plot,
    point,
    saved,
)

ALL = CustodyQuery(statuses=None)


async def quarantine(store, **narrow):
    """Return the ids of the changes of the quarantine that a query finds."""
    query = CustodyQuery(**narrow)
    return [
        found.change_id for found in await store.read(lambda tx: tx.quarantine(query))
    ]


async def conflicts(store, **narrow):
    """Return the conflicts that a query finds."""
    query = ConflictQuery(**narrow)
    return await store.read(lambda tx: tx.conflicts(query))


@pytest.mark.parametrize("note", ["Grüße 🌱", "a\0b", "\ud800", "\x1f", ""])
async def test_a_change_in_custody_is_read_back_with_its_line(store, note):
    laptop, project = await begin(store)
    batch = Batch(project, laptop, 4)
    why = Problem("out_of_range", "area_ha", -1.0, "0 to 1000")
    change = batch.refuse("plot", plot("P1", note=note), why=why)
    await saved(store, batch)
    (found,) = await store.read(lambda tx: tx.quarantine(CustodyQuery()))
    assert (found.project_id, found.change_id) == (project.id, change.id)
    assert (found.type, found.record_id) == (change.type, change.record_id)
    assert found.fields == change.fields
    assert found.why == [why]
    assert (found.device, found.person) == ("laptop", change.person)
    assert (found.at, found.status) == (batch.at, "open")
    assert (found.waits_for, found.settled_at, found.reason) == (None, None, None)
    assert found.line == line_of(change)
    assert found.place > 0


async def test_what_is_held_waits_for_a_record(store):
    laptop, project = await begin(store)
    parent = new_id()
    batch = Batch(project, laptop)
    held = batch.hold("point", point(parent), parent)
    given_up = batch.hold("point", point(parent, "B"), parent, held=False)
    await saved(store, batch)
    found = await store.read(lambda tx: tx.quarantine(CustodyQuery()))
    assert [(f.change_id, f.status, f.waits_for) for f in found] == [
        (held.id, "held", parent),
        (given_up.id, "open", parent),
    ]


async def filled(store):
    """Save four changes that wait in one project and one in another."""
    laptop, project = await begin(store)
    other, elsewhere = await begin(store, name="other")
    batch, far = Batch(project, laptop), Batch(elsewhere, other)
    parent = new_id()
    kept = [
        batch.refuse("plot", plot("P2")),
        batch.hold("point", point(parent), parent),
        batch.refuse("plot", plot("P1")),
        batch.hold("point", point(parent, "B"), parent),
    ]
    away = far.hold("point", point(parent), parent)
    await saved(store, batch)
    await saved(store, far)
    return project, elsewhere, parent, kept, away


async def test_the_quarantine_is_read_in_the_order_in_which_it_came(store):
    project, elsewhere, parent, kept, away = await filled(store)
    ids = [change.id for change in kept]
    assert await quarantine(store) == [*ids, away.id]
    assert await quarantine(store, project_id=project.id) == ids
    assert await quarantine(store, project_id=elsewhere.id) == [away.id]
    assert await quarantine(store, project_id=new_id()) == []
    assert await quarantine(store, project_id=project.id, waits_for=[parent]) == [
        ids[1],
        ids[3],
    ]


async def test_a_query_of_the_quarantine_narrows_by_all_that_it_names(store):
    project, _, parent, kept, away = await filled(store)
    ids = [change.id for change in kept]
    assert await quarantine(store, statuses=["held"]) == [ids[1], ids[3], away.id]
    assert await quarantine(store, statuses=["discarded"]) == []
    assert await quarantine(store, change_ids=[ids[2], ids[0]]) == [ids[0], ids[2]]
    assert await quarantine(store, record_ids=[kept[2].record_id]) == [ids[2]]
    assert await quarantine(store, starts_with=ids[3]) == [ids[3]]
    assert await quarantine(store, starts_with="%") == []
    assert await quarantine(store, starts_with=ids[0][:1]) == [*ids, away.id]
    both = {"statuses": ["open"], "waits_for": [parent]}
    assert await quarantine(store, **both, project_id=project.id) == []
    for name in ("statuses", "change_ids", "record_ids", "waits_for"):
        assert await quarantine(store, **{name: []}) == []


async def test_the_quarantine_is_read_on_from_a_place_and_only_so_far(store):
    project, _, _, kept, _ = await filled(store)
    ids = [change.id for change in kept]
    pages, after = [], 0
    while True:
        query = CustodyQuery(project_id=project.id, after=after, most=3)
        page = await store.read(lambda tx, q=query: tx.quarantine(q))
        if not page:
            break
        pages.append([found.change_id for found in page])
        after = page[-1].place
    assert pages == [ids[:3], ids[3:]]
    assert await quarantine(store, most=0) == []


async def test_a_change_kept_back_once_more_has_its_new_reason_and_its_old_place(store):
    laptop, project = await begin(store)
    parent = new_id()
    batch = Batch(project, laptop)
    first = batch.refuse("plot", plot("P1"))
    held = batch.hold("point", point(parent), parent)
    batch.refuse("plot", plot("P2"))
    await saved(store, batch)
    places = [
        (found.place, found.change_id)
        for found in await store.read(lambda tx: tx.quarantine(ALL))
    ]
    other = new_id()
    why = [Problem("waits_for", value=other)]
    again = [KeptBack(held, parent, why, other, is_held=True)]
    await store.write(lambda tx: tx.save(nothing(laptop, quarantined=again)))
    found = await store.read(lambda tx: tx.quarantine(ALL))
    assert [(f.place, f.change_id) for f in found] == places
    assert (found[1].waits_for, found[1].why) == (other, why)
    assert found[0].change_id == first.id


async def test_what_is_closed_waits_no_more_and_keeps_its_reason(store):
    laptop, project = await begin(store)
    batch = Batch(project, laptop)
    one, two, three = (batch.refuse("plot", plot(f"P{n}")) for n in range(3))
    await saved(store, batch)
    batch = Batch(project, laptop, 5)
    batch.close(one, "discarded", "a typing error")
    batch.close(two, "replaced")
    batch.close(three, "discarded", "twice")
    await saved(store, batch)
    batch = Batch(project, laptop, 6)
    batch.close(one, "replaced", "too late")
    await saved(store, batch)
    found = await store.read(lambda tx: tx.quarantine(ALL))
    assert [(f.change_id, f.status, f.reason) for f in found] == [
        (one.id, "discarded", "a typing error"),
        (two.id, "replaced", None),
        (three.id, "discarded", "twice"),
    ]
    assert await quarantine(store) == []
    assert await quarantine(store, statuses=["replaced"]) == [two.id]


async def test_what_is_released_is_a_record_and_waits_no_more(store):
    laptop, project = await begin(store)
    batch = Batch(project, laptop)
    kept = batch.refuse("plot", plot("P1"))
    await saved(store, batch)
    batch = Batch(project, laptop)
    made = batch.release(kept)
    await saved(store, batch)
    assert await store.read(lambda tx: tx.records(project.id, "plot")) == [made]
    (found,) = await store.read(lambda tx: tx.quarantine(ALL))
    assert found.status == "released"


async def test_how_much_waits_is_told_for_one_project(store):
    project, elsewhere, _, _, _ = await filled(store)

    async def waits(name):
        return await store.read(lambda tx: tx.how_much_waits(name))

    assert await waits(project.id) == HowMuchWaits(2, is_any=True)
    assert await waits(elsewhere.id) == HowMuchWaits(1, is_any=True)
    assert await waits(new_id()) == HowMuchWaits(0, is_any=False)


async def test_what_waits_for_a_person_waits_and_is_not_held(store):
    laptop, project = await begin(store)
    batch = Batch(project, laptop)
    kept = batch.refuse("plot", plot("P1"))
    await saved(store, batch)
    found = await store.read(lambda tx: tx.how_much_waits(project.id))
    assert found == HowMuchWaits(0, is_any=True)
    batch = Batch(project, laptop)
    batch.close(kept, "discarded")
    await saved(store, batch)
    found = await store.read(lambda tx: tx.how_much_waits(project.id))
    assert found == HowMuchWaits(0, is_any=False)


async def test_an_open_conflict_is_read_back_with_the_row_that_it_made(store):
    laptop, project, made = await begin(store, "P1")
    batch = Batch(project, laptop, 3)
    conflict = batch.contest(made, "code", {"code": "P8"}, {"code": "P0"})
    await saved(store, batch)
    (found,) = await conflicts(store)
    assert (found.project_id, found.id) == (project.id, conflict.id)
    assert (found.record_id, found.type, found.group) == (made.id, "plot", "code")
    assert (found.base, found.theirs) == ({"code": "P0"}, {"code": "P1"})
    assert found.ours == {"code": "P8"}
    assert (found.change_id, found.log_id) == (conflict.change.id, laptop.log)
    assert (found.n, found.seq) == (conflict.change.n, project.head)
    assert (found.device, found.person, found.at) == ("laptop", "Ann", batch.at)
    assert (found.status, found.settled_by, found.settled_at) == ("open", None, None)
    assert (found.reason, found.chosen) == (None, {})


async def test_a_conflict_is_settled_by_a_change_for_a_reason(store):
    laptop, project, made = await begin(store, "P1")
    batch = Batch(project, laptop, 3)
    conflict = batch.contest(made, "code", {"code": "P8"})
    await saved(store, batch)
    batch = Batch(project, laptop, 9)
    change = batch.settle(conflict, {"code": "P8"}, "the sign says so")
    await saved(store, batch)
    assert await conflicts(store) == []
    (found,) = await conflicts(store, status="settled")
    assert (found.id, found.status, found.base) == (conflict.id, "settled", None)
    assert (found.settled_by, found.settled_at) == (change.id, batch.at)
    assert (found.reason, found.chosen) == ("the sign says so", {"code": "P8"})
    assert await conflicts(store, status=None) == [found]


async def test_a_settled_conflict_is_open_again_and_counts(store):
    laptop, project, made = await begin(store, "P1")
    batch = Batch(project, laptop, 3)
    conflict = batch.contest(made, "code", {"code": "P8"})
    await saved(store, batch)
    (before,) = await conflicts(store)
    batch = Batch(project, laptop, 9)
    batch.settle(conflict, {"code": "P8"}, "the sign says so")
    await saved(store, batch)
    (row,) = await records(store, project)
    settled = await digest_of(store, project)
    again = {conflict.id: made.id}
    await store.write(lambda tx: tx.reopen_conflicts(project.id, again))
    assert await conflicts(store) == [before]
    (now,) = await records(store, project)
    assert (now.open_conflicts, now.seq) == (row.open_conflicts + 1, row.seq)
    assert await digest_of(store, project) == settled.plus(
        conflict_hash(made.id, conflict.id)
    )
    await store.write(lambda tx: tx.reopen_conflicts(project.id, {}))
    assert await conflicts(store) == [before]


async def digest_of(store, project):
    heads = await store.read(lambda tx: tx.project_heads([project.id]))
    return heads[project.id].digest


async def records(store, project):
    return await store.read(lambda tx: list(tx.records(project.id, "plot")))


async def contested(store):
    """Save three conflicts of one project, and one of another."""
    laptop, project, one, two = await begin(store, "P1", "P2")
    other, elsewhere, far = await begin(store, "P1", name="other")
    found = []
    for second, record in ((5, two), (3, one), (4, one)):
        batch = Batch(project, laptop, second)
        found.append(batch.contest(record, "code", {"code": f"X{second}"}))
        await saved(store, batch)
    batch = Batch(elsewhere, other, 6)
    away = batch.contest(far, "code", {"code": "X6"})
    await saved(store, batch)
    return laptop, project, elsewhere, found, away


async def test_conflicts_come_in_the_order_in_which_they_came_or_were_settled(store):
    laptop, project, _, (late, first, second), away = await contested(store)
    open_now = await conflicts(store)
    assert [c.id for c in open_now] == [first.id, second.id, late.id, away.id]
    for moment, conflict in ((20, late), (21, first)):
        batch = Batch(project, laptop, moment)
        batch.settle(conflict, {"code": f"S{moment}"})
        await saved(store, batch)
    settled = await conflicts(store, status="settled")
    assert [c.id for c in settled] == [late.id, first.id]
    both = await conflicts(store, status=None, project_id=project.id)
    assert [c.id for c in both] == [second.id, late.id, first.id]


async def test_a_query_of_conflicts_narrows_by_all_that_it_names(store):
    _, project, elsewhere, (late, first, second), away = await contested(store)

    async def ids(**narrow):
        return [found.id for found in await conflicts(store, **narrow)]

    assert await ids(project_id=elsewhere.id) == [away.id]
    assert await ids(project_id=new_id()) == []
    assert await ids(conflict_ids=[late.id, away.id]) == [late.id, away.id]
    assert await ids(record_ids=[first.record_id]) == [first.id, second.id]
    assert await ids(starts_with=second.id) == [second.id]
    assert await ids(starts_with="_") == []
    assert await ids(conflict_ids=[away.id], project_id=project.id) == []
    assert await ids(conflict_ids=[]) == []
    assert await ids(record_ids=[]) == []


async def test_nothing_is_released_as_long_as_nothing_arrived(store):
    await filled(store)
    assert await store.read(lambda tx: tx.next_release()) is None


async def test_a_record_that_arrived_is_released_as_long_as_more_waits_for_it(store):
    laptop, project = await begin(store)
    batch = Batch(project, laptop)
    parent = new_id()
    held = batch.hold("point", point(parent), parent)
    await saved(store, batch)
    nobody = new_id()
    arrived = {project.id: [nobody, parent]}
    await store.write(lambda tx: tx.save(nothing(laptop, arrived=arrived)))
    assert await store.read(lambda tx: tx.next_release()) == (project.id, parent, 0)
    (waits,) = await store.read(lambda tx: tx.quarantine(CustodyQuery()))
    assert waits.change_id == held.id
    await store.write(lambda tx: tx.note_release(project.id, parent, waits.place))
    found = await store.read(lambda tx: tx.next_release())
    assert found == (project.id, parent, waits.place)
    await store.write(lambda tx: tx.save(nothing(laptop, arrived=arrived)))
    assert await store.read(lambda tx: tx.next_release()) == (project.id, parent, 0)
    await store.write(lambda tx: tx.note_release(project.id, parent, None))
    assert await store.read(lambda tx: tx.next_release()) is None


async def test_releases_of_two_projects_are_kept_apart(store):
    project, elsewhere, parent, _, _ = await filled(store)
    laptop, _ = await begin(store, name="third")
    arrived = {project.id: [parent], elsewhere.id: [parent]}
    await store.write(lambda tx: tx.save(nothing(laptop, arrived=arrived)))
    seen = set()
    while (found := await store.read(lambda tx: tx.next_release())) is not None:
        seen.add(found)
        await store.write(lambda tx, f=found: tx.note_release(*f[:2], None))
    assert seen == {(project.id, parent, 0), (elsewhere.id, parent, 0)}


@pytest.mark.parametrize("after", [None, 7])
async def test_noting_a_release_that_is_not_there_changes_nothing(store, after):
    project, _, parent, _, _ = await filled(store)
    await store.write(lambda tx: tx.note_release(project.id, parent, after))
    assert await store.read(lambda tx: tx.next_release()) is None


async def test_what_is_closed_is_not_asked_to_be_released(store):
    laptop, project = await begin(store)
    parent = new_id()
    batch = Batch(project, laptop)
    held = batch.hold("point", point(parent), parent)
    await saved(store, batch)
    batch = Batch(project, laptop)
    batch.close(held, "discarded", "not ours")
    await saved(store, batch, arrived={project.id: [parent]})
    assert await store.read(lambda tx: tx.next_release()) is None
