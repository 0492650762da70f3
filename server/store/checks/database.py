"""Every check of a database, in the order in which faults are to be told."""

from collections.abc import Iterator

from server.store import seals
from server.store.checks.attachments import check_attachments
from server.store.checks.counters import check_projects, check_timelines
from server.store.checks.custody import check_conflicts, check_quarantine
from server.store.checks.faults import guarded
from server.store.checks.logs import check_logs, check_receipts
from server.store.checks.records import check_records
from server.store.driver import Connection, scratch
from server.store.tables import misshapen
from server.store.values import Fault, Progress


def check_database(connection: Connection, progress: Progress) -> Iterator[Fault]:
    """Check everything; a database without a fault gives nothing."""
    beside = scratch()
    beside.execute("BEGIN")
    beside.execute(
        "CREATE TABLE applied (project_id TEXT, record_id TEXT, seq INTEGER)"
    )
    try:
        for check, faults in (
            ("SQLite", _sqlite(connection, progress)),
            ("logs", check_logs(connection, beside, progress)),
            ("receipts", check_receipts(connection)),
            ("records", check_records(connection, beside, progress)),
            ("conflicts", check_conflicts(connection)),
            ("quarantine", check_quarantine(connection)),
            ("attachments", check_attachments(connection)),
            ("projects", check_projects(connection)),
            ("timelines", check_timelines(connection)),
            ("tables", _tables(connection, progress)),
        ):
            yield from guarded(check, "database", faults)
    finally:
        beside.close()


def _sqlite(connection: Connection, progress: Progress) -> Iterator[Fault]:
    progress("pages of the database", 0, 1)
    for (said,) in connection.execute("PRAGMA integrity_check"):
        if said != "ok":
            yield Fault("SQLite", "database", said)
    progress("pages of the database", 1, 1)


def _tables(connection: Connection, progress: Progress) -> Iterator[Fault]:
    """Find what no other check knows: rows that were altered past the triggers."""
    for name in misshapen(connection):
        yield Fault("tables", name, "it is not as Permille makes it")
    progress("tables", 0, 1)
    for table, rows, sealed in seals.broken(connection):
        text = f"{rows} rows do not fit its seal of {sealed} rows: some were altered"
        yield Fault("tables", table, text)
    progress("tables", 1, 1)
