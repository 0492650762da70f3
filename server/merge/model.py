"""What the merge works on and what it gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas.changes import Change
from schemas.groups import WHOLE_RECORD
from schemas.messages import Outcome
from schemas.problems import Problem

Fields = dict[str, Any]


def filled(fields: Fields) -> Fields:
    """Return the fields that have a value."""
    if None not in fields.values():
        return fields
    return {name: value for name, value in fields.items() if value is not None}


class Writer(NamedTuple):
    """Who wrote the present value of a field group."""

    seq: int
    log_id: str
    n: int
    hlc: int
    change_id: str


class Record(NamedTuple):
    """One record as the server has it.

    `computable_by_author` says that the last writer's laptop can compute the record
    itself: its change was accepted as it stood, so the row need not be echoed to it.
    """

    project_id: str
    type: str
    id: str
    seq: int
    fields: Fields
    writers: dict[str, tuple[Writer, ...]]
    deleted: bool = False
    computable_by_author: bool = False
    open_conflicts: int = 0

    @property
    def last_writer(self) -> Writer:
        """The writer of the latest change."""
        return self.only_writer or max(w for ws in self.writers.values() for w in ws)

    @property
    def only_writer(self) -> Writer | None:
        """Who wrote all that the record says, where that is one change."""
        groups = list(self.writers.values())
        is_one = bool(groups) and len(groups[0]) == 1
        return (
            groups[0][0] if is_one and groups.count(groups[0]) == len(groups) else None
        )

    def writers_of(self, group: str) -> tuple[Writer, ...]:
        """Return who wrote what stands in a group, or in the record as a whole."""
        if group != WHOLE_RECORD or self.deleted:
            return self.writers.get(group, ())
        return tuple(w for group in self.writers.values() for w in group)

    def stands(self, group: str) -> list[str]:
        """Return the changes behind the value of a contested group that stands."""
        return sorted({writer.change_id for writer in self.writers_of(group)})


class ValidatedChange(NamedTuple):
    """A change after its fields were judged on their own."""

    change: Change
    fields: Fields
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sends a batch and when it arrived.

    An administrator's decision (`is_admin`) is not bound to the scope of a laptop.
    """

    device_id: str
    received_at: str
    received_hlc: int
    is_admin: bool = False


class Verdict(NamedTuple):
    """The judgement on one change; stored with its effect, repeated for ever.

    `late` is the number of a verdict that changed since it was first given; only held
    and quarantined changes get another one.
    """

    change_id: str
    project_id: str
    outcome: Outcome
    seq: int | None = None
    why: Sequence[Problem] = ()
    conflicts: Sequence[str] = ()
    repeated: bool = False
    n: int | None = None
    late: int | None = None


@dataclass(frozen=True, slots=True)
class WaitingChange:
    """A change in custody that was not applied: quarantined, or held for a record."""

    validated: ValidatedChange
    waits_for: str | None


@dataclass(frozen=True, slots=True)
class KnownConflict:
    """A conflict, and the change whose value does not stand; `seq` is of its row.

    `weight` is about how many bytes it adds to the row that travels.
    """

    record_id: str
    group: str
    change_id: str
    log_id: str
    n: int
    ours: Fields
    seq: int
    is_open: bool
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two unseen values of one measurement: the first stands, the other is kept."""

    id: str
    project_id: str
    record_id: str
    type: str
    group: str
    base_seq: int
    theirs: Fields
    ours: Fields
    change: Change

    @property
    def weight(self) -> int:
        """Return about how many bytes it adds to its row: what its author saw travels too."""
        return weight_of(self.theirs, self.theirs, self.ours)


def weight_of(*sides: Fields | None) -> int:
    """Return about how many bytes values take on the wire."""
    return sum(len(repr(values)) for values in sides)


@dataclass(frozen=True, slots=True)
class EarlierValue:
    """What stood in a field group before: from one number of the project to another."""

    values: Fields
    written_seq: int
    replaced_seq: int
    log_id: str
    n: int


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A change that was stored but not applied, with its reasons.

    One that waits for a record names it, and is tried again when that comes; it is held
    as long as nobody gave that record up.
    """

    change: Change
    parent_id: str | None
    why: Sequence[Problem]
    waits_for: str | None = None
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A value that no longer stands: kept as history."""

    project_id: str
    record_id: str
    group: str
    values: Fields
    written_seq: int
    replaced_seq: int
    written_by: str
    replaced_by: str


@dataclass(frozen=True, slots=True)
class Epoch:
    """One timeline: its id, and the head of each project when it began."""

    id: str
    starts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Every epoch of a server, oldest first.

    A restored server begins a new epoch: its projects go on from where the backup ended,
    and numbers given after that point in the lost timeline are given again to other rows.
    """

    epochs: tuple[Epoch, ...]

    @property
    def now(self) -> str:
        """Return the id of the present epoch."""
        return self.epochs[-1].id

    def knows(self, epoch: str) -> bool:
        """Return whether an epoch is one of this server's."""
        return any(known.id == epoch for known in self.epochs)

    def common(self, project_id: str, epoch: str, seq: int) -> int:
        """Return the highest number up to `seq` that the present timeline shares.

        A project that was unknown when an epoch began shares nothing across it.
        """
        ids = [known.id for known in self.epochs]
        if epoch not in ids:
            return 0
        later = self.epochs[ids.index(epoch) + 1 :]
        return min([seq, *(known.starts.get(project_id, 0) for known in later)])


@dataclass(frozen=True, slots=True)
class Lineage:
    """Which log came from which, up to which of its changes, and whose each is."""

    parents: Mapping[str, tuple[str, int] | None]
    devices: Mapping[str, str] = field(default_factory=dict)

    def includes(self, log: str, n: int, other: str, other_n: int) -> bool:
        """Return whether the author of change n of `log` had written that other change.

        Examples
        --------
        >>> family = Lineage({"a": None, "b": ("a", 3)})
        >>> family.includes("b", 1, "a", 3), family.includes("b", 1, "a", 4)
        (True, False)
        """
        place: tuple[str, int] | None = (log, n - 1)
        while place is not None:
            if place[0] == other:
                return other_n <= place[1]
            place = self.parents.get(place[0])
        return False

    def generation(self, log: str) -> int:
        """Return how many logs one came from, each out of the one before.

        Examples
        --------
        >>> Lineage({"a": None, "b": ("a", 3)}).generation("b")
        1
        """
        parent = self.parents.get(log)
        return 0 if parent is None else self.generation(parent[0]) + 1

    def is_of_one_device(self, log: str, other: str) -> bool:
        """Return whether the same laptop wrote both logs."""
        return log == other or self.devices.get(log, "") == self.devices.get(other)
