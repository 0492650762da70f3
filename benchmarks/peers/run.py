"""Run Permille beside other programs that sync, on the same records, round by round."""

import argparse
import json
import random  # noqa: TID251 - seeded: the order of a round
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import platformdirs

from benchmarks.circumstances import circumstances
from benchmarks.figures import say
from benchmarks.peers import bare
from benchmarks.peers.facts import MEANING, SAID
from benchmarks.peers.measures import BAD_LINK, MEASURES, ONCE, Found, Round
from benchmarks.peers.metrics import OURS, Compared, compared
from benchmarks.peers.page import PART, text
from benchmarks.peers.sides import CROWD, SMALL, SideFailedError
from benchmarks.peers.taking_part import PEERS, TakingPart, taking_part
from benchmarks.peers.words import facts_lines, figure_lines, floor_line, missing_lines
from benchmarks.performance_page import PAGE, words_of
from benchmarks.recording import lines_of
from benchmarks.stage import World
from benchmarks.yardsticks import packed_bytes

_N: Final = 10_000
_QUICK_N: Final = 1_000
_ROUNDS: Final = 5
_QUICK_ROUNDS: Final = 2
_SEED: Final = 7
#: The best that zstd does with the bags, for the floor of the bad link.
_HARDEST: Final = 19
_BAD_LINK: Final = "bad-link"
_EXAMPLE: Final = """example:
  make bench-peers BENCH_ARGS="--quick --only push --only bad-link --peer pouchdb"

Peers are installed when they are first needed, into the cache folder; one that cannot
be had is named, and the others run. Nothing is refused for being slow.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Measure what was asked for; return the exit code."""
    given = _arguments(words)
    n = given.bags or (_QUICK_N if given.quick else _N)
    rounds = given.rounds or (_QUICK_ROUNDS if given.quick else _ROUNDS)
    began = circumstances()
    with tempfile.TemporaryDirectory(
        prefix="permille-peers-", dir=given.scratch
    ) as scratch:
        world = World(Path(scratch), n)
        sides = taking_part(given.peer or PEERS, given.cache, world)
        said = _Saying(world, as_json=given.json)
        for measure in given.only or MEASURES:
            count = 1 if measure in ONCE else rounds
            said.figures(measure, compared(_rounds(measure, sides, world, count)))
        run = {"bags": n, "rounds": rounds, "seed": _SEED}
        document = said.end(run, began, sides)
    if given.write:
        PART.write(PAGE, text(document))
    return 0


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--quick", action="store_true", help=f"{_QUICK_N} bags instead of {_N}")
    add(
        "--bags",
        type=_bags_of,
        metavar="N",
        help=f"another number of bags, {CROWD * CROWD} at least",
    )
    add(
        "--rounds",
        type=_rounds_of,
        metavar="N",
        help=f"rounds of each measure, {_ROUNDS} or {_QUICK_ROUNDS} if left out",
    )
    add(
        "--only",
        action="append",
        choices=list(MEASURES),
        metavar="MEASURE",
        help=f"only this one, may be repeated: {', '.join(MEASURES)}",
    )
    add(
        "--peer",
        action="append",
        choices=PEERS,
        metavar="PEER",
        help=f"only beside this one, may be repeated: {', '.join(PEERS)}",
    )
    add("--json", action="store_true", help="print one JSON document")
    add("--write", action="store_true", help="write docs/performance.md")
    add("--scratch", type=Path, help="folder for databases, on the disk to measure")
    add(
        "--cache",
        type=Path,
        default=platformdirs.user_cache_path("permille-bench"),
        help="where peers are installed (%(default)s)",
    )
    return parser.parse_args(words)


def _rounds_of(text: str) -> int:
    rounds = int(text)
    if rounds < 1:
        raise argparse.ArgumentTypeError("one round at least")
    return rounds


def _bags_of(text: str) -> int:
    bags = int(text)
    if bags < CROWD * CROWD:
        raise argparse.ArgumentTypeError(f"{CROWD * CROWD} bags at least")
    return bags


def _rounds(
    measure: str, sides: TakingPart, world: World, count: int
) -> list[dict[str, Found]]:
    """Return each round: all sides once, in an order that changes with the round."""
    taken = _taken(measure, sides)
    rounds: list[dict[str, Found]] = []
    for number in range(count):
        found: dict[str, Found] = {}
        for name in in_order(list(taken), number):
            began_s = time.monotonic()
            try:
                found[name] = taken[name](Round(world, number))
            except SideFailedError as error:
                if name == OURS:
                    raise
                _leave_out(name, measure, str(error), sides, taken)
            taken_s = time.monotonic() - began_s
            say(f"{measure}, round {number + 1} of {count}: {name}, {taken_s:.0f} s")
        rounds.append(found)
    return [{name: found[name] for name in taken} for found in rounds]


def _taken(measure: str, sides: TakingPart) -> dict[str, Callable[[Round], Found]]:
    """Return what a round of a measure calls, by the name of the side."""
    found = [*sides.sides, *(sides.crowd_only if measure == "crowd" else ())]
    work = MEASURES[measure]
    taken: dict[str, Callable[[Round], Found]] = {
        side.name: partial(work, side)
        for side in found
        if side.is_on_disk or measure != "disk"
    }
    if sides.has_bare and measure == "push":
        taken[bare.NAME] = bare.push
    return taken


def _leave_out(
    name: str,
    measure: str,
    reason: str,
    sides: TakingPart,
    taken: dict[str, Callable[[Round], Found]],
) -> None:
    """Go on without a peer that failed, and say so: a part of its rounds is no figure."""
    del taken[name]
    sides.missing[f"{name}, {measure}"] = reason
    say(f"NOT MEASURED: {name}, {measure}: {reason}")


def in_order(names: Sequence[str], number: int) -> list[str]:
    """Return the order of a round: turned by one each time, after one shuffle."""
    order = list(names)
    random.Random(_SEED).shuffle(order)  # noqa: S311 - seeded
    turn = number % len(order)
    return order[turn:] + order[:turn]


class _Saying:
    """Says the figures: as they come in words, or at the end as one document."""

    def __init__(self, world: World, *, as_json: bool) -> None:
        self._world, self._as_json = world, as_json
        self._figures: list[dict[str, Any]] = []

    def figures(self, measure: str, found: Sequence[Compared]) -> None:
        """Say one measure."""
        self._figures += [figure.as_data() for figure in found]
        if self._as_json:
            return
        for figure in found:
            print("\n".join(figure_lines(figure)))
        if measure == _BAD_LINK:
            print(floor_line(*self._floor()))
        print(flush=True)

    def end(
        self, run: dict[str, int], began: dict[str, Any], sides: TakingPart
    ) -> dict[str, Any]:
        """Say how it was measured, and what the sides do not do; return the document."""
        names = [side for side in SAID if side in sides.names]
        document = {**run, "began": began, **self._document(names, sides)}
        if self._as_json:
            print(json.dumps(document, ensure_ascii=False))
        else:
            lines = [*facts_lines(names), "", *missing_lines(sides.missing)]
            print("\n".join(lines))
            print(f"{run['bags']:,} bags, rounds of each: {run['rounds']}")
            print(words_of(began))
        return document

    def _document(self, names: Sequence[str], sides: TakingPart) -> dict[str, Any]:
        floor_s, payload = self._floor()
        return {
            "ended": circumstances(),
            "figures": self._figures,
            "bad_link": {
                "bits_s": BAD_LINK.bits_s,
                "round_trip_s": BAD_LINK.round_trip_s,
                "loss": BAD_LINK.loss,
                "floor_s": round(floor_s, 3),
                "floor_bytes": payload,
            },
            "not_measured": sides.missing,
            "versions": sides.versions,
            "does": {name: dict(SAID[name]) for name in names},
            "meaning": dict(MEANING),
        }

    def _floor(self) -> tuple[float, int]:
        """Return what the bad link takes at least, and for how many bytes."""
        bags = lines_of(self._world.spare[:SMALL])
        payload = packed_bytes([raw for _, raw in bags], _HARDEST)
        return BAD_LINK.floor_s(payload), payload
