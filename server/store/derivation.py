"""Jobs, what plots' numbers are derived from, and where they are kept: SQLite."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, Final

import orjson

from schemas.digest import digest_of
from server.store.custody import add_digest, put_records
from server.store.driver import Connection
from server.store.port import DerivedPlot, DerivedRow, Input, Job, PlotTree
from server.store.rows import dump, json_list

_CLAIM: Final = """
    UPDATE job SET leased_until = ?1 WHERE (project_id, plot_id) IN (
        SELECT project_id, plot_id FROM job WHERE leased_until <= ?2
            AND project_id = (
                SELECT project_id FROM job WHERE leased_until <= ?2
                ORDER BY up_to_seq LIMIT 1)
        ORDER BY up_to_seq LIMIT ?3
    ) RETURNING project_id, plot_id, up_to_seq
"""
# Derivation asks for values, not for who wrote them: that column is half of a row.
_COLUMNS: Final = "id, type, seq, fields, open_conflicts"
# The + keeps SQLite from walking all records of the type: it searches by parent.
_CHILDREN: Final = f"""
    SELECT {_COLUMNS} FROM record
    WHERE project_id = ? AND parent_id IN (SELECT value FROM json_each(?))
      AND +type = ? AND deleted = 0
"""  # noqa: S608 - the columns are a constant
_BY_ID: Final = f"""
    SELECT {_COLUMNS} FROM record
    WHERE project_id = ? AND id IN (SELECT value FROM json_each(?)) AND deleted = 0
"""  # noqa: S608
_QUARANTINE: Final = """
    SELECT DISTINCT record_id, parent_id FROM quarantine WHERE project_id = ?
        AND status IN ('open', 'held') AND type IN ('plot', 'point', 'core', 'sample', 'result')
"""
_CLOSE: Final = """
    DELETE FROM job WHERE project_id = ? AND plot_id = ? AND up_to_seq = ?
"""
_REOPEN: Final = "UPDATE job SET leased_until = 0 WHERE project_id = ? AND plot_id = ?"
_FREEZE: Final = """
    INSERT INTO reference_mass (project_id, plot_id, setting, mass, at)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_KEEP_VERSION: Final = """
    INSERT INTO derived_version (project_id, id, seq, type, plot_id, fields, inputs, at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_BY_NAME: Final = itemgetter(0)
_DERIVED: Final = ("stock", "change", "trend")


class DerivationQueries:
    """The part of a unit that derivation works with."""

    connection: Connection

    def claim_jobs(self, now_ms: int, lease_ms: int, most: int) -> list[Job]:
        """Take the next plots of one project; they come back when the lease runs out."""
        rows = self.connection.execute(_CLAIM, (now_ms + lease_ms, now_ms, most))
        return [Job(*row) for row in rows.fetchall()]

    def waiting_jobs(self) -> int:
        """Give how many plots wait to be derived."""
        return int(self.connection.execute("SELECT count(*) FROM job").fetchone()[0])

    def ask_for(self, stream: str) -> int:
        """Note every plot of a project as a job; give how many there are."""
        return int(
            self.connection.execute(
                "INSERT INTO job (project_id, plot_id, up_to_seq, leased_until)"
                " SELECT r.project_id, r.id, s.head, 0 FROM record r"
                " JOIN stream s ON s.project_id = r.project_id"
                " WHERE r.project_id = ? AND r.type = 'plot' AND r.deleted = 0"
                " ON CONFLICT DO UPDATE SET leased_until = 0",
                (stream,),
            ).rowcount
        )

    def plot_trees(self, stream: str, plots: Sequence[str]) -> list[PlotTree]:
        """Read everything the numbers of plots of one project rest on."""
        own = {record.id: record for record in self._by_id(stream, {stream, *plots})}
        points = self._children(stream, plots, "point")
        cores = self._children(stream, _ids(points), "core")
        samples = self._children(stream, _ids(cores), "sample")
        results = self._children(stream, _ids(samples), "result")
        campaigns = self._by_id(stream, {c.fields["campaign_id"] for c in cores})
        derived = [r for k in _DERIVED for r in self._children(stream, plots, k)]
        home = _homes(plots, points, cores, samples, results)
        points_of, cores_of, samples_of, results_of = (
            _group(records, home) for records in (points, cores, samples, results)
        )
        waiting = self._quarantined(stream, home)
        frozen = self._frozen(stream, plots)
        kept = _group(derived, {r.id: r.fields["plot_id"] for r in derived})
        return [
            PlotTree(
                project=own.get(stream),
                plot=own.get(plot),
                campaigns=_visited(campaigns, cores_of[plot]),
                points=points_of[plot],
                cores=cores_of[plot],
                samples=samples_of[plot],
                results=results_of[plot],
                derived=kept[plot],
                frozen=frozen[plot],
                quarantined=waiting[plot],
            )
            for plot in plots
        ]

    def store_derived(self, plots: Sequence[DerivedPlot], now: str) -> int:
        """Replace plots' numbers, keep the old ones, close the jobs; count changes."""
        changed = 0
        for stream, group in _by_stream(plots).items():
            ids = [derived.job.plot for derived in group]
            present = {
                record.id: record
                for kind in _DERIVED
                for record in self._children(stream, ids, kind)
            }
            rows = [row for derived in group for row in derived.rows]
            new = [row for row in rows if _differs(row, present.get(row.id))]
            names = {row.id for row in rows}
            gone = [record for name, record in present.items() if name not in names]
            old = [present[row.id] for row in new if row.id in present] + gone
            written = self._write(stream, new, gone, now)
            _note_digest(self.connection, stream, written, old)
            self._close(group, now)
            changed += len(new) + len(gone)
        return changed

    def versions(self, stream: str, name: str) -> list[dict[str, Any]]:
        """Give every version of a derived row, oldest first, with its inputs."""
        rows = self.connection.execute(
            "SELECT seq, fields, inputs, at FROM derived_version"
            " WHERE project_id = ? AND id = ? ORDER BY seq",
            (stream, name),
        )
        return [
            {"seq": seq, "fields": json.loads(f), "inputs": json.loads(i), "at": at}
            for seq, f, i, at in rows
        ]

    def _close(self, group: Sequence[DerivedPlot], now: str) -> None:
        for derived in group:
            job = derived.job
            if derived.reference is not None:
                setting, mass = derived.reference
                values = (job.stream, job.plot, setting, dump(mass), now)
                self.connection.execute(_FREEZE, values)
            place = (job.stream, job.plot)
            if not self.connection.execute(_CLOSE, (*place, job.up_to_seq)).rowcount:
                self.connection.execute(_REOPEN, place)

    def _write(
        self, stream: str, new: list[DerivedRow], gone: list[Input], now: str
    ) -> list[tuple[str, int]]:
        """Write rows; give the id and number of the live ones."""
        count = len(new) + len(gone)
        if not count:
            return []
        head = self.connection.execute(
            "UPDATE stream SET head = head + ? WHERE project_id = ? RETURNING head",
            (count, stream),
        ).fetchone()[0]
        first = head - count + 1
        written = [
            _columns(stream, seq, row.type, row.id, row.whole)
            for seq, row in enumerate(new, start=first)
        ]
        dead = [
            _columns(stream, seq, row.type, row.id, row.fields, dead=True)
            for seq, row in enumerate(gone, start=first + len(new))
        ]
        put_records(self.connection, [*written, *dead])
        self.connection.executemany(
            _KEEP_VERSION,
            [
                (stream, row.id, columns[3], row.type, row.plot, columns[4], said, now)
                for row, columns, said in zip(
                    new, written, (_text(row.inputs) for row in new), strict=True
                )
            ],
        )
        return [(row.id, columns[3]) for row, columns in zip(new, written, strict=True)]

    def _children(self, stream: str, parents: Sequence[str], kind: str) -> list[Input]:
        found = self.connection.execute(_CHILDREN, (stream, json_list(parents), kind))
        return _read(found.fetchall())

    def _by_id(self, stream: str, ids: Iterable[str]) -> list[Input]:
        found = self.connection.execute(_BY_ID, (stream, json_list(sorted(ids))))
        return _read(found.fetchall())

    def _quarantined(self, stream: str, home: dict[str, str]) -> Counter[str]:
        """Count the records of each plot that wait for a person."""
        found = self.connection.execute(_QUARANTINE, (stream,)).fetchall()
        homes = [home.get(record) or home.get(parent) for record, parent in found]
        return Counter(plot for plot in homes if plot is not None)

    def _frozen(self, stream: str, plots: Sequence[str]) -> dict[str, dict[str, Any]]:
        masses: dict[str, dict[str, Any]] = {plot: {} for plot in plots}
        rows = self.connection.execute(
            "SELECT plot_id, setting, mass FROM reference_mass WHERE project_id = ?"
            " AND plot_id IN (SELECT value FROM json_each(?))",
            (stream, json_list(plots)),
        )
        for plot, setting, mass in rows:
            masses[plot][setting] = json.loads(mass)
        return masses


def _note_digest(
    connection: Connection,
    stream: str,
    written: list[tuple[str, int]],
    old: list[Input],
) -> None:
    """Let the stream's digest follow its derived rows."""
    if not written and not old:
        return
    gone = digest_of((row.id, row.seq) for row in old)
    add_digest(connection, stream, digest_of(written).without(gone))


def _read(rows: Sequence[tuple[Any, ...]]) -> list[Input]:
    """Read records in the order of their ids; their fields are parsed as one text."""
    rows = sorted(rows, key=_BY_NAME)
    parsed = orjson.loads(f"[{','.join(row[3] for row in rows)}]")
    return [
        Input(name, kind, seq, fields, conflicts)
        for (name, kind, seq, _, conflicts), fields in zip(rows, parsed, strict=True)
    ]


def _columns(
    stream: str,
    seq: int,
    kind: str,
    name: str,
    fields: dict[str, Any],
    *,
    dead: bool = False,
) -> tuple[Any, ...]:
    """Give the columns of a derived record: nobody wrote it, and it has no label."""
    text, plot = _text(fields), fields["plot_id"]
    return (stream, name, kind, seq, text, "{}", plot, None, dead, 0, 0, None, None)


def _text(value: object) -> str:
    return orjson.dumps(value).decode()


def _ids(records: Sequence[Input]) -> list[str]:
    return [record.id for record in records]


def _homes(plots: Sequence[str], *levels: list[Input]) -> dict[str, str]:
    """Give the plot that each record belongs to, from the plots downward."""
    home = {plot: plot for plot in plots}
    for records, parent in zip(
        levels, ("plot_id", "point_id", "core_id", "sample_id"), strict=True
    ):
        home |= {record.id: home[record.fields[parent]] for record in records}
    return home


def _group(records: list[Input], home: dict[str, str]) -> dict[str, list[Input]]:
    groups: dict[str, list[Input]] = defaultdict(list)
    for record in records:
        groups[home[record.id]].append(record)
    return groups


def _visited(campaigns: list[Input], cores: list[Input]) -> list[Input]:
    visited = {core.fields["campaign_id"] for core in cores}
    return [campaign for campaign in campaigns if campaign.id in visited]


def _by_stream(plots: Sequence[DerivedPlot]) -> dict[str, list[DerivedPlot]]:
    streams: dict[str, list[DerivedPlot]] = defaultdict(list)
    for derived in plots:
        streams[derived.job.stream].append(derived)
    return streams


def _differs(new: DerivedRow, old: Input | None) -> bool:
    """Tell by the digest, which covers all that a row says and rests on."""
    return old is None or old.fields["digest"] != new.fields["digest"]
