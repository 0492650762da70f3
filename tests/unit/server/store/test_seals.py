"""Seals fit their tables whatever a transaction does, and nothing else does."""

from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.store import seals
from server.store.driver import scratch

KEYS = st.integers(1, 4)
VALUES = st.sampled_from([None, 0, 1.5, "x", "x'y", b"x"])
STEPS = {
    "insert": "INSERT INTO t (id, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    "upsert": "INSERT INTO t (id, value) VALUES (?1, ?2)"
    " ON CONFLICT DO UPDATE SET value = excluded.value",
    "update": "UPDATE t SET value = ?2 WHERE id = ?1",
    "move": "UPDATE OR IGNORE t SET id = id + 1, value = ?2 WHERE id = ?1",
    "delete": "DELETE FROM t WHERE id = ?1",
    "begin": "SAVEPOINT job",
    "undo": "ROLLBACK TO job",
}
TRANSACTION = st.lists(st.tuples(st.sampled_from(list(STEPS)), KEYS, VALUES))


@contextmanager
def sealed():
    with closing(scratch()) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value ANY) STRICT")
        connection.execute("CREATE TABLE seal (name TEXT PRIMARY KEY, rows, total)")
        seals.set_all(connection)
        seals.watch(connection)
        yield connection


def run(connection, steps):
    """Run one transaction; a savepoint is undone only where there is one."""
    depth = 0
    with seals.writing(connection):
        for step, *values in steps:
            if step == "undo" and not depth:
                continue
            depth += step == "begin"
            connection.execute(STEPS[step], values[: STEPS[step].count("?")])


@given(st.lists(TRANSACTION, max_size=4))
def test_a_seal_fits_after_every_transaction(transactions):
    with sealed() as connection:
        for steps in transactions:
            run(connection, steps)
            assert list(seals.broken(connection)) == []


@pytest.mark.parametrize("then", [[], [("upsert", 1, "z")], [("delete", 1, None)]])
def test_what_was_written_past_the_seals_is_found_and_stays_found(then):
    with sealed() as connection:
        run(connection, [("insert", 1, "x"), ("insert", 2, "x")])
        connection.execute("UPDATE t SET value = 'y' WHERE id = 1")
        connection.execute("DELETE FROM sealing")
        run(connection, then)
        (broken,) = seals.broken(connection)
        assert broken.table == "t"
