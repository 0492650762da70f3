"""The tables of the server, as sqlite-utils makes them. `project_id` leads every key."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from sqlite_utils import Database

from schemas.signing import NO_RECEIPT
from server.errors import StorageError
from server.store import seals
from server.store.driver import Connection, scratch

#: Raised whenever a table changes, together with the step that brings older ones here.
VERSION: Final = 1

_SHAPE: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master"


class _Table(NamedTuple):
    """One table: columns with their types, its key, and what is looked up besides."""

    name: str
    columns: dict[str, type]
    key: tuple[str, ...]
    needs: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    defaults: Mapping[str, object] = {}


_TABLES: Final = (
    _Table("meta", {"key": str, "value": str}, ("key",)),
    _Table(
        "project",
        {
            "project_id": str,
            "head": int,
            "created_at": str,
            "digest_count": int,
            "digest_sum": str,
            "receipt_count": int,
            "receipt_hash": str,
            "gc_floor": int,
            "asked": int,
        },
        ("project_id",),
        needs=("head", "created_at"),
        defaults={
            "digest_count": 0,
            "digest_sum": "0",
            "receipt_count": 0,
            "receipt_hash": NO_RECEIPT,
            "gc_floor": 0,
            "asked": 0,
        },
    ),
    # `computable_by_author`: the last writer's laptop has the row without being sent it.
    _Table(
        "record",
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
            "computable_by_author": int,
            "open_conflicts": int,
            "last_log": str,
            "last_n": int,
        },
        ("project_id", "id"),
        needs=("type", "seq", "fields", "writers", "deleted", "computable_by_author"),
        indexes=(("project_id", "type", "natural_key"), ("project_id", "parent_id")),
    ),
    _Table(
        "log",
        {
            "log_id": str,
            "device_id": str,
            "n": int,
            "hash": bytes,
            "parent_log": str,
            "parent_n": int,
        },
        ("log_id",),
        needs=("device_id", "n", "hash"),
    ),
    _Table(
        "change",
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
        ("log_id", "n"),
        needs=("project_id", "change_id", "raw", "hash", "received_at", "outcome"),
        indexes=(("project_id", "change_id"),),
    ),
    # The verdicts that were given anew, in the order in which authors are to hear them.
    _Table(
        "late",
        {"number": int, "project_id": str, "change_id": str, "at": str},
        ("number",),
        needs=("project_id", "change_id", "at"),
    ),
    _Table(
        "conflict",
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
            "settled_at": str,
            "settled_by": str,
            "reason": str,
            "chosen": str,
        },
        ("project_id", "id"),
        needs=("record_id", "group_name", "theirs", "ours", "change_id", "status"),
        indexes=(("project_id", "record_id"),),
    ),
    _Table(
        "quarantine",
        {
            "project_id": str,
            "change_id": str,
            "log_id": str,
            "n": int,
            "type": str,
            "record_id": str,
            "parent_id": str,
            "fields": str,
            "why": str,
            "device_id": str,
            "person": str,
            "at": str,
            "status": str,
            "waits_for": str,
            "settled_at": str,
            "reason": str,
        },
        ("project_id", "change_id"),
        needs=("record_id", "why", "status"),
        indexes=(
            ("project_id", "record_id"),
            ("project_id", "status"),
            ("project_id", "waits_for"),
        ),
    ),
    # What a decision was made on, for changes that come after it once more.
    _Table(
        "decided",
        {"project_id": str, "seen": str, "group_name": str, "decision": str},
        ("project_id", "seen", "group_name"),
        needs=("decision",),
    ),
    # Records that have come and that others still wait for.
    _Table(
        "release",
        {"project_id": str, "record_id": str, "after": int},
        ("project_id", "record_id"),
        needs=("after",),
    ),
    # The numbers that changes had in timelines that were lost.
    _Table(
        "stood",
        {"project_id": str, "change_id": str, "epoch": str, "seq": int},
        ("project_id", "change_id", "epoch"),
        needs=("seq",),
    ),
    _Table(
        "purged",
        {"project_id": str, "id": str, "type": str, "at": str, "seq": int},
        ("project_id", "id"),
        needs=("type", "at", "seq"),
        indexes=(("project_id", "seq"),),
    ),
    _Table(
        "attachment",
        {"project_id": str, "record_id": str, "sha256": str, "gone_at": str},
        ("project_id", "record_id", "sha256"),
        indexes=(("project_id", "sha256"), ("sha256",)),
    ),
    _Table(
        "device",
        {
            "device_id": str,
            "name": str,
            "token_hash": str,
            "created_at": str,
            "revoked_at": str,
            "last_seen_at": str,
            "public_key": str,
            "skew_s": float,
        },
        ("device_id",),
        needs=("name", "token_hash", "created_at"),
        indexes=(("token_hash",),),
    ),
    _Table(
        "device_project",
        {"project_id": str, "device_id": str, "withdrawn_at": str},
        ("project_id", "device_id"),
        indexes=(("device_id",),),
    ),
    _Table(
        "code",
        {
            "code_hash": str,
            "name": str,
            "projects": str,
            "expires_at": str,
            "used_by": str,
        },
        ("code_hash",),
        needs=("name", "projects", "expires_at"),
    ),
    # `asked`: the number of the asking, which no other of the project has.
    _Table(
        "job",
        {"project_id": str, "plot_id": str, "asked": int, "leased_until": int},
        ("project_id", "plot_id"),
        needs=("asked", "leased_until"),
        indexes=(("project_id", "asked"),),
    ),
    # Found once per plot and setting, and never moved.
    _Table(
        "reference_mass",
        {"project_id": str, "plot_id": str, "setting": str, "mass": str, "at": str},
        ("project_id", "plot_id", "setting"),
        needs=("mass", "at"),
    ),
    # Every number that ever stood, with the records it was derived from.
    _Table(
        "derived_version",
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
        ("project_id", "id", "seq"),
        needs=("type", "plot_id", "fields", "inputs", "at"),
    ),
    _Table(
        "epoch",
        {"number": int, "id": str, "at": str, "reason": str, "device_id": str},
        ("number",),
        needs=("id", "at", "reason"),
    ),
    _Table(
        "epoch_start",
        {"epoch_id": str, "project_id": str, "head": int},
        ("epoch_id", "project_id"),
        needs=("head",),
    ),
    _Table(
        "receipt",
        {"log_id": str, "n": int, "raw": str, "signature": str, "pushed": str},
        ("log_id", "n"),
        needs=("raw", "signature", "pushed"),
    ),
    _Table(
        "seal",
        {"name": str, "rows": int, "total": int},
        ("name",),
        needs=("rows", "total"),
    ),
)
_HISTORY: Final[dict[str, type]] = {
    "project_id": str,
    "record_id": str,
    "group_name": str,
    "old_values": str,
    "written_seq": int,
    "replaced_seq": int,
    "written_by": str,
    "replaced_by": str,
}
#: The few records that name files are found without reading all.
_NAMING_FILES: Final = (
    "CREATE INDEX idx_record_attachments ON record (project_id, id)"
    """ WHERE instr(fields, '"attachments"') > 0"""
)


def make_tables(connection: Connection) -> None:
    """Make every table of an empty database, and seal them."""
    db = Database(connection)
    for table in _TABLES:
        made = db.table(table.name).create(
            table.columns,
            pk=table.key if len(table.key) > 1 else table.key[0],
            not_null={*table.needs, *table.defaults},
            defaults=dict(table.defaults),
            strict=True,
        )
        for columns in table.indexes:
            made.create_index(columns)
    db.table("record").create_index(["project_id", "seq"], unique=True)
    # A change may write several values of one group: there is no key.
    db.table("history").create(_HISTORY, strict=True).create_index(
        ["project_id", "record_id", "group_name"]
    )
    db.execute(_NAMING_FILES)
    connection.execute(f"PRAGMA user_version={VERSION}")
    seals.set_all(connection)


def version_of(connection: Connection) -> int:
    """Return the version of the tables of a database; 0 when it has none."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_version(connection: Connection, name: str) -> None:
    """Refuse tables that this program does not know.

    Raises
    ------
    StorageError
        If they are of a newer program, or were made before the first release.
    """
    found = version_of(connection)
    if found == VERSION:
        return
    if found > VERSION:
        raise StorageError(
            f"{name} has tables of a newer Permille (version {found}; this program"
            f" works with {VERSION})",
            "update the program; nothing was changed",
        )
    raise StorageError(
        f"{name} has no tables of a released Permille",
        "open it with the program that made it, or restore a backup",
    )


def misshapen(connection: Connection) -> list[str]:
    """Return the tables, indexes and triggers that are not as they are made."""
    fresh = scratch()
    try:
        make_tables(fresh)
        made, found = (set(each.execute(_SHAPE)) for each in (fresh, connection))
        return sorted({str(row[1]) for row in made ^ found})
    finally:
        fresh.close()
