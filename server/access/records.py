"""One finder for records, and for who wrote a change."""

from collections.abc import Iterable

from schemas.changes import person_of
from server.merge.model import Record
from server.store.custody_values import Author
from server.store.merge_values import Wanted
from server.store.port import Transaction
from server.store.values import LineQuery


def find_record(tx: Transaction, project_id: str, record_id: str) -> Record | None:
    """Return a record as it stands, deleted or not."""
    found = tx.lookup(project_id, Wanted(record_ids=[record_id])).records
    return found[0] if found else None


def authors(
    tx: Transaction, project_id: str, change_ids: Iterable[str]
) -> dict[str, Author]:
    """Return who wrote changes: person, laptop, when."""
    query = LineQuery(project_id=project_id, change_ids=set(change_ids))
    return {
        line.verdict.change_id: Author(
            person_of(line.raw), line.device, line.received_at
        )
        for line in tx.lines(query)
    }


def last_authors(
    tx: Transaction, project_id: str, record_ids: Iterable[str]
) -> dict[str, Author]:
    """Return who wrote each of these records last."""
    wanted = Wanted(record_ids=set(record_ids))
    records = tx.lookup(project_id, wanted).records
    wrote = {record.id: record.last_writer.change_id for record in records}
    by = authors(tx, project_id, wrote.values())
    return {name: by[change_id] for name, change_id in wrote.items() if change_id in by}
