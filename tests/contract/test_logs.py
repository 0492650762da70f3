"""Timelines, settings, logs, lines and receipts of any store."""

import pytest

from schemas import chain
from schemas.messages import Outcome
from schemas.signing import public_key
from server.store.merge_values import CustodyClosing
from server.store.values import LineQuery, LogState
from tests.contract.values import (
    Batch,
    Laptop,
    Project,
    at,
    begin,
    line_of,
    new_id,
    nothing,
    plot,
    saved,
)


async def test_a_new_store_has_one_timeline_that_starts_nowhere(store):
    (first,) = await store.read(lambda tx: tx.epochs())
    assert first.id == await store.read(lambda tx: tx.epoch())
    assert (first.number, first.starts) == (1, {})
    assert (first.device_id, first.device) == (None, None)


async def test_a_timeline_begins_where_every_project_stands(store):
    laptop, one, *_ = await begin(store, "P1", "P2")
    _, two, _ = await begin(store, "P1", name="other")
    name = new_id()
    await store.write(lambda tx: tx.begin_epoch(name, at(5), "restored", laptop.id))
    await begin(store, "P1", name="third")
    assert await store.read(lambda tx: tx.epoch()) == name
    _, last = await store.read(lambda tx: tx.epochs())
    assert (last.number, last.id, last.at, last.reason) == (2, name, at(5), "restored")
    assert (last.device_id, last.device) == (laptop.id, "laptop")
    assert last.starts == {one.id: 2, two.id: 1}


async def test_timelines_come_oldest_first(store):
    names = ["ff" + new_id()[2:], "00" + new_id()[2:], new_id()]
    for name in names:
        await store.write(lambda tx, n=name: tx.begin_epoch(n, at(1), "again", None))
    found = await store.read(lambda tx: tx.epochs())
    assert [epoch.id for epoch in found[1:]] == names
    assert [epoch.number for epoch in found] == [1, 2, 3, 4]


async def test_a_setting_is_what_was_written_last(store):
    assert await store.read(lambda tx: tx.setting("word")) is None
    for word in ("one", "two", "two", "", "Grüße 🌱"):
        await store.write(lambda tx, w=word: tx.set_setting("word", w))
        assert await store.read(lambda tx: tx.setting("word")) == word
    assert await store.read(lambda tx: tx.setting("other")) is None


async def test_a_log_begins_empty_and_grows_with_its_lines(store):
    laptop, project = await begin(store)
    known = public_key(laptop.secret)
    empty = LogState(laptop.log, laptop.id, 0, chain.START, known)
    assert await store.read(lambda tx: tx.log_head(laptop.log)) == empty
    batch = Batch(project, laptop)
    batch.put("plot", plot("P1"))
    batch.put("plot", plot("P2"))
    await saved(store, batch)
    there = LogState(laptop.log, laptop.id, 2, laptop.hash, known)
    assert await store.read(lambda tx: tx.log_head(laptop.log)) == there
    assert await store.read(lambda tx: tx.log_head(new_id())) is None


async def test_a_log_knows_the_place_in_the_log_that_it_goes_on_from(store):
    laptop, _, _ = await begin(store, "P1")
    log = new_id()
    await store.write(lambda tx: tx.save_log(log, laptop.id, (laptop.log, 1)))
    found = await store.read(lambda tx: tx.log_head(log))
    assert (found.n, found.parent) == (0, (laptop.log, 1))


async def test_a_log_that_is_here_is_counted_as_that_of_another_device(store):
    laptop, _, _ = await begin(store, "P1")
    again = Laptop("again", laptop.secret)

    def job(tx):
        again.enrol(tx)
        tx.save_log(laptop.log, again.id)
        tx.save_log(laptop.log, again.id)

    await store.write(job)
    found = await store.read(lambda tx: tx.log_head(laptop.log))
    assert (found.device_id, found.n, found.hash) == (again.id, 1, laptop.hash)


async def test_a_family_is_every_log_of_the_same_laptops_by_their_keys(store):
    laptop, _ = await begin(store)
    other, _ = await begin(store, name="other")
    again = Laptop("again", laptop.secret)
    more = new_id()

    def job(tx):
        again.enrol(tx)
        tx.save_log(more, laptop.id)

    await store.write(job)
    own = {laptop.log, again.log, more}

    async def family(*logs):
        found = await store.read(lambda tx: tx.log_family(logs))
        assert len(found) == len({log.log_id for log in found})
        return {log.log_id for log in found}

    assert await family(laptop.log) == own
    assert await family(more, again.log) == own
    assert await family(other.log, laptop.log) == own | {other.log}
    assert await family(new_id()) == set()
    assert await family() == set()


async def test_devices_without_a_key_are_laptops_of_their_own(store):
    ids, logs = [new_id(), new_id()], [new_id(), new_id()]

    def job(tx):
        for name, log in zip(ids, logs, strict=True):
            device = Laptop().device()
            keyless = type(device)(name, "old", at(0), None, None)
            tx.add_device(keyless, f"token {name}")
            tx.save_log(log, name)

    await store.write(job)
    found = await store.read(lambda tx: tx.log_family(logs[:1]))
    assert [log.log_id for log in found] == logs[:1]
    assert found[0].public_key is None


async def test_lines_of_a_log_come_in_its_order_with_their_verdicts(store):
    laptop, project = await begin(store)
    batch = Batch(project, laptop, 7)
    records = [batch.put("plot", plot(f"P{n}")) for n in range(12)]
    effects = batch.effects()
    await store.write(lambda tx: tx.save(effects))
    query = LineQuery(log_id=laptop.log, places=[11, 2, 99, 3])
    found = await store.read(lambda tx: tx.lines(query))
    assert [line.n for line in found] == [2, 3, 11]
    line, (sent, _) = found[1], effects.lines[2]
    assert (line.log_id, line.raw, line.hash) == (sent.log_id, sent.raw, sent.hash)
    assert (line.received_at, line.device_id) == (at(7), laptop.id)
    assert line.device == "laptop"
    verdict = line.verdict
    assert (verdict.change_id, verdict.project_id) == (sent.change_id, project.id)
    assert (verdict.outcome, verdict.seq) == (Outcome.ACCEPTED, records[2].seq)
    assert (verdict.why, verdict.conflicts, verdict.n) == ((), (), 3)
    assert verdict.repeated


async def test_lines_are_found_by_their_changes_in_one_project_alone(store):
    laptop, project, made = await begin(store, "P1")
    other, _, _ = await begin(store, "P1", name="other")
    change = made.last_writer.change_id
    asked = LineQuery(project_id=project.id, change_ids=[change, new_id()])
    (found,) = await store.read(lambda tx: tx.lines(asked))
    assert (found.log_id, found.n) == (laptop.log, 1)
    elsewhere = LineQuery(project_id=new_id(), change_ids=[change])
    assert await store.read(lambda tx: tx.lines(elsewhere)) == []
    none = LineQuery(project_id=project.id)
    assert await store.read(lambda tx: tx.lines(none)) == []
    nowhere = LineQuery(log_id=other.log)
    assert await store.read(lambda tx: tx.lines(nowhere)) == []


async def test_a_change_that_came_twice_has_two_lines(store):
    laptop, project, _ = await begin(store, "P1")
    again = Laptop("again", laptop.secret)
    (first,) = await store.read(
        lambda tx: tx.lines(LineQuery(log_id=laptop.log, places=[1]))
    )
    await store.write(again.enrol)
    change = again.repeat(first)
    verdict = first.verdict
    await store.write(
        lambda tx: tx.save(nothing(again, lines=[(line_of(change), verdict)]))
    )
    query = LineQuery(project_id=project.id, change_ids=[change.id])
    found = await store.read(lambda tx: tx.lines(query))
    assert [line.log_id for line in found] == sorted([laptop.log, again.log])
    assert {line.raw for line in found} == {first.raw}


async def waiting(store, count):
    """Save changes that wait for a person; return them with all that they are in."""
    laptop, project = await begin(store)
    batch = Batch(project, laptop)
    kept = [batch.refuse("plot", plot(f"P{n}")) for n in range(count)]
    await saved(store, batch)
    return laptop, project, kept


async def test_verdicts_given_anew_replace_the_first_and_are_told_in_order(store):
    laptop, project, (one, two, three) = await waiting(store, 3)
    batch = Batch(project, laptop, 3)
    for change in (two, one):
        batch.release(change)
    await saved(store, batch)
    found = await store.read(lambda tx: tx.late_verdicts(laptop.id, 0, 10))
    assert [verdict.change_id for verdict in found] == [two.id, one.id]
    assert [verdict.outcome for verdict in found] == [Outcome.ACCEPTED] * 2
    assert [verdict.n for verdict in found] == [2, 1]
    assert [verdict.seq for verdict in found] == [1, 2]
    first, last = (verdict.late for verdict in found)
    assert 0 < first < last
    rest = await store.read(lambda tx: tx.late_verdicts(laptop.id, first, 10))
    assert [verdict.change_id for verdict in rest] == [one.id]
    assert await store.read(lambda tx: tx.late_verdicts(laptop.id, last, 10)) == []
    (only,) = await store.read(lambda tx: tx.late_verdicts(laptop.id, 0, 1))
    assert only.change_id == two.id
    query = LineQuery(project_id=project.id, change_ids=[one.id, three.id])
    lines = await store.read(lambda tx: tx.lines(query))
    assert [line.verdict.outcome for line in lines] == [
        Outcome.ACCEPTED,
        Outcome.QUARANTINED,
    ]


async def test_a_verdict_that_its_author_is_not_told_only_replaces(store):
    laptop, project, (one,) = await waiting(store, 1)
    batch = Batch(project, laptop)
    batch.release(one, is_told=False)
    await saved(store, batch)
    assert await store.read(lambda tx: tx.late_verdicts(laptop.id, 0, 10)) == []
    query = LineQuery(log_id=laptop.log, places=[1])
    (line,) = await store.read(lambda tx: tx.lines(query))
    assert line.verdict.outcome == Outcome.ACCEPTED


async def test_a_laptop_enrolled_again_hears_late_verdicts_and_no_other_does(store):
    laptop, project, (one,) = await waiting(store, 1)
    again, other = Laptop("again", laptop.secret), Laptop("other")
    batch = Batch(project, laptop)
    batch.release(one)

    def job(tx):
        again.enrol(tx)
        other.enrol(tx)
        tx.save(batch.effects())

    await store.write(job)
    for device, count in ((again.id, 1), (other.id, 0), (new_id(), 0)):
        found = await store.read(lambda tx, d=device: tx.late_verdicts(d, 0, 10))
        assert len(found) == count


async def test_receipts_are_kept_and_the_latest_up_to_a_place_is_found(store):
    laptop, project = Laptop(), Project()

    def push(tx, second, code):
        batch = Batch(project, laptop, second)
        batch.put("plot", plot(code))
        batch.put("plot", plot(code + "-2"))
        tx.save(batch.effects())
        receipt, links = laptop.receipt(tx, at(second), project)
        tx.save_receipt(receipt, links)
        return receipt, links

    def job(tx):
        laptop.enrol(tx)
        return [push(tx, 1, "P1"), push(tx, 2, "P2")]

    (first, _), (second, links) = await store.write(job)
    for place, wanted in ((1, None), (2, first), (3, first), (4, second), (9, second)):
        found = await store.read(lambda tx, n=place: tx.last_receipt(laptop.log, n))
        assert found == wanted
    assert await store.read(lambda tx: tx.last_receipt(new_id(), 9)) is None
    heads = await store.read(lambda tx: tx.project_heads([project.id]))
    head = heads[project.id]
    assert (head.receipt_count, head.receipt_hash) == links[project.id]
    assert head.receipt_count == 2


async def test_a_line_cannot_be_saved_twice(store):
    laptop, project = await begin(store)
    batch = Batch(project, laptop)
    batch.put("plot", plot("P1"))
    effects = batch.effects()
    await store.write(lambda tx: tx.save(effects))
    with pytest.raises(Exception, match=r".+"):
        await store.write(lambda tx: tx.save(effects))
    assert (await store.read(lambda tx: tx.log_head(laptop.log))).n == 1


async def test_closing_what_is_not_there_changes_nothing(store):
    laptop, project, (one,) = await waiting(store, 1)
    closed = [CustodyClosing(project.id, new_id(), "discarded", "no such change")]
    await store.write(lambda tx: tx.save(nothing(laptop, closed=closed)))
    query = LineQuery(log_id=laptop.log, places=[one.n])
    (line,) = await store.read(lambda tx: tx.lines(query))
    assert line.verdict.outcome == Outcome.QUARANTINED
