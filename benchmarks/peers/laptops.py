"""Laptops in processes of their own, which are started and opened before the clock runs.

Such a process says `ready`, waits for a line, syncs, and prints one JSON object: how many
`seconds` that took, the `cpu_s` of the process meanwhile, and the `records` that passed;
if it took what others did, too, also how many it `received`.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.peers.sides import Side, SideFailedError, Verb

READY: Final = "ready"
_PATIENCE_S: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a laptop says of its sync."""

    seconds: float
    cpu_s: float
    records: int
    #: What came of others meanwhile, where it was taken.
    received: int = 0


@dataclass(frozen=True, slots=True)
class Laptop:
    """A laptop that is ready to sync."""

    process: subprocess.Popen[str]
    errors: Path

    def go(self) -> None:
        """Tell it to begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def report(self) -> Report:
        """Wait until it is done.

        Raises
        ------
        SideFailedError
            If its sync failed.
        """
        out, _ = self.process.communicate(timeout=_PATIENCE_S)
        if self.process.returncode:
            raise SideFailedError(_last_words(self.errors))
        return Report(**json.loads(out.splitlines()[-1]))


@contextmanager
def laptop_of(side: Side, verb: Verb, folder: Path, url: str) -> Iterator[Laptop]:
    """Start a laptop, and wait until it is ready.

    Raises
    ------
    SideFailedError
        If it does not start.
    """
    errors = folder.with_name(f"{folder.name}.log")
    with errors.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            side.laptop(verb, folder, url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, **side.environment},
            text=True,
        )
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != READY:
            raise SideFailedError(_last_words(errors))
        yield Laptop(process, errors)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def run(side: Side, verb: Verb, folder: Path, url: str) -> Report:
    """Start a laptop, sync, and return what it says."""
    with laptop_of(side, verb, folder, url) as laptop:
        laptop.go()
        return laptop.report()


def _last_words(errors: Path) -> str:
    """Return the line that says most of what a process left: an error, or the last one."""
    lines = errors.read_text("utf-8").strip().splitlines()
    wrong = [line for line in lines if "Error" in line]
    return next(iter([*wrong, *lines[-1:]]), "it ended and said nothing").strip()
