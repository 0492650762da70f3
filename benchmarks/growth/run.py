"""Measure what work costs with a thousand bags, ten thousand, and so on."""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.circumstances import circumstances
from benchmarks.figures import say
from benchmarks.growth.costs import KINDS, costs
from benchmarks.growth.filling import growing_server
from benchmarks.growth.page import plain, write
from benchmarks.performance_page import PAGE, words_of

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
_UP_TO: Final = 1_000_000
_QUICK: Final = 10_000
_EXAMPLE: Final = """example:
  make bench-growth BENCH_ARGS="--up-to 100000 --write"

Costs are CPU, medians of several tries. Filling goes through the server's own log, at
about the rate at which it takes pushes: a million bags are some ten minutes.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Measure every size; return the exit code."""
    given = _arguments(words)
    sizes = [size for size in SIZES if size <= _largest(given)]
    began = circumstances()
    found: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(
        prefix="permille-growth-", dir=given.scratch
    ) as scratch:
        server = growing_server(Path(scratch) / "server")
        for size in sizes:
            say(f"{size:,} bags ...")
            began_s = time.monotonic()
            found[size] = costs(server, size, Path(scratch))
            say(f"{size:,} bags: {time.monotonic() - began_s:.0f} s")
    if given.write:
        write(PAGE, found, began)
    if given.json:
        kinds = {
            name: {"title": kind.title, "unit": kind.unit}
            for name, kind in KINDS.items()
        }
        print(json.dumps({"began": began, "kinds": kinds, "costs": found}))
    else:
        print(f"{plain(found)}\n\n{words_of(began)}")
    return 0


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    largest = parser.add_mutually_exclusive_group()
    largest.add_argument(
        "--up-to",
        type=int,
        metavar="BAGS",
        help=f"the largest size, {_UP_TO} if left out",
    )
    largest.add_argument("--quick", action="store_true", help=f"up to {_QUICK} bags")
    largest.add_argument("--huge", action="store_true", help=f"up to {SIZES[-1]} bags")
    add("--json", action="store_true", help="print one JSON document")
    add(
        "--write", action="store_true", help="write docs/performance.md and its picture"
    )
    add("--scratch", type=Path, help="folder for databases, on the disk to measure")
    given = parser.parse_args(words)
    if _largest(given) < SIZES[0]:
        parser.error(f"--up-to: {SIZES[0]} at least")
    return given


def _largest(given: argparse.Namespace) -> int:
    if given.huge:
        return SIZES[-1]
    if given.quick:
        return _QUICK
    return _UP_TO if given.up_to is None else int(given.up_to)
