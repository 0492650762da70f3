"""Logs, the merge desk, and what a batch writes: SQLite."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from schemas import chain
from schemas.messages import Op
from schemas.records import TYPES, natural_key
from server.store import touched
from server.store.driver import Connection
from server.store.port import LogHead
from server.store.rows import (
    RECORD_COLUMNS,
    VERDICT_COLUMNS,
    dump,
    json_list,
    record_of,
    record_row,
    verdict_of,
    verdict_row,
)
from server.sync.desk import Desk, key_text
from server.sync.model import Conflict, Judged, Origin, Quarantined, Verdict

# The same places and keys are looked up in one statement per batch, whatever its size.
_RECORDS: Final = f"""
    SELECT {RECORD_COLUMNS} FROM record
    WHERE project_id = ? AND id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - the columns are a constant
_HOLDERS: Final = f"""
    SELECT {RECORD_COLUMNS} FROM record
    WHERE project_id = ? AND type = ?
      AND natural_key IN (SELECT value FROM json_each(?))
"""  # noqa: S608
# Only a campaign, an organisation or a revisited point is looked for in all records of
# a type: they are deleted once in a project's life.
_REFERRERS: Final = """
    SELECT id FROM record WHERE project_id = ?1 AND parent_id = ?2 AND deleted = 0
        AND type NOT IN ('stock', 'change')
    UNION
    SELECT id FROM record WHERE project_id = ?1 AND type = ?3 AND deleted = 0
        AND json_extract(fields, ?4) = ?2
"""
_REFERRED_BY: Final = {
    "campaign": ("core", "$.campaign_id"),
    "point": ("point", "$.revisits_point_id"),
    "organisation": ("project", "$.organisation_id"),
}
_HEADS: Final = """
    SELECT project_id, head FROM stream
    WHERE project_id IN (SELECT value FROM json_each(?))
"""
_KNOWN: Final = f"""
    SELECT {VERDICT_COLUMNS} FROM change
    WHERE project_id = ? AND change_id IN (SELECT value FROM json_each(?))
"""  # noqa: S608
_OPEN_QUARANTINE: Final = """
    SELECT change_id FROM quarantine
    WHERE project_id = ? AND status = 'open'
      AND change_id IN (SELECT value FROM json_each(?))
"""


class CustodyQueries:
    """The part of a unit that keeps logs and merges."""

    connection: Connection

    def epoch(self) -> str:
        """Give the id of the server's timeline."""
        return str(self._one("SELECT value FROM meta WHERE key = 'epoch'")[0])

    def log_head(self, log: str) -> LogHead | None:
        """Give how far a log is here, or None."""
        row = self._one("SELECT device_id, n, hash FROM log WHERE log_id = ?", log)
        return LogHead(log, row[0], row[1], bytes(row[2])) if row else None

    def add_log(self, log: str, device: str) -> LogHead:
        """Begin a log."""
        head = LogHead(log, device, 0, chain.START)
        self.connection.execute(
            "INSERT INTO log (log_id, device_id, n, hash) VALUES (?, ?, ?, ?)",
            (log, device, head.n, head.hash),
        )
        return head

    def line_hash(self, log: str, n: int) -> bytes | None:
        """Give the chain hash of a log after line n."""
        if n == 0:
            return chain.START
        row = self._one("SELECT hash FROM change WHERE log_id = ? AND n = ?", log, n)
        return bytes(row[0]) if row else None

    def verdicts(self, log: str, first: int, last: int) -> list[Verdict]:
        """Give the stored verdicts of lines first to last."""
        rows = self.connection.execute(
            f"SELECT {VERDICT_COLUMNS} FROM change"  # noqa: S608
            " WHERE log_id = ? AND n BETWEEN ? AND ? ORDER BY n",
            (log, first, last),
        )
        return [verdict_of(row, repeated=True) for row in rows]

    def lay_desk(self, batch: list[Judged], streams: set[str]) -> Desk:
        """Read everything a batch may touch."""
        touched_streams = _by_stream(batch)
        heads = self._heads(touched_streams)
        desk = Desk(streams=set(streams), heads=heads, epoch=self.epoch())
        for stream, judged in touched_streams.items():
            self._lay_records(desk, stream, judged)
            self._lay_holders(desk, stream, judged)
            self._lay_referrers(desk, stream, judged)
            self._lay_known(desk, stream, judged)
        return desk

    def keep(self, desk: Desk, batch: list[Judged], origin: Origin) -> None:
        """Write the lines, their verdicts and their effects."""
        self._keep_streams(desk, origin)
        self._keep_lines(desk, batch, origin)
        self._keep_records(desk)
        self._keep_conflicts(desk.conflicts, origin)
        self._keep_quarantine(desk, origin)
        self._keep_history(desk)
        touched.note_jobs(self.connection, desk)

    def _heads(self, streams: Iterable[str]) -> dict[str, int]:
        return dict(self.connection.execute(_HEADS, (json_list(streams),)))

    def _lay_records(self, desk: Desk, stream: str, batch: list[Judged]) -> None:
        ids = {judged.change.record for judged in batch}
        for judged in batch:
            kind = TYPES.get(judged.change.type)
            names = kind.references if kind else ()
            ids.update(judged.fields[n] for n in names if judged.fields.get(n))
        rows = self.connection.execute(_RECORDS, (stream, json_list(ids)))
        for record in map(record_of, rows):
            desk.records[stream, record.id] = record

    def _lay_holders(self, desk: Desk, stream: str, batch: list[Judged]) -> None:
        keys: dict[str, set[str]] = defaultdict(set)
        for judged in batch:
            kind = TYPES.get(judged.change.type)
            if kind is None:
                continue
            present = desk.find(stream, judged.change.record)
            fields = {**(present.fields if present else {}), **judged.fields}
            if None not in natural_key(kind.name, fields)[:1]:
                keys[kind.name].add(key_text(kind.name, fields))
        for kind_name, wanted in keys.items():
            rows = self.connection.execute(
                _HOLDERS, (stream, kind_name, json_list(wanted))
            )
            for record in map(record_of, rows):
                key = (stream, kind_name, key_text(kind_name, record.fields))
                desk.holders[key] = record.id
                desk.records.setdefault((stream, record.id), record)

    def _lay_referrers(self, desk: Desk, stream: str, batch: list[Judged]) -> None:
        for judged in batch:
            if judged.change.op == Op.DELETE:
                target = judged.change.record
                by = _REFERRED_BY.get(judged.change.type, (None, "$"))
                rows = self.connection.execute(_REFERRERS, (stream, target, *by))
                desk.referrers[stream, target] = {row[0] for row in rows}

    def _lay_known(self, desk: Desk, stream: str, batch: list[Judged]) -> None:
        ids = json_list(judged.change.id for judged in batch)
        for row in self.connection.execute(_KNOWN, (stream, ids)):
            desk.known[row[0]] = verdict_of(row, repeated=True)
        named = [j.change.replaces for j in batch if j.change.replaces]
        if named:
            rows = self.connection.execute(_OPEN_QUARANTINE, (stream, json_list(named)))
            desk.open_quarantine.update(row[0] for row in rows)

    def _keep_streams(self, desk: Desk, origin: Origin) -> None:
        for stream in desk.founded:
            self.connection.execute(
                "INSERT INTO stream (project_id, head, created_at) VALUES (?, 0, ?)",
                (stream, origin.received_at),
            )
            self.connection.execute(
                "INSERT INTO device_project (project_id, device_id) VALUES (?, ?)",
                (stream, origin.device),
            )
        for stream in sorted(desk.by_stream()):
            self.connection.execute(
                "UPDATE stream SET head = ? WHERE project_id = ?",
                (desk.heads[stream], stream),
            )

    def _keep_lines(self, desk: Desk, batch: list[Judged], origin: Origin) -> None:
        rows = [
            (
                origin.log,
                judged.change.n,
                judged.change.stream,
                judged.change.id,
                judged.change.raw,
                judged.change.hash,
                origin.received_at,
                *verdict_row(verdict),
            )
            for judged, verdict in zip(batch, desk.verdicts, strict=True)
        ]
        self.connection.executemany(
            "INSERT INTO change (log_id, n, project_id, change_id, raw, hash,"
            " received_at, outcome, seq, why, conflicts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        last = batch[-1].change
        self.connection.execute(
            "UPDATE log SET n = ?, hash = ? WHERE log_id = ?",
            (last.n, last.hash, origin.log),
        )

    def _keep_records(self, desk: Desk) -> None:
        put_records(self.connection, map(record_row, desk.written.values()))

    def _keep_conflicts(self, conflicts: list[Conflict], origin: Origin) -> None:
        self.connection.executemany(
            "INSERT INTO conflict (project_id, id, record_id, type, group_name, base,"
            " theirs, ours, change_id, device_id, person, at, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')",
            [
                (
                    found.stream,
                    found.id,
                    found.record,
                    found.type,
                    found.group,
                    self._base_of(found),
                    dump(found.theirs),
                    dump(found.ours),
                    found.change.id,
                    origin.device,
                    found.change.person,
                    origin.received_at,
                )
                for found in conflicts
            ],
        )

    def _base_of(self, found: Conflict) -> str | None:
        """Find the values the author had looked at, where history tells."""
        row = self._one(
            "SELECT old_values FROM history WHERE project_id = ? AND record_id = ?"
            " AND group_name = ? AND written_seq <= ? AND replaced_seq > ?"
            " ORDER BY replaced_seq LIMIT 1",
            found.stream,
            found.record,
            found.group,
            found.base_seq,
            found.base_seq,
        )
        return str(row[0]) if row else None

    def _keep_quarantine(self, desk: Desk, origin: Origin) -> None:
        self.connection.executemany(
            "INSERT INTO quarantine (project_id, change_id, type, record_id, parent_id,"
            " fields, why, device_id, person, at, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')",
            [_quarantine_row(found, origin) for found in desk.quarantined],
        )
        self.connection.executemany(
            "UPDATE quarantine SET status = ? WHERE change_id = ?",
            [(status, change) for change, status in desk.settled.items()],
        )

    def _keep_history(self, desk: Desk) -> None:
        self.connection.executemany(
            "INSERT INTO history (project_id, record_id, group_name, old_values,"
            " written_seq, replaced_seq, written_by, replaced_by)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    old.stream,
                    old.record,
                    old.group,
                    dump(old.values),
                    old.written_seq,
                    old.replaced_seq,
                    old.written_by,
                    old.replaced_by,
                )
                for old in desk.replaced
            ],
        )

    def _one(self, sql: str, *values: object) -> Any:  # noqa: ANN401 - one row or None
        return self.connection.execute(sql, values).fetchone()


def put_records(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write records as they are to stand."""
    connection.executemany(
        "INSERT INTO record (project_id, id, type, seq, fields, writers, parent_id,"
        " natural_key, deleted, clean, open_conflicts, last_log, last_n)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (project_id, id) DO UPDATE SET seq = excluded.seq,"
        " fields = excluded.fields, writers = excluded.writers,"
        " parent_id = excluded.parent_id, natural_key = excluded.natural_key,"
        " deleted = excluded.deleted, clean = excluded.clean,"
        " open_conflicts = excluded.open_conflicts, last_log = excluded.last_log,"
        " last_n = excluded.last_n",
        rows,
    )


def _by_stream(batch: list[Judged]) -> dict[str, list[Judged]]:
    streams: dict[str, list[Judged]] = defaultdict(list)
    for judged in batch:
        streams[judged.change.stream].append(judged)
    return streams


def _quarantine_row(found: Quarantined, origin: Origin) -> tuple[Any, ...]:
    change = found.change
    fields = json.dumps(change.fields)  # ASCII: may hold what UTF-8 cannot
    return (
        change.stream,
        change.id,
        change.type,
        change.record,
        found.parent,
        fields,
        dump([problem.as_data() for problem in found.why]),
        origin.device,
        change.person,
        origin.received_at,
    )
