"""What each version of the tables brought, whatever the database."""

from typing import Any, Final

from server.errors import StorageError
from server.store.derivation import ask_for_plots
from server.store.shape import TABLES
from server.store.table_shape import TableShape
from server.store.tables import VERSION

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
#: The first version whose boards are kept when plots are derived.
_BOARDS: Final = 6
#: The versions that have tokens without a role.
_WITHOUT_ROLES: Final = range(2, 6)
#: What tokens of before are: whoever works with one goes on to see what they saw.
ROLE_OF_BEFORE: Final = "manager"


def tables_after(found: int) -> list[TableShape]:
    """Return the tables that a version lacks."""
    names = {name for last, some in _ADDED.items() if found <= last for name in some}
    return [table for table in TABLES if table.name in names]


def lacks_roles(found: int) -> bool:
    """Return whether a version has tokens that say no role."""
    return found in _WITHOUT_ROLES


def lacks_boards(found: int) -> bool:
    """Return whether a version keeps no boards, so that every plot is to be derived."""
    return found < _BOARDS


def ask_for_all(connection: Any) -> None:  # noqa: ANN401 - of either driver
    """Ask that every plot be derived, so that boards tell of it."""
    found = connection.execute("SELECT project_id FROM project").fetchall()
    for (project_id,) in found:
        ask_for_plots(connection, project_id)


def check_version(found: int, name: str) -> None:
    """Refuse tables that this program does not know.

    Raises
    ------
    StorageError
        If they are of a newer program, or were made before the first release.
    """
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
            "what serves or writes brings them up: permille-server run",
        )
    raise StorageError(
        f"{name} has no tables of a released Permille",
        "open it with the program that made it, or restore a backup",
    )
