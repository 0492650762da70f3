"""Transactions of any store: all of a job or nothing, one snapshot, no lost write."""

import asyncio
import threading

import pytest

from tests.contract.values import Batch, Laptop, begin, plot


class RefusedError(Exception):
    """What a job says of its input."""


async def test_what_a_job_returns_is_given_to_the_one_who_asked(store):
    assert await store.write(lambda _: 17) == 17
    assert await store.read(lambda _: "seen") == "seen"


async def test_a_write_is_there_for_the_next_read(store):
    for n in range(20):
        await store.write(lambda tx, n=n: tx.set_setting("word", str(n)))
        assert await store.read(lambda tx: tx.setting("word")) == str(n)


async def test_a_job_sees_what_it_wrote_itself(store):
    def job(tx):
        tx.set_setting("word", "own")
        return tx.setting("word")

    assert await store.write(job) == "own"


async def test_a_job_that_raises_leaves_nothing(store):
    _, project = await begin(store)
    batch = Batch(project, Laptop("other"))
    batch.put("plot", plot("P9"))

    def job(tx):
        tx.set_setting("word", "lost")
        batch.laptop.enrol(tx, project.id)
        tx.save(batch.effects())
        raise RefusedError("planted")

    with pytest.raises(RefusedError, match="planted"):
        await store.write(job)
    assert await store.read(lambda tx: tx.setting("word")) is None
    assert await store.read(lambda tx: tx.log_head(batch.laptop.log)) is None
    assert await store.read(lambda tx: tx.records(project.id, "plot")) == []
    heads = await store.read(lambda tx: tx.project_heads([project.id]))
    assert heads[project.id].head == 0


@pytest.mark.parametrize("failing", [{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 1, 2}])
async def test_jobs_that_fail_take_no_other_job_with_them(store, failing):
    held = threading.Event()
    first = asyncio.create_task(store.write(lambda _: held.wait(10)))
    await asyncio.sleep(0)

    def job(tx, n):
        tx.set_setting(f"word {n}", "written")
        if n in failing:
            raise RefusedError(n)

    jobs = [
        asyncio.create_task(store.write(lambda tx, n=n: job(tx, n))) for n in range(3)
    ]
    await asyncio.sleep(0)
    held.set()
    await first
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert {
        n for n, said in enumerate(results) if isinstance(said, RefusedError)
    } == failing
    there = await store.read(
        lambda tx: {n for n in range(3) if tx.setting(f"word {n}")}
    )
    assert there == {0, 1, 2} - failing


async def test_a_read_that_raises_harms_no_later_one(store):
    def job(_):
        raise RefusedError("planted")

    for _ in range(5):
        with pytest.raises(RefusedError):
            await store.read(job)
    assert await store.read(lambda tx: len(tx.epochs())) == 1


async def test_a_reader_sees_one_snapshot_however_much_is_written_meanwhile(store):
    await store.write(lambda tx: tx.set_setting("word", "before"))
    begun, written = threading.Event(), threading.Event()

    def job(tx):
        seen = [tx.setting("word")]
        begun.set()
        assert written.wait(10)
        return [*seen, tx.setting("word"), tx.setting("other")]

    reading = asyncio.create_task(store.read(job))
    await asyncio.to_thread(begun.wait, 10)
    await store.write(lambda tx: tx.set_setting("word", "after"))
    await store.write(lambda tx: tx.set_setting("other", "new"))
    written.set()
    assert await reading == ["before", "before", None]
    assert await store.read(lambda tx: tx.setting("word")) == "after"


async def test_readers_do_not_wait_for_a_writer(store):
    begun, ended = threading.Event(), threading.Event()

    def job(tx):
        tx.set_setting("word", "unseen")
        begun.set()
        assert ended.wait(10)

    writing = asyncio.create_task(store.write(job))
    await asyncio.to_thread(begun.wait, 10)
    assert await store.read(lambda tx: tx.setting("word")) is None
    ended.set()
    await writing
    assert await store.read(lambda tx: tx.setting("word")) == "unseen"


def add_one(tx):
    """Count one more in a setting."""
    tx.set_setting("count", str(int(tx.setting("count") or 0) + 1))


async def test_writers_at_once_each_see_the_commit_of_the_other(store):
    await asyncio.gather(*(store.write(add_one) for _ in range(50)))
    assert await store.read(lambda tx: tx.setting("count")) == "50"


async def test_two_stores_of_one_database_each_see_the_commit_of_the_other(
    store, opened
):
    other = opened()
    try:
        await asyncio.gather(
            *(one.write(add_one) for _ in range(10) for one in (store, other))
        )
        assert await other.read(lambda tx: tx.setting("count")) == "20"
    finally:
        other.close()
    assert await store.read(lambda tx: tx.setting("count")) == "20"


async def test_a_store_that_is_closed_has_finished_what_was_begun(store, opened):
    jobs = [asyncio.create_task(store.write(add_one)) for _ in range(10)]
    await asyncio.sleep(0)
    await asyncio.to_thread(store.close)
    await asyncio.gather(*jobs)
    again = opened()
    try:
        assert await again.read(lambda tx: tx.setting("count")) == "10"
    finally:
        again.close()


async def test_of_several_processes_one_leads_until_it_is_closed(store, opened):
    assert await store.leads()
    other = opened()
    try:
        # A file has one process that serves it: whoever has that leads.
        is_alone = await store.read(lambda tx: tx.home()) is None
        assert await other.leads() == is_alone
        assert await store.leads()
    finally:
        other.close()


async def test_what_is_done_with_a_file_gives_its_result_or_its_error(store):
    assert await store.locked("file", lambda: 7) == 7

    def fail():
        raise LookupError("planted")

    with pytest.raises(LookupError, match="planted"):
        await store.locked("file", fail)
    assert await store.locked("file", lambda: 8) == 8
