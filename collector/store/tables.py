"""The tables of the laptop's database, as sqlite-utils makes them.

Importing sqlite-utils costs 0.27 s, so this module is only imported where a database is
made.
"""

from typing import Final, NamedTuple

from sqlite_utils import Database

from collector.store import driver
from collector.store.version import VERSION


class _Table(NamedTuple):
    """One table: columns with their types, its key, and what may not be missing."""

    name: str
    columns: dict[str, type]
    key: tuple[str, ...]
    needs: tuple[str, ...] = ()


_TABLES: Final = (
    _Table("meta", {"key": str, "value": str}, ("key",)),
    # How far each project was read.
    _Table(
        "project",
        {"project_id": str, "epoch": str, "seq": int},
        ("project_id",),
        ("epoch", "seq"),
    ),
    # How many live records of the server there are, so that nobody counts them.
    _Table("live", {"project_id": str, "records": int}, ("project_id",), ("records",)),
    # The server's rows. `stale`: a reset has not confirmed it yet; `before`: the row that
    # changes which wait lie over.
    _Table(
        "base",
        {
            "id": str,
            "project_id": str,
            "type": str,
            "seq": int,
            "epoch": str,
            "fields": str,
            "conflicts": str,
            "deleted": int,
            "stale": int,
            "before": str,
        },
        ("id",),
        ("project_id", "type", "seq", "epoch", "fields", "deleted", "stale"),
    ),
    _Table(
        "log",
        {
            "number": int,
            "id": str,
            "parent": int,
            "parent_n": int,
            "closed": int,
            "acked_n": int,
        },
        ("number",),
        ("id", "closed", "acked_n"),
    ),
    # Every change as its line went into a log; `stood` where it stood in lost timelines.
    _Table(
        "change",
        {
            "place": int,
            "log": int,
            "n": int,
            "id": str,
            "project_id": str,
            "type": str,
            "record_id": str,
            "op": str,
            "raw": bytes,
            "hash": bytes,
            "status": str,
            "verdict": str,
            "created_at": str,
            "stood": str,
        },
        ("place",),
        (
            *("log", "n", "id", "project_id", "type", "record_id", "op", "raw"),
            *("hash", "status"),
        ),
    ),
    # What is shown: the server's row with the own changes over it; `skeleton` is what its
    # code comes to for a reader in a hurry.
    _Table(
        "record",
        {
            "id": str,
            "project_id": str,
            "type": str,
            "key": str,
            "fields": str,
            "deleted": int,
            "state": str,
            "skeleton": str,
        },
        ("id",),
        ("project_id", "type", "key", "fields", "deleted", "state"),
    ),
    _Table(
        "link",
        {"source": str, "field": str, "target": str},
        ("source", "field"),
        ("target",),
    ),
    _Table(
        "receipt",
        {"log": int, "n": int, "raw": str, "signature": str},
        ("log", "n"),
        ("raw", "signature"),
    ),
    # Ids that are used up: their deletion is long past.
    _Table("purged", {"id": str}, ("id",)),
    _Table(
        "attachment",
        {"sha256": str, "sent": int, "confirmed_at": str},
        ("sha256",),
        ("sent",),
    ),
)
_INDEXES: Final = (
    "CREATE INDEX idx_base_project_id_type ON base (project_id, type)",
    "CREATE INDEX idx_base_contested ON base (type, id) WHERE conflicts IS NOT NULL",
    "CREATE INDEX idx_base_stale ON base (project_id) WHERE stale = 1",
    "CREATE UNIQUE INDEX idx_change_id ON change (id)",
    "CREATE UNIQUE INDEX idx_change_log_n ON change (log, n)",
    "CREATE INDEX idx_change_record_id ON change (record_id)",
    "CREATE INDEX idx_change_status ON change (status)",
    "CREATE INDEX idx_change_stood ON change (log, n) WHERE stood IS NOT NULL",
    "CREATE INDEX idx_record_type_key_project_id ON record (type, key, project_id)",
    "CREATE INDEX idx_record_skeleton ON record (type, skeleton)",
    (
        "CREATE INDEX idx_record_attachments ON record (type, key)"
        """ WHERE instr(fields, '"attachments"') > 0"""
    ),
    "CREATE INDEX idx_link_target ON link (target)",
)


def make_tables(connection: driver.Connection) -> None:
    """Make every table of an empty database; a making that was cut short goes on."""
    with driver.translated():
        db = Database(connection)
        for table in _TABLES:
            db.table(table.name).create(
                table.columns,
                pk=table.key if len(table.key) > 1 else table.key[0],
                not_null=set(table.needs),
                defaults={"stale": 0} if "stale" in table.columns else None,
                strict=True,
                if_not_exists=True,
            )
        for index in _INDEXES:
            db.execute(index.replace(" INDEX ", " INDEX IF NOT EXISTS "))
        connection.execute(f"PRAGMA user_version = {VERSION}")
