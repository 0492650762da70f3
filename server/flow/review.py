"""Conflicts and quarantine: what an administrator decides, and that authors hear of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from schemas import hlc, limits
from schemas.messages import Outcome
from schemas.problems import Problem
from schemas.version import SCHEMA_VERSION
from server.clock import Clock, iso
from server.errors import NotFoundError
from server.store.port import Store, Unit
from server.store.values import Device
from server.sync.desk import Desk
from server.sync.merge import decide_again
from server.sync.model import Origin, Verdict, Waiting
from server.sync.verdicts import give_up

#: Changes judged again in one transaction.
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What came of judging waiting changes again."""

    tried: int
    settled: int
    waiting: int

    def __add__(self, other: "Reviewed") -> "Reviewed":
        return Reviewed(
            self.tried + other.tried,
            self.settled + other.settled,
            self.waiting + other.waiting,
        )


async def rejudge(store: Store, clock: Clock, stream: str | None) -> Reviewed:
    """Judge everything that waits again, as after a change of rules or of records.

    Each change stays bound to the projects of its own laptop: what lies outside is
    for a person to release.
    """
    streams = [stream] if stream else await store.read(_streams_that_wait)
    total = Reviewed(0, 0, 0)
    for name in streams:
        for device, ids in await store.read(partial(_waiting_in, stream=name)):
            for start in range(0, len(ids), _BATCH):
                part = ids[start : start + _BATCH]
                total += await _again(store, clock, name, part, device)
    return total


async def rejudge_once(store: Store, clock: Clock) -> Reviewed | None:
    """Judge everything that waits again if the schema is newer than it was last time.

    Returns None when it is not; a repeat does nothing.
    """
    if await store.read(lambda unit: unit.schema_version()) >= SCHEMA_VERSION:
        return None
    done = await rejudge(store, clock, None)
    await store.write(lambda unit: unit.note_schema_version(SCHEMA_VERSION))
    return done


async def release(
    store: Store, clock: Clock, stream: str, changes: Sequence[str]
) -> Reviewed:
    """Judge waiting changes again; the scope of their laptop does not bind them.

    The others of a group that stands or falls together are judged with them.

    Raises
    ------
    NotFoundError
        If none of them waits.
    """
    done = await _again(store, clock, stream, changes, None)
    if not done.tried:
        raise _nothing_waits()
    return done


async def release_waiting(store: Store, clock: Clock) -> int:
    """Release what waits for records that have come, a batch a transaction.

    A push releases the first of them itself; a repeat is harmless. Returns how many
    were tried.
    """
    total = 0
    while await store.read(lambda unit: unit.next_release()) is not None:
        total += await store.write(partial(_release_next, now_ms=clock.now_ms()))
    return total


def _release_next(unit: Unit, now_ms: int) -> int:
    place = unit.next_release()
    if place is None:
        return 0
    stream, record, after = place
    waiting, last = unit.waiting_until(stream, record, after, limits.RELEASED_AT_ONCE)
    unit.note_release(stream, record, last if waiting else None)
    if waiting:
        _judge_again(unit, waiting, now_ms, None)
    return len(waiting)


async def discard(
    store: Store, clock: Clock, stream: str, changes: Sequence[str], reason: str
) -> int:
    """Discard waiting changes for a reason; their authors are told.

    Raises
    ------
    NotFoundError
        If none of them waits.
    """
    now_ms = clock.now_ms()

    def job(unit: Unit) -> int:
        waiting = unit.waiting(stream, changes)
        if not waiting:
            raise _nothing_waits()
        desk, origin = _lay(unit, waiting, now_ms, None)
        for found in waiting:
            change = found.judged.change
            why = [Problem("discarded", detail=reason)]
            desk.revise(Verdict(change.id, change.stream, Outcome.QUARANTINED, why=why))
            give_up(desk, change)
        unit.keep_effects(desk, origin)
        unit.note_reason(stream, [w.judged.change.id for w in waiting], reason)
        return len(waiting)

    return await store.write(job)


async def _again(
    store: Store, clock: Clock, stream: str, changes: Sequence[str], device: str | None
) -> Reviewed:
    """Judge waiting changes again, for a laptop or, without one, for an administrator."""
    now_ms = clock.now_ms()

    def job(unit: Unit) -> Reviewed:
        waiting = _whole_groups(unit, stream, unit.waiting(stream, changes))
        if not waiting:
            return Reviewed(0, 0, 0)
        desk = _judge_again(unit, waiting, now_ms, device)
        still = sum(found.judged.change.id in desk.waiting for found in waiting)
        return Reviewed(len(waiting), len(waiting) - still, still)

    return await store.write(job)


def _judge_again(
    unit: Unit, waiting: list[Waiting], now_ms: int, device: str | None
) -> Desk:
    """Judge waiting changes again; their authors hear of it where the verdict differs."""
    desk, origin = _lay(unit, waiting, now_ms, device)
    before = dict(desk.known)
    decide_again(desk, waiting, origin)
    desk.revised = {
        name: verdict
        for name, verdict in desk.revised.items()
        if not _is_old_news(verdict, before.get(name))
    }
    unit.keep_effects(desk, origin)
    return desk


def _whole_groups(unit: Unit, stream: str, found: list[Waiting]) -> list[Waiting]:
    """Add what stands or falls with these changes, in the log they came in."""
    changes = [waiting.judged.change for waiting in found]
    groups = {(change.log, change.group) for change in changes if change.group}
    if not groups:
        return found
    ids = {change.id for change in changes}
    return [
        waiting
        for waiting in unit.waiting(stream, None)
        if (change := waiting.judged.change).id in ids
        or (change.log, change.group) in groups
    ]


def _is_old_news(verdict: Verdict, before: Verdict | None) -> bool:
    """Return whether the author has heard just this."""
    return before is not None and (verdict.outcome, verdict.why) == (
        before.outcome,
        before.why,
    )


def _lay(
    unit: Unit, waiting: list[Waiting], now_ms: int, device: str | None
) -> tuple[Desk, Origin]:
    own = unit.own_device()
    known: dict[str, Device] = {found.id: found for found in [own, *unit.devices()]}
    whose = known.get(device or own.id, own)
    origin = Origin(whose.id, iso(now_ms), hlc.at(now_ms + 1), is_admin=device is None)
    batch = [found.judged for found in waiting]
    return unit.lay_desk(batch, set(whose.projects), set(whose.withdrawn)), origin


def _nothing_waits() -> NotFoundError:
    return NotFoundError(
        "no such change waits", "see: permille-server quarantine list --all"
    )


def _waiting_in(unit: Unit, stream: str) -> list[tuple[str, list[str]]]:
    """Return the changes that wait in a project, by the laptop that sent them."""
    by_log: dict[str, list[str]] = {}
    for found in unit.waiting(stream, None):
        by_log.setdefault(found.judged.change.log, []).append(found.judged.change.id)
    heads = {log: unit.log_head(log) for log in by_log}
    return [(head.device, by_log[log]) for log, head in heads.items() if head]


def _streams_that_wait(unit: Unit) -> list[str]:
    return unit.streams_that_wait()
