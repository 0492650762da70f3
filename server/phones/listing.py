"""What phones sent, as an administrator reads it: what became of it, what is missing."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.changes import read_draft
from schemas.messages import Outcome
from schemas.problems import Problem
from schemas.records import label
from server.errors import NotFoundError
from server.phones.attaching import missing_files
from server.store.phone_values import Phone, PhoneFile, Submission
from server.store.port import Transaction
from server.store.values import LineQuery, StoredLine

_STANDS = frozenset({Outcome.ACCEPTED, Outcome.MERGED})


def listed(
    tx: Transaction, project_id: str | None, *, only_incomplete: bool = False
) -> list[dict[str, Any]]:
    """Return what phones sent, oldest first, with what became of its changes."""
    found = tx.submissions(project_id)
    files: dict[Any, list[PhoneFile]] = defaultdict(list)
    for file in tx.phone_files(project_id):
        files[file.place].append(file)
    if only_incomplete:
        found = [one for one in found if missing_files(one, files[one.place])]
    phones = {phone.id: phone for phone in tx.phones()}
    lines = _lines(tx, found)
    return [
        _told(one, phones[one.place.phone_id], files[one.place], lines) for one in found
    ]


def shown(
    tx: Transaction, instance_id: str, project_id: str | None
) -> list[tuple[Submission, dict[str, Any]]]:
    """Return all forms of one instance, each with its changes and files.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    found = tx.submissions(project_id, None, instance_id)
    if not found:
        raise NotFoundError(
            f"there is no form {instance_id}", "see: permille-server phone submissions"
        )
    phones = {phone.id: phone for phone in tx.phones()}
    lines = _lines(tx, found)
    files = tx.phone_files(project_id, None, instance_id)
    told = []
    for one in found:
        own = [file for file in files if file.place == one.place]
        data = _told(one, phones[one.place.phone_id], own, lines)
        data["records"] = [
            _line_told(lines[one.place.phone_id, n]) for n in one.numbers
        ]
        data["files"] = [
            {"name": f.name, "sha256": f.sha256, "bytes": f.size, "type": f.mime}
            for f in own
        ]
        told.append((one, data))
    return told


def _lines(
    tx: Transaction, found: Sequence[Submission]
) -> dict[tuple[str, int], StoredLine]:
    places: dict[str, set[int]] = defaultdict(set)
    for one in found:
        places[one.place.phone_id] |= {*one.numbers}
    return {
        (log_id, line.n): line
        for log_id, own in places.items()
        for line in tx.lines(LineQuery(log_id=log_id, places=sorted(own)))
    }


def _told(
    one: Submission,
    phone: Phone,
    files: Sequence[PhoneFile],
    lines: Mapping[tuple[str, int], StoredLine],
) -> dict[str, Any]:
    outcomes = Counter(
        lines[one.place.phone_id, n].verdict.outcome for n in one.numbers
    )
    return {
        "project": one.place.project_id,
        "phone": phone.name,
        "instance": one.place.instance_id,
        "form": one.form_id,
        "version": one.version,
        "received_at": one.received_at,
        "operation": one.operation,
        "why": Problem(one.why, detail=one.detail).as_data() if one.why else None,
        "stand": sum(outcomes[each] for each in _STANDS),
        "in_conflict": outcomes[Outcome.CONFLICT],
        "wait": outcomes[Outcome.QUARANTINED] + outcomes[Outcome.HELD],
        "files_here": len({file.name for file in files}),
        "files_missing": missing_files(one, files),
    }


def _line_told(line: StoredLine) -> dict[str, Any]:
    verdict, draft = line.verdict, read_draft(line.raw)
    return {
        "name": label(draft.type, draft.fields),
        "change": verdict.change_id,
        "outcome": verdict.outcome,
        "why": [problem.as_data() for problem in verdict.why],
    }
