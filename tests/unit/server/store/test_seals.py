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


#: With rows whose places are their keys, and with others.
SHAPES = ("id INTEGER PRIMARY KEY", "id ANY PRIMARY KEY")


@contextmanager
def sealed(shape=SHAPES[0]):
    with closing(scratch()) as connection:
        connection.execute(f"CREATE TABLE t ({shape}, value ANY) STRICT")
        connection.execute("CREATE TABLE seal (name TEXT PRIMARY KEY, rows, total)")
        seals.set_all(connection)
        yield seals.SealedWriter(connection)


def run(writer, steps):
    """Run one transaction; a savepoint is undone only where there is one."""
    depth = 0
    with writer.writing():
        for step, *values in steps:
            if step == "undo" and not depth:
                continue
            depth += step == "begin"
            writer.connection.execute(STEPS[step], values[: STEPS[step].count("?")])


@given(st.sampled_from(SHAPES), st.lists(TRANSACTION, max_size=4))
def test_a_seal_fits_after_every_transaction(shape, transactions):
    with sealed(shape) as writer:
        for steps in transactions:
            run(writer, steps)
            assert list(seals.broken(writer.connection)) == []


@pytest.mark.parametrize("then", [[], [("upsert", 1, "z")], [("delete", 1, None)]])
def test_what_was_written_past_the_seals_is_found_and_stays_found(then):
    with sealed() as writer:
        run(writer, [("insert", 1, "x"), ("insert", 2, "x")])
        connection = writer.connection
        connection.execute("UPDATE t SET value = 'y' WHERE id = 1")
        connection.execute("DELETE FROM sealing")
        run(writer, then)
        (broken,) = seals.broken(connection)
        assert broken.table == "t"
