"""The locks of a PostgreSQL database: who is alone, what is held, who leads."""

import time
from typing import Final

from server.store.port import Holds
from server.store.postgres.connection import PostgresConnection
from server.store.rows import json_list

#: The name of the lock that all share who hold something, and that who is alone has.
_ALL: Final = 4_001_000
_LOCK_ALL: Final = f"SELECT pg_advisory_xact_lock({_ALL})"
_SHARE_ALL: Final = f"SELECT pg_advisory_xact_lock_shared({_ALL})"
#: Logs and files by a hash of their names: what nobody knows yet has no row to lock.
_LOCK_NAME: Final = "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))"
_LOCK_PROJECTS: Final = """
    SELECT 1 FROM project WHERE project_id IN (SELECT value FROM json_each(?))
    ORDER BY project_id FOR UPDATE
"""
#: The lock of the process that leads.
_LEAD: Final = 4_001_002
_TAKE_LEAD: Final = f"SELECT pg_try_advisory_lock({_LEAD})"
#: How long a server that was just stopped may still seem to serve.
_LET_GO_S: Final = 2.0
_HAS_LEAD: Final = f"""
    SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = {_LEAD}
        AND pid = pg_backend_pid() AND granted AND database = (
            SELECT oid FROM pg_database WHERE datname = current_database()))
"""  # noqa: S608 - a constant


def take(connection: PostgresConnection, holds: Holds | None) -> None:
    """Lock what a job holds, in the same order as every other job."""
    if holds is None:
        be_alone(connection)
        return
    connection.execute(_SHARE_ALL)
    for log_id in sorted(holds.log_ids):
        take_name(connection, log_id)
    if holds.project_ids:
        wanted = json_list(sorted(holds.project_ids))
        connection.execute(_LOCK_PROJECTS, (wanted,))


def be_alone(connection: PostgresConnection) -> None:
    """Wait until nobody else writes; nobody does until the transaction ends."""
    connection.execute(_LOCK_ALL)


def take_name(connection: PostgresConnection, name: str) -> None:
    """Wait for a log or a file by its name, and hold it until the transaction ends."""
    connection.execute(_LOCK_NAME, (name,))


def leads(connection: PostgresConnection) -> bool:
    """Return whether this connection leads, and from now on where nobody did."""
    (has_it,) = connection.execute(_HAS_LEAD).fetchone()
    return bool(has_it) or _takes_lead(connection)


def is_served(connection: PostgresConnection) -> bool:
    """Return whether a process serves the database; where none does, none will meanwhile.

    PostgreSQL lets go of the lead a moment after the process that had it ended.
    """
    until_s = time.monotonic() + _LET_GO_S
    while not (is_free := _takes_lead(connection)):
        if time.monotonic() > until_s:
            break
        time.sleep(0.05)
    return not is_free


def _takes_lead(connection: PostgresConnection) -> bool:
    (has_it,) = connection.execute(_TAKE_LEAD).fetchone()
    return bool(has_it)
