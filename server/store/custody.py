"""What a batch writes: lines, verdicts, records, conflicts, quarantine. SQLite."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from schemas.digest import Digest
from server.store import touched
from server.store.attachments import note_files
from server.store.driver import Connection
from server.store.laying import LayingQueries
from server.store.rows import dump, json_list, record_row, verdict_row
from server.sync.desk import Desk
from server.sync.model import Conflict, Judged, Origin, Quarantined

_KEEP_QUARANTINE: Final = """
    INSERT INTO quarantine (project_id, change_id, log_id, n, type, record_id, parent_id,
        fields, why, device_id, person, at, status, waits_for)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT device_id FROM log WHERE log_id = ?),
        ?, ?, ?, ?)
    ON CONFLICT (project_id, change_id) DO UPDATE SET why = excluded.why,
        status = excluded.status, waits_for = excluded.waits_for
"""
#: Why a conflict is closed that nobody decided on.
_NEWER_WORD: Final = "its author has said otherwise since"

_ASK_FOR_RELEASE: Final = """
    INSERT OR REPLACE INTO release (project_id, record_id, after)
    SELECT DISTINCT project_id, waits_for, 0 FROM quarantine
    WHERE project_id = ?1 AND status IN ('open', 'held')
      AND waits_for IN (SELECT value FROM json_each(?2))
"""


class CustodyQueries(LayingQueries):
    """The part of a unit that keeps what a merge came to."""

    connection: Connection

    def keep(self, desk: Desk, batch: list[Judged], origin: Origin) -> None:
        """Write the lines, their verdicts and their effects."""
        self._keep_streams(desk, origin)
        self._keep_lines(desk, batch, origin)
        self.keep_effects(desk, origin)

    def keep_effects(self, desk: Desk, origin: Origin) -> None:
        """Write what a merge came to, but the lines themselves."""
        self._keep_heads(desk)
        self._keep_revised(desk, origin)
        self._keep_records(desk, origin)
        self._keep_conflicts(desk.conflicts, origin)
        self._settle_conflicts(desk, origin)
        self._keep_quarantine(desk, origin)
        self._keep_history(desk)
        self._keep_decisions(desk)
        self._ask_for_release(desk)
        touched.note_jobs(self.connection, desk)

    def note_reason(self, stream: str, changes: Iterable[str], reason: str) -> None:
        """Keep why a person gave changes up."""
        self.connection.executemany(
            "UPDATE quarantine SET reason = ? WHERE project_id = ? AND change_id = ?",
            [(reason, stream, change) for change in changes],
        )

    def _keep_streams(self, desk: Desk, origin: Origin) -> None:
        for stream in desk.founded:
            self.connection.execute(
                "INSERT INTO stream (project_id, head, created_at) VALUES (?, 0, ?)",
                (stream, origin.received_at),
            )
            self.connection.execute(
                "INSERT OR IGNORE INTO device_project (project_id, device_id)"
                " VALUES (?, ?)",
                (stream, origin.device),
            )

    def _keep_heads(self, desk: Desk) -> None:
        for stream in sorted(desk.by_stream()):
            self.connection.execute(
                "UPDATE stream SET head = ? WHERE project_id = ?",
                (desk.heads[stream], stream),
            )
            add_digest(self.connection, stream, desk.digests[stream])

    def _keep_revised(self, desk: Desk, origin: Origin) -> None:
        """Save the updated verdicts of changes that waited, for their authors to hear."""
        pushed = {verdict.change for verdict in desk.verdicts}
        for verdict in desk.revised.values():
            place = (verdict.stream, verdict.change)
            self.connection.execute(
                "UPDATE change SET outcome = ?, seq = ?, why = ?, conflicts = ?"
                " WHERE project_id = ? AND change_id = ?",
                (*verdict_row(verdict), *place),
            )
            if verdict.change not in pushed:
                self.connection.execute(
                    "INSERT INTO late (project_id, change_id, at) VALUES (?, ?, ?)",
                    (*place, origin.received_at),
                )

    def _keep_lines(self, desk: Desk, batch: list[Judged], origin: Origin) -> None:
        rows = [
            (
                judged.change.log,
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
            (last.n, last.hash, last.log),
        )

    def _keep_records(self, desk: Desk, origin: Origin) -> None:
        put_records(self.connection, map(record_row, desk.written.values()))
        for stream, records in desk.by_stream().items():
            note_files(self.connection, stream, records, origin.received_at)

    def _keep_conflicts(self, conflicts: list[Conflict], origin: Origin) -> None:
        self.connection.executemany(
            "INSERT INTO conflict (project_id, id, record_id, type, group_name, base,"
            " theirs, ours, change_id, device_id, person, at, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,"
            " (SELECT device_id FROM log WHERE log_id = ?), ?, ?, 'open')",
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
                    found.change.log,
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

    def _settle_conflicts(self, desk: Desk, origin: Origin) -> None:
        self.connection.executemany(
            "UPDATE conflict SET status = 'settled', settled_by = ?, settled_at = ?,"
            " reason = ?, chosen = ? WHERE project_id = ? AND id = ?",
            [
                (
                    change.id,
                    origin.received_at,
                    change.reason if change.settles else _NEWER_WORD,
                    dump(change.fields),
                    change.stream,
                    name,
                )
                for name, change in desk.settled_conflicts.items()
            ],
        )

    def _keep_quarantine(self, desk: Desk, origin: Origin) -> None:
        self.connection.executemany(
            _KEEP_QUARANTINE,
            [_quarantine_row(found, origin) for found in desk.quarantined],
        )
        self.connection.executemany(
            "UPDATE quarantine SET status = ?, settled_at = ?"
            " WHERE project_id = ? AND change_id = ? AND status IN ('open', 'held')",
            [(how, origin.received_at, *place) for place, how in desk.settled.items()],
        )

    def _keep_decisions(self, desk: Desk) -> None:
        self.connection.executemany(
            "INSERT OR IGNORE INTO decided (project_id, seen, group_name, decision)"
            " VALUES (?, ?, ?, ?)",
            desk.decisions,
        )

    def _ask_for_release(self, desk: Desk) -> None:
        """Note the records that have come and that more waits for than was read."""
        for stream in desk.has_more_waiting:
            came = json_list(record for place, record in desk.came if place == stream)
            self.connection.execute(_ASK_FOR_RELEASE, (stream, came))

    def note_stood(
        self, batch: Sequence[Judged], stood: Mapping[str, Sequence[tuple[str, int]]]
    ) -> None:
        """Note the numbers that changes had in timelines that were lost."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO stood (project_id, change_id, epoch, seq)"
            " VALUES (?, ?, ?, ?)",
            [
                (judged.change.stream, judged.change.id, epoch, seq)
                for judged in batch
                for epoch, seq in stood.get(judged.change.id, ())
            ],
        )

    def next_release(self) -> tuple[str, str, int] | None:
        """Return a record that others wait for, and the place up to which they had it."""
        row = self.connection.execute(
            "SELECT project_id, record_id, after FROM release LIMIT 1"
        ).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def note_release(self, stream: str, record: str, after: int | None) -> None:
        """Note up to where those who wait for a record were released; None: all."""
        if after is None:
            sql = "DELETE FROM release WHERE project_id = ? AND record_id = ?"
            self.connection.execute(sql, (stream, record))
        else:
            sql = "UPDATE release SET after = ? WHERE project_id = ? AND record_id = ?"
            self.connection.execute(sql, (after, stream, record))

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


def add_digest(connection: Connection, stream: str, change: Digest) -> None:
    """Add to the digest of a stream what its rows became."""
    count, total = connection.execute(
        "SELECT digest_count, digest_sum FROM stream WHERE project_id = ?", (stream,)
    ).fetchone()
    found = Digest(count, int(total, 16)).joined(change)
    connection.execute(
        "UPDATE stream SET digest_count = ?, digest_sum = ? WHERE project_id = ?",
        (found.items, f"{found.total:x}", stream),
    )


def _quarantine_row(found: Quarantined, origin: Origin) -> tuple[Any, ...]:
    change = found.change
    fields = json.dumps(change.fields)  # ASCII: may hold what UTF-8 cannot
    return (
        change.stream,
        change.id,
        change.log,
        change.n,
        change.type,
        change.record,
        found.parent,
        fields,
        dump([problem.as_data() for problem in found.why]),
        change.log,
        change.person,
        origin.received_at,
        "held" if found.is_held else "open",
        found.waits_for,
    )
