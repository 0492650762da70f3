"""The state a batch is merged on: what was read, and what is to be written.

The store lays out everything a batch may touch, the merge works in memory, the
store writes what changed. So the merge needs no database and a batch costs a
handful of statements, however many changes it holds.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields, replace

from schemas import limits
from schemas.changes import Change
from schemas.digest import Digest, conflict_hash, row_hash
from schemas.messages import Outcome
from schemas.records import key_text, references_of
from server.merge.model import (
    Conflict,
    EarlierValue,
    HistoryEntry,
    KeptBack,
    KnownConflict,
    Lineage,
    Record,
    Timeline,
    ValidatedChange,
    Verdict,
    WaitingChange,
    Writer,
)
from server.merge.statuses import CustodyStatus

Place = tuple[str, str]  # project, id of a record, change or conflict
Key = tuple[str, str, str]  # project, record type, natural key as text

_Index = dict[Place, dict[str, None]]


@dataclass(slots=True)
class Waitlist:
    """Waiting changes in the order they came."""

    _changes: dict[str, WaitingChange] = field(default_factory=dict)
    _for_record: _Index = field(default_factory=dict)
    _until: _Index = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._changes)

    def __contains__(self, change_id: str) -> bool:
        return change_id in self._changes

    def copy(self) -> "Waitlist":
        """Return one to try something on."""
        for_record = {place: dict(ids) for place, ids in self._for_record.items()}
        until = {place: dict(ids) for place, ids in self._until.items()}
        return Waitlist(dict(self._changes), for_record, until)

    def get(self, change_id: str | None) -> WaitingChange | None:
        """Return a waiting change by its id."""
        return self._changes.get(change_id or "")

    def all(self) -> list[WaitingChange]:
        """Return every one, in the order they came."""
        return list(self._changes.values())

    def add(self, waiting: WaitingChange) -> None:
        """Keep a change that waits; what is known of it already is replaced."""
        change = waiting.validated.change
        self.remove(change.id)
        self._changes[change.id] = waiting
        self._for_record.setdefault((change.project_id, change.record_id), {})[
            change.id
        ] = None
        if waiting.waits_for is not None:
            place = (change.project_id, waiting.waits_for)
            self._until.setdefault(place, {})[change.id] = None

    def remove(self, change_id: str) -> None:
        """Remove a change; harmless when it does not wait."""
        gone = self._changes.pop(change_id, None)
        if gone is None:
            return
        change = gone.validated.change
        self._for_record[change.project_id, change.record_id].pop(change_id)
        if gone.waits_for is not None:
            self._until[change.project_id, gone.waits_for].pop(change_id)

    def of_record(self, place: Place) -> list[WaitingChange]:
        """Return the waiting changes of a record."""
        return self._found(self._for_record.get(place, ()))

    def until(self, place: Place) -> list[WaitingChange]:
        """Return the changes that wait for a record."""
        return self._found(self._until.get(place, ()))

    def may_bring(self, place: Place, besides: str = "") -> bool:
        """Return whether a waiting change may bring a record.

        What waits for the record itself cannot bring it.
        """
        return any(
            found.validated.change.id != besides and found.waits_for != place[1]
            for found in self.of_record(place)
        )

    def _found(self, ids: Iterable[str]) -> list[WaitingChange]:
        return [self._changes[change_id] for change_id in ids]


def _row_hash(record: Record) -> int:
    return row_hash(record.type, record.id, record.seq, record.fields)


def _targets(record: Record) -> list[Place]:
    targets = references_of(record.type, record.fields).values()
    return [(record.project_id, target) for target in targets]


@dataclass(slots=True)
class MergeState:
    """Everything one batch may touch, and its effects so far."""

    # What was read.
    project_ids: set[str]
    heads: dict[str, int]
    timeline: Timeline
    lineage: Lineage
    revoked: set[str] = field(default_factory=set)
    records: dict[Place, Record] = field(default_factory=dict)
    holders: dict[Key, str] = field(default_factory=dict)
    referrers: dict[Place, set[str]] = field(default_factory=dict)
    known: dict[str, Verdict] = field(default_factory=dict)
    waiting: Waitlist = field(default_factory=Waitlist)
    has_more_waiting: set[str] = field(default_factory=set)
    held_count: dict[str, int] = field(default_factory=dict)
    known_conflicts: dict[Place, KnownConflict] = field(default_factory=dict)
    contested: dict[Place, dict[str, None]] = field(default_factory=dict)
    past: dict[Place, dict[str, list[EarlierValue]]] = field(default_factory=dict)
    decided: dict[tuple[str, str, str], str] = field(default_factory=dict)
    stood: dict[str, dict[str, int]] = field(default_factory=dict)
    purged: set[Place] = field(default_factory=set)
    #: How many projects the author may still begin; None: any, under any code.
    may_begin: int | None = None
    codes_in_use: dict[str, str] = field(default_factory=dict)
    discarded: dict[Place, str] = field(default_factory=dict)

    # What is to be written.
    verdicts: list[Verdict] = field(default_factory=list)
    late_verdicts: dict[str, Verdict] = field(default_factory=dict)
    written: dict[Place, Record] = field(default_factory=dict)
    digests: dict[str, Digest] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    closed_conflicts: dict[str, Change] = field(default_factory=dict)
    quarantined: list[KeptBack] = field(default_factory=list)
    replaced: list[HistoryEntry] = field(default_factory=list)
    closed: dict[Place, CustodyStatus] = field(default_factory=dict)
    new_projects: list[str] = field(default_factory=list)
    newly_available: list[Place] = field(default_factory=list)
    arrived: list[Place] = field(default_factory=list)
    decisions: list[tuple[str, str, str, str]] = field(default_factory=list)

    def copy(self) -> "MergeState":
        """Return a copy to try something on."""
        shared = {"timeline", "lineage", "stood", "may_begin"}
        copied = {"referrers", "contested"}
        own = {p.name for p in fields(self)} - shared - copied
        return replace(
            self,
            referrers={place: set(found) for place, found in self.referrers.items()},
            contested={place: dict(names) for place, names in self.contested.items()},
            **{name: getattr(self, name).copy() for name in own},
        )

    def take(self, tried: "MergeState") -> None:
        """Accept what was tried."""
        for part in fields(self):
            setattr(self, part.name, getattr(tried, part.name))

    def next_seq(self, project_id: str) -> int:
        """Take the next number of a project."""
        self.heads[project_id] += 1
        return self.heads[project_id]

    def find(self, project_id: str, record: str) -> Record | None:
        """Return a record as it stands after the changes before this one."""
        return self.records.get((project_id, record))

    def holder(
        self, record_type: str, project_id: str, fields: dict[str, object]
    ) -> str:
        """Return the live record that has this natural key, or an empty text."""
        return self.holders.get(
            (project_id, record_type, key_text(record_type, fields)), ""
        )

    def note_conflict(self, project_id: str, name: str, found: KnownConflict) -> None:
        """Note a conflict of a record."""
        self.known_conflicts[project_id, name] = found
        self.contested.setdefault((project_id, found.record_id), {})[name] = None

    def conflicts_of(self, project_id: str, record: str) -> dict[str, KnownConflict]:
        """Return the conflicts of a record that are known here, open or settled."""
        names = self.contested.get((project_id, record), ())
        return {name: self.known_conflicts[project_id, name] for name in names}

    def has_room_for(
        self, record: Record, found: Collection[Conflict], closed: Collection[str] = ()
    ) -> bool:
        """Return whether a record may have these open conflicts too, and still travel."""
        known = self.conflicts_of(record.project_id, record.id)
        left = [
            each for name, each in known.items() if each.is_open and name not in closed
        ]
        if not left or not found:
            return True
        weight = sum(each.weight for each in left) + sum(one.weight for one in found)
        return (
            len(left) + len(found) <= limits.RECORD_CONFLICTS
            and weight <= limits.RECORD_CONFLICT_BYTES
        )

    def decision_on(self, change: Change, group: str) -> str | None:
        """Return the decision that was made knowing what a change says of a group.

        It is the newer one, though the change comes later: a server was restored.
        """
        return self.decided.get((change.project_id, change.id, group))

    def note_stood(self, change: str, epoch: str, seq: int) -> None:
        """Note the number that a change had in a timeline that was lost."""
        self.stood.setdefault(change, {})[epoch] = seq

    def note_decision(self, decision: Change, group: str) -> None:
        """Keep what a decision on a group was made on."""
        for seen in sorted(decision.seen):
            self.decided[decision.project_id, seen, group] = decision.id
            self.decisions.append((decision.project_id, seen, group, decision.id))

    def note_replaced(self, old: HistoryEntry, writer: Writer) -> None:
        """Keep a value that no longer stands; a later change may have been shown it."""
        self.replaced.append(old)
        place, written_by = (old.project_id, old.record_id), (writer.log_id, writer.n)
        value = EarlierValue(old.values, old.written_seq, old.replaced_seq, *written_by)
        past = self.past.get(place, {})
        self.past[place] = {**past, old.group: [*past.get(old.group, ()), value]}

    def is_code_in_use(self, project_id: str, code: object) -> bool:
        """Return whether another project has a code that a laptop would take."""
        holder = self.codes_in_use.get(str(code).strip().casefold(), project_id)
        return self.may_begin is not None and holder != project_id

    def can_begin(self) -> bool:
        """Return whether the author may begin one more project."""
        return self.may_begin is None or len(self.new_projects) < self.may_begin

    def can_hold(self, project_id: str) -> bool:
        """Return whether one change more may wait."""
        return self.held_count.get(project_id, 0) < limits.HELD_CHANGES

    def write(self, new: Record) -> None:
        """Put a record as it stands from now on."""
        place = (new.project_id, new.id)
        old = self.records.get(place)
        digest = self._digest(new.project_id)
        if old is not None and not old.deleted:
            self.holders.pop(
                (old.project_id, old.type, key_text(old.type, old.fields)), ""
            )
            for target in _targets(old):
                self.referrers.get(target, set()).discard(old.id)
            digest = digest.minus(_row_hash(old))
        else:
            self.newly_available.append(place)
            self.arrived.append(place)
        if not new.deleted:
            self.holders[new.project_id, new.type, key_text(new.type, new.fields)] = (
                new.id
            )
            for target in _targets(new):
                self.referrers.setdefault(target, set()).add(new.id)
            digest = digest.plus(_row_hash(new))
        self.digests[new.project_id] = digest
        self.records[place] = self.written[place] = new

    def _digest(self, project_id: str) -> Digest:
        """Return what a project's digest has gained so far."""
        return self.digests.get(project_id, Digest())

    def add_conflicts(self, record: Record, found: Iterable[Conflict]) -> Record:
        """Keep both sides of each conflict and mark the record."""
        new, project_id = list(found), record.project_id
        self.conflicts += new
        for one in new:
            change = one.change
            known = KnownConflict(
                record.id,
                one.group,
                change.id,
                change.log_id,
                change.n,
                one.ours,
                record.seq,
                is_open=True,
                weight=one.weight,
            )
            self.note_conflict(project_id, one.id, known)
            hashed = conflict_hash(record.id, one.id)
            self.digests[project_id] = self._digest(project_id).plus(hashed)
        return record._replace(open_conflicts=record.open_conflicts + len(new))

    def close_conflicts(
        self, record: Record, change: Change, names: Iterable[str]
    ) -> Record:
        """Close open conflicts by a change; the row is sent to its author too."""
        known, project_id = self.known_conflicts, record.project_id
        open_ones = [name for name in names if known[project_id, name].is_open]
        for name in open_ones:
            self.closed_conflicts[name] = change
            known[project_id, name] = replace(known[project_id, name], is_open=False)
            hashed = conflict_hash(record.id, name)
            self.digests[project_id] = self._digest(project_id).minus(hashed)
        if not open_ones:
            return record
        left = record.open_conflicts - len(open_ones)
        return record._replace(open_conflicts=left, computable_by_author=False)

    def quarantine(self, validated: ValidatedChange, found: KeptBack) -> None:
        """Keep a change in custody that is not applied."""
        self.quarantined.append(found)
        self.waiting.add(WaitingChange(validated, found.waits_for))
        if found.is_held:
            count = self.held_count.get(found.change.project_id, 0)
            self.held_count[found.change.project_id] = count + 1

    def forget_verdict(self, change: Change) -> None:
        """Forget the verdict of a change that is judged again."""
        self._free_room(change.project_id, change.id)
        del self.known[change.id]

    def _free_room(self, project_id: str, change: str) -> None:
        """Leave to others the room of a change that was held."""
        known = self.known.get(change)
        if known is not None and known.outcome == Outcome.HELD:
            self.held_count[project_id] = self.held_count.get(project_id, 0) - 1

    def close(self, project_id: str, change: str, status: CustodyStatus) -> None:
        """Close a change that waited in custody."""
        self._free_room(project_id, change)
        self.closed[project_id, change] = status
        self.waiting.remove(change)

    def change_verdict(self, verdict: Verdict) -> None:
        """Replace the verdict of a change that waited."""
        self._free_room(verdict.project_id, verdict.change_id)
        self.late_verdicts[verdict.change_id] = verdict
        self.known[verdict.change_id] = verdict._replace(repeated=True)
        if verdict.outcome not in {Outcome.HELD, Outcome.QUARANTINED}:
            self.close(verdict.project_id, verdict.change_id, CustodyStatus.RELEASED)

    def by_project(self) -> dict[str, list[Record]]:
        """Return the records to write, by project."""
        project_ids: dict[str, list[Record]] = defaultdict(list)
        for (project_id, _), record in self.written.items():
            project_ids[project_id].append(record)
        return project_ids
