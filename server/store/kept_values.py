"""What an audit reads: one value class for each kind of thing that is kept. Pure.

Values are as they stand in the tables, texts of JSON unread: what is damaged is for the
audit to find. The docstrings say what narrows a kind, in order.
"""

from typing import NamedTuple

from server.merge.model import Record
from server.store.rows import record_of


class PageDamage(NamedTuple):
    """What SQLite says of its own pages and rows; nothing when they are whole."""

    said: str


class Misshapen(NamedTuple):
    """A table, index or trigger that is not as the program makes it."""

    name: str


class BrokenSeal(NamedTuple):
    """A table whose rows are not those that were written."""

    table: str
    rows: int
    sealed_rows: int


class AuditLine(NamedTuple):
    """A line about what an administrator did, in order; the first has number 1."""

    number: int
    said: str
    hash: bytes


class Totals(NamedTuple):
    """How many changes and records there are; one value."""

    changes: int
    records: int


class ServerIdentity(NamedTuple):
    """The key that the server signs with, and that of its own device; one value."""

    signing_key: str
    public_key: str | None


class LogRows(NamedTuple):
    """How many rows name a log, and whether there is one."""

    what: str
    log_id: str
    rows: int
    is_here: bool


class KeptLog(NamedTuple):
    """A log with its head, and the key of its laptop."""

    id: str
    n: int
    hash: bytes
    public_key: str


class KeptLine(NamedTuple):
    """A line with its verdict, in order. Of a log."""

    n: int
    raw: bytes
    hash: bytes
    received_at: str
    project_id: str
    change_id: str
    outcome: str
    seq: int | None
    why: str | None
    conflicts: str | None


class KeptReceipt(NamedTuple):
    """A receipt, in the order of what they are for. Of a log."""

    n: int
    raw: str
    signature: str
    pushed: str


class GivenReceipt(NamedTuple):
    """A receipt of any log, in the order in which they were given."""

    log_id: str
    n: int
    raw: str


class RecordPlace(NamedTuple):
    """The type of a record and its number; of a purged one the type. Of project and id."""

    type: str
    seq: int | None


class CustodyPlace(NamedTuple):
    """Where a change in custody stands. Of project and change."""

    status: str


class ConflictChange(NamedTuple):
    """The change of a conflict. Of project and conflict."""

    change_id: str


class KeptRecord(NamedTuple):
    """A record with what is indexed of it, in the order of projects and ids."""

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
    parent_id: str | None
    natural_key: str | None

    def read(self) -> Record:
        """Return the record as the merge knows it.

        Raises
        ------
        ValueError, TypeError
            If its texts are no JSON, or other JSON.
        """
        return record_of(self[:11])


class KeptVersion(NamedTuple):
    """A version of a derived row. Of project, row and number."""

    fields: str
    plot_id: str
    type: str


class LatestChange(NamedTuple):
    """The number of the latest change that was applied to a record.

    They come in the order of projects and records.
    """

    project_id: str
    record_id: str
    seq: int


class WrittenLine(NamedTuple):
    """A line as a writer of a record names it. Of a log and a place in it."""

    raw: bytes
    hash: bytes
    change_id: str
    outcome: str
    seq: int | None


class KeptConflict(NamedTuple):
    """A conflict with the line of its change, and of the change that settled it."""

    project_id: str
    id: str
    record_id: str
    type: str
    group: str
    theirs: str
    ours: str
    status: str
    settled_by: str | None
    base: str | None
    chosen: str | None
    log_id: str | None
    raw: bytes
    hash: bytes
    outcome: str
    conflicts: str | None
    settling_log: str | None
    settling_raw: bytes
    settling_hash: bytes


class CountedConflicts(NamedTuple):
    """How many conflicts a record says are open, and how many are."""

    project_id: str
    type: str
    id: str
    said: int
    found: int


class OpenConflict(NamedTuple):
    """A conflict that is open, and whether its record is here."""

    project_id: str
    id: str
    is_here: bool


class KeptCustody(NamedTuple):
    """A change in custody, or one that was, with its line."""

    project_id: str
    change_id: str
    record_id: str
    type: str
    fields: str
    why: str
    person: str | None
    waits_for: str | None
    status: str
    log_id: str
    raw: bytes
    hash: bytes
    line_change_id: str | None


class NamedFile(NamedTuple):
    """A file that a live record names, in the order of projects, records and files."""

    project_id: str
    record_id: str
    sha256: str


class IndexedFile(NamedTuple):
    """A file as the index has it, in the same order."""

    project_id: str
    record_id: str
    sha256: str


class KeptProject(NamedTuple):
    """What is counted of a project."""

    id: str
    head: int
    gc_floor: int
    digest_items: int
    digest_total: str
    receipt_count: int
    receipt_hash: str


class LatestNumber(NamedTuple):
    """The latest number that anything of a project has. Of a project."""

    seq: int | None


class DigestItem(NamedTuple):
    """A live row or an open conflict, and its hash. Of a project."""

    record_id: str
    hash: int


class EpochNumber(NamedTuple):
    """The number of a timeline, in order."""

    number: int


class Mention(NamedTuple):
    """Something that names another thing, and whether that is here."""

    what: str
    name: str
    is_here: bool
