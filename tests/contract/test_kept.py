"""What any store gives an audit to read: every kind, whole and in its order."""

import inspect

import pytest

from server.store import kept_values
from server.store.kept_values import (
    CountedConflicts,
    KeptConflict,
    KeptCustody,
    KeptLine,
    KeptLog,
    KeptProject,
    KeptReceipt,
    KeptRecord,
    KeptVersion,
    LatestChange,
    LatestNumber,
    LogRows,
    Mention,
    NamedFile,
    OpenConflict,
    RecordPlace,
    ServerIdentity,
    Totals,
    WrittenLine,
)
from server.store.values import DerivedPlot, DerivedRow
from tests.contract.values import Batch, at, begin, new_id, nothing, plot, point, saved

KINDS = [
    kind
    for _, kind in inspect.getmembers(kept_values, inspect.isclass)
    if kind.__module__ == kept_values.__name__
]
#: What narrows the kinds that are read in part.
NARROWED = {
    "KeptLine": ["log"],
    "KeptReceipt": ["log"],
    "RecordPlace": ["project", "record"],
    "CustodyPlace": ["project", "change"],
    "ConflictChange": ["project", "conflict"],
    "KeptVersion": ["project", "record", 1],
    "WrittenLine": ["log", 1],
    "LatestNumber": ["project"],
    "DigestItem": ["project"],
}


async def read(store, kind, *of):
    """Return all that is kept of a kind."""
    return await store.read(lambda tx: list(tx.kept(kind, *of)))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_every_kind_can_be_read_and_has_no_other_fields(store, kind):
    await begin(store, "P1")
    for found in await read(store, kind, *NARROWED.get(kind.__name__, [])):
        assert type(found) is kind
        assert len(found) == len(kind._fields)


async def test_lines_of_a_log_come_in_order_with_what_was_said_of_them(store):
    laptop, project, one = await begin(store, "P1")
    batch = Batch(project, laptop)
    batch.put("point", point(one.id))
    kept = batch.refuse("plot", plot("P2"))
    await saved(store, batch)
    lines = await read(store, KeptLine, laptop.log)
    assert [line.n for line in lines] == [1, 2, 3]
    assert [line.outcome for line in lines] == ["accepted", "accepted", "quarantined"]
    assert (lines[2].raw, lines[2].hash) == (kept.raw, laptop.hash)
    assert [line.seq for line in lines] == [1, 2, None]
    logs = {log.id: (log.n, log.hash) for log in await read(store, KeptLog)}
    assert logs[laptop.log] == (3, laptop.hash)
    assert await read(store, LogRows) == [("change", laptop.log, 3, True)]
    (held,) = await read(store, KeptCustody)
    assert (held.change_id, held.line_change_id, held.raw) == (
        kept.id,
        kept.id,
        kept.raw,
    )
    assert await read(store, KeptLine, new_id()) == []


async def test_records_come_in_order_with_the_number_of_their_latest_change(store):
    laptop, project, *plots = await begin(store, "P1", "P2", "P3")
    batch = Batch(project, laptop)
    changed = batch.put("plot", {"note": "wet"}, record=plots[0].id)
    await saved(store, batch)
    records = await read(store, KeptRecord)
    assert [row.id for row in records] == sorted(made.id for made in plots)
    read_back = {row.id: row.read() for row in records}
    assert read_back[changed.id].fields == changed.fields
    assert read_back[changed.id].writers == changed.writers
    latest = [(row.project_id, row.id, row.seq) for row in records]
    assert await read(store, LatestChange) == latest
    writer = changed.last_writer
    (line,) = await read(store, WrittenLine, writer.log_id, writer.n)
    assert (line.change_id, line.seq) == (writer.change_id, changed.seq)
    assert await read(store, RecordPlace, project.id, changed.id) == [("plot", 4)]
    assert await read(store, Totals) == [(4, 3)]
    assert await read(store, LatestNumber, project.id) == [(4,)]
    (counted,) = await read(store, KeptProject)
    assert (counted.id, counted.head) == (project.id, 4)


async def test_a_conflict_comes_with_its_change_and_the_one_that_settled_it(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    batch = Batch(project, laptop)
    first = batch.contest(one, "code", {"code": "P8"})
    second = batch.contest(two, "code", {"code": "P9"})
    settling = batch.settle(first, {"code": "P8"})
    await saved(store, batch)
    settled, left = await read(store, KeptConflict)
    assert (settled.id, settled.raw) == (first.id, first.change.raw)
    assert (settled.settled_by, settled.settling_raw) == (settling.id, settling.raw)
    assert (left.id, left.settling_log, left.status) == (second.id, None, "open")
    assert await read(store, OpenConflict) == [(project.id, second.id, True)]
    counted = {
        row.id: (row.said, row.found) for row in await read(store, CountedConflicts)
    }
    assert counted == {one.id: (0, 0), two.id: (1, 1)}


async def test_versions_of_derived_rows_are_read_as_they_were_written(store):
    laptop, project, one = await begin(store, "P1")
    wanted = nothing(laptop, plots={project.id: [one.id]})
    await store.write(lambda tx: tx.save(wanted))
    (job,) = await store.write(lambda tx: tx.claim_jobs(0, 1000, 1))
    made = DerivedRow("stock", new_id(), one.id, {"digest": "d1"}, [])
    rows = [DerivedPlot(job, [made], None)]
    await store.write(lambda tx: tx.save_derived(rows, at(1)))
    (stock,) = [row for row in await read(store, KeptRecord) if row.type == "stock"]
    (version,) = await read(store, KeptVersion, project.id, made.id, stock.seq)
    assert version == (stock.fields, one.id, "stock")


async def test_receipts_files_and_mentions_are_read(store):
    laptop, project = await begin(store)
    batch = Batch(project, laptop)
    photo = {"sha256": "a" * 64, "size": 1, "mime": "image/jpeg", "name": "a"}
    made = batch.put("plot", plot("P1", attachments=[photo]))
    await saved(store, batch)

    def sign(tx):
        receipt, links = laptop.receipt(tx, at(0), project)
        tx.save_receipt(receipt, links)

    await store.write(sign)
    (receipt,) = await read(store, KeptReceipt, laptop.log)
    assert receipt.n == 1
    assert await read(store, NamedFile) == [(project.id, made.id, "a" * 64)]
    (identity,) = await read(store, ServerIdentity)
    assert identity.public_key
    assert all(mention.is_here for mention in await read(store, Mention))
