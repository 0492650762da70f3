"""Files that are whole when they have their name, also after a loss of power."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def flush_directory(path: Path) -> None:
    """Make the names in a directory survive a loss of power; Windows has no such call."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # What a file system answers that cannot do it, such as some on sticks.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)


@contextmanager
def durable_file(path: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Write a file beside its place and put it there at the end, all of it or nothing.

    What goes wrong leaves the file of before, and nothing beside it.
    """
    begun = path.with_name(path.name + ".part")
    begun.unlink(missing_ok=True)
    try:
        begun.touch(mode, exist_ok=False)
        with begun.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        begun.replace(path)
    finally:
        begun.unlink(missing_ok=True)
    flush_directory(path.parent)


def write_durably(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write a file; it is on the disk when this returns, or is as it was."""
    with durable_file(path, mode=mode) as file:
        file.write(data)
