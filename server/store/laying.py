"""Lay the merge desk: read everything a batch may touch. SQLite."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from schemas.messages import Op
from schemas.problems import from_data
from schemas.records import TYPES, natural_key
from server.store.driver import Connection
from server.store.logs import LogQueries
from server.store.rows import (
    RECORD_COLUMNS,
    VERDICT_COLUMNS,
    json_list,
    record_of,
    verdict_of,
)
from server.sync.desk import Desk, key_text, label
from server.sync.judge import judge
from server.sync.model import Change, Judged, KnownConflict, Waiting
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
_COUNT_WAITING: Final = """
    SELECT count(*), coalesce(sum(status = 'held'), 0) FROM quarantine
    WHERE project_id = ? AND status IN ('open', 'held')
"""
_WAITING: Final = """
    SELECT q.rowid, q.change_id, c.log_id, c.raw, c.hash, q.waits_for, q.why
    FROM quarantine q JOIN change c ON c.log_id = q.log_id AND c.n = q.n
    WHERE q.project_id = ?1 AND q.status IN ('open', 'held')
      AND (q.waits_for IN (SELECT value FROM json_each(?2))
        OR q.record_id IN (SELECT value FROM json_each(?2))
        OR q.change_id IN (SELECT value FROM json_each(?3)))
"""
_ALL_WAITING: Final = """
    SELECT q.rowid, q.change_id, c.log_id, c.raw, c.hash, q.waits_for, q.why
    FROM quarantine q JOIN change c ON c.log_id = q.log_id AND c.n = q.n
    WHERE q.project_id = ?1 AND q.status IN ('open', 'held')
      AND (?2 IS NULL OR q.change_id IN (SELECT value FROM json_each(?2)))
"""
_SETTLED: Final = """
    SELECT id, record_id, status FROM conflict
    WHERE project_id = ? AND id IN (SELECT value FROM json_each(?))
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
        """Read everything a batch may touch, and what waits for it."""
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
            logs = {found.judged.change.log for found in desk.waiting.values()}
            logs |= {judged.change.log for judged in batch}
            desk.lineage = self.lineage(logs)
        return desk

    def waiting(self, stream: str, changes: Iterable[str] | None) -> list[Waiting]:
        """Give the changes of a project that wait in custody, oldest first."""
        wanted = None if changes is None else json_list(changes)
        rows = self.connection.execute(_ALL_WAITING, (stream, wanted))
        return list(_read_waiting(rows.fetchall()).values())

    def streams_that_wait(self) -> list[str]:
        """Give the projects with changes that wait in custody."""
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
        self._lay_settled(desk, stream, batch)

    def _lay_waiting(
        self, desk: Desk, stream: str, batch: list[Judged]
    ) -> list[Judged]:
        """Lay out what waits for the batch, what waits for that, and so on."""
        count, held = self.connection.execute(_COUNT_WAITING, (stream,)).fetchone()
        if not count:
            return []
        desk.held_count[stream] = held
        named = json_list(j.change.replaces for j in batch if j.change.replaces)
        wanted, seen = {judged.change.record for judged in batch}, set[str]()
        rows: list[tuple[Any, ...]] = []
        while wanted:
            seen |= wanted
            found = self.connection.execute(
                _WAITING, (stream, json_list(sorted(wanted)), named)
            ).fetchall()
            rows += found
            records = {w.judged.change.record for w in _read_waiting(found).values()}
            wanted = records - seen
        waiting = _read_waiting(rows)
        desk.waiting.update(waiting)
        return [found.judged for found in waiting.values()]

    def _lay_records(self, desk: Desk, stream: str, batch: list[Judged]) -> None:
        ids = {judged.change.record for judged in batch}
        for judged in batch:
            kind = TYPES.get(judged.change.type)
            names = kind.references if kind else ()
            ids.update(judged.fields[n] for n in names if judged.fields.get(n))
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

    def _lay_settled(self, desk: Desk, stream: str, batch: list[Judged]) -> None:
        named = [name for judged in batch for name in judged.change.settles]
        if not named:
            return
        rows = self.connection.execute(_SETTLED, (stream, json_list(named)))
        for name, record, status in rows:
            found = KnownConflict(record, status == "open")
            desk.known_conflicts[stream, name] = found


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
