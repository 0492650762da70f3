"""The desk a batch is merged on: what was read, and what is to be written.

The store lays out everything a batch may touch, the merge works in memory, the
store writes what changed. So the merge needs no database and a batch costs a
handful of statements, however many changes it holds.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from schemas.records import TYPES, natural_key
from server.sync.model import Conflict, Quarantined, Record, Replaced, Verdict

Place = tuple[str, str]  # stream, record id
Key = tuple[str, str, str]  # stream, record type, natural key as text


def key_text(record_type: str, fields: dict[str, object]) -> str:
    """Give the natural key as one text that can be indexed."""
    parts = natural_key(record_type, fields)
    return "\x1f".join("" if part is None else str(part) for part in parts)


def _targets(record: Record) -> list[Place]:
    """Give the records this one refers to."""
    names = TYPES[record.type].references
    return [(record.stream, record.fields[n]) for n in names if record.fields.get(n)]


@dataclass(slots=True)
class Desk:
    """Everything one batch may touch, and its effects so far."""

    streams: set[str]
    heads: dict[str, int]
    epoch: str
    records: dict[Place, Record] = field(default_factory=dict)
    holders: dict[Key, str] = field(default_factory=dict)
    referrers: dict[Place, set[str]] = field(default_factory=dict)
    known: dict[str, Verdict] = field(default_factory=dict)
    open_quarantine: set[str] = field(default_factory=set)

    verdicts: list[Verdict] = field(default_factory=list)
    written: dict[Place, Record] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    replaced: list[Replaced] = field(default_factory=list)
    settled: dict[str, str] = field(default_factory=dict)
    founded: list[str] = field(default_factory=list)

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

    def write(self, new: Record) -> None:
        """Let a record stand as given."""
        place = (new.stream, new.id)
        old = self.records.get(place)
        if old is not None and not old.deleted:
            self.holders.pop((old.stream, old.type, key_text(old.type, old.fields)), "")
            for target in _targets(old):
                self.referrers.get(target, set()).discard(old.id)
        if not new.deleted:
            self.holders[new.stream, new.type, key_text(new.type, new.fields)] = new.id
            for target in _targets(new):
                self.referrers.setdefault(target, set()).add(new.id)
        self.records[place] = self.written[place] = new

    def keep_conflicts(self, record: Record, found: Iterable[Conflict]) -> Record:
        """Keep both sides of each conflict and mark the record."""
        new = list(found)
        self.conflicts += new
        return replace(record, open_conflicts=record.open_conflicts + len(new))

    def by_stream(self) -> dict[str, list[Record]]:
        """Give the records to write, by stream."""
        streams: dict[str, list[Record]] = defaultdict(list)
        for (stream, _), record in self.written.items():
            streams[stream].append(record)
        return streams
