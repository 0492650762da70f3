"""Projects, rows after a number, digests and purged deletions of any store."""

from collections.abc import Iterator
from itertools import islice

import pytest

from schemas.digest import BUCKETS, Digest, bucket, digest_of
from schemas.signing import NO_RECEIPT
from server.store.values import LogSpan, ProjectHead
from tests.contract.values import (
    Batch,
    Laptop,
    Project,
    at,
    begin,
    new_id,
    plot,
    point,
    saved,
)


async def rows_after(store, project, after=0, besides=None):
    """Return the rows of a project after a number."""
    found = await store.read(
        lambda tx: [row.read() for row in tx.sent_after(project.id, after, besides)]
    )
    if besides is None:
        rows = await store.read(lambda tx: list(tx.rows_after(project.id, after)))
        assert rows == found
    return found


async def test_projects_come_oldest_first_with_their_counts(store):
    laptop, late, *_ = await begin(store, "P1", second=9)
    _, early = await begin(store, name="other", second=2)
    batch = Batch(late, laptop)
    own = {"code": "HF", "title": "Highfield"}
    made = batch.put("project", own, record=late.id)
    gone = batch.put("plot", plot("P7"))
    batch.delete(gone)
    await saved(store, batch)
    await store.write(lambda tx: tx.set_access(laptop.id, early.id, None))
    one, two = await store.read(lambda tx: tx.projects())
    assert (one.id, one.fields, one.seq, one.head) == (early.id, {}, None, 0)
    assert (one.created_at, one.plots, one.devices) == (at(2), 0, 2)
    assert (two.id, two.fields, two.seq) == (late.id, own, made.seq)
    assert (two.head, two.created_at) == (late.head, at(9))
    assert (two.plots, two.samples, two.devices) == (1, 0, 1)


async def test_a_store_without_projects_has_none(store):
    assert await store.read(lambda tx: tx.projects()) == []
    assert await store.read(lambda tx: tx.project_heads([])) == {}
    assert await store.read(lambda tx: tx.project_heads([new_id()])) == {}


async def test_heads_tell_where_each_project_stands(store):
    assert await store.read(lambda tx: tx.heads()) == {}
    _, one, *_ = await begin(store, "P1", "P2")
    _, two = await begin(store, name="other")
    assert await store.read(lambda tx: tx.heads()) == {
        one.id: one.head,
        two.id: two.head,
    }
    names = [one.id, two.id, new_id()]
    found = await store.read(lambda tx: tx.project_heads(names))
    assert found == {
        one.id: ProjectHead(2, 0, NO_RECEIPT, one.digest),
        two.id: ProjectHead(0, 0, NO_RECEIPT, Digest()),
    }
    only = await store.read(lambda tx: tx.project_heads([one.id, one.id]))
    assert only.keys() == {one.id}


async def test_a_digest_grows_and_shrinks_with_what_batches_come_to(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    seen = {project.digest}
    for second in range(3):
        batch = Batch(project, laptop)
        if second == 0:
            batch.contest(one, "code", {"code": "P9"})
        if second == 1:
            batch.put("plot", plot("P3"), record=two.id)
        if second == 2:
            batch.delete(two)
        await saved(store, batch)
        found = await store.read(lambda tx: tx.project_heads([project.id]))
        assert found[project.id].digest == project.digest
        seen.add(project.digest)
    assert len(seen) == 4


async def test_a_digest_is_made_of_live_rows_and_open_conflicts(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    _, other, *_ = await begin(store, "P1", name="other")
    batch = Batch(project, laptop)
    conflict = batch.contest(one, "code", {"code": "P9"})
    batch.delete(two)
    await saved(store, batch)
    found = await store.read(lambda tx: tx.digest_items(project.id))
    assert sorted(found) == sorted(project.items)
    assert len(found) == 2
    assert digest_of(found) == project.digest
    batch = Batch(project, laptop)
    batch.settle(conflict, {"code": "P9"})
    await saved(store, batch)
    (item,) = await store.read(lambda tx: tx.digest_items(project.id))
    assert item == project.items[0]
    away = await store.read(lambda tx: tx.digest_items(other.id))
    assert away == other.items
    assert await store.read(lambda tx: tx.digest_items(new_id())) == []


async def test_live_records_of_a_type_come_in_one_order(store):
    laptop, project, *plots = await begin(store, *(f"P{n}" for n in range(9)))
    _, other, far = await begin(store, "P1", name="other")
    batch = Batch(project, laptop)
    batch.put("point", point(plots[0].id))
    batch.delete(plots[3])
    await saved(store, batch)
    live = [made for made in plots if made is not plots[3]]
    found = await store.read(lambda tx: tx.records(project.id, "plot"))
    assert found == sorted(live, key=lambda made: made.id)
    assert await store.read(lambda tx: tx.records(project.id, "stock")) == []
    assert await store.read(lambda tx: tx.records(project.id, "no such type")) == []
    assert await store.read(lambda tx: tx.records(other.id, "plot")) == [far]


async def test_rows_come_in_server_order_after_a_number(store):
    laptop, project, *plots = await begin(store, *(f"P{n}" for n in range(6)))
    await begin(store, "P1", name="other")
    batch = Batch(project, laptop)
    first = batch.put("plot", plot("X"), record=plots[0].id)
    gone = batch.delete(plots[4])
    await saved(store, batch)
    rows = [plots[1], plots[2], plots[3], plots[5], first, gone]
    assert await rows_after(store, project) == rows
    for row in rows:
        later = [other for other in rows if other.seq > row.seq]
        assert await rows_after(store, project, row.seq) == later
    assert await rows_after(store, project, project.head + 5) == []
    assert await rows_after(store, Project()) == []


async def test_rows_leave_out_what_their_author_can_compute_and_nothing_else(store):
    laptop, project = await begin(store)
    other = Laptop("other")
    await store.write(lambda tx: other.enrol(tx, project.id))
    batch = Batch(project, laptop)
    rows = [batch.put("plot", plot(f"P{n}"), computable=n != 2) for n in range(5)]
    await saved(store, batch)
    batch = Batch(project, other)
    rows += [batch.put("plot", plot(f"Q{n}"), computable=True) for n in range(2)]
    await saved(store, batch)
    assert await rows_after(store, project) == rows

    async def left_out(span):
        found = await rows_after(store, project, 0, span)
        assert found == [row for row in rows if row in found]
        return [n for n, row in enumerate(rows) if row not in found]

    assert await left_out(LogSpan(laptop.log, 0, 5)) == [0, 1, 3, 4]
    assert await left_out(LogSpan(laptop.log, 1, 4)) == [1, 3]
    assert await left_out(LogSpan(laptop.log, 5, 9)) == []
    assert await left_out(LogSpan(laptop.log, 3, 3)) == []
    assert await left_out(LogSpan(other.log, 0, 1)) == [5]
    assert await left_out(LogSpan(new_id(), 0, 9)) == []
    after = await rows_after(store, project, 3, LogSpan(laptop.log, 0, 5))
    assert after == rows[5:]


async def test_a_row_that_another_has_written_since_is_not_left_out(store):
    laptop, project = await begin(store)
    other = Laptop("other")
    await store.write(lambda tx: other.enrol(tx, project.id))
    batch = Batch(project, laptop)
    made = batch.put("plot", plot("P1"), computable=True)
    await saved(store, batch)
    span = LogSpan(laptop.log, 0, 9)
    assert await rows_after(store, project, 0, span) == []
    batch = Batch(project, other)
    changed = batch.put("plot", {"note": "seen"}, record=made.id, computable=True)
    await saved(store, batch)
    assert await rows_after(store, project, 0, span) == [changed]


async def test_who_stops_reading_rows_may_go_on_with_the_transaction(store):
    _, project, *plots = await begin(store, *(f"P{n}" for n in range(30)))

    def job(tx):
        rows = tx.rows_after(project.id, 0)
        assert isinstance(rows, Iterator)
        first = list(islice(rows, 2))
        others = tx.rows_after(project.id, 10)
        between = [next(others), *tx.records(project.id, "point"), next(rows)]
        return first, between, tx.project_heads([project.id])[project.id].head

    first, between, head = await store.read(job)
    assert first == plots[:2]
    assert between == [plots[10], plots[2]]
    assert head == 30
    assert await rows_after(store, project) == plots


async def test_rows_in_buckets_are_live_or_contested(store):
    laptop, project, *plots = await begin(store, *(f"P{n}" for n in range(12)))
    await begin(store, "P1", name="other")
    batch = Batch(project, laptop)
    batch.delete(plots[0])
    await saved(store, batch)
    # A record that was deleted by one and written by another is kept in sight.
    batch = Batch(project, laptop)
    batch.contest(plots[1], "code", {"code": "P99"})
    batch.delete(plots[1])
    await saved(store, batch)
    rows = sorted(
        (project.records[made.id] for made in plots[1:]), key=lambda row: row.seq
    )

    async def rows_in(name, buckets):
        return await store.read(
            lambda tx: [row.read() for row in tx.sent_in(name, buckets)]
        )

    assert await rows_in(project.id, BUCKETS) == rows
    wanted = {bucket(row.id) for row in rows[:4]}
    some = await rows_in(project.id, sorted(wanted))
    assert some == [row for row in rows if bucket(row.id) in wanted]
    assert await rows_in(project.id, []) == []
    assert await rows_in(new_id(), BUCKETS) == []


async def deleted(store):
    """Save deletions of three moments, one of them contested, in two projects."""
    laptop, one, *plots = await begin(store, "P1", "P2", "P3", "P4")
    other, two, far = await begin(store, "P1", name="other")
    gone = []
    for second, made in ((10, plots[0]), (20, plots[1]), (30, plots[2])):
        batch = Batch(one, laptop, second)
        if second == 10:
            batch.contest(made, "code", {"code": "P9"})
        gone.append(batch.delete(made))
        await saved(store, batch)
    batch = Batch(two, other, 20)
    gone.append(batch.delete(far))
    await saved(store, batch)
    return one, two, gone, plots[3]


@pytest.mark.parametrize(
    ("second", "counts"), [(20, (0, 0)), (25, (1, 1)), (99, (2, 1))]
)
async def test_deletions_before_a_moment_are_purged_but_for_contested_ones(
    store, second, counts
):
    one, two, gone, _ = await deleted(store)
    wanted = {name: n for name, n in zip((one.id, two.id), counts, strict=True) if n}
    seen = await store.read(lambda tx: tx.purge(at(second), at(99), counts_only=True))
    assert seen == wanted
    before = await rows_after(store, one), await rows_after(store, two)
    assert gone[0] in before[0]
    found = await store.write(lambda tx: tx.purge(at(second), at(99)))
    assert found == wanted
    again = await store.write(lambda tx: tx.purge(at(second), at(99)))
    assert again == {}
    left = [r for r in before[0] if not r.deleted or r is gone[0]]
    rows = await rows_after(store, one)
    assert len(rows) == len(before[0]) - counts[0]
    assert [row for row in rows if row in left] == [
        row for row in before[0] if row in rows and row in left
    ]
    assert gone[0] in rows


async def test_counting_what_would_be_purged_changes_nothing(store):
    one, *_ = await deleted(store)
    before = await rows_after(store, one)
    await store.write(lambda tx: tx.purge(at(99), at(99), counts_only=True))
    assert await rows_after(store, one) == before
    assert await store.read(lambda tx: tx.purged_between(one.id, 0, 99)) == []


async def test_purged_ids_are_told_between_two_numbers_of_their_deletion(store):
    one, two, (_, first, second, far), live = await deleted(store)
    await store.write(lambda tx: tx.purge(at(99), at(99)))

    async def purged(project, after, up_to):
        return await store.read(lambda tx: tx.purged_between(project.id, after, up_to))

    assert await purged(one, 0, 99) == sorted([first.id, second.id])
    assert await purged(one, first.seq, 99) == [second.id]
    assert await purged(one, first.seq - 1, first.seq) == [first.id]
    assert await purged(one, second.seq, 99) == []
    assert await purged(two, 0, 99) == [far.id]
    assert await purged(Project(), 0, 99) == []
    heads = await store.read(lambda tx: tx.project_heads([one.id]))
    assert (heads[one.id].head, heads[one.id].digest) == (one.head, one.digest)
    assert live in await rows_after(store, one)


async def test_a_code_is_in_use_as_long_as_its_project_lives(store):
    laptop, project = await begin(store)
    batch = Batch(project, laptop)
    own = {"code": "HighField", "title": "Highfield"}
    batch.put("project", own, record=project.id)
    await saved(store, batch)
    await begin(store, name="nameless")
    assert await store.read(lambda tx: tx.codes_in_use()) == {"highfield": project.id}
    batch = Batch(project, laptop)
    batch.delete(batch.project.records[project.id])
    await saved(store, batch)
    assert await store.read(lambda tx: tx.codes_in_use()) == {}


async def test_two_readings_may_be_under_way_at_once_and_end_early(store):
    _, project, *plots = await begin(store, "P1", "P2", "P3")

    def job(tx):
        one, other = (tx.rows_after(project.id, 0) for _ in range(2))
        first = [next(one).id, next(one).id, next(other).id]
        del one
        return first, [record.id for record in other], tx.heads()[project.id]

    names = [each.id for each in plots]
    first, rest, head = await store.read(job)
    assert first == [names[0], names[1], names[0]]
    assert rest == names[1:]
    assert head == project.head
