"""What the store takes and gives: one value class for each thing it knows. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

from schemas.digest import Digest
from schemas.messages import Outcome
from server.merge.model import Record, Verdict
from server.store.board_values import NO_HANDLING, Handling, PlotBoard
from server.store.rows import record_of

#: Told what is being done, how much of it is done, and of how much.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Device:
    """One enrolled laptop, or the server itself, which sees every project."""

    id: str
    name: str
    created_at: str
    revoked_at: str | None
    last_seen_at: str | None
    projects: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    public_key: str | None = None
    skew_s: float | None = None
    is_server: bool = False
    #: Whether it may begin projects, and how many it has begun.
    may_begin: bool = False
    begun: int = 0
    #: The code by which it is to get another token; None where nobody asked for that.
    renew_code: str | None = None


class DeviceState(NamedTuple):
    """What a laptop said of itself: its program, changes yet to send, MiB left on its disk."""

    app: str
    behind: int
    free_mib: int | None
    said_at: str


@dataclass(frozen=True, slots=True)
class ReadToken:
    """Who may read some projects, and nothing else; `expires_at` None: never ends.

    `role` says how exactly places and names are shown (`server.access.veil`).
    """

    id: str
    name: str
    created_at: str
    projects: tuple[str, ...]
    expires_at: str | None = None
    revoked_at: str | None = None
    role: str = "viewer"


class LabelBlock(NamedTuple):
    """A block of codes for labels; `request_id` is empty where the laptop said it has it."""

    block: str
    device_id: str
    request_id: str
    given_at: str


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """A one-time enrolment code, as its hash."""

    hash: str
    name: str
    projects: tuple[str, ...]
    expires_at: str
    may_begin: bool = False


@dataclass(frozen=True, slots=True)
class LogState:
    """How far the server has a log."""

    log_id: str
    device_id: str
    n: int
    hash: bytes
    public_key: str | None = None
    parent: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineQuery:
    """Which lines: those of a log at some places, or those of changes of a project."""

    log_id: str | None = None
    places: Collection[int] = ()
    project_id: str = ""
    change_ids: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line of a log with its verdict, and the laptop that holds the log."""

    log_id: str
    n: int
    raw: bytes
    hash: bytes
    received_at: str
    device_id: str
    device: str | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ProjectHead:
    """Where a project stands: its last row, its last receipt, the digest of its rows."""

    head: int
    receipt_count: int
    receipt_hash: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """What the server signed for a push, and the signature of the push itself."""

    log_id: str
    n: int
    raw: str
    signature: str
    pushed: str


class CustodyCount(NamedTuple):
    """How many changes are in custody, by status and first reason."""

    status: str
    reason: str
    number: int


@dataclass(frozen=True, slots=True)
class DeviceAccount:
    """What a device sent, counted by what became of it, and its logs, oldest first."""

    verdicts: dict[Outcome, int]
    custody: list[CustodyCount]
    conflicts: dict[str, int]
    logs: list[LogState]


@dataclass(frozen=True, slots=True)
class EpochBegin:
    """One timeline of the server: when and where each project stood as it began, and why.

    `device` is the name of the laptop that showed it, `device_id` its id.
    """

    number: int
    id: str
    at: str
    reason: str
    device_id: str | None
    device: str | None
    starts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogSpan:
    """Changes of a log: those after one number, up to another."""

    log_id: str
    after_n: int
    last_n: int

    def includes(self, log_id: str | None, n: int | None) -> bool:
        """Return whether a change is one of these."""
        return log_id == self.log_id and self.after_n < (n or 0) <= self.last_n


class SentRow(NamedTuple):
    """A record on its way to a laptop, as it lies in its table: texts of JSON unread."""

    project_id: str
    id: str
    type: str
    seq: int
    fields: str
    writers: str
    deleted: int
    computable_by_author: int
    open_conflicts: int
    last_log: str | None
    last_n: int | None

    def read(self) -> Record:
        """Return the record as the merge knows it."""
        return record_of(self)


@dataclass(frozen=True, slots=True)
class Job:
    """A plot whose numbers are to be derived again, and the number of that asking."""

    project_id: str
    plot_id: str
    asked: int


class DerivationInput(NamedTuple):
    """One record as derivation reads it: values, not who wrote them."""

    id: str
    type: str
    seq: int
    fields: dict[str, Any]
    open_conflicts: int


@dataclass(frozen=True, eq=False)
class LabRecords:
    """What laboratories analysed to check themselves, and what was decided, by batches.

    Plots that are read together share one, of the batches of their results.
    """

    project: Mapping[str, Any] = field(default_factory=dict)
    controls: Sequence[DerivationInput] = ()
    decisions: Sequence[DerivationInput] = ()

    @cached_property
    def by_batch(self) -> Mapping[tuple[str, str, str], Sequence[DerivationInput]]:
        """Return controls and decisions by laboratory, batch and analyte."""
        found: dict[tuple[str, str, str], list[DerivationInput]] = defaultdict(list)
        for record in (*self.controls, *self.decisions):
            found[_batch_of(record)].append(record)
        return found

    def beside(self, results: Iterable[DerivationInput]) -> list[DerivationInput]:
        """Return the controls of the batches of results, and the decisions about them."""
        if not self.controls and not self.decisions:
            return []
        batches = dict.fromkeys(_batch_of(result) for result in results)
        return [one for batch in batches for one in self.by_batch.get(batch, ())]


def _batch_of(record: DerivationInput) -> tuple[str, str, str]:
    said = record.fields
    return said.get("lab", ""), said.get("lab_batch", ""), said["analyte"]


NO_LAB: Final = LabRecords()


@dataclass(frozen=True, slots=True)
class PlotTree:
    """Everything a plot's numbers are derived from, read in one snapshot.

    `frozen` holds the reference masses that were found before, by the setting they belong
    to; `handling` what boards say besides, where it was read.
    """

    project: DerivationInput | None
    plot: DerivationInput | None
    campaigns: list[DerivationInput]
    points: list[DerivationInput]
    cores: list[DerivationInput]
    samples: list[DerivationInput]
    results: list[DerivationInput]
    frozen: dict[str, dict[str, Any]]
    quarantined: int = 0
    lab: LabRecords = NO_LAB
    handling: Handling = NO_HANDLING

    @property
    def inputs(self) -> list[DerivationInput]:
        """Return every record the numbers rest on."""
        own = [record for record in (self.project, self.plot) if record]
        return [
            *own,
            *self.campaigns,
            *self.points,
            *self.cores,
            *self.samples,
            *self.results,
            *self.lab.beside(self.results),
        ]

    @property
    def open_conflicts(self) -> int:
        """Count the conflicts that are open among the inputs."""
        return sum([record.open_conflicts for record in self.inputs])


@dataclass(frozen=True, slots=True)
class DerivedRow:
    """A stock, change or trend to store; its fields replace what stood there.

    `inputs` lists the id and number of every record it was derived from.
    """

    type: str
    id: str
    plot_id: str
    fields: dict[str, Any] = field(hash=False)
    inputs: list[tuple[str, int]] = field(hash=False, default_factory=list)

    @property
    def whole(self) -> dict[str, Any]:
        """Return the fields of the record that is stored."""
        return {"plot_id": self.plot_id, **self.fields}


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file as one live record names it."""

    project_id: str
    type: str
    record_id: str
    fields: dict[str, Any]
    file: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it must be: what was checked, where, and what is wrong."""

    check: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class DerivedPlot:
    """What a job came to: rows, the reference mass with its setting, what boards say."""

    job: Job
    rows: list[DerivedRow]
    reference: tuple[str, dict[str, Any]] | None = None
    board: PlotBoard | None = None


class FrozenMass(NamedTuple):
    """The soil mass that is held equal on a plot, for one depth and basis."""

    project_id: str
    plot_id: str
    setting: str
    mass: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DerivedVersion:
    """A number that stood once, with the records it was derived from."""

    seq: int
    fields: dict[str, Any]
    inputs: list[list[Any]]
    at: str


@dataclass(frozen=True, slots=True)
class StoredProject:
    """A project: its own record's fields and number, its head, and counts."""

    id: str
    fields: dict[str, Any]
    seq: int | None
    head: int
    created_at: str
    plots: int
    samples: int
    devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How much of everything there is."""

    projects: int
    devices: int
    logs: int
    epochs: int
    changes: int
    open_conflicts: int
    held: int
    open_quarantine: int
    plots_to_derive: int
    database_bytes: int
    records: dict[str, int]
    verdicts: dict[str, int]
