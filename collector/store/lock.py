"""One sync at a time: a lock on a file, freed by the system when we die."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.errors import BusyError


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock for a while.

    Raises
    ------
    BusyError
        If another process holds it.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle)
        yield
    finally:
        os.close(handle)


if sys.platform == "win32":

    def _take(handle: int) -> None:
        import msvcrt  # noqa: PLC0415 - exists on Windows only

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            raise _busy() from None

else:

    def _take(handle: int) -> None:
        import fcntl  # noqa: PLC0415 - exists on POSIX only

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise _busy() from None


def _busy() -> BusyError:
    return BusyError(
        "another sync of this laptop is running", "wait for it, or run it again later"
    )
