"""Back up, restore, verify: what an administrator practises before it is needed."""

import hashlib
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from schemas.durable_files import PRIVATE_FOLDER, flush_directory
from schemas.version import SCHEMA_VERSION, __version__
from server.access.audit_log import Act, AuditedStore
from server.clock import Clock
from server.config import DataDirectory
from server.data import (
    copy_database,
    look_into,
    open_store,
    sole_server,
    table_version,
)
from server.derivation.recheck import check_derived
from server.errors import (
    AlreadyThereError,
    NoDataError,
    ServerError,
    StorageError,
    UsageError,
)
from server.files.disk import BlobFiles
from server.operations.archive import (
    DATABASE,
    BackupError,
    Manifest,
    check_backup,
    refuse_present,
    unpack_backup,
    write_backup,
)
from server.operations.audit.audit import find_faults
from server.operations.copy_detection import put_mark, write_mark
from server.store.port import Transaction
from server.store.values import Fault, Progress

#: Why the epoch of a restored database begins.
RESTORED: Final = "restored"


#: The setting that says when a backup was made and read back last.
BACKED_UP: Final = "backed_up_at"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore put in place, and where it put what was there before."""

    manifest: Manifest
    epoch: str
    kept: Path | None


async def back_up(
    data: DataDirectory,
    target: Path,
    clock: Clock,
    progress: Progress,
    *,
    force: bool = False,
) -> Manifest:
    """Write a backup of a server's data; the server may be running.

    Raises
    ------
    ServerError
        If there is no data, the file exists, or it cannot be written and read back.
    """
    _refuse_elsewhere(data)
    if not data.database.exists():
        raise NoDataError(
            f"there is no server data in {data.path}",
            f"run: permille-server --data {data.path} init",
        )
    refuse_present(target, force=force)
    # A database of an older version gets the present tables before it is copied.
    open_store(data).close()
    with (
        _spoken_of(target),
        tempfile.TemporaryDirectory(
            dir=target.parent, prefix=f".{target.name}."
        ) as folder,
    ):
        database = Path(folder) / DATABASE
        copy_database(
            data,
            database,
            lambda left, pages: progress("copying the database", pages - left, pages),
        )
        with look_into(DataDirectory(Path(folder), "")) as tx:
            about = _about(tx, clock)
        # After the database: every file that was whole when it was copied is there.
        blobs = [
            (f"{data.blobs.name}/{name[:2]}/{name}", path)
            for name, path in BlobFiles(data.blobs).whole()
        ]
        made = write_backup(
            target,
            [(DATABASE, database), *blobs],
            about,
            partial(progress, "writing the backup and reading it back"),
            force=force,
        )
    await _note(data, about["made_at"])
    return made


async def _note(data: DataDirectory, made_at: str) -> None:
    """Keep when a backup was made and read back, for `doctor` to tell."""
    store = open_store(data)
    try:
        await store.write(lambda tx: tx.set_setting(BACKED_UP, made_at))
    finally:
        store.close()


def _refuse_elsewhere(data: DataDirectory) -> None:
    """Refuse what copies files where the database is none.

    Raises
    ------
    UsageError
        If the database is PostgreSQL.
    """
    if data.address is not None:
        raise UsageError(
            "the database is PostgreSQL, which has backups of its own",
            "use pg_basebackup or pgBackRest, and copy the attached files:"
            f" {data.blobs}",
        )


def _about(tx: Transaction, clock: Clock) -> dict[str, Any]:
    """Describe the state of a server."""
    projects = tx.projects()
    return {
        "made_at": clock.stamp(),
        "permille": __version__,
        "schema": SCHEMA_VERSION,
        "tables": table_version(),
        "epoch": tx.epoch(),
        "heads": {found.id: found.head for found in projects},
        "changes": tx.stats().changes,
    }


@dataclass(frozen=True, slots=True)
class Forced:
    """What a restore does only when it is told to."""

    replaces: bool = False
    with_faults: bool = False


NOT_FORCED: Final = Forced()


async def restore(
    data: DataDirectory,
    file: Path,
    clock: Clock,
    progress: Progress,
    act: Act,
    forced: Forced = NOT_FORCED,
) -> Restored:
    """Put a backup in place of a server's data, with a new epoch.

    Raises
    ------
    ServerError
        If the backup is damaged or does not verify, a server is running, or there are
        data and it is not forced.
    """
    _refuse_elsewhere(data)
    manifest = checked_backup(file, progress)
    data.path.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    with sole_server(data), _spoken_of(data.path):
        if data.database.exists() and not forced.replaces:
            raise AlreadyThereError(
                f"{data.path} has data",
                "name an empty --data directory, or give --force:"
                " the database that is there is kept under another name",
            )
        with tempfile.TemporaryDirectory(dir=data.path, prefix="restoring-") as folder:
            unpack_backup(file, Path(folder), manifest)
            new = DataDirectory(Path(folder), "")
            # A backup of an older version gets the present tables.
            open_store(new).close()
            if not forced.with_faults:
                _refuse_faulty(new, file, progress)
            mark = clock.secret()
            epoch = await _begin(new, clock, mark, act)
            kept = put_aside(data, clock)
            _put_in_place(new, data)
        write_mark(data.mark, mark)
    return Restored(manifest, epoch, kept)


def _refuse_faulty(new: DataDirectory, file: Path, progress: Progress) -> None:
    """Refuse what is whole as a file, and was never written so by a server."""
    fault = next(verify(new, progress), None)
    if fault is not None:
        raise BackupError(
            f"{file} does not verify: {fault.check}: {fault.where}: {fault.what}",
            f"nothing was replaced; permille-server verify --backup {file} lists every"
            " fault; take another backup, or this one as it is: restore --with-faults",
        )


def checked_backup(file: Path, progress: Progress) -> Manifest:
    """Check a backup, and that this version of Permille can use it.

    Raises
    ------
    BackupError
        If it is damaged, missing, or made by a newer version.
    """
    if not file.is_file():
        raise BackupError(f"there is no file {file}", "name a backup")
    with _spoken_of(file):
        manifest = check_backup(file, partial(progress, "reading the backup"))
    if manifest.about["tables"] > table_version():
        raise BackupError(
            f"{file} was made by Permille {manifest.about['permille']},"
            f" which is newer than this one ({__version__})",
            "install that version",
        )
    return manifest


@contextmanager
def unpacked(file: Path, manifest: Manifest) -> Iterator[DataDirectory]:
    """Unpack a checked backup for a while, with the tables of this version."""
    with (
        _spoken_of(file),
        tempfile.TemporaryDirectory(prefix="permille-verify-") as folder,
    ):
        unpack_backup(file, Path(folder), manifest)
        data = DataDirectory(Path(folder), "")
        open_store(data).close()
        yield data


def verify(data: DataDirectory, progress: Progress) -> Iterator[Fault]:
    """Check everything that a data directory holds; nothing is written.

    Raises
    ------
    StorageError
        If the database cannot be opened.
    """
    with look_into(data) as tx:
        was_any = False
        for fault in find_faults(tx, progress):
            was_any = True
            yield fault
        # Numbers are derived again only from records that hold.
        if not was_any:
            yield from check_derived(tx, progress)
        sent = {file.sha256 for file in tx.phone_files()}
    yield from _check_files(data, progress)
    yield from _check_sent(BlobFiles(data.blobs), sent)


def _check_files(data: DataDirectory, progress: Progress) -> Iterator[Fault]:
    files = list(BlobFiles(data.blobs).whole())
    for done, (sha256, path) in enumerate(files, start=1):
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            yield Fault(
                "attached files", str(path), f"cannot be read: {error.strerror}"
            )
            continue
        if found != sha256:
            yield Fault("attached files", str(path), f"its SHA-256 is {found}")
        progress("attached files", done, len(files))


def _check_sent(files: BlobFiles, sent: Collection[str]) -> Iterator[Fault]:
    """Check that what phones sent is here: they do not send it again, as laptops do."""
    for sha256 in sorted(sent):
        state = files.state(sha256)
        if state is None or not state.complete:
            text = "a phone sent it, and it is not here"
            yield Fault("attached files", str(files.path(sha256)), text)


async def _begin(data: DataDirectory, clock: Clock, mark: str, act: Act) -> str:
    """Begin the new epoch in a database that nobody serves yet."""
    store = AuditedStore(open_store(data), clock, act)
    epoch, now = clock.new_id(), clock.stamp()

    def job(tx: Transaction) -> None:
        tx.begin_epoch(epoch, now, RESTORED, None)
        put_mark(tx, mark)

    try:
        await store.write(job)
    finally:
        store.close()
    return epoch


def put_aside(data: DataDirectory, clock: Clock) -> Path | None:
    """Keep a database that is replaced, with the log beside it that belongs to it."""
    found = [path for path in _database_files(data) if path.exists()]
    if not found:
        return None
    kept = data.path / f"replaced-{clock.stamp().replace(':', '')}"
    kept.mkdir(PRIVATE_FOLDER)
    for path in found:
        path.rename(kept / path.name)
    flush_directory(kept)
    return kept / data.database.name


def _database_files(data: DataDirectory) -> list[Path]:
    name = data.database.name
    return [data.path / f"{name}{ending}" for ending in ("", "-wal", "-shm")]


def _put_in_place(new: DataDirectory, data: DataDirectory) -> None:
    """Move files first and the database last: then it is restored."""
    for sha256, path in BlobFiles(new.blobs).whole():
        target = BlobFiles(data.blobs).path(sha256)
        target.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        path.replace(target)
        flush_directory(target.parent)
    new.database.rename(data.database)
    flush_directory(data.path)


@contextmanager
def _spoken_of(path: Path) -> Iterator[None]:
    """Turn what the disk did to a file into an error with advice."""
    try:
        yield
    except ServerError:
        raise
    except OSError as error:
        raise StorageError(
            f"{error.filename or path}: {error.strerror or error}",
            "check the disk, the folder and the permissions; nothing was replaced",
        ) from error
