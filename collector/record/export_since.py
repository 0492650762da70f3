"""What changed on a laptop since an export of it: found by comparing the two.

No number orders what a laptop shows: rows of the server with its own changes over them, which
may be discarded, repaired or put back. So the earlier export itself is what later ones are
measured by, and the answer is right whatever happened in between.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from collector.errors import RefusedError
from collector.store.plain import plain_to_read
from schemas.export.manifest import place_of_manifest
from schemas.export.reading import ReadRecord, read_records
from schemas.export.shape import ExportRecord
from schemas.export_files import opened_export
from schemas.records import DERIVED, TYPES, belongs_to
from schemas.tables.refusal import TableError


class Before(NamedTuple):
    """One record of the earlier export: what it said, as a digest."""

    project_id: str
    record_type: str
    parent_id: str | None
    digest: bytes | None


class EarlierExport(NamedTuple):
    """Records by their ids, and the moment that they are of."""

    records: dict[str, Before]
    moment: str


def read_earlier(place: Path) -> EarlierExport:
    """Read an export of everything; of each record its digest is held.

    Raises
    ------
    RefusedError
        If it is none, or holds changes alone.
    """
    moment = _moment_of(place)
    try:
        with opened_export(place, plain_to_read) as read:
            found = read_records(read.tables, are_texts=read.are_texts)
            return EarlierExport({one.record_id: _before(one) for one in found}, moment)
    except TableError as error:
        raise RefusedError(error.refusal.reason, error.refusal.hint) from None


def changed_since(
    records: Iterable[ExportRecord], earlier: EarlierExport, project_id: str | None
) -> Iterator[ExportRecord]:
    """Say of each record whether it says something else now; and what is gone.

    Figures are told whole each time: the server may have derived them anew.
    """
    gone = {
        name: one
        for name, one in earlier.records.items()
        if project_id in {None, one.project_id}
    }
    for record in records:
        before = gone.pop(record.record_id, None)
        is_same = (
            before is not None
            and record.record_type not in DERIVED
            and before.digest == _digest(record.record_type, record.fields)
        )
        yield record._replace(changed=not is_same)
    for name, one in gone.items():
        said = {"type": one.record_type, "parent_id": one.parent_id}
        yield ExportRecord(one.project_id, "deleted", name, said)


def _moment_of(place: Path) -> str:
    """Return the moment of an export by its manifest; its name where it has none."""
    manifest = place_of_manifest(place, is_folder=place.is_dir())
    if not manifest.is_file():
        return place.name
    try:
        said: Any = json.loads(manifest.read_text("utf-8"))
        moment, since = said["snapshot"], said["since"]
    except (OSError, ValueError, KeyError, TypeError):
        raise RefusedError(
            f"{manifest} is no manifest of an export", "name the export before"
        ) from None
    if since is not None:
        raise RefusedError(
            f"{place} holds changes alone", "name the last export of everything"
        )
    return str(moment)


def _before(one: ReadRecord) -> Before:
    parent = belongs_to(one.record_type, one.fields)
    digest = None if one.faults else _digest(one.record_type, one.fields)
    return Before(one.project_id, one.record_type, parent, digest)


def _digest(record_type: str, fields: Mapping[str, Any]) -> bytes:
    """Return the start of the SHA-256 of what the fields of a record say."""
    known = TYPES[record_type].fields
    said = {name: fields[name] for name in known if fields.get(name) is not None}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()[:16]
