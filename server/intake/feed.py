"""Rows on their way to a laptop: a page of them, each with its open conflicts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from schemas import limits
from server.merge.model import Record, weight_of
from server.store.custody_values import ConflictQuery, StoredConflict
from server.store.port import Transaction
from server.store.values import LogSpan


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One record on its way to a laptop, with its open conflicts."""

    record: Record
    conflicts: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one project after a cursor, in server order."""

    rows: list[FeedRow]
    cursor: int
    more: bool


def page_of(
    tx: Transaction, project_id: str, after: int, most: int, sent: LogSpan
) -> Page:
    """Return rows after a number, without those that the laptop computes itself.

    The verdicts on its push speak for these. Who begins anew has let go of all rows,
    so there only what that very push made is left out.
    """
    kept, more = _fitting(tx, _rows(tx, project_id, after, sent), most)
    head = tx.project_heads([project_id]).get(project_id)
    cursor = kept[-1].record.seq if more else max(head.head if head else 0, after)
    return Page(kept, cursor, more)


def has_rows_after(tx: Transaction, project_id: str, after: int) -> bool:
    """Return whether a project has rows after a number."""
    return next(tx.rows_after(project_id, after, None), None) is not None


def with_conflicts(
    tx: Transaction, project_id: str, records: Iterable[Record]
) -> list[FeedRow]:
    """Return records with their open conflicts, as laptops see them."""
    records = list(records)
    contested = [record.id for record in records if record.open_conflicts]
    found: dict[str, list[StoredConflict]] = defaultdict(list)
    if contested:
        query = ConflictQuery(project_id=project_id, record_ids=contested)
        for conflict in tx.conflicts(query):
            found[conflict.record_id].append(conflict)
    return [
        FeedRow(record, [conflict_line(record, each) for each in found[record.id]])
        for record in records
    ]


def conflict_line(record: Record, conflict: StoredConflict) -> dict[str, Any]:
    """Return an open conflict of a record as laptops see it."""
    return {
        "id": conflict.id,
        "group": conflict.group,
        "base": conflict.base,
        "theirs": conflict.theirs,
        "ours": conflict.ours,
        "change": conflict.change_id,
        "device": conflict.device,
        "person": conflict.person,
        "at": conflict.at,
        "stands": record.stands(conflict.group),
    }


def _rows(
    tx: Transaction, project_id: str, after: int, sent: LogSpan
) -> Iterator[Record]:
    if after:
        return tx.rows_after(project_id, after, sent)
    rows = tx.rows_after(project_id, after, None)
    return (record for record in rows if not _is_made_by(record, sent))


def _is_made_by(record: Record, sent: LogSpan) -> bool:
    """Return whether all that a record says follows from the verdicts on a push."""
    return record.computable_by_author and all(
        sent.includes(writer.log_id, writer.n)
        for writers in record.writers.values()
        for writer in writers
    )


def _fitting(
    tx: Transaction, records: Iterable[Record], most: int
) -> tuple[list[FeedRow], bool]:
    """Take rows with their conflicts while they fit, one at least; return whether more follow.

    What lies beyond the page is not read.
    """
    page: list[FeedRow] = []
    weight = 0
    for record in records:
        (row,) = with_conflicts(tx, record.project_id, [record])
        weight += weight_of(record.fields, *row.conflicts)
        if page and (len(page) == most or weight > limits.PAGE_BYTES):
            return page, True
        page.append(row)
    return page, False
