"""Power lost at any moment: what was told as saved or acknowledged is on the disk.

One run of a real process is recorded; its files are then rebuilt as they may be
found after power was lost at many moments of it (tests/faults/disk.py).
"""

import json
import shutil
import signal
import time
from contextlib import closing
from itertools import groupby
from random import Random
from urllib.parse import urlsplit

import pytest

from schemas import chain
from server.config import DataDirectory
from server.store.driver import connect
from server.store.sqlite import SqliteStore
from tests.faults.disk import Disk, images, needs_strace, recorded
from tests.faults.homes import (
    BATCH,
    Laptop,
    enrolled,
    init_server,
    kill,
    record_layers,
    told_as_kept,
    write_table,
)
from tests.lines import kept_lines
from tests.processes import run, server_process, start_server, stop

pytestmark = [needs_strace, pytest.mark.timeout(240)]

IMAGES = 20
SEED = 6
PUSHES = 10


def lose_power_of_laptop(path, seed, most, *, after_failed_fsync=False):
    """Lose power during an import; return how many images lacked what was in flight."""
    laptop = Laptop(path / "home")
    laptop("project", "add", "--code", "P", "--title", "P")
    disk, trace, before = Disk(laptop.home), path / "trace", 0
    if after_failed_fsync:
        before = fail_fsync(laptop, disk, path)
    # More than a WAL holds: moments of a checkpoint are among the images.
    words = write_table(path / "t.csv", "A", 8 * BATCH)
    run(recorded(laptop.command(*words), trace), check=0)
    found_set = set()
    for image, said, _ in images(disk, trace, path, Random(seed), most):
        told = before + told_as_kept(said)
        found = Laptop(image, init=False).check_log()
        assert found >= told, f"told {told}, found {found}"
        assert found % BATCH == 0, f"half a batch: {found}"
        found_set.add(found)
    return found_set


def fail_fsync(laptop, disk, path):
    """Fail the fsync of the third batch and all after it; count what was kept.

    The first two calls are of the new WAL's header and of the directory. What the
    third batch wrote can still be read, and is not on the disk.
    """
    trace, words = path / "failed", write_table(path / "x.csv", "X", 4 * BATCH)
    command = recorded(laptop.command(*words), trace, ["fsync:error=EIO:when=5+"])
    done = run(command, check=4)
    assert "the disk failed" in done.stderr
    assert told_as_kept(done.stderr) == 2 * BATCH
    assert (laptop.home / "permille.db-wal").exists()
    assert not list(images(disk, trace, path, Random(0), 0))
    disk.said = ""
    return 2 * BATCH


def check_server_image(image, acked):
    """Check that a server of these files has what it acknowledged; count changes."""
    data = DataDirectory(image)
    SqliteStore(data.database).close()
    with closing(connect(data.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        lines = kept_lines(database)
        records = {row[0] for row in database.execute("SELECT id FROM record")}
    counts = {}
    for log, own in groupby(lines, key=lambda line: line[0]):
        last = chain.START
        for place, (_, n, raw, found, _) in enumerate(own, start=1):
            last = chain.link(last, raw)
            assert (n, found) == (place, last)
            assert json.loads(raw)["r"] in records
            counts[log] = place
    # Beside the laptop's log there is the administrator's, of one change.
    found = max(counts.values())
    found = 0 if found == 1 else found
    assert found >= acked, f"acknowledged {acked}, found {found}"
    return found


def lose_power_of_server(path, seed, most, *, after_failed_fsync=False):
    """Lose power of a server that takes pushes; return what the images held."""
    data, trace = path / "server", path / "trace"
    init_server(data)
    with server_process(data) as url:
        laptop = enrolled(path / "home", data, url)
    disk, port = Disk(data), urlsplit(url).port
    if after_failed_fsync:
        fail_fsync_of_server(laptop, disk, path, port)
    process, _ = start_server(data, port, recorded([], trace))
    try:
        marks = [(0, 0)]
        for number in range(PUSHES):
            record_layers(laptop, path / "t.csv", f"A{number}", 20)
            laptop("sync")
            marks.append((trace.stat().st_size, laptop.accepted()))
    finally:
        stop(process)
    found_set = set()
    for image, _, place in images(disk, trace, path, Random(seed), most):
        acked = max(n for size, n in marks if size <= place)
        found_set.add(check_server_image(image, acked))
    return found_set


def fsyncs_of_a_start(disk, path):
    """Count what a server has to bring to the disk before it serves."""
    shutil.copytree(disk.directory, path / "dry")
    process, _ = start_server(path / "dry", 0, recorded([], path / "start"))
    stop(process, signal.SIGKILL)
    return (path / "start").read_text(errors="replace").count(" fsync(")


def fail_fsync_of_server(laptop, disk, path, port):
    """Fail the disk of a server in the first push, and kill the server.

    What the push wrote can still be read, and is not on the disk.
    """
    trace, log = path / "failed", path / "server.log"
    first = fsyncs_of_a_start(disk, path) + 1
    command = recorded([], trace, [f"fsync:error=EIO:when={first}+"])
    process, _ = start_server(disk.directory, port, command)
    try:
        record_layers(laptop, path / "t.csv", "X", 20)
        pushing = laptop.start("sync")
        for _ in range(200):
            if "the server's disk failed" in log.read_text():
                break
            time.sleep(0.05)
        kill(pushing)
        pushing.stderr.close()
    finally:
        stop(process, signal.SIGKILL)
    assert (disk.directory / "permille.db-wal").stat().st_size > 0
    assert not list(images(disk, trace, path, Random(0), 0))


def test_what_a_laptop_told_as_saved_survives_the_loss_of_power(tmp_path):
    assert len(lose_power_of_laptop(tmp_path, SEED, IMAGES)) > 3


def test_what_is_saved_after_a_failed_fsync_survives_the_loss_of_power(tmp_path):
    found = lose_power_of_laptop(tmp_path, SEED, IMAGES, after_failed_fsync=True)
    assert len(found) > 3


def test_what_a_server_acknowledged_survives_the_loss_of_power(tmp_path):
    assert len(lose_power_of_server(tmp_path, SEED, IMAGES)) > 3


def test_what_a_server_acknowledged_after_a_failed_fsync_survives_too(tmp_path):
    found = lose_power_of_server(tmp_path, SEED, IMAGES, after_failed_fsync=True)
    assert len(found) > 3
