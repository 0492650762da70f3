"""Whether the database is the one that was served here, or a copy put in its place.

A random mark stands in the database and in a file beside it. Both get a new one when
the service starts and when it ends, the database first. A database that was copied
away meanwhile and put back by hand has an older mark than the file. Where several hosts
serve one PostgreSQL database, each data directory has a mark of its own. Such a database also
says where it is: its cluster and timeline, which a restore or a promoted standby changes.
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

#: What stands between the directory that a mark names and the mark.
_OF: Final = "/"
#: The setting that holds where the database was served last.
_HOME: Final = "home"

#: Why the epoch begins.
COPIED: Final = "the database was copied or put back"


async def notice_copy(store: Store, path: Path, clock: Clock) -> bool:
    """Begin a new epoch when the database is a copy; return it a new mark either way."""
    beside = read_mark(path)
    epoch, now = clock.new_id(), clock.stamp()
    mark = await _next_mark(store, beside, clock)

    def job(tx: Transaction) -> bool:
        is_copy = _is_elsewhere(tx) or _is_behind(tx, beside, mark)
        if is_copy:
            tx.begin_epoch(epoch, now, COPIED, None)
        put_mark(tx, mark)
        return is_copy

    is_copy = await store.write(job)
    write_mark(path, mark)
    if is_copy:
        _LOG.warning("a new epoch begins", reason=COPIED, epoch=epoch)
    return is_copy


async def notice_move(store: Store, clock: Clock) -> bool:
    """Begin a new epoch where another cluster keeps the database now, or a promoted one."""
    if not await store.read(_is_elsewhere):
        return False
    epoch, now = clock.new_id(), clock.stamp()

    def job(tx: Transaction) -> bool:
        # Another process may have noticed it first.
        is_elsewhere = _is_elsewhere(tx)
        if is_elsewhere:
            tx.begin_epoch(epoch, now, COPIED, None)
            _note_home(tx)
        return is_elsewhere

    return await store.write(job)


def _is_elsewhere(tx: Transaction) -> bool:
    home, last = tx.home(), tx.setting(_HOME)
    return home is not None and last is not None and home != last


def _is_behind(tx: Transaction, beside: str | None, mark: str) -> bool:
    """Return whether the mark beside the database is none that it had of late.

    Power may fail after the database has its new mark and before the file has it. Of a
    directory that marked a database before, a database that never heard is older.
    """
    last, before = tx.setting(_key(_MARK, mark)), tx.setting(_key(_MARK_BEFORE, mark))
    if last is None:
        return beside is not None and _host_of(beside) == _host_of(mark) != ""
    return beside not in {last, before}


async def renew(store: Store, path: Path, clock: Clock) -> None:
    """Write a new mark to database and file, so that copies made until now are known."""
    mark = await _next_mark(store, read_mark(path), clock)
    await store.write(lambda tx: put_mark(tx, mark))
    write_mark(path, mark)


async def _next_mark(store: Store, beside: str | None, clock: Clock) -> str:
    """Return a new mark; it names the directory where several may serve one database."""
    if await store.read(lambda tx: tx.home()) is None:
        return clock.secret()
    host = _host_of(beside or "") or clock.new_id()
    return f"{host}{_OF}{clock.secret()}"


def _host_of(mark: str) -> str:
    """Return the directory that a mark names, or nothing."""
    host, divided, _ = mark.partition(_OF)
    return host if divided else ""


def _key(name: str, mark: str) -> str:
    """Return the setting that holds a mark of a directory."""
    host = _host_of(mark)
    return f"{name}:{host}" if host else name


def put_mark(tx: Transaction, mark: str) -> None:
    """Write a new mark to the database; the last one is remembered."""
    last = tx.setting(_key(_MARK, mark))
    if last is not None:
        tx.set_setting(_key(_MARK_BEFORE, mark), last)
    tx.set_setting(_key(_MARK, mark), mark)
    _note_home(tx)


def _note_home(tx: Transaction) -> None:
    if (home := tx.home()) is not None:
        tx.set_setting(_HOME, home)


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
