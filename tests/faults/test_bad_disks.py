"""Disks that are full or fail: a clear word, nothing half saved, and on it goes.

System calls of real processes fail through strace; a file system of 2 MB is filled
where one can be mounted.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

import pytest

from collector.errors import StoreError
from server.clock import Clock
from server.errors import StorageError
from server.store.sqlite import SqliteStore, create
from tests.faults.disk import failing, failing_process, needs_strace
from tests.faults.homes import (
    BATCH,
    Laptop,
    check_all_have_all,
    enrolled,
    init_server,
    kill,
    record_layers,
    told_as_kept,
    write_table,
)
from tests.faults.proxy import PLAIN, Treatment, serve_proxy
from tests.processes import PERMILLE_SERVER, run, start_server, stop

pytestmark = pytest.mark.timeout(240)

SEED = 8
FULL, FAILED = "the disk is full", "the disk failed"
LAYERS = 2 * BATCH
#: More than fits on 2 MB.
LARGE = 8 * BATCH
#: What fails, how many such calls an import of two batches makes, what is said.
LAPTOP_FAULTS = (
    ("pwrite64", "ENOSPC", 1900, FULL),
    ("pwrite64", "EIO", 1900, FAILED),
    ("fsync", "EIO", 4, FAILED),
)
SERVER_FAULTS = (
    ("pwrite64", "ENOSPC", "the server's disk is full"),
    ("pwrite64", "EIO", "the server's disk failed"),
    ("fsync", "EIO", "the server's disk failed"),
)


def break_laptop_disk(path, seed, fault):
    """Break a disk from one call of an import on, and mend it."""
    call, error, most, words = fault
    laptop = Laptop(path / f"home-{call}-{error}-{seed}")
    laptop("project", "add", "--code", "P", "--title", "P")
    before = laptop.check_log()
    importing = write_table(path / "t.csv", "A", LAYERS)
    when = Random(seed).randrange(1, most + 1)
    command = failing(laptop.command(*importing), call, error, f"{when}+")
    done = run(command)
    told = told_as_kept(done.stderr)
    if done.returncode:
        assert done.returncode == 4, done
        assert f"error: {words}" in done.stderr
        assert "  -> " in done.stderr
        assert "Traceback" not in done.stderr
    else:
        # Only the checkpoint at the end failed: what it moves is in the WAL.
        assert told == LAYERS
    found = laptop.check_log()
    assert before == 0
    assert found >= told
    assert found % BATCH == 0
    assert laptop.json("status", "--check", code=0)["damage"] == []
    again = laptop.json(*importing)
    assert again["kept"] == LAYERS - found
    assert laptop.check_log() == LAYERS
    return done.returncode != 0


@needs_strace
@pytest.mark.parametrize("fault", LAPTOP_FAULTS, ids=lambda fault: fault[0] + fault[1])
def test_a_laptop_on_a_bad_disk_says_so_and_goes_on_when_it_is_mended(tmp_path, fault):
    seen = [break_laptop_disk(tmp_path, SEED + n, fault) for n in range(3)]
    assert any(seen), "the disk did not fail in time"


@contextmanager
def small_disk(path):
    """Mount a file system of 2 MB; return how to make it larger."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a file system of 2 MB cannot be mounted here (no right to mount)")
    try:
        yield lambda: run(["mount", "-o", "remount,size=50m", str(path)], check=0)
    finally:
        run(["umount", str(path)], check=0)


def fill(path):
    """Write until the disk is full."""
    handle = os.open(path, os.O_CREAT | os.O_WRONLY)
    with suppress(OSError):
        while os.write(handle, bytes(4096)):
            pass
    os.close(handle)


def test_a_laptop_on_a_full_disk_keeps_what_it_told_and_goes_on_with_room(tmp_path):
    importing = write_table(tmp_path / "t.csv", "A", LARGE)
    with small_disk(tmp_path / "disk") as make_room:
        laptop = Laptop(tmp_path / "disk" / "home")
        laptop("project", "add", "--code", "P", "--title", "P")
        done = laptop.run(*importing, check=4)
        assert f"error: {FULL}" in done.stderr
        assert "Traceback" not in done.stderr
        found = laptop.check_log()
        assert BATCH <= told_as_kept(done.stderr) <= found < LARGE
        assert laptop.json("status", "--check")["damage"] == []
        make_room()
        assert laptop.json(*importing)["already_here"] == found
        assert laptop.check_log() == LARGE


def test_a_laptop_set_up_on_a_full_disk_is_set_up_when_there_is_room(tmp_path):
    with small_disk(tmp_path / "disk") as make_room:
        fill(tmp_path / "disk" / "filler")
        laptop = Laptop(tmp_path / "disk" / "home", init=False)
        done = laptop.run("init", "--name", "full", check=4)
        assert "Traceback" not in done.stderr
        assert "error: " in done.stderr
        make_room()
        laptop("init", "--name", "full")
        laptop("project", "add", "--code", "P", "--title", "P")


@dataclass
class Answer:
    """What came back over the wire."""

    status: int
    headers: dict
    body: bytes


def ask(url, request):
    """Send the bytes of a request as they are, and read the answer."""
    found = urlsplit(url)
    with socket.create_connection((found.hostname, found.port), timeout=30) as wire:
        wire.sendall(request)
        got = http.client.HTTPResponse(wire)
        got.begin()
        headers = {key.lower(): value for key, value in got.getheaders()}
        return Answer(got.status, headers, got.read())


def request_of(laptop, proxy):
    """Return the bytes that the laptop would send now; they reach nobody."""
    proxy.rule = lambda _: Treatment(late=True)
    process = laptop.start("sync")
    for _ in range(500):
        if proxy.kept:
            break
        time.sleep(0.02)
    kill(process)
    process.stderr.close()
    request = proxy.kept[0]
    proxy.kept.clear()
    proxy.rule = lambda _: PLAIN
    return request


def break_server_disk(path, faults):
    """Break and mend the disk of a running server, fault by fault."""
    data = path / "server"
    init_server(data)
    process, url = start_server(data)
    try:
        with serve_proxy(url) as proxy:
            laptop = enrolled(path / "one", data, proxy.url)
            for number, (call, error, words) in enumerate(faults):
                record_layers(laptop, path / "t.csv", f"A{number}", 20)
                request = request_of(laptop, proxy)
                with failing_process(process.pid, call, error):
                    check_refused(ask(url, request), words)
                    check_refused(ask(url, request), words)
                answer = ask(url, request)
                assert answer.status == 200, answer
                # Killed right after its word: what it acknowledged is on the disk.
                os.kill(process.pid, signal.SIGKILL)
                stop(process)
                process, _ = start_server(data, urlsplit(url).port)
                report = laptop.json("sync")
                assert report["duplicates"] == report["pushed"] == report["accepted"]
                assert report["pending"] == 0
            other = enrolled(path / "two", data, proxy.url)
            check_all_have_all(laptop, other, laptop.accepted(), data)
    finally:
        stop(process)


def check_refused(answer, words):
    """Check that a request was answered in words, and nothing acknowledged."""
    assert answer.status == 503, answer
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = json.loads(answer.body)
    assert problem["code"] == "storage"
    assert problem["detail"] == words
    assert "Traceback" not in answer.body.decode()


@needs_strace
def test_a_server_on_a_bad_disk_acknowledges_nothing_and_goes_on_when_it_is_mended(
    tmp_path,
):
    break_server_disk(tmp_path, SERVER_FAULTS)


@needs_strace
def test_an_administrator_on_a_full_disk_is_told_so(tmp_path):
    init_server(tmp_path / "server")
    words = ["--data", str(tmp_path / "server"), "project", "add"]
    command = [*PERMILLE_SERVER, *words, "--code", "Q", "--title", "Q"]
    # The first eight writes prepare the shared memory beside the database.
    done = run(failing(command, "pwrite64", "ENOSPC", "9+"), check=4)
    assert "the server's disk is full" in done.stderr
    run(command, check=0)


async def test_the_writer_begins_again_after_a_full_disk(tmp_path):
    path = tmp_path / "permille.db"
    create(path, Clock())
    store = SqliteStore(path)
    try:
        # A bound of the connection: the next one is without it.
        store._writer._sealed.connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StorageError, match="disk is full"):
            await store.write(fill_a_table)
        await store.write(fill_a_table)
        assert await store.read(count_filled) == 1
    finally:
        store.close()


def fill_a_table(tx):
    tx.connection.execute("CREATE TABLE filled (bytes)")
    tx.connection.execute("INSERT INTO filled VALUES (zeroblob(1000000))")


def count_filled(tx):
    return tx.connection.execute("SELECT count(*) FROM filled").fetchone()[0]


def test_a_laptop_names_the_full_disk_and_not_its_rollback(tmp_path):
    laptop = Laptop(tmp_path / "home")
    with closing(laptop.store()) as store:
        store._db.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StoreError, match="disk is full"):
            store.set_settings({"a": "b" * 1_000_000})
        store._db.execute("PRAGMA max_page_count = 100000")
        store.set_settings({"a": "b" * 1_000_000})
