"""What a laptop and a server keep is theirs alone, also what was made before it was so."""

import os
import stat
import sys

import pytest

from server.config import DataDirectory
from tests.conftest import running_with_project
from tests.integration.test_attachments import photo, sender_of, told
from tests.processes import PERMILLE, PERMILLE_SERVER, run, server_process

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")


@pytest.fixture(autouse=True)
def open_hearted():
    """Work as who lets everybody read what they make."""
    before = os.umask(0o000)
    yield
    os.umask(before)


def open_to_others(folder):
    """Return what others may look into, by its path below a folder."""
    found = [folder, *folder.rglob("*")]
    return sorted(
        str(path.relative_to(folder.parent))
        for path in found
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    )


def fling_open(folder):
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)


def test_all_that_a_server_makes_is_private_and_what_was_open_is_closed(tmp_path):
    data, copy = tmp_path / "data", tmp_path / "copy.tar"
    server = [*PERMILLE_SERVER, "--data", data]
    run(server, "init", check=0)
    run(server, "project", "add", "--code", "P", "--title", "P", check=0)
    (data / "blobs" / "ab").mkdir(parents=True)
    (data / "blobs" / "ab" / ("ab" * 32)).write_bytes(b"as it was made once")
    fling_open(data)
    with server_process(data):
        assert (data / "permille.db-wal").exists()
        assert open_to_others(data) == []
    run(server, "backup", copy, check=0)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    (data / "permille.db").chmod(0o644)
    run(server, "stats", check=0)
    assert open_to_others(data) == []
    (data / "blobs" / "ab" / ("ab" * 32)).unlink()
    run(server, "backup", copy, "--force", check=0)
    run(server, "restore", copy, "--force", check=0)
    assert open_to_others(data) == []


async def test_an_attached_file_is_private_on_the_server(tmp_path):
    async with running_with_project(DataDirectory(tmp_path / "server")) as server:
        data = photo(100)
        send = await sender_of(server, told(data))
        assert (await send.patch(data, data[:50]))[0] == 204
        assert open_to_others(tmp_path / "server") == []
        assert (await send.patch(data, data[50:], 50))[0] == 204
        assert list((tmp_path / "server" / "blobs").rglob("*"))
        assert open_to_others(tmp_path / "server") == []


def test_all_that_a_laptop_makes_is_private_and_what_was_open_is_closed(tmp_path):
    home = tmp_path / "home"
    laptop = [*PERMILLE, "--home", home]
    run(laptop, "init", "--name", "a", "--person", "Ada", check=0)
    run(laptop, "project", "add", "--code", "P", "--title", "P", check=0)
    assert open_to_others(home) == []
    key = home / "key"
    before = key.stat().st_ctime_ns
    for path in (home, home / "permille.db"):
        path.chmod(0o755)
    run(laptop, "project", "list", check=0)
    assert open_to_others(home) == []
    assert key.stat().st_ctime_ns == before, "a laptop would take itself for a copy"
