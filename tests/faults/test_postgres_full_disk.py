"""PostgreSQL without room: nothing that was acknowledged is lost, and laptops come again."""

import asyncio
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from demo.postgres import SAFE, cluster
from server.app import Listening
from server.http.addresses import LOOPBACK, networks
from tests.databases import on_cluster
from tests.faults.test_postgres_in_trouble import (
    AGAIN,
    check,
    more,
    push_until_taken,
    served,
)
from tests.watching import failed

pytestmark = pytest.mark.timeout(180)

MOUNT, UMOUNT = shutil.which("mount"), shutil.which("umount")
#: Whoever watches this server asks from this machine.
AT = Listening("127.0.0.1", 0, networks(LOOPBACK))
#: A cluster with an empty database takes 50 MiB; its WAL comes in files of 16.
DISK_MIB = 160
#: Pushes until one needs another page of a table.
MOST = 200


@pytest.fixture
def disk():
    """A small disk of the test's own, which only root may mount."""
    if MOUNT is None or UMOUNT is None:
        pytest.skip("this machine has no mount and umount")
    # Sockets have short names: not below a folder of the user.
    with tempfile.TemporaryDirectory(prefix="disk-", dir="/dev/shm") as folder:
        size = f"size={DISK_MIB}m"
        done = subprocess.run(
            [MOUNT, "-t", "tmpfs", "-o", size, "permille-test", folder],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted: {done.stderr.strip()}")
        try:
            yield Path(folder)
        finally:
            subprocess.run([UMOUNT, folder], check=True)


def fill(disk):
    """Take all the room that a disk has left; return the file that has it."""
    taken = disk / "taken"
    with taken.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    return taken


async def push_until_refused(laptop):
    """Push small batches until one is not taken; return what was said of it."""
    for _ in range(MOST):
        more(laptop, 20)
        status, raw = await laptop.post(laptop.body())
        if status == AGAIN:
            return raw.decode()
        assert status == 200, raw
        laptop.acked = len(laptop.lines)
    raise AssertionError("everything was taken")


async def test_a_full_disk_is_told_and_laptops_go_on_when_there_is_room(disk, tmp_path):
    with cluster(SAFE, within=disk) as own:
        data = on_cluster(own, tmp_path)
        async with served(data, AT) as (server, laptop):
            more(laptop, 20)
            assert await push_until_taken(laptop) == 0
            taken = fill(disk)
            said = await push_until_refused(laptop)
            assert "the disk of the database is full" in said
            assert '"storage"' in said
            assert "full" in (await failed(server.url))["disk"]
            assert (await laptop.post(laptop.body()))[0] == AGAIN
            assert (await server.report("stats"))["records"]["plot"] == laptop.acked
            taken.unlink()
            await push_until_taken(laptop)
        check(data, len(laptop.lines))


def write_wal(address):
    """Write nothing but WAL, until PostgreSQL has no room for it and ends itself."""
    with psycopg.connect(address, autocommit=True) as connection:
        for _ in range(DISK_MIB):
            connection.execute(
                "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1048576))"
            )


async def test_where_the_wal_has_no_room_what_was_acknowledged_is_there_after(
    disk, tmp_path
):
    with cluster(SAFE, within=disk) as own:
        data = on_cluster(own, tmp_path)
        async with served(data, AT) as (server, laptop):
            more(laptop, 20)
            assert await push_until_taken(laptop) == 0
            taken = fill(disk)
            with pytest.raises(psycopg.OperationalError):
                await asyncio.to_thread(write_wal, data.address)
            more(laptop, 20)
            assert (await laptop.post(laptop.body()))[0] == AGAIN
            assert "database" in await failed(server.url)
            taken.unlink()
            await asyncio.to_thread(own.stop, signal.SIGQUIT)
            await asyncio.to_thread(own.start)
            await push_until_taken(laptop)
        check(data, 40)
