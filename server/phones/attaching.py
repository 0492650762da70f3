"""Files that have come, added to the records that name them.

A change of files says all files that its record has then: those that were there, which
its author sees, and those that came. A record that is not here waits, and so do its files.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas import limits
from schemas.problems import Problem
from server.access.records import find_record
from server.phones.answers import AnsweredRecord, PlannedChange
from server.store.phone_values import PhoneFile
from server.store.port import Transaction

#: What a file is called whose bytes tell no type that may be attached.
_UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Attaching:
    """The records of a form, the files of it that are here, and those that came now."""

    records: Sequence[AnsweredRecord]
    here: Sequence[PhoneFile]
    new: Sequence[PhoneFile]


def attached(
    tx: Transaction, project_id: str, of: Attaching
) -> Iterator[PlannedChange]:
    """Return the changes that add files to records, one for each record."""
    for one in of.records:
        wanted = set(one.photos)
        new = [file for file in of.new if file.name in wanted]
        if not new:
            continue
        present = find_record(tx, project_id, one.id)
        if present is not None and present.type == one.type and not present.deleted:
            there = present.fields.get("attachments") or ()
            yield from _added(one, there, new, present.seq)
            continue
        here = [file for file in of.here if file.name in wanted]
        if one.fields:
            yield from _added(one, (), [*here, *new], None)
            continue
        # Photos of a plot or a point bring no record of their own.
        problem = Problem("no_such_record", f"{one.type}_id", one.id)
        for change in _added(one, (), [*here, *new], None):
            yield change.because(problem)


def _added(
    one: AnsweredRecord,
    there: Iterable[Mapping[str, Any]],
    files: Sequence[PhoneFile],
    seen: int | None,
) -> Iterator[PlannedChange]:
    """Return the change of what may be attached, and one for each file that may not."""
    good = [file for file in files if file.mime and file.size > 0]
    both = {file["sha256"]: dict(file) for file in there}
    for file in good:
        both.setdefault(file.sha256, _told(file))
    if good:
        yield _change(one, list(both.values()), seen)
    for file in files:
        if file not in good:
            yield _change(one, [_told(file)], None)


def _change(
    one: AnsweredRecord, files: Sequence[Mapping[str, Any]], seen: int | None
) -> PlannedChange:
    fields = {"attachments": sorted(files, key=lambda file: str(file["sha256"]))}
    record = AnsweredRecord(one.type, one.id, fields, problem=one.problem)
    return PlannedChange(record, seen)


def _told(file: PhoneFile) -> dict[str, Any]:
    return {
        "sha256": file.sha256,
        "size": file.size,
        "mime": file.mime or _UNKNOWN,
        "name": file.name[: limits.NAME_CHARS],
    }
