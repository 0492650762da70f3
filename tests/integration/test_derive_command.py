"""`permille-server derive`: whoever derives what waits, the figures are the same."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project, record
from server.data import init_data, open_store
from server.derivation.process import keep_worker
from tests.databases import DATABASES, new_server
from tests.faults.test_kill_derivation import drafts
from tests.processes import PERMILLE_SERVER, children, is_there, run, stop, until

# A Dask cluster starts processes of its own, each of which imports all of it.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

#: A batch is of one project: several may be derived at once.
PROJECTS = ("A", "B", "C", "D")
#: Two workers that derive, on this machine alone, until standard input ends.
CLUSTER = """
import sys
from distributed import LocalCluster
more = {"host": "127.0.0.1", "dashboard_address": None}
with LocalCluster(n_workers=2, threads_per_worker=1, **more) as cluster:
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
"""


def ask(data, job):
    """Run a job on the store of a data directory."""

    async def asked():
        with closing(open_store(data)) as store:
            return await job(store)

    return asyncio.run(asked())


def waiting(data):
    """Return how many plots wait."""
    return ask(data, lambda store: store.read(lambda tx: tx.count_waiting()))


def fill(data):
    """Record projects whose plots wait to be derived; return how many do."""

    async def recorded(store):
        for code in PROJECTS:
            fields = {"code": code, "title": code, "reference_depth_cm": 30.0}
            project = await add_project(store, Clock(), fields, {})
            await record(store, Clock(), list(drafts(project))[:302])
        return await store.read(lambda tx: tx.count_waiting())

    return ask(data, recorded)


def digests(data):
    """Return the digest of each stock, change and trend."""

    def read(tx):
        return {
            row.id: row.fields["digest"]
            for project in tx.heads()
            for kind in ("stock", "change", "trend")
            for row in tx.records(project, kind)
        }

    return ask(data, lambda store: store.read(read))


def copied(request, data, path):
    """Return a copy of a server that nobody serves."""
    shutil.copytree(data.path, path)
    found = DataDirectory(path)
    if data.address is not None:
        name = data.address.partition("@/")[2].partition("?")[0]
        address = request.getfixturevalue("postgres").new_database(name)
        found.remembered.write_text(address)
    return found


@contextmanager
def dask_cluster():
    """Run a Dask cluster; return the address of its scheduler."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


def derive(data, *words, **more):
    """Derive what waits to its end; return what the command says."""
    command = (*PERMILLE_SERVER, "--data", data.path, "derive", *words, "--json")
    return json.loads(run(command, **{"check": 0} | more).stdout)


@pytest.mark.parametrize("database", DATABASES)
def test_one_process_two_and_a_cluster_come_to_the_same(request, tmp_path, database):
    data = new_server(request, tmp_path, database)
    plots = fill(data)
    assert plots > 2 * len(PROJECTS)
    found = []
    with dask_cluster() as address:
        ways = ["--workers 1", "--workers 2", f"--scheduler {address}"]
        for number, words in enumerate(ways):
            own = copied(request, data, tmp_path / str(number))
            said = derive(own, *words.split(), "--once")
            assert said == {"waiting_before": plots, "waiting": 0}
            found.append(digests(own))
    one, two, by_cluster = found
    assert len(one) == 3 * plots
    assert one == two == by_cluster


async def test_who_wakes_a_worker_all_the_time_does_not_wait_for_calm(tmp_path):
    data = DataDirectory(tmp_path / "server")
    init_data(data, Clock())
    before, wake = {*children(os.getpid())}, asyncio.Event()
    keeping = asyncio.create_task(keep_worker(data, wake, waits_for_calm=False))
    async with asyncio.timeout(20):  # calm is waited for 30 seconds
        while {*children(os.getpid())} <= before:
            wake.set()
            await asyncio.sleep(0.2)
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping
    assert {*children(os.getpid())} <= before


def test_processes_end_with_who_started_them(request, tmp_path):
    data = new_server(request, tmp_path, "sqlite")
    fill(data)
    command = [*PERMILLE_SERVER, "--data", data.path, "derive", "--workers", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        until(lambda: waiting(data) == 0)
        first, second = until(lambda: len(p := children(process.pid)) == 2 and p)
        process.send_signal(signal.SIGTERM)
        said = process.stdout.read()
        assert process.wait(30) == 0
    finally:
        stop(process)
    assert "waited; none now" in said
    assert not is_there(first)
    assert not is_there(second)


def test_who_is_killed_leaves_no_process(request, tmp_path):
    data = new_server(request, tmp_path, "sqlite")
    fill(data)
    command = [*PERMILLE_SERVER, "--data", data.path, "derive"]
    process = subprocess.Popen(command)
    try:
        (worker,) = until(lambda: children(process.pid))
    finally:
        stop(process, signal.SIGKILL)
    until(lambda: not is_there(worker))


def test_a_cluster_that_is_gone_ends_the_command_and_keeps_no_plot(request, tmp_path):
    data = new_server(request, tmp_path, "sqlite")
    plots = fill(data)
    command = [*PERMILLE_SERVER, "--data", data.path, "derive"]
    with dask_cluster() as address:
        process = subprocess.Popen(
            [*command, "--scheduler", address], stderr=subprocess.PIPE, text=True
        )
        until(lambda: waiting(data) == 0)
    for project in ask(data, lambda store: store.read(lambda tx: list(tx.heads()))):
        ask(data, lambda s, p=project: s.write(lambda tx: tx.ask_for(p)))
    said = process.stderr.read()
    assert stop(process) == 4
    assert "Error: the cluster does not derive" in said
    assert waiting(data) == plots


def test_where_nothing_waits_it_ends_at_once_without_a_process(request, tmp_path):
    data = new_server(request, tmp_path, "sqlite")
    assert derive(data, "--once") == {"waiting_before": 0, "waiting": 0}


WITHOUT_DASK = """
import sys
sys.modules["distributed"] = None
sys.argv[0] = "permille-server"
from server.cli import main
main()
"""


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ([*PERMILLE_SERVER], "no Dask scheduler answers at 127.0.0.1"),
        ([sys.executable, "-c", WITHOUT_DASK], ".whl[server,dask]'"),
    ],
)
def test_what_is_missing_for_a_cluster_is_said(request, tmp_path, command, says):
    data = new_server(request, tmp_path, "sqlite")
    words = ("derive", "--once", "--scheduler", "127.0.0.1")
    done = run([*command, "--data", data.path], *words, check=4)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
