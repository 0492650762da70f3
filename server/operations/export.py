"""Records of projects for other programs: from one snapshot, one record at a time."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from schemas.export.csv_files import Progress
from schemas.export.database import OneIdError
from schemas.export.manifest import Exported, Snapshot
from schemas.export.run import ExportKind, Origin, export
from schemas.export.shape import ExportRecord
from schemas.export.workbook import SheetFullError
from schemas.records import belongs_to
from schemas.tables.refusal import TableError
from server.access.anchors import Anchors
from server.access.veil import veil_of
from server.access.veiled import veiled
from server.data import plain_database
from server.errors import RefusedError
from server.files.disk import BlobFiles
from server.operations.export_cursor import cursor_of, heads_since
from server.store.custody_values import (
    ConflictQuery,
    CustodyQuery,
    InCustody,
    StoredConflict,
)
from server.store.kept_values import RecordPlace
from server.store.port import Transaction

#: Bytes of an attached file that are held at a time.
_PART_BYTES: Final = 1 << 20


class ExportWanted(NamedTuple):
    """What is asked for: as what, where, of which projects, since when, as who sees it.

    `veil` is a role, and `today` the day on which consents are to be in force; without a
    role all is written as it is.
    """

    kind: ExportKind
    target: Path
    project_ids: Sequence[str]
    since: str | None = None
    veil: str = ""
    today: str = ""


def export_projects(
    tx: Transaction, wanted: ExportWanted, blobs: BlobFiles, progress: Progress
) -> Exported:
    """Write the live records of projects, and what was derived from them.

    Raises
    ------
    RefusedError
        If the target is there already, the cursor tells nothing here, or files are asked for
        through a veil.
    """
    ids = wanted.project_ids
    heads = {name: one.head for name, one in tx.project_heads(ids).items()}
    snapshot = Snapshot(cursor_of(tx.epoch(), heads), wanted.since, wanted.veil)
    records = (
        _records(tx, ids)
        if wanted.since is None
        else _records_since(tx, heads, heads_since(tx, wanted.since, heads))
    )
    records = _seen(tx, records, wanted)
    origin = Origin(records, snapshot, lambda sha256: _content(blobs, sha256))
    try:
        return export(wanted.kind, wanted.target, origin, plain_database, progress)
    except TableError as error:
        raise RefusedError(error.refusal.reason, [], error.refusal.hint) from None
    except SheetFullError as error:
        raise RefusedError(
            f"{error} has more rows than a sheet of a workbook",
            [],
            "write csv or sqlite instead",
        ) from None
    except OneIdError as error:
        raise RefusedError(
            f"{error}: records of two projects have one id",
            [],
            "export the projects one by one, with --project",
        ) from None
    except FileExistsError as error:
        raise RefusedError(
            f"{error} is there already",
            [],
            "name another place; nothing is written over",
        ) from None


def _seen(
    tx: Transaction, records: Iterator[ExportRecord], wanted: ExportWanted
) -> Iterator[ExportRecord]:
    """Return records as the role that was named sees them."""
    if not wanted.veil:
        return records
    if wanted.kind is ExportKind.ATTACHMENTS:
        raise RefusedError(
            "attached files show places and faces",
            [],
            "leave --veil out, or export another kind",
        )
    veil = veil_of(tx, wanted.project_ids, wanted.veil, wanted.today)
    if veil is None:
        return records
    return veiled(records, veil, Anchors(tx, wanted.project_ids))


def _records(tx: Transaction, project_ids: Sequence[str]) -> Iterator[ExportRecord]:
    for project_id in project_ids:
        for record in tx.rows_after(project_id, 0):
            if not record.deleted:
                yield ExportRecord(project_id, record.type, record.id, record.fields)
        yield from _in_custody(tx, project_id)


def _records_since(
    tx: Transaction, heads: Mapping[str, int], since: Mapping[str, int]
) -> Iterator[ExportRecord]:
    """Read all records, and say which came after a number; and what was deleted."""
    for project_id, after in since.items():
        for record in tx.rows_after(project_id, 0):
            is_new = record.seq > after
            if not record.deleted:
                yield ExportRecord(
                    project_id, record.type, record.id, record.fields, is_new
                )
            elif is_new:
                yield _deleted(project_id, record.type, record.id, record.fields)
        for name in tx.purged_between(project_id, after, heads[project_id]):
            place = next(tx.kept(RecordPlace, project_id, name), None)
            yield _deleted(project_id, place and place.type, name, {})
        yield from _in_custody(tx, project_id)


def _deleted(
    project_id: str, kind: str | None, record_id: str, fields: Mapping[str, Any]
) -> ExportRecord:
    parent = belongs_to(kind, fields)
    said = {"type": kind, "parent_id": parent}
    return ExportRecord(project_id, "deleted", record_id, said)


def _in_custody(tx: Transaction, project_id: str) -> Iterator[ExportRecord]:
    """Read what waits, what was decided, what never moves: whole in every export."""
    for one in tx.reference_masses(project_id):
        said = {"plot_id": one.plot_id, "setting": one.setting, "mass": one.mass}
        name = f"{one.plot_id}/{one.setting}"
        yield ExportRecord(project_id, "reference_mass", name, said)
    for conflict in tx.conflicts(ConflictQuery(project_id=project_id, status=None)):
        yield ExportRecord(project_id, "conflict", conflict.id, _conflict(conflict))
    for waiting in tx.quarantine(CustodyQuery(project_id=project_id, statuses=None)):
        fields = _quarantined(waiting)
        yield ExportRecord(project_id, "quarantined", waiting.change_id, fields)


def _content(blobs: BlobFiles, sha256: str) -> Iterator[bytes] | None:
    """Read an attached file in parts; None where it is not whole here."""
    path = blobs.path(sha256)
    return _parts(path) if path.is_file() else None


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_PART_BYTES):
            yield part


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
