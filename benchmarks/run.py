"""Measure everything and print one JSON line per figure."""

import argparse
import inspect
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from benchmarks import (
    boards,
    deriving,
    deriving_all,
    exporting,
    field_core,
    first_sync,
    importing,
    labels,
    laboratory,
    memory,
    pages,
    reading,
    recording,
    scale,
    startup,
    syncs,
)
from benchmarks.figures import Figure, emit, say
from benchmarks.stage import World

Bench = Callable[[World], Iterator[Figure]]

BENCHES: Final[Mapping[str, Bench]] = MappingProxyType(
    {
        "disk": recording.disk,
        "startup": startup.startup,
        "reading": reading.reading,
        "record": recording.record,
        "save": recording.save_one,
        "save_core": field_core.save_core,
        "push": syncs.push,
        "pull": syncs.pull,
        "noop": syncs.noop,
        "fifty": syncs.fifty,
        "offline": syncs.offline,
        "first_sync": first_sync.first_sync,
        "memory": memory.memory,
        "import_layers": importing.import_layers,
        "lab": laboratory.reconcile,
        "labels": labels.labels,
        "derive": deriving.derive,
        "derive_all": deriving_all.derive_all,
        "pages": pages.pages,
        "boards": boards.boards,
        "scale": scale.scale,
        "exports": exporting.exports,
    }
)
SCIENCE: Final = "science"

_N: Final = 10_000
_QUICK_N: Final = 1_000
_EXAMPLE: Final = """example:
  python -m benchmarks --quick --only push --only pull
"""


def main() -> int:
    """Measure what was asked for; return the exit code."""
    given = _arguments()
    wanted = given.only or [*BENCHES, SCIENCE]
    n = _QUICK_N if given.quick else _N
    with tempfile.TemporaryDirectory(prefix="permille-bench-") as scratch:
        world = World(Path(scratch), n)
        for name in wanted:
            say(f"{name} ...")
            began_s = time.monotonic()
            for data in _figures(name, world, quick=given.quick):
                emit(data)
            say(f"{name}: {time.monotonic() - began_s:.0f} s")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        choices=[*BENCHES, SCIENCE],
        help=f"only this one, may be repeated: {', '.join([*BENCHES, SCIENCE])}",
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"{_QUICK_N} records instead of {_N}"
    )
    return parser.parse_args()


def _figures(name: str, world: World, *, quick: bool) -> Iterator[dict[str, Any]]:
    if name == SCIENCE:
        yield from _science(quick=quick)
    else:
        yield from (figure.as_data() for figure in BENCHES[name](world))


def _science(*, quick: bool) -> Iterator[dict[str, Any]]:
    """Call every public function of the science module, where there is one."""
    if find_spec("benchmarks.science") is None:
        return
    module = import_module("benchmarks.science")
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if name.startswith("_") or function.__module__ != module.__name__:
            continue
        takes_quick = "quick" in inspect.signature(function).parameters
        yield from function(quick=quick) if takes_quick else function()
