"""What a merge asks of the store, and what it gives it to write: values. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas.changes import Change
from schemas.digest import Digest
from server.merge.model import Conflict, HistoryEntry, KeptBack, Record, Verdict
from server.merge.statuses import CustodyStatus


class LogLine(NamedTuple):
    """A line of a log as it came, with the chain's hash after it."""

    log_id: str
    n: int
    project_id: str
    change_id: str
    raw: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a merge looks up in a project, in one go.

    `keys` holds record types with natural keys as text; `referred` the records whose
    children are looked for, each with the types and fields that refer to it besides.
    What waits in quarantine has parents, too, and the type "quarantined".
    """

    record_ids: Collection[str] = ()
    keys: Mapping[str, Collection[str]] = field(default_factory=dict)
    referred: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    change_ids: Collection[str] = ()
    history_of: Collection[str] = ()
    stood_of: Collection[str] = ()
    parents_of: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of it; `purged` are ids of records that were purged."""

    records: list[Record]
    purged: set[str]
    holders: list[Record]
    referrers: dict[str, set[str]]
    verdicts: list[Verdict]
    decisions: list["DecidedOn"]
    history: list["HistoryLine"]
    stood: list["Stood"]
    parents: list["Parent"]


class DecidedOn(NamedTuple):
    """A change that a decision on a field group was made on."""

    project_id: str
    change_id: str
    group: str
    decision_id: str


class HistoryLine(NamedTuple):
    """A value that no longer stands, with the place of the change that wrote it."""

    record_id: str
    group: str
    values: dict[str, Any]
    written_seq: int
    replaced_seq: int
    log_id: str
    n: int


class Parent(NamedTuple):
    """What a record, or one that waits in quarantine, belongs to."""

    record_id: str
    type: str
    parent_id: str | None


class Stood(NamedTuple):
    """The number that a change had in a timeline that was lost."""

    project_id: str
    change_id: str
    epoch: str
    seq: int


class ConflictClosing(NamedTuple):
    """A conflict that is closed, by which change and for what reason."""

    project_id: str
    conflict_id: str
    change: Change
    reason: str | None


class CustodyClosing(NamedTuple):
    """A waiting change that waits no more, and what became of it."""

    project_id: str
    change_id: str
    status: CustodyStatus
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a merge came to, to be written in one transaction.

    `late` are verdicts that replace stored ones, each with whether its author is still
    to hear of it; `digests` are what the digests of projects gain; `conflicts` come with
    the values their author had looked at, where they are known; `plots` are those whose
    numbers are to be derived again; `arrived` are records that more may wait for.
    """

    device_id: str
    received_at: str
    new_projects: Sequence[str] = ()
    lines: Sequence[tuple[LogLine, Verdict]] = ()
    late: Sequence[tuple[Verdict, bool]] = ()
    records: Sequence[Record] = ()
    heads: Mapping[str, int] = field(default_factory=dict)
    digests: Mapping[str, Digest] = field(default_factory=dict)
    conflicts: Sequence[tuple[Conflict, dict[str, Any] | None]] = ()
    closed_conflicts: Sequence[ConflictClosing] = ()
    quarantined: Sequence[KeptBack] = ()
    closed: Sequence[CustodyClosing] = ()
    history: Sequence[HistoryEntry] = ()
    decisions: Sequence[DecidedOn] = ()
    stood: Sequence[Stood] = ()
    arrived: Mapping[str, Sequence[str]] = field(default_factory=dict)
    plots: Mapping[str, Collection[str]] = field(default_factory=dict)
