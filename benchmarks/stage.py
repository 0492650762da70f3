"""Real servers and laptops in scratch folders, copied so that each repetition starts equal."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from benchmarks.figures import say
from benchmarks.machine import rested_cpu_s
from benchmarks.soil import PER_PLOT, Entry, Survey, survey
from collector.clock import Clock
from collector.config import Home
from collector.laptop import enrol, settings
from collector.laptop.laptop import Laptop
from collector.laptop.open import init, opened
from collector.store.driver import read_key
from collector.store.sqlite import LaptopStore
from collector.sync import session
from collector.sync.tally import SyncReport
from schemas import limits
from schemas.changes import Draft
from server.access import enrolment
from server.clock import Clock as ServerClock
from server.config import DataDirectory
from server.custody import own_log
from server.data import init_data, open_store
from server.store.driver import connect
from server.store.port import Store

#: Bags beyond those that are pushed at once, for the small syncs.
SPARE: Final = 3 * PER_PLOT
_PATIENCE_S: Final = 600.0
#: The server looks nearly as often for rows that its tables for readers lack.
_READ_COPY_S: Final = 2.2


@dataclass(frozen=True, slots=True)
class Serving:
    """A server process that listens."""

    pid: int
    url: str
    data: DataDirectory

    def wait_until_derived(self) -> None:
        """Wait until no plot waits for its numbers."""
        connection = connect(self.data.database)
        try:
            until_s = time.monotonic() + _PATIENCE_S
            while connection.execute("SELECT count(*) FROM job").fetchone()[0]:
                assert time.monotonic() < until_s, "the derivation does not end"
                time.sleep(0.02)
        finally:
            connection.close()

    def rested_cpu_s(self) -> float:
        """Wait for all that follows an answer; return the CPU that the server took so far."""
        self.wait_until_derived()
        time.sleep(_READ_COPY_S)
        return rested_cpu_s(self.pid)


@contextmanager
def process(*arguments: str) -> Iterator[tuple[int, str]]:
    """Run a Python module until the block ends; return its id and the URL it printed."""
    running = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    try:
        line = running.stdout.readline()
        assert "http://" in line, f"{arguments[0]} did not start"
        yield running.pid, line.split()[-1]
    finally:
        if running.poll() is None:
            os.kill(running.pid, signal.SIGTERM)
        running.wait(timeout=60)
        running.stdout.close()


@contextmanager
def serving(folder: Path) -> Iterator[Serving]:
    """Serve a data directory with the real command."""
    command = ("server", "--data", str(folder), "run", "--port", "0")
    with process(*command) as (pid, url):
        yield Serving(pid, url, DataDirectory(folder))


@contextmanager
def laptop_at(folder: Path, url: str | None = None) -> Iterator[Laptop]:
    """Open a laptop; copies of it find the server at its new address."""
    with opened(Home(folder), Clock(), lambda: "") as laptop:
        if url is not None:
            laptop.store.set_settings({settings.SERVER: url})
        yield laptop


def synced(laptop: Laptop) -> SyncReport:
    """Sync as the command does, without its start."""
    return asyncio.run(session.sync(laptop, lambda _left, _received: None))


def save(laptop: Laptop, project_id: str, entries: Sequence[Entry]) -> None:
    """Record new entries in transactions as large as those of an import."""
    size = limits.IMPORT_BATCH_LAYERS
    for start in range(0, len(entries), size):
        drafts = [
            Draft(
                project_id,
                e.type,
                e.id,
                fields=e.fields,
                is_new=True,
            )
            for e in entries[start : start + size]
        ]
        laptop.store.save(drafts, laptop.timestamp(), laptop.person)


def new_server(folder: Path) -> str:
    """Make a server's data with one project; return the project."""
    init_data(DataDirectory(folder), ServerClock())
    project = {"code": "KL", "title": "Klostergut", "reference_depth_cm": 30.0}
    with server_store(folder) as store:
        return asyncio.run(own_log.add_project(store, ServerClock(), project, {}))


@contextmanager
def server_store(folder: Path) -> Iterator[Store]:
    """Open a server's store in this process."""
    store = open_store(DataDirectory(folder))
    try:
        yield store
    finally:
        store.close()


def new_laptop(folder: Path, server: Path, project_id: str, url: str) -> None:
    """Set up a laptop and enrol it at a running server."""
    home = Home(folder)
    init(home, Clock(), folder.name, "Ada Diallo", None)
    with server_store(server) as store:
        issued = enrolment.issue_code(store, ServerClock(), (project_id,), folder.name)
        code, _ = asyncio.run(issued)
    with opened(home, Clock(), lambda: "") as laptop:
        asyncio.run(enrol.enrol(laptop, url, code))


def _stay_one_log(home: Home) -> None:
    """Keep a copy in its log: the laptop it was made of is not used beside it."""
    store = LaptopStore(home.database, read_key(home.key))
    try:
        store.set_settings({settings.PLACE: str(home.database.stat().st_ino)})
    finally:
        store.close()


class World:
    """One server, a laptop that plans, one that records, one that only reads.

    Each state is made once, when it is first asked for, and then only copied.
    """

    def __init__(self, folder: Path, n: int) -> None:
        self.folder = folder
        self.n = n
        self._copies = 0

    def copy(self, state: Path) -> Path:
        """Copy a state, to be used up."""
        self._copies += 1
        target = self.folder / f"copy-{self._copies}"
        shutil.copytree(state, target, symlinks=True)
        for key in target.glob("*/key"):
            _stay_one_log(Home(key.parent))
        return target

    def discard(self, *copies: Path) -> None:
        """Remove copies."""
        for copy in copies:
            assert copy.parent == self.folder, "only what was made here is removed"
            shutil.rmtree(copy)

    @cached_property
    def project_id(self) -> str:
        """The project."""
        return new_server(self.folder / "empty")

    @cached_property
    def survey(self) -> Survey:
        """The records."""
        return survey(self.project_id, self.n + SPARE)

    @property
    def samples(self) -> list[Entry]:
        """The bags that are pushed at once."""
        return self.survey.samples[: self.n]

    @property
    def spare(self) -> list[Entry]:
        """The bags of the small syncs."""
        return self.survey.samples[self.n :]

    @cached_property
    def planned(self) -> Path:
        """Server and laptops before anybody walks out."""
        say(
            f"  a project with {len(self.survey.plan)} plots, points and cores is planned"
        )
        state = self.folder / "planned"
        shutil.copytree(self.folder / "empty", state / "server")
        with serving(state / "server") as server:
            for name in ("planner", "crew", "reader"):
                new_laptop(state / name, state / "server", self.project_id, server.url)
            with laptop_at(state / "planner") as planner:
                synced(planner)
                save(planner, self.project_id, self.survey.plan)
                synced(planner)
            server.wait_until_derived()
            with laptop_at(state / "crew") as crew:
                synced(crew)
        return state

    @cached_property
    def recorded(self) -> Path:
        """The crew's laptop with every bag, and the server that knows of none."""
        say(f"  {self.n} bags are recorded offline")
        state = self.copy(self.planned)
        with laptop_at(state / "crew") as crew:
            save(crew, self.project_id, self.samples)
        return state

    @cached_property
    def pushed(self) -> Path:
        """Server and crew after the push; the reader has seen nothing yet."""
        say(f"  {self.n} bags are pushed")
        state = self.copy(self.recorded)
        with (
            serving(state / "server") as server,
            laptop_at(state / "crew", server.url) as crew,
        ):
            report = synced(crew)
            assert report.accepted == self.n, report
            server.wait_until_derived()
            synced(crew)
        return state
