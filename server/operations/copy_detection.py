"""Whether the database is the one that was served here, or a copy put in its place.

A random mark stands in the database and in a file beside it. Both get a new one when
the service starts and when it ends, the database first. A database that was copied
away meanwhile and put back by hand has an older mark than the file.
"""

from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from schemas.durable_files import PRIVATE_FILE, write_durably
from server.clock import Clock
from server.store.port import Store, Transaction

_LOG: Final = structlog.get_logger("permille")

#: The settings that hold the mark that was written last, and the one before it.
_MARK: Final = "mark"
_MARK_BEFORE: Final = "mark_before"

#: Why the epoch begins.
COPIED: Final = "the database was copied or put back"


async def notice_copy(store: Store, path: Path, clock: Clock) -> bool:
    """Begin a new epoch when the database is a copy; return it a new mark either way."""
    beside = read_mark(path)
    epoch, now, mark = clock.new_id(), clock.stamp(), clock.secret()

    def job(tx: Transaction) -> bool:
        last, before = tx.setting(_MARK), tx.setting(_MARK_BEFORE)
        # Power may fail after the database has its new mark and before the file has it.
        is_copy = last is not None and beside not in {last, before}
        if is_copy:
            tx.begin_epoch(epoch, now, COPIED, None)
        put_mark(tx, mark)
        return is_copy

    is_copy = await store.write(job)
    write_mark(path, mark)
    if is_copy:
        _LOG.warning("a new epoch begins", reason=COPIED, epoch=epoch)
    return is_copy


async def renew(store: Store, path: Path, clock: Clock) -> None:
    """Write a new mark to database and file, so that copies made until now are known."""
    mark = clock.secret()
    await store.write(lambda tx: put_mark(tx, mark))
    write_mark(path, mark)


def put_mark(tx: Transaction, mark: str) -> None:
    """Write a new mark to the database; the last one is remembered."""
    last = tx.setting(_MARK)
    if last is not None:
        tx.set_setting(_MARK_BEFORE, last)
    tx.set_setting(_MARK, mark)


def read_mark(path: Path) -> str | None:
    """Read the mark beside the database."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip() or None
    except FileNotFoundError:
        return None


def write_mark(path: Path, mark: str) -> None:
    """Write the mark beside the database: the old one stands, or the new one."""
    write_durably(path, f"{mark}\n".encode("ascii"), mode=PRIVATE_FILE)


def forget_mark(path: Path) -> None:
    """Remove the file."""
    with suppress(FileNotFoundError):
        path.unlink()
