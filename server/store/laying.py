"""Lay the merge desk: read everything a batch may touch. SQLite."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from schemas import limits
from schemas.groups import by_group, members
from schemas.messages import Op, parse_object
from schemas.problems import from_data
from schemas.records import DERIVED, TYPES, natural_key
from server.store.driver import Connection
from server.store.logs import LogQueries
from server.store.rows import (
    RECORD_COLUMNS,
    VERDICT_COLUMNS,
    json_list,
    record_of,
    verdict_of,
)
from server.sync.desk import Desk, key_text, label, references_of
from server.sync.judge import judge
from server.sync.model import Change, Judged, KnownConflict, Past, Waiting
from server.sync.request import read_change

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
_DERIVED: Final = ", ".join(f"'{name}'" for name in sorted(DERIVED))
_REFERRERS: Final = f"""
    SELECT id FROM record WHERE project_id = ?1 AND parent_id = ?2 AND deleted = 0
        AND type NOT IN ({_DERIVED})
    UNION
    SELECT id FROM record WHERE project_id = ?1 AND type = ?3 AND deleted = 0
        AND json_extract(fields, ?4) = ?2
"""  # noqa: S608 - constants
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
# One more than may be held: beyond that nobody counts.
_COUNT_HELD: Final = f"""
    SELECT count(*) FROM (SELECT 1 FROM quarantine
    WHERE project_id = ? AND status = 'held' LIMIT {limits.HELD_CHANGES + 1})
"""  # noqa: S608 - a constant
_ANY_WAITS: Final = """
    SELECT 1 FROM quarantine WHERE project_id = ? AND status IN ('open', 'held') LIMIT 1
"""
_ALL_WAITING: Final = """
    SELECT q.rowid, q.change_id, c.log_id, c.raw, c.hash, q.waits_for, q.why
    FROM quarantine q JOIN change c ON c.log_id = q.log_id AND c.n = q.n
    WHERE q.project_id = ?1 AND q.status IN ('open', 'held')
      AND (?2 IS NULL OR q.change_id IN (SELECT value FROM json_each(?2)))
"""
_WAITING: Final = """
    SELECT q.rowid, q.change_id, c.log_id, c.raw, c.hash, q.waits_for, q.why
    FROM quarantine q JOIN change c ON c.log_id = q.log_id AND c.n = q.n
    WHERE q.project_id = ?1 AND q.status IN ('open', 'held')
      AND (q.record_id IN (SELECT value FROM json_each(?2))
        OR q.change_id IN (SELECT value FROM json_each(?3)))
"""
_UNTIL: Final = """
    SELECT q.rowid, q.change_id, c.log_id, c.raw, c.hash, q.waits_for, q.why
    FROM quarantine q JOIN change c ON c.log_id = q.log_id AND c.n = q.n
    WHERE q.project_id = ?1 AND q.status IN ('open', 'held')
      AND q.waits_for IN (SELECT value FROM json_each(?2)) AND q.rowid > ?3
    ORDER BY q.rowid LIMIT ?4
"""
_CONFLICTS: Final = """
    SELECT f.id, f.record_id, f.group_name, f.change_id, c.log_id, c.n, f.ours, c.seq,
        f.status = 'open'
    FROM conflict f JOIN change c
        ON c.project_id = f.project_id AND c.change_id = f.change_id
    WHERE f.project_id = ?1 AND (f.id IN (SELECT value FROM json_each(?2))
        OR (f.status = 'open' AND f.record_id IN (SELECT value FROM json_each(?3))))
    ORDER BY f.rowid
"""
_PAST: Final = """
    SELECT h.record_id, h.group_name, h.old_values, h.written_seq, h.replaced_seq,
        c.log_id, c.n
    FROM history h JOIN change c
        ON c.project_id = h.project_id AND c.change_id = h.written_by
    WHERE h.project_id = ? AND h.record_id IN (SELECT value FROM json_each(?))
"""
_STOOD: Final = """
    SELECT change_id, epoch, seq FROM stood
    WHERE project_id = ? AND change_id IN (SELECT value FROM json_each(?))
"""
_DECIDED: Final = """
    SELECT seen, group_name, decision FROM decided
    WHERE project_id = ? AND seen IN (SELECT value FROM json_each(?))
"""
# The plus: those given up are fewer than what a batch names.
_GIVEN_UP: Final = """
    SELECT record_id, type, fields FROM quarantine
    WHERE project_id = ? AND status = 'discarded'
      AND +record_id IN (SELECT value FROM json_each(?))
"""
_PURGED: Final = """
    SELECT id FROM purged
    WHERE project_id = ? AND id IN (SELECT value FROM json_each(?))
"""


class LayingQueries(LogQueries):
    """The part of a unit that lays the merge desk."""

    connection: Connection

    def lay_desk(
        self, batch: list[Judged], streams: set[str], revoked: set[str]
    ) -> Desk:
        """Read everything a batch may touch, and the first of what waits for it."""
        touched = _by_stream(batch)
        desk = Desk(
            streams=set(streams),
            heads=dict(self.connection.execute(_HEADS, (json_list(touched),))),
            timeline=self.timeline(),
            lineage=self.lineage({judged.change.log for judged in batch}),
            revoked=set(revoked),
        )
        for stream, judged in touched.items():
            waiting = self._lay_waiting(desk, stream, judged)
            self._lay_stream(desk, stream, judged + waiting)
        if desk.waiting:
            logs = {found.judged.change.log for found in desk.waiting.all()}
            logs |= {judged.change.log for judged in batch}
            desk.lineage = self.lineage(logs)
        return desk

    def waiting(self, stream: str, changes: Iterable[str] | None) -> list[Waiting]:
        """Return the changes of a project that wait in custody, oldest first."""
        wanted = None if changes is None else json_list(changes)
        rows = self.connection.execute(_ALL_WAITING, (stream, wanted))
        return list(_read_waiting(rows.fetchall()).values())

    def waiting_until(
        self, stream: str, record: str, after: int, most: int
    ) -> tuple[list[Waiting], int]:
        """Return changes that wait for a record, and the place of the last of them."""
        rows, _ = self._until(stream, {record}, after, most)
        last = max((row[0] for row in rows), default=after)
        return list(_read_waiting(rows).values()), last

    def streams_that_wait(self) -> list[str]:
        """Return the projects with changes that wait in custody."""
        rows = self.connection.execute(
            "SELECT DISTINCT project_id FROM quarantine"
            " WHERE status IN ('open', 'held') ORDER BY 1"
        )
        return [stream for (stream,) in rows]

    def _lay_stream(self, desk: Desk, stream: str, batch: list[Judged]) -> None:
        self._lay_records(desk, stream, batch)
        self._lay_holders(desk, stream, batch)
        self._lay_referrers(desk, stream, batch)
        self._lay_known(desk, stream, batch)
        self._lay_conflicts(desk, stream, batch)
        self._lay_past(desk, stream, batch)
        self._lay_stood(desk, stream, batch)

    def _lay_waiting(
        self, desk: Desk, stream: str, batch: list[Judged]
    ) -> list[Judged]:
        """Lay out what waits of the batch's records, and for them, and so on.

        What waits for them is read up to a bound: the rest is released by itself.
        """
        if not self.connection.execute(_ANY_WAITS, (stream,)).fetchone():
            return []
        held = self.connection.execute(_COUNT_HELD, (stream,)).fetchone()[0]
        desk.held_count[stream] = held
        named = json_list(j.change.replaces for j in batch if j.change.replaces)
        records = {judged.change.record for judged in batch}
        own = records.union(*map(_references, batch))
        rows = self.connection.execute(
            _WAITING, (stream, json_list(sorted(own)), named)
        ).fetchall()
        wanted, seen = records, set[str]()
        left = limits.RELEASED_AT_ONCE
        while wanted and left > 0:
            seen |= wanted
            found, has_more = self._until(stream, wanted, 0, left)
            if has_more:
                desk.has_more_waiting.add(stream)
            rows += found
            left -= len(found)
            brought = {w.judged.change.record for w in _read_waiting(found).values()}
            wanted = brought - seen
        if wanted:
            desk.has_more_waiting.add(stream)
        for waiting in _read_waiting(rows).values():
            desk.waiting.add(waiting)
        return [found.judged for found in desk.waiting.all()]

    def _until(
        self, stream: str, records: set[str], after: int, most: int
    ) -> tuple[list[tuple[Any, ...]], bool]:
        """Return what waits for records, and whether there is more; no group is cut."""
        # A group came in one push, so it is no longer than a batch.
        wanted = (
            stream,
            json_list(sorted(records)),
            after,
            most + limits.BATCH_CHANGES,
        )
        rows: list[tuple[Any, ...]] = self.connection.execute(_UNTIL, wanted).fetchall()
        end = min(most, len(rows))
        while 0 < end < len(rows) and _is_one_group(rows[end - 1], rows[end]):
            end += 1
        return rows[:end], end < len(rows)

    def _lay_records(self, desk: Desk, stream: str, batch: list[Judged]) -> None:
        ids = {judged.change.record for judged in batch}.union(*map(_references, batch))
        self._find_records(desk, stream, ids)
        # What comes back refers to all that it referred to.
        back = {j.change.record for j in batch if j.change.op == Op.UNDELETE}
        found = [r for name in back if (r := desk.find(stream, name)) is not None]
        referred = {target for record in found for target in references_of(record)}
        self._find_records(desk, stream, referred - ids)

    def _find_records(self, desk: Desk, stream: str, ids: set[str]) -> None:
        if not ids:
            return
        wanted = json_list(ids)
        for record in map(
            record_of, self.connection.execute(_RECORDS, (stream, wanted))
        ):
            desk.records[stream, record.id] = record
        for (name,) in self.connection.execute(_PURGED, (stream, wanted)):
            desk.purged.add((stream, name))
        for name, kind, fields in self.connection.execute(_GIVEN_UP, (stream, wanted)):
            desk.given_up[stream, name] = label(kind, json.loads(fields))

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
        for seen, group, decision in self.connection.execute(_DECIDED, (stream, ids)):
            desk.decided[stream, seen, group] = decision

    def _lay_conflicts(self, desk: Desk, stream: str, batch: list[Judged]) -> None:
        """Lay out the conflicts that are named, and the open ones of the records."""
        named = [name for judged in batch for name in judged.change.settles]
        records = {judged.change.record for judged in batch}
        contested = [
            name
            for name in sorted(records)
            if (record := desk.find(stream, name)) and record.open_conflicts
        ]
        if not named and not contested:
            return
        wanted = (stream, json_list(named), json_list(contested))
        for row in self.connection.execute(_CONFLICTS, wanted):
            name, record, group, change, log, n, ours, seq, is_open = row
            said = (record, group, change, log, n, json.loads(ours), seq or 0)
            found = KnownConflict(*said, is_open=bool(is_open))
            desk.note_conflict(stream, name, found)

    def _lay_past(self, desk: Desk, stream: str, batch: list[Judged]) -> None:
        """Lay out what stood before, where a change names a group in part only."""
        records = {
            j.change.record
            for j in batch
            if desk.find(stream, j.change.record) and _names_parts(j)
        }
        if not records:
            return
        rows = self.connection.execute(_PAST, (stream, json_list(sorted(records))))
        for record, group, values, *place in rows:
            past = desk.past.setdefault((stream, record), {})
            past.setdefault(group, []).append(Past(json.loads(values), *place))

    def _lay_stood(self, desk: Desk, stream: str, batch: list[Judged]) -> None:
        """Lay out where writes stood before, for those who saw them in a lost timeline."""
        names = {j.change.record for j in batch if _is_of_before(j, desk.timeline.now)}
        found = [record for name in names if (record := desk.find(stream, name))]
        writers = {
            writer.change
            for record in found
            for writers in record.writers.values()
            for writer in writers
        }
        if writers:
            rows = self.connection.execute(_STOOD, (stream, json_list(sorted(writers))))
            for change, epoch, seq in rows:
                desk.note_stood(change, epoch, seq)


def _is_of_before(judged: Judged, epoch: str) -> bool:
    """Return whether a change was made on a row of an earlier timeline."""
    bases = [judged.change.base, *judged.change.bases.values()]
    return any(base is not None and base[0] != epoch for base in bases)


def _is_one_group(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Return whether two waiting changes stand or fall together."""
    groups = [(row[2], parse_object(bytes(row[3])).get("g")) for row in (one, other)]
    return groups[0] == groups[1] and groups[0][1] is not None


def _references(judged: Judged) -> set[str]:
    """Return the records that a change refers to."""
    kind = TYPES.get(judged.change.type)
    names = kind.references if kind else ()
    return {judged.fields[name] for name in names if judged.fields.get(name)}


def _names_parts(judged: Judged) -> bool:
    """Return whether a change names a field group in part."""
    kind = judged.change.type
    return kind in TYPES and any(
        len(members(kind, group)) > len(named)
        for group, named in by_group(kind, judged.fields).items()
    )


def _by_stream(batch: list[Judged]) -> dict[str, list[Judged]]:
    streams: dict[str, list[Judged]] = defaultdict(list)
    for judged in batch:
        streams[judged.change.stream].append(judged)
    return streams


def _read_waiting(rows: list[tuple[Any, ...]]) -> dict[str, Waiting]:
    """Read waiting changes in the order they came; their fields are judged anew."""
    found = {}
    for _, name, log, raw, digest, waits_for, why in sorted(set(rows)):
        # A line may say the id of another laptop's change: it was kept under its own.
        change = replace(read_change(log, bytes(raw), bytes(digest)), id=name)
        found[name] = Waiting(_judge_again(change, why), waits_for)
    return found


def _judge_again(change: Change, why: str) -> Judged:
    """Judge the fields of a waiting change; a false claim stays one, whatever came since."""
    known = [from_data(problem) for problem in json.loads(why)]
    lies = [problem for problem in known if problem.code == "base_beyond_head"]
    return Judged(change, {}, lies) if lies else judge(change)
