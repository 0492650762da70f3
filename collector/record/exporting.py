"""Records of the laptop for other programs: as tables, places, or a plain database."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from collector.errors import RefusedError, StoreError
from collector.laptop.laptop import Laptop
from schemas.export.csv_files import Progress
from schemas.export.database import OneIdError
from schemas.export.manifest import Exported, Snapshot
from schemas.export.run import ExportKind, Origin, export
from schemas.export.shape import ExportRecord
from schemas.export.workbook import SheetFullError
from schemas.records import DERIVED, TYPES
from schemas.tables.refusal import TableError

#: Bytes of an attached file that are held at a time.
_PART_BYTES: Final = 1 << 20


def export_records(
    laptop: Laptop,
    kind: ExportKind,
    target: Path,
    project_id: str | None,
    since: Path | None,
    progress: Progress,
) -> Exported:
    """Write what the laptop shows, with the stocks that came back.

    `since` is an export of everything: only what says something else now is written.

    Raises
    ------
    RefusedError
        If the target is there already.
    """
    # sqlite-utils costs 0.27 s: only where it is used.
    from collector.record.export_since import changed_since, read_earlier  # noqa: PLC0415
    from collector.store.plain import plain_database  # noqa: PLC0415

    records, snapshot = _records(laptop, project_id), Snapshot(laptop.clock.stamp())
    if since is not None:
        earlier = read_earlier(since)
        records = changed_since(records, earlier, project_id)
        snapshot = snapshot._replace(since=earlier.moment)
    origin = Origin(records, snapshot, lambda name: _content(laptop, name))
    try:
        return export(kind, target, origin, plain_database, progress)
    except TableError as error:
        raise RefusedError(error.refusal.reason, error.refusal.hint) from None
    except SheetFullError as error:
        raise RefusedError(
            f"{error} has more rows than a sheet of a workbook",
            "write csv or sqlite instead",
            code="too_large",
        ) from None
    except OneIdError as error:
        raise RefusedError(
            f"{error}: records of two projects have one id",
            "export the projects one by one, with --project",
            code="ambiguous",
        ) from None
    except FileExistsError as error:
        raise RefusedError(
            f"{error} is there already",
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


def _content(laptop: Laptop, sha256: str) -> Iterator[bytes] | None:
    """Read an attached file in parts; None where it is not here."""
    size = laptop.vault.size(sha256)
    return None if size is None else _parts(laptop, sha256, size)


def _parts(laptop: Laptop, sha256: str, size: int) -> Iterator[bytes]:
    """Read the parts of a file; what cannot be opened ends it, and is told as damaged."""
    with suppress(StoreError):
        for offset in range(0, size, _PART_BYTES):
            yield laptop.vault.read(sha256, offset, _PART_BYTES)
