"""kill -9 while files are attached and sent: what a record names is there, whole."""

import hashlib
import time
from random import Random

import pytest

from collector.store.vault import Vault
from schemas import limits
from tests.faults.homes import Laptop, admin, enrolled, kill
from tests.processes import start_server, stop, typed

SEED = 7
CYCLES = 6
SENDS = 4
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


def kill_attaching(path, seed, cycles):
    """Kill attaching of files, and do it again."""
    rng = Random(seed)
    laptop = Laptop(path / "home")
    laptop("project", "add", "--code", "P", "--title", "P")
    laptop("plot", "add", "--code", "HF")
    photo = path / "photo.jpg"
    killed, wanted = 0, {write_photo(photo, "whole")}
    critical_s = laptop.time_whole("attach", "HF", photo)
    # Until enough were killed: how long the work takes changes with what else runs here.
    cycle = 0
    while cycle < cycles or killed <= cycles // 3:
        assert cycle < 10 * cycles, "nothing was killed in time"
        wanted.add(write_photo(photo, cycle))
        process = laptop.start("attach", "HF", photo)
        time.sleep(rng.uniform(0.5, 1) * critical_s)
        was_killed = kill(process)
        process.stderr.close()
        # Close in on the end of the work, however fast this machine is just now.
        critical_s *= 1.05 if was_killed else 0.85
        killed += was_killed
        assert named(laptop) <= wanted
        laptop("attach", "HF", photo)
        assert named(laptop) == wanted
        cycle += 1


@pytest.mark.timeout(300)
def test_a_laptop_killed_while_attaching_never_names_a_file_it_lost(tmp_path):
    kill_attaching(tmp_path, SEED, CYCLES)


class Server:
    """A server that can be killed and comes back at its address."""

    def __init__(self, data):
        self.data = data
        typed(data, "init")
        admin(data, "project", "add", "--code", "P", "--title", "P")
        self.process, self.url = start_server(data)

    def kill_and_start(self):
        kill(self.process)
        self.process.stdout.close()
        port = int(self.url.rsplit(":", 1)[1])
        self.process, _ = start_server(self.data, port)

    def content(self, sha256):
        return (self.data / "blobs" / sha256[:2] / sha256).read_bytes()


def kill_sending(path, seed, cycles):
    """Kill the server, and every other time the laptop too, while files are sent."""
    server = Server(path / "server")
    try:
        _kill_sending(server, path, seed, cycles)
    finally:
        stop(server.process)


def _kill_sending(server, path, seed, cycles):
    rng = Random(seed)
    laptop = enrolled(path / "home", server.data, server.url)
    laptop("plot", "add", "--code", "HF")
    paths = [path / f"{number}.jpg" for number in range(4)]
    wanted = {write_photo(path, n): path for n, path in enumerate(paths)}
    laptop("attach", "HF", *paths)
    laptop("sync", "--no-attachments")
    for cycle in range(cycles):
        sending = laptop.start("sync", "--attachment-rate", "20000")
        time.sleep(rng.uniform(0.4, 1.2))
        if cycle % 2:
            kill(sending)
        server.kill_and_start()
        kill(sending)
        sending.stderr.close()
        assert named(laptop) == set(wanted)
    laptop("sync")
    for sha256, photo in wanted.items():
        assert server.content(sha256) == photo.read_bytes()
    assert laptop.json("status")["attachments_waiting"] == 0


@pytest.mark.timeout(300)
def test_files_arrive_whole_although_both_sides_are_killed(tmp_path):
    kill_sending(tmp_path, SEED, SENDS)
