"""Logs: dense, chained from their first line to their head, with verdicts and receipts."""

from collections.abc import Iterator

from schemas import chain
from schemas.changes import read_change
from schemas.signing import public_key
from server.operations.audit.findings import Kept, Steps, guarded, one_of
from server.operations.audit.receipts import Receipts
from server.operations.audit.verdicts import check_verdict
from server.store.kept_values import (
    KeptLine,
    KeptLog,
    KeptReceipt,
    LogRows,
    ServerIdentity,
    Totals,
)
from server.store.values import Fault, Progress

_CHECK = "logs"
_RECEIPTS = "receipts"


def check_logs(kept: Kept, progress: Progress) -> Iterator[Fault]:
    """Check every line of every log, its verdict, and every receipt."""
    for found in kept.kept(LogRows):
        if not found.is_here:
            text = f"there is no such log, but {found.rows} {found.what}s"
            yield Fault(_CHECK, f"log {found.log_id}", text)
    totals = one_of(kept, Totals)
    steps = Steps(progress, "changes", totals.changes if totals else 0)
    identity = one_of(kept, ServerIdentity)
    server_key = public_key(bytes.fromhex(identity.signing_key)) if identity else ""
    for log in kept.kept(KeptLog):
        receipts = Receipts(log, server_key, kept.kept(KeptReceipt, log.id))
        faults = _check_log(kept, log, receipts, steps)
        yield from guarded(_CHECK, f"log {log.id}", faults)


def _check_log(
    kept: Kept, log: KeptLog, receipts: Receipts, steps: Steps
) -> Iterator[Fault]:
    receipts.advance()
    place, digest = 0, chain.START
    for line in kept.kept(KeptLine, log.id):
        steps.one()
        where = f"log {log.id}, change {line.n}"
        if line.n != place + 1:
            yield Fault(_CHECK, where, f"change {place + 1} is missing before it")
        place, digest = line.n, chain.link(digest, line.raw)
        if digest != line.hash:
            yield Fault(_CHECK, where, "its line or its hash was altered")
            # So that every line after it is judged by itself.
            digest = line.hash if len(line.hash) == len(chain.START) else digest
        yield from guarded(_CHECK, where, _check_line(kept, log, line, digest))
        found = (Fault(_RECEIPTS, where, what) for what in receipts.check(line, digest))
        yield from guarded(_RECEIPTS, where, found)
    if (place, digest) != (log.n, log.hash):
        yield Fault(_CHECK, f"log {log.id}", f"its head is not its change {place}")
    for what in receipts.check_end(place):
        yield Fault(_RECEIPTS, f"log {log.id}", what)


def _check_line(
    kept: Kept, log: KeptLog, line: KeptLine, digest: bytes
) -> Iterator[Fault]:
    where = f"log {log.id}, change {line.n}"
    change = read_change(log.id, line.raw, digest)
    # One that says the id of another laptop's change is kept under its own.
    ids = {change.id, chain.change_id(digest)}
    is_own = (change.n, change.project_id) == (line.n, line.project_id)
    if not is_own or line.change_id not in ids:
        yield Fault(_CHECK, where, "its number, project or id is not that of its line")
    for what in check_verdict(kept, change, line):
        yield Fault("verdicts", where, what)
