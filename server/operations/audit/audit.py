"""Every check of what is kept, in the order in which faults are to be told."""

from collections.abc import Iterator

from server.operations.audit.administrators import check_administrators
from server.operations.audit.attachments import check_attachments
from server.operations.audit.conflicts import check_conflicts
from server.operations.audit.database import check_pages, check_tables
from server.operations.audit.findings import Kept, guarded
from server.operations.audit.logs import check_logs
from server.operations.audit.projects import check_projects
from server.operations.audit.quarantine import check_quarantine
from server.operations.audit.receipts import check_receipts
from server.operations.audit.records import check_records
from server.operations.audit.timelines import check_timelines
from server.store.values import Fault, Progress


def find_faults(kept: Kept, progress: Progress) -> Iterator[Fault]:
    """Check everything that is kept; what holds gives nothing."""
    for check, faults in (
        ("pages", check_pages(kept, progress)),
        ("logs", check_logs(kept, progress)),
        ("receipts", check_receipts(kept)),
        ("records", check_records(kept, progress)),
        ("conflicts", check_conflicts(kept)),
        ("quarantine", check_quarantine(kept)),
        ("attachments", check_attachments(kept)),
        ("projects", check_projects(kept)),
        ("timelines", check_timelines(kept)),
        ("administrators", check_administrators(kept)),
        ("tables", check_tables(kept, progress)),
    ):
        yield from guarded(check, "database", faults)
