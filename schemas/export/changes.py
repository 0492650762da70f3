"""What an export `--since` holds: which rows changed, and what they belong to.

`db` is the `sqlite_utils.Database` of a filled export, whose table `changed` has the ids.
"""

from typing import Any, Final

from schemas.export.select import select
from schemas.export.shape import BESIDE, TABLES

#: What was decided, or what was purged, does not say whose it was.
_GONE: Final = select(
    "1 FROM deleted AS d WHERE d.project_id = s.project_id AND (d.type = 'lab_batch'",
    "OR (d.parent_id IS NULL AND d.type IN ('core', 'sample', 'result')))",
)
#: A bag is told anew in the flat tables when anything that they show of it changed: what
#: it belongs to, its results, a decision about their batch.
_CHANGED_BAGS: Final = select(
    "s.id FROM samples AS s",
    "LEFT JOIN cores AS c ON c.id = s.core_id LEFT JOIN points AS po ON po.id = c.point_id",
    "WHERE s.id IN changed OR c.id IN changed OR po.id IN changed",
    "OR po.plot_id IN changed OR c.campaign_id IN changed",
    "OR s.project_id IN changed",
    "OR EXISTS (SELECT 1 FROM results AS r WHERE r.sample_id = s.id AND r.id IN changed)",
    "OR s.id IN (SELECT parent_id FROM deleted)",
    "OR s.core_id IN (SELECT parent_id FROM deleted)",
    "OR EXISTS (SELECT 1 FROM results AS r JOIN lab_batches AS b ON b.lab = r.lab",
    "AND b.lab_batch = r.lab_batch AND b.analyte = r.analyte",
    "WHERE r.sample_id = s.id AND b.id IN changed)",
    f"OR EXISTS ({_GONE})",
)
_TOUCHED: Final = f"INSERT INTO touched_samples {_CHANGED_BAGS}"
#: Whether a script gets a layer depends on those above it: a core is told as a whole.
_WHOLE_CORES: Final = (
    "INSERT OR IGNORE INTO touched_samples SELECT s.id FROM samples AS s"
    " WHERE s.core_id IN (SELECT o.core_id FROM samples AS o"
    " WHERE o.id IN touched_samples)"
)
#: Cores as early as the baseline of a plot may move it, and with it every reference.
_WHOLE_PLOTS: Final = (
    "INSERT OR IGNORE INTO touched_samples SELECT s.id FROM samples AS s"
    " JOIN cores AS c ON c.id = s.core_id JOIN points AS po ON po.id = c.point_id"
    " WHERE po.plot_id IN (SELECT p2.plot_id FROM touched_samples AS t"
    " JOIN samples AS s2 ON s2.id = t.id JOIN cores AS c2 ON c2.id = s2.core_id"
    " JOIN points AS p2 ON p2.id = c2.point_id"
    " JOIN campaigns AS a2 ON a2.id = c2.campaign_id"
    " LEFT JOIN plot_baselines AS pb ON pb.id = p2.plot_id"
    " LEFT JOIN campaigns AS b ON b.id = pb.campaign_id"
    " WHERE a2.start_date <= coalesce(b.start_date, '9999')"
    " UNION SELECT p3.plot_id FROM deleted AS d LEFT JOIN cores AS c3"
    " ON c3.id = d.parent_id JOIN points AS p3 ON p3.id IN (d.parent_id, c3.point_id))"
)
#: What a flat table shows of a bag that did not change itself.
_OF_TOUCHED: Final = {
    "results": "sample_id IN touched_samples",
    "samples": "id IN touched_samples",
}


def find_touched(db: Any) -> None:  # noqa: ANN401 - of sqlite-utils
    """Find the bags whose rows in flat tables changed."""
    db.table("touched_samples").create({"id": str}, pk="id")
    for statement in (_TOUCHED, _WHOLE_CORES, _WHOLE_PLOTS):
        db.execute(statement)


def trim(db: Any) -> dict[str, int]:  # noqa: ANN401 - of sqlite-utils
    """Remove the rows that did not change and that no changed one belongs to.

    Returns the rows of each table that are left.
    """
    for table in reversed([one for one in TABLES if one not in BESIDE]):
        kept = [f"NOT ({_OF_TOUCHED[table.name]})"] if table.name in _OF_TOUCHED else []
        _delete(db, table.name, ["id NOT IN changed", *kept, *_unused(table.name)])
    _delete(db, "attachments", ["id NOT IN changed"])
    _delete(db, "plot_baselines", ["id NOT IN (SELECT id FROM plots)"])
    for name in [one for one in db.table_names() if one.endswith("_fts")]:
        db.table(name.removesuffix("_fts")).rebuild_fts()
    db.execute("DROP TABLE touched_samples")
    return {one.name: db.table(one.name).count for one in TABLES}


def _unused(table: str) -> list[str]:
    """Return what is true of a row that no row of another table refers to."""
    return [
        f"NOT EXISTS ({select(f'1 FROM {other.name} AS o')}"
        f" WHERE o.{column} = {table}.id)"
        for other in TABLES
        for column, target in other.refers.items()
        if target == table and column != "id"
    ]


def _delete(db: Any, table: str, conditions: list[str]) -> None:  # noqa: ANN401 - of sqlite-utils
    where = " AND ".join(conditions)
    db.execute(f"DELETE FROM {table} WHERE {where}")  # noqa: S608 - names are constants
