"""Records of projects for other programs: from one snapshot, one record at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from schemas.export.csv_files import Progress
from schemas.export.database import ExportRecord
from schemas.export.run import Exported, ExportKind, export
from schemas.export.workbook import SheetFullError
from schemas.tables.refusal import TableError
from server.data import plain_database
from server.errors import RefusedError
from server.store.custody_values import (
    ConflictQuery,
    CustodyQuery,
    InCustody,
    StoredConflict,
)
from server.store.port import Transaction


def export_projects(
    tx: Transaction,
    kind: ExportKind,
    target: Path,
    project_ids: Sequence[str],
    progress: Progress,
) -> Exported:
    """Write the live records of projects, and what was derived from them.

    Raises
    ------
    RefusedError
        If the target is there already.
    """
    heads = tx.project_heads(project_ids)
    snapshot = ", ".join(f"{name}@{heads[name].head}" for name in sorted(heads))
    try:
        return export(
            kind, target, _records(tx, project_ids), snapshot, plain_database, progress
        )
    except TableError as error:
        raise RefusedError(error.refusal.reason, [], error.refusal.hint) from None
    except SheetFullError as error:
        raise RefusedError(
            f"{error} has more rows than a sheet of a workbook",
            [],
            "write csv or sqlite instead",
        ) from None
    except FileExistsError:
        raise RefusedError(
            f"{target} is there already",
            [],
            "name another place; nothing is written over",
        ) from None


def _records(tx: Transaction, project_ids: Sequence[str]) -> Iterator[ExportRecord]:
    for project_id in project_ids:
        for record in tx.rows_after(project_id, 0, None):
            if not record.deleted:
                yield ExportRecord(project_id, record.type, record.id, record.fields)
        for conflict in tx.conflicts(ConflictQuery(project_id=project_id, status=None)):
            yield ExportRecord(project_id, "conflict", conflict.id, _conflict(conflict))
        for waiting in tx.quarantine(
            CustodyQuery(project_id=project_id, statuses=None)
        ):
            fields = _quarantined(waiting)
            yield ExportRecord(project_id, "quarantined", waiting.change_id, fields)


def _conflict(found: StoredConflict) -> dict[str, Any]:
    return {
        "type": found.type,
        "record_id": found.record_id,
        "field_group": found.group,
        "status": str(found.status),
        "first_value": found.theirs,
        "other_value": found.ours,
        "person": found.person,
        "device": found.device,
        "at": found.at,
        "settled_by": found.settled_by,
        "settled_at": found.settled_at,
        "reason": found.reason,
        "chosen": found.chosen or None,
    }


def _quarantined(found: InCustody) -> dict[str, Any]:
    return {
        "type": found.type,
        "record_id": found.record_id,
        "status": str(found.status),
        "codes": list(dict.fromkeys(problem.code for problem in found.why)),
        "problems": [problem.as_data() for problem in found.why],
        "fields": found.fields,
        "person": found.person,
        "device": found.device,
        "at": found.at,
        "reason": found.reason,
    }
