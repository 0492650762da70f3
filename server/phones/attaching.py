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
from server.store.phone_values import PhoneFile, Submission
from server.store.port import Transaction

#: What a file is called whose bytes tell no type that may be attached.
_UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Attaching:
    """The records of a form, the files of it that are here, and those that came now."""

    records: Sequence[AnsweredRecord]
    here: Sequence[PhoneFile]
    new: Sequence[PhoneFile]


def missing_files(submission: Submission, files: Iterable[PhoneFile]) -> list[str]:
    """Return the files that a form names and that have not come."""
    here = {file.name for file in files}
    return [name for name in submission.wanted if name not in here]


def attached(
    tx: Transaction, project_id: str, of: Attaching
) -> Iterator[PlannedChange]:
    """Return the changes that add files to records, one for each record."""
    for one in of.records:
        new = _named(of.new, one)
        present = find_record(tx, project_id, one.id) if new else None
        if present is not None and present.type == one.type and not present.deleted:
            there = present.fields.get("attachments") or ()
            yield from _added(one, there, new, present.seq)
        elif new:
            # A record that is not here as yet waits with all its files.
            every = _added(one, (), [*_named(of.here, one), *new], None)
            yield from (change.because(_why_none(one)) for change in every)


def _named(files: Iterable[PhoneFile], one: AnsweredRecord) -> list[PhoneFile]:
    return [file for file in files if file.name in one.photos]


def _why_none(one: AnsweredRecord) -> Problem | None:
    """Return why photos wait whose form brings no record of its own: of a plot, a point."""
    if one.fields:
        return None
    return Problem("no_such_record", f"{one.type}_id", one.id)


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
