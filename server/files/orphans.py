"""Attached files that nothing names any more: listed, and removed when they are old.

A file stays as long as a live record names it, a change that waits or an open conflict
may bring it back, or one of them let it go lately: what was deleted can be restored, and
the laptop that attached it may have dropped its own copy.
"""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from server.clock import iso
from server.files.disk import BlobFiles, StoredFile
from server.store.port import Store, Transaction


@dataclass(frozen=True, slots=True)
class OrphanFile:
    """A file that nothing names; one that never became whole is an unfinished one."""

    sha256: str
    bytes: int
    written_at: str
    state: str

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return asdict(self)


async def orphans(store: Store, files: BlobFiles, before_ms: int) -> list[OrphanFile]:
    """Return the files that were written, and named last, before a moment."""
    old = [file for file in files.stored() if file.written_ms < before_ms]
    found = await store.read(
        lambda tx: [file for file in old if not _is_named(tx, file, before_ms)]
    )
    return [_told(file) for file in found]


async def remove_orphans(
    store: Store, files: BlobFiles, before_ms: int
) -> list[OrphanFile]:
    """Remove those files; what is named meanwhile stays."""
    return [
        _told(file)
        for file in list(files.stored())
        if await store.write(partial(_remove, file=file, before_ms=before_ms))
    ]


def _remove(tx: Transaction, file: StoredFile, before_ms: int) -> bool:
    """Remove a file while nobody can write a record that names it."""
    if file.written_ms >= before_ms or _is_named(tx, file, before_ms):
        return False
    file.path.unlink(missing_ok=True)
    return True


def _is_named(tx: Transaction, file: StoredFile, before_ms: int) -> bool:
    return tx.is_named_since(file.sha256, iso(before_ms))


def _told(file: StoredFile) -> OrphanFile:
    state = "whole" if file.is_whole else "unfinished"
    return OrphanFile(file.sha256, file.size, iso(file.written_ms), state)
