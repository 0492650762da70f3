"""What was erased is in no file of a SQLite database, however its pages were moved about."""

import asyncio
from contextlib import closing
from random import Random

import pytest

from server.clock import Clock
from server.store.contact_values import Contact, SealedFields
from server.store.driver import connect, empty_wal
from server.store.sqlite import SqliteStore, create

#: As many as fill some pages, so that erasing most of them merges these.
MANY, ERASED = 200, 160


def people(rng, count):
    """Return contacts with keys and texts of their own, the texts of any length."""
    clock = Clock()
    return [
        Contact(
            clock.new_id(),
            clock.new_id(),
            clock.stamp(),
            SealedFields(rng.randbytes(rng.randrange(60, 900)), *_keys(rng)),
            (clock.new_id(),),
        )
        for _ in range(count)
    ]


def _keys(rng):
    return rng.randbytes(32), rng.randbytes(32)


def add(contacts):
    def job(tx):
        for one in contacts:
            tx.add_contact(one)

    return job


def erase(contact):
    gone = {"erased_at": "2026", "erased_by": "Ada", "erased_because": "asked for"}
    return lambda tx: tx.erase_contact(contact._replace(**gone))


def parts_in(path, contacts):
    """Return how many keys, salts and texts of contacts stand in the files of a database."""
    raw = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    return [
        sum(getattr(one.sealed, part) in raw for one in contacts)
        for part in ("key", "salt", "text")
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_no_key_of_those_who_were_erased_is_left_in_any_order(tmp_path, seed):
    path, rng = tmp_path / "permille.db", Random(seed)
    create(path, Clock())
    store = SqliteStore(path)

    async def run():
        known = people(rng, MANY)
        await store.write(add(known))
        rng.shuffle(known)
        for number, one in enumerate(known[:ERASED]):
            await store.write(erase(one))
            if number % 40 == 0:
                known += (new := people(rng, 10))
                await store.write(add(new))
        assert await store.forget_deleted()
        return known

    known = asyncio.run(run())
    assert parts_in(path, known[:ERASED]) == [0, 0, 0]
    assert parts_in(path, known[ERASED:])[:2] == [MANY - ERASED + 40] * 2
    store.close()


def test_what_a_reader_still_sees_is_told(tmp_path):
    path = tmp_path / "permille.db"
    create(path, Clock())
    with closing(connect(path)) as one, closing(connect(path)) as other:
        one.execute("INSERT INTO meta (key, value) VALUES ('a', '1')")
        other.execute("BEGIN")
        other.execute("SELECT * FROM meta").fetchall()
        one.execute("DELETE FROM meta WHERE key = 'a'")
        one.execute("PRAGMA busy_timeout=10")
        assert not empty_wal(one)
        other.execute("ROLLBACK")
        assert empty_wal(one)
        assert (tmp_path / "permille.db-wal").stat().st_size == 0
