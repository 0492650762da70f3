"""Between table rows and what the merge works on."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from schemas.groups import groups_of
from schemas.messages import Outcome
from schemas.problems import from_data
from schemas.records import TYPES, key_text
from server.merge.model import Record, Verdict, Writer

RECORD_COLUMNS: Final = (
    "project_id, id, type, seq, fields, writers, deleted, computable_by_author,"
    " open_conflicts, last_log, last_n"
)
VERDICT_COLUMNS: Final = "change_id, project_id, outcome, seq, why, conflicts, n"

#: What derivation reads of records `r`: all of them as one text, a JSON array each.
AS_LINES: Final = (
    """group_concat('["' || r.id || '","' || r.type || '",' || r.seq || ','"""
    """ || r.fields || ',' || r.open_conflicts || ']')"""
)

# For what orjson cannot write; made once: making an encoder costs as much as a record.
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump(value: object) -> str:
    """Write a value as compact JSON text."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a number beyond 64 bits
        return _encode(value)


def record_of(row: tuple[Any, ...]) -> Record:
    """Read a record from its columns (RECORD_COLUMNS)."""
    (
        project_id,
        name,
        kind,
        seq,
        text,
        writers,
        deleted,
        computable,
        conflicts,
        *last,
    ) = row
    fields = orjson.loads(text)
    return Record(
        project_id=project_id,
        type=kind,
        id=name,
        seq=seq,
        fields=fields,
        writers=_writers_of(orjson.loads(writers), kind, fields, (seq, *last)),
        deleted=bool(deleted),
        computable_by_author=bool(computable),
        open_conflicts=conflicts,
    )


def _writers_of(
    said: Any,  # noqa: ANN401 - JSON
    record_type: str,
    fields: Mapping[str, Any],
    last: Sequence[Any],
) -> dict[str, tuple[Writer, ...]]:
    if isinstance(said, dict):
        return {
            group: tuple(Writer(*writer) for writer in found)
            for group, found in said.items()
        }
    before, hlc, change_id, *groups = said
    seq, log_id, n = last
    one = (Writer(before or seq, log_id, n, hlc, change_id),)
    return dict.fromkeys(groups or groups_of(record_type, *fields), one)


def _writers_text(record: Record) -> str:
    """Write who wrote a record: once, where the last writer wrote all that it says.

    Their number is left out where it is that of the row, their log and place always.
    """
    only = record.only_writer
    if only is None:
        lists = {g: [list(w) for w in found] for g, found in record.writers.items()}
        return dump(lists)
    groups = tuple(record.writers)
    is_usual = groups == groups_of(record.type, *record.fields)
    before = 0 if only.seq == record.seq else only.seq
    return dump([before, only.hlc, only.change_id, *(() if is_usual else groups)])


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
        _writers_text(record),
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
        why=[from_data(problem) for problem in json.loads(why)] if why else (),
        conflicts=json.loads(conflicts) if conflicts else (),
        repeated=repeated,
        n=n,
        late=late,
    )


def verdict_row(verdict: Verdict) -> tuple[Any, ...]:
    """Return the columns of a verdict in `change_row`; no outcome is the usual one."""
    why = dump([problem.as_data() for problem in verdict.why]) if verdict.why else None
    conflicts = dump(verdict.conflicts) if verdict.conflicts else None
    outcome = None if verdict.outcome == Outcome.ACCEPTED else verdict.outcome.value
    return (outcome, verdict.seq, why, conflicts)


def json_list(values: Iterable[object]) -> str:
    """Return values as the JSON array that json_each() takes."""
    return dump(list(values))
