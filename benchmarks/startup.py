"""The CPU that a command takes, nearly all of it before it does anything.

Beside it stands what Python takes to start at all. Bytecode is there, as on a laptop on
which the command was typed before.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure, median
from benchmarks.soil import CAMPAIGNS, POINTS
from benchmarks.stage import World, laptop_at, serving, synced

_TIMES: Final = POINTS
_PERMILLE: Final = str(Path(sys.executable).with_name("permille"))
_NOTHING: Final = (sys.executable, "-c", "pass")
_WITH_BYTECODE: Final = {
    name: value
    for name, value in os.environ.items()
    if name != "PYTHONDONTWRITEBYTECODE"
}


def startup(world: World) -> Iterator[Figure]:
    """Start the commands people wait for, on a laptop without bags and on a full one."""
    for bags, state in ((0, world.planned), (world.n, world.pushed)):
        copy = world.copy(state)
        with serving(copy / "server") as server:
            with laptop_at(copy / "crew", server.url) as crew:
                synced(crew)
            yield from _figures(world, str(copy / "crew"), bags)
        world.discard(copy)


def _figures(world: World, home: str, bags: int) -> Iterator[Figure]:
    yield from _in_turn(bags, lambda _turn: _looks(home))
    # Apart, so that a sync finds nothing new.
    yield from _in_turn(bags, lambda turn: _entry(world, home, turn))


def _in_turn(
    bags: int, commands: Callable[[int], Mapping[str, Sequence[str]]]
) -> Iterator[Figure]:
    taken: dict[str, list[float]] = {}
    for turn in range(-1, _TIMES):
        for name, command in commands(turn).items():
            taken.setdefault(name, []).append(_cpu_ms(command))
    # The first turn writes the bytecode.
    bare_ms, *rest = (median(found[1:]) for found in taken.values())
    for name, value in zip(list(taken)[1:], rest, strict=True):
        yield Figure(f"startup_{name}", bags, value, "ms", "python -c pass", bare_ms)


def _looks(home: str) -> Mapping[str, Sequence[str]]:
    permille = (_PERMILLE, "--home", home)
    return {
        "nothing": _NOTHING,
        "version": (_PERMILLE, "--version"),
        "status": (*permille, "status"),
        "sync": (*permille, "sync"),
        "list": (*permille, "sample", "list"),
        "list_of_few": (*permille, "plot", "list"),
    }


def _entry(world: World, home: str, turn: int) -> Mapping[str, Sequence[str]]:
    typed = (_PERMILLE, "--home", home, "sample", "add", *_bag(world, turn))
    return {"nothing": _NOTHING, "add": typed}


def _bag(world: World, turn: int) -> Iterator[str]:
    """Return the options of a bag that nobody recorded."""
    plot = [each for each in world.survey.plan if each.type == "plot"][-1]
    yield from ("--plot", plot.fields["code"], "--campaign", CAMPAIGNS[-1][0])
    yield from ("--point", f"{turn % POINTS + 1:02d}", "--sample-code", f"one-{turn}")
    top_cm = 10 if turn < 0 else 0
    yield from ("--depth-top-cm", f"{top_cm}", "--depth-bottom-cm", f"{top_cm + 10}")


def _cpu_ms(command: Sequence[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command,
        env=_WITH_BYTECODE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, f"{command} ended so: {done.stderr.decode()}"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds * 1000
