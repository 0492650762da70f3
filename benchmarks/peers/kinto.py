"""Kinto as one side of the runs: its server in memory, laptops that post batches of 25.

Kinto has no laptop that keeps records on a disk without a browser, so ours sends what
waits in a file and counts what it is sent. The server forgets everything at its end: it is
filled again before each round, outside the clock.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from benchmarks.figures import say
from benchmarks.machine import rested_cpu_s
from benchmarks.peers import laptops
from benchmarks.peers.documents import write_documents
from benchmarks.peers.kinto_laptop import HELD, SINCE, WAITING, authorization
from benchmarks.peers.sides import (
    CROWD,
    SMALL,
    Running,
    SideFailedError,
    State,
    States,
    Verb,
)
from benchmarks.stage import World

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_SETTINGS: Final = """\
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.bucket_create_principals = system.Everyone
kinto.userid_hmac_secret = {secret}
multiauth.policies = basicauth

[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}
"""
_COLLECTION: Final = "/v1/buckets/bench/collections/bags"
_PATIENCE_S: Final = 60.0


class Kinto:
    """A server in memory, and laptops of our own."""

    name = "kinto"
    is_on_disk = False

    def __init__(self, folder: Path, programs: Path, world: World) -> None:
        self._programs, self._world = programs, world
        folder.mkdir(parents=True, exist_ok=True)
        makers = {
            State.PLANNED: self._plan,
            State.RECORDED: self._record,
            State.PUSHED: self._push,
            State.FEW_MORE: self._record_few,
            State.CROWDED: self._crowd,
        }
        self._states = States(folder, makers)

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing more."""
        return _NOTHING

    def copy(self, state: State) -> Path:
        """Return a copy of a state."""
        return self._states.copy(state)

    def discard(self, copy: Path) -> None:
        """Remove a copy."""
        self._states.discard(copy)

    @contextmanager
    def serving(self, copy: Path) -> Iterator[Running]:
        """Start a server, and give it what it held."""
        settings, port = copy / "kinto.ini", _free_port()
        text = _SETTINGS.format(secret=secrets.token_hex(), port=port)
        settings.write_text(text, encoding="utf-8")
        process = subprocess.Popen(
            [str(self._programs / "kinto"), "start", "--ini", str(settings), "-q"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "KINTO_INI": str(settings)},
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _begin(url)
            self._fill(copy, f"{url}{_COLLECTION}")
            rested = partial(rested_cpu_s, process.pid)
            yield Running(process.pid, f"{url}{_COLLECTION}", rested)
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGTERM)
            process.wait(timeout=60)

    def laptop(self, verb: Verb, folder: Path, url: str) -> Sequence[str]:
        """Return the command of a laptop."""
        module = "benchmarks.peers.kinto_laptop"
        return (sys.executable, "-m", module, verb, str(folder), url)

    def _fill(self, copy: Path, url: str) -> None:
        """Put on the server what it held."""
        held = copy / "server" / HELD
        if not held.exists():
            return
        filler = copy / "filler"
        filler.mkdir()
        shutil.copy(held, filler / WAITING)
        laptops.run(self, Verb.PUSH, filler, url)
        shutil.rmtree(filler)

    def _plan(self, made: Path) -> None:
        for name in ("server", "crew", "reader"):
            (made / name).mkdir(parents=True)
        write_documents(made / "server" / HELD, self._world.survey.plan)
        (made / "crew" / SINCE).touch()

    def _record(self, made: Path) -> None:
        self.copy(State.PLANNED).rename(made)
        write_documents(made / "crew" / WAITING, self._world.samples)

    def _push(self, made: Path) -> None:
        self.copy(State.PLANNED).rename(made)
        everything = [*self._world.survey.plan, *self._world.samples]
        write_documents(made / "server" / HELD, everything)

    def _record_few(self, made: Path) -> None:
        self.copy(State.PUSHED).rename(made)
        write_documents(made / "crew" / WAITING, self._world.spare[:SMALL])

    def _crowd(self, made: Path) -> None:
        say(f"  {CROWD} laptops of Kinto are set up")
        self.copy(State.PLANNED).rename(made)
        share = self._world.n // CROWD
        for number in range(CROWD):
            laptop = made / f"crowd-{number:02}"
            laptop.mkdir()
            (laptop / SINCE).touch()
            bags = self._world.samples[number * share : (number + 1) * share]
            write_documents(laptop / WAITING, bags)


def _free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _begin(url: str) -> None:
    """Wait until the server is there, and make the collection."""
    until_s = time.monotonic() + _PATIENCE_S
    while not _answers(url):
        if time.monotonic() > until_s:
            raise SideFailedError("the server did not start")
        time.sleep(0.1)
    bucket, _, _ = _COLLECTION.partition("/collections")
    for path in (bucket, _COLLECTION):
        if (status := _asked(url, "PUT", path)) != 201:
            raise SideFailedError(f"{path} was answered by {status}")


def _answers(url: str) -> bool:
    try:
        return _asked(url, "GET", "/v1/") == 200
    except OSError:
        return False


def _asked(url: str, method: str, path: str) -> int:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, path, headers=authorization())
        return connection.getresponse().status
    finally:
        connection.close()
