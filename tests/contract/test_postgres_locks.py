"""What may happen at once on PostgreSQL, and what waits for what."""

import asyncio
import threading

import pytest

from server.clock import Clock
from server.store.port import ALONE, Holds
from server.store.postgres.store import PostgresStore
from tests.contract.values import Batch, begin, plot, saved

#: As long as nothing that can go on would take.
SOON_S = 0.4
PATIENCE_S = 20


@pytest.fixture
async def store(new_postgres):
    found = PostgresStore(new_postgres())
    yield found
    found.close()


class Job:
    """A job that is under way until it is let go on."""

    def __init__(self):
        self.began, self.may_end = threading.Event(), threading.Event()

    def __call__(self, tx):
        del tx
        self.began.set()
        assert self.may_end.wait(PATIENCE_S)

    async def is_under_way(self):
        return await asyncio.to_thread(self.began.wait, SOON_S)


async def meet(store, first, second):
    """Run a job that holds something, then one that holds another; are both under way?"""
    one, other = Job(), Job()
    tasks = [asyncio.create_task(store.write(one, first))]
    assert await asyncio.to_thread(one.began.wait, PATIENCE_S)
    tasks.append(asyncio.create_task(store.write(other, second)))
    both = await other.is_under_way()
    one.may_end.set()
    assert await asyncio.to_thread(other.began.wait, PATIENCE_S)
    other.may_end.set()
    await asyncio.gather(*tasks)
    return both


async def test_what_holds_other_things_runs_beside(store):
    (_, here), (_, there) = await begin(store), await begin(store, name="other")
    assert await meet(store, Holds({"a"}, {here.id}), Holds({"b"}, {there.id}))
    assert await meet(store, Holds(), Holds())


async def test_a_project_is_held_by_one(store):
    _, project = await begin(store)
    held = {project.id}
    assert not await meet(store, Holds({"a"}, held), Holds({"b"}, held))


async def test_a_log_is_held_by_one_though_nobody_knows_it_yet(store):
    assert not await meet(store, Holds({"a"}), Holds({"a"}))


@pytest.mark.parametrize(
    ("first", "second"), [(ALONE, Holds()), (Holds(), ALONE), (ALONE, ALONE)]
)
async def test_who_says_nothing_is_alone(store, first, second):
    assert not await meet(store, first, second)


async def test_a_timeline_begins_alone_though_the_job_did_not_know(store):
    """The job is run once more, when nobody else writes."""
    other, runs = Job(), []

    def begin_one(tx):
        runs.append(other.may_end.is_set())
        tx.begin_epoch(Clock().new_id(), Clock().stamp(), "of the test", None)

    under_way = asyncio.create_task(store.write(other, Holds()))
    assert await asyncio.to_thread(other.began.wait, PATIENCE_S)
    beginning = asyncio.create_task(store.write(begin_one, Holds()))
    await asyncio.sleep(SOON_S)
    other.may_end.set()
    await asyncio.gather(under_way, beginning)
    assert runs == [False, True]
    assert len(await store.read(lambda tx: tx.epochs())) == 2


async def test_what_two_jobs_give_each_other_is_run_again(store):
    """Each has locked what the other one wants: PostgreSQL ends one, which runs again."""
    met, runs = threading.Barrier(2, timeout=PATIENCE_S), []

    def job(tx, first, second):
        tx.set_setting(first, "x")
        runs.append(first)
        if len(runs) <= 2:
            met.wait()
        tx.set_setting(second, "x")

    await store.write(lambda tx: [tx.set_setting(name, "") for name in "ab"])
    await asyncio.gather(
        store.write(lambda tx: job(tx, "a", "b"), Holds()),
        store.write(lambda tx: job(tx, "b", "a"), Holds()),
    )
    # The one that goes on may find what the other wrote meanwhile, and run again, too.
    assert len(runs) in {3, 4}
    assert await store.read(lambda tx: [tx.setting(name) for name in "ab"]) == ["x"] * 2


async def released(store, name):
    """Save a change that waits; return its project and what is written when it follows."""
    laptop, project = await begin(store, name=name)
    batch = Batch(project, laptop)
    kept = batch.refuse("plot", plot("P1"))
    await saved(store, batch)
    batch = Batch(project, laptop, 3)
    batch.release(kept)
    return project, batch.effects()


async def test_late_verdicts_are_numbered_in_the_order_of_their_commits(store):
    """A laptop that was told number 2 asks for what came after it, and never for 1."""
    one, other = await released(store, "one"), await released(store, "other")
    is_saved, may_end = threading.Event(), threading.Event()

    def slow(tx):
        tx.save(one[1])
        is_saved.set()
        assert may_end.wait(PATIENCE_S)

    first = asyncio.create_task(store.write(slow, Holds(project_ids={one[0].id})))
    assert await asyncio.to_thread(is_saved.wait, PATIENCE_S)
    second = asyncio.create_task(
        store.write(lambda tx: tx.save(other[1]), Holds(project_ids={other[0].id}))
    )
    done, _ = await asyncio.wait({second}, timeout=SOON_S)
    assert not done
    may_end.set()
    await asyncio.gather(first, second)
    numbers = await store.read(
        lambda tx: [
            tx.late_verdicts(device.id, 0, 10)[0].late
            for name in ("one", "other")
            for device in tx.devices()
            if device.name == name
        ]
    )
    assert numbers == sorted(numbers)


async def test_two_processes_do_not_write_to_one_file_at_once(store):
    one, other, third = Job(), Job(), Job()
    tasks = [asyncio.create_task(store.locked("file", lambda: one(None)))]
    assert await asyncio.to_thread(one.began.wait, PATIENCE_S)
    tasks.append(asyncio.create_task(store.locked("file", lambda: other(None))))

    tasks.append(asyncio.create_task(store.locked("another file", lambda: third(None))))
    assert await asyncio.to_thread(third.began.wait, PATIENCE_S)
    assert not await other.is_under_way()
    for job in (one, other, third):
        job.may_end.set()
    await asyncio.gather(*tasks)
    assert other.began.is_set()
