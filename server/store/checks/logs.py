"""Logs: dense, chained from their first line to their head, signed and receipted."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from schemas import chain
from schemas.changes import read_change
from schemas.signing import (
    NO_RECEIPT,
    is_signed,
    public_key,
    push_text,
    receipt_hash,
    receipt_text,
)
from server.store.checks.faults import Steps, guarded
from server.store.checks.verdicts import StoredVerdict, check_verdict
from server.store.driver import Connection
from server.store.values import Fault, Progress

_LINES: Final = """
    SELECT n, raw, hash, received_at, project_id, change_id, outcome, seq, why, conflicts
    FROM change WHERE log_id = ? ORDER BY n
"""
_ORPHANS: Final = """
    SELECT 'change', log_id, count(*) FROM change
    WHERE log_id NOT IN (SELECT log_id FROM log) GROUP BY log_id
    UNION ALL
    SELECT 'receipt', log_id, count(*) FROM receipt
    WHERE log_id NOT IN (SELECT log_id FROM log) GROUP BY log_id
"""
_CHECK: Final = "logs"
_RECEIPTS: Final = "receipts"


class _Log(NamedTuple):
    id: str
    n: int
    hash: bytes
    parent: str | None
    key: str


@dataclass(slots=True)
class _Receipts:
    """The receipts of one log, in order, and the one that comes next."""

    rows: Iterator[Any]
    server_key: str
    next: Any = None
    was_any: bool = False

    def advance(self) -> None:
        """Go on to the next receipt."""
        self.next = next(self.rows, None)


def check_logs(
    connection: Connection, scratch: Connection, progress: Progress
) -> Iterator[Fault]:
    """Check every line of every log, its verdict, and every receipt.

    `scratch` takes the number of each applied change, by project and record.
    """
    for what, log, count in connection.execute(_ORPHANS):
        yield Fault(_CHECK, f"log {log}", f"there is no such log, but {count} {what}s")
    total = connection.execute("SELECT count(*) FROM change").fetchone()[0]
    steps = Steps(progress, "changes", total)
    server_key = _server_key(connection)
    rows = connection.execute(
        "SELECT l.log_id, l.n, l.hash, l.parent_log, d.public_key"
        " FROM log l LEFT JOIN device d ON d.device_id = l.device_id ORDER BY l.rowid"
    )
    for row in rows.fetchall():
        log = _Log(row[0], row[1], bytes(row[2]), row[3], row[4] or "")
        faults = _check_log(connection, scratch, log, server_key, steps)
        yield from guarded(_CHECK, f"log {log.id}", faults)


def _server_key(connection: Connection) -> str:
    row = connection.execute(
        "SELECT value FROM meta WHERE key = 'signing_key'"
    ).fetchone()
    return public_key(bytes.fromhex(row[0]))


def _check_log(
    connection: Connection,
    scratch: Connection,
    log: _Log,
    server_key: str,
    steps: Steps,
) -> Iterator[Fault]:
    receipts = _Receipts(_receipts_of(connection, log.id), server_key)
    receipts.advance()
    place, digest = 0, chain.START
    for n, raw, stored, received_at, *verdict in connection.execute(_LINES, (log.id,)):
        steps.one()
        where = f"log {log.id}, change {n}"
        if n != place + 1:
            yield Fault(_CHECK, where, f"change {place + 1} is missing before it")
        place, digest = n, chain.link(digest, bytes(raw))
        if digest != bytes(stored):
            yield Fault(_CHECK, where, "its line or its hash was altered")
            # So that every line after it is judged by itself.
            digest = bytes(stored) if len(stored) == len(chain.START) else digest
        known = StoredVerdict(*verdict)
        line = _check_line(connection, scratch, (log.id, n, raw, digest), known)
        yield from guarded(_CHECK, where, line)
        receipt = _check_receipt(receipts, log, n, digest, received_at)
        yield from guarded(_RECEIPTS, where, receipt)
    if (place, digest) != (log.n, log.hash):
        yield Fault(_CHECK, f"log {log.id}", f"its head is not its change {place}")
    if receipts.next is not None:
        n = receipts.next[0]
        yield Fault(_RECEIPTS, f"log {log.id}", f"a receipt for change {n}, not here")
    elif receipts.was_any and place and not _is_covered(connection, log.id, place):
        yield Fault(_RECEIPTS, f"log {log.id}", "no receipt for its last change")


def _is_covered(connection: Connection, log: str, n: int) -> bool:
    row = connection.execute(
        "SELECT max(n) FROM receipt WHERE log_id = ?", (log,)
    ).fetchone()
    return bool(row[0] == n)


def _check_line(
    connection: Connection,
    scratch: Connection,
    line: tuple[str, int, bytes, bytes],
    known: StoredVerdict,
) -> Iterator[Fault]:
    log, n, raw, digest = line
    where = f"log {log}, change {n}"
    change = read_change(log, bytes(raw), digest)
    # One that says the id of another laptop's change is kept under its own.
    ids = {change.id, chain.change_id(digest)}
    if (change.n, change.project_id) != (
        n,
        known.project_id,
    ) or known.change_id not in ids:
        yield Fault(_CHECK, where, "its number, project or id is not that of its line")
    for what in check_verdict(connection, change, known):
        yield Fault("verdicts", where, what)
    if known.seq is not None:
        scratch.execute(
            "INSERT INTO applied VALUES (?, ?, ?)",
            (change.project_id, change.record_id, known.seq),
        )


def _receipts_of(connection: Connection, log: str) -> Iterator[Any]:
    rows = connection.execute(
        "SELECT n, raw, signature, pushed FROM receipt WHERE log_id = ? ORDER BY n",
        (log,),
    )
    return iter(rows)


def _check_receipt(
    receipts: _Receipts, log: _Log, n: int, digest: bytes, received_at: str
) -> Iterator[Fault]:
    """Check the receipt that a line belongs to: the next one, which covers it."""
    if receipts.next is None:
        return
    last, raw, signature, pushed = receipts.next
    where = f"log {log.id}, change {n}"
    said = json.loads(raw)
    # Lines of before receipts were sent earlier than the first receipt says.
    if received_at != said["at"] and (receipts.was_any or received_at > said["at"]):
        yield Fault(
            _RECEIPTS,
            where,
            f"received at {received_at}, says the change;"
            f" {said['at']}, says its receipt",
        )
    if n != last:
        return
    receipts.was_any = True
    receipts.advance()
    if not is_signed(receipts.server_key, signature, receipt_text(raw)):
        yield Fault(_RECEIPTS, where, "the server's key did not sign its receipt")
    if (said["log"], said["n"], said["hash"]) != (log.id, n, digest.hex()):
        yield Fault(_RECEIPTS, where, "its receipt is for another line")
    if not is_signed(log.key, pushed, push_text(log.id, n, digest)):
        yield Fault(_RECEIPTS, where, "the laptop's key did not sign the push")


def check_receipts(connection: Connection) -> Iterator[Fault]:
    """Check that the receipts of each project follow each other to the last one."""
    last: dict[str, tuple[int, str]] = {}
    rows = connection.execute("SELECT log_id, n, raw FROM receipt ORDER BY rowid")
    for log, n, raw in rows:
        found = _check_links(last, raw, f"receipt for log {log}, change {n}")
        yield from guarded(_RECEIPTS, f"receipt for log {log}, change {n}", found)
    project_ids = connection.execute(
        "SELECT project_id, receipt_count, receipt_hash FROM project"
    )
    for project_id, *end in project_ids:
        if tuple(end) != last.get(project_id, (0, NO_RECEIPT)):
            where = f"project {project_id}"
            yield Fault(_RECEIPTS, where, "its last receipt is not the one it counts")


def _check_links(
    last: dict[str, tuple[int, str]], raw: str, where: str
) -> Iterator[Fault]:
    link = receipt_hash(raw)
    for project_id, (count, before) in json.loads(raw)["streams"].items():
        if last.get(project_id, (0, NO_RECEIPT)) != (count - 1, before):
            yield Fault(
                _RECEIPTS, where, f"does not follow the one before ({project_id})"
            )
        last[project_id] = (count, link)
