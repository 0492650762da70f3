"""The tables of the laptop's database, as sqlite-utils makes them.

Importing sqlite-utils costs 0.27 s, so this module is only imported where a database is
made.
"""

from typing import Final, NamedTuple

from sqlite_utils import Database

from collector.store import driver
from collector.store.ids import ID_TEXT
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
    # How many live records are shown of each type, likewise.
    _Table("shown", {"type": str, "records": int}, ("type",), ("records",)),
    # Projects, types of records, timelines of the server and lists of names of fields by a
    # number, which rows name.
    _Table("numbered", {"number": int, "text": str}, ("number",), ("text",)),
    # One record each, by its id in 16 bytes: the server's row, and what is shown, which is
    # that row with the own changes over it, both as collector/store/field_names.py writes
    # fields. There may be one without the other. Of the server's row: `seq` to
    # `stale`; `base_fields` is null where they are those that are shown, `stale` says that
    # a reset has not confirmed it yet, `before` is the row that changes which wait lie
    # over. Of what is shown: `key` to `waits`; `skeleton` is what its code comes to for a
    # reader in a hurry, `waits` the place of its one change that is not settled.
    _Table(
        "item",
        {
            "number": int,
            "uid": bytes,
            "project": int,
            "kind": int,
            "seq": int,
            "timeline": int,
            "base_fields": str,
            "base_deleted": int,
            "conflicts": str,
            "before": str,
            "stale": int,
            "key": str,
            "fields": str,
            "deleted": int,
            "state": str,
            "skeleton": str,
            "waits": int,
        },
        ("number",),
        ("uid", "project", "kind", "stale"),
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
    # A line of each type, which others are packed by.
    _Table(
        "model",
        {"number": int, "type": str, "line": bytes},
        ("number",),
        ("type", "line"),
    ),
    # Every change as its line went into a log, packed by the model of its type. `uid` is
    # its id where that does not follow from its hash, `seq` and `timeline` say where it was
    # judged, and `verdict` what else was said; `stood` where it stood in lost timelines,
    # `former` what its fields were here before it, `created_ms` when it was made.
    _Table(
        "change_row",
        {
            "place": int,
            "log": int,
            "n": int,
            "uid": bytes,
            "project": int,
            "record": bytes,
            "op": str,
            "model": int,
            "raw": bytes,
            "hash": bytes,
            "status": str,
            "seq": int,
            "timeline": int,
            "verdict": str,
            "created_ms": int,
            "stood": str,
            "former": str,
        },
        ("place",),
        (
            *("log", "n", "project", "record", "op"),
            *("model", "raw", "hash", "status"),
        ),
    ),
    _Table(
        "receipt",
        {"log": int, "n": int, "raw": str, "signature": str},
        ("log", "n"),
        ("raw", "signature"),
    ),
    # What is searched of each record, by its number, and the records of which it is not
    # known yet. A number that is free again comes with its next record.
    _Table(
        "searched",
        {"number": int, "project_id": str, "type": str, "name": str, "words": str},
        ("number",),
        ("project_id", "type", "name", "words"),
    ),
    _Table("unindexed", {"number": int}, ("number",)),
    # What was typed and is no record yet, by the number that people call it by.
    _Table(
        "draft",
        {
            "number": int,
            "kind": str,
            "project_id": str,
            "about": str,
            "typed": str,
            "person": str,
            "kept_at": str,
        },
        ("number",),
        ("kind", "project_id", "about", "typed", "kept_at"),
    ),
    _Table(
        "attachment",
        {"sha256": str, "sent": int, "confirmed_at": str},
        ("sha256",),
        ("sent",),
    ),
    # Blocks of labels. `own`: this laptop may print numbers of it, from `next` on; `came`
    # is their order. The others are known to belong to other laptops.
    _Table(
        "label_block",
        {"block": str, "own": int, "next": int, "came": int},
        ("block",),
        ("own", "next"),
    ),
    # What was printed, kept in one transaction with the next number.
    _Table(
        "label_run",
        {"number": int, "block": str, "first": int, "last": int, "at": str},
        ("number",),
        ("block", "first", "last", "at"),
    ),
)
#: Tables that are nothing but their key, which sqlite-utils does not make.
_KEYS: Final = (
    # Which records refer to which, by their numbers: read by whom they refer to. Who is
    # referred to has a row, though nothing be known of it.
    (
        "CREATE TABLE link (target INTEGER NOT NULL, field TEXT NOT NULL,"
        " source INTEGER NOT NULL, PRIMARY KEY (target, field, source))"
        " STRICT, WITHOUT ROWID"
    ),
    # Ids that are used up: their deletion is long past.
    "CREATE TABLE purged (uid BLOB NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID",
)


def _text(number: str) -> str:
    """Return the SQL for what has a number."""
    return f"(SELECT text FROM numbered WHERE numbered.number = {number})"  # noqa: S608 - constants


def _kept(fields: str) -> str:
    """Return the SQL for fields that are kept: as an object, their names, their values."""
    names = _text(f"CAST(substr({fields}, 2) AS INTEGER)")
    return (
        f"fields_text({names}, {fields}) AS fields, {names} AS names, {fields} AS said"
    )


_WHOSE: Final = (
    f"uid, {ID_TEXT.format('uid')} AS id, project, kind,"
    f" {_text('project')} AS project_id, {_text('kind')} AS type"
)
#: The server's rows, what is shown, and the changes of this laptop, as they are read.
_VIEWS: Final = (
    (
        f"CREATE VIEW base AS SELECT {_WHOSE}, seq, {_text('timeline')} AS epoch,"  # noqa: S608 - constants
        f" {_kept('coalesce(base_fields, item.fields)')}, conflicts,"
        " base_deleted AS deleted, before, stale FROM item WHERE seq IS NOT NULL"
    ),
    (
        f"CREATE VIEW record AS SELECT number, {_WHOSE}, key, {_kept('item.fields')},"  # noqa: S608 - constants
        " deleted, state, skeleton, waits FROM item WHERE state IS NOT NULL"
    ),
    (
        f"CREATE VIEW change AS SELECT place, log, n, uid, CASE WHEN uid IS NULL THEN change_id(hash)"  # noqa: S608 - constants
        f" ELSE {ID_TEXT.format('uid')} END AS id, project, {_text('project')} AS project_id,"
        " (SELECT type FROM model WHERE model.number = change_row.model) AS type, record,"
        f" {ID_TEXT.format('record')} AS record_id, op, model, raw, hash, status, seq,"
        f" timeline, {_text('timeline')} AS epoch,"
        " CASE WHEN timeline IS NOT NULL THEN json_insert(coalesce(verdict, '{}'),"
        f" '$.q', seq, '$.epoch', {_text('timeline')}) END AS verdict,"
        " strftime('%Y-%m-%dT%H:%M:%f+00:00', created_ms / 1000.0, 'unixepoch')"
        " AS created_at, stood, former FROM change_row"
    ),
)
#: Words without accents and capitals.
_TOKENS: Final = "unicode61 remove_diacritics 2"
_INDEXES: Final = (
    "CREATE UNIQUE INDEX idx_numbered_text ON numbered (text)",
    "CREATE UNIQUE INDEX idx_model_type ON model (type)",
    "CREATE UNIQUE INDEX idx_item_uid ON item (uid)",
    "CREATE INDEX idx_item_waits ON item (waits) WHERE waits IS NOT NULL",
    "CREATE INDEX idx_base_project_kind ON item (project, kind) WHERE seq IS NOT NULL",
    "CREATE INDEX idx_base_contested ON item (kind, uid) WHERE conflicts IS NOT NULL",
    "CREATE INDEX idx_base_stale ON item (project) WHERE stale = 1",
    "CREATE UNIQUE INDEX idx_change_uid ON change_row (uid) WHERE uid IS NOT NULL",
    # The start of a hash is that of the id that follows from it.
    "CREATE INDEX idx_change_hash ON change_row (substr(hash, 1, 4))",
    "CREATE UNIQUE INDEX idx_change_log_n ON change_row (log, n)",
    "CREATE INDEX idx_change_record ON change_row (record)",
    "CREATE INDEX idx_change_status ON change_row (status) WHERE status <> 'accepted'",
    # What was done on a day.
    "CREATE INDEX idx_change_created ON change_row (created_ms)",
    "CREATE INDEX idx_change_stood ON change_row (log, n) WHERE stood IS NOT NULL",
    (
        "CREATE INDEX idx_record_kind_key_project ON item (kind, key, project)"
        " WHERE state IS NOT NULL"
    ),
    (
        "CREATE INDEX idx_record_skeleton ON item (kind, skeleton)"
        " WHERE skeleton IS NOT NULL"
    ),
    (
        "CREATE INDEX idx_record_attachments ON item (kind, key)"
        """ WHERE instr(fields, '"sha256":') > 0"""
    ),
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
        for made in (*_KEYS, *_VIEWS):
            db.execute(_if_missing(made))
        if db.table("searched").detect_fts() is None:
            db.table("searched").enable_fts(
                ["name", "words"], create_triggers=True, tokenize=_TOKENS
            )
        for index in _INDEXES:
            db.execute(_if_missing(index))
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _if_missing(statement: str) -> str:
    """Return a statement that makes something, harmless where it is made already."""
    for kind in (" TABLE ", " VIEW ", " INDEX "):
        statement = statement.replace(kind, f"{kind}IF NOT EXISTS ", 1)
    return statement
