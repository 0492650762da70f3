"""What shows something of what changed: names and places stand in the rows below, too."""

import json
from collections.abc import Collection, Iterable
from typing import Any, Final

from schemas.export.shape import DERIVED, RECORDS
from server.reading.collections import COLLECTIONS
from server.store.driver import Connection

#: Ids of one project by table or collection.
Ids = dict[str, set[str]]
#: What rows below show of a row: where none of it changed, they stay. Of the others
#: all of it may be shown.
_SHOWN: Final = {
    "projects": ("code",),
    "plots": ("code", "geometry"),
    "points": ("plot_id", "code", "lon", "lat"),
    "campaigns": ("name", "start_date", "end_date"),
    "lab_batches": ("lab", "lab_batch", "analyte", "decision"),
}
#: The bags with a result of some batches: what is rejected counts in no layer.
_BAGS_OF_BATCHES: Final = """
    SELECT DISTINCT r.sample_id FROM json_each(?2) AS b JOIN results AS r
    ON r.project_id = ?1 AND r.lab = b.value ->> 0 AND r.lab_batch = b.value ->> 1
        AND r.analyte = b.value ->> 2
"""
#: Each reference whose name stands in the rows of a table, from the top down.
_NAMED_BELOW: Final = [
    (table.name, column, parent)
    for table in RECORDS
    for column, parent in table.refers.items()
    if parent != "projects"
]
#: What derived rows show, by the table whose code or name they bear.
_DERIVED_FROM: Final = (
    ("plot", "SELECT code FROM plots WHERE project_id = ?1 AND id IN ({ids})", "plots"),
    (
        "plot",
        (
            "SELECT pl.code FROM points po"
            " JOIN plots pl ON pl.project_id = po.project_id AND pl.id = po.plot_id"
            " WHERE po.project_id = ?1 AND po.id IN ({ids})"
        ),
        "points",
    ),
    (
        "campaign",
        "SELECT name FROM campaigns WHERE project_id = ?1 AND id IN ({ids})",
        "campaigns",
    ),
)
_IDS: Final = "SELECT value FROM json_each(?2)"
#: The points of plots without a boundary whose first point is another one now: each that
#: changed comes as its id and plot (server.reading.cells).
_BESIDE: Final = """
    SELECT DISTINCT b.id FROM json_each(?2) AS t
    JOIN plots AS g ON g.project_id = ?1 AND g.id = t.value ->> 1 AND g.geometry IS NULL
    JOIN points AS b ON +b.project_id = ?1 AND b.plot_id = g.id
    WHERE NOT EXISTS (SELECT 1 FROM points AS a
        WHERE a.project_id = ?1 AND a.plot_id = g.id AND a.lon IS NOT NULL
            AND a.lat IS NOT NULL AND a.id < t.value ->> 0)
"""
#: What one row shows, by its table and id.
Shown = dict[tuple[str, str], tuple[Any, ...]]


class Below:
    """Finds what is below rows of one project."""

    def __init__(self, connection: Connection, project_id: str) -> None:
        self._connection, self._project_id = connection, project_id

    def shown(self, changed: Ids) -> Shown:
        """Return what rows below show of these, as it stands now."""
        return {
            (name, one): tuple(values)
            for name, columns in _SHOWN.items()
            for one, *values in self._rows(
                f"SELECT id, {', '.join(columns)} FROM {name}"  # noqa: S608 - constants
                f" WHERE project_id = ?1 AND id IN ({_IDS})",
                changed.get(name, ()),
            )
        }

    def with_all(self, changed: Ids, before: Shown) -> Ids:
        """Return what changed and what shows something of it that is no more as before."""
        above = self._altered(changed, before)
        found: Ids = {name: set(changed.get(name, ())) for name in COLLECTIONS}
        if above.get("projects"):
            return {name: ids | self.all_of(name) for name, ids in found.items()}
        self._add_beside(found, above, before)
        for table, column, parent in _NAMED_BELOW:
            below = self._ids(table, column, _IDS, above.get(parent, ()))
            above.setdefault(table, set()).update(below)
            found[table] |= below
        self._add_derived(found, above)
        samples = self._rows(
            f"SELECT sample_id FROM results WHERE project_id = ?1 AND id IN ({_IDS})",  # noqa: S608 - a constant
            found["results"],
        )
        found["layers"] |= found["samples"] | {one for (one,) in samples}
        found["layers"] |= self._bags_of_batches(before, above)
        return found

    def _add_beside(self, found: Ids, above: Ids, before: Shown) -> None:
        """Add the points of plots without a boundary: the first one places all others."""
        altered = {("points", one) for one in above.get("points", ())}
        shown = (before, self.shown({"points": above.get("points", set())}))
        moved = {
            (key[1], each[key][0]) for each in shown for key in altered & each.keys()
        }
        rows = self._connection.execute(
            _BESIDE, (self._project_id, json.dumps(sorted(moved, key=repr)))
        )
        beside = {one for (one,) in rows}
        found["points"] |= beside
        above["points"] = above.get("points", set()) | beside

    def _bags_of_batches(self, before: Shown, above: Ids) -> set[str]:
        """Return the bags of batches that changed, by what these were and are called."""
        altered = {("lab_batches", one) for one in above.get("lab_batches", ())}
        shown = (before, self.shown({"lab_batches": above.get("lab_batches", set())}))
        keys = {each[key][:3] for each in shown for key in altered & each.keys()}
        asked = json.dumps(sorted(keys, key=repr))
        rows = self._connection.execute(_BAGS_OF_BATCHES, (self._project_id, asked))
        return {one for (one,) in rows}

    def _altered(self, changed: Ids, before: Shown) -> Ids:
        """Return what changed in a way that rows below show."""
        now = self.shown(changed)
        same = {key for key, values in before.items() if now.get(key) == values}
        return {
            name: {one for one in ids if (name, one) not in same}
            for name, ids in changed.items()
        }

    def all_of(self, name: str) -> set[str]:
        """Return the ids of all rows of a collection."""
        view = COLLECTIONS[name].source.view
        rows = self._connection.execute(
            f"SELECT id FROM {view} WHERE project_id = ?",  # noqa: S608 - a constant
            (self._project_id,),
        )
        return {one for (one,) in rows}

    def _add_derived(self, found: Ids, above: Ids) -> None:
        for table in DERIVED:
            for column, names, parent in _DERIVED_FROM:
                if column in table.columns:
                    query = names.format(ids=_IDS)
                    of_parent = above.get(parent, ())
                    found[table.name] |= self._ids(table.name, column, query, of_parent)

    def _ids(
        self, table: str, column: str, among: str, asked: Collection[str]
    ) -> set[str]:
        rows = self._rows(
            f"SELECT id FROM {table} WHERE project_id = ?1 AND {column} IN ({among})",  # noqa: S608 - constants
            asked,
        )
        return {one for (one,) in rows}

    def _rows(self, query: str, ids: Iterable[str]) -> list[tuple[Any, ...]]:
        asked = sorted(ids)
        if not asked:
            return []
        values = (self._project_id, json.dumps(asked))
        found: list[tuple[Any, ...]] = self._connection.execute(
            query, values
        ).fetchall()
        return found
