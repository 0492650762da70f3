"""The one module that names the SQLite library.

The database is always keyed: SQLCipher stores an HMAC with every page, so a
flipped bit is found instead of read as data. WAL with synchronous=FULL means
that a committed transaction survives the loss of power.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlcipher3

from collector.errors import BusyError, StoreError
from collector.store.field_names import fields_text
from collector.store.packing import unpacked
from schemas.chain import change_id
from schemas.durable_files import PRIVATE_FILE, make_private_file, write_durably

#: The driver has no type information; rows are checked where they are read.
Connection = Any


class _Connection(sqlcipher3.Connection):  # type: ignore[misc]  # untyped library
    """A connection that knows whether it may write yet."""

    is_settled = False


#: Two commands at once wait for each other; longer means that one hangs.
BUSY_TIMEOUT_MS: Final = 10_000
#: A page that is not in the cache is decrypted and its HMAC computed: the indexes of
#: 100,000 records fit.
CACHE_KIB: Final = 16 * 1024
KEY_BYTES: Final = 32
#: 0.1 s on a field laptop: OWASP's scrypt parameters of 2023.
SCRYPT: Final = {"n": 2**15, "r": 8, "p": 1}
_SCRYPT_MEMORY: Final = 64 * 1024 * 1024


def connect(path: Path, key: bytes) -> Connection:
    """Open the database under its key; create the file when there is none.

    Raises
    ------
    StoreError
        If the key is wrong or the file is damaged.
    """
    # The files that SQLite puts beside it get its mode.
    make_private_file(path)
    with translated():
        connection = sqlcipher3.connect(
            os.fspath(path), isolation_level=None, factory=_Connection
        )
        try:
            # The library writes its own log to stderr unless told not to.
            connection.execute("PRAGMA cipher_log_level = NONE")
            connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.create_function("unpacked", 2, unpacked, deterministic=True)
            connection.create_function(
                "fields_text", 2, fields_text, deterministic=True
            )
            connection.create_function("change_id", 1, change_id, deterministic=True)
        except sqlcipher3.Error:
            connection.close()
            raise
    return connection


def plain(path: Path) -> Connection:
    """Open a file for other programs, without a key; it is made when there is none."""
    with translated():
        return sqlcipher3.connect(os.fspath(path), isolation_level=None)


def read_only(path: Path) -> Connection:
    """Open a file of another program, without a key; nothing is written beside it."""
    with translated():
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        return sqlcipher3.connect(
            address, uri=True, isolation_level=None, check_same_thread=False
        )


@contextmanager
def translated() -> Iterator[None]:
    """Turn the library's errors into ours, each with its next step."""
    try:
        yield
    except sqlcipher3.IntegrityError as error:
        raise StoreError(
            f"the database refused a write: {error}", "run the command again"
        ) from error
    except sqlcipher3.OperationalError as error:
        raise _operational(error) from error
    except sqlcipher3.DatabaseError as error:
        raise StoreError(
            "the database cannot be read: wrong passphrase or key, or a damaged file",
            "check the passphrase; else keep the folder as it is and restore a copy",
            code="unreadable",
        ) from error


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Run one write transaction: all of it is on disk afterwards, or none."""
    with translated():
        checkpoint_wal(connection)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            # A full or failing disk has ended the transaction already.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Hold one snapshot for several reads."""
    with translated():
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("COMMIT")


def checkpoint_wal(connection: Connection) -> None:
    """Bring what a process before us left in the WAL into the database, once.

    After a failed fsync the WAL may hold pages that can be read but are not on the
    disk. Nothing is appended behind them: a hole there would take with it all that
    follows (docs/decisions/0009).
    """
    if not connection.is_settled:
        with translated():
            _, frames, moved = connection.execute(
                "PRAGMA wal_checkpoint(PASSIVE)"
            ).fetchone()
        # A reader in another process may hold some back: next time then.
        connection.is_settled = frames == moved


def damage(connection: Connection) -> list[str]:
    """Read every page and give what does not fit its checksum."""
    try:
        cipher = connection.execute("PRAGMA cipher_integrity_check").fetchall()
        pages = connection.execute("PRAGMA integrity_check").fetchall()
    except sqlcipher3.DatabaseError as error:
        return [str(error)]
    return [str(row[0]) for row in [*cipher, *pages] if row[0] != "ok"]


def write_key(path: Path, key: bytes) -> None:
    """Write the key file, readable by its owner only, and flush it to disk."""
    write_durably(path, f"{key.hex()}\n".encode(), mode=PRIVATE_FILE)


def read_key(path: Path) -> bytes:
    """Read the key file.

    Raises
    ------
    StoreError
        If it is missing or not a key.
    """
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise StoreError(
            f"the key file {path} cannot be read", "put the key file back", code="key"
        )
    return key


def write_passphrase_rule(path: Path, salt: bytes) -> None:
    """Write how the key follows from the passphrase."""
    rule = {"kdf": "scrypt", **SCRYPT, "salt": salt.hex()}
    write_durably(path, json.dumps(rule).encode(), mode=PRIVATE_FILE)


def derive_key(path: Path, passphrase: str) -> bytes:
    """Derive the key from the passphrase as the rule beside the database says.

    Raises
    ------
    StoreError
        If the rule cannot be read.
    """
    import hashlib  # noqa: PLC0415 - 3 ms that a key file spares

    try:
        rule = json.loads(path.read_text(encoding="utf-8"))
        return hashlib.scrypt(
            passphrase.encode(),
            salt=bytes.fromhex(rule["salt"]),
            n=rule["n"],
            r=rule["r"],
            p=rule["p"],
            maxmem=_SCRYPT_MEMORY,
            dklen=KEY_BYTES,
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise StoreError(
            f"{path} cannot be read", "put the file back", code="key"
        ) from None


def _operational(error: sqlcipher3.OperationalError) -> StoreError | BusyError:
    # The low byte is the kind of error, the rest its detail.
    match error.sqlite_errorcode & 0xFF:
        case sqlcipher3.SQLITE_BUSY | sqlcipher3.SQLITE_LOCKED:
            return BusyError(
                "another permille command is writing",
                "wait for it, then try again",
            )
        case sqlcipher3.SQLITE_FULL:
            return StoreError(
                "the disk is full; what was not told as saved was not saved",
                "make room, then run the command again",
                code="disk_full",
            )
        case sqlcipher3.SQLITE_IOERR:
            return StoreError(
                "the disk failed; what was not told as saved may be lost",
                "look at the disk and its free space, then: permille status --check",
                code="disk_failed",
            )
        case _:
            return StoreError(
                f"the database cannot be used: {error}",
                "check that the folder can be written, then run the command again",
            )
