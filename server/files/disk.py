"""Attached files in the data directory, each under the SHA-256 of its content.

A file that is arriving is a `.part`; it takes its own name only when its content has
that hash, so whatever has the name is whole. What was acknowledged was fsynced.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from schemas.attachments import is_digest
from schemas.durable_files import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    durable_file,
    flush_directory,
    make_private_file,
)


@dataclass(frozen=True, slots=True)
class BlobState:
    """How much of a file is here."""

    offset: int
    complete: bool


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on the disk, whole or arriving, and when it was written last."""

    sha256: str
    path: Path
    size: int
    written_ms: int
    is_whole: bool


class BlobFiles:
    """The files of one server; callers see to it that one writes at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def path(self, sha256: str) -> Path:
        """Return where a whole file lies."""
        return self._path / sha256[:2] / sha256

    def state(self, sha256: str) -> BlobState | None:
        """Return how much of a file is here; None when nothing is."""
        whole = _size(self.path(sha256))
        if whole is not None:
            return BlobState(whole, complete=True)
        part = _size(self._part(sha256))
        return None if part is None else BlobState(part, complete=False)

    def whole(self) -> Iterator[tuple[str, Path]]:
        """Return every file that has its own name, in the order of the names."""
        for path in sorted(self._path.glob("??/*")):
            if path.suffix != ".part":
                yield path.name, path

    def stored(self) -> Iterator[StoredFile]:
        """Return every file of this directory, also those that are arriving."""
        for path in sorted(self._path.glob("??/*")):
            is_whole = path.suffix != ".part"
            name = path.name if is_whole else path.stem
            if is_digest(name) and path.is_file():
                found = path.stat()
                ms = found.st_mtime_ns // 1_000_000
                yield StoredFile(name, path, found.st_size, ms, is_whole)

    def append(self, sha256: str, data: bytes) -> None:
        """Put bytes at the end of a file that is arriving."""
        path = self._part(sha256)
        self._make_folder(sha256)
        make_private_file(path)
        with path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def keep(self, sha256: str, content: Path) -> None:
        """Copy a file whose content has that hash; it has its name once it is whole."""
        with content.open("rb") as file:
            self.keep_open(sha256, file)

    def keep_open(self, sha256: str, content: BinaryIO) -> None:
        """Copy the rest of an open file whose content has that hash, as `keep` does."""
        self._make_folder(sha256)
        with durable_file(self.path(sha256), mode=PRIVATE_FILE) as copy:
            shutil.copyfileobj(content, copy)

    def touch(self, sha256: str) -> None:
        """Note that a whole file was sent again: what nothing names goes by its age."""
        os.utime(self.path(sha256))

    def nameless(self) -> BinaryIO:
        """Return a file for what has no hash yet: it goes when it is closed, or by a kill."""
        self._path.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        return cast("BinaryIO", TemporaryFile(dir=self._path))

    def head(self, sha256: str, size: int) -> bytes:
        """Return the first bytes of a file that is arriving."""
        with self._part(sha256).open("rb") as file:
            return file.read(size)

    def finish(self, sha256: str) -> bool:
        """Return an arrived file its name; tell whether its content has the hash."""
        path = self._part(sha256)
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            return False
        path.rename(self.path(sha256))
        flush_directory(path.parent)
        return True

    def drop(self, sha256: str) -> None:
        """Forget what arrived of a file."""
        self._part(sha256).unlink(missing_ok=True)

    def _make_folder(self, sha256: str) -> None:
        folder = self.path(sha256).parent
        if not folder.exists():
            self._path.mkdir(PRIVATE_FOLDER, exist_ok=True)
            folder.mkdir(PRIVATE_FOLDER, exist_ok=True)
            flush_directory(self._path)

    def _part(self, sha256: str) -> Path:
        return self._path / sha256[:2] / f"{sha256}.part"


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
