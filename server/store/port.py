"""What the server asks of a database. Only the composition root names one.

A `Transaction` is one transaction: everything asked of it sees one state, and its
writes stand together or not at all. `Store.write` returns after the commit is on
disk; a repeat of the same job after a failure is harmless, because every write
is keyed by what it says.
"""

from collections.abc import (
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any, Protocol, TypeVar

from schemas.digest import Digest, Item
from server.merge.model import Origin, Record, ValidatedChange, Verdict, WaitingChange
from server.merge.state import MergeState
from server.merge.timeline import Timeline
from server.store.values import (
    AttachedFile,
    DerivedPlot,
    Device,
    EnrolmentCode,
    EpochBegin,
    Fault,
    FeedRow,
    Job,
    LogSpan,
    LogState,
    Page,
    PlotTree,
    Progress,
    ProjectHead,
    StoredReceipt,
)

T = TypeVar("T")


class Logs(Protocol):
    """Timelines, logs, verdicts, receipts."""

    def timeline(self) -> Timeline:
        """Return the server's epochs."""

    def epoch(self) -> str:
        """Return the id of the server's present timeline."""

    def begin_epoch(self, name: str, now: str, reason: str, device: str | None) -> None:
        """Begin a new timeline where every project stands."""

    def epochs(self) -> list[EpochBegin]:
        """Return every timeline, oldest first."""

    def marks(self) -> tuple[str | None, str | None]:
        """Return the mark that was written last, and the one before it."""

    def put_mark(self, mark: str) -> None:
        """Write a new mark."""

    def last_epoch_by(self, device: str) -> str | None:
        """Return when a device last showed that the timeline was another one."""

    def project_heads(self, names: Iterable[str]) -> dict[str, ProjectHead]:
        """Return where these projects stand."""

    def log_head(self, log: str) -> LogState | None:
        """Return how far a log is here, or None."""

    def add_log(
        self, log: str, device: str, parent: tuple[str, int] | None = None
    ) -> LogState:
        """Begin a log, with the place in another log that it goes on from."""

    def changes_of_others(
        self, project_id: str, changes: Iterable[str], device: str
    ) -> dict[str, bytes]:
        """Return the lines of those changes that another device sent, by their ids."""

    def line_hashes(self, log: str, places: Iterable[int]) -> dict[int, bytes]:
        """Return the chain hash of a log after each of these lines that it has."""

    def group_at(self, log: str, n: int) -> str | None:
        """Return the group that a change of a log stands or falls with, if any."""

    def verdicts(self, log: str, first: int, last: int) -> list[Verdict]:
        """Return the stored verdicts of lines first to last."""

    def late_verdicts(self, device: str, after: int, most: int) -> list[Verdict]:
        """Return the verdicts on a device's changes that were given anew."""

    def last_receipt(self, log: str, up_to: int) -> StoredReceipt | None:
        """Return the latest receipt of a log for its changes up to a place."""

    def save_receipt(
        self, receipt: StoredReceipt, links: dict[str, tuple[int, str]]
    ) -> None:
        """Keep a receipt; `links` gives each project its number and hash."""

    def server_key(self) -> bytes:
        """Return the secret key that receipts are signed with."""


class MergeTables(Protocol):
    """The merge and what it comes to."""

    def load_merge_state(
        self, batch: list[ValidatedChange], project_ids: set[str], revoked: set[str]
    ) -> MergeState:
        """Read everything a batch may touch, and what waits for it."""

    def waiting(
        self, project_id: str, changes: Iterable[str] | None
    ) -> list[WaitingChange]:
        """Return the changes of a project that wait in custody, oldest first."""

    def waiting_until(
        self, project_id: str, record: str, after: int, most: int
    ) -> tuple[list[WaitingChange], int]:
        """Return changes that wait for a record, and the place of the last of them."""

    def note_stood(
        self,
        batch: Sequence[ValidatedChange],
        stood: Mapping[str, Sequence[tuple[str, int]]],
    ) -> None:
        """Note the numbers that changes had in timelines that were lost."""

    def next_release(self) -> tuple[str, str, int] | None:
        """Return a record that others wait for, and the place up to which they had it."""

    def note_release(self, project_id: str, record: str, after: int | None) -> None:
        """Note up to where those who wait for a record were released; None: all."""

    def projects_that_wait(self) -> list[str]:
        """Return the projects with changes that wait in custody."""

    def note_reason(self, project_id: str, changes: Iterable[str], reason: str) -> None:
        """Keep why a person gave changes up."""

    def save(
        self, state: MergeState, batch: list[ValidatedChange], origin: Origin
    ) -> None:
        """Write the lines, their verdicts and their effects."""

    def save_effects(self, state: MergeState, origin: Origin) -> None:
        """Write what a merge came to, but the lines themselves."""


class Feed(Protocol):
    """What laptops receive."""

    def page(self, project_id: str, after: int, most: int, sent: LogSpan) -> Page:
        """Return rows after a number, without those that the laptop computes from what it sent."""

    def count_after(self, project_id: str, after: int) -> int:
        """Return how many rows lie after a number."""

    def purged(self, project_id: str, after: int, up_to: int) -> list[str]:
        """Return the ids whose deletion lay between two numbers and was purged."""

    def purgeable(self, before: str) -> dict[str, int]:
        """Count the deletions that a purge would shrink, by project."""

    def purge(self, before: str, now: str) -> dict[str, int]:
        """Shrink old deletions to their ids; return how many, by project."""

    def digest(self, project_id: str) -> Digest:
        """Return the digest of a project's live rows."""

    def digest_items(self, project_id: str) -> list[Item]:
        """Return what the digest of a project is made of: live rows, open conflicts."""

    def rows_in(self, project_id: str, buckets: Iterable[str]) -> list[FeedRow]:
        """Return the records of some buckets that are live or contested."""


class Devices(Protocol):
    """Enrolment and access."""

    def add_code(self, code: EnrolmentCode) -> None:
        """Keep a one-time code."""

    def use_code(self, code_hash: str, now: str, device: str) -> EnrolmentCode | None:
        """Use up a code: None when unknown, used or expired."""

    def add_device(self, device: Device, token_hash: str) -> None:
        """Keep a device and its projects."""

    def grant(self, device: str, project: str) -> None:
        """Grant a device a project; it receives it with its next sync."""

    def withdraw(self, device: str, project: str, now: str) -> None:
        """Take a project from a device; what it still sends is kept for review."""

    def hand_over_logs(self, log: str, device: Device) -> None:
        """Hand the logs of a revoked device to the one that takes its place."""

    def take_over_log(self, log: str, device: str) -> None:
        """Count a log as that of the device that this laptop is now."""

    def device_by_token(self, token_hash: str) -> Device | None:
        """Return the device of a token unless it was revoked."""

    def devices(self) -> list[Device]:
        """Return every laptop, oldest first."""

    def own_device(self) -> Device:
        """Return the device that stands for the server itself; it sees every project."""

    def revoke(self, device: str, now: str) -> None:
        """Refuse the device from now on."""

    def saw(self, device: str, now: str, skew_s: float | None) -> None:
        """Note that a device was here, and how far its clock is ahead."""

    def tally(self, device: str) -> dict[str, int]:
        """Count the changes of a device by their present verdict."""

    def custody_of(self, device: str) -> list[tuple[str, str, int]]:
        """Count a device's changes in custody by status and first reason."""

    def conflicts_of(self, device: str) -> dict[str, int]:
        """Count the conflicts that a device's changes met, by status."""

    def logs_of(self, device: str) -> list[dict[str, Any]]:
        """Return the logs of a device, oldest first."""


class DerivationTables(Protocol):
    """Jobs and what they read and write."""

    def claim_jobs(self, now_ms: int, lease_ms: int, most: int) -> list[Job]:
        """Take the next plots of one project; they come back when the lease runs out."""

    def derived_plots(self, project_id: str) -> list[str]:
        """Return the plots of a project that do not wait to be derived."""

    def waiting_jobs(self) -> int:
        """Return how many plots wait to be derived."""

    def ask_for(self, project_id: str) -> int:
        """Note every plot of a project as a job; return how many there are."""

    def plot_trees(self, project_id: str, plots: Sequence[str]) -> list[PlotTree]:
        """Read everything the numbers of plots of one project rest on."""

    def store_derived(self, plots: Sequence[DerivedPlot], now: str) -> int:
        """Replace plots' numbers, keep the old ones, close the jobs; count changes."""

    def versions(self, project_id: str, name: str) -> list[dict[str, Any]]:
        """Return every version of a derived row, oldest first, with its inputs."""


class AttachmentTables(Protocol):
    """Files that records name."""

    def attached(self, project_id: str | None) -> list[AttachedFile]:
        """Return every file that live records name, in all projects or in one."""

    def naming(self, project_ids: Sequence[str], sha256: str) -> list[AttachedFile]:
        """Return where live records of these projects name a file."""

    def is_named_since(self, sha256: str, moment: str) -> bool:
        """Return whether something names a file, waits to, or did after a moment."""


class Reports(Protocol):
    """What administrators ask."""

    def projects(self) -> list[dict[str, Any]]:
        """Return every project with its counts."""

    def records(self, project_id: str, kind: str) -> list[Record]:
        """Return the live records of a type, derived types too."""

    def authors(
        self, project_id: str, records: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """Return who wrote each record last: person, device, when."""

    def stats(self) -> dict[str, Any]:
        """Count everything."""


class Checks(Protocol):
    """Whether what is stored follows from what was sent."""

    def faults(self, progress: Progress) -> Iterator[Fault]:
        """Check everything; return what is wrong, the first bad line first."""


class Reviews(Protocol):
    """What waits for a person, and what was decided."""

    def conflicts(
        self, project_id: str | None, status: str = "open", prefix: str = ""
    ) -> list[dict[str, Any]]:
        """Return conflicts, open or settled, whose id starts like this."""

    def quarantine(
        self,
        project_id: str | None,
        statuses: Sequence[str] | None = ("open",),
        prefix: str = "",
    ) -> list[dict[str, Any]]:
        """Return changes in custody of these statuses whose id starts like this."""

    def record(self, project_id: str, name: str) -> Record | None:
        """Return a record as it stands, deleted or not."""

    def written(self, log: str, n: int) -> dict[str, Any]:
        """Return who wrote a change of a log: person, device, when."""

    def schema_version(self) -> int:
        """Return the newest schema version that waiting changes were judged by; or 0."""

    def note_schema_version(self, version: int) -> None:
        """Keep the newest schema version that waiting changes were judged by."""


class Transaction(
    Logs,
    MergeTables,
    Feed,
    Devices,
    DerivationTables,
    AttachmentTables,
    Reports,
    Checks,
    Reviews,
    Protocol,
):
    """One transaction."""


class Store(Protocol):
    """A database: jobs go in, results come out after they are on disk."""

    def write(self, job: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run a job in a writing transaction; return after its commit."""

    def read(self, job: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run a job on one snapshot."""

    def close(self) -> None:
        """Finish what was begun and let go."""
