"""Bundles: sync by a stick, where no network is.

What is exported is what a sync would send, body by body, and nothing is marked as
sent: only an answer of the server does that, on a stick or by a later sync.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.client.traffic import Traffic
from collector.errors import RefusedError
from collector.laptop import settings
from collector.laptop.keys import check_receipt, is_of_server, sign
from collector.laptop.laptop import Laptop
from collector.rules.log_heads import Cursor, LogHead
from collector.rules.reply import CutReplyError, RemovalGuard, Reply, read_reply
from collector.rules.request import Now, Reading, first_batch, write_request
from collector.sync.tally import SyncReport, Tally
from schemas import bundles, chain, limits
from schemas.durable_files import write_durably


@dataclass(frozen=True, slots=True)
class Exported:
    """What is in a bundle."""

    changes: int
    requests: int
    bytes: int


def export(laptop: Laptop, file: Path, *, everything: bool = False) -> Exported:
    """Write what the server has not acknowledged, or everything, to a file.

    Raises
    ------
    RefusedError
        If this laptop is not enrolled.
    """
    device = laptop.store.setting(settings.DEVICE)
    if device is None:
        raise RefusedError(
            "this laptop is not enrolled",
            "it needs a network once: permille enrol URL CODE",
            code="not_enrolled",
        )
    with laptop.sync_lock():
        bodies = list(_bodies(laptop, everything=everything))
        head = {
            "format": bundles.REQUESTS,
            "device": device,
            "log": laptop.store.head().id,
            "made_at": laptop.clock.stamp(),
            "changes": sum(count for count, _ in bodies),
        }
        parts = [body for _, body in bodies]
        packed = bundles.write(head, parts, lambda text: sign(laptop, text))
    _write(file, packed)
    return Exported(int(str(head["changes"])), len(parts), len(packed))


def apply(laptop: Laptop, file: Path) -> SyncReport:
    """Take in the server's answers to a bundle; a repeat does nothing.

    Raises
    ------
    RefusedError
        If the file is damaged, or not of this laptop's server for this laptop.
    """
    bundle = _answers(laptop, file)
    try:
        answers = [_answer(laptop, part) for part in bundle.parts]
    except bundles.BundleError as error:
        raise _refused(f"{file} cannot be used: {error}") from None
    tally = Tally()
    with laptop.sync_lock():
        for answer in answers:
            _take_in(laptop, answer, tally)
    return tally.report(
        pending=laptop.store.count_unacknowledged(),
        traffic=Traffic(),
        duration_s=0.0,
        clock_skew_s=-int(laptop.store.setting(settings.CLOCK_OFFSET) or 0) / 1000,
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer, and to which request."""

    log: str
    first_n: int
    last_n: int
    cursors: Mapping[str, Cursor]
    reply: Reply


def _bodies(laptop: Laptop, *, everything: bool) -> Iterator[tuple[int, bytes]]:
    """Return each request with its number of changes; one asks for news at least."""
    store = laptop.store
    logs = store.logs()
    if everything:
        logs = [log._replace(acked_n=0, acked_hash=chain.START) for log in logs]
    waiting = [log for log in logs if log.acked_n < log.n] or logs[-1:]
    cursors = {s: cursor for s, cursor in store.cursors().items() if cursor}
    reading = Reading(cursors, laptop.late)
    now = Now(laptop.clock.stamp(), laptop.free_mib)
    for log in waiting:
        for head, batch in _batches(laptop, log):
            lines = laptop.batch_after(head, batch)
            yield (
                len(batch),
                write_request(head, lines, reading, now, lambda t: sign(laptop, t)),
            )


def _batches(laptop: Laptop, log: LogHead) -> Iterator[tuple[LogHead, list[bytes]]]:
    head = log
    while True:
        batch = first_batch(
            laptop.store.tail(head.acked_n, limits.BATCH_CHANGES + 1, head.number)
        )
        yield head, batch
        last = head.acked_hash
        for raw in batch:
            last = chain.link(last, raw)
        head = head._replace(acked_n=head.acked_n + len(batch), acked_hash=last)
        if head.acked_n >= head.n:
            return


def _write(file: Path, packed: bytes) -> None:
    """Write a file that is whole when it has its name: a stick may be pulled."""
    if file.exists() and not bundles.may_be_one(_first_bytes(file)):
        raise RefusedError(
            f"{file} exists and is no bundle", "name another file", code="exists"
        )
    write_durably(file, packed)


def _first_bytes(file: Path) -> bytes:
    with file.open("rb") as there:
        return there.read(4)


def _answers(laptop: Laptop, file: Path) -> bundles.Bundle:
    try:
        bundle = bundles.look(bundles.packed_in(file), bundles.ANSWERS)
    except bundles.BundleError as error:
        raise _refused(f"{file} cannot be used: {error}") from None
    if not is_of_server(laptop, bundle.signature, bundle.signed):
        raise _refused(f"{file} is not signed by the server that this laptop knows")
    if bundle.head.get("device") != laptop.store.setting(settings.DEVICE):
        raise _refused(f"{file} answers another laptop")
    return bundle


def _answer(laptop: Laptop, part: bytes) -> _Answer:
    first, _, body = part.partition(b"\n")
    try:
        said: dict[str, Any] = json.loads(first)
        reply = read_reply(body.split(b"\n"))
        found = _Answer(
            str(said["log"]),
            int(said["from"]),
            int(said["to"]),
            {s: (str(pair[0]), int(pair[1])) for s, pair in said["cursors"].items()},
            reply,
        )
    except (CutReplyError, ValueError, KeyError, TypeError) as error:
        raise _refused(f"an answer cannot be read: {error}") from None
    check_receipt(laptop, reply)
    return found


def _take_in(laptop: Laptop, answer: _Answer, tally: Tally) -> None:
    """Take in an answer, unless what it says is known or has a gap before it."""
    store = laptop.store
    log = next((log for log in store.logs() if log.id == answer.log), None)
    if log is None or log.acked_n != answer.first_n:
        return
    asked = {s: answer.cursors.get(s) for s in {*store.cursors(), *answer.cursors}}
    removals = RemovalGuard(store.count_live())
    applied = store.apply(answer.reply, log, asked, laptop.timestamp(), removals)
    tally.add(applied, answer.last_n - answer.first_n)
    if applied.removals.too_many():
        raise RefusedError(
            "the server would take away many records; nothing was removed",
            "ask the administrator; if it is right: permille sync --accept-removals",
            code="many_removals",
        )


def _refused(text: str) -> RefusedError:
    return RefusedError(
        text,
        "nothing was taken from it; copy it again from the server",
        code="bad_bundle",
    )
