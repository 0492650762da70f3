"""Bundles: what a laptop sends by a stick goes the way of any push."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from schemas.bundles import REQUESTS, Bundle, BundleError, look, packed_in
from schemas.signing import is_signed, push_text
from server.clock import Clock
from server.errors import RefusedError, RequestError
from server.intake.pull import Pulled
from server.intake.push import Accepted, sync
from server.intake.request import Push, read_push
from server.store.port import Store, Transaction
from server.store.values import Device


@dataclass(frozen=True, slots=True)
class Answered:
    """One request of a bundle, and what it came to."""

    push: Push
    accepted: Accepted
    pulled: Pulled


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Whose bundle it was, and what became of each change."""

    device: Device
    answers: list[Answered]

    @property
    def verdicts(self) -> dict[str, int]:
        """Count the changes by their verdict."""
        return dict(Counter(v.outcome.value for v in self._all()))

    @property
    def known(self) -> int:
        """Count the changes that were here before."""
        return sum(verdict.repeated for verdict in self._all())

    @property
    def changes(self) -> int:
        """Count the changes."""
        return len(self._all())

    def _all(self) -> list[Any]:
        return [v for answered in self.answers for v in answered.accepted.verdicts]


async def take_in(store: Store, clock: Clock, file: Path) -> TakenIn:
    """Read a bundle whole, then store and merge it; a repeat does no harm.

    Raises
    ------
    RefusedError
        If it is damaged or cut, not of a live laptop of this server, or a part of its
        log is missing here.
    """
    # Only the first line is unpacked before it is known who signed.
    try:
        bundle = look(packed_in(file), REQUESTS)
    except BundleError as error:
        raise _damaged(str(error)) from None
    device = await store.read(lambda tx: _device_of(tx, bundle.head))
    if not is_signed(device.public_key or "", bundle.signature, bundle.signed):
        raise RefusedError(
            f"the bundle is not signed by the laptop {device.name}",
            [],
            "export it again on that laptop: permille bundle export",
        )
    # Each request is read twice and forgotten between: none is stored before all hold.
    count = await asyncio.to_thread(_check, bundle, device)
    answers: list[Answered] = []
    for place, push in enumerate(map(read_push, bundle.parts), start=1):
        # Rows are asked for once, after everything is merged.
        want = push.want if place == count else 0
        # What it says of its clock is as old as the bundle: it tells nothing here.
        push = replace(push, want=want, wall="")  # noqa: PLW2901
        answers.append(await _take_one(store, clock, device, push))
    return TakenIn(device, answers)


async def _take_one(store: Store, clock: Clock, device: Device, push: Push) -> Answered:
    head = await store.read(lambda tx: tx.log_head(push.log_id))
    # A bundle is a look at the log as it was: the laptop may have synced since.
    push = replace(push, head=max(push.head, head.n if head else 0))
    try:
        accepted, pulled = await sync(store, clock, device, push)
    except RequestError as error:
        raise RefusedError(
            f"the server cannot go on with log {push.log_id}: {error.problem.text}",
            [error.problem],
            "what came before it is stored; sync the laptop over a network",
        ) from None
    if accepted.need is not None:
        log, n = accepted.need
        raise RefusedError(
            f"the bundle goes on after change {push.acked_n} of log {push.log_id}, and"
            f" this server lacks log {log} from change {n}",
            [],
            "export everything on the laptop: permille bundle export --all FILE",
        )
    return Answered(push, accepted, pulled)


def _device_of(tx: Transaction, head: Mapping[str, Any]) -> Device:
    log = tx.log_head(str(head.get("log")))
    name = log.device_id if log else head.get("device")
    device = next((d for d in tx.devices() if d.id == name), None)
    if device is None:
        raise RefusedError(
            "the bundle is of a laptop that is not enrolled here",
            [],
            "is this the right server? else: permille-server device code",
        )
    if device.revoked_at is not None:
        raise RefusedError(
            f"the laptop {device.name} was revoked on {device.revoked_at[:10]}",
            [],
            "give it a new code, let it enrol again and export again",
        )
    return device


def _check(bundle: Bundle, device: Device) -> int:
    """Read every request before one of them is stored; return how many there are."""
    count = 0
    before: Push | None = None
    try:
        for push in map(read_push, bundle.parts):
            if not _is_signed(push, device):
                raise _damaged("a request in it is not signed by the laptop")
            if before is not None and not _follows(push, before):
                raise _damaged("a request is missing in it")
            count, before = count + 1, push
    except BundleError as error:
        raise _damaged(str(error)) from None
    except RequestError as error:
        raise _damaged(str(error.problem)) from None
    if not count:
        raise _damaged("it holds no request")
    return count


def _follows(push: Push, before: Push) -> bool:
    """Return whether a request goes on where the one before it ended, or is of another log."""
    is_next = before.end == (push.acked_n, push.acked_hash)
    return is_next or push.log_id != before.log_id


def _is_signed(push: Push, device: Device) -> bool:
    signed = push_text(push.log_id, *push.end)
    return not push.changes or is_signed(
        device.public_key or "", push.signature, signed
    )


def _damaged(text: str) -> RefusedError:
    return RefusedError(
        f"the bundle cannot be used: {text}",
        [],
        "nothing was stored; copy it again, or export it again on the laptop",
    )
