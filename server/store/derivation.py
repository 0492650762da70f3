"""Jobs, and what a plot's numbers are derived from: SQLite."""

from collections.abc import Iterable
from typing import Final

from server.store.custody import put_records
from server.store.driver import Connection
from server.store.port import DerivedRow, Job, PlotTree
from server.store.rows import RECORD_COLUMNS, dump, json_list, record_of, record_row
from server.sync.model import Record

_CLAIM: Final = """
    UPDATE job SET leased_until = ?1 WHERE (project_id, plot_id) = (
        SELECT project_id, plot_id FROM job WHERE leased_until <= ?2
        ORDER BY up_to_seq LIMIT 1
    ) RETURNING project_id, plot_id, up_to_seq
"""
# The + keeps SQLite from walking the primary key for the order: it searches by parent
# and sorts what it found.
_CHILDREN: Final = f"""
    SELECT {RECORD_COLUMNS} FROM record
    WHERE project_id = ? AND parent_id IN (SELECT value FROM json_each(?))
      AND +type = ? AND deleted = 0 ORDER BY +id
"""  # noqa: S608 - the columns are a constant
_BY_ID: Final = f"""
    SELECT {RECORD_COLUMNS} FROM record
    WHERE project_id = ? AND id IN (SELECT value FROM json_each(?)) AND deleted = 0
"""  # noqa: S608
_QUARANTINED: Final = """
    SELECT count(DISTINCT record_id) FROM quarantine WHERE project_id = ?1
      AND status = 'open' AND type IN ('plot', 'point', 'core', 'sample', 'result')
      AND (parent_id IN (SELECT value FROM json_each(?2))
           OR record_id IN (SELECT value FROM json_each(?2)))
"""
_CLOSE: Final = """
    DELETE FROM job WHERE project_id = ? AND plot_id = ? AND up_to_seq = ?
"""
_REOPEN: Final = "UPDATE job SET leased_until = 0 WHERE project_id = ? AND plot_id = ?"


class DerivationQueries:
    """The part of a unit that derivation works with."""

    connection: Connection

    def claim_job(self, now_ms: int, lease_ms: int) -> Job | None:
        """Take the next plot to derive; it comes back when the lease runs out."""
        row = self.connection.execute(_CLAIM, (now_ms + lease_ms, now_ms)).fetchone()
        return Job(*row) if row else None

    def waiting_jobs(self) -> int:
        """Give how many plots wait to be derived."""
        return int(self.connection.execute("SELECT count(*) FROM job").fetchone()[0])

    def plot_tree(self, stream: str, plot: str) -> PlotTree:
        """Read everything the plot's numbers rest on."""
        points = self._children(stream, [plot], "point")
        cores = self._children(stream, _ids(points), "core")
        samples = self._children(stream, _ids(cores), "sample")
        results = self._children(stream, _ids(samples), "result")
        campaigns = self._by_id(stream, {c.fields["campaign_id"] for c in cores})
        own = {record.id: record for record in self._by_id(stream, {stream, plot})}
        inputs = [*own.values(), *points, *cores, *samples, *results, *campaigns]
        derived = self._children(stream, [plot], "stock")
        derived += self._children(stream, [plot], "change")
        return PlotTree(
            project=own.get(stream),
            plot=own.get(plot),
            campaigns=campaigns,
            points=points,
            cores=cores,
            samples=samples,
            results=results,
            derived=derived,
            open_conflicts=sum(record.open_conflicts for record in inputs),
            quarantined=self._quarantined(stream, _ids(inputs)),
        )

    def store_derived(self, job: Job, rows: list[DerivedRow]) -> int:
        """Replace a plot's numbers, close the job; give how many rows changed."""
        present = {
            record.id: record
            for kind in ("stock", "change")
            for record in self._children(job.stream, [job.plot], kind)
        }
        new = [_record(job.stream, row) for row in rows]
        changed = [r for r in new if _differs(r, present.get(r.id))]
        kept = {record.id for record in new}
        gone = [record for name, record in present.items() if name not in kept]
        self._write(job.stream, changed, gone)
        closed = self.connection.execute(_CLOSE, (job.stream, job.plot, job.up_to_seq))
        if not closed.rowcount:
            self.connection.execute(_REOPEN, (job.stream, job.plot))
        return len(changed) + len(gone)

    def _write(self, stream: str, changed: list[Record], gone: list[Record]) -> None:
        count = len(changed) + len(gone)
        if not count:
            return
        head = self.connection.execute(
            "UPDATE stream SET head = head + ? WHERE project_id = ? RETURNING head",
            (count, stream),
        ).fetchone()[0]
        first = head - count + 1
        rows = []
        for seq, record in enumerate([*changed, *gone], start=first):
            row = list(record_row(record))
            row[3], row[8] = seq, int(seq >= first + len(changed))
            rows.append(tuple(row))
        put_records(self.connection, rows)

    def _children(self, stream: str, parents: list[str], kind: str) -> list[Record]:
        found = self.connection.execute(_CHILDREN, (stream, json_list(parents), kind))
        return [record_of(row) for row in found]

    def _by_id(self, stream: str, ids: Iterable[str]) -> list[Record]:
        found = self.connection.execute(_BY_ID, (stream, json_list(sorted(ids))))
        return [record_of(row) for row in found]

    def _quarantined(self, stream: str, ids: list[str]) -> int:
        row = self.connection.execute(_QUARANTINED, (stream, json_list(ids))).fetchone()
        return int(row[0])


def _ids(records: list[Record]) -> list[str]:
    return [record.id for record in records]


def _record(stream: str, row: DerivedRow) -> Record:
    fields = {"plot_id": row.plot, **row.fields}
    return Record(stream, row.type, row.id, 0, fields, writers={})


def _differs(new: Record, old: Record | None) -> bool:
    return old is None or dump(old.fields) != dump(new.fields)
