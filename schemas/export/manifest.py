"""What an export says of itself: rows and SHA-256 of every file, and of which moment.

A folder has it inside, as `manifest.json`; one file beside it, as `NAME.manifest.json`.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from schemas.durable_files import durable_file
from schemas.export.shape import TYPE_OF
from schemas.version import SCHEMA_VERSION, __version__

MANIFEST: Final = "manifest.json"


class Snapshot(NamedTuple):
    """Of which moment records are; with `since`, which earlier moment they follow.

    `veil` is the role that sees no more than what was written; empty where all was.
    """

    cursor: str
    since: str | None = None
    veil: str = ""


class Written(NamedTuple):
    """One file: its rows, where it has any, bytes and hash."""

    name: str
    rows: int | None
    size: int
    sha256: str


class Exported(NamedTuple):
    """What was written: where, the rows of each table, the files with their hashes."""

    place: str
    kind: str
    snapshot: Snapshot
    rows: Mapping[str, int]
    files: tuple[Written, ...]
    manifest: str

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"place": self.place, "manifest": self.manifest, **self.about()}

    def about(self) -> dict[str, Any]:
        """Return what the manifest says, which names no place."""
        return {
            "permille": __version__,
            "schema": SCHEMA_VERSION,
            "kind": self.kind,
            "snapshot": self.snapshot.cursor,
            "since": self.snapshot.since,
            **({"veil": self.snapshot.veil} if self.snapshot.veil else {}),
            "rows": dict(self.rows),
            "types": {name: TYPE_OF[name] for name in self.rows if name in TYPE_OF},
            "files": [one._asdict() for one in self.files],
        }

    def lines(self) -> list[str]:
        """Return in words what was written; one file by its hash, as sha256sum has it."""
        where = f"written to {self.place}, with {self.manifest}"
        if self.snapshot.veil:
            where += f", with --veil {self.snapshot.veil}: it cannot be taken in again"
        if len(self.files) == 1:
            (one,) = self.files
            return [f"{one.sha256}  {one.name}", where]
        many = f"{len(self.files)} files {where}"
        return [many, "rows and SHA-256 of each are there"]


def place_of_manifest(target: Path, *, is_folder: bool) -> Path:
    """Return where the manifest of an export lies."""
    if is_folder:
        return target / MANIFEST
    return target.with_name(f"{target.name}.{MANIFEST}")


def files_of(begun: Path, target: Path, rows: Mapping[str, int]) -> tuple[Written, ...]:
    """Return what is said of a file, or of each file of a folder."""
    if not begun.is_dir():
        return (_written(begun, target.name, sum(rows.values())),)
    found = sorted(path for path in begun.rglob("*") if path.is_file())
    return tuple(
        _written(path, path.relative_to(begun).as_posix(), rows.get(path.stem))
        for path in found
    )


def write_json(path: Path, value: object) -> None:
    """Write a file of one JSON document, for people to read."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    with durable_file(path) as file:
        file.write(f"{text}\n".encode())


def _written(path: Path, name: str, rows: int | None) -> Written:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Written(name, rows, path.stat().st_size, digest)
