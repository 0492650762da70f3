"""A backup: one file that says by itself whether it is whole.

A tar archive with the database, the attached files and, last, a manifest (JSON: sizes
and SHA-256 of the others, when it was made and where the server stood), and then one
line, the trailer, with the SHA-256 of everything before it. So any flipped bit is found,
in the padding between files too. `tar -tf` reads it.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from schemas.durable_files import PRIVATE_FILE, PRIVATE_FOLDER, durable_file
from server.errors import AlreadyThereError, ServerError

#: Version of this format.
FORMAT: Final = 1
DATABASE: Final = "permille.db"
MANIFEST: Final = "manifest.json"
_TRAILER: Final = b"permille backup 1 sha256 "
_TRAILER_BYTES: Final = len(_TRAILER) + 64 + 1
_PIECE: Final = 1024 * 1024

#: Told how many bytes are done, and of how many.
Progress = Callable[[int, int], None]


class BackupError(ServerError):
    """A file is no whole backup."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds, and what was said of the server when it was made."""

    parts: tuple[Part, ...]
    about: Mapping[str, Any]

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        parts = [[part.name, part.size, part.sha256] for part in self.parts]
        return {"format": FORMAT, **self.about, "parts": parts}


def write_backup(
    target: Path,
    files: Iterable[tuple[str, Path]],
    about: Mapping[str, Any],
    progress: Progress,
    *,
    force: bool = False,
) -> Manifest:
    """Write files into a backup under a temporary name, read it back, then rename it.

    What this returns for is on the disk, whole, and was read again.

    Raises
    ------
    AlreadyThereError
        If the target exists, unless forced.
    BackupError
        If what is read back is not what was written.
    """
    refuse_present(target, force=force)
    # It holds the server's keys.
    with durable_file(target, mode=PRIVATE_FILE) as file:
        hashed = _Hashed(file)
        manifest = _write_archive(hashed, list(files), about, progress)
        file.write(_TRAILER + hashed.digest.hexdigest().encode() + b"\n")
        _drop_from_memory(file)
        if check_backup(Path(file.name), progress) != manifest:
            raise BackupError(f"{file.name} reads back otherwise than it was written")
    return manifest


def refuse_present(target: Path, *, force: bool) -> None:
    """Refuse to write over a file.

    Raises
    ------
    AlreadyThereError
        If it exists, unless forced.
    """
    if target.exists() and not force:
        raise AlreadyThereError(
            f"{target} exists already", "name another file, or give --force"
        )


def check_backup(path: Path, progress: Progress) -> Manifest:
    """Read all of a backup and compare it with its hashes; return its manifest.

    Raises
    ------
    BackupError
        If one bit of it is not as it was written.
    """
    _check_trailer(path, progress)
    try:
        return _read_parts(path)
    except (tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{path} cannot be read: {error}", _OTHER) from error


def unpack_backup(path: Path, folder: Path, manifest: Manifest) -> None:
    """Put the files of a checked backup into a folder, each one fsynced."""
    known = {part.name for part in manifest.parts}
    with _archive(path) as archive:
        for member in archive:
            if member.name not in known:
                continue
            target = folder / member.name
            target.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
            source = archive.extractfile(member)
            assert source is not None
            with durable_file(target, mode=PRIVATE_FILE) as file:
                _copy(source, file.write)


_OTHER: Final = "take another backup; keep this file as it is"


class _Hashed(io.RawIOBase):
    """A file that is written from its beginning to its end, and hashed on the way."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self.digest = hashlib.sha256()
        self._file = file

    def write(self, data: Any) -> int:  # noqa: ANN401 - any bytes
        self.digest.update(data)
        return self._file.write(data)


def _write_archive(
    target: _Hashed,
    files: list[tuple[str, Path]],
    about: Mapping[str, Any],
    progress: Progress,
) -> Manifest:
    total = sum(path.stat().st_size for _, path in files)
    parts: list[Part] = []
    done = 0
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for name, path in files:
            parts.append(_add(archive, name, path))
            done += parts[-1].size
            progress(done, total)
        manifest = Manifest(tuple(parts), about)
        text = json.dumps(manifest.as_data(), indent=1).encode()
        archive.addfile(_member(MANIFEST, len(text)), io.BytesIO(text))
    return manifest


def _add(archive: tarfile.TarFile, name: str, path: Path) -> Part:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        archive.addfile(_member(name, size), _Reading(file, digest.update))
    return Part(name, size, digest.hexdigest())


class _Reading(io.RawIOBase):
    """A file whose bytes are shown to somebody while they are read."""

    def __init__(self, file: IO[bytes], seen: Callable[[bytes], None]) -> None:
        super().__init__()
        self._file, self._seen = file, seen

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._seen(data)
        return data


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, PRIVATE_FILE
    return member


def _check_trailer(path: Path, progress: Progress) -> None:
    size = path.stat().st_size
    left = size - _TRAILER_BYTES
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while left > 0 and (piece := file.read(min(_PIECE, left))):
            digest.update(piece)
            left -= len(piece)
            done += len(piece)
            progress(done, size)
        trailer = file.read()
    if not trailer.startswith(_TRAILER) or len(trailer) != _TRAILER_BYTES:
        raise BackupError(
            f"{path} is no whole backup: its last line is not that of one",
            "it was cut, damaged there, or is another file; take another backup",
        )
    if trailer != _TRAILER + digest.hexdigest().encode() + b"\n":
        raise BackupError(
            f"{path} is damaged: its SHA-256 is {digest.hexdigest()},"
            f" its last line says {trailer[len(_TRAILER) : -1].decode(errors='replace')}",
            _OTHER,
        )


def _read_parts(path: Path) -> Manifest:
    found: list[Part] = []
    manifest: dict[str, Any] | None = None
    with _archive(path) as archive:
        for member in archive:
            source = archive.extractfile(member)
            if source is None or not _is_plain(member.name):
                raise ValueError(f"{member.name!r} is no file of a backup")
            if member.name == MANIFEST:
                manifest = json.load(source)
                continue
            digest = hashlib.sha256()
            _copy(source, digest.update)
            found.append(Part(member.name, member.size, digest.hexdigest()))
    if manifest is None:
        raise ValueError("it has no manifest")
    said = tuple(Part(*part) for part in manifest.pop("parts"))
    if manifest.pop("format") != FORMAT:
        raise ValueError("it was written by another version of Permille")
    if said != tuple(found):
        raise ValueError("its files are not those of its manifest")
    return Manifest(said, manifest)


def _is_plain(name: str) -> bool:
    """Return whether a name leads nowhere but into the folder."""
    parts = name.split("/")
    return not {"", ".", ".."} & set(parts) and "\\" not in name and ":" not in name


def _archive(path: Path) -> tarfile.TarFile:
    return tarfile.open(path, mode="r:")


def _drop_from_memory(file: IO[bytes]) -> None:
    """Have what was written read back from the disk."""
    file.flush()
    os.fsync(file.fileno())
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _copy(source: IO[bytes], write: Callable[[bytes], object]) -> None:
    while piece := source.read(_PIECE):
        write(piece)
