"""Everything that is kept, read one after another for an audit: SQLite.

A query of a kind gives its columns in the order of the fields of its class; nothing is
compared here, and little is in memory at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from schemas.messages import MessageError, parse_object
from server.errors import UnreadableError
from server.store import faults
from server.store import kept_values as kinds
from server.store.driver import Connection, DatabaseError, scratch
from server.store.feed import digest_items
from server.store.logs import SegmentReader
from server.store.rows import RECORD_COLUMNS

K = TypeVar("K", bound=NamedTuple)

_QUERIES: Final[Mapping[type[NamedTuple], str]] = MappingProxyType(
    {
        kinds.Totals: """
            SELECT (SELECT count(*) FROM change), (SELECT count(*) FROM record)
        """,
        kinds.AuditLine: "SELECT number, said, hash FROM audit_line ORDER BY number",
        kinds.ServerIdentity: """
            SELECT (SELECT value FROM meta WHERE key = 'signing_key'),
                (SELECT d.public_key FROM meta own
                 JOIN device d ON d.device_id = own.value WHERE own.key = 'own_device')
        """,
        kinds.LogRows: """
            SELECT 'change', log_id, count(*), log_id IN (SELECT log_id FROM log)
            FROM change GROUP BY log_id
            UNION ALL
            SELECT 'receipt', log_id, count(*), log_id IN (SELECT log_id FROM log)
            FROM receipt GROUP BY log_id
        """,
        kinds.KeptLog: """
            SELECT l.log_id, l.n, l.hash, coalesce(d.public_key, '')
            FROM log l LEFT JOIN device d ON d.device_id = l.device_id ORDER BY l.arrived
        """,
        kinds.KeptLine: """
            SELECT n, segment, n, hash, received_at, project_id, change_id, outcome, seq, why,
                conflicts
            FROM change WHERE log_id = ? ORDER BY n
        """,
        kinds.KeptReceipt: """
            SELECT n, raw, signature, pushed FROM receipt WHERE log_id = ? ORDER BY n
        """,
        kinds.GivenReceipt: "SELECT log_id, n, raw FROM receipt ORDER BY arrived",
        kinds.RecordPlace: """
            SELECT type, seq FROM record WHERE project_id = ?1 AND id = ?2
            UNION ALL
            SELECT type, NULL FROM purged WHERE project_id = ?1 AND id = ?2
        """,
        kinds.CustodyPlace: """
            SELECT status FROM quarantine WHERE project_id = ? AND change_id = ?
        """,
        kinds.ConflictChange: """
            SELECT change_id FROM conflict WHERE project_id = ? AND id = ?
        """,
        kinds.KeptRecord: f"""
            SELECT {RECORD_COLUMNS}, parent_id, natural_key
            FROM record ORDER BY project_id, id
        """,  # noqa: S608 - the columns are a constant
        kinds.KeptVersion: """
            SELECT fields, plot_id, type FROM derived_version
            WHERE project_id = ? AND id = ? AND seq = ?
        """,
        kinds.WrittenLine: """
            SELECT segment, n, hash, change_id, outcome, seq FROM change
            WHERE log_id = ? AND n = ?
        """,
        # A change may have come in two logs: what stands is what the first one says.
        kinds.KeptConflict: """
            SELECT c.project_id, c.id, c.record_id, c.type, c.group_name, c.theirs, c.ours,
                c.status, c.settled_by, c.base, c.chosen,
                (SELECT id FROM numbered_id WHERE number = l.log), l.segment, l.n, l.hash,
                CASE WHEN l.n IS NOT NULL THEN coalesce(l.outcome, 'accepted') END,
                l.conflicts,
                (SELECT id FROM numbered_id WHERE number = s.log), s.segment, s.n, s.hash
            FROM conflict c
            LEFT JOIN numbered_id p ON p.id = c.project_id
            LEFT JOIN change_row l ON (l.log, l.n) = (SELECT log, n FROM change_row
                WHERE project = p.number AND change_id = c.change_id
                ORDER BY segment, n LIMIT 1)
            LEFT JOIN change_row s ON (s.log, s.n) = (SELECT log, n FROM change_row
                WHERE project = p.number AND change_id = c.settled_by
                ORDER BY segment, n LIMIT 1)
            ORDER BY c.arrived
        """,
        kinds.CountedConflicts: """
            SELECT r.project_id, r.type, r.id, r.open_conflicts,
                (SELECT count(*) FROM conflict c WHERE c.project_id = r.project_id
                 AND c.record_id = r.id AND c.status = 'open')
            FROM record r
        """,
        kinds.OpenConflict: """
            SELECT c.project_id, c.id, EXISTS (SELECT 1 FROM record r
                WHERE r.project_id = c.project_id AND r.id = c.record_id)
            FROM conflict c WHERE c.status = 'open'
        """,
        kinds.KeptCustody: """
            SELECT q.project_id, q.change_id, q.record_id, q.type, q.fields, q.why,
                q.person, q.waits_for, q.status,
                CASE WHEN c.n IS NOT NULL THEN q.log_id END,
                c.segment, c.n, c.hash, c.change_id
            FROM quarantine q
            LEFT JOIN numbered_id l ON l.id = q.log_id
            LEFT JOIN change_row c ON c.log = l.number AND c.n = q.n
            ORDER BY q.arrived
        """,
        kinds.NamedFile: """
            SELECT DISTINCT r.project_id, r.id,
                CAST(coalesce(file.value ->> 'sha256', '') AS TEXT)
            FROM record r, json_each(r.fields, '$.attachments') file
            WHERE instr(fields, '"attachments"') > 0 AND r.deleted = 0
            ORDER BY 1, 2, 3
        """,
        kinds.IndexedFile: """
            SELECT project_id, record_id, sha256 FROM attachment WHERE gone_at IS NULL
            ORDER BY 1, 2, 3
        """,
        kinds.KeptProject: """
            SELECT project_id, head, gc_floor, digest_count, digest_sum, receipt_count,
                receipt_hash
            FROM project
        """,
        kinds.LatestNumber: """
            SELECT max(seq) FROM (
                SELECT max(seq) AS seq FROM record WHERE project_id = ?1
                UNION ALL SELECT max(seq) FROM change WHERE project_id = ?1
                UNION ALL SELECT max(seq) FROM derived_version
                WHERE project_id = ?1) AS latest
        """,
        kinds.EpochNumber: "SELECT number FROM epoch ORDER BY number",
        kinds.Mention: """
            SELECT 'devices', device_id, device_id IN (SELECT device_id FROM device)
            FROM log
            UNION ALL
            SELECT 'parents', l.log_id, EXISTS (SELECT 1 FROM log p
                WHERE p.log_id = l.parent_log AND p.n >= l.parent_n)
            FROM log l WHERE l.parent_log IS NOT NULL
            UNION ALL
            SELECT 'late verdicts', t.change_id, EXISTS (SELECT 1 FROM change c
                WHERE c.project_id = t.project_id AND c.change_id = t.change_id)
            FROM late t
            UNION ALL
            SELECT 'timelines', epoch_id, epoch_id IN (SELECT id FROM epoch)
            FROM epoch_start
        """,
    }
)
#: Where the queries have the segment and the number of a line.
_LINES: Final[Mapping[type[NamedTuple], tuple[int, ...]]] = MappingProxyType(
    {
        kinds.KeptLine: (1,),
        kinds.WrittenLine: (0,),
        kinds.KeptConflict: (12, 18),
        kinds.KeptCustody: (10,),
    }
)
_LATEST: Final = """
    SELECT project_id, record_id, max(seq) FROM applied GROUP BY 1, 2 ORDER BY 1, 2
"""


def _latest_changes(connection: Connection) -> Iterator[kinds.LatestChange]:
    """Sort the lines that were applied by the records they name, on the side."""
    beside = scratch()
    try:
        beside.execute("BEGIN")
        beside.execute(
            "CREATE TABLE applied (project_id TEXT, record_id TEXT, seq INTEGER)"
        )
        beside.executemany("INSERT INTO applied VALUES (?, ?, ?)", _applied(connection))
        yield from map(kinds.LatestChange._make, beside.execute(_LATEST))
    finally:
        beside.close()


def _applied(connection: Connection) -> Iterator[tuple[str, str, int]]:
    """Read what each applied line is about, but those that cannot be read."""
    reader = SegmentReader(connection)
    for segment, n, seq in connection.execute(
        "SELECT segment, n, seq FROM change_row WHERE seq IS NOT NULL"
    ):
        try:
            line = parse_object(reader.line(segment, n))
            yield str(line["s"]), str(line["r"]), seq
        except (MessageError, LookupError):
            continue


def _digest_items(
    connection: Connection, project_id: str
) -> Iterator[kinds.DigestItem]:
    return map(kinds.DigestItem._make, digest_items(connection, project_id))


READERS: Final[Mapping[type[NamedTuple], Callable[..., Iterator[Any]]]] = (
    MappingProxyType(
        {
            kinds.PageDamage: faults.page_damage,
            kinds.Misshapen: faults.misshapen_tables,
            kinds.BrokenSeal: faults.broken_seals,
            kinds.LatestChange: _latest_changes,
            kinds.DigestItem: _digest_items,
        }
    )
)


class KeptTables:
    """The part of a transaction that an audit reads."""

    connection: Connection
    #: Runs a query whose rows are fetched as they are read.
    stream: Callable[[str, Sequence[Any]], Iterator[tuple[Any, ...]]]
    #: What this database raises where it cannot read on, and what it is asked by itself.
    unreadable: type[Exception] = DatabaseError
    readers = READERS

    def kept(self, kind: type[K], *of: str | int) -> Iterator[K]:
        """Read all that is kept of a kind, one after another, unchecked."""
        try:
            if query := _QUERIES.get(kind):
                rows = self.stream(query, of)
                yield from map(kind._make, self._with_lines(rows, _LINES.get(kind, ())))
            else:
                yield from self.readers[kind](self.connection, *of)
        except self.unreadable as error:
            raise UnreadableError(str(error) or type(error).__name__) from error

    def _with_lines(
        self, rows: Iterable[tuple[Any, ...]], places: tuple[int, ...]
    ) -> Iterator[Iterable[Any]]:
        """Put a line in the place of each segment and number; None where there is none."""
        if not places:
            yield from rows
            return
        reader = SegmentReader(self.connection)
        for row in rows:
            found = list(row)
            for place in reversed(places):
                segment, n = found[place : place + 2]
                line = None if n is None else reader.line(segment, n)
                found[place : place + 2] = [line]
            yield found
