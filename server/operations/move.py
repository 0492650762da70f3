"""Move a server to another database: every row, checked, and a new timeline.

The old database stays as it is. Laptops go on with their next sync: the new epoch tells
them to compare what they have.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from server.access.audit_log import Act, AuditedStore
from server.clock import Clock
from server.config import DataDirectory
from server.data import (
    copy_rows_to,
    look_into,
    open_store,
    remember_address,
    sole_server,
)
from server.errors import StorageError
from server.operations.audit.audit import find_faults
from server.operations.backup import put_aside
from server.operations.copy_detection import put_mark, write_mark
from server.store.port import Transaction

#: Why the epoch of a moved database begins.
MOVED: Final = "moved to another database"


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, and the timeline that begins with it."""

    rows: int
    projects: int
    changes: int
    epoch: str


async def move(
    data: DataDirectory,
    address: str | None,
    clock: Clock,
    progress: Callable[[str, int, int], None],
    act: Act,
) -> Moved:
    """Copy a server that nobody serves to another database, check it, and go on there.

    `address` is that of a PostgreSQL database, None for a file in the data directory.

    Raises
    ------
    ServerError
        If it is served, the target has a server, or what was copied is not the same.
    """
    target = replace(data, named=address or "")
    with sole_server(data):
        if address is None and data.address is not None:
            put_aside(target, clock)
        rows = copy_rows_to(
            data, target, lambda done, total: progress("copying rows", done, total)
        )
        with look_into(data) as here, look_into(target) as there:
            _compare(here, there)
            faults = find_faults(there, progress)
            if (fault := next(faults, None)) is not None:
                raise StorageError(
                    f"what was copied does not hold: {fault.check}: {fault.where}:"
                    f" {fault.what}",
                    "verify the server where it is; it stays there",
                )
            stats, projects = there.stats(), len(there.projects())
        epoch = await _begin(target, clock, act)
        remember_address(data, address)
    return Moved(rows, projects, stats.changes, epoch)


async def _begin(data: DataDirectory, clock: Clock, act: Act) -> str:
    """Begin the new epoch in a database that nobody serves yet."""
    epoch, now, mark = clock.new_id(), clock.stamp(), clock.secret()

    def job(tx: Transaction) -> None:
        tx.begin_epoch(epoch, now, MOVED, None)
        put_mark(tx, mark)

    store = AuditedStore(open_store(data), clock, act)
    try:
        await store.write(job)
    finally:
        store.close()
    write_mark(data.mark, mark)
    return epoch


def _compare(here: Transaction, there: Transaction) -> None:
    """Compare counts, heads, digests and receipts of every project.

    Raises
    ------
    StorageError
        If any differs.
    """
    names = here.heads()
    if here.project_heads(names) != there.project_heads(names):
        raise StorageError(
            "heads, digests or receipts of projects are not the same after the copy",
            "verify the server where it is; it stays there",
        )
    ours, theirs = here.stats(), there.stats()
    if replace(ours, database_bytes=0) != replace(theirs, database_bytes=0):
        raise StorageError(
            "the two databases do not hold as many rows",
            "verify the server where it is; it stays there",
        )
