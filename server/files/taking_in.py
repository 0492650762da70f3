"""Attached files of an export, taken in again where a live record names them."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from schemas.export.taking_in import FilesTakenIn
from server.files.disk import BlobFiles


def take_in_files(
    blobs: BlobFiles, files: Mapping[str, Path], named: set[str]
) -> FilesTakenIn:
    """Keep files whose content has the hash that they are named for."""
    counts = {"kept": 0, "here": 0, "unnamed": 0, "damaged": 0}
    for sha256, path in files.items():
        state = blobs.state(sha256)
        if sha256 not in named:
            counts["unnamed"] += 1
        elif state is not None and state.complete:
            counts["here"] += 1
        elif not _has(path, sha256):
            counts["damaged"] += 1
        else:
            blobs.keep(sha256, path)
            counts["kept"] += 1
    return FilesTakenIn(**counts)


def _has(path: Path, sha256: str) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256
