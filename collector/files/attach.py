"""Attach files: read, judge, encrypt, then record them as a change like any other."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector.errors import RefusedError
from collector.files import wholeness
from collector.files.exif import taken
from collector.files.listing import File, files_of
from collector.laptop.laptop import Laptop
from collector.record import entry
from collector.record.names import candidates, one
from collector.rules.overlay import RecordView
from schemas import limits
from schemas.attachments import Attachments, fault_of
from schemas.media import HEAD_BYTES, sniff
from schemas.records import TYPES
from schemas.sets import joined

#: The record types that files can be attached to.
ATTACHABLE: Final = tuple(
    name
    for name, kind in TYPES.items()
    if isinstance(kind.fields.get("attachments"), Attachments)
)


@dataclass(frozen=True, slots=True)
class FilesAttached:
    """Files that are attached now, what was doubtful, and what was there before."""

    saved: entry.Saved
    files: list[File]
    before: set[str]
    warnings: list[str]


def find(
    laptop: Laptop, name: str, record_type: str | None, project_id: str | None
) -> RecordView:
    """Return the record that a name means; without a type, whatever type it has.

    Raises
    ------
    NotFoundError
        If there is none.
    RefusedError
        If several have the name.
    """
    types = (record_type,) if record_type else ATTACHABLE
    found = {kind: candidates(laptop.store, kind, name, project_id) for kind in types}
    named = [kind for kind, views in found.items() if views]
    if len(named) > 1:
        raise RefusedError(
            f"{name} means a {' and a '.join(named)}",
            f"add: --type {named[0]}",
            code="ambiguous",
        )
    views = found[named[0]] if named else []
    see = f"{types[0] if record_type else 'sample'} list"
    return one(", ".join(named or types), name, views, laptop.store, see)


def attach(laptop: Laptop, view: RecordView, paths: Sequence[Path]) -> FilesAttached:
    """Keep files and name them in a record.

    Raises
    ------
    RefusedError
        If one of them cannot be attached; nothing is kept then.
    """
    return attach_contents(laptop, view, [_read(path) for path in paths])


def attach_contents(
    laptop: Laptop,
    view: RecordView,
    files: Sequence[tuple[str, bytes]],
    reason: str | None = None,
) -> FilesAttached:
    """Keep the contents of files by their names, and name them in a record.

    The files are on disk, encrypted, before the change that names them.

    Raises
    ------
    RefusedError
        If one of them cannot be attached; nothing is kept then.
    """
    read = [_judged(name, data) for name, data in files]
    for file, data, _ in read:
        laptop.vault.put(file["sha256"], data, laptop.salt())
    here = {known["sha256"] for known in files_of(view)}
    new = [file for file, _, _ in read if file["sha256"] not in here]
    patch = {"attachments": joined(files_of(view), new)}
    saved = entry.edit(laptop, view, patch, reason)
    doubts = [f"{file['name']}: {doubt}" for file, _, found in read for doubt in found]
    return FilesAttached(saved, [file for file, _, _ in read], here, doubts)


def remove(laptop: Laptop, view: RecordView, file: File) -> entry.Saved:
    """Name a file in a record no more; its content stays where it is."""
    left = [known for known in files_of(view) if known["sha256"] != file["sha256"]]
    return entry.edit(laptop, view, {"attachments": left or None})


def _read(path: Path) -> tuple[str, bytes]:
    """Read one file whose size is allowed."""
    _check_size(path.name, path.stat().st_size)
    return path.name, path.read_bytes()


def _check_size(name: str, size: int) -> None:
    if not 0 < size <= limits.ATTACHMENT_BYTES:
        raise RefusedError(
            f"{name} has {size} bytes; 1 to {limits.ATTACHMENT_BYTES} are taken",
            "make the picture or scan smaller" if size else "look what became of it",
            code="too_large" if size else "empty",
        )


def _judged(name: str, data: bytes) -> tuple[File, bytes, list[str]]:
    """Return what a file is and says of itself, and what is doubtful."""
    _check_size(name, len(data))
    if fault := fault_of("name", name):
        raise RefusedError(
            f"the name of {name!r} cannot be kept: {fault.text}",
            "rename the file",
            code=fault.code,
        )
    mime = sniff(data[:HEAD_BYTES])
    if mime is None:
        raise RefusedError(
            f"{name} is no JPEG, PNG, WebP, HEIC or PDF, whatever its name says",
            "save it as one of these",
            code="blob_type",
        )
    said = taken(data)
    digest = hashlib.sha256(data).hexdigest()
    file = {"sha256": digest, "size": len(data), "mime": mime, "name": name}
    return file | said.fields, data, [*wholeness.doubts(data, mime), *said.warnings]
