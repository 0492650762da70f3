"""What the laptop asks of its store.

Every write method is one transaction that is on disk when the method returns;
when it raises, nothing of it was written. Reads see the last commit. Any method
may raise StoreError.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from collector.rules.log_heads import Cursor
from collector.rules.overlay import BaseRow, ChangeStatus, LoggedChange, RecordView

if TYPE_CHECKING:
    from collector.rules.log_heads import LogHead
    from collector.rules.reply import Message, RemovalGuard, Reply
    from collector.rules.shown import Shown
    from schemas.changes import Draft
    from schemas.digest import Item
    from schemas.search import SearchQuery


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


class MadeRecord(NamedTuple):
    """A record that this laptop made, and by whom."""

    id: str
    type: str
    person: str | None


class KeptDraft(NamedTuple):
    """What was typed and is no record yet, as it was typed; `about` says of what it is.

    It stays on this laptop: whoever wipes the laptop loses it.
    """

    number: int
    kind: str
    project_id: str
    about: str
    typed: Mapping[str, Any]
    person: str | None
    kept_at: str


class Beside(NamedTuple):
    """What is written together with changes: drafts that are kept, and dropped first."""

    keep: Sequence[KeptDraft] = ()
    drop: Sequence[int] = ()


NOTHING_BESIDE: Final = Beside()


class Transfer(NamedTuple):
    """How much of an attached file the server has, and since when it has all of it."""

    sent: int
    confirmed_at: str | None = None


class LabelRange(NamedTuple):
    """Numbers of one block that follow each other."""

    block: str
    first: int
    last: int


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

    # A day in the field -----------------------------------------------------
    def made_between(
        self, since_ms: int, until_ms: int, record_types: Iterable[str]
    ) -> list[MadeRecord]:
        """Return what this laptop made anew from one moment to another, in order."""

    def last_own(self, record_type: str, field: str, target: str) -> RecordView | None:
        """Return what this laptop made last of those that refer to a record, if anything."""

    def unvisited(self, project_id: str, campaign_id: str) -> list[RecordView]:
        """Return the points without a core and without a skip in a campaign."""

    def referring(self, field: str, targets: Sequence[str]) -> list[RecordView]:
        """Return the live records that refer to any of these by a field."""

    def alike_any(
        self, record_type: str, project_id: str, skeletons: Iterable[str]
    ) -> list[RecordView]:
        """Return the live records of a project whose code reads like one of these."""

    # Drafts -----------------------------------------------------------------
    def drafts(self) -> list[KeptDraft]:
        """Return every draft, oldest first."""

    def count_drafts(self) -> int:
        """Count the drafts."""

    def next_draft(self) -> int:
        """Return a number that no draft has."""

    def write_drafts(self, beside: Beside) -> None:
        """Drop drafts and keep others, together or not at all."""

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
        self,
        drafts: Sequence["Draft"],
        timestamp: Timestamp,
        person: str | None,
        beside: Beside = NOTHING_BESIDE,
    ) -> list[int]:
        """Append drafts to the log and show them, together or not at all.

        What is beside them is written with them. A draft that replaces a quarantined change closes that one. Returns the
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

    def own_changes(
        self, record_ids: Sequence[str] | None = None
    ) -> Iterator[OwnChange]:
        """Read what this laptop has said, in order: of all records, or of these."""

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
        """Close a log after its change n and go on in a new one, without blocks of labels.

        Every later change moves to the new log, with its id; gives how many moved.
        """

    def receipts(self) -> list[ServerReceipt]:
        """Return the latest receipt of each log."""

    # Labels -----------------------------------------------------------------
    def known_blocks(self) -> frozenset[str]:
        """Return every block that is known to have been handed out, to whatever laptop."""

    def own_blocks(self) -> list[tuple[str, int]]:
        """Return the blocks of this laptop, each with the numbers that are left of it."""

    def label_request(self, new_id: str) -> str:
        """Return the id of the request for a block that is not answered yet, or begin one."""

    def keep_block(self, block: str, known: Iterable[str], lost: Iterable[str]) -> None:
        """Keep a block that the server gave, and what it says of all others."""

    def take_numbers(self, count: int, at: str) -> list[LabelRange]:
        """Take the next numbers, once and for all; none where there are not as many."""

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
