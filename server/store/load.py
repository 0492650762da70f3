"""Load what a merge needs: read everything a batch may touch. SQLite."""

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
from server.merge.lines import read_change
from server.merge.model import (
    Change,
    EarlierValue,
    KnownConflict,
    ValidatedChange,
    WaitingChange,
)
from server.merge.state import MergeState, key_text, label, references_of
from server.merge.validate import validate
from server.store.driver import Connection
from server.store.logs import LogQueries
from server.store.rows import (
    RECORD_COLUMNS,
    VERDICT_COLUMNS,
    json_list,
    record_of,
    verdict_of,
)

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
    SELECT project_id, head FROM project
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


class MergeStateQueries(LogQueries):
    """The part of a transaction that reads what a merge needs."""

    connection: Connection

    def load_merge_state(
        self, batch: list[ValidatedChange], project_ids: set[str], revoked: set[str]
    ) -> MergeState:
        """Read everything a batch may touch, and the first of what waits for it."""
        touched = _by_project(batch)
        state = MergeState(
            project_ids=set(project_ids),
            heads=dict(self.connection.execute(_HEADS, (json_list(touched),))),
            timeline=self.timeline(),
            lineage=self.lineage({validated.change.log_id for validated in batch}),
            revoked=set(revoked),
        )
        for project_id, validated in touched.items():
            waiting = self._load_waiting(state, project_id, validated)
            self._load_project(state, project_id, validated + waiting)
        if state.waiting:
            logs = {found.validated.change.log_id for found in state.waiting.all()}
            logs |= {validated.change.log_id for validated in batch}
            state.lineage = self.lineage(logs)
        return state

    def waiting(
        self, project_id: str, changes: Iterable[str] | None
    ) -> list[WaitingChange]:
        """Return the changes of a project that wait in custody, oldest first."""
        wanted = None if changes is None else json_list(changes)
        rows = self.connection.execute(_ALL_WAITING, (project_id, wanted))
        return list(_read_waiting(rows.fetchall()).values())

    def waiting_until(
        self, project_id: str, record: str, after: int, most: int
    ) -> tuple[list[WaitingChange], int]:
        """Return changes that wait for a record, and the place of the last of them."""
        rows, _ = self._until(project_id, {record}, after, most)
        last = max((row[0] for row in rows), default=after)
        return list(_read_waiting(rows).values()), last

    def projects_that_wait(self) -> list[str]:
        """Return the projects with changes that wait in custody."""
        rows = self.connection.execute(
            "SELECT DISTINCT project_id FROM quarantine"
            " WHERE status IN ('open', 'held') ORDER BY 1"
        )
        return [project_id for (project_id,) in rows]

    def _load_project(
        self, state: MergeState, project_id: str, batch: list[ValidatedChange]
    ) -> None:
        self._load_records(state, project_id, batch)
        self._load_holders(state, project_id, batch)
        self._load_referrers(state, project_id, batch)
        self._load_verdicts(state, project_id, batch)
        self._load_conflicts(state, project_id, batch)
        self._load_earlier_values(state, project_id, batch)
        self._load_stood(state, project_id, batch)

    def _load_waiting(
        self, state: MergeState, project_id: str, batch: list[ValidatedChange]
    ) -> list[ValidatedChange]:
        """Lay out what waits of the batch's records, and for them, and so on.

        What waits for them is read up to a bound: the rest is released by itself.
        """
        if not self.connection.execute(_ANY_WAITS, (project_id,)).fetchone():
            return []
        held = self.connection.execute(_COUNT_HELD, (project_id,)).fetchone()[0]
        state.held_count[project_id] = held
        named = json_list(j.change.replaces for j in batch if j.change.replaces)
        records = {validated.change.record_id for validated in batch}
        own = records.union(*map(_references, batch))
        rows = self.connection.execute(
            _WAITING, (project_id, json_list(sorted(own)), named)
        ).fetchall()
        wanted, seen = records, set[str]()
        left = limits.RELEASED_AT_ONCE
        while wanted and left > 0:
            seen |= wanted
            found, has_more = self._until(project_id, wanted, 0, left)
            if has_more:
                state.has_more_waiting.add(project_id)
            rows += found
            left -= len(found)
            brought = {
                w.validated.change.record_id for w in _read_waiting(found).values()
            }
            wanted = brought - seen
        if wanted:
            state.has_more_waiting.add(project_id)
        for waiting in _read_waiting(rows).values():
            state.waiting.add(waiting)
        return [found.validated for found in state.waiting.all()]

    def _until(
        self, project_id: str, records: set[str], after: int, most: int
    ) -> tuple[list[tuple[Any, ...]], bool]:
        """Return what waits for records, and whether there is more; no group is cut."""
        # A group came in one push, so it is no longer than a batch.
        wanted = (
            project_id,
            json_list(sorted(records)),
            after,
            most + limits.BATCH_CHANGES,
        )
        rows: list[tuple[Any, ...]] = self.connection.execute(_UNTIL, wanted).fetchall()
        end = min(most, len(rows))
        while 0 < end < len(rows) and _is_one_group(rows[end - 1], rows[end]):
            end += 1
        return rows[:end], end < len(rows)

    def _load_records(
        self, state: MergeState, project_id: str, batch: list[ValidatedChange]
    ) -> None:
        ids = {validated.change.record_id for validated in batch}.union(
            *map(_references, batch)
        )
        self._find_records(state, project_id, ids)
        # What comes back refers to all that it referred to.
        back = {j.change.record_id for j in batch if j.change.op == Op.UNDELETE}
        found = [r for name in back if (r := state.find(project_id, name)) is not None]
        referred = {target for record in found for target in references_of(record)}
        self._find_records(state, project_id, referred - ids)

    def _find_records(self, state: MergeState, project_id: str, ids: set[str]) -> None:
        if not ids:
            return
        wanted = json_list(ids)
        for record in map(
            record_of, self.connection.execute(_RECORDS, (project_id, wanted))
        ):
            state.records[project_id, record.id] = record
        for (name,) in self.connection.execute(_PURGED, (project_id, wanted)):
            state.purged.add((project_id, name))
        for name, kind, fields in self.connection.execute(
            _GIVEN_UP, (project_id, wanted)
        ):
            state.discarded[project_id, name] = label(kind, json.loads(fields))

    def _load_holders(
        self, state: MergeState, project_id: str, batch: list[ValidatedChange]
    ) -> None:
        keys: dict[str, set[str]] = defaultdict(set)
        for validated in batch:
            kind = TYPES.get(validated.change.type)
            if kind is None:
                continue
            present = state.find(project_id, validated.change.record_id)
            fields = {**(present.fields if present else {}), **validated.fields}
            if None not in natural_key(kind.name, fields)[:1]:
                keys[kind.name].add(key_text(kind.name, fields))
        for kind_name, wanted in keys.items():
            rows = self.connection.execute(
                _HOLDERS, (project_id, kind_name, json_list(wanted))
            )
            for record in map(record_of, rows):
                key = (project_id, kind_name, key_text(kind_name, record.fields))
                state.holders[key] = record.id
                state.records.setdefault((project_id, record.id), record)

    def _load_referrers(
        self, state: MergeState, project_id: str, batch: list[ValidatedChange]
    ) -> None:
        for validated in batch:
            if validated.change.op == Op.DELETE:
                target = validated.change.record_id
                by = _REFERRED_BY.get(validated.change.type, (None, "$"))
                rows = self.connection.execute(_REFERRERS, (project_id, target, *by))
                state.referrers[project_id, target] = {row[0] for row in rows}

    def _load_verdicts(
        self, state: MergeState, project_id: str, batch: list[ValidatedChange]
    ) -> None:
        ids = json_list(validated.change.id for validated in batch)
        for row in self.connection.execute(_KNOWN, (project_id, ids)):
            state.known[row[0]] = verdict_of(row, repeated=True)
        for seen, group, decision in self.connection.execute(
            _DECIDED, (project_id, ids)
        ):
            state.decided[project_id, seen, group] = decision

    def _load_conflicts(
        self, state: MergeState, project_id: str, batch: list[ValidatedChange]
    ) -> None:
        """Lay out the conflicts that are named, and the open ones of the records."""
        named = [name for validated in batch for name in validated.change.resolves]
        records = {validated.change.record_id for validated in batch}
        contested = [
            name
            for name in sorted(records)
            if (record := state.find(project_id, name)) and record.open_conflicts
        ]
        if not named and not contested:
            return
        wanted = (project_id, json_list(named), json_list(contested))
        for row in self.connection.execute(_CONFLICTS, wanted):
            name, record, group, change, log, n, ours, seq, is_open = row
            said = (record, group, change, log, n, json.loads(ours), seq or 0)
            found = KnownConflict(*said, is_open=bool(is_open))
            state.note_conflict(project_id, name, found)

    def _load_earlier_values(
        self, state: MergeState, project_id: str, batch: list[ValidatedChange]
    ) -> None:
        """Lay out what stood before, where a change names a group in part only."""
        records = {
            j.change.record_id
            for j in batch
            if state.find(project_id, j.change.record_id) and _names_parts(j)
        }
        if not records:
            return
        rows = self.connection.execute(_PAST, (project_id, json_list(sorted(records))))
        for record, group, values, *place in rows:
            past = state.past.setdefault((project_id, record), {})
            past.setdefault(group, []).append(EarlierValue(json.loads(values), *place))

    def _load_stood(
        self, state: MergeState, project_id: str, batch: list[ValidatedChange]
    ) -> None:
        """Lay out where writes stood before, for those who saw them in a lost timeline."""
        names = {
            j.change.record_id for j in batch if _is_of_before(j, state.timeline.now)
        }
        found = [record for name in names if (record := state.find(project_id, name))]
        writers = {
            writer.change_id
            for record in found
            for writers in record.writers.values()
            for writer in writers
        }
        if writers:
            rows = self.connection.execute(
                _STOOD, (project_id, json_list(sorted(writers)))
            )
            for change, epoch, seq in rows:
                state.note_stood(change, epoch, seq)


def _is_of_before(validated: ValidatedChange, epoch: str) -> bool:
    """Return whether a change was made on a row of an earlier timeline."""
    bases = [validated.change.base, *validated.change.bases.values()]
    return any(base is not None and base[0] != epoch for base in bases)


def _is_one_group(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Return whether two waiting changes stand or fall together."""
    groups = [(row[2], parse_object(bytes(row[3])).get("g")) for row in (one, other)]
    return groups[0] == groups[1] and groups[0][1] is not None


def _references(validated: ValidatedChange) -> set[str]:
    """Return the records that a change refers to."""
    kind = TYPES.get(validated.change.type)
    names = kind.references if kind else ()
    return {validated.fields[name] for name in names if validated.fields.get(name)}


def _names_parts(validated: ValidatedChange) -> bool:
    """Return whether a change names a field group in part."""
    kind = validated.change.type
    return kind in TYPES and any(
        len(members(kind, group)) > len(named)
        for group, named in by_group(kind, validated.fields).items()
    )


def _by_project(batch: list[ValidatedChange]) -> dict[str, list[ValidatedChange]]:
    project_ids: dict[str, list[ValidatedChange]] = defaultdict(list)
    for validated in batch:
        project_ids[validated.change.project_id].append(validated)
    return project_ids


def _read_waiting(rows: list[tuple[Any, ...]]) -> dict[str, WaitingChange]:
    """Read waiting changes in the order they came; their fields are judged anew."""
    found = {}
    for _, name, log, raw, digest, waits_for, why in sorted(set(rows)):
        # A line may say the id of another laptop's change: it was kept under its own.
        change = replace(read_change(log, bytes(raw), bytes(digest)), id=name)
        found[name] = WaitingChange(_judge_again(change, why), waits_for)
    return found


def _judge_again(change: Change, why: str) -> ValidatedChange:
    """Judge the fields of a waiting change; a false claim stays one, whatever came since."""
    known = [from_data(problem) for problem in json.loads(why)]
    lies = [problem for problem in known if problem.code == "base_beyond_head"]
    return ValidatedChange(change, {}, lies) if lies else validate(change)
