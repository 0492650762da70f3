"""What a merge came to: lines, verdicts, records, conflicts, quarantine. SQLite."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from schemas.digest import Digest
from schemas.records import TYPES
from server.merge.model import KeptBack, Record
from server.merge.statuses import CustodyStatus
from server.store.driver import Connection
from server.store.logs import add_segment
from server.store.merge_values import ConflictClosing, Effects
from server.store.rows import dump, json_list, record_row, verdict_row

_QUARANTINE: Final = """
    INSERT INTO quarantine (project_id, change_id, log_id, n, type, record_id, parent_id,
        fields, why, device_id, person, at, status, waits_for)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT device_id FROM log WHERE log_id = ?),
        ?, ?, ?, ?)
    ON CONFLICT (project_id, change_id) DO UPDATE SET why = excluded.why,
        status = excluded.status, waits_for = excluded.waits_for, settled_at = NULL,
        reason = NULL
"""
_CLOSE_WAITING: Final = """
    UPDATE quarantine SET status = ?, settled_at = ?, reason = coalesce(?, reason)
    WHERE project_id = ? AND change_id = ? AND status IN ('open', 'held')
"""
_CONFLICT: Final = """
    INSERT INTO conflict (project_id, id, record_id, type, group_name, base,
        theirs, ours, change_id, device_id, person, at, status)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT device_id FROM log WHERE log_id = ?),
        ?, ?, 'open')
"""
_CLOSE_CONFLICT: Final = """
    UPDATE conflict SET status = 'settled', settled_by = ?, settled_at = ?, reason = ?,
        chosen = ?
    WHERE project_id = ? AND id = ?
"""
_HISTORY: Final = """
    INSERT INTO history (project_id, record_id, group_name, old_values, written_seq,
        replaced_seq, written_by, replaced_by)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_ASK_FOR_RELEASE: Final = """
    INSERT INTO release (project_id, record_id, after)
    SELECT DISTINCT project_id, waits_for, 0 FROM quarantine
    WHERE project_id = ?1 AND status IN ('open', 'held')
      AND waits_for IN (SELECT value FROM json_each(?2))
    ON CONFLICT (project_id, record_id) DO UPDATE SET after = 0
"""
# Each asking has a number of its own: the end of a job that had begun by then must not
# be the end of this one too.
_ASK: Final = """
    UPDATE project SET asked = asked + 1 WHERE project_id = ? RETURNING asked
"""
_JOB: Final = """
    INSERT INTO job (project_id, plot_id, asked, leased_until) VALUES (?, ?, ?, 0)
    ON CONFLICT (project_id, plot_id) DO UPDATE SET asked = excluded.asked
"""
_RECORD: Final = """
    INSERT INTO record_row (project, id, type, seq, fields, writers, parent_id,
        natural_key, deleted, computable_by_author, open_conflicts, last_log, last_n)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (project, id) DO UPDATE SET seq = excluded.seq,
        fields = excluded.fields, writers = excluded.writers,
        parent_id = excluded.parent_id, natural_key = excluded.natural_key,
        deleted = excluded.deleted,
        computable_by_author = excluded.computable_by_author,
        open_conflicts = excluded.open_conflicts, last_log = excluded.last_log,
        last_n = excluded.last_n
"""
_CHANGE: Final = """
    INSERT INTO change_row (log, n, project, segment, change_id, hash, outcome, seq, why,
        conflicts)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_NUMBERS: Final = """
    SELECT id, number FROM numbered_id WHERE id IN (SELECT value FROM json_each(?))
"""
_NUMBER: Final = "INSERT INTO numbered_id (id) VALUES (?) ON CONFLICT (id) DO NOTHING"
_LET_GO: Final = """
    UPDATE attachment SET gone_at = ? WHERE project_id = ? AND gone_at IS NULL
        AND record_id IN (SELECT value FROM json_each(?))
"""
_NAME: Final = """
    INSERT INTO attachment (project_id, record_id, sha256) VALUES (?, ?, ?)
    ON CONFLICT (project_id, record_id, sha256) DO UPDATE SET gone_at = NULL
"""
_ATTACHABLE: Final = frozenset(
    name for name, kind in TYPES.items() if "attachments" in kind.fields
)


class SaveTables:
    """The part of a transaction that writes what a merge came to."""

    connection: Connection

    def save(self, effects: Effects) -> None:
        """Write everything that a merge came to."""
        self._save_new_projects(effects)
        self._save_lines(effects)
        self._save_heads(effects)
        self._save_late_verdicts(effects)
        self._save_records(effects)
        self._save_conflicts(effects)
        self._save_quarantine(effects)
        self._save_memory(effects)
        for project_id, arrived in effects.arrived.items():
            self.connection.execute(_ASK_FOR_RELEASE, (project_id, json_list(arrived)))
        for project_id, plots in effects.plots.items():
            asked = next_asking(self.connection, project_id)
            self.connection.executemany(
                _JOB, [(project_id, plot, asked) for plot in plots]
            )

    def _save_new_projects(self, effects: Effects) -> None:
        for project_id in effects.new_projects:
            self.connection.execute(
                "INSERT INTO project (project_id, head, created_at) VALUES (?, 0, ?)",
                (project_id, effects.received_at),
            )
            self.connection.execute(
                "INSERT INTO device_project (project_id, device_id) VALUES (?, ?)"
                " ON CONFLICT (project_id, device_id) DO NOTHING",
                (project_id, effects.device_id),
            )

    def _save_lines(self, effects: Effects) -> None:
        if not effects.lines:
            return
        first, last = effects.lines[0][0], effects.lines[-1][0]
        segment = add_segment(
            self.connection,
            first.n,
            effects.received_at,
            [line.raw for line, _ in effects.lines],
        )
        numbers = numbered(
            self.connection,
            {last.log_id, *(line.project_id for line, _ in effects.lines)},
        )
        log = numbers[last.log_id]
        put_changes(
            self.connection,
            [
                (
                    log,
                    line.n,
                    numbers[line.project_id],
                    segment,
                    line.change_id,
                    line.hash,
                    *verdict_row(verdict),
                )
                for line, verdict in effects.lines
            ],
        )
        self.connection.execute(
            "UPDATE log SET n = ?, hash = ? WHERE log_id = ?",
            (last.n, last.hash, last.log_id),
        )

    def _save_heads(self, effects: Effects) -> None:
        self.connection.executemany(
            "UPDATE project SET head = ? WHERE project_id = ?",
            [(head, project_id) for project_id, head in effects.heads.items()],
        )
        for project_id, gained in effects.digests.items():
            add_digest(self.connection, project_id, gained)

    def _save_late_verdicts(self, effects: Effects) -> None:
        """Save verdicts that replace others, and those that authors are to hear."""
        for verdict, is_told in effects.late:
            place = (verdict.project_id, verdict.change_id)
            self.connection.execute(
                "UPDATE change_row SET outcome = ?, seq = ?, why = ?, conflicts = ?"
                " WHERE project = (SELECT number FROM numbered_id WHERE id = ?)"
                " AND change_id = ?",
                (*verdict_row(verdict), *place),
            )
            if is_told:
                self.connection.execute(
                    "INSERT INTO late (project_id, change_id, at) VALUES (?, ?, ?)",
                    (*place, effects.received_at),
                )

    def _save_records(self, effects: Effects) -> None:
        put_records(self.connection, map(record_row, effects.records))
        _note_files(self.connection, effects.records, effects.received_at)

    def _save_conflicts(self, effects: Effects) -> None:
        self.connection.executemany(
            _CONFLICT,
            [
                (
                    found.project_id,
                    found.id,
                    found.record_id,
                    found.type,
                    found.group,
                    None if base is None else dump(base),
                    dump(found.theirs),
                    dump(found.ours),
                    found.change.id,
                    found.change.log_id,
                    found.change.person,
                    effects.received_at,
                )
                for found, base in effects.conflicts
            ],
        )
        self.connection.executemany(
            _CLOSE_CONFLICT,
            [
                _closing_row(closing, effects.received_at)
                for closing in effects.closed_conflicts
            ],
        )

    def _save_quarantine(self, effects: Effects) -> None:
        self.connection.executemany(
            _QUARANTINE,
            [
                _quarantine_row(kept, effects.received_at)
                for kept in effects.quarantined
            ],
        )
        self.connection.executemany(
            _CLOSE_WAITING,
            [
                (c.status, effects.received_at, c.reason, c.project_id, c.change_id)
                for c in effects.closed
            ],
        )

    def _save_memory(self, effects: Effects) -> None:
        """Save what stood before, and what decisions and lost timelines knew."""
        self.connection.executemany(
            _HISTORY,
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
                for old in effects.history
            ],
        )
        self.connection.executemany(
            "INSERT INTO decided (project_id, seen, group_name, decision)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (project_id, seen, group_name) DO NOTHING",
            effects.decisions,
        )
        self.connection.executemany(
            "INSERT INTO stood (project_id, change_id, epoch, seq)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (project_id, change_id, epoch)"
            " DO UPDATE SET seq = excluded.seq",
            effects.stood,
        )


def next_asking(connection: Connection, project_id: str) -> int:
    """Return a number for plots of a project that are to be derived."""
    row = connection.execute(_ASK, (project_id,)).fetchone()
    return int(row[0]) if row else 0


def put_records(connection: Connection, rows: Iterable[Sequence[Any]]) -> None:
    """Write records as they are to stand, from their columns (`rows.record_row`)."""
    found = list(rows)
    ids = {row[0] for row in found} | {row[-2] for row in found}
    numbers: dict[str | None, int | None] = {None: None}
    numbers.update(numbered(connection, ids - {None}))
    connection.executemany(
        _RECORD,
        [(numbers[row[0]], *row[1:-2], numbers[row[-2]], row[-1]) for row in found],
    )


def put_changes(connection: Connection, rows: Iterable[Sequence[Any]]) -> None:
    """Write changes: log, place, project, segment, id, hash, and the columns of a verdict."""
    connection.executemany(_CHANGE, rows)


def numbered(connection: Connection, ids: Collection[str]) -> dict[str, int]:
    """Return the numbers of projects and logs, which get them when they first come."""
    known = dict(connection.execute(_NUMBERS, (json_list(ids),)).fetchall())
    new = sorted(set(ids) - known.keys())
    if not new:
        return known
    connection.executemany(_NUMBER, [(name,) for name in new])
    return known | dict(connection.execute(_NUMBERS, (json_list(new),)).fetchall())


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


def _closing_row(closing: ConflictClosing, now: str) -> tuple[Any, ...]:
    change = closing.change
    place = (closing.project_id, closing.conflict_id)
    return (change.id, now, closing.reason, dump(change.fields), *place)


def _quarantine_row(found: KeptBack, received_at: str) -> tuple[Any, ...]:
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
        received_at,
        CustodyStatus.HELD if found.is_held else CustodyStatus.OPEN,
        found.waits_for,
    )


def _note_files(connection: Connection, records: Iterable[Record], now: str) -> None:
    """Note which files records name now, and which no longer."""
    by_project: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.type in _ATTACHABLE:
            by_project[record.project_id].append(record)
    for project_id, own in by_project.items():
        names = json_list(record.id for record in own)
        connection.execute(_LET_GO, (now, project_id, names))
        connection.executemany(
            _NAME,
            [(project_id, r.id, sha256) for r in own for sha256 in _files(r)],
        )


def _files(record: Record) -> list[Any]:
    if record.deleted:
        return []
    return [file["sha256"] for file in record.fields.get("attachments") or ()]
