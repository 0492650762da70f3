"""Files that are whole when they have their name, also after a loss of power."""

import errno
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

#: What its owner alone may read and write.
PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
_OTHERS: Final = 0o077


def keep_private(folder: Path, *, deep: bool = False) -> None:
    """Take from others what they may do in a folder that was made without care.

    The files in it are looked at, and those of its folders where it was open or `deep`.
    What belongs to somebody else stays as it is; Windows keeps its folders by itself.
    """
    if os.name == "nt" or not folder.is_dir():
        return
    deep = _close_to_others(folder, PRIVATE_FOLDER) or deep
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        if entry.is_symlink():
            continue
        if not entry.is_dir():
            _close_to_others(Path(entry.path), PRIVATE_FILE)
        elif deep:
            keep_private(Path(entry.path), deep=True)


def _close_to_others(path: Path, mode: int) -> bool:
    """Return whether others might look in."""
    try:
        is_open = bool(path.stat().st_mode & _OTHERS)
        if is_open:
            path.chmod(mode)
    except (FileNotFoundError, PermissionError):
        return False
    return is_open


def make_private_file(path: Path) -> None:
    """Make an empty file that its owner alone may read; one that is there stays.

    Where that cannot be, who writes it next says so in its own words.
    """
    with suppress(OSError):
        path.touch(PRIVATE_FILE, exist_ok=False)


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


def write_beside(path: Path, data: bytes) -> Path:
    """Write a file under its name or, where others have theirs, the next number; return where.

    What is there already with other contents is never written over.
    """
    for number in itertools.count(1):
        place = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        try:
            with place.open("xb") as file:
                file.write(data)
        except FileExistsError:
            if not place.is_file() or place.read_bytes() != data:
                continue
        return place
    raise AssertionError("numbers never end")
