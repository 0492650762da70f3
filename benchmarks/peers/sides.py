"""What a side is: a server, laptops that sync with it, and states that are copied.

Every side holds the same records. Each state is made once, and every round uses up a copy.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

#: Laptops that sync at once.
CROWD: Final = 20
#: Records of a small sync.
SMALL: Final = 50


class SideFailedError(Exception):
    """A server or a laptop did not do what it should; the text says what it said."""


class Verb(StrEnum):
    """What a laptop does. For Permille a sync is all of them."""

    PUSH = "push"
    PULL = "pull"
    SYNC = "sync"


class State(StrEnum):
    """Where server and laptops stand."""

    #: The server has the plan, and so has the laptop `crew`.
    PLANNED = "planned"
    #: The crew recorded all bags offline.
    RECORDED = "recorded"
    #: The bags are on the server, and the crew knows; the laptop `reader` is fresh.
    PUSHED = "pushed"
    #: After that the crew recorded a few more.
    FEW_MORE = "few_more"
    #: As planned, with twenty laptops that recorded their share of the bags each.
    CROWDED = "crowded"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    pid: int
    url: str
    #: Waits until the server has nothing left to do; returns the CPU it took so far.
    rested_cpu_s: Callable[[], float]


class Side(Protocol):
    """One program that syncs."""

    @property
    def name(self) -> str:
        """What it is called in tables."""

    @property
    def is_on_disk(self) -> bool:
        """Whether server and laptops keep what they have."""

    def copy(self, state: State) -> Path:
        """Return a copy of a state: `server`, and a folder for each laptop."""

    def discard(self, copy: Path) -> None:
        """Remove a copy."""

    def serving(self, copy: Path) -> AbstractContextManager[Running]:
        """Serve a copy in a process of its own."""

    def laptop(self, verb: Verb, folder: Path, url: str) -> Sequence[str]:
        """Return the command of a laptop's process, as `laptops.py` describes it."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What the environment of its processes has besides ours."""


class States:
    """States in folders, each made when it is first asked for, and then only copied."""

    def __init__(
        self, folder: Path, makers: Mapping[State, Callable[[Path], None]]
    ) -> None:
        self._folder, self._makers = folder, makers
        self._copies = 0

    def copy(self, state: State) -> Path:
        """Return a copy of a state, to be used up."""
        self._copies += 1
        target = self._folder / f"copy-{self._copies}"
        shutil.copytree(self._made(state), target)
        return target

    def discard(self, copy: Path) -> None:
        """Remove a copy."""
        assert copy.parent == self._folder, "only what was made here is removed"
        shutil.rmtree(copy)

    def _made(self, state: State) -> Path:
        folder = self._folder / state
        if not folder.exists():
            self._makers[state](folder)
        return folder
