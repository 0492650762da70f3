"""Records of projects for other programs: from one snapshot, one record at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from schemas.export.csv_files import Progress
from schemas.export.database import ExportRecord
from schemas.export.run import Exported, ExportKind, export
from schemas.export.workbook import SheetFullError
from server.data import plain_database
from server.errors import RefusedError
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
