"""What waits: for a record, or for a person; and what was decided. SQLite."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from schemas import limits
from schemas.digest import conflict_hash, digest_of
from schemas.problems import from_data
from server.merge.statuses import ConflictStatus, CustodyStatus
from server.store.custody_values import (
    ConflictQuery,
    CustodyQuery,
    HowMuchWaits,
    InCustody,
    StoredConflict,
)
from server.store.driver import Connection
from server.store.logs import SegmentReader
from server.store.merge_values import LogLine
from server.store.rows import json_list
from server.store.save import add_digest

_QUARANTINE: Final = """
    SELECT q.arrived, q.project_id, q.change_id, q.type, q.record_id, q.fields, q.why,
        d.name, q.person, q.at, q.status, q.waits_for,
        q.settled_at, q.reason,
        c.log_id, c.n, c.segment, c.hash
    FROM quarantine q JOIN change c ON c.log_id = q.log_id AND c.n = q.n
        LEFT JOIN device d ON d.device_id = q.device_id
"""
# One more than may be held: beyond that nobody counts.
_HOW_MUCH_WAITS: Final = f"""
    SELECT (SELECT count(*) FROM (SELECT 1 FROM quarantine WHERE project_id = ?1
            AND status = 'held' LIMIT {limits.HELD_CHANGES + 1}) AS held),
        EXISTS (SELECT 1 FROM quarantine WHERE project_id = ?1
            AND status IN ('open', 'held'))
"""  # noqa: S608 - a constant
# A change that came in two logs has two lines: the first one counts.
_CONFLICTS: Final = """
    SELECT f.project_id, f.id, f.record_id, f.type, f.group_name, f.base, f.theirs,
        f.ours, f.change_id, c.log_id, c.n, c.seq, d.name, f.person, f.at, f.status,
        f.settled_by, f.settled_at, f.reason, f.chosen
    FROM conflict f
        JOIN change c ON (c.log_id, c.n) = (SELECT line.log_id, line.n FROM change line
            WHERE line.project_id = f.project_id AND line.change_id = f.change_id
            ORDER BY line.segment, line.n LIMIT 1)
        LEFT JOIN device d ON d.device_id = f.device_id
"""

_REOPEN: Final = """
    UPDATE conflict SET status = 'open', settled_at = NULL, settled_by = NULL,
        reason = NULL, chosen = NULL
    WHERE project_id = ? AND id = ?
"""
_COUNT_REOPENED: Final = """
    UPDATE record_row SET open_conflicts = open_conflicts + 1, computable_by_author = 0
    WHERE project = (SELECT number FROM numbered_id WHERE id = ?) AND id = ?
"""

_Conditions = list[tuple[str, object]]


class CustodyTables:
    """The part of a transaction that knows what waits."""

    connection: Connection

    def quarantine(self, query: CustodyQuery) -> list[InCustody]:
        """Return changes of the quarantine in the order in which they came."""
        narrow = _narrowed(
            (
                ("q.project_id", query.project_id),
                ("q.status", query.statuses),
                ("q.change_id", query.change_ids),
                ("q.record_id", query.record_ids),
                ("q.waits_for", query.waits_for),
            )
        )
        if query.starts_with:
            narrow.append(("instr(q.change_id, ?) = 1", query.starts_with))
        if query.reason:
            narrow.append(("instr(q.reason, ?) = 1", query.reason))
        if query.after:
            narrow.append(("q.arrived > ?", query.after))
        where, values = _where(narrow)
        order = " ORDER BY q.arrived LIMIT ?"
        rows = self.connection.execute(
            _QUARANTINE + where + order, (*values, query.most)
        )
        reader = SegmentReader(self.connection)
        return [_in_custody(row, reader) for row in rows.fetchall()]

    def how_much_waits(self, project_id: str) -> HowMuchWaits:
        """Return whether anything waits, and how much is held, up to what may be."""
        held, is_any = self.connection.execute(
            _HOW_MUCH_WAITS, (project_id,)
        ).fetchone()
        return HowMuchWaits(held, bool(is_any))

    def conflicts(self, query: ConflictQuery) -> list[StoredConflict]:
        """Return conflicts, in the order in which they came or were settled."""
        narrow = _narrowed(
            (
                ("f.project_id", query.project_id),
                ("f.status", query.status),
                ("f.id", query.conflict_ids),
                ("f.record_id", query.record_ids),
            )
        )
        if query.starts_with:
            narrow.append(("instr(f.id, ?) = 1", query.starts_with))
        where, values = _where(narrow)
        order = " ORDER BY coalesce(f.settled_at, f.at), f.id"
        rows = self.connection.execute(_CONFLICTS + where + order, values)
        return [_conflict(row) for row in rows]

    def reopen_conflicts(self, project_id: str, conflicts: Mapping[str, str]) -> None:
        """Open settled conflicts again, each of a record that was written just now.

        `conflicts` has the record of each. They count in the record and in the digest.
        """
        if not conflicts:
            return
        self.connection.executemany(_REOPEN, [(project_id, name) for name in conflicts])
        self.connection.executemany(
            _COUNT_REOPENED, [(project_id, record) for record in conflicts.values()]
        )
        gained = digest_of(
            (record, conflict_hash(record, name)) for name, record in conflicts.items()
        )
        add_digest(self.connection, project_id, gained)

    def next_release(self) -> tuple[str, str, int] | None:
        """Return a record that others wait for, and the place up to which they had it."""
        row = self.connection.execute(
            "SELECT project_id, record_id, after FROM release LIMIT 1"
        ).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def note_release(self, project_id: str, record_id: str, after: int | None) -> None:
        """Note up to where those who wait for a record were released; None: all."""
        place = (project_id, record_id)
        if after is None:
            sql = "DELETE FROM release WHERE project_id = ? AND record_id = ?"
            self.connection.execute(sql, place)
        else:
            sql = "UPDATE release SET after = ? WHERE project_id = ? AND record_id = ?"
            self.connection.execute(sql, (after, *place))


def _narrowed(
    wanted: Iterable[tuple[str, str | Collection[str] | None]],
) -> _Conditions:
    """Return the conditions for columns: one value, or one of several; None is none."""
    found: _Conditions = []
    for column, value in wanted:
        if isinstance(value, str):
            found.append((f"{column} = ?", value))
        elif value is not None:
            one_of = f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608 - a constant
            found.append((one_of, json_list(value)))
    return found


def _where(conditions: _Conditions) -> tuple[str, list[object]]:
    if not conditions:
        return "", []
    text = " AND ".join(condition for condition, _ in conditions)
    return f" WHERE {text}", [value for _, value in conditions]


def _in_custody(row: tuple[Any, ...], reader: SegmentReader) -> InCustody:
    place, project_id, change_id, kind, record_id, fields, why, *rest = row
    device, person, at, status, waits_for, settled_at, reason, *line = rest
    log_id, n, segment, digest = line
    raw = reader.line(segment, n)
    return InCustody(
        place=place,
        project_id=project_id,
        change_id=change_id,
        type=kind,
        record_id=record_id,
        fields=json.loads(fields) if fields else {},
        why=[from_data(problem) for problem in json.loads(why)],
        device=device,
        person=person,
        at=at,
        status=CustodyStatus(status),
        waits_for=waits_for,
        settled_at=settled_at,
        reason=reason,
        line=LogLine(log_id, n, project_id, change_id, raw, bytes(digest)),
    )


def _conflict(row: tuple[Any, ...]) -> StoredConflict:
    project_id, name, record_id, kind, group, base, theirs, ours, *rest, chosen = row
    change_id, log_id, n, seq, device, person, at, status, by, settled_at, reason = rest
    return StoredConflict(
        project_id=project_id,
        id=name,
        record_id=record_id,
        type=kind,
        group=group,
        base=json.loads(base) if base else None,
        theirs=json.loads(theirs),
        ours=json.loads(ours),
        change_id=change_id,
        log_id=log_id,
        n=n,
        seq=seq or 0,
        device=device,
        person=person,
        at=at,
        status=ConflictStatus(status),
        settled_by=by,
        settled_at=settled_at,
        reason=reason,
        chosen=json.loads(chosen) if chosen else {},
    )
