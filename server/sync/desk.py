"""The desk a batch is merged on: what was read, and what is to be written.

The store lays out everything a batch may touch, the merge works in memory, the
store writes what changed. So the merge needs no database and a batch costs a
handful of statements, however many changes it holds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace

from schemas import limits
from schemas.digest import Digest
from schemas.messages import Outcome
from schemas.records import TYPES, natural_key
from server.sync.model import (
    Change,
    Conflict,
    Judged,
    KnownConflict,
    Quarantined,
    Record,
    Replaced,
    Verdict,
    Waiting,
)
from server.sync.timeline import Lineage, Timeline

Place = tuple[str, str]  # stream, id of a record, change or conflict
Key = tuple[str, str, str]  # stream, record type, natural key as text


def key_text(record_type: str, fields: dict[str, object]) -> str:
    """Give the natural key as one text that can be indexed."""
    parts = natural_key(record_type, fields)
    return "\x1f".join("" if part is None else str(part) for part in parts)


def label(record_type: str, fields: Mapping[str, object]) -> str:
    """Give what people call a record: its type and its own code."""
    kind = TYPES.get(record_type)
    code = fields.get(kind.key[-1]) if kind else None
    return record_type if code is None else f"{record_type} {code}"


def _targets(record: Record) -> list[Place]:
    """Give the records this one refers to."""
    names = TYPES[record.type].references
    return [(record.stream, record.fields[n]) for n in names if record.fields.get(n)]


@dataclass(slots=True)
class Desk:
    """Everything one batch may touch, and its effects so far."""

    # What was read.
    streams: set[str]
    heads: dict[str, int]
    timeline: Timeline
    lineage: Lineage
    revoked: set[str] = field(default_factory=set)
    records: dict[Place, Record] = field(default_factory=dict)
    holders: dict[Key, str] = field(default_factory=dict)
    referrers: dict[Place, set[str]] = field(default_factory=dict)
    known: dict[str, Verdict] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    held_count: dict[str, int] = field(default_factory=dict)
    known_conflicts: dict[Place, KnownConflict] = field(default_factory=dict)
    purged: set[Place] = field(default_factory=set)
    given_up: dict[Place, str] = field(default_factory=dict)

    # What is to be written.
    verdicts: list[Verdict] = field(default_factory=list)
    revised: dict[str, Verdict] = field(default_factory=dict)
    written: dict[Place, Record] = field(default_factory=dict)
    digests: dict[str, Digest] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    settled_conflicts: dict[str, Change] = field(default_factory=dict)
    quarantined: list[Quarantined] = field(default_factory=list)
    replaced: list[Replaced] = field(default_factory=list)
    settled: dict[Place, str] = field(default_factory=dict)
    founded: list[str] = field(default_factory=list)
    appeared: list[Place] = field(default_factory=list)

    def copy(self) -> "Desk":
        """Give a desk to try something on."""
        shared = {"timeline", "lineage", "referrers"}
        own = {p.name for p in fields(self)} - shared
        return replace(
            self,
            referrers={place: set(found) for place, found in self.referrers.items()},
            **{name: getattr(self, name).copy() for name in own},
        )

    def take(self, tried: "Desk") -> None:
        """Let what was tried stand."""
        for part in fields(self):
            setattr(self, part.name, getattr(tried, part.name))

    def next_seq(self, stream: str) -> int:
        """Take the next number of a stream."""
        self.heads[stream] += 1
        return self.heads[stream]

    def find(self, stream: str, record: str) -> Record | None:
        """Give a record as it stands after the changes before this one."""
        return self.records.get((stream, record))

    def holder(self, record_type: str, stream: str, fields: dict[str, object]) -> str:
        """Give the live record that has this natural key, or an empty text."""
        return self.holders.get(
            (stream, record_type, key_text(record_type, fields)), ""
        )

    def awaits_other(self, change: Change) -> bool:
        """Tell whether another change waits in custody that may bring its record."""
        return self.may_come(change.record, besides=change.id)

    def may_come(self, record: str, besides: str = "") -> bool:
        """Tell whether a change waits in custody that may bring a record.

        What waits for the record itself cannot bring it.
        """
        return any(
            found.judged.change.record == record
            and found.judged.change.id != besides
            and found.waits_for != record
            for found in self.waiting.values()
        )

    def can_hold(self, stream: str) -> bool:
        """Tell whether one change more may wait."""
        return self.held_count.get(stream, 0) < limits.HELD_CHANGES

    def write(self, new: Record) -> None:
        """Let a record stand as given."""
        place = (new.stream, new.id)
        old = self.records.get(place)
        digest = self.digests.get(new.stream, Digest())
        if old is not None and not old.deleted:
            self.holders.pop((old.stream, old.type, key_text(old.type, old.fields)), "")
            for target in _targets(old):
                self.referrers.get(target, set()).discard(old.id)
            digest = digest.minus(old.id, old.seq)
        else:
            self.appeared.append(place)
        if not new.deleted:
            self.holders[new.stream, new.type, key_text(new.type, new.fields)] = new.id
            for target in _targets(new):
                self.referrers.setdefault(target, set()).add(new.id)
            digest = digest.plus(new.id, new.seq)
        self.digests[new.stream] = digest
        self.records[place] = self.written[place] = new

    def keep_conflicts(self, record: Record, found: Iterable[Conflict]) -> Record:
        """Keep both sides of each conflict and mark the record."""
        new = list(found)
        self.conflicts += new
        for conflict in new:
            place = (record.stream, conflict.id)
            self.known_conflicts[place] = KnownConflict(record.id, is_open=True)
        return replace(record, open_conflicts=record.open_conflicts + len(new))

    def close_conflicts(self, record: Record, change: Change) -> Record:
        """Close the conflicts a change settles; the row is sent to its author too."""
        known, stream = self.known_conflicts, record.stream
        open_ones = [name for name in change.settles if known[stream, name].is_open]
        for name in open_ones:
            self.settled_conflicts[name] = change
            known[stream, name] = KnownConflict(record.id, is_open=False)
        left = record.open_conflicts - len(open_ones)
        return replace(record, open_conflicts=left, clean=False)

    def quarantine(self, judged: Judged, found: Quarantined) -> None:
        """Keep a change in custody that is not applied."""
        self.quarantined.append(found)
        self.waiting[found.change.id] = Waiting(judged, found.waits_for)
        if found.is_held:
            count = self.held_count.get(found.change.stream, 0)
            self.held_count[found.change.stream] = count + 1

    def settle(self, stream: str, change: str, status: str) -> None:
        """Close a change that waited in custody."""
        self.settled[stream, change] = status
        self.waiting.pop(change, None)

    def revise(self, verdict: Verdict) -> None:
        """Give a change that waited another verdict."""
        self.revised[verdict.change] = verdict
        self.known[verdict.change] = replace(verdict, repeated=True)
        if verdict.outcome not in {Outcome.HELD, Outcome.QUARANTINED}:
            self.settle(verdict.stream, verdict.change, "released")

    def by_stream(self) -> dict[str, list[Record]]:
        """Give the records to write, by stream."""
        streams: dict[str, list[Record]] = defaultdict(list)
        for (stream, _), record in self.written.items():
            streams[stream].append(record)
        return streams
