"""Rows on their way to a laptop: a page of lines, each row with its open conflicts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from schemas import limits
from schemas.messages import encode
from server.merge.model import Record
from server.store.custody_values import ConflictQuery, StoredConflict
from server.store.port import Transaction
from server.store.values import LogSpan, SentRow


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of rows of one project after a cursor, in server order."""

    lines: list[bytes]
    cursor: int
    more: bool


def page_of(
    tx: Transaction, project_id: str, after: int, most: int, sent: LogSpan
) -> Page:
    """Return rows after a number, without those that the laptop computes itself.

    The verdicts on its push speak for these. Who begins anew has let go of all rows,
    so there only what that very push made is left out.
    """
    lines: list[bytes] = []
    weight, last = 0, after
    for row in _rows(tx, project_id, after, sent):
        line = row_line(tx, row)
        weight += len(line)
        if lines and (len(lines) == most or weight > limits.PAGE_BYTES):
            return Page(lines, last, more=True)
        lines.append(line)
        last = row.seq
    head = tx.project_heads([project_id]).get(project_id)
    return Page(lines, max(head.head if head else 0, after), more=False)


def has_rows_after(tx: Transaction, project_id: str, after: int) -> bool:
    """Return whether a project has rows after a number."""
    return next(tx.sent_after(project_id, after, None), None) is not None


def row_line(tx: Transaction, row: SentRow) -> bytes:
    """Return the line of a row; what is stored of its fields is sent as it is."""
    kind = b"gone" if row.deleted else b"row"
    place = (row.project_id.encode(), row.seq, row.type.encode(), row.id.encode())
    line = b'{"k":"%b","s":"%b","q":%d,"t":"%b","r":"%b"' % (kind, *place)
    if not row.deleted:
        line += b',"f":' + row.fields.encode()
    if row.open_conflicts:
        line += b"," + encode({"x": _conflicts(tx, row.read())})[1:-1]
    return line + b"}"


def _conflicts(tx: Transaction, record: Record) -> list[dict[str, Any]]:
    query = ConflictQuery(project_id=record.project_id, record_ids=[record.id])
    return [conflict_line(record, each) for each in tx.conflicts(query)]


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
) -> Iterable[SentRow]:
    if after:
        return tx.sent_after(project_id, after, sent)
    rows = tx.sent_after(project_id, after, None)
    return (row for row in rows if not _is_made_by(row, sent))


def _is_made_by(row: SentRow, sent: LogSpan) -> bool:
    """Return whether all that a row says follows from the verdicts on a push."""
    if not (row.computable_by_author and sent.includes(row.last_log, row.last_n)):
        return False
    return all(
        sent.includes(writer.log_id, writer.n)
        for writers in row.read().writers.values()
        for writer in writers
    )
