"""The bare machine: rows into SQLite, bytes over HTTP, text through zstd."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
from backports import zstd

from benchmarks.echo import WANTED
from benchmarks.figures import Timed, timed
from benchmarks.stage import process
from collector.store import driver as laptop_driver
from schemas import limits
from server.store import driver as server_driver

#: What aiohttp puts before a body, about, in either direction.
_HEAD_BYTES: Final = 170
_KEY: Final = bytes(range(32))

Rows = Sequence[tuple[str, bytes]]


class BareTable:
    """One SQLite table with a unique id and the raw line, under our own pragmas."""

    def __init__(self, folder: Path, *, encrypted: bool) -> None:
        path = folder / "bare.db"
        if encrypted:
            self._db = laptop_driver.connect(path, _KEY)
        else:
            self._db = server_driver.connect(path, create=True)
        self._db.execute("DROP TABLE IF EXISTS bare")
        self._db.execute(
            "CREATE TABLE bare (id TEXT PRIMARY KEY, raw BLOB NOT NULL) STRICT"
        )

    def insert(self, rows: Rows, batch: int) -> Timed:
        """Insert rows, so many in one synced transaction; the table is empty after."""
        took = timed(lambda: self._insert(rows, batch))
        self._db.execute("DELETE FROM bare")
        return took

    def save(self, name: str, raw: bytes) -> float:
        """Insert one row and commit; return the seconds."""
        return timed(lambda: self._insert([(name, raw)], 1)).seconds

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def _insert(self, rows: Rows, batch: int) -> None:
        for start in range(0, len(rows), batch):
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO bare (id, raw) VALUES (?, ?)", rows[start : start + batch]
            )
            self._db.execute("COMMIT")


@contextmanager
def bare_table(folder: Path, *, encrypted: bool) -> Iterator[BareTable]:
    """Open a bare table in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    table = BareTable(folder, encrypted=encrypted)
    try:
        yield table
    finally:
        table.close()


class Echo:
    """A bare aiohttp server in a process of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    def round_trip_s(
        self, bytes_sent: int, bytes_received: int, times: int = 1
    ) -> float:
        """Open a connection, trade so many bytes in so many requests, close it."""
        up = max(bytes_sent // times - _HEAD_BYTES, 0)
        down = max(bytes_received // times - _HEAD_BYTES, 0)
        began_s = time.perf_counter()
        asyncio.run(self._trade(b"x" * up, down, times))
        return time.perf_counter() - began_s

    async def _trade(self, body: bytes, wanted: int, times: int) -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(times):
                async with session.post(
                    self._url, data=body, headers={WANTED: str(wanted)}
                ) as response:
                    await response.read()


@contextmanager
def echo() -> Iterator[Echo]:
    """Serve echoes for a while."""
    with process("benchmarks.echo") as (_, url):
        yield Echo(url)


def packed_bytes(lines: Sequence[bytes], level: int) -> int:
    """Return what zstd alone makes of these lines, in bodies as large as ours."""
    return sum(
        len(
            zstd.compress(
                b"\n".join(lines[start : start + limits.BATCH_CHANGES]), level
            )
        )
        for start in range(0, len(lines), limits.BATCH_CHANGES)
    )


def json_mib(records: Sequence[Mapping[str, Any]]) -> float:
    """Return the size of records as compact JSON text."""
    text = json.dumps(records, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode()) / 2**20
