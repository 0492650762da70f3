"""Decisions on many rows of the inbox at once: one act, which an undo takes back.

Each is made as the command of its kind makes it. What does not fit, or has changed since
it was listed, is left and told.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from schemas.changes import Draft
from schemas.conflicts import Take
from schemas.deciding import SideChoice
from schemas.lab.batches import DecisionError, decision_about
from schemas.names import meant
from schemas.operations import Operation
from schemas.sides import KEPT, PersonsChoice
from server.access.names import Nameable
from server.clock import Clock
from server.custody import conflicts, warnings
from server.custody.additions import drafts_of
from server.custody.inbox import (
    ID_CHARS,
    InboxChoice,
    InboxKind,
    InboxQuery,
    InboxRow,
    inbox,
)
from server.custody.own_log import write_each
from server.custody.review import discard, release
from server.custody.steps import Progress
from server.errors import NotFoundError, RefusedError
from server.merge.model import Record
from server.merge.statuses import WAITS, CustodyStatus
from server.store.custody_values import CustodyQuery, InCustody
from server.store.merge_values import Wanted
from server.store.port import Store, Transaction

T = TypeVar("T")

#: Rows of one transaction.
_BATCH: Final = 200
_GONE: Final = "it was decided, or has changed, since it was listed"
_SIDES: Final = {
    InboxChoice.KEEP: KEPT,
    InboxChoice.OTHER: PersonsChoice(SideChoice(Take.OTHER)),
}
_LAB: Final = {InboxChoice.ACCEPT: "accepted", InboxChoice.REJECT: "rejected"}
#: What a change that waits comes to.
_STATUS: Final = {
    InboxChoice.RELEASE: CustodyStatus.RELEASED,
    InboxChoice.DISCARD: CustodyStatus.DISCARDED,
}


@dataclass(frozen=True, slots=True)
class ManyDecisions:
    """What is decided on many rows, why, by whom, and as which operation."""

    choice: InboxChoice
    reason: str
    person: str
    done: Operation


class LeftRow(NamedTuple):
    """A row that is left as it is, and why; without a name where it is here no more."""

    id: str
    name: str
    why: str


class DraftedRows(NamedTuple):
    """A change, and the rows that it decides on."""

    rows: Sequence[InboxRow]
    draft: Draft


@dataclass(frozen=True, slots=True)
class Deciding:
    """What it takes to decide: changes to write, changes that wait, and what is left."""

    given: ManyDecisions
    drafted: Sequence[DraftedRows] = ()
    waiting: Sequence[InboxRow] = ()
    left: Sequence[LeftRow] = ()

    @property
    def rows(self) -> list[InboxRow]:
        """Return the rows that are decided on."""
        return [*(row for one in self.drafted for row in one.rows), *self.waiting]


@dataclass(slots=True)
class DecidedRows:
    """What came of it."""

    rows: list[InboxRow] = field(default_factory=list)
    left: list[LeftRow] = field(default_factory=list)

    def note(self, row: InboxRow, why_not: str | None) -> None:
        """Note what came of one row."""
        if why_not is None:
            self.rows.append(row)
        else:
            self.left.append(LeftRow(row.id, row.name, why_not))


def look(
    tx: Transaction,
    clock: Clock,
    query: InboxQuery,
    ids: Sequence[str] | None,
    given: ManyDecisions,
) -> Deciding:
    """Return what it takes to decide on rows; nothing is written.

    `ids` are those of rows, or how they start; without them all rows that the query means
    are decided on.

    Raises
    ------
    NotFoundError
        If none of them waits.
    AmbiguousError
        If an id may mean several.
    """
    known = {row.id: row for row in inbox(tx, clock, query)}
    rows, left = _meant(known, ids)
    if not rows:
        raise NotFoundError("nothing of this waits", "see: permille-server inbox list")
    fitting = [row for row in rows if given.choice in row.choices]
    left += [_unfit(row) for row in rows if given.choice not in row.choices]
    waiting = fitting if given.choice in _STATUS else []
    drafted = list[DraftedRows]()
    for own in _by(fitting, lambda row: f"{row.project_id} {row.kind}").values():
        if not waiting:
            found, refused = _DRAFTERS[own[0].kind](tx, clock, own, given)
            drafted += found
            left += refused
    return Deciding(given, drafted, waiting, left)


async def decide(
    store: Store, clock: Clock, found: Deciding, progress: Progress
) -> DecidedRows:
    """Decide as was looked at, some hundred rows a transaction; progress counts rows."""
    came = DecidedRows(left=[*found.left])
    total, seen = len(found.rows), 0
    for drafted in _parts(found.drafted, lambda one: one.draft.project_id):
        await _write(store, clock, drafted, found.given, came)
        seen += sum(len(one.rows) for one in drafted)
        progress(seen, total)
    for rows in _parts(found.waiting, lambda row: row.project_id):
        await _settle(store, clock, rows, found.given, came)
        seen += len(rows)
        progress(seen, total)
    return came


def _meant(
    known: Mapping[str, InboxRow], ids: Sequence[str] | None
) -> tuple[list[InboxRow], list[LeftRow]]:
    """Return the rows of ids, each once, and those that are here no more."""
    if ids is None:
        return list(known.values()), []
    rows, gone = dict[str, InboxRow](), list[LeftRow]()
    for name in dict.fromkeys(ids):
        found = _starting(name, known)
        if found:
            row = _ROW.only(name, found)
            rows[row.id] = row
        else:
            gone.append(LeftRow(name, "", _GONE))
    return list(rows.values()), gone


def _starting(name: str, known: Mapping[str, InboxRow]) -> dict[str, InboxRow]:
    """Return the rows that an id, or the start of one, may mean."""
    if name in known:
        return {name: known[name]}
    if len(name) >= ID_CHARS:
        return {}
    return {row_id: known[row_id] for row_id in meant(name, dict.fromkeys(known, ()))}


_ROW: Final[Nameable[InboxRow]] = Nameable(
    "row of the inbox",
    "permille-server inbox list",
    lambda row, start: f"{start} of {row.name}",
)


def _unfit(row: InboxRow) -> LeftRow:
    may = " or ".join(row.choices)
    return LeftRow(row.id, row.name, f"of a {row.kind} you may choose {may}")


_Drafted = tuple[list[DraftedRows], list[LeftRow]]


def _settling(
    tx: Transaction, _clock: Clock, rows: Sequence[InboxRow], given: ManyDecisions
) -> _Drafted:
    """Draft what settles conflicts, record by record."""
    drafted, left = list[DraftedRows](), list[LeftRow]()
    choice = conflicts.Resolution(_SIDES[given.choice], given.done.reason, given.person)
    epoch = tx.epoch()
    for record, own in _of_records(tx, rows):
        try:
            drafts = conflicts.settling(
                epoch, record, [dict(row.item) for row in own], choice
            )
        except RefusedError as error:
            why = f"{error.text}; {error.hint}" if error.hint else error.text
            left += [LeftRow(row.id, row.name, why) for row in own]
            continue
        drafted += [
            DraftedRows([row for row in own if row.item["id"] in draft.resolves], draft)
            for draft in drafts
        ]
    return drafted, left


def _explaining(
    tx: Transaction, _clock: Clock, rows: Sequence[InboxRow], given: ManyDecisions
) -> _Drafted:
    """Draft why warnings are right: those of one record in one change."""
    epoch = tx.epoch()
    return [
        DraftedRows(
            own,
            warnings.explaining(
                epoch,
                record,
                [row.item["warned"] for row in own],
                given.reason,
                given.person,
                given.done.reason,
            ),
        )
        for record, own in _of_records(tx, rows)
    ], []


def _judging(
    tx: Transaction, clock: Clock, rows: Sequence[InboxRow], given: ManyDecisions
) -> _Drafted:
    """Draft what accepts or rejects batches of laboratories."""
    said = {
        "decision": _LAB[given.choice],
        "reason": given.reason,
        "decided_by": given.person,
    }
    additions, fitting, left = [], [], list[LeftRow]()
    for row in rows:
        try:
            addition = decision_about(
                row.item["key"], row.item["decision_record"], said
            )
        except DecisionError as error:
            left.append(LeftRow(row.id, row.name, f"{error.text}; {error.hint}"))
            continue
        additions.append(addition)
        fitting.append(row)
    project_id, reason = rows[0].project_id, given.done.reason
    drafts = drafts_of(clock, project_id, {}, additions, reason, tx)
    return [
        DraftedRows([row], draft) for row, draft in zip(fitting, drafts, strict=True)
    ], left


_DRAFTERS: Final[Mapping[InboxKind, Callable[..., _Drafted]]] = {
    InboxKind.CONFLICT: _settling,
    InboxKind.WARNING: _explaining,
    InboxKind.LAB: _judging,
}


def _of_records(
    tx: Transaction, rows: Sequence[InboxRow]
) -> Iterator[tuple[Record, list[InboxRow]]]:
    """Yield the records that rows of one project are about, each with its rows."""
    by_record = _by(rows, lambda row: str(row.item["record"]))
    found = tx.lookup(rows[0].project_id, Wanted(record_ids=by_record)).records
    records = {record.id: record for record in found}
    for name, own in by_record.items():
        yield records[name], own


async def _write(
    store: Store,
    clock: Clock,
    drafted: Sequence[DraftedRows],
    given: ManyDecisions,
    came: DecidedRows,
) -> None:
    drafts = [one.draft for one in drafted]
    whys = await write_each(store, clock, drafts, given.person, given.done.reason)
    for one, why in zip(drafted, whys, strict=True):
        for row in one.rows:
            came.note(row, why)


async def _settle(
    store: Store,
    clock: Clock,
    rows: Sequence[InboxRow],
    given: ManyDecisions,
    came: DecidedRows,
) -> None:
    """Release or discard changes of one project that still wait as they were listed."""
    project_id = rows[0].project_id
    every = [str(row.item["change"]) for row in rows]
    before = await _in_custody(store, project_id, every)
    changes = [
        change
        for row, change in zip(rows, every, strict=True)
        if _waits_as_listed(row, before.get(change))
    ]
    with suppress(NotFoundError):  # whoever was quicker is told below
        if given.choice is InboxChoice.RELEASE:
            await release(store, clock, project_id, changes, given.done)
        else:
            await discard(store, clock, project_id, changes, given.reason, given.done)
    now = await _in_custody(store, project_id, every)
    for row in rows:
        came.note(row, _why_not_settled(now.get(row.item["change"]), given))


async def _in_custody(
    store: Store, project_id: str, changes: Sequence[str]
) -> dict[str, InCustody]:
    query = CustodyQuery(project_id=project_id, statuses=None, change_ids=changes)
    found = await store.read(lambda tx: tx.quarantine(query))
    return {one.change_id: one for one in found}


def _waits_as_listed(row: InboxRow, now: InCustody | None) -> bool:
    return (
        now is not None
        and now.status in WAITS
        and [problem.as_data() for problem in now.why] == row.item["why"]
    )


def _why_not_settled(now: InCustody | None, given: ManyDecisions) -> str | None:
    if now is not None and now.status in WAITS:
        return f"it waits on: {'; '.join(problem.text for problem in now.why)}"
    if now is None or now.reason != given.done.reason:
        return _GONE
    return None if now.status is _STATUS[given.choice] else _GONE


def _by(rows: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _parts(rows: Iterable[T], project_of: Callable[[T], str]) -> Iterator[list[T]]:
    """Yield rows by project, so many as one transaction takes."""
    for own in _by(rows, project_of).values():
        for start in range(0, len(own), _BATCH):
            yield own[start : start + _BATCH]
