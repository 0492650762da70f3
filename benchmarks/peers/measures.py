"""What is measured of one side in one round. Each function returns its figures by name."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from benchmarks.figures import percentile
from benchmarks.machine import bytes_in, tree_cpu_s
from benchmarks.peers import laptops
from benchmarks.peers.laptops import laptop_of
from benchmarks.peers.link import Link
from benchmarks.peers.proxy import Proxy, Traffic, proxy_before
from benchmarks.peers.sides import CROWD, SMALL, Running, Side, State, Verb
from benchmarks.stage import World

Found = Mapping[str, float]
_MICRO: Final = 1e6


@dataclass(frozen=True, slots=True)
class Round:
    """What a round needs to know."""

    world: World
    number: int


def push(side: Side, this: Round) -> Found:
    """Push all bags that were recorded offline."""
    return _whole(side, this, State.RECORDED, Verb.PUSH, "crew")


def download(side: Side, this: Round) -> Found:
    """Take everything for the first time."""
    return _whole(side, this, State.PUSHED, Verb.PULL, "reader")


def crowd(side: Side, this: Round) -> Found:
    """Push the shares of twenty laptops at once."""
    with _served(side, State.CROWDED) as (copy, server), ExitStack() as stack:
        ready = [
            stack.enter_context(
                laptop_of(side, Verb.PUSH, copy / f"crowd-{n:02}", server.url)
            )
            for n in range(CROWD)
        ]
        server.rested_cpu_s()
        for laptop in ready:
            laptop.go()
        reports = [laptop.report() for laptop in ready]
    share = this.world.n // CROWD
    assert all(report.records >= share for report in reports), reports
    seconds = [report.seconds for report in reports]
    return {
        "crowd_p50": percentile(seconds, 0.5),
        "crowd_p95": percentile(seconds, 0.95),
        "crowd_received": sum(report.received for report in reports) / CROWD,
    }


def traffic(side: Side, this: Round) -> Found:
    """Count requests and bytes of each kind of sync."""
    n = this.world.n
    pushed = _counted(side, State.RECORDED, Verb.PUSH, "crew")
    taken = _counted(side, State.PUSHED, Verb.PULL, "reader")
    nothing = _counted(side, State.PUSHED, Verb.SYNC, "crew")
    few = _counted(side, State.FEW_MORE, Verb.SYNC, "crew")
    return {
        "push_up": pushed.bytes_up / n,
        "push_down": pushed.bytes_down / n,
        "push_requests": pushed.requests,
        "download_down": taken.bytes_down / n,
        "download_requests": taken.requests,
        "noop_requests": nothing.requests,
        "noop_bytes": nothing.bytes_up + nothing.bytes_down,
        "few_requests": few.requests,
        "few_up": few.bytes_up,
        "few_down": few.bytes_down,
    }


def disk(side: Side, this: Round) -> Found:
    """Measure what a pushed bag takes in the files of each side, with nobody running."""
    before, after = _sizes(side, State.PLANNED), _sizes(side, State.PUSHED)
    return {
        f"disk_{who}": (size - before[who]) / this.world.n
        for who, size in after.items()
    }


#: What field offices have: a slow mobile link.
BAD_LINK: Final = Link(bits_s=64_000, round_trip_s=0.6, loss=0.03)


def bad_link(side: Side, this: Round) -> Found:
    """Sync 50 new bags over a bad link; each side meets the same chance of loss."""
    link = Link(BAD_LINK.bits_s, BAD_LINK.round_trip_s, BAD_LINK.loss, this.number)
    with (
        _served(side, State.FEW_MORE) as (copy, server),
        proxy_before(server.url, link) as proxy,
    ):
        report = laptops.run(side, Verb.SYNC, copy / "crew", _through(proxy, server))
    assert report.records >= SMALL, report
    return {"bad_link": report.seconds}


MEASURES: Final[Mapping[str, Callable[[Side, Round], Found]]] = MappingProxyType(
    {
        "push": push,
        "download": download,
        "crowd": crowd,
        "traffic": traffic,
        "disk": disk,
        "bad-link": bad_link,
    }
)
#: What comes out alike each time is measured once.
ONCE: Final = frozenset({"traffic", "disk"})


def _whole(side: Side, this: Round, state: State, verb: Verb, who: str) -> Found:
    with (
        _served(side, state) as (copy, server),
        laptop_of(side, verb, copy / who, server.url) as laptop,
    ):
        before_s = server.rested_cpu_s()
        laptop.go()
        report = laptop.report()
        answered_s = tree_cpu_s(server.pid) - before_s
        rested_s = server.rested_cpu_s() - before_s
    n = this.world.n
    assert report.records >= n, report
    return {
        f"{verb}_rate": n / report.seconds,
        f"{verb}_time": report.seconds / n * _MICRO,
        f"{verb}_server_cpu": answered_s / n * _MICRO,
        f"{verb}_server_cpu_rested": rested_s / n * _MICRO,
        f"{verb}_laptop_cpu": report.cpu_s / n * _MICRO,
        f"{verb}_cpu": (rested_s + report.cpu_s) / n * _MICRO,
    }


@contextmanager
def _copied(side: Side, state: State) -> Iterator[Path]:
    copy = side.copy(state)
    try:
        yield copy
    finally:
        side.discard(copy)


@contextmanager
def _served(side: Side, state: State) -> Iterator[tuple[Path, Running]]:
    with _copied(side, state) as copy, side.serving(copy) as server:
        yield copy, server


def _counted(side: Side, state: State, verb: Verb, who: str) -> Traffic:
    with (
        _served(side, state) as (copy, server),
        proxy_before(server.url) as proxy,
        laptop_of(side, verb, copy / who, _through(proxy, server)) as laptop,
    ):
        proxy.traffic = Traffic()
        laptop.go()
        laptop.report()
        return proxy.traffic


def _through(proxy: Proxy, server: Running) -> str:
    return proxy.url + urlsplit(server.url).path


def _sizes(side: Side, state: State) -> dict[str, int]:
    """Return how much both sides hold after the server has done what it does at rest."""
    with _copied(side, state) as copy:
        with side.serving(copy) as server:
            server.rested_cpu_s()
        return {
            who: bytes_in(copy / folder)
            for who, folder in (("server", "server"), ("laptop", "crew"))
        }
