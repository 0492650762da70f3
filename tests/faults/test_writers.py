"""Many processes write at once and one reads: nothing is missed, doubled or lost (I7)."""

import asyncio
from collections import Counter

import pytest

from schemas.digest import digest_of
from server.config import DataDirectory
from server.store.driver import connect
from server.store.sqlite import SqliteStore
from tests.faults.writing import LOGS, WRITERS, over_http, prepared, run_writers
from tests.processes import server_process

pytestmark = pytest.mark.timeout(400)

PUSHES = 15
SEED = 20261122


def write_to_one_database(path, seed, pushes):
    """Four processes on one database, each with its own store; return the changes."""
    data = DataDirectory(path / "server")
    given = asyncio.run(prepared(data.database, WRITERS * LOGS + 1))
    acknowledged, polled = run_writers(path, given, pushes, seed)
    return check(data.database, acknowledged, polled, WRITERS * LOGS * pushes)


def write_to_one_server(path, seed, pushes):
    """Four laptop processes against one server process; return the changes."""
    data = DataDirectory(path / "server")
    given = asyncio.run(prepared(data.database, WRITERS * LOGS + 1))
    with server_process(data.path) as url:
        acknowledged, polled = run_writers(path, over_http(given, url), pushes, seed)
    return check(data.database, acknowledged, polled, WRITERS * LOGS * pushes)


def check(database, acknowledged, polled, pushes):
    """Compare what writers were told, what the poller read, and what is there."""
    connection = connect(database)
    lines = connection.execute(
        "SELECT project_id, log_id, n, outcome, seq FROM change"
    ).fetchall()
    heads = dict(connection.execute("SELECT project_id, head FROM project").fetchall())
    connection.close()
    there = {(log, n): (outcome, seq) for _, log, n, outcome, seq in lines}
    absent = [
        line for line in acknowledged if there.get((line[0], line[1])) != (*line[2:],)
    ]
    assert not absent, ("acknowledged but absent", absent[:5])
    assert {line[2] for line in acknowledged} == {"accepted"}
    assert len({(log, n) for log, n, *_ in acknowledged}) == len(acknowledged)
    assert len(acknowledged) >= pushes
    numbers = {s: sorted(row[4] for row in lines if row[0] == s) for s in heads}
    for project_id, head in heads.items():
        assert numbers[project_id] == list(range(1, head + 1)), (
            "number twice",
            project_id,
        )
    _check_poller(database, heads, polled)
    return len(acknowledged)


def _live(tx, project_id):
    sql = "SELECT id, seq FROM record WHERE project_id = ? AND deleted = 0"
    return tx.connection.execute(sql, (project_id,)).fetchall()


def _check_poller(database, heads, polled):
    store = SqliteStore(database)
    try:
        for project_id in heads:
            items = asyncio.run(store.read(lambda tx, s=project_id: tx.digest_items(s)))
            heads = asyncio.run(
                store.read(lambda tx, s=project_id: tx.project_heads([s]))
            )
            said = heads[project_id].digest
            live = asyncio.run(store.read(lambda tx, s=project_id: _live(tx, s)))
            seen = [(r, q) for r, (s, q) in polled["rows"].items() if s == project_id]
            missed = set(live) ^ set(seen)
            assert not missed, (
                "missed rows",
                project_id,
                len(missed),
                sorted(missed)[:5],
            )
            assert said == digest_of(items)
            assert max(Counter(seq for _, seq in live).values()) == 1
    finally:
        store.close()
    # It read while they wrote, not only after; how often is up to the machine.
    assert polled["polls"] > 3


def test_a_poller_misses_nothing_of_four_processes_on_one_database(tmp_path):
    assert write_to_one_database(tmp_path, SEED, PUSHES) > PUSHES * WRITERS


def test_a_poller_misses_nothing_of_four_laptops_at_one_server(tmp_path):
    assert write_to_one_server(tmp_path, SEED, PUSHES) > PUSHES * WRITERS
