"""Conflicts and quarantine: what an administrator decides, and that authors hear of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from schemas import hlc, limits
from schemas.messages import Outcome
from schemas.operations import Operation
from schemas.problems import Problem
from schemas.version import SCHEMA_VERSION
from server.clock import Clock, iso
from server.errors import NotFoundError
from server.intake.load import load_merge_state, waiting_change, waiting_until
from server.intake.log_checks import DOUBTED, YES
from server.intake.receipts import own_device
from server.intake.save import save
from server.merge.merge import decide_again
from server.merge.model import Origin, Verdict, WaitingChange
from server.merge.state import MergeState
from server.merge.statuses import FOR_A_PERSON, CustodyStatus
from server.merge.verdicts import bring_back, close_discarded
from server.store.custody_values import CustodyQuery
from server.store.port import Store, Transaction

#: The setting that holds the newest schema version that waiting changes were judged by.
SCHEMA_SETTING: Final = "schema_version"
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


async def rejudge(store: Store, clock: Clock, project_id: str | None) -> Reviewed:
    """Judge everything that waits again, as after a change of rules or of records.

    Each change stays bound to the projects of its own laptop: what lies outside is
    for a person to release.
    """
    project_ids = [project_id] if project_id else await store.read(_projects_that_wait)
    total = Reviewed(0, 0, 0)
    for name in project_ids:
        for device, ids in await store.read(partial(_waiting_in, project_id=name)):
            for start in range(0, len(ids), _BATCH):
                part = ids[start : start + _BATCH]
                total += await _again(store, clock, name, part, device)
    return total


async def rejudge_once(store: Store, clock: Clock) -> Reviewed | None:
    """Judge everything that waits again if the schema is newer than it was last time.

    Returns None when it is not; a repeat does nothing.
    """
    known = await store.read(lambda tx: tx.setting(SCHEMA_SETTING))
    if int(known or 0) >= SCHEMA_VERSION:
        return None
    done = await rejudge(store, clock, None)
    now = str(SCHEMA_VERSION)
    await store.write(lambda tx: tx.set_setting(SCHEMA_SETTING, now))
    return done


async def release(
    store: Store,
    clock: Clock,
    project_id: str,
    changes: Sequence[str],
    done: Operation | None = None,
) -> Reviewed:
    """Judge waiting changes again; the scope of their laptop does not bind them.

    The others of a group that stands or falls together are judged with them. What is let
    in names the operation that this is part of.

    Raises
    ------
    NotFoundError
        If none of them waits.
    """
    reason = done.reason if done else None
    reviewed = await _again(store, clock, project_id, changes, None, reason)
    if not reviewed.tried:
        raise _nothing_waits()
    return reviewed


async def release_waiting(store: Store, clock: Clock) -> int:
    """Release what waits for records that have come, a batch a transaction.

    A push releases the first of them itself; a repeat is harmless. Returns how many
    were tried.
    """
    total = await _judge_doubted(store, clock)
    while await store.read(lambda tx: tx.next_release()) is not None:
        total += await store.write(partial(_release_next, now_ms=clock.now_ms()))
    return total


async def _judge_doubted(store: Store, clock: Clock) -> int:
    """Judge again who claimed to have seen rows, since it was shown that they were lost."""
    if await store.read(lambda tx: tx.setting(DOUBTED)) != YES:
        return 0
    total = 0
    for project_id in await store.read(_projects_that_wait):
        for device, ids in await store.read(
            partial(_doubted_in, project_id=project_id)
        ):
            for start in range(0, len(ids), _BATCH):
                part = ids[start : start + _BATCH]
                total += (await _again(store, clock, project_id, part, device)).tried
    await store.write(lambda tx: tx.set_setting(DOUBTED, ""))
    return total


def _doubted_in(tx: Transaction, project_id: str) -> list[tuple[str, list[str]]]:
    query = CustodyQuery(project_id=project_id, statuses=(CustodyStatus.OPEN,))
    doubted = {
        found.change_id
        for found in tx.quarantine(query)
        if any(problem.code == "base_beyond_head" for problem in found.why)
    }
    return [
        (device, own)
        for device, ids in _waiting_in(tx, project_id)
        if (own := [change_id for change_id in ids if change_id in doubted])
    ]


def _release_next(tx: Transaction, now_ms: int) -> int:
    place = tx.next_release()
    if place is None:
        return 0
    project_id, record, after = place
    found, _ = waiting_until(tx, project_id, {record}, after, limits.RELEASED_AT_ONCE)
    last = max((waiting.place for waiting in found), default=None)
    tx.note_release(project_id, record, last)
    if found:
        _judge_again(
            tx, [waiting_change(each, tx.epoch()) for each in found], now_ms, None
        )
    return len(found)


async def discard(
    store: Store,
    clock: Clock,
    project_id: str,
    changes: Sequence[str],
    reason: str,
    done: Operation | None = None,
) -> int:
    """Discard waiting changes for a reason; their authors are told.

    They name the operation that this is part of.

    Raises
    ------
    NotFoundError
        If none of them waits.
    """
    now_ms = clock.now_ms()

    def job(tx: Transaction) -> int:
        waiting = _waiting(tx, project_id, changes)
        if not waiting:
            raise _nothing_waits()
        state, origin = _load(tx, waiting, now_ms, None)
        for found in waiting:
            change = found.validated.change
            why = [Problem("discarded", detail=reason)]
            state.change_verdict(
                Verdict(change.id, change.project_id, Outcome.QUARANTINED, why=why)
            )
            close_discarded(state, change)
        save(tx, state, origin, reason=done.reason if done else reason)
        return len(waiting)

    return await store.write(job)


async def wait_again(
    store: Store, clock: Clock, project_id: str, changes: Sequence[str]
) -> None:
    """Have discarded changes wait again for what they waited for; authors are told."""
    now_ms = clock.now_ms()

    def job(tx: Transaction) -> None:
        query = CustodyQuery(
            project_id=project_id,
            statuses=(CustodyStatus.DISCARDED,),
            change_ids=changes,
        )
        found = tx.quarantine(query)
        waiting = [waiting_change(one, tx.epoch()) for one in found]
        if not waiting:
            return
        state, origin = _load(tx, waiting, now_ms, None)
        for one, again in zip(found, waiting, strict=True):
            bring_back(state, again.validated, one.why, one.waits_for)
            if one.waits_for and state.find(project_id, one.waits_for) is not None:
                # What it waited for has come meanwhile: it is released by itself.
                state.arrived.append((project_id, one.waits_for))
                state.has_more_waiting.add(project_id)
        save(tx, state, origin)

    await store.write(job)


async def _again(
    store: Store,
    clock: Clock,
    project_id: str,
    changes: Sequence[str],
    device: str | None,
    reason: str | None = None,
) -> Reviewed:
    """Judge waiting changes again, for a laptop or, without one, for an administrator."""
    now_ms = clock.now_ms()

    def job(tx: Transaction) -> Reviewed:
        waiting = _whole_groups(tx, project_id, _waiting(tx, project_id, changes))
        if not waiting:
            return Reviewed(0, 0, 0)
        state = _judge_again(tx, waiting, now_ms, device, reason)
        still = sum(found.validated.change.id in state.waiting for found in waiting)
        return Reviewed(len(waiting), len(waiting) - still, still)

    return await store.write(job)


def _judge_again(
    tx: Transaction,
    waiting: list[WaitingChange],
    now_ms: int,
    device: str | None,
    reason: str | None = None,
) -> MergeState:
    """Judge waiting changes again; their authors hear of it where the verdict differs."""
    state, origin = _load(tx, waiting, now_ms, device)
    before = dict(state.known)
    decide_again(state, waiting, origin)
    state.late_verdicts = {
        name: verdict
        for name, verdict in state.late_verdicts.items()
        if not _is_old_news(verdict, before.get(name))
    }
    save(tx, state, origin, reason=reason)
    _admit_founders(tx, state, waiting)
    return state


def _admit_founders(
    tx: Transaction, state: MergeState, waiting: Sequence[WaitingChange]
) -> None:
    """Grant the projects that were begun here to the laptops that began them."""
    for found in waiting:
        change = found.validated.change
        head = tx.log_head(change.log_id)
        is_founder = change.record_id == change.project_id in state.new_projects
        if is_founder and head is not None:
            tx.set_access(head.device_id, change.project_id, None)
            tx.count_begun(head.device_id, 1)


def _whole_groups(
    tx: Transaction, project_id: str, found: list[WaitingChange]
) -> list[WaitingChange]:
    """Add what stands or falls with these changes, in the log they came in."""
    changes = [waiting.validated.change for waiting in found]
    groups = {(change.log_id, change.group) for change in changes if change.group}
    if not groups:
        return found
    ids = {change.id for change in changes}
    return [
        waiting
        for waiting in _waiting(tx, project_id)
        if (change := waiting.validated.change).id in ids
        or (change.log_id, change.group) in groups
    ]


def _is_old_news(verdict: Verdict, before: Verdict | None) -> bool:
    """Return whether the author has heard just this."""
    return before is not None and (verdict.outcome, verdict.why) == (
        before.outcome,
        before.why,
    )


def _load(
    tx: Transaction, waiting: list[WaitingChange], now_ms: int, device: str | None
) -> tuple[MergeState, Origin]:
    known = {found.id: found for found in tx.devices()}
    own = own_device(tx)
    whose = known.get(device or own.id, own)
    origin = Origin(whose.id, iso(now_ms), hlc.at(now_ms + 1), is_admin=device is None)
    batch = [found.validated for found in waiting]
    return load_merge_state(tx, batch, whose, is_admin=device is None), origin


def _nothing_waits() -> NotFoundError:
    return NotFoundError(
        "no such change waits", "see: permille-server quarantine list --all"
    )


def _waiting_in(tx: Transaction, project_id: str) -> list[tuple[str, list[str]]]:
    """Return the changes that wait in a project, by the laptop that sent them.

    What a person alone lets in is left out.
    """
    by_log: dict[str, list[str]] = {}
    for found in tx.quarantine(CustodyQuery(project_id=project_id)):
        if not any(problem.code in FOR_A_PERSON for problem in found.why):
            by_log.setdefault(found.line.log_id, []).append(found.change_id)
    heads = {log: tx.log_head(log) for log in by_log}
    return [(head.device_id, by_log[log]) for log, head in heads.items() if head]


def _projects_that_wait(tx: Transaction) -> list[str]:
    return sorted({found.project_id for found in tx.quarantine(CustodyQuery())})


def _waiting(
    tx: Transaction, project_id: str, change_ids: Sequence[str] | None = None
) -> list[WaitingChange]:
    """Return changes of a project that wait in custody, oldest first."""
    query = CustodyQuery(project_id=project_id, change_ids=change_ids)
    return [waiting_change(found, tx.epoch()) for found in tx.quarantine(query)]
