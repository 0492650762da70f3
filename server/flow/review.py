"""Conflicts and quarantine: what an administrator decides, and that authors hear of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from schemas import hlc
from schemas.messages import Outcome
from schemas.problems import Problem
from server.clock import Clock, iso
from server.errors import NotFoundError
from server.store.port import Device, Store, Unit
from server.sync.desk import Desk
from server.sync.merge import decide_again
from server.sync.model import Origin, Verdict, Waiting

#: Changes judged again in one transaction.
_BATCH: Final = 500
_WAITS: Final = frozenset({Outcome.HELD, Outcome.QUARANTINED})


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What came of judging waiting changes again."""

    tried: int
    settled: int
    waiting: int


async def rejudge(store: Store, clock: Clock, stream: str | None) -> Reviewed:
    """Judge everything that waits again, as after a change of rules or of records."""
    streams = [stream] if stream else await store.read(_streams_that_wait)
    tried = settled = 0
    for name in streams:
        ids = await store.read(partial(_waiting_in, stream=name))
        for start in range(0, len(ids), _BATCH):
            done = await release(store, clock, name, ids[start : start + _BATCH])
            tried, settled = tried + done.tried, settled + done.settled
    return Reviewed(tried, settled, tried - settled)


async def release(
    store: Store, clock: Clock, stream: str, changes: Sequence[str]
) -> Reviewed:
    """Judge waiting changes again; the scope of their laptop does not bind them.

    Raises
    ------
    NotFoundError
        If none of them waits.
    """
    now_ms = clock.now_ms()

    def job(unit: Unit) -> Reviewed:
        waiting, desk, origin = _lay(unit, stream, changes, now_ms)
        decide_again(desk, waiting, origin)
        unit.keep_effects(desk, origin)
        still = sum(v.outcome in _WAITS for v in desk.revised.values())
        return Reviewed(len(waiting), len(waiting) - still, still)

    return await store.write(job)


async def discard(
    store: Store, clock: Clock, stream: str, changes: Sequence[str], reason: str
) -> int:
    """Give waiting changes up for a reason; their authors are told.

    Raises
    ------
    NotFoundError
        If none of them waits.
    """
    now_ms = clock.now_ms()

    def job(unit: Unit) -> int:
        waiting, desk, origin = _lay(unit, stream, changes, now_ms)
        for found in waiting:
            change = found.judged.change
            why = [Problem("discarded", detail=reason)]
            desk.revise(Verdict(change.id, change.stream, Outcome.QUARANTINED, why=why))
            desk.settle(change.stream, change.id, "discarded")
        unit.keep_effects(desk, origin)
        unit.note_reason(stream, [w.judged.change.id for w in waiting], reason)
        return len(waiting)

    return await store.write(job)


def _lay(
    unit: Unit, stream: str, changes: Sequence[str], now_ms: int
) -> tuple[list[Waiting], Desk, Origin]:
    waiting = unit.waiting(stream, changes)
    if not waiting:
        raise NotFoundError(
            "no such change waits", "see: permille-server quarantine list"
        )
    own: Device = unit.own_device()
    origin = Origin(own.id, iso(now_ms), hlc.at(now_ms + 1), is_admin=True)
    desk = unit.lay_desk([found.judged for found in waiting], set(own.projects), set())
    return waiting, desk, origin


def _waiting_in(unit: Unit, stream: str) -> list[str]:
    return [found.judged.change.id for found in unit.waiting(stream, None)]


def _streams_that_wait(unit: Unit) -> list[str]:
    return unit.streams_that_wait()
