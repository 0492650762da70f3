"""Jobs, what plots' numbers are derived from, and where they are kept: SQLite."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final

import orjson

from schemas.digest import Item, digest_of, row_hash
from schemas.records import DERIVED
from server.store.driver import Connection
from server.store.rows import dump, json_list
from server.store.save import add_digest, next_asking, put_records
from server.store.values import (
    DerivationInput,
    DerivedPlot,
    DerivedRow,
    DerivedVersion,
    Job,
    PlotTree,
)

_CLAIM: Final = """
    UPDATE job SET leased_until = ?1 WHERE (project_id, plot_id) IN (
        SELECT project_id, plot_id FROM job WHERE leased_until <= ?2
            AND project_id = (
                SELECT project_id FROM job WHERE leased_until <= ?2
                ORDER BY asked LIMIT 1)
        ORDER BY asked LIMIT ?3
    ) RETURNING project_id, plot_id, asked
"""
# All rows as one text of JSON: SQLite puts it together without Python's lock, which
# it would take and give back for each row while the batch before is derived. Derivation
# asks for values, not for who wrote them: that column is half of a row.
_INPUT: Final = "r.id, r.type, r.seq, r.fields, r.open_conflicts"
# The + keeps SQLite from walking all records of the type: it searches by parent.
_CHILDREN: Final = f"""
    SELECT group_concat(format('["%s","%s",%d,%s,%d,%d]', {_INPUT}, above.key))
    FROM json_each(?) AS above CROSS JOIN record AS r
    WHERE r.project_id = ? AND r.parent_id = above.value
      AND +r.type IN (SELECT value FROM json_each(?)) AND r.deleted = 0
"""  # noqa: S608 - the columns are a constant
_BY_ID: Final = f"""
    SELECT group_concat(format('["%s","%s",%d,%s,%d]', {_INPUT})) FROM record AS r
    WHERE r.project_id = ? AND r.id IN (SELECT value FROM json_each(?))
      AND r.deleted = 0
"""  # noqa: S608
_QUARANTINE: Final = """
    SELECT DISTINCT record_id, parent_id FROM quarantine WHERE project_id = ?
        AND status IN ('open', 'held') AND type IN ('plot', 'point', 'core', 'sample', 'result')
"""
_ASKED: Final = """
    SELECT plot_id FROM job
    WHERE project_id = ? AND plot_id IN (SELECT value FROM json_each(?))
"""
_ASK_FOR_ALL: Final = """
    INSERT INTO job (project_id, plot_id, asked, leased_until)
    SELECT project_id, id, ?, 0 FROM record
    WHERE project_id = ? AND type = 'plot' AND deleted = 0
    ON CONFLICT DO UPDATE SET asked = excluded.asked, leased_until = 0
"""
_CLOSE: Final = """
    DELETE FROM job WHERE project_id = ? AND plot_id = ? AND asked = ?
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

#: Records of one level of the tree, plot by plot, each plot's in the order of their ids.
_Level = list[list[DerivationInput]]


class DerivationTables:
    """The part of a transaction that derivation works with."""

    connection: Connection

    def claim_jobs(self, now_ms: int, lease_ms: int, most: int) -> list[Job]:
        """Take the next plots of one project; they come back when the lease runs out."""
        rows = self.connection.execute(_CLAIM, (now_ms + lease_ms, now_ms, most))
        return [Job(*row) for row in rows.fetchall()]

    def waiting_jobs(self, project_id: str | None = None) -> list[str]:
        """Return the plots that wait to be derived, of all projects or of one."""
        rows = self.connection.execute(
            "SELECT plot_id FROM job WHERE ?1 IS NULL OR project_id = ?1 ORDER BY 1",
            (project_id,),
        )
        return [plot for (plot,) in rows]

    def ask_for(self, project_id: str) -> int:
        """Note every plot of a project as a job; return how many there are."""
        asked = next_asking(self.connection, project_id)
        found = self.connection.execute(_ASK_FOR_ALL, (asked, project_id))
        return int(found.rowcount)

    def plot_trees(self, project_id: str, plots: Sequence[str]) -> list[PlotTree]:
        """Read everything the numbers of plots of one project rest on."""
        own = {
            record.id: record
            for record in self._by_id(project_id, {project_id, *plots})
        }
        below = self._of_plots(project_id, plots, ("point", *DERIVED))
        points = [[r for r in group if r.type == "point"] for group in below]
        cores = self._children(project_id, points, "core")
        samples = self._children(project_id, cores, "sample")
        results = self._children(project_id, samples, "result")
        visited = [{core.fields["campaign_id"] for core in group} for group in cores]
        campaigns = self._by_id(project_id, set().union(*visited))
        levels = (points, cores, samples, results)
        waiting = self._quarantined(project_id, plots, levels)
        frozen = self._frozen(project_id, plots)
        return [
            PlotTree(
                project=own.get(project_id),
                plot=own.get(plot),
                campaigns=[c for c in campaigns if c.id in visited[number]],
                points=points[number],
                cores=cores[number],
                samples=samples[number],
                results=results[number],
                derived=[r for r in below[number] if r.type != "point"],
                frozen=frozen[plot],
                quarantined=waiting[number],
            )
            for number, plot in enumerate(plots)
        ]

    def save_derived(self, plots: Sequence[DerivedPlot], now: str) -> int:
        """Replace plots' numbers, keep the old ones, close the jobs; count changes.

        A plot that waits no more was derived by another, from the same or newer records:
        a job of it that ends late leaves those numbers alone.
        """
        return sum(
            self._save_of_project(project_id, self._asked(project_id, group), now)
            for project_id, group in _by_project(plots).items()
        )

    def _asked(self, project_id: str, group: list[DerivedPlot]) -> list[DerivedPlot]:
        """Return those whose plots still wait."""
        own = json_list(derived.job.plot_id for derived in group)
        rows = self.connection.execute(_ASKED, (project_id, own))
        waiting = {plot for (plot,) in rows}
        return [derived for derived in group if derived.job.plot_id in waiting]

    def versions(self, project_id: str, name: str) -> list[DerivedVersion]:
        """Return every version of a derived row, oldest first, with its inputs."""
        rows = self.connection.execute(
            "SELECT seq, fields, inputs, at FROM derived_version"
            " WHERE project_id = ? AND id = ? ORDER BY seq",
            (project_id, name),
        )
        return [
            DerivedVersion(seq, json.loads(fields), json.loads(inputs), at)
            for seq, fields, inputs, at in rows
        ]

    def _save_of_project(
        self, project_id: str, group: Sequence[DerivedPlot], now: str
    ) -> int:
        own = [derived.job.plot_id for derived in group]
        there = chain.from_iterable(self._of_plots(project_id, own, DERIVED))
        present = {record.id: record for record in there}
        rows = [row for derived in group for row in derived.rows]
        new = [row for row in rows if _differs(row, present.get(row.id))]
        names = {row.id for row in rows}
        gone = [record for name, record in present.items() if name not in names]
        old = [present[row.id] for row in new if row.id in present] + gone
        written = self._write(project_id, new, gone, now)
        _note_digest(self.connection, project_id, written, old)
        self._close(group, now)
        return len(new) + len(gone)

    def _close(self, group: Sequence[DerivedPlot], now: str) -> None:
        """Freeze references, end jobs; one that was asked for anew meanwhile stays."""
        for derived in group:
            if derived.reference is not None:
                setting, mass = derived.reference
                place = (derived.job.project_id, derived.job.plot_id)
                self.connection.execute(_FREEZE, (*place, setting, dump(mass), now))
        jobs = [derived.job for derived in group]
        self.connection.executemany(
            _CLOSE, [(job.project_id, job.plot_id, job.asked) for job in jobs]
        )
        self.connection.executemany(
            _REOPEN, [(job.project_id, job.plot_id) for job in jobs]
        )

    def _write(
        self,
        project_id: str,
        new: list[DerivedRow],
        gone: list[DerivationInput],
        now: str,
    ) -> list[Item]:
        """Write rows; return what the live ones add to the digest."""
        count = len(new) + len(gone)
        if not count:
            return []
        head = self.connection.execute(
            "UPDATE project SET head = head + ? WHERE project_id = ? RETURNING head",
            (count, project_id),
        ).fetchone()[0]
        first = head - count + 1
        written = [
            _columns(project_id, seq, row.type, row.id, row.whole)
            for seq, row in enumerate(new, start=first)
        ]
        dead = [
            _columns(project_id, seq, row.type, row.id, row.fields, dead=True)
            for seq, row in enumerate(gone, start=first + len(new))
        ]
        put_records(self.connection, [*written, *dead])
        self.connection.executemany(
            _KEEP_VERSION,
            [
                (
                    project_id,
                    row.id,
                    columns[3],
                    row.type,
                    row.plot_id,
                    columns[4],
                    said,
                    now,
                )
                for row, columns, said in zip(
                    new, written, (_text(row.inputs) for row in new), strict=True
                )
            ],
        )
        return [
            (row.id, row_hash(row.type, row.id, columns[3], row.whole))
            for row, columns in zip(new, written, strict=True)
        ]

    def _children(self, project_id: str, above: _Level, kind: str) -> _Level:
        """Return the records below those of a level."""
        parents = [record.id for group in above for record in group]
        plots = [plot for plot, group in enumerate(above) for _ in group]
        return self._below(project_id, parents, plots, len(above), (kind,))

    def _of_plots(
        self, project_id: str, plots: Sequence[str], kinds: Sequence[str]
    ) -> _Level:
        """Return what stands directly below each plot."""
        return self._below(project_id, plots, range(len(plots)), len(plots), kinds)

    def _below(
        self,
        project_id: str,
        parents: Sequence[str],
        plots: Sequence[int],
        count: int,
        kinds: Sequence[str],
    ) -> _Level:
        """Return the records below their parents; `plots` numbers the plot of each."""
        values = (json_list(parents), project_id, json_list(kinds))
        level: _Level = [[] for _ in range(count)]
        for *record, above in self._rows(_CHILDREN, values):
            level[plots[above]].append(DerivationInput(*record))
        for group in level:
            group.sort(key=_BY_NAME)
        return level

    def _by_id(self, project_id: str, ids: Iterable[str]) -> list[DerivationInput]:
        rows = self._rows(_BY_ID, (project_id, json_list(sorted(ids))))
        return sorted((DerivationInput(*row) for row in rows), key=_BY_NAME)

    def _rows(self, sql: str, values: tuple[str, ...]) -> list[list[Any]]:
        """Run a query that gives its rows as one text."""
        (text,) = self.connection.execute(sql, values).fetchone()
        rows: list[list[Any]] = orjson.loads(f"[{text or ''}]")
        return rows

    def _quarantined(
        self, project_id: str, plots: Sequence[str], levels: Sequence[_Level]
    ) -> Counter[int]:
        """Count the records of each plot that wait for a person."""
        found = self.connection.execute(_QUARANTINE, (project_id,)).fetchall()
        if not found:
            return Counter()
        home = {plot: number for number, plot in enumerate(plots)}
        for level in levels:
            for number, group in enumerate(level):
                home |= dict.fromkeys((record.id for record in group), number)
        homes = [home.get(record, home.get(parent)) for record, parent in found]
        return Counter(plot for plot in homes if plot is not None)

    def _frozen(
        self, project_id: str, plots: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        masses: dict[str, dict[str, Any]] = {plot: {} for plot in plots}
        rows = self.connection.execute(
            "SELECT plot_id, setting, mass FROM reference_mass WHERE project_id = ?"
            " AND plot_id IN (SELECT value FROM json_each(?))",
            (project_id, json_list(plots)),
        )
        for plot, setting, mass in rows:
            masses[plot][setting] = json.loads(mass)
        return masses


def _note_digest(
    connection: Connection,
    project_id: str,
    written: list[Item],
    old: list[DerivationInput],
) -> None:
    """Update the project's digest with its derived rows."""
    if not written and not old:
        return
    gone = digest_of(
        (row.id, row_hash(row.type, row.id, row.seq, row.fields)) for row in old
    )
    add_digest(connection, project_id, digest_of(written).without(gone))


def _columns(
    project_id: str,
    seq: int,
    kind: str,
    name: str,
    fields: dict[str, Any],
    *,
    dead: bool = False,
) -> tuple[Any, ...]:
    """Return the columns of a derived record: nobody wrote it, and it has no label."""
    text, plot = _text(fields), fields["plot_id"]
    return (project_id, name, kind, seq, text, "{}", plot, None, dead, 0, 0, None, None)


def _text(value: object) -> str:
    return orjson.dumps(value).decode()


def _by_project(plots: Sequence[DerivedPlot]) -> dict[str, list[DerivedPlot]]:
    project_ids: dict[str, list[DerivedPlot]] = defaultdict(list)
    for derived in plots:
        project_ids[derived.job.project_id].append(derived)
    return project_ids


def _differs(new: DerivedRow, old: DerivationInput | None) -> bool:
    """Return whether the digests differ; they cover all that a row says and rests on."""
    return old is None or old.fields["digest"] != new.fields["digest"]
