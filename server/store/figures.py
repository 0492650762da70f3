"""Figures that were derived: where they are kept, with each version they had: SQLite."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from schemas.digest import Digest, digest_of, row_hash
from schemas.records import DERIVED
from server.store.boards import BoardTables
from server.store.frozen_masses import FrozenMasses
from server.store.rows import dump, json_list
from server.store.save import add_digest, put_records
from server.store.values import (
    DerivationInput,
    DerivedPlot,
    DerivedRow,
    DerivedVersion,
    FrozenMass,
)

_FIGURES: Final = """
    SELECT r.id, r.type, r.seq, r.fields
    FROM json_each(?) AS plot CROSS JOIN record AS r
    WHERE r.project_id = ? AND r.parent_id = plot.value
      AND +r.type IN (SELECT value FROM json_each(?)) AND r.deleted = 0
    ORDER BY plot.key, r.id
"""
#: A digest covers all that a row says and rests on.
_DIGESTS: Final = _FIGURES.replace("r.fields", "r.fields ->> 'digest'")
_SAID: Final = """
    SELECT r.type, r.id, r.fields, r.parent_id
    FROM json_each(?) AS name CROSS JOIN record AS r
    WHERE r.project_id = ? AND r.id = name.value ORDER BY name.key
"""
_ASKED: Final = """
    SELECT plot_id FROM job
    WHERE project_id = ? AND plot_id IN (SELECT value FROM json_each(?))
"""
_CLOSE: Final = """
    DELETE FROM job WHERE project_id = ? AND plot_id = ? AND asked = ?
"""
_REOPEN: Final = """
    UPDATE job SET leased_until = 0
    WHERE project_id = ? AND plot_id IN (SELECT value FROM json_each(?))
"""
_KEEP_VERSION: Final = """
    INSERT INTO derived_version (project_id, id, seq, type, plot_id, fields, inputs, at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


class _Standing(NamedTuple):
    """A figure that stands, as far as the next one of its name asks."""

    id: str
    type: str
    seq: int
    digest: str | None

    @property
    def hash(self) -> int:
        """Return what it adds to the digest of its project."""
        return row_hash(self.type, self.id, self.seq, {"digest": self.digest})


class FigureTables(FrozenMasses, BoardTables):
    """The part of a transaction that keeps what was derived."""

    def figures(self, project_id: str, plots: Iterable[str]) -> list[DerivationInput]:
        """Return the stocks, changes and trends of plots that stand, plot by plot."""
        rows = self._of_plots(_FIGURES, project_id, plots)
        return [
            DerivationInput(name, kind, seq, json.loads(said), 0)
            for name, kind, seq, said in rows
        ]

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

    def _save_of_project(
        self, project_id: str, group: Sequence[DerivedPlot], now: str
    ) -> int:
        standing = self._standing(project_id, group)
        found = {row.id: row for derived in group for row in derived.rows}
        new = [row for row in found.values() if _differs(row, standing.get(row.id))]
        gone = [standing[name] for name in standing if name not in found]
        if new or gone:
            seqs = self._next_seqs(project_id, len(new) + len(gone))
            written = self._write(project_id, seqs, new, now)
            self._take_away(project_id, seqs[len(new) :], gone)
            old = standing.keys() - (found.keys() - {row.id for row in new})
            taken = digest_of((name, standing[name].hash) for name in old)
            add_digest(self.connection, project_id, written.without(taken))
        self.put_boards(project_id, [(one.job.plot_id, one.board) for one in group])
        self._close(project_id, group, now)
        return len(new) + len(gone)

    def _standing(
        self, project_id: str, group: Sequence[DerivedPlot]
    ) -> dict[str, _Standing]:
        """Return by id what stands of plots until now."""
        own = [derived.job.plot_id for derived in group]
        rows = self._of_plots(_DIGESTS, project_id, own)
        return {row[0]: _Standing(*row) for row in rows}

    def _next_seqs(self, project_id: str, count: int) -> range:
        """Return the numbers of so many rows of a project, which are then given away."""
        (head,) = self.connection.execute(
            "UPDATE project SET head = head + ? WHERE project_id = ? RETURNING head",
            (count, project_id),
        ).fetchone()
        return range(head - count + 1, head + 1)

    def _write(
        self, project_id: str, seqs: Sequence[int], rows: Sequence[DerivedRow], now: str
    ) -> Digest:
        """Write rows and the versions that they are; return what they add to the digest."""
        told = [
            (seq, row, dump(row.whole)) for seq, row in zip(seqs, rows, strict=False)
        ]
        put_records(
            self.connection,
            [
                _columns(project_id, seq, (row.type, row.id, text, row.plot_id))
                for seq, row, text in told
            ],
        )
        self.connection.executemany(
            _KEEP_VERSION,
            [
                (
                    project_id,
                    row.id,
                    seq,
                    row.type,
                    row.plot_id,
                    text,
                    dump(row.inputs),
                    now,
                )
                for seq, row, text in told
            ],
        )
        return digest_of(
            (row.id, row_hash(row.type, row.id, seq, row.fields))
            for seq, row, _ in told
        )

    def _take_away(
        self, project_id: str, seqs: Sequence[int], gone: Sequence[_Standing]
    ) -> None:
        """Write rows as deleted; they go on saying what they said."""
        names = json_list(row.id for row in gone)
        rows = self.connection.execute(_SAID, (names, project_id)).fetchall()
        put_records(
            self.connection,
            [
                _columns(project_id, seq, row, deleted=1)
                for seq, row in zip(seqs, rows, strict=True)
            ],
        )

    def _of_plots(
        self, sql: str, project_id: str, plots: Iterable[str]
    ) -> list[tuple[Any, ...]]:
        values = (json_list(plots), project_id, json_list(DERIVED))
        rows: list[tuple[Any, ...]] = self.connection.execute(sql, values).fetchall()
        return rows

    def _close(self, project_id: str, group: Sequence[DerivedPlot], now: str) -> None:
        """Freeze references, end jobs; one that was asked for anew meanwhile stays."""
        found = [
            FrozenMass(project_id, one.job.plot_id, *one.reference)
            for one in group
            if one.reference is not None
        ]
        self.freeze(found, now)
        jobs = [derived.job for derived in group]
        self.connection.executemany(
            _CLOSE, [(project_id, job.plot_id, job.asked) for job in jobs]
        )
        own = json_list(job.plot_id for job in jobs)
        self.connection.execute(_REOPEN, (project_id, own))


def _columns(
    project_id: str, seq: int, row: tuple[Any, ...], *, deleted: int = 0
) -> tuple[Any, ...]:
    """Return the columns of a derived record: nobody wrote it, and it has no label."""
    kind, name, text, plot = row
    own = (project_id, name, kind, seq, text, "{}", plot)
    return (*own, None, deleted, 0, 0, None, None)


def _by_project(plots: Sequence[DerivedPlot]) -> dict[str, list[DerivedPlot]]:
    project_ids: dict[str, list[DerivedPlot]] = defaultdict(list)
    for derived in plots:
        project_ids[derived.job.project_id].append(derived)
    return project_ids


def _differs(new: DerivedRow, old: _Standing | None) -> bool:
    """Return whether the digests differ; they cover all that a row says and rests on."""
    return old is None or old.digest != new.fields["digest"]
