"""Many processes write at once and one reads: nothing is missed, doubled or lost (I7)."""

import asyncio
import signal
import threading
from collections import Counter
from functools import partial

import pytest

from demo.postgres import SAFE, cluster
from schemas.digest import digest_of
from server.data import look_into, open_store
from server.operations.audit.audit import find_faults
from tests.databases import DATABASES, new_server, on_cluster
from tests.faults.writing import LOGS, WRITERS, over_http, prepared, run_writers
from tests.processes import server_process, start_server, stop

pytestmark = pytest.mark.timeout(400)

PUSHES = 15
SEED = 20261122


def write_to_one_database(data, path, seed, pushes):
    """Four processes on one database, each with its own store; return the changes."""
    given = asyncio.run(prepared(data, WRITERS * LOGS + 1))
    acknowledged, polled = run_writers(path, given, pushes, seed)
    return check(data, acknowledged, polled, WRITERS * LOGS * pushes)


def write_to_one_server(data, path, seed, pushes):
    """Four laptop processes against one server process; return the changes."""
    given = asyncio.run(prepared(data, WRITERS * LOGS + 1))
    with server_process(data.path) as url:
        acknowledged, polled = run_writers(path, over_http(given, url), pushes, seed)
    return check(data, acknowledged, polled, WRITERS * LOGS * pushes)


def write_to_two_pairs(data, path, seed, pushes, meanwhile=lambda: None):
    """Four laptop processes against two servers of two processes each, on PostgreSQL.

    `meanwhile` happens once in the middle. Returns the changes.
    """
    given = asyncio.run(prepared(data, WRITERS * LOGS + 1))
    ends = [start_server(data.path, 0, (), "--workers", "2") for _ in range(2)]
    try:
        urls = [url for _, url in ends]
        shared = [over_http([one], urls[n % 2])[0] for n, one in enumerate(given)]
        timer = threading.Timer(2, meanwhile)
        timer.start()
        acknowledged, polled = run_writers(path, shared, pushes, seed)
        timer.join()
    finally:
        codes = [stop(process) for process, _ in ends]
    assert codes == [0, 0]
    return check(data, acknowledged, polled, WRITERS * LOGS * pushes)


def check(data, acknowledged, polled, pushes):
    """Compare what writers were told, what the poller read, and what is there."""
    with look_into(data) as tx:
        assert not list(find_faults(tx, lambda *_: None))
        lines = tx.connection.execute(
            "SELECT project_id, log_id, n, outcome, seq FROM change"
        ).fetchall()
        heads = tx.heads()
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
    _check_poller(data, heads, polled)
    return len(acknowledged)


def _live(tx, project_id):
    sql = "SELECT id, seq FROM record WHERE project_id = ? AND deleted = 0"
    return tx.connection.execute(sql, (project_id,)).fetchall()


def _check_poller(data, heads, polled):
    store = open_store(data)
    try:
        for project_id in heads:
            items = asyncio.run(store.read(lambda tx, s=project_id: tx.digest_items(s)))
            heads = asyncio.run(
                store.read(lambda tx, s=project_id: tx.project_heads([s]))
            )
            said = heads[project_id].digest
            live = asyncio.run(store.read(lambda tx, s=project_id: _live(tx, s)))
            seen = [(r, q) for r, (s, q) in polled.items() if s == project_id]
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


@pytest.fixture(params=DATABASES)
def data(request, tmp_path):
    """A data directory of a new server, on each database."""
    return new_server(request, tmp_path, request.param)


def test_a_poller_misses_nothing_of_four_processes_on_one_database(data, tmp_path):
    assert write_to_one_database(data, tmp_path, SEED, PUSHES) > PUSHES * WRITERS


def test_a_poller_misses_nothing_of_four_laptops_at_one_server(data, tmp_path):
    assert write_to_one_server(data, tmp_path, SEED, PUSHES) > PUSHES * WRITERS


def test_a_poller_misses_nothing_of_four_serving_processes(request, tmp_path):
    data = new_server(request, tmp_path, "postgres")
    assert write_to_two_pairs(data, tmp_path, SEED, PUSHES) > PUSHES * WRITERS


def test_nothing_is_lost_where_postgres_is_restarted_meanwhile(tmp_path):
    with cluster(SAFE) as own:
        data = on_cluster(own, tmp_path)
        restart = partial(restart_in_mid_course, own)
        done = write_to_two_pairs(data, tmp_path, SEED, PUSHES, restart)
        assert done > PUSHES * WRITERS


def test_nothing_is_lost_where_a_standby_is_promoted_meanwhile(tmp_path):
    with cluster(SAFE) as own, cluster(SAFE, own) as standby:
        data = on_cluster(own, tmp_path, partial(of_either, own, standby))
        promote = partial(promote_in_mid_course, own, standby)
        done = write_to_two_pairs(data, tmp_path, SEED, PUSHES, promote)
        assert done > PUSHES * WRITERS


def of_either(own, standby, address):
    """Return the address of whichever of two clusters takes writes."""
    hosts = f"host={own.folder},{standby.folder}&target_session_attrs=read-write"
    return address.replace(f"host={own.folder}", hosts)


def promote_in_mid_course(own, standby):
    """Lose the primary as a crash does; its standby goes on."""
    own.stop(signal.SIGQUIT)
    standby.promote()


def restart_in_mid_course(own):
    """End PostgreSQL as a crash does, and start it again."""
    own.stop(signal.SIGQUIT)
    own.start()
