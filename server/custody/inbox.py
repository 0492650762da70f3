"""The inbox: all that waits for a person, of whatever kind, as one list.

A row has an id that follows from what it says. So whoever names it later decides on what
was listed, and on nothing that has changed since.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from schemas.lab.batches import decisions_here, listed
from schemas.lab.quality import BatchKey, batch_of
from schemas.plausibility.records import Records
from schemas.problems import from_data
from schemas.sides import at_odds
from schemas.told import problem_line, told_values, worded
from server.access.records import authors, last_authors
from server.clock import Clock
from server.custody import conflicts, quarantine
from server.custody.warnings import records_in, unexplained, utc
from server.merge.statuses import ConflictStatus, CustodyStatus
from server.store.custody_values import Author
from server.store.merge_values import Wanted
from server.store.port import Transaction


class InboxKind(StrEnum):
    """What waits for a person."""

    CONFLICT = "conflict"
    QUARANTINE = "quarantine"
    HELD = "held"
    WARNING = "warning"
    LAB = "lab"


class InboxChoice(StrEnum):
    """What a person may decide about something that waits."""

    KEEP = "keep"
    OTHER = "other"
    RELEASE = "release"
    DISCARD = "discard"
    EXPLAIN = "explain"
    ACCEPT = "accept"
    REJECT = "reject"


_OF_CHANGES: Final = (InboxChoice.RELEASE, InboxChoice.DISCARD)
#: What may be decided about each kind.
CHOICES: Final[Mapping[InboxKind, tuple[InboxChoice, ...]]] = MappingProxyType(
    {
        InboxKind.CONFLICT: (InboxChoice.KEEP, InboxChoice.OTHER),
        InboxKind.QUARANTINE: _OF_CHANGES,
        InboxKind.HELD: _OF_CHANGES,
        InboxKind.WARNING: (InboxChoice.EXPLAIN,),
        InboxKind.LAB: (InboxChoice.ACCEPT, InboxChoice.REJECT),
    }
)
_STATUSES: Final = MappingProxyType(
    {InboxKind.QUARANTINE: CustodyStatus.OPEN, InboxKind.HELD: CustodyStatus.HELD}
)
_FROM_RECORDS: Final = frozenset({InboxKind.WARNING, InboxKind.LAB})
#: Characters of an id: no two of a million rows share one but by a chance of 1 in 500.
ID_CHARS: Final = 12
#: The field group of why warnings are right.
_EXPLAINED: Final = "explained"
_NOBODY: Final = Author(None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxQuery:
    """Which rows: what is None does not narrow them.

    `project_ids` are those that are looked at, `device` is the name of a laptop, and rows
    are at least `older_than_days` days old.
    """

    project_ids: Sequence[str]
    kinds: Collection[InboxKind] = tuple(InboxKind)
    device: str | None = None
    person: str | None = None
    older_than_days: int | None = None

    def has(self, row: "InboxRow", now: datetime) -> bool:
        """Return whether a row is meant."""
        return (
            (self.device is None or row.device == self.device)
            and (self.person is None or _is_same(row.person, self.person))
            and (
                self.older_than_days is None
                or row.age_days(now) >= self.older_than_days
            )
        )


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One thing that waits: what it is, where, who sent it and when it came (UTC).

    `item` is what its own list says of it.
    """

    id: str
    kind: InboxKind
    project_id: str
    name: str
    what: str
    by: Author
    item: Mapping[str, Any]

    @property
    def device(self) -> str | None:
        """Return the laptop that it came from."""
        return self.by.device

    @property
    def person(self) -> str | None:
        """Return who recorded it."""
        return self.by.person

    @property
    def choices(self) -> tuple[InboxChoice, ...]:
        """Return what may be decided about it."""
        return CHOICES[self.kind]

    def age_days(self, now: datetime) -> int:
        """Return for how many whole days it has waited."""
        if self.by.at is None:
            return 0
        return max((now - datetime.fromisoformat(self.by.at)).days, 0)


def inbox(tx: Transaction, clock: Clock, query: InboxQuery) -> list[InboxRow]:
    """Return what waits for a person, oldest first."""
    now = utc(clock)
    rows = [
        row
        for project_id in query.project_ids
        for row in (
            *_sent(tx, project_id, query.kinds),
            *_found(tx, clock, project_id, query.kinds),
        )
        if query.has(row, now)
    ]
    return sorted(rows, key=lambda row: (row.by.at or "", row.id))


def _sent(
    tx: Transaction, project_id: str, kinds: Collection[InboxKind]
) -> Iterator[InboxRow]:
    """Yield what laptops sent that waits."""
    if InboxKind.CONFLICT in kinds:
        for found in conflicts.listed(tx, project_id, ConflictStatus.OPEN):
            yield _conflict(found)
    for kind, status in _STATUSES.items():
        if kind in kinds:
            for found in quarantine.listed(tx, project_id, (status,)):
                yield _change(kind, found)


def _found(
    tx: Transaction, clock: Clock, project_id: str, kinds: Collection[InboxKind]
) -> Iterator[InboxRow]:
    """Yield what follows from the records of a project as they are."""
    if not _FROM_RECORDS & {*kinds}:
        return
    records = records_in(tx, project_id)
    if InboxKind.WARNING in kinds:
        yield from _warnings(tx, clock, project_id, records)
    if InboxKind.LAB in kinds:
        yield from _batches(tx, project_id, records)


def _conflict(found: dict[str, Any]) -> InboxRow:
    names = found["names"]
    stands, other = at_odds(found["stands"] or {}, found["ours"])
    what = (
        f"stands: {told_values(stands, names)};"
        f" also recorded: {told_values(other, names)}"
    )
    said = [found["id"], found["stands"], found["ours"]]
    return _row(InboxKind.CONFLICT, found["project"], said, found["name"], what, found)


def _change(kind: InboxKind, found: dict[str, Any]) -> InboxRow:
    names = found["names"]
    if kind is InboxKind.HELD:
        what = f"waits for {names.get(found['waits_for'], 'what was not sent yet')}"
    else:
        whys = map(from_data, found["why"])
        what = "; ".join(problem_line(why, names) for why in whys)
    said = [found["change"], found["why"], found["waits_for"]]
    return _row(kind, found["project"], said, found["name"], what, found)


def _warnings(
    tx: Transaction, clock: Clock, project_id: str, records: Records
) -> Iterator[InboxRow]:
    found = unexplained(tx, records, clock)
    by = _recorded_by(tx, project_id, {one.record_id for one in found})
    for one in found:
        warning = one.warning.as_data()
        said = [one.record_type, one.record_id, warning]
        name = f"{one.record_type} {records.name(one.record_type, one.record_id)}"
        what = worded(problem_line(one.warning))
        author = by.get(one.record_id, _NOBODY).as_data()
        item = {"warned": one, "record": one.record_id, **author}
        yield _row(InboxKind.WARNING, project_id, said, name, what, item)


def _batches(tx: Transaction, project_id: str, records: Records) -> Iterator[InboxRow]:
    failed = [one for one in listed(records) if one["waits"]]
    if not failed:
        return
    here = decisions_here(records)
    keys = [BatchKey(o["lab"], o["lab_batch"], o["analyte"]) for o in failed]
    by = _imported_by(tx, project_id, records, keys)
    for key, found in zip(keys, failed, strict=True):
        item = {
            "key": key,
            "decision_record": here.get(key),
            **by.get(key, _NOBODY).as_data(),
        }
        name = f"batch {key.lab_batch} of {key.lab}, {key.analyte}"
        what = "; ".join(f"{o['what']}: {o['found']}" for o in found["found"])
        yield _row(InboxKind.LAB, project_id, [*key, found["found"]], name, what, item)


def _imported_by(
    tx: Transaction, project_id: str, records: Records, keys: Collection[BatchKey]
) -> dict[BatchKey, Author]:
    """Return who brought the last control of each batch."""
    batches = {
        name: key
        for name, fields in records.of_type("lab_control").items()
        if (key := batch_of(fields)) in keys and key is not None
    }
    by = last_authors(tx, project_id, batches)
    ordered = sorted(by.items(), key=lambda one: one[1].at or "")
    return {batches[name]: author for name, author in ordered}


def _recorded_by(
    tx: Transaction, project_id: str, record_ids: Collection[str]
) -> dict[str, Author]:
    """Return who wrote records last, but for who explained what is odd about them."""
    records = tx.lookup(project_id, Wanted(record_ids=record_ids)).records
    wrote = {
        record.id: max(
            (
                writers[-1]
                for group, writers in record.writers.items()
                if group != _EXPLAINED
            ),
            default=record.last_writer,
        ).change_id
        for record in records
    }
    by = authors(tx, project_id, wrote.values())
    return {name: by[change_id] for name, change_id in wrote.items() if change_id in by}


def _row(
    kind: InboxKind,
    project_id: str,
    said: Sequence[object],
    name: str,
    what: str,
    item: Mapping[str, Any],
) -> InboxRow:
    """Return a row; `said` is what its id follows from."""
    text = json.dumps([kind, project_id, *said], sort_keys=True)
    row_id = hashlib.blake2b(text.encode(), digest_size=ID_CHARS // 2).hexdigest()
    by = Author(item["person"], item["device"], item["at"])
    return InboxRow(row_id, kind, project_id, name, what, by, item)


def listing(
    rows: Sequence[InboxRow],
    page: int,
    page_rows: int,
    now: datetime,
    codes: Mapping[str, str],
) -> dict[str, Any]:
    """Return the JSON of one page of rows; `codes` has what to type for each project."""
    start = (page - 1) * page_rows
    return {
        "count": len(rows),
        "page": page,
        "pages": max(-(-len(rows) // page_rows), 1),
        "rows": [row_data(row, now, codes) for row in rows[start : start + page_rows]],
    }


def row_data(row: InboxRow, now: datetime, codes: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON object of a row."""
    return {
        "id": row.id,
        "kind": str(row.kind),
        "project": row.project_id,
        "code": codes.get(row.project_id, row.project_id),
        "name": row.name,
        "what": row.what,
        **row.by.as_data(),
        "days": row.age_days(now),
        "choices": [str(one) for one in row.choices],
    }


def _is_same(person: str | None, said: str) -> bool:
    return person is not None and person.casefold() == said.strip().casefold()
