"""Timelines, logs, their verdicts and receipts: SQLite."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from schemas import chain
from schemas.messages import parse_object
from server.merge.model import Verdict
from server.merge.timeline import Epoch, Lineage, Timeline
from server.store.driver import Connection
from server.store.rows import VERDICT_COLUMNS, json_list, verdict_of
from server.store.values import EpochBegin, LogState, ProjectHead, StoredReceipt

#: What stays the same of a laptop that is enrolled again: its key.
_LAPTOP: Final = "coalesce(d.public_key, d.device_id)"
_FAMILY: Final = f"""
    SELECT l.log_id, l.parent_log, l.parent_n, {_LAPTOP} FROM log l
        JOIN device d ON d.device_id = l.device_id
    WHERE {_LAPTOP} IN (
        SELECT {_LAPTOP} FROM log l JOIN device d ON d.device_id = l.device_id
        WHERE l.log_id IN (SELECT value FROM json_each(?)))
"""  # noqa: S608 - a constant
_LATE: Final = f"""
    SELECT {", ".join(f"c.{name}" for name in VERDICT_COLUMNS.split(", "))}, late.number
    FROM late JOIN change c
        ON c.project_id = late.project_id AND c.change_id = late.change_id
        JOIN log l ON l.log_id = c.log_id JOIN device d ON d.device_id = l.device_id
    WHERE late.number > ?
        AND {_LAPTOP} = (SELECT {_LAPTOP} FROM device d WHERE d.device_id = ?)
    ORDER BY late.number LIMIT ?
"""  # noqa: S608 - the columns are a constant


_OF_OTHERS: Final = """
    SELECT c.change_id, c.raw FROM change c JOIN log l ON l.log_id = c.log_id
    WHERE c.project_id = ? AND c.change_id IN (SELECT value FROM json_each(?))
      AND l.device_id <> ?
"""


class LogQueries:
    """The part of a transaction that knows timelines and logs."""

    connection: Connection

    def timeline(self) -> Timeline:
        """Return the server's epochs."""
        starts: dict[str, dict[str, int]] = defaultdict(dict)
        for epoch, project_id, head in self.connection.execute(
            "SELECT epoch_id, project_id, head FROM epoch_start"
        ):
            starts[epoch][project_id] = head
        epochs = self.connection.execute("SELECT id FROM epoch ORDER BY number")
        return Timeline(tuple(Epoch(name, starts[name]) for (name,) in epochs))

    def epoch(self) -> str:
        """Return the id of the server's present timeline."""
        return str(self._one("SELECT id FROM epoch ORDER BY number DESC LIMIT 1")[0])

    def begin_epoch(self, name: str, now: str, reason: str, device: str | None) -> None:
        """Begin a new timeline where every project stands."""
        self.connection.execute(
            "INSERT INTO epoch (number, id, at, reason, device_id)"
            " SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ? FROM epoch",
            (name, now, reason, device),
        )
        self.connection.execute(
            "INSERT INTO epoch_start (epoch_id, project_id, head)"
            " SELECT ?, project_id, head FROM project",
            (name,),
        )

    def epochs(self) -> list[EpochBegin]:
        """Return every timeline, oldest first."""
        rows = self.connection.execute(
            "SELECT number, e.id, e.at, e.reason, coalesce(d.name, e.device_id)"
            " FROM epoch e LEFT JOIN device d ON d.device_id = e.device_id"
            " ORDER BY number"
        )
        return [EpochBegin(*row) for row in rows]

    def marks(self) -> tuple[str | None, str | None]:
        """Return the mark that was written last, and the one before it."""
        found = dict(
            self.connection.execute(
                "SELECT key, value FROM meta WHERE key IN ('mark', 'mark_before')"
            )
        )
        return found.get("mark"), found.get("mark_before")

    def put_mark(self, mark: str) -> None:
        """Write a new mark."""
        self.connection.execute(
            "INSERT INTO meta (key, value)"
            " SELECT 'mark_before', value FROM meta WHERE key = 'mark'"
            " ON CONFLICT DO UPDATE SET value = excluded.value"
        )
        self.connection.execute(
            "INSERT INTO meta (key, value) VALUES ('mark', ?)"
            " ON CONFLICT DO UPDATE SET value = excluded.value",
            (mark,),
        )

    def last_epoch_by(self, device: str) -> str | None:
        """Return when a device last showed that the timeline was another one."""
        return self._one("SELECT max(at) FROM epoch WHERE device_id = ?", device)[0]  # type: ignore[no-any-return]

    def project_heads(self, names: Iterable[str]) -> dict[str, ProjectHead]:
        """Return where these projects stand."""
        rows = self.connection.execute(
            "SELECT project_id, head, receipt_count, receipt_hash FROM project"
            " WHERE project_id IN (SELECT value FROM json_each(?))",
            (json_list(names),),
        )
        return {row[0]: ProjectHead(*row[1:]) for row in rows}

    def log_head(self, log: str) -> LogState | None:
        """Return how far a log is here, or None."""
        row = self._one(
            "SELECT l.device_id, l.n, l.hash, d.public_key FROM log l"
            " JOIN device d ON d.device_id = l.device_id WHERE l.log_id = ?",
            log,
        )
        return LogState(log, row[0], row[1], bytes(row[2]), row[3]) if row else None

    def add_log(
        self, log: str, device: str, parent: tuple[str, int] | None = None
    ) -> LogState:
        """Begin a log, with the place in another log that it goes on from."""
        head = LogState(log, device, 0, chain.START)
        self.connection.execute(
            "INSERT INTO log (log_id, device_id, n, hash, parent_log, parent_n)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (log, device, head.n, head.hash, *(parent or (None, None))),
        )
        return head

    def lineage(self, logs: Iterable[str]) -> Lineage:
        """Return the family of logs."""
        rows = self.connection.execute(_FAMILY, (json_list(logs),)).fetchall()
        return Lineage(
            {log: (parent, n) if parent else None for log, parent, n, _ in rows},
            {log: device for log, _, _, device in rows},
        )

    def changes_of_others(
        self, project_id: str, changes: Iterable[str], device: str
    ) -> dict[str, bytes]:
        """Return the lines of those changes that another device sent, by their ids."""
        rows = self.connection.execute(
            _OF_OTHERS, (project_id, json_list(changes), device)
        )
        return {name: bytes(raw) for name, raw in rows}

    def line_hashes(self, log: str, places: Iterable[int]) -> dict[int, bytes]:
        """Return the chain hash of a log after each of these lines that it has."""
        wanted = set(places)
        rows = self.connection.execute(
            "SELECT n, hash FROM change WHERE log_id = ?"
            " AND n IN (SELECT value FROM json_each(?))",
            (log, json_list(sorted(wanted))),
        )
        found = {n: bytes(digest) for n, digest in rows}
        return {0: chain.START, **found} if 0 in wanted else found

    def group_at(self, log: str, n: int) -> str | None:
        """Return the group that a change of a log stands or falls with, if any."""
        row = self._one("SELECT raw FROM change WHERE log_id = ? AND n = ?", log, n)
        found = parse_object(bytes(row[0])).get("g") if row else None
        return found if isinstance(found, str) else None

    def verdicts(self, log: str, first: int, last: int) -> list[Verdict]:
        """Return the stored verdicts of lines first to last."""
        rows = self.connection.execute(
            f"SELECT {VERDICT_COLUMNS} FROM change"  # noqa: S608
            " WHERE log_id = ? AND n BETWEEN ? AND ? ORDER BY n",
            (log, first, last),
        )
        return [verdict_of(row, repeated=True) for row in rows]

    def late_verdicts(self, device: str, after: int, most: int) -> list[Verdict]:
        """Return the verdicts on a device's changes that were given anew."""
        rows = self.connection.execute(_LATE, (after, device, most))
        return [
            verdict_of(row[:-1], repeated=True, late=row[-1]) for row in rows.fetchall()
        ]

    def last_receipt(self, log: str, up_to: int) -> StoredReceipt | None:
        """Return the latest receipt of a log for its changes up to a place."""
        row = self._one(
            "SELECT log_id, n, raw, signature, pushed FROM receipt WHERE log_id = ?"
            " AND n <= ? ORDER BY n DESC LIMIT 1",
            log,
            up_to,
        )
        return StoredReceipt(*row) if row else None

    def save_receipt(
        self, receipt: StoredReceipt, links: dict[str, tuple[int, str]]
    ) -> None:
        """Keep a receipt; `links` gives each project its number and hash."""
        self.connection.execute(
            "INSERT INTO receipt (log_id, n, raw, signature, pushed)"
            " VALUES (?, ?, ?, ?, ?)",
            (receipt.log_id, receipt.n, receipt.raw, receipt.signature, receipt.pushed),
        )
        self.connection.executemany(
            "UPDATE project SET receipt_count = ?, receipt_hash = ? WHERE project_id = ?",
            [(count, link, project_id) for project_id, (count, link) in links.items()],
        )

    def server_key(self) -> bytes:
        """Return the secret key that receipts are signed with."""
        row = self._one("SELECT value FROM meta WHERE key = 'signing_key'")
        return bytes.fromhex(row[0])

    def _one(self, sql: str, *values: object) -> Any:  # noqa: ANN401 - one row or None
        return self.connection.execute(sql, values).fetchone()
