"""Attached files, counts and the check of everything in any store."""

from server.operations.audit.audit import find_faults
from server.store.tables import VERSION
from server.store.values import Fault
from tests.contract.values import (
    Batch,
    Laptop,
    at,
    begin,
    new_id,
    nothing,
    plot,
    point,
    saved,
)


def photo(letter):
    """Return a photo as a record names it."""
    return {"sha256": letter * 64, "size": 10, "mime": "image/jpeg", "name": letter}


async def named(store, project_ids=None, sha256=None):
    """Return which records name which files."""
    found = await store.read(lambda tx: tx.attached(project_ids, sha256))
    return [(each.project_id, each.record_id, each.file["name"]) for each in found]


async def filled(store):
    """Save records of two projects that name files; return them."""
    laptop, project = await begin(store)
    other, elsewhere = await begin(store, name="other")
    batch = Batch(project, laptop)
    one = batch.put("plot", plot("P1", attachments=[photo("a"), photo("b")]))
    two = batch.put("plot", plot("P2", attachments=[photo("a")]))
    batch.put("plot", plot("P3"))
    far = Batch(elsewhere, other)
    three = far.put("plot", plot("P1", attachments=[photo("a")]))
    await saved(store, batch)
    await saved(store, far)
    return laptop, project, elsewhere, (one, two, three)


async def test_files_are_told_with_the_record_that_names_them(store):
    _, project, _, (one, *_) = await filled(store)
    found = await store.read(lambda tx: tx.attached([project.id], "b" * 64))
    (file,) = found
    assert (file.project_id, file.type, file.record_id) == (project.id, "plot", one.id)
    assert (file.fields, file.file) == (one.fields, photo("b"))


async def test_files_are_found_in_all_projects_or_some_or_by_their_hash(store):
    _, project, elsewhere, (one, two, three) = await filled(store)
    own = {
        (project.id, one.id, "a"),
        (project.id, one.id, "b"),
        (project.id, two.id, "a"),
    }
    away = {(elsewhere.id, three.id, "a")}
    assert set(await named(store)) == own | away
    assert len(await named(store)) == 4
    assert set(await named(store, [project.id])) == own
    assert set(await named(store, [elsewhere.id, new_id()])) == away
    assert await named(store, []) == []
    assert await named(store, [], "a" * 64) == []
    everywhere = {place for place in own | away if place[2] == "a"}
    assert set(await named(store, None, "a" * 64)) == everywhere
    assert set(await named(store, [elsewhere.id], "a" * 64)) == away
    assert await named(store, None, "c" * 64) == []


async def test_files_come_in_the_order_of_their_projects_and_records(store):
    await filled(store)
    found = [(project, record) for project, record, _ in await named(store)]
    assert found == sorted(found)


async def test_only_what_a_live_record_names_now_is_attached(store):
    laptop, project, _, (one, two, _) = await filled(store)
    batch = Batch(project, laptop)
    batch.put("plot", {"attachments": [photo("c")]}, record=one.id)
    batch.delete(two)
    await saved(store, batch)
    assert await named(store, [project.id]) == [(project.id, one.id, "c")]
    assert await named(store, [project.id], "a" * 64) == []
    assert await named(store, None, "b" * 64) == []


async def is_named(store, letter, second=0):
    """Return whether a file is named, or was after a moment."""
    return await store.read(lambda tx: tx.is_named_since(letter * 64, at(second)))


async def test_a_file_that_was_let_go_was_named_until_then(store):
    laptop, project, _, (one, *_) = await filled(store)
    assert not await is_named(store, "z")
    assert await is_named(store, "b", 99)
    batch = Batch(project, laptop, 20)
    batch.put("plot", {"attachments": []}, record=one.id)
    await saved(store, batch)
    assert await is_named(store, "b", 19)
    assert await is_named(store, "b", 20)
    assert not await is_named(store, "b", 21)
    assert await is_named(store, "a", 21)
    batch = Batch(project, laptop, 30)
    batch.put("plot", {"attachments": [photo("b")]}, record=one.id)
    await saved(store, batch)
    assert await is_named(store, "b", 99)


async def test_a_file_that_waits_in_quarantine_is_named_until_that_is_closed(store):
    laptop, project = await begin(store)
    batch = Batch(project, laptop)
    kept = batch.refuse("plot", plot("P1", attachments=[photo("a")]))
    await saved(store, batch)
    assert await named(store) == []
    assert await is_named(store, "a", 99)
    batch = Batch(project, laptop)
    batch.close(kept, "discarded", "blurred")
    await saved(store, batch)
    assert not await is_named(store, "a", 99)


async def test_a_file_on_a_side_of_an_open_conflict_is_named(store):
    laptop, project, made = await begin(store, "P1")
    batch = Batch(project, laptop)
    fields = {"attachments": [photo("a")]}
    made = batch.put("plot", {"attachments": [photo("b")]}, record=made.id)
    conflict = batch.contest(made, "attachments", fields)
    batch.put("plot", {"attachments": []}, record=made.id)
    await saved(store, batch)
    assert await is_named(store, "a", 99)
    assert await is_named(store, "b", 99)
    batch = Batch(project, laptop)
    batch.settle(conflict, {"attachments": []})
    await saved(store, batch)
    assert not await is_named(store, "a", 99)
    assert not await is_named(store, "b", 99)


async def test_an_empty_store_counts_only_its_timeline_and_own_log(store):
    found = await store.read(lambda tx: tx.stats())
    assert (found.projects, found.devices, found.changes) == (0, 0, 0)
    assert (found.epochs, found.logs) == (1, 1)
    assert (found.records, found.verdicts) == ({}, {})
    assert found.database_bytes > 0


async def test_everything_is_counted(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    await begin(store, "P1", name="other")
    revoked, parent = Laptop("revoked"), new_id()
    batch = Batch(project, laptop)
    batch.put("point", point(one.id))
    batch.delete(two)
    batch.refuse("plot", plot("P3"))
    batch.refuse("plot", plot("P4"))
    batch.hold("point", point(parent), parent)
    batch.contest(one, "code", {"code": "P9"})
    await saved(store, batch)

    def job(tx):
        revoked.enrol(tx)
        tx.update_device(revoked.id, revoked_at=at(1))
        tx.begin_epoch(new_id(), at(2), "restored", None)
        tx.save(nothing(laptop, plots={project.id: [one.id]}))

    await store.write(job)
    found = await store.read(lambda tx: tx.stats())
    assert (found.projects, found.devices, found.logs) == (2, 2, 4)
    assert (found.epochs, found.changes) == (2, 9)
    assert (found.open_conflicts, found.held, found.open_quarantine) == (1, 1, 2)
    assert found.plots_to_derive == 1
    assert found.records == {"plot": 2, "point": 1}
    assert found.verdicts == {"accepted": 5, "quarantined": 2, "held": 1, "conflict": 1}


async def test_the_check_tells_what_is_done_and_finds_nothing_wrong(store):
    await filled(store)
    told = []
    found = await store.read(
        lambda tx: list(find_faults(tx, lambda *said: told.append(said)))
    )
    assert found == []
    assert told
    for what, done, total in told:
        assert what
        assert 0 <= done <= total


async def test_the_check_finds_a_head_that_is_not_that_of_the_rows(store):
    laptop, project, _ = await begin(store, "P1")
    for head, count in ((7, 1), (project.head, 0)):
        wrong = nothing(laptop, heads={project.id: head})
        await store.write(lambda tx, w=wrong: tx.save(w))
        found = await store.read(lambda tx: list(find_faults(tx, lambda *_: None)))
        assert len(found) == count
        assert all(isinstance(fault, Fault) for fault in found)
        assert all(project.id in fault.where for fault in found)


async def test_a_database_that_is_no_file_says_where_it_is_and_always_the_same(store):
    home = await store.read(lambda tx: tx.home())
    assert home == await store.read(lambda tx: tx.home())
    assert home is None or home.partition("/")[2] == "1"


async def test_a_new_database_has_the_tables_of_this_program(store):
    assert await store.read(lambda tx: tx.table_version()) == VERSION
