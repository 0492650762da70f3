"""Jobs that share a transaction: what fails takes nothing with it."""

import asyncio
import threading

import pytest

from server.clock import Clock
from server.config import DataDirectory
from server.operations.audit.audit import find_faults
from server.store import seals
from server.store.sqlite import SqliteStore, WriterThread, create, look


class RefusedError(Exception):
    """What a job says of its input."""


def write(tx, key):
    tx.connection.execute("INSERT INTO meta VALUES (?, 'written')", [key])


def refuse(tx, key):
    write(tx, key)
    raise RefusedError(key)


@pytest.mark.parametrize("failing", [{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 1, 2}, set()])
async def test_a_failing_job_undoes_itself_alone(tmp_path, failing):
    database = DataDirectory(tmp_path).database
    create(database, Clock())
    store = SqliteStore(database)
    busy = threading.Event()
    # Holds the writer, so that the three jobs wait together.
    first = asyncio.create_task(store.write(lambda _: busy.wait()))
    await asyncio.sleep(0)
    jobs = [
        asyncio.create_task(
            store.write(lambda tx, n=n: (refuse if n in failing else write)(tx, str(n)))
        )
        for n in range(3)
    ]
    await asyncio.sleep(0)
    busy.set()
    await first
    results = await asyncio.gather(*jobs, return_exceptions=True)
    store.close()
    assert {
        n for n, said in enumerate(results) if isinstance(said, RefusedError)
    } == failing
    with look(database) as unit:
        there = unit.connection.execute("SELECT key FROM meta WHERE value = 'written'")
        assert {int(key) for (key,) in there} == {0, 1, 2} - failing
        assert not list(find_faults(unit, lambda *_: None))


async def test_what_fails_around_a_transaction_fails_its_jobs_and_no_later_one(
    tmp_path, monkeypatch
):
    database = DataDirectory(tmp_path).database
    create(database, Clock())
    store = SqliteStore(database)

    def planted(_writer):
        raise ZeroDivisionError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(WriterThread, "_connected", planted)
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(store.write(lambda tx: write(tx, "lost")), 10)
    await asyncio.wait_for(store.write(lambda tx: write(tx, "kept")), 10)
    store.close()
    with look(database) as unit:
        there = unit.connection.execute("SELECT key FROM meta WHERE value = 'written'")
        assert [key for (key,) in there] == ["kept"]


async def test_a_seal_that_cannot_be_written_fails_its_jobs_and_no_later_one(
    tmp_path, monkeypatch
):
    database = DataDirectory(tmp_path).database
    create(database, Clock())
    store = SqliteStore(database)

    def planted(*_):
        raise LookupError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(seals, "_put", planted)
        with pytest.raises(LookupError):
            await asyncio.wait_for(store.write(lambda tx: write(tx, "lost")), 10)
    await asyncio.wait_for(store.write(lambda tx: write(tx, "kept")), 10)
    store.close()
    with look(database) as unit:
        there = unit.connection.execute("SELECT key FROM meta WHERE value = 'written'")
        assert [key for (key,) in there] == ["kept"]
        assert not list(find_faults(unit, lambda *_: None))
