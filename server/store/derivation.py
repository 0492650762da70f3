"""Jobs, and what plots' numbers are derived from: SQLite."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any, Final

import orjson

from server.store.driver import Connection
from server.store.frozen_masses import FrozenMasses
from server.store.lab_records import read_lab
from server.store.rows import AS_LINES, json_list
from server.store.save import next_asking
from server.store.values import DerivationInput, Job, PlotTree

_CLAIM: Final = """
    UPDATE job SET leased_until = ?1 WHERE (project_id, plot_id) IN (
        SELECT project_id, plot_id FROM job WHERE leased_until <= ?2
            AND project_id = (
                SELECT project_id FROM job WHERE leased_until <= ?2
                ORDER BY asked LIMIT 1 /* skip locked */)
        ORDER BY asked LIMIT ?3 /* skip locked */
    ) RETURNING project_id, plot_id, asked
"""
# Each column of all rows as one text: SQLite puts it together without Python's lock,
# which it would take and give back for each row while the batch before is saved.
# Derivation asks for values, not for who wrote them: that column is half of a row.
# The + keeps SQLite from walking all records of the type: it searches by parent.
_CHILDREN: Final = """
    SELECT group_concat(r.id), group_concat(r.seq), group_concat(r.fields),
        group_concat(r.open_conflicts), group_concat(above.key)
    FROM json_each(?) AS above CROSS JOIN record AS r
    WHERE r.project_id = ? AND r.parent_id = above.value AND +r.type = ?
      AND r.deleted = 0
"""
_BY_ID: Final = f"""
    SELECT {AS_LINES}
    FROM record AS r
    WHERE r.project_id = ? AND r.id IN (SELECT value FROM json_each(?))
      AND r.deleted = 0
"""  # noqa: S608 - a constant
_OF_BATCHES: Final = """
    SELECT DISTINCT parent_id, fields ->> 'lab' AS lab, fields ->> 'lab_batch' AS batch
    FROM record WHERE project_id = ? AND type = 'result' AND deleted = 0
      AND fields ->> 'lab_batch' IN (SELECT value FROM json_each(?))
"""
_QUARANTINE: Final = """
    SELECT DISTINCT record_id, parent_id FROM quarantine WHERE project_id = ?
        AND status IN ('open', 'held') AND type IN ('plot', 'point', 'core', 'sample', 'result')
"""
_ASK_FOR_ALL: Final = """
    INSERT INTO job (project_id, plot_id, asked, leased_until)
    SELECT project_id, id, ?, 0 FROM record
    WHERE project_id = ? AND type = 'plot' AND deleted = 0
    ON CONFLICT (project_id, plot_id) DO UPDATE SET asked = excluded.asked,
        leased_until = 0
"""
_BY_NAME: Final = itemgetter(0)

#: Records of one level of the tree, plot by plot, each plot's in the order of their ids.
_Level = list[list[DerivationInput]]


class DerivationTables(FrozenMasses):
    """The part of a transaction that derivation works with."""

    def claim_jobs(self, now_ms: int, lease_ms: int, most: int) -> list[Job]:
        """Take the next plots of one project; they come back when the lease runs out."""
        rows = self.connection.execute(_CLAIM, (now_ms + lease_ms, now_ms, most))
        return [Job(*row) for row in rows.fetchall()]

    def waiting_jobs(self, project_id: str | None = None) -> list[str]:
        """Return the plots that wait to be derived, of all projects or of one."""
        rows = self.connection.execute(
            "SELECT plot_id FROM job WHERE CAST(?1 AS TEXT) IS NULL OR project_id = ?1 ORDER BY 1",
            (project_id,),
        )
        return [plot for (plot,) in rows]

    def is_waiting(self) -> bool:
        """Return whether any plot waits to be derived."""
        row = self.connection.execute("SELECT 1 FROM job LIMIT 1").fetchone()
        return row is not None

    def count_waiting(self) -> int:
        """Return how many plots wait to be derived."""
        (count,) = self.connection.execute("SELECT count(*) FROM job").fetchone()
        return int(count)

    def ask_for(self, project_id: str) -> int:
        """Note every plot of a project as a job; return how many there are."""
        return ask_for_plots(self.connection, project_id)

    def plot_trees(self, project_id: str, plots: Sequence[str]) -> list[PlotTree]:
        """Read everything the numbers of plots of one project rest on."""
        own = {
            record.id: record
            for record in self._by_id(project_id, {project_id, *plots})
        }
        places = range(len(plots))
        points = self._below(project_id, plots, places, len(plots), "point")
        cores = self._children(project_id, points, "core")
        samples = self._children(project_id, cores, "sample")
        results = self._children(project_id, samples, "result")
        visited = [{core.fields["campaign_id"] for core in group} for group in cores]
        campaigns = self._by_id(project_id, set().union(*visited))
        levels = (points, cores, samples, results)
        waiting = self._quarantined(project_id, plots, levels)
        frozen = self._frozen(project_id, plots)
        lab = read_lab(self._rows, project_id, own.get(project_id), results)
        return [
            PlotTree(
                project=own.get(project_id),
                plot=own.get(plot),
                campaigns=[c for c in campaigns if c.id in visited[number]],
                points=points[number],
                cores=cores[number],
                samples=samples[number],
                results=results[number],
                frozen=frozen[plot],
                quarantined=waiting[number],
                lab=lab,
            )
            for number, plot in enumerate(plots)
        ]

    def bags_of_batches(
        self, project_id: str, batches: Collection[tuple[str | None, str | None]]
    ) -> set[str]:
        """Return the bags that have a result of one of the batches of laboratories.

        Read are all results of the project, once for a push that has controls.
        """
        names = json_list(sorted({batch for _, batch in batches if batch}))
        rows = self.connection.execute(_OF_BATCHES, (project_id, names))
        return {bag for bag, lab, batch in rows if (lab, batch) in batches}

    def _children(self, project_id: str, above: _Level, kind: str) -> _Level:
        """Return the records below those of a level."""
        parents = [record.id for group in above for record in group]
        plots = [plot for plot, group in enumerate(above) for _ in group]
        return self._below(project_id, parents, plots, len(above), kind)

    def _below(
        self,
        project_id: str,
        parents: Sequence[str],
        plots: Sequence[int],
        count: int,
        kind: str,
    ) -> _Level:
        """Return the records below their parents; `plots` numbers the plot of each."""
        values = (json_list(parents), project_id, kind)
        level: _Level = [[] for _ in range(count)]
        ids, *columns = self.connection.execute(_CHILDREN, values).fetchone()
        if ids is None:
            return level
        seqs, fields, conflicts, places = map(_parsed, columns)
        records = map(
            DerivationInput, ids.split(","), repeat(kind), seqs, fields, conflicts
        )
        for record, place in zip(records, places, strict=True):
            level[plots[place]].append(record)
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


def ask_for_plots(connection: Connection, project_id: str) -> int:
    """Note every plot of a project as a job; return how many there are."""
    asked = next_asking(connection, project_id)
    found = connection.execute(_ASK_FOR_ALL, (asked, project_id))
    return int(found.rowcount)


def _parsed(column: str) -> list[Any]:
    """Return the values of all rows that SQLite put after one another."""
    values: list[Any] = orjson.loads(f"[{column}]")
    return values
