"""Timelines, logs, their lines and receipts: SQLite.

Lines are kept by segments: those of one push, packed together, byte by byte as they were
sent. The chain of their log tells whether they are (docs/decisions/0028).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from backports import zstd

from schemas import chain
from schemas.digest import Digest
from server.merge.model import Verdict
from server.store.driver import Connection
from server.store.rows import VERDICT_COLUMNS, json_list, verdict_of
from server.store.values import (
    EpochBegin,
    LineQuery,
    LogState,
    ProjectHead,
    StoredLine,
    StoredReceipt,
)

#: What stays the same of a laptop that is enrolled again: its key.
_LAPTOP: Final = "coalesce(d.public_key, d.device_id)"
_LOG: Final = """
    SELECT l.log_id, l.device_id, l.n, l.hash, d.public_key, l.parent_log, l.parent_n
    FROM log l JOIN device d ON d.device_id = l.device_id
"""
_FAMILY: Final = f"""{_LOG}
    WHERE {_LAPTOP} IN (
        SELECT {_LAPTOP} FROM log l JOIN device d ON d.device_id = l.device_id
        WHERE l.log_id IN (SELECT value FROM json_each(?)))
"""  # noqa: S608 - constants
_VERDICT: Final = ", ".join(f"c.{name}" for name in VERDICT_COLUMNS.split(", "))
_LATE: Final = f"""
    SELECT {_VERDICT}, late.number
    FROM late JOIN change c
        ON c.project_id = late.project_id AND c.change_id = late.change_id
        JOIN log l ON l.log_id = c.log_id JOIN device d ON d.device_id = l.device_id
    WHERE late.number > ?
        AND {_LAPTOP} = (SELECT {_LAPTOP} FROM device d WHERE d.device_id = ?)
    ORDER BY late.number LIMIT ?
"""  # noqa: S608 - the columns are a constant
_LINE: Final = f"""
    SELECT c.log_id, c.segment, c.hash, c.received_at, l.device_id, d.name, {_VERDICT}
    FROM change c JOIN log l ON l.log_id = c.log_id
        LEFT JOIN device d ON d.device_id = l.device_id
"""  # noqa: S608


_BY_PLACE: Final = f"""{_LINE}
    WHERE c.log_id = ? AND c.n IN (SELECT CAST(value AS BIGINT) FROM json_each(?))
    ORDER BY c.n
"""  # noqa: S608 - constants
_BY_CHANGE: Final = f"""{_LINE}
    WHERE c.project_id = ? AND c.change_id IN (SELECT value FROM json_each(?))
    ORDER BY c.log_id, c.n
"""  # noqa: S608 - constants


#: A ninth of the lines' size, in 1 us a line; level 9 makes 5 % less in 7 us.
_LEVEL: Final = 1
_SEGMENT: Final = "SELECT first_n, lines FROM segment WHERE number = ?"
_ADD: Final = """
    INSERT INTO segment (first_n, received_at, lines) VALUES (?, ?, ?) RETURNING number
"""

#: What is read where a segment is damaged or gone: no line says that.
UNREADABLE: Final = b""


def add_segment(
    connection: Connection, first_n: int, received_at: str, lines: Sequence[bytes]
) -> int:
    """Keep lines that follow each other in a log; return the number of their segment."""
    packed = zstd.compress(b"\n".join(lines), level=_LEVEL)
    row = connection.execute(_ADD, (first_n, received_at, packed)).fetchone()
    return int(row[0])


class SegmentReader:
    """Reads lines; one segment stays unpacked, for the next line is mostly of the same."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._number: int | None = None
        self._first_n = 0
        self._lines: list[bytes] = []

    def line(self, segment: int | None, n: int) -> bytes:
        """Return line n of a log; `UNREADABLE` where its segment cannot be read."""
        if segment != self._number:
            self._open(segment)
        place = n - self._first_n
        return self._lines[place] if 0 <= place < len(self._lines) else UNREADABLE

    def _open(self, segment: int | None) -> None:
        row = self._connection.execute(_SEGMENT, (segment,)).fetchone()
        self._number, self._first_n, self._lines = segment, 0, []
        if row is None:
            return
        try:
            self._lines = zstd.decompress(row[1]).split(b"\n")
        except zstd.ZstdError:
            return
        self._first_n = row[0]


class LogTables:
    """The part of a transaction that knows timelines and logs."""

    connection: Connection

    def epoch(self) -> str:
        """Return the id of the server's present timeline."""
        return str(self._one("SELECT id FROM epoch ORDER BY number DESC LIMIT 1")[0])

    def epochs(self) -> list[EpochBegin]:
        """Return every timeline, oldest first."""
        starts: dict[str, dict[str, int]] = defaultdict(dict)
        for epoch, project_id, head in self.connection.execute(
            "SELECT epoch_id, project_id, head FROM epoch_start"
        ):
            starts[epoch][project_id] = head
        rows = self.connection.execute(
            "SELECT e.number, e.id, e.at, e.reason, e.device_id,"
            " coalesce(d.name, e.device_id)"
            " FROM epoch e LEFT JOIN device d ON d.device_id = e.device_id"
            " ORDER BY number"
        )
        return [
            EpochBegin(number, name, at, reason, device_id, device, starts[name])
            for number, name, at, reason, device_id, device in rows
        ]

    def begin_epoch(
        self, epoch: str, now: str, reason: str, device_id: str | None
    ) -> None:
        """Begin a new timeline where every project stands."""
        self.connection.execute(
            "INSERT INTO epoch (number, id, at, reason, device_id)"
            " SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ? FROM epoch",
            (epoch, now, reason, device_id),
        )
        self.connection.execute(
            "INSERT INTO epoch_start (epoch_id, project_id, head)"
            " SELECT ?, project_id, head FROM project",
            (epoch,),
        )

    def setting(self, key: str) -> str | None:
        """Return a setting of the server, or None."""
        row = self._one("SELECT value FROM meta WHERE key = ?", key)
        return str(row[0]) if row else None

    def set_setting(self, key: str, value: str) -> None:
        """Write a setting of the server."""
        self.connection.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    def project_heads(self, project_ids: Iterable[str]) -> dict[str, ProjectHead]:
        """Return where these projects stand; those that are here."""
        rows = self.connection.execute(
            "SELECT project_id, head, receipt_count, receipt_hash, digest_count,"
            " digest_sum FROM project"
            " WHERE project_id IN (SELECT value FROM json_each(?))",
            (json_list(project_ids),),
        )
        return {
            project_id: ProjectHead(head, n, link, Digest(count, int(total, 16)))
            for project_id, head, n, link, count, total in rows
        }

    def heads(self) -> dict[str, int]:
        """Return the last number of every project."""
        return dict(self.connection.execute("SELECT project_id, head FROM project"))

    def log_head(self, log_id: str) -> LogState | None:
        """Return how far a log is here, or None."""
        row = self._one(f"{_LOG} WHERE l.log_id = ?", log_id)
        return _log_state(row) if row else None

    def log_family(self, log_ids: Iterable[str]) -> list[LogState]:
        """Return these logs, and all others of the same laptops."""
        rows = self.connection.execute(_FAMILY, (json_list(log_ids),))
        return [_log_state(row) for row in rows]

    def save_log(
        self, log_id: str, device_id: str, parent: tuple[str, int] | None = None
    ) -> None:
        """Begin a log of a device, or count one that is here as that of a device.

        `parent` is the place in another log that a new one goes on from.
        """
        self.connection.execute(
            "INSERT INTO log (log_id, device_id, n, hash, parent_log, parent_n)"
            " VALUES (?, ?, 0, ?, ?, ?)"
            " ON CONFLICT (log_id) DO UPDATE SET device_id = excluded.device_id",
            (log_id, device_id, chain.START, *(parent or (None, None))),
        )

    def lines(self, query: LineQuery) -> list[StoredLine]:
        """Return lines in the order of their logs; a change that came twice has two."""
        if query.log_id is not None:
            rows = self.connection.execute(
                _BY_PLACE, (query.log_id, json_list(query.places))
            )
        else:
            rows = self.connection.execute(
                _BY_CHANGE, (query.project_id, json_list(query.change_ids))
            )
        reader = SegmentReader(self.connection)
        return [_line(row, reader) for row in rows.fetchall()]

    def late_verdicts(self, device_id: str, after: int, most: int) -> list[Verdict]:
        """Return the verdicts on a device's changes that were given anew."""
        rows = self.connection.execute(_LATE, (after, device_id, most))
        return [verdict_of(row[:-1], repeated=True, late=row[-1]) for row in rows]

    def last_receipt(self, log_id: str, up_to: int) -> StoredReceipt | None:
        """Return the latest receipt of a log for its changes up to a place."""
        row = self._one(
            "SELECT log_id, n, raw, signature, pushed FROM receipt WHERE log_id = ?"
            " AND n <= ? ORDER BY n DESC LIMIT 1",
            log_id,
            up_to,
        )
        return StoredReceipt(*row) if row else None

    def save_receipt(
        self, receipt: StoredReceipt, links: dict[str, tuple[int, str]]
    ) -> None:
        """Save a receipt; `links` holds the number and hash of it for each project."""
        self.connection.execute(
            "INSERT INTO receipt (log_id, n, raw, signature, pushed)"
            " VALUES (?, ?, ?, ?, ?)",
            (receipt.log_id, receipt.n, receipt.raw, receipt.signature, receipt.pushed),
        )
        self.connection.executemany(
            "UPDATE project SET receipt_count = ?, receipt_hash = ?"
            " WHERE project_id = ?",
            [(count, link, project_id) for project_id, (count, link) in links.items()],
        )

    def _one(self, sql: str, *values: object) -> Any:  # noqa: ANN401 - one row or None
        return self.connection.execute(sql, values).fetchone()


def _log_state(row: tuple[Any, ...]) -> LogState:
    log_id, device_id, n, digest, key, parent, parent_n = row
    return LogState(
        log_id, device_id, n, bytes(digest), key, (parent, parent_n) if parent else None
    )


def _line(row: tuple[Any, ...], reader: SegmentReader) -> StoredLine:
    log_id, segment, digest, received_at, device_id, device, *verdict = row
    found = verdict_of(tuple(verdict), repeated=True)
    assert found.n is not None, "a stored verdict knows its change's place"
    return StoredLine(
        log_id,
        found.n,
        reader.line(segment, found.n),
        bytes(digest),
        received_at,
        device_id,
        device,
        found,
    )
