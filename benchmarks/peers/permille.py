"""Permille as one side of the runs."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks.figures import say
from benchmarks.peers.sides import CROWD, SMALL, Running, State, Verb
from benchmarks.stage import World, laptop_at, new_laptop, save, serving, synced

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Permille:
    """Server and laptops as they are installed."""

    name = "permille"
    is_on_disk = True

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing more."""
        return _NOTHING

    def copy(self, state: State) -> Path:
        """Return a copy of a state."""
        return self._world.copy(self._made(state))

    def discard(self, copy: Path) -> None:
        """Remove a copy."""
        self._world.discard(copy)

    @contextmanager
    def serving(self, copy: Path) -> Iterator[Running]:
        """Serve a copy; after an answer come derived numbers and the tables for readers."""
        with serving(copy / "server") as server:
            yield Running(server.pid, server.url, server.rested_cpu_s)

    def laptop(self, verb: Verb, folder: Path, url: str) -> Sequence[str]:
        """Return the command of a laptop."""
        module = "benchmarks.peers.permille_laptop"
        return (sys.executable, "-m", module, verb, str(folder), url)

    def _made(self, state: State) -> Path:
        match state:
            case State.PLANNED:
                return self._world.planned
            case State.RECORDED:
                return self._world.recorded
            case State.PUSHED:
                return self._world.pushed
            case State.FEW_MORE:
                return self._few_more
            case State.CROWDED:
                return self._crowded

    @cached_property
    def _few_more(self) -> Path:
        world = self._world
        folder = world.copy(world.pushed)
        with laptop_at(folder / "crew") as crew:
            save(crew, world.project_id, world.spare[:SMALL])
        return folder

    @cached_property
    def _crowded(self) -> Path:
        world = self._world
        say(f"  {CROWD} laptops of {self.name} are set up")
        folder, share = world.copy(world.planned), world.n // CROWD
        with serving(folder / "server") as server:
            for number in range(CROWD):
                home = folder / f"crowd-{number:02}"
                new_laptop(home, folder / "server", world.project_id, server.url)
                with laptop_at(home) as laptop:
                    synced(laptop)
                    bags = world.samples[number * share : (number + 1) * share]
                    save(laptop, world.project_id, bags)
        return folder
