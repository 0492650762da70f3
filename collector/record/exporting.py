"""Records of the laptop for other programs: as tables, places, or a plain database."""

from collections.abc import Iterator
from pathlib import Path

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from schemas.export.csv_files import Progress
from schemas.export.database import ExportRecord
from schemas.export.run import Exported, ExportKind, export
from schemas.export.workbook import SheetFullError
from schemas.records import DERIVED, TYPES
from schemas.tables.refusal import TableError


def export_records(
    laptop: Laptop,
    kind: ExportKind,
    target: Path,
    project_id: str | None,
    progress: Progress,
) -> Exported:
    """Write what the laptop shows, with the stocks that came back.

    Raises
    ------
    RefusedError
        If the target is there already.
    """
    # sqlite-utils costs 0.27 s: only where it is used.
    from collector.store.plain import plain_database  # noqa: PLC0415

    records, snapshot = _records(laptop, project_id), laptop.clock.stamp()
    try:
        return export(kind, target, records, snapshot, plain_database, progress)
    except TableError as error:
        raise RefusedError(error.refusal.reason, error.refusal.hint) from None
    except SheetFullError as error:
        raise RefusedError(
            f"{error} has more rows than a sheet of a workbook",
            "write csv or sqlite instead",
            code="too_large",
        ) from None
    except FileExistsError:
        raise RefusedError(
            f"{target} is there already",
            "name another place; nothing is written over",
            code="already_here",
        ) from None


def _records(laptop: Laptop, project_id: str | None) -> Iterator[ExportRecord]:
    for record_type in TYPES:
        for view in laptop.store.records(record_type, project_id):
            yield ExportRecord(view.project_id, view.type, view.id, view.fields)
    for record_type in DERIVED:
        for base in laptop.store.bases(record_type, project_id):
            yield ExportRecord(base.project_id, base.type, base.id, base.fields)
