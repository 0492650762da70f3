"""Attached files: who may send and see them, and how they arrive."""

import asyncio
import errno
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from schemas import limits
from schemas.media import HEAD_BYTES, sniff
from schemas.problems import Problem
from server.errors import RequestError, refuse
from server.files.disk import BlobFiles, BlobState
from server.store.port import Store
from server.store.values import AttachedFile, Device


class Blobs:
    """The files of a running server; one request at a time writes to one of them."""

    def __init__(self, path: Path) -> None:
        self.files = BlobFiles(path)
        self._root = path.parent
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def lock(self, sha256: str) -> asyncio.Lock:
        """Return the lock of one file."""
        return self._locks.setdefault(sha256, asyncio.Lock())

    def has_room(self) -> bool:
        """Return whether the disk has more free than is kept for records."""
        return shutil.disk_usage(self._root).free > limits.BLOB_RESERVE_BYTES


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a file, and how long the whole of it is to be."""

    sha256: str
    offset: int
    length: int


async def named_for(store: Store, device: Device, sha256: str) -> list[AttachedFile]:
    """Return where live records that a device may see name a file.

    Raises
    ------
    RequestError
        403 if none does: nobody fills the disk with files that nothing names.
    """
    found = await store.read(lambda tx: tx.attached(device.projects, sha256))
    if not found:
        raise refuse("blob_foreign", sha256)
    return found


def check(blobs: Blobs, piece: Piece, named: Sequence[AttachedFile]) -> None:
    """Refuse a piece before its bytes are read.

    Raises
    ------
    RequestError
        If it cannot belong to the file, or does not begin where that ends here.
    """
    if piece.length > limits.ATTACHMENT_BYTES:
        raise refuse("too_large", f"a file may have {limits.ATTACHMENT_BYTES} bytes")
    if piece.length not in {attached.file["size"] for attached in named}:
        raise refuse("blob_length", f"{piece.length} bytes")
    _check_offset(blobs.files.state(piece.sha256), piece.offset)
    if not blobs.has_room():
        raise refuse("disk_full")


async def append(
    store: Store,
    blobs: Blobs,
    piece: Piece,
    data: bytes,
    named: Sequence[AttachedFile],
) -> BlobState:
    """Put bytes at the end of a file; when it is whole, let it be seen.

    Raises
    ------
    RequestError
        If they do not fit, or the whole is not the file that was named; then what had
        arrived is dropped.
    """
    types = {attached.file["mime"] for attached in named}
    async with blobs.lock(piece.sha256):
        work = partial(_append, blobs.files, piece, data, types)
        return await store.locked(piece.sha256, work)


def _append(files: BlobFiles, piece: Piece, data: bytes, types: set[str]) -> BlobState:
    _check_offset(files.state(piece.sha256), piece.offset)
    reached = piece.offset + len(data)
    if reached > piece.length:
        raise refuse("too_large", f"{reached} bytes of {piece.length}")
    try:
        files.append(piece.sha256, data)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise refuse("disk_full") from None
        raise
    begins = piece.offset < HEAD_BYTES <= reached
    if begins or reached == piece.length:
        _check_type(files, piece.sha256, types)
    if reached < piece.length:
        return BlobState(reached, complete=False)
    if not files.finish(piece.sha256):
        files.drop(piece.sha256)
        raise refuse("blob_hash", piece.sha256)
    return BlobState(reached, complete=True)


def _check_offset(state: BlobState | None, offset: int) -> None:
    state = state or BlobState(0, complete=False)
    if state.complete or state.offset != offset:
        problem = Problem("blob_offset", detail=f"{state.offset} bytes are here")
        raise RequestError(problem, offset_headers(state))


def _check_type(files: BlobFiles, sha256: str, types: set[str]) -> None:
    found = sniff(files.head(sha256, HEAD_BYTES))
    if found not in types:
        files.drop(sha256)
        raise refuse("blob_type", f"{found or 'unknown'} instead of {min(types)}")


def offset_headers(state: BlobState) -> dict[str, str]:
    """Return how much of a file is here."""
    return {
        "Upload-Offset": str(state.offset),
        "Upload-Complete": "?1" if state.complete else "?0",
    }


async def attachments(
    store: Store, files: BlobFiles, project_id: str | None
) -> list[dict[str, Any]]:
    """Return every file that records name, and how much of it is here."""
    found = await store.read(
        lambda tx: tx.attached([project_id] if project_id else None)
    )
    return [_told(attached, files) for attached in found]


def _told(attached: AttachedFile, files: BlobFiles) -> dict[str, Any]:
    state = files.state(attached.file["sha256"])
    fields = attached.fields
    name = fields.get("code") or fields.get("name") or fields.get("sample_code")
    return {
        "project": attached.project_id,
        "type": attached.type,
        "record": attached.record_id,
        "label": name or attached.record_id,
        **attached.file,
        "state": _state(state),
        "arrived": state.offset if state else 0,
    }


def _state(state: BlobState | None) -> str:
    if state is None:
        return "missing"
    return "here" if state.complete else "arriving"
