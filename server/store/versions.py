"""The version of the tables of a database, and the way from an older one to this one."""

import logging
from contextlib import suppress
from typing import Final

from sqlite_utils import Database

from server.errors import StorageError
from server.store import seals
from server.store.derivation import ask_for_plots
from server.store.driver import Connection, DatabaseError
from server.store.leaner import make_lean
from server.store.shape import TABLES
from server.store.tables import VERSION, make_table
from server.store.token_roles import add_roles

#: To stderr from any command, and to the log of a server: a large database takes minutes.
_LOG: Final = logging.getLogger("permille")

#: The tables that versions lacked, by the last one without them.
_ADDED: Final = {
    1: ("read_token", "read_token_project"),
    3: ("label_block",),
    4: (
        *("phone", "phone_submission", "phone_file", "audit_line"),
        *("renewal", "next_token"),
    ),
    5: (
        *("person", "person_role", "sign_in_link", "desk_session"),
        *("board_plot", "board_points", "device_state"),
        *("contact", "contact_key", "contact_plot", "consent"),
        *("webhook", "webhook_delivery"),
    ),
}
#: The first version whose records and changes have numbers for ids.
_LEAN: Final = 3
#: The first version whose boards are kept when plots are derived.
_BOARDS: Final = 6
#: The versions that have tokens without a role.
_WITHOUT_ROLES: Final = range(2, 6)


def bring_up(connection: Connection) -> None:
    """Bring tables of an older version to the present one; who does so meanwhile is first."""
    if not 0 < version_of(connection) < VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _bring_up(Database(connection), version_of(connection))
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    # What the older tables took goes back to the disk, where there is room to do so.
    with suppress(DatabaseError):
        connection.execute("VACUUM")


def _bring_up(db: Database, found: int) -> None:
    _LOG.warning("tables of version %d are brought up to version %d", found, VERSION)
    for last, names in _ADDED.items():
        for table in TABLES:
            if found <= last and table.name in names:
                make_table(db, table)
    if found < _LEAN:
        make_lean(db)
    if found in _WITHOUT_ROLES:
        add_roles(db)
    if found < _BOARDS:
        _ask_for_all(db.conn)


def _ask_for_all(connection: Connection) -> None:
    """Ask that every plot be derived, so that boards tell of it.

    A seal that was broken stays broken by as much.
    """
    off = {name: seals.off_by(connection, name) for name in ("job", "project")}
    for (project_id,) in connection.execute(
        "SELECT project_id FROM project"
    ).fetchall():
        ask_for_plots(connection, project_id)
    for name, by in off.items():
        seals.seal(connection, name, by)


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
    if found > 0:
        raise StorageError(
            f"{name} has tables of an earlier Permille (version {found}; this program"
            f" works with {VERSION})",
            "what serves or writes brings them up: permille-server run, or backup",
        )
    raise StorageError(
        f"{name} has no tables of a released Permille",
        "open it with the program that made it, or restore a backup",
    )
