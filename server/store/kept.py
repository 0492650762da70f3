"""Everything that is kept, read one after another for an audit: SQLite.

A query of a kind gives its columns in the order of the fields of its class; nothing is
compared here, and little is in memory at once.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from schemas.messages import MessageError, parse_object
from server.errors import UnreadableError
from server.store import faults
from server.store import kept_values as kinds
from server.store.driver import Connection, DatabaseError, scratch
from server.store.feed import digest_items
from server.store.rows import RECORD_COLUMNS

K = TypeVar("K", bound=NamedTuple)

_QUERIES: Final[Mapping[type[NamedTuple], str]] = MappingProxyType(
    {
        kinds.Totals: """
            SELECT (SELECT count(*) FROM change), (SELECT count(*) FROM record)
        """,
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
            FROM log l LEFT JOIN device d ON d.device_id = l.device_id ORDER BY l.rowid
        """,
        kinds.KeptLine: """
            SELECT n, raw, hash, received_at, project_id, change_id, outcome, seq, why,
                conflicts
            FROM change WHERE log_id = ? ORDER BY n
        """,
        kinds.KeptReceipt: """
            SELECT n, raw, signature, pushed FROM receipt WHERE log_id = ? ORDER BY n
        """,
        kinds.GivenReceipt: "SELECT log_id, n, raw FROM receipt ORDER BY rowid",
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
            SELECT {RECORD_COLUMNS}, parent_id, natural_key, last_log, last_n
            FROM record ORDER BY project_id, id
        """,  # noqa: S608 - the columns are a constant
        kinds.KeptVersion: """
            SELECT fields, plot_id, type FROM derived_version
            WHERE project_id = ? AND id = ? AND seq = ?
        """,
        kinds.WrittenLine: """
            SELECT raw, hash, change_id, outcome, seq FROM change
            WHERE log_id = ? AND n = ?
        """,
        # A change may have come in two logs: what stands is what the first one says.
        kinds.KeptConflict: """
            SELECT c.project_id, c.id, c.record_id, c.type, c.group_name, c.theirs, c.ours,
                c.status, c.settled_by, c.base, c.chosen,
                l.log_id, l.raw, l.hash, l.outcome, l.conflicts,
                s.log_id, s.raw, s.hash
            FROM conflict c
            LEFT JOIN change l ON l.rowid = (SELECT min(rowid) FROM change
                WHERE project_id = c.project_id AND change_id = c.change_id)
            LEFT JOIN change s ON s.rowid = (SELECT min(rowid) FROM change
                WHERE project_id = c.project_id AND change_id = c.settled_by)
            ORDER BY c.rowid
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
                q.person, q.waits_for, q.status, c.log_id, c.raw, c.hash, c.change_id
            FROM quarantine q LEFT JOIN change c ON c.log_id = q.log_id AND c.n = q.n
            ORDER BY q.rowid
        """,
        kinds.NamedFile: """
            SELECT DISTINCT r.project_id, r.id,
                CAST(coalesce(file.value ->> '$.sha256', '') AS TEXT)
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
                UNION ALL SELECT max(seq) FROM derived_version WHERE project_id = ?1)
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
    for raw, seq in connection.execute(
        "SELECT raw, seq FROM change WHERE seq IS NOT NULL"
    ):
        try:
            line = parse_object(raw)
            yield str(line["s"]), str(line["r"]), seq
        except (MessageError, LookupError):
            continue


def _digest_items(
    connection: Connection, project_id: str
) -> Iterator[kinds.DigestItem]:
    return map(kinds.DigestItem._make, digest_items(connection, project_id))


_READERS: Final[Mapping[type[NamedTuple], Callable[..., Iterator[Any]]]] = (
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

    def kept(self, kind: type[K], *of: str | int) -> Iterator[K]:
        """Read all that is kept of a kind, one after another, unchecked."""
        try:
            if query := _QUERIES.get(kind):
                yield from map(kind._make, self.connection.execute(query, of))
            else:
                yield from _READERS[kind](self.connection, *of)
        except DatabaseError as error:
            raise UnreadableError(str(error) or type(error).__name__) from error
