"""What the laptop asks of its store.

Every write method is one transaction that is on disk when the method returns;
when it raises, nothing of it was written. Reads see the last commit. Any method
may raise StoreError.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from collector.rules.overlay import BaseRow, ChangeStatus, LoggedChange, RecordView

if TYPE_CHECKING:
    from collector.rules.log_heads import LogHead
    from collector.rules.reply import Message, RemovalGuard, Reply
    from collector.rules.shown import Shown
    from schemas.changes import Draft
    from schemas.digest import Item
    from schemas.search import SearchQuery

#: The place a project was read up to: the server's timeline and its sequence.
Cursor = tuple[str, int]


class Timestamp(NamedTuple):
    """The wall time a write is stamped with."""

    wall_ms: int
    text: str


class Applied(NamedTuple):
    """What one reply changed here.

    When it would take too much away (`removals.too_many()`), its rows were not taken.
    """

    verdicts: Sequence[tuple[ChangeStatus, bool]]  # with: had it been judged before?
    acked_n: int  # how far the log is judged now
    removals: "RemovalGuard"
    received: int = 0
    late: int = 0
    stale: bool = False
    notes: Sequence[str] = ()


class ServerReceipt(NamedTuple):
    """What the server signed: it has this log up to change n."""

    log_id: int
    n: int
    raw: str
    signature: str


class OwnChange(NamedTuple):
    """A change of this laptop with its line: when it was kept, what was here before it.

    `former` has the fields that it writes as they were; None of a new record.
    """

    id: str
    place: int
    record_id: str
    status: ChangeStatus
    raw: bytes
    created_at: str
    former: Mapping[str, Any] | None


class Transfer(NamedTuple):
    """How much of an attached file the server has, and since when it has all of it."""

    sent: int
    confirmed_at: str | None = None


class Store(Protocol):
    """The laptop's database."""

    def close(self) -> None:
        """Close it; harmless when closed."""

    def damage(self) -> list[str]:
        """Read everything and give what is damaged."""

    # Settings ---------------------------------------------------------------
    def setting(self, key: str) -> str | None:
        """Return one setting."""

    def set_settings(self, values: Mapping[str, str | None]) -> None:
        """Write settings; None removes one. Harmless to repeat."""

    # Records as shown -------------------------------------------------------
    def record(self, record_id: str) -> RecordView | None:
        """Return one record, deleted or not."""

    def views(self, record_ids: Iterable[str]) -> dict[str, RecordView]:
        """Return those of the records that are here, deleted or not, by id."""

    def shown(self, record_id: str) -> "Shown | None":
        """Return one record with the rows it was seen in, as of one moment."""

    def find(
        self, record_type: str, project_id: str | None, key: str
    ) -> list[RecordView]:
        """Return the live records with this natural key."""

    def find_all(
        self, record_type: str, project_id: str, keys: Iterable[str]
    ) -> dict[str, RecordView]:
        """Return the live records of a project with these natural keys, one of each."""

    def alike(
        self, record_type: str, project_id: str | None, code_skeleton: str
    ) -> list[RecordView]:
        """Return the live records whose code reads like this one."""

    def starting_with(self, record_type: str, prefix: str) -> list[RecordView]:
        """Return the live records whose id starts like this, two at most."""

    def records(
        self,
        record_type: str,
        project_id: str | None = None,
        under: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[RecordView]:
        """Return live records in the order of their natural keys.

        With `under`, those that belong to each of these records, directly or
        through others.
        """

    def keys(
        self,
        record_type: str,
        project_id: str | None = None,
        under: Sequence[str] = (),
    ) -> list[tuple[str, str]]:
        """Return ids and natural keys of live records, in the order of the keys."""

    def in_this_order(self, record_ids: Sequence[str]) -> list[RecordView]:
        """Return records by their ids."""

    def referrers(self, target: str) -> list[RecordView]:
        """Return the live records that refer to this one."""

    def deleted(
        self, record_type: str, project_id: str | None = None
    ) -> list[RecordView]:
        """Return the records of a type that are deleted here or on the server."""

    def attached(self) -> list[RecordView]:
        """Return the live records that name attached files."""

    def transfers(self) -> dict[str, Transfer]:
        """Return how far each file was sent, by its SHA-256."""

    def note_transfer(self, sha256: str, transfer: Transfer) -> None:
        """Note how far a file was sent."""

    def count_records(self) -> dict[str, int]:
        """Count live records by type."""

    def search(self, query: "SearchQuery") -> list[str]:
        """Return the ids of live records that have all words, the best first."""

    # The server's rows ------------------------------------------------------
    def base(self, record_id: str) -> BaseRow | None:
        """Return the server's row of a record."""

    def bases(self, record_type: str, project_id: str | None = None) -> list[BaseRow]:
        """Return the server's rows of a type, derived types too."""

    def count_conflicts(self) -> int:
        """Count the open conflicts."""

    def contested(self) -> list[BaseRow]:
        """Return the rows with open conflicts."""

    def cursors(self) -> dict[str, Cursor | None]:
        """Return this laptop's projects with their cursors."""

    # The log ----------------------------------------------------------------
    def save(
        self, drafts: Sequence["Draft"], timestamp: Timestamp, person: str | None
    ) -> list[int]:
        """Append drafts to the log and show them, together or not at all.

        A draft that replaces a quarantined change closes that one. Returns the
        place of each draft in the log.

        Raises
        ------
        RefusedError
            If a new record is here already.
        """

    def discard(self, record_id: str) -> int:
        """Take the quarantined changes of a record out of its view; count them."""

    def changes(self, record_id: str) -> list[LoggedChange]:
        """Return the changes of a record in order."""

    def authors(self, record_id: str) -> dict[str, str | None]:
        """Return who made each change of a record on this laptop, by its id."""

    def own_changes(self) -> Iterator[OwnChange]:
        """Read what this laptop has said, in order."""

    def changes_with(self, status: ChangeStatus) -> list[LoggedChange]:
        """Return every change of a status in order."""

    def count_changes(
        self, among: Iterable[ChangeStatus] = ChangeStatus
    ) -> dict[ChangeStatus, int]:
        """Count the changes of some statuses."""

    def count_unacknowledged(self) -> int:
        """Count changes that the server has not acknowledged."""

    def logs(self) -> list["LogHead"]:
        """Return every log of this laptop, oldest first; the last one is written to."""

    def head(self) -> "LogHead":
        """Return where the log that is written to stands."""

    def tail(self, after_n: int, most: int, log: int | None = None) -> list[bytes]:
        """Return raw lines of a log after a place, in order; of the last log by default."""

    def stood(
        self, after_n: int, up_to_n: int, log: int
    ) -> dict[int, list[tuple[str, int]]]:
        """Return where changes of a log stood in timelines that were lost."""

    def hash_at(self, n: int, log: int | None = None) -> bytes | None:
        """Return the chain hash after n changes of a log; of the last by default."""

    def split(self, log: int, n: int, new_id: str) -> int:
        """Close a log after its change n and go on in a new one.

        Every later change moves to the new log, with its id; gives how many moved.
        """

    def receipts(self) -> list[ServerReceipt]:
        """Return the latest receipt of each log."""

    # Sync -------------------------------------------------------------------
    def apply(
        self,
        reply: "Reply",
        head: "LogHead",
        asked: Mapping[str, Cursor | None],
        timestamp: Timestamp,
        removals: "RemovalGuard",
    ) -> Applied:
        """Take in one whole reply: verdicts, rows and cursors in one transaction.

        When the cursors are no longer those of the request, only the verdicts
        are taken; likewise when it would take away too much. Harmless to repeat.
        """

    def rewind(self, log: int, acked_n: int) -> None:
        """Note that the server has less of a log than it said."""

    def count_stale(self) -> int:
        """Count the rows that a reset has not confirmed yet."""

    def count_live(self) -> dict[str, int]:
        """Count the server's live records here, by project."""

    def mend_counts(self) -> list[str]:
        """Count again what is kept as a number; return in words what was wrong.

        It is right afterwards; nothing is written when it was.
        """

    def digest_items(self, project_id: str) -> Iterator["Item"]:
        """Return what the digest of a project is made of: live rows, open conflicts."""

    def take_bucket(
        self, epoch: str, rows: Sequence["Message"], missing: Sequence[str]
    ) -> None:
        """Believe the server's records of a part of a project.

        Those missing are gone, or are deleted and no longer contested.
        """

    def is_used_up(self, record_id: str) -> bool:
        """Return whether a record had this id once, or has it."""

    def used_up(self, record_ids: Iterable[str]) -> set[str]:
        """Return those ids that a record had once, or has."""
