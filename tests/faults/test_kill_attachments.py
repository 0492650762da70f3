"""kill -9 while files are attached and sent: what a record names is there, whole."""

import hashlib
import time
from random import Random

import pytest

from collector.store.vault import Vault
from schemas import limits
from tests.faults.homes import Laptop, admin, enrolled, kill
from tests.processes import PERMILLE_SERVER, run, start_server, stop

pytestmark = pytest.mark.slow

SEED = 7
CYCLES = 12
SENDS = 7
SIZE = 6 * limits.BLOB_PIECE_BYTES


def write_photo(path, seed):
    data = b"\xff\xd8\xff" + Random(seed).randbytes(SIZE)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def named(laptop):
    """Return the files that the plot names, after reading each from the vault."""
    key = bytes.fromhex((laptop.home / "key").read_text().strip())
    vault = Vault(laptop.home / "attachments", key)
    files = laptop.json("plot", "show", "HF")["fields"].get("attachments", [])
    for file in files:
        data = vault.read(file["sha256"], 0, file["size"])
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
    return {file["sha256"] for file in files}


@pytest.mark.timeout(300)
def test_a_laptop_killed_while_attaching_never_names_a_file_it_lost(tmp_path):
    rng = Random(SEED)
    laptop = Laptop(tmp_path / "home")
    laptop("project", "add", "--code", "P", "--title", "P")
    laptop("plot", "add", "--code", "HF")
    killed, wanted = 0, set()
    for cycle in range(CYCLES):
        path = tmp_path / f"{cycle}.jpg"
        wanted.add(write_photo(path, cycle))
        process = laptop.start("attach", "HF", path)
        # The program starts for about 0.4 s, then encrypts and saves.
        time.sleep(rng.uniform(0.2, 0.9))
        killed += kill(process)
        process.stderr.close()
        assert named(laptop) <= wanted
        laptop("attach", "HF", path)
        assert named(laptop) == wanted
    assert killed > CYCLES // 3


@pytest.fixture
def server(tmp_path):
    """A server that can be killed and comes back at its address."""
    found = Server(tmp_path / "server")
    yield found
    stop(found.process)


class Server:
    def __init__(self, data):
        self.data = data
        run(PERMILLE_SERVER, "--data", data, "init", check=0)
        admin(data, "project", "add", "--code", "P", "--title", "P")
        self.process, self.url = start_server(data)

    def kill_and_start(self):
        kill(self.process)
        self.process.stdout.close()
        port = int(self.url.rsplit(":", 1)[1])
        self.process, _ = start_server(self.data, port)

    def content(self, sha256):
        return (self.data / "blobs" / sha256[:2] / sha256).read_bytes()


@pytest.mark.timeout(300)
def test_files_arrive_whole_although_both_sides_are_killed(server, tmp_path):
    rng = Random(SEED)
    laptop = enrolled(tmp_path / "home", server.data, server.url)
    laptop("plot", "add", "--code", "HF")
    paths = [tmp_path / f"{number}.jpg" for number in range(4)]
    wanted = {write_photo(path, n): path for n, path in enumerate(paths)}
    laptop("attach", "HF", *paths)
    laptop("sync", "--no-attachments")
    for cycle in range(SENDS):
        sending = laptop.start("sync", "--attachment-rate", "20000")
        time.sleep(rng.uniform(0.4, 1.2))
        if cycle % 2:
            kill(sending)
        server.kill_and_start()
        kill(sending)
        sending.stderr.close()
        assert named(laptop) == set(wanted)
    laptop("sync")
    for sha256, path in wanted.items():
        assert server.content(sha256) == path.read_bytes()
    assert laptop.json("status")["attachments_waiting"] == 0
