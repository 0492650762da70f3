"""What is counted beside the rows: heads, digests, timelines, keys."""

from collections.abc import Iterator
from typing import Final

from schemas.digest import Digest, digest_of
from schemas.signing import public_key
from server.store.driver import Connection
from server.store.feed import digest_items
from server.store.values import Fault

_CHECK: Final = "projects"
_HEAD: Final = """
    SELECT max(seq) FROM (
        SELECT max(seq) AS seq FROM record WHERE project_id = ?1
        UNION ALL SELECT max(seq) FROM change WHERE project_id = ?1
        UNION ALL SELECT max(seq) FROM derived_version WHERE project_id = ?1)
"""
_UNKNOWN: Final = {
    "devices": "SELECT device_id FROM log"
    " WHERE device_id NOT IN (SELECT device_id FROM device)",
    "parents": "SELECT l.log_id FROM log l WHERE l.parent_log IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM log p WHERE p.log_id = l.parent_log"
    " AND p.n >= l.parent_n)",
    "late verdicts": "SELECT late.change_id FROM late WHERE NOT EXISTS"
    " (SELECT 1 FROM change c WHERE c.project_id = late.project_id"
    " AND c.change_id = late.change_id)",
    "timelines": "SELECT epoch_id FROM epoch_start"
    " WHERE epoch_id NOT IN (SELECT id FROM epoch)",
}


def check_projects(connection: Connection) -> Iterator[Fault]:
    """Check the head, digest and oldest deletion of every project."""
    rows = connection.execute(
        "SELECT project_id, head, gc_floor, digest_count, digest_sum FROM project"
    )
    for project_id, head, floor, count, total in rows.fetchall():
        where = f"project {project_id}"
        found = connection.execute(_HEAD, (project_id,)).fetchone()[0] or 0
        if head != found:
            yield Fault(
                _CHECK, where, f"its head is {head}; its latest row has {found}"
            )
        if floor > head:
            yield Fault(
                _CHECK, where, f"it was purged up to {floor}, its head is {head}"
            )
        digest = digest_of(digest_items(connection, project_id))
        if Digest(count, int(total, 16)) != digest:
            yield Fault(
                _CHECK,
                where,
                f"its digest is {count} items {total};"
                f" its rows give {digest.items} items {digest.total:x}",
            )


def check_timelines(connection: Connection) -> Iterator[Fault]:
    """Check epochs, logs' devices and parents, and the server's own key."""
    rows = connection.execute("SELECT number FROM epoch ORDER BY number")
    numbers = [number for (number,) in rows]
    if numbers != list(range(1, len(numbers) + 1)):
        yield Fault("timelines", "epochs", f"their numbers are {numbers}")
    for what, sql in _UNKNOWN.items():
        for (name,) in connection.execute(sql):
            yield Fault("timelines", what, f"{name} is not here")
    meta = dict(connection.execute("SELECT key, value FROM meta"))
    own = connection.execute(
        "SELECT public_key FROM device WHERE device_id = ?", (meta["own_device"],)
    ).fetchone()
    if own is None or own[0] != public_key(bytes.fromhex(meta["signing_key"])):
        yield Fault("timelines", "server", "its key is not the one it shows")
