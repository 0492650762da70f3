"""What the server asks of a database. Only the data directory names one.

A `Transaction` is one transaction: everything asked of it sees one state, and its writes
stand together or not at all. `Store.write` returns after the commit is on disk; a repeat
of the same job after a failure is harmless, because every write is keyed by what it
says. The store only stores: it takes and gives values (`*_values.py`, server.merge.model)
and knows no rule of the domain.
"""

from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Sequence,
)
from typing import Final, NamedTuple, Protocol, TypeVar

from schemas.digest import Item
from server.merge.model import Record, Verdict
from server.store.board_port import Boards
from server.store.contact_port import Contacts
from server.store.custody_port import Custody
from server.store.merge_values import Effects, Found, Wanted
from server.store.people_port import People
from server.store.phone_port import Phones
from server.store.renewal_port import Renewals
from server.store.values import (
    AttachedFile,
    DerivationInput,
    DerivedPlot,
    DerivedVersion,
    Device,
    DeviceAccount,
    DeviceState,
    EnrolmentCode,
    EpochBegin,
    FrozenMass,
    Job,
    LabelBlock,
    LineQuery,
    LogSpan,
    LogState,
    PlotTree,
    ProjectHead,
    ReadToken,
    SentRow,
    Stats,
    StoredLine,
    StoredProject,
    StoredReceipt,
)
from server.store.webhook_port import Webhooks

T = TypeVar("T")
K = TypeVar("K", bound=NamedTuple)


class Logs(Protocol):
    """Timelines, settings, logs with their lines, receipts."""

    def epoch(self) -> str:
        """Return the id of the server's present timeline."""

    def epochs(self) -> list[EpochBegin]:
        """Return every timeline, oldest first."""

    def begin_epoch(
        self, epoch: str, now: str, reason: str, device_id: str | None
    ) -> None:
        """Begin a new timeline where every project stands."""

    def setting(self, key: str) -> str | None:
        """Return a setting of the server, or None."""

    def set_setting(self, key: str, value: str) -> None:
        """Write a setting of the server."""

    def log_head(self, log_id: str) -> LogState | None:
        """Return how far a log is here, or None."""

    def log_family(self, log_ids: Iterable[str]) -> list[LogState]:
        """Return these logs, and all others of the same laptops."""

    def save_log(
        self, log_id: str, device_id: str, parent: tuple[str, int] | None = None
    ) -> None:
        """Begin a log of a device, or count one that is here as that of a device.

        `parent` is the place in another log that a new one goes on from.
        """

    def lines(self, query: LineQuery) -> list[StoredLine]:
        """Return lines in the order of their logs; a change that came twice has two."""

    def late_verdicts(self, device_id: str, after: int, most: int) -> list[Verdict]:
        """Return the verdicts on a device's changes that were given anew."""

    def last_receipt(self, log_id: str, up_to: int) -> StoredReceipt | None:
        """Return the latest receipt of a log for its changes up to a place."""

    def save_receipt(
        self, receipt: StoredReceipt, links: dict[str, tuple[int, str]]
    ) -> None:
        """Save a receipt; `links` holds the number and hash of it for each project."""


class Merging(Protocol):
    """What a merge looks up, and what it comes to."""

    def lookup(self, project_id: str, wanted: Wanted) -> Found:
        """Return what is known of what a merge wants to know."""

    def save(self, effects: Effects) -> None:
        """Write everything that a merge came to."""


class Feed(Protocol):
    """Projects and their records, as laptops and administrators read them."""

    def projects(self) -> list[StoredProject]:
        """Return every project with its counts, oldest first."""

    def project_heads(self, project_ids: Iterable[str]) -> dict[str, ProjectHead]:
        """Return where these projects stand; those that are here."""

    def heads(self) -> dict[str, int]:
        """Return the last number of every project."""

    def codes_in_use(self) -> dict[str, str]:
        """Return the project that has each code, without regard to capitals."""

    def records(self, project_id: str, kind: str) -> list[Record]:
        """Return the live records of a type, derived types too."""

    def rows_after(self, project_id: str, after: int) -> Iterator[Record]:
        """Read records after a number, in server order; who stops reading pays no more."""

    def sent_after(
        self, project_id: str, after: int, besides: LogSpan | None
    ) -> Iterator[SentRow]:
        """Read what is sent of records after a number, in server order.

        Left out is what the author of some changes can compute from their verdicts; who
        stops reading pays no more.
        """

    def sent_in(self, project_id: str, buckets: Iterable[str]) -> Iterator[SentRow]:
        """Read what is sent of the records of some buckets, live or contested.

        Who stops reading pays no more.
        """

    def digest_items(self, project_id: str) -> list[Item]:
        """Return what the digest of a project is made of: live rows, open conflicts."""

    def purged_between(self, project_id: str, after: int, up_to: int) -> list[str]:
        """Return the ids whose deletion lay between two numbers and was purged."""

    def purge(
        self, before: str, now: str, *, counts_only: bool = False
    ) -> dict[str, int]:
        """Shrink old deletions to their ids, or only count them; how many, by project."""


class Devices(Protocol):
    """Enrolment and access."""

    def add_code(self, code: EnrolmentCode) -> None:
        """Save a one-time code."""

    def use_code(self, code_hash: str, now: str, device: str) -> EnrolmentCode | None:
        """Use up a code: None when unknown, used or expired."""

    def add_device(self, device: Device, token_hash: str) -> None:
        """Save a device and its projects."""

    def device_by_token(self, token_hash: str) -> Device | None:
        """Return the device of a token unless it was revoked."""

    def device(self, device_id: str) -> Device:
        """Return a device as it is now."""

    def devices(self) -> list[Device]:
        """Return every device, oldest first, with the one of the server itself."""

    def sent_by(self, device_id: str) -> tuple[int, int]:
        """Return how many changes a device has sent, and in how many logs."""

    def waiting_of(self, device_id: str) -> int:
        """Count the changes of a device that wait now; this reads the whole quarantine."""

    def count_file(self, device_id: str, size: int) -> int:
        """Count a file that a device sends; return the bytes of all that it sent."""

    def allow_to_begin(self, device_id: str, *, allowed: bool) -> None:
        """Allow a device to begin projects, or take that from it; a repeat is harmless."""

    def count_begun(self, device_id: str, projects: int) -> None:
        """Count projects that a device has begun."""

    def set_access(
        self, device_id: str, project_id: str, withdrawn_at: str | None
    ) -> None:
        """Grant a device a project, or withdraw it: what it still sends is kept for review.

        A repeat is harmless; a second withdrawal keeps the time of the first.
        """

    def update_device(
        self,
        device_id: str,
        *,
        revoked_at: str | None = None,
        last_seen_at: str | None = None,
        skew_s: float | None = None,
    ) -> None:
        """Note what is known of a device now; None leaves what is there.

        Who was revoked stays so: the first time counts.
        """

    def add_read_token(self, token: ReadToken, token_hash: str) -> None:
        """Save a token that reads some projects."""

    def read_token(self, token_hash: str, now: str) -> ReadToken | None:
        """Return a token unless it was revoked or has expired."""

    def read_tokens(self) -> list[ReadToken]:
        """Return every token that reads, oldest first."""

    def end_read_token(self, token_id: str, expires_at: str) -> None:
        """Take a token up to a moment and no longer."""

    def revoke_read_token(self, token_id: str, now: str) -> None:
        """Refuse a token from now on; the first time counts."""

    def label_blocks(self) -> list[LabelBlock]:
        """Return every block of labels that was handed out, in the order of their codes."""

    def add_label_block(self, block: LabelBlock) -> None:
        """Save that a laptop has a block; who had it first keeps it."""

    def note_device_state(self, device_id: str, state: DeviceState) -> None:
        """Note what a laptop says of itself."""

    def device_states(self) -> dict[str, DeviceState]:
        """Return what each device said of itself last, by its id."""

    def account(self, device_id: str) -> DeviceAccount:
        """Count what a device sent, by what became of it; each change once."""


class Derivation(Protocol):
    """Jobs and what they read and write."""

    def claim_jobs(self, now_ms: int, lease_ms: int, most: int) -> list[Job]:
        """Take the next plots of one project; they come back when the lease runs out."""

    def waiting_jobs(self, project_id: str | None = None) -> list[str]:
        """Return the plots that wait to be derived, of all projects or of one."""

    def is_waiting(self) -> bool:
        """Return whether any plot waits to be derived."""

    def count_waiting(self) -> int:
        """Return how many plots wait to be derived."""

    def ask_for(self, project_id: str) -> int:
        """Note every plot of a project as a job; return how many there are."""

    def plot_trees(self, project_id: str, plots: Sequence[str]) -> list[PlotTree]:
        """Read everything the numbers of plots of one project rest on."""

    def figures(self, project_id: str, plots: Iterable[str]) -> list[DerivationInput]:
        """Return the stocks, changes and trends of plots that stand, plot by plot."""

    def bags_of_batches(
        self, project_id: str, batches: Collection[tuple[str | None, str | None]]
    ) -> set[str]:
        """Return the bags that have a result of one of the batches of laboratories."""

    def save_derived(self, plots: Sequence[DerivedPlot], now: str) -> int:
        """Replace plots' numbers, keep the old ones, close the jobs; count changes.

        A plot that waits no more was derived by another, from the same or newer records:
        a job of it that ends late leaves those numbers alone.
        """

    def reference_masses(self, project_id: str) -> list[FrozenMass]:
        """Return the masses that were found once for plots of a project."""

    def freeze(self, masses: Iterable[FrozenMass], now: str) -> None:
        """Keep masses of plots that have none for that setting; others stay as they are."""

    def versions(self, project_id: str, name: str) -> list[DerivedVersion]:
        """Return every version of a derived row, oldest first, with its inputs."""


class Upkeep(Protocol):
    """Attached files, counts, and everything that is kept, as an audit reads it."""

    def attached(
        self, project_ids: Sequence[str] | None = None, sha256: str | None = None
    ) -> list[AttachedFile]:
        """Return the files that live records name, in some projects, or one file only."""

    def is_named_since(self, sha256: str, moment: str) -> bool:
        """Return whether something names a file, waits to, or did after a moment."""

    def home(self) -> str | None:
        """Return which cluster keeps the database, and in which timeline; None of a file."""

    def table_version(self) -> int:
        """Return the version of the tables."""

    def stats(self) -> Stats:
        """Count everything."""

    def add_audit_line(self, said: str) -> None:
        """Append what an administrator did to the chained audit log; the job is alone."""

    def kept(self, kind: type[K], *of: str | int) -> Iterator[K]:
        """Read all that is kept of a kind, one after another, unchecked.

        `kind` is a class of server.store.kept_values; `of` narrows it as that one says.

        Raises
        ------
        UnreadableError
            If the database cannot read on.
        """


class Transaction(
    Logs,
    Merging,
    Custody,
    Feed,
    Devices,
    Renewals,
    Phones,
    People,
    Contacts,
    Webhooks,
    Derivation,
    Boards,
    Upkeep,
    Protocol,
):
    """One transaction."""


class Holds(NamedTuple):
    """What a writing job locks before it reads: it touches no other log, no other project."""

    log_ids: Collection[str] = ()
    project_ids: Collection[str] = ()


#: What a job holds that may touch anything: nobody else writes meanwhile.
ALONE: Final = None


class Store(Protocol):
    """A database: jobs go in, results come out after they are on disk."""

    def write(
        self, job: Callable[[Transaction], T], holds: Holds | None = ALONE
    ) -> Awaitable[T]:
        """Run a job in a writing transaction; return after its commit.

        A job that says what it holds may run beside others, where the database has more
        than one writer; it may be run more than once.
        """

    def read(self, job: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run a job on one snapshot."""

    def locked(self, name: str, work: Callable[[], T]) -> Awaitable[T]:
        """Do something with files of which no other process does anything meanwhile."""

    def leads(self) -> Awaitable[bool]:
        """Return whether this one, of all that are open to serve, does what one alone does."""

    def forget_deleted(self) -> Awaitable[bool]:
        """Take what was deleted out of the database's files; return whether all went."""

    def close(self) -> None:
        """Finish what was begun and let go."""
