"""The tables of the server. `project_id` comes first in every key and index."""

from typing import Final

from sqlite_utils import Database, Migrations

from schemas.digest import digest_of
from schemas.signing import NO_RECEIPT, public_key
from server.store import seals
from server.store.driver import Connection, scratch
from server.store.feed import digest_items
from server.store.upgrade_rows import upgrade_rows_from_1

migrations: Final = Migrations("permille-server")

_SEAL_TRIGGERS: Final = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
_SHAPE: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master"


def migrate(connection: Connection) -> None:
    """Bring a database to the present shape; a repeat does nothing."""
    database = Database(connection)
    if migrations.pending(database):
        seals.lift(connection)
        migrations.apply(database)
    seals.set_all(connection)


def tables() -> int:
    """Return the version of the tables that this program works with."""
    return len(migrations.pending(Database(memory=True)))


def tables_of(connection: Connection) -> int:
    """Return the version of the tables of a database."""
    return len(migrations.applied(Database(connection)))


def misshapen(connection: Connection) -> list[str]:
    """Return the tables, indexes and triggers that are not as they are made."""
    fresh = scratch()
    try:
        migrate(fresh)
        made, found = (set(each.execute(_SHAPE)) for each in (fresh, connection))
        return sorted({str(row[1]) for row in made ^ found})
    finally:
        fresh.close()


@migrations()
def custody(db: Database) -> None:
    """Create projects, records, logs, conflicts, quarantine and history."""
    db.table("meta").create({"key": str, "value": str}, pk="key", strict=True)
    db.table("stream").create(
        {"project_id": str, "head": int, "created_at": str},
        pk="project_id",
        not_null={"head", "created_at"},
        strict=True,
    )
    _record(db)
    db.table("log").create(
        {"log_id": str, "device_id": str, "n": int, "hash": bytes},
        pk="log_id",
        not_null={"device_id", "n", "hash"},
        strict=True,
    )
    _change(db)
    _conflict(db)
    _quarantine(db)
    db.table("history").create(
        {
            "project_id": str,
            "record_id": str,
            "group_name": str,
            "old_values": str,
            "written_seq": int,
            "replaced_seq": int,
            "written_by": str,
            "replaced_by": str,
        },
        strict=True,
    )
    db.table("history").create_index(["project_id", "record_id", "group_name"])


def _record(db: Database) -> None:
    db.table("record").create(
        {
            "project_id": str,
            "id": str,
            "type": str,
            "seq": int,
            "fields": str,
            "writers": str,
            "parent_id": str,
            "natural_key": str,
            "deleted": int,
            "clean": int,
            "open_conflicts": int,
            "last_log": str,
            "last_n": int,
        },
        pk=("project_id", "id"),
        not_null={"type", "seq", "fields", "writers", "deleted", "clean"},
        strict=True,
    )
    db.table("record").create_index(["project_id", "seq"], unique=True)
    db.table("record").create_index(["project_id", "type", "natural_key"])
    db.table("record").create_index(["project_id", "parent_id"])


def _change(db: Database) -> None:
    db.table("change").create(
        {
            "log_id": str,
            "n": int,
            "project_id": str,
            "change_id": str,
            "raw": bytes,
            "hash": bytes,
            "received_at": str,
            "outcome": str,
            "seq": int,
            "why": str,
            "conflicts": str,
        },
        pk=("log_id", "n"),
        not_null={"project_id", "change_id", "raw", "hash", "received_at", "outcome"},
        strict=True,
    )
    db.table("change").create_index(["project_id", "change_id"])


def _conflict(db: Database) -> None:
    db.table("conflict").create(
        {
            "project_id": str,
            "id": str,
            "record_id": str,
            "type": str,
            "group_name": str,
            "base": str,
            "theirs": str,
            "ours": str,
            "change_id": str,
            "device_id": str,
            "person": str,
            "at": str,
            "status": str,
        },
        pk=("project_id", "id"),
        not_null={"record_id", "group_name", "theirs", "ours", "change_id", "status"},
        strict=True,
    )
    db.table("conflict").create_index(["project_id", "record_id"])


def _quarantine(db: Database) -> None:
    db.table("quarantine").create(
        {
            "project_id": str,
            "change_id": str,
            "type": str,
            "record_id": str,
            "parent_id": str,
            "fields": str,
            "why": str,
            "device_id": str,
            "person": str,
            "at": str,
            "status": str,
        },
        pk=("project_id", "change_id"),
        not_null={"record_id", "why", "status"},
        strict=True,
    )
    db.table("quarantine").create_index(["project_id", "record_id"])


@migrations()
def access(db: Database) -> None:
    """Create devices, their projects, and enrolment codes."""
    db.table("device").create(
        {
            "device_id": str,
            "name": str,
            "token_hash": str,
            "created_at": str,
            "revoked_at": str,
            "last_seen_at": str,
        },
        pk="device_id",
        not_null={"name", "token_hash", "created_at"},
        strict=True,
    )
    db.table("device").create_index(["token_hash"])
    db.table("device_project").create(
        {"project_id": str, "device_id": str},
        pk=("project_id", "device_id"),
        strict=True,
    )
    db.table("device_project").create_index(["device_id"])
    db.table("code").create(
        {
            "code_hash": str,
            "name": str,
            "projects": str,
            "expires_at": str,
            "used_by": str,
        },
        pk="code_hash",
        not_null={"name", "projects", "expires_at"},
        strict=True,
    )


@migrations()
def derivation(db: Database) -> None:
    """Create jobs, frozen reference masses, and the history of derived rows."""
    db.table("job").create(
        {"project_id": str, "plot_id": str, "up_to_seq": int, "leased_until": int},
        pk=("project_id", "plot_id"),
        not_null={"up_to_seq", "leased_until"},
        strict=True,
    )
    db.table("job").create_index(["project_id", "up_to_seq"])
    # Found once per plot and setting, and never moved.
    db.table("reference_mass").create(
        {"project_id": str, "plot_id": str, "setting": str, "mass": str, "at": str},
        pk=("project_id", "plot_id", "setting"),
        not_null={"mass", "at"},
        strict=True,
    )
    # Every number that ever stood, with the records it was derived from.
    db.table("derived_version").create(
        {
            "project_id": str,
            "id": str,
            "seq": int,
            "type": str,
            "plot_id": str,
            "fields": str,
            "inputs": str,
            "at": str,
        },
        pk=("project_id", "id", "seq"),
        not_null={"type", "plot_id", "fields", "inputs", "at"},
        strict=True,
    )


@migrations()
def timelines(db: Database) -> None:
    """Create epochs, the family of logs, signatures, receipts, late verdicts."""
    db.table("epoch").create(
        {"number": int, "id": str, "at": str, "reason": str, "device_id": str},
        pk="number",
        not_null={"id", "at", "reason"},
        strict=True,
    )
    db.table("epoch_start").create(
        {"epoch_id": str, "project_id": str, "head": int},
        pk=("epoch_id", "project_id"),
        not_null={"head"},
        strict=True,
    )
    db.execute(
        "INSERT INTO epoch (number, id, at, reason)"
        " SELECT 1, value, '', 'begun' FROM meta WHERE key = 'epoch'"
    )
    db.execute("DELETE FROM meta WHERE key = 'epoch'")
    db.table("log").add_column("parent_log", str)
    db.table("log").add_column("parent_n", int)
    db.table("device").add_column("public_key", str)
    db.table("device").add_column("skew_s", float)
    db.table("device_project").add_column("withdrawn_at", str)
    _give_server_a_key(db)
    db.table("receipt").create(
        {"log_id": str, "n": int, "raw": str, "signature": str, "pushed": str},
        pk=("log_id", "n"),
        not_null={"raw", "signature", "pushed"},
        strict=True,
    )
    db.table("late").create(
        {"number": int, "project_id": str, "change_id": str, "at": str},
        pk="number",
        not_null={"project_id", "change_id", "at"},
        strict=True,
    )


def _give_server_a_key(db: Database) -> None:
    """Create a key for a server of before signatures; a new one has its own."""
    own = db.execute("SELECT value FROM meta WHERE key = 'own_device'").fetchone()
    if own is None:
        return
    secret: bytes = db.execute("SELECT randomblob(32)").fetchone()[0]
    db.execute("INSERT INTO meta VALUES ('signing_key', ?)", [secret.hex()])
    db.execute(
        "UPDATE device SET public_key = ? WHERE device_id = ?",
        [public_key(secret), own[0]],
    )


@migrations()
def review(db: Database) -> None:
    """Note what a waiting change waits for, and how a person settled things."""
    table = db.table("quarantine")
    for name in ("log_id", "waits_for", "settled_at", "settled_by", "reason"):
        table.add_column(name, str)
    table.add_column("n", int)
    table.create_index(["project_id", "status"])
    table.create_index(["project_id", "waits_for"])
    db.execute(
        "UPDATE quarantine SET (log_id, n) = (SELECT log_id, n FROM change c"
        " WHERE c.project_id = quarantine.project_id"
        " AND c.change_id = quarantine.change_id)"
    )
    for name in ("settled_at", "settled_by", "reason", "chosen"):
        db.table("conflict").add_column(name, str)


@migrations()
def digests(db: Database) -> None:
    """Keep a digest of each project, its receipts, and what was purged of it."""
    project_id = db.table("stream")
    for name in ("digest_count", "receipt_count", "gc_floor"):
        project_id.add_column(name, int, not_null_default=0)
    project_id.add_column("digest_sum", str, not_null_default="0")
    project_id.add_column("receipt_hash", str, not_null_default=NO_RECEIPT)
    db.table("purged").create(
        {"project_id": str, "id": str, "type": str, "at": str},
        pk=("project_id", "id"),
        not_null={"type", "at"},
        strict=True,
    )


@migrations()
def schema_version_2(db: Database) -> None:
    """Lift what was stored in schema version 1."""
    upgrade_rows_from_1(db.conn)


@migrations()
def attachments(db: Database) -> None:
    """Find the few records that name files without reading all."""
    db.execute(
        "CREATE INDEX idx_record_attachments ON record (project_id, id)"
        """ WHERE instr(fields, '"attachments"') > 0"""
    )


@migrations()
def sealed(db: Database) -> None:
    """Keep the seals; databases made before 0.1.0 kept them by triggers of their own."""
    for (name,) in db.execute(_SEAL_TRIGGERS).fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("DROP TABLE IF EXISTS seal")
    db.table("seal").create(
        {"name": str, "rows": int, "total": int},
        pk="name",
        not_null={"rows", "total"},
        strict=True,
    )


@migrations()
def named_files(db: Database) -> None:
    """Find who names a file by its hash, and since when nobody does."""
    table = db.table("attachment")
    table.create(
        {"project_id": str, "record_id": str, "sha256": str, "gone_at": str},
        pk=("project_id", "record_id", "sha256"),
        strict=True,
    )
    table.create_index(["project_id", "sha256"])
    table.create_index(["sha256"])
    db.execute(
        "INSERT OR IGNORE INTO attachment"
        " SELECT r.project_id, r.id, file.value ->> '$.sha256',"
        " CASE WHEN r.deleted THEN (SELECT received_at FROM change"
        "  WHERE log_id = r.last_log AND n = r.last_n) END"
        " FROM record r, json_each(r.fields, '$.attachments') file"
        """ WHERE instr(r.fields, '"attachments"') > 0"""
    )


@migrations()
def wholes(db: Database) -> None:
    """Keep what decisions were made on, and who waits for records that have come.

    Digests cover what rows show, and open conflicts; purged ids travel in their place.
    """
    db.table("decided").create(
        {"project_id": str, "seen": str, "group_name": str, "decision": str},
        pk=("project_id", "seen", "group_name"),
        not_null={"decision"},
        strict=True,
    )
    db.table("release").create(
        {"project_id": str, "record_id": str, "after": int},
        pk=("project_id", "record_id"),
        not_null={"after"},
        strict=True,
    )
    db.table("stood").create(
        {"project_id": str, "change_id": str, "epoch": str, "seq": int},
        pk=("project_id", "change_id", "epoch"),
        not_null={"seq"},
        strict=True,
    )
    # Where a purged deletion lay: one of before lies at the end of what was purged.
    db.table("purged").add_column("seq", int)
    db.execute(
        "UPDATE purged SET seq = (SELECT gc_floor FROM stream"
        " WHERE stream.project_id = purged.project_id)"
    )
    db.table("purged").create_index(["project_id", "seq"])
    for (project,) in db.execute("SELECT project_id FROM stream").fetchall():
        found = digest_of(digest_items(db.conn, project))
        db.execute(
            "UPDATE stream SET digest_count = ?, digest_sum = ? WHERE project_id = ?",
            [found.items, f"{found.total:x}", project],
        )
