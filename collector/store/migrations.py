"""The tables of the laptop's database, step by step.

Importing sqlite-utils costs 0.27 s, so this module is only imported when the
database is behind `VERSION`.
"""

from sqlite_utils import Database
from sqlite_utils.db import Table
from sqlite_utils.migrations import Migrations

from collector.store import driver
from collector.store.counts import mend_counts
from collector.store.upgrade_rows import upgrade_rows_from_1
from collector.store.version import VERSION

LAPTOP = Migrations("permille-laptop")


def migrate(connection: driver.Connection) -> None:
    """Bring the tables up to date; harmless when they are."""
    with driver.translated():
        LAPTOP.apply(Database(connection))
        connection.execute(f"PRAGMA user_version = {VERSION}")


@LAPTOP()
def first_tables(db: Database) -> None:
    """Create log, base rows and view."""
    _table(db, "meta").create({"key": str, "value": str}, pk="key", strict=True)
    _table(db, "stream").create(
        {"id": str, "epoch": str, "seq": int},
        pk="id",
        not_null={"epoch", "seq"},
        strict=True,
    )
    _table(db, "base").create(
        {
            "id": str,
            "stream": str,
            "type": str,
            "seq": int,
            "epoch": str,
            "fields": str,
            "conflicts": str,
            "deleted": int,
            "own": int,
        },
        pk="id",
        not_null={"stream", "type", "seq", "epoch", "fields", "deleted", "own"},
        strict=True,
    ).create_index(["stream", "type"])
    change = _table(db, "change").create(
        {
            "n": int,
            "id": str,
            "stream": str,
            "type": str,
            "record_id": str,
            "op": str,
            "raw": bytes,
            "hash": bytes,
            "status": str,
            "verdict": str,
            "created_at": str,
        },
        pk="n",
        not_null={"id", "stream", "type", "record_id", "op", "raw", "hash", "status"},
        strict=True,
    )
    change.create_index(["id"], unique=True)
    change.create_index(["record_id"])
    change.create_index(["status"])


@LAPTOP()
def view_tables(db: Database) -> None:
    """Create the materialised view of records, and who refers to whom."""
    record = _table(db, "record").create(
        {
            "id": str,
            "stream": str,
            "type": str,
            "key": str,
            "fields": str,
            "deleted": int,
            "state": str,
        },
        pk="id",
        not_null={"stream", "type", "key", "fields", "deleted", "state"},
        strict=True,
    )
    record.create_index(["stream", "type", "key"])
    _table(db, "link").create(
        {"source": str, "field": str, "target": str},
        pk=("source", "field"),
        not_null={"target"},
        strict=True,
    ).create_index(["target"])


@LAPTOP()
def look_ups(db: Database) -> None:
    """Find a record by its natural key, in one project or in all; find conflicts."""
    db.execute("DROP INDEX idx_record_stream_type_key")
    _table(db, "record").create_index(["type", "key", "stream"])
    db.execute(
        "CREATE INDEX idx_base_contested ON base (type, id) WHERE conflicts IS NOT NULL"
    )


@LAPTOP()
def family_of_logs(db: Database) -> None:
    """Allow several logs on a laptop; keep receipts and ids that are used up."""
    db.execute("ALTER TABLE change RENAME COLUMN n TO place")
    db.execute("ALTER TABLE change ADD COLUMN log INTEGER NOT NULL DEFAULT 1")
    db.execute("ALTER TABLE change ADD COLUMN n INTEGER NOT NULL DEFAULT 0")
    db.execute("UPDATE change SET n = place")
    _table(db, "change").create_index(["log", "n"], unique=True)
    _table(db, "log").create(
        {
            "number": int,
            "id": str,
            "parent": int,
            "parent_n": int,
            "closed": int,
            "acked_n": int,
        },
        pk="number",
        not_null={"id", "closed", "acked_n"},
        strict=True,
    )
    db.execute(
        "INSERT INTO log (number, id, closed, acked_n)"
        " SELECT 1, value, 0, coalesce("
        "(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'acked_n'), 0)"
        " FROM meta WHERE key = 'log_id'"
    )
    db.execute("DELETE FROM meta WHERE key IN ('log_id', 'acked_n')")
    _table(db, "receipt").create(
        {"log": int, "n": int, "raw": str, "signature": str},
        pk=("log", "n"),
        not_null={"raw", "signature"},
        strict=True,
    )
    _table(db, "purged").create({"id": str}, pk="id", strict=True)
    # Rows that a reset has not confirmed yet; what the server does not send again goes.
    db.execute("ALTER TABLE base DROP COLUMN own")
    db.execute("ALTER TABLE base ADD COLUMN stale INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE INDEX idx_base_stale ON base (stream) WHERE stale = 1")


@LAPTOP()
def schema_version_2(db: Database) -> None:
    """Lift what was stored in schema version 1."""
    upgrade_rows_from_1(db.conn)


@LAPTOP()
def attachments(db: Database) -> None:
    """Note how far files were sent; find the few records that name any."""
    _table(db, "attachment").create(
        {"sha256": str, "sent": int, "confirmed_at": str},
        pk="sha256",
        not_null={"sent"},
        strict=True,
    )
    db.execute(
        "CREATE INDEX idx_record_attachments ON record (type, key)"
        """ WHERE instr(fields, '"attachments"') > 0"""
    )


@LAPTOP()
def lost_timelines(db: Database) -> None:
    """Note where changes stood in lost timelines, and what waiting ones lie over."""
    db.execute("ALTER TABLE change ADD COLUMN stood TEXT")
    db.execute("ALTER TABLE base ADD COLUMN before TEXT")
    db.execute(
        "CREATE INDEX idx_change_stood ON change (log, n) WHERE stood IS NOT NULL"
    )


@LAPTOP()
def kept_counts(db: Database) -> None:
    """Keep how many live records of the server there are; nothing waits beneath a verdict."""
    _table(db, "live").create(
        {"stream": str, "records": int}, pk="stream", not_null={"records"}, strict=True
    )
    mend_counts(db.conn)


def _table(db: Database, name: str) -> Table:
    table = db[name]
    assert isinstance(table, Table)
    return table
