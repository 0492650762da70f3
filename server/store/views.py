"""Records and changes as they are read: with the ids that their rows have numbers of.

Who writes uses the tables `record_row` and `change_row` themselves.
"""

from typing import Final

from sqlite_utils import Database

#: An outer join is left out by SQLite where nothing is asked of it.
VIEWS: Final = {
    "record": """
        SELECT p.id AS project_id, r.id, r.type, r.seq, r.fields, r.writers, r.parent_id,
            r.natural_key, r.deleted, r.computable_by_author, r.open_conflicts,
            l.id AS last_log, r.last_n
        FROM record_row r JOIN numbered_id p ON p.number = r.project
            LEFT JOIN numbered_id l ON l.number = r.last_log
    """,
    "change": """
        SELECT l.id AS log_id, c.n, p.id AS project_id, c.change_id, c.segment, c.hash,
            s.received_at, coalesce(c.outcome, 'accepted') AS outcome, c.seq, c.why,
            c.conflicts
        FROM change_row c JOIN numbered_id l ON l.number = c.log
            JOIN numbered_id p ON p.number = c.project
            LEFT JOIN segment s ON s.number = c.segment
    """,
}
#: The few records that name files are found without reading all.
_NAMING_FILES: Final = (
    "CREATE INDEX idx_record_attachments ON record_row (project, id)"
    """ WHERE instr(fields, '"attachments"') > 0"""
)
#: What is looked up in them besides.
INDEXES: Final = (
    "CREATE UNIQUE INDEX idx_numbered_id_id ON numbered_id (id)",
    "CREATE UNIQUE INDEX idx_record_row_project_seq ON record_row (project, seq)",
    _NAMING_FILES,
)


def make_views(db: Database) -> None:
    """Make the views of a database that has its tables, and the indexes behind them."""
    for name, sql in VIEWS.items():
        db.create_view(name, sql)
    for sql in INDEXES:
        db.execute(sql)
