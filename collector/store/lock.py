"""One sync at a time: a lock on a file, freed by the system when we die."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from collector.errors import BusyError
from schemas.phrases import _, figure

#: Most syncs end within seconds; who waits longer wants to know and decide.
WAIT_S: Final = 10.0


@contextmanager
def held(
    path: Path, tell: Callable[[str], None] = lambda _text: None
) -> Iterator[None]:
    """Hold the lock for a while; wait a few seconds for another process that holds it.

    `tell` is called before such a wait, with words for a person.

    Raises
    ------
    BusyError
        If the other process does not end.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - 40 ms that others spare

    lock = FileLock(path, mode=0o600)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            tell(
                _(
                    "another sync of this laptop is running; waiting up to {seconds} s",
                    seconds=figure(WAIT_S),
                )
            )
            lock.acquire(timeout=WAIT_S)
    except Timeout:
        raise BusyError(
            _("another sync of this laptop is running"),
            _("wait for it, then try again"),
        ) from None
    try:
        yield
    finally:
        lock.release()
