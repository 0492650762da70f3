"""What a batch writes: lines, verdicts, records, conflicts, quarantine. SQLite."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from schemas.digest import Digest
from server.merge.model import Conflict, KeptBack, Origin, ValidatedChange
from server.merge.state import MergeState
from server.store import affected_plots
from server.store.attachments import note_files
from server.store.driver import Connection
from server.store.load import MergeStateQueries
from server.store.rows import dump, json_list, record_row, verdict_row

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


class MergeQueries(MergeStateQueries):
    """The part of a transaction that keeps what a merge came to."""

    connection: Connection

    def save(
        self, state: MergeState, batch: list[ValidatedChange], origin: Origin
    ) -> None:
        """Write the lines, their verdicts and their effects."""
        self._save_new_projects(state, origin)
        self._save_lines(state, batch, origin)
        self.save_effects(state, origin)

    def save_effects(self, state: MergeState, origin: Origin) -> None:
        """Write what a merge came to, but the lines themselves."""
        self._save_heads(state)
        self._save_late_verdicts(state, origin)
        self._save_records(state, origin)
        self._save_conflicts(state.conflicts, origin)
        self._close_conflicts(state, origin)
        self._save_quarantine(state, origin)
        self._save_history(state)
        self._save_decisions(state)
        self._ask_for_release(state)
        affected_plots.note_jobs(self.connection, state)

    def note_reason(self, project_id: str, changes: Iterable[str], reason: str) -> None:
        """Keep why a person gave changes up."""
        self.connection.executemany(
            "UPDATE quarantine SET reason = ? WHERE project_id = ? AND change_id = ?",
            [(reason, project_id, change) for change in changes],
        )

    def _save_new_projects(self, state: MergeState, origin: Origin) -> None:
        for project_id in state.new_projects:
            self.connection.execute(
                "INSERT INTO project (project_id, head, created_at) VALUES (?, 0, ?)",
                (project_id, origin.received_at),
            )
            self.connection.execute(
                "INSERT OR IGNORE INTO device_project (project_id, device_id)"
                " VALUES (?, ?)",
                (project_id, origin.device_id),
            )

    def _save_heads(self, state: MergeState) -> None:
        for project_id in sorted(state.by_project()):
            self.connection.execute(
                "UPDATE project SET head = ? WHERE project_id = ?",
                (state.heads[project_id], project_id),
            )
            add_digest(self.connection, project_id, state.digests[project_id])

    def _save_late_verdicts(self, state: MergeState, origin: Origin) -> None:
        """Save the updated verdicts of changes that waited, for their authors to hear."""
        pushed = {verdict.change_id for verdict in state.verdicts}
        for verdict in state.late_verdicts.values():
            place = (verdict.project_id, verdict.change_id)
            self.connection.execute(
                "UPDATE change SET outcome = ?, seq = ?, why = ?, conflicts = ?"
                " WHERE project_id = ? AND change_id = ?",
                (*verdict_row(verdict), *place),
            )
            if verdict.change_id not in pushed:
                self.connection.execute(
                    "INSERT INTO late (project_id, change_id, at) VALUES (?, ?, ?)",
                    (*place, origin.received_at),
                )

    def _save_lines(
        self, state: MergeState, batch: list[ValidatedChange], origin: Origin
    ) -> None:
        rows = [
            (
                validated.change.log_id,
                validated.change.n,
                validated.change.project_id,
                validated.change.id,
                validated.change.raw,
                validated.change.hash,
                origin.received_at,
                *verdict_row(verdict),
            )
            for validated, verdict in zip(batch, state.verdicts, strict=True)
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
            (last.n, last.hash, last.log_id),
        )

    def _save_records(self, state: MergeState, origin: Origin) -> None:
        put_records(self.connection, map(record_row, state.written.values()))
        for project_id, records in state.by_project().items():
            note_files(self.connection, project_id, records, origin.received_at)

    def _save_conflicts(self, conflicts: list[Conflict], origin: Origin) -> None:
        self.connection.executemany(
            "INSERT INTO conflict (project_id, id, record_id, type, group_name, base,"
            " theirs, ours, change_id, device_id, person, at, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,"
            " (SELECT device_id FROM log WHERE log_id = ?), ?, ?, 'open')",
            [
                (
                    found.project_id,
                    found.id,
                    found.record_id,
                    found.type,
                    found.group,
                    self._base_of(found),
                    dump(found.theirs),
                    dump(found.ours),
                    found.change.id,
                    found.change.log_id,
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
            found.project_id,
            found.record_id,
            found.group,
            found.base_seq,
            found.base_seq,
        )
        return str(row[0]) if row else None

    def _close_conflicts(self, state: MergeState, origin: Origin) -> None:
        self.connection.executemany(
            "UPDATE conflict SET status = 'settled', settled_by = ?, settled_at = ?,"
            " reason = ?, chosen = ? WHERE project_id = ? AND id = ?",
            [
                (
                    change.id,
                    origin.received_at,
                    change.reason if change.resolves else _NEWER_WORD,
                    dump(change.fields),
                    change.project_id,
                    name,
                )
                for name, change in state.closed_conflicts.items()
            ],
        )

    def _save_quarantine(self, state: MergeState, origin: Origin) -> None:
        self.connection.executemany(
            _KEEP_QUARANTINE,
            [_quarantine_row(found, origin) for found in state.quarantined],
        )
        self.connection.executemany(
            "UPDATE quarantine SET status = ?, settled_at = ?"
            " WHERE project_id = ? AND change_id = ? AND status IN ('open', 'held')",
            [(how, origin.received_at, *place) for place, how in state.closed.items()],
        )

    def _save_decisions(self, state: MergeState) -> None:
        self.connection.executemany(
            "INSERT OR IGNORE INTO decided (project_id, seen, group_name, decision)"
            " VALUES (?, ?, ?, ?)",
            state.decisions,
        )

    def _ask_for_release(self, state: MergeState) -> None:
        """Note the records that have come and that more waits for than was read."""
        for project_id in state.has_more_waiting:
            came = json_list(
                record for place, record in state.arrived if place == project_id
            )
            self.connection.execute(_ASK_FOR_RELEASE, (project_id, came))

    def note_stood(
        self,
        batch: Sequence[ValidatedChange],
        stood: Mapping[str, Sequence[tuple[str, int]]],
    ) -> None:
        """Note the numbers that changes had in timelines that were lost."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO stood (project_id, change_id, epoch, seq)"
            " VALUES (?, ?, ?, ?)",
            [
                (validated.change.project_id, validated.change.id, epoch, seq)
                for validated in batch
                for epoch, seq in stood.get(validated.change.id, ())
            ],
        )

    def next_release(self) -> tuple[str, str, int] | None:
        """Return a record that others wait for, and the place up to which they had it."""
        row = self.connection.execute(
            "SELECT project_id, record_id, after FROM release LIMIT 1"
        ).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def note_release(self, project_id: str, record: str, after: int | None) -> None:
        """Note up to where those who wait for a record were released; None: all."""
        if after is None:
            sql = "DELETE FROM release WHERE project_id = ? AND record_id = ?"
            self.connection.execute(sql, (project_id, record))
        else:
            sql = "UPDATE release SET after = ? WHERE project_id = ? AND record_id = ?"
            self.connection.execute(sql, (after, project_id, record))

    def _save_history(self, state: MergeState) -> None:
        self.connection.executemany(
            "INSERT INTO history (project_id, record_id, group_name, old_values,"
            " written_seq, replaced_seq, written_by, replaced_by)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    old.project_id,
                    old.record_id,
                    old.group,
                    dump(old.values),
                    old.written_seq,
                    old.replaced_seq,
                    old.written_by,
                    old.replaced_by,
                )
                for old in state.replaced
            ],
        )


def put_records(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write records as they are to stand."""
    connection.executemany(
        "INSERT INTO record (project_id, id, type, seq, fields, writers, parent_id,"
        " natural_key, deleted, computable_by_author, open_conflicts, last_log, last_n)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (project_id, id) DO UPDATE SET seq = excluded.seq,"
        " fields = excluded.fields, writers = excluded.writers,"
        " parent_id = excluded.parent_id, natural_key = excluded.natural_key,"
        " deleted = excluded.deleted, computable_by_author = excluded.computable_by_author,"
        " open_conflicts = excluded.open_conflicts, last_log = excluded.last_log,"
        " last_n = excluded.last_n",
        rows,
    )


def add_digest(connection: Connection, project_id: str, change: Digest) -> None:
    """Add to the digest of a project what its rows became."""
    count, total = connection.execute(
        "SELECT digest_count, digest_sum FROM project WHERE project_id = ?",
        (project_id,),
    ).fetchone()
    found = Digest(count, int(total, 16)).joined(change)
    connection.execute(
        "UPDATE project SET digest_count = ?, digest_sum = ? WHERE project_id = ?",
        (found.items, f"{found.total:x}", project_id),
    )


def _quarantine_row(found: KeptBack, origin: Origin) -> tuple[Any, ...]:
    change = found.change
    fields = json.dumps(change.fields)  # ASCII: may hold what UTF-8 cannot
    return (
        change.project_id,
        change.id,
        change.log_id,
        change.n,
        change.type,
        change.record_id,
        found.parent_id,
        fields,
        dump([problem.as_data() for problem in found.why]),
        change.log_id,
        change.person,
        origin.received_at,
        "held" if found.is_held else "open",
        found.waits_for,
    )
