"""PouchDB as one side of the runs: express-pouchdb over LevelDB, laptops over LevelDB."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy as copied
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.figures import say
from benchmarks.machine import rested_cpu_s
from benchmarks.peers import laptops
from benchmarks.peers.documents import write_documents
from benchmarks.peers.install import HERE
from benchmarks.peers.sides import (
    CROWD,
    SMALL,
    Running,
    SideFailedError,
    State,
    States,
    Verb,
)
from benchmarks.soil import Entry
from benchmarks.stage import World

_DATABASE = "bags"
_FILL = "fill"


class PouchDB:
    """A server and laptops of node, with batches of 1,000."""

    name = "pouchdb"
    is_on_disk = True
    #: A push replicates to the server only, unless it is to bring what others pushed, too.
    push = Verb.PUSH

    def __init__(self, folder: Path, modules: Path, world: World) -> None:
        self._folder, self._modules, self._world = folder, modules, world
        folder.mkdir(parents=True, exist_ok=True)
        makers = {
            State.PLANNED: self._plan,
            State.RECORDED: self._record,
            State.PUSHED: self._push,
            State.FEW_MORE: self._record_few,
            State.CROWDED: self._crowd,
        }
        self._states = States(folder, makers)

    def both_ways(self) -> "PouchDB":
        """Return the same side, whose laptops take what is new when they push."""
        other = copied(self)
        other.name, other.push = "pouchdb, both ways", Verb.SYNC
        return other

    @property
    def environment(self) -> Mapping[str, str]:
        """Where node finds modules."""
        return {"NODE_PATH": str(self._modules), "NODE_ENV": "production"}

    def copy(self, state: State) -> Path:
        """Return a copy of a state."""
        return self._states.copy(state)

    def discard(self, copy: Path) -> None:
        """Remove a copy."""
        self._states.discard(copy)

    @contextmanager
    def serving(self, copy: Path) -> Iterator[Running]:
        """Serve a copy, with its database open."""
        data = copy / "server"
        data.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            [_node(), str(HERE / "pouch_server.js"), str(data)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self.environment},
            cwd=copy,
            text=True,
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline().strip()
            if not line.startswith("http://"):
                raise SideFailedError("the server did not start")
            url = f"{line}/{_DATABASE}"
            _open(url)
            yield Running(process.pid, url, partial(rested_cpu_s, process.pid))
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGTERM)
            process.wait(timeout=60)
            process.stdout.close()

    def laptop(self, verb: Verb, folder: Path, url: str) -> Sequence[str]:
        """Return the command of a laptop."""
        done = self.push if verb is Verb.PUSH else verb
        return self._command(done, folder, url)

    def _command(self, verb: str, folder: Path, target: str) -> Sequence[str]:
        return (_node(), str(HERE / "pouch_laptop.js"), verb, str(folder), target)

    def _plan(self, made: Path) -> None:
        say("  the plan is put on a server of PouchDB")
        made.mkdir()
        self._fill(made / "planner", self._world.survey.plan)
        with self.serving(made) as server:
            laptops.run(self, Verb.PUSH, made / "planner", server.url)
            laptops.run(self, Verb.SYNC, made / "crew", server.url)

    def _record(self, made: Path) -> None:
        self.copy(State.PLANNED).rename(made)
        self._fill(made / "crew", self._world.samples)

    def _push(self, made: Path) -> None:
        self.copy(State.RECORDED).rename(made)
        with self.serving(made) as server:
            # The second time it learns that what it pushed is on the server.
            for _ in range(2):
                laptops.run(self, Verb.SYNC, made / "crew", server.url)

    def _record_few(self, made: Path) -> None:
        self.copy(State.PUSHED).rename(made)
        self._fill(made / "crew", self._world.spare[:SMALL])

    def _crowd(self, made: Path) -> None:
        say(f"  {CROWD} laptops of PouchDB are set up")
        self.copy(State.PLANNED).rename(made)
        share = self._world.n // CROWD
        with self.serving(made) as server:
            for number in range(CROWD):
                laptop = made / f"crowd-{number:02}"
                laptops.run(self, Verb.SYNC, laptop, server.url)
                bags = self._world.samples[number * share : (number + 1) * share]
                self._fill(laptop, bags)

    def _fill(self, laptop: Path, entries: Sequence[Entry]) -> None:
        """Put records into a laptop's database."""
        lines = write_documents(self._folder / "fill.ndjson", entries)
        command = self._command(_FILL, laptop, str(lines))
        subprocess.run(
            command,
            input="go\n",
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            check=True,
            text=True,
            timeout=600,
        )
        lines.unlink()


def _open(url: str) -> None:
    """Make the database where it is missing, and have it opened."""
    found = urlsplit(url)
    connection = HTTPConnection(found.netloc, timeout=60)
    try:
        for method, expected in (("PUT", {201, 412}), ("GET", {200})):
            connection.request(method, found.path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status not in expected:
                raise SideFailedError(f"the server answered {body[:200]!r}")
    finally:
        connection.close()


def _node() -> str:
    """Return the program; whoever installed the modules has it."""
    found = shutil.which("node")
    assert found is not None, "npm came with it"
    return found
