"""Between table rows and what the merge works on."""

import json
from collections.abc import Iterable
from typing import Any, Final

from schemas.messages import Outcome
from schemas.problems import from_data
from schemas.records import TYPES, key_text
from server.merge.model import Record, Verdict, Writer

RECORD_COLUMNS: Final = "project_id, id, type, seq, fields, writers, deleted, computable_by_author, open_conflicts"
VERDICT_COLUMNS: Final = "change_id, project_id, outcome, seq, why, conflicts, n"

# Made once: making an encoder costs as much as a record.
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump(value: object) -> str:
    """Write a value as compact JSON text."""
    return _encode(value)


def record_of(row: tuple[Any, ...]) -> Record:
    """Read a record from its columns (RECORD_COLUMNS)."""
    project_id, name, kind, seq, fields, writers, deleted, computable, conflicts = row
    return Record(
        project_id=project_id,
        type=kind,
        id=name,
        seq=seq,
        fields=json.loads(fields),
        writers={
            group: tuple(Writer(*writer) for writer in found)
            for group, found in json.loads(writers).items()
        },
        deleted=bool(deleted),
        computable_by_author=bool(computable),
        open_conflicts=conflicts,
    )


def record_row(record: Record) -> tuple[Any, ...]:
    """Return the columns of a record that somebody wrote, with what is indexed."""
    parent = record.fields.get(TYPES[record.type].parent)
    key = None if record.deleted else key_text(record.type, record.fields)
    last = record.last_writer
    return (
        record.project_id,
        record.id,
        record.type,
        record.seq,
        dump(record.fields),
        dump(record.writers),
        parent,
        key,
        int(record.deleted),
        int(record.computable_by_author),
        record.open_conflicts,
        last.log_id,
        last.n,
    )


def verdict_of(
    row: tuple[Any, ...], *, repeated: bool, late: int | None = None
) -> Verdict:
    """Read a stored verdict from its columns (VERDICT_COLUMNS)."""
    change, project_id, outcome, seq, why, conflicts, n = row
    return Verdict(
        change_id=change,
        project_id=project_id,
        outcome=Outcome(outcome),
        seq=seq,
        why=[from_data(problem) for problem in json.loads(why or "[]")],
        conflicts=json.loads(conflicts or "[]"),
        repeated=repeated,
        n=n,
        late=late,
    )


def verdict_row(verdict: Verdict) -> tuple[Any, ...]:
    """Return the columns of a verdict after its change id and project."""
    why = dump([problem.as_data() for problem in verdict.why]) if verdict.why else None
    conflicts = dump(verdict.conflicts) if verdict.conflicts else None
    return (verdict.outcome.value, verdict.seq, why, conflicts)


def json_list(values: Iterable[object]) -> str:
    """Return values as the JSON array that json_each() takes."""
    return dump(list(values))
