"""What leaves the laptop: changes in their logs, and the receipts for them."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from collector.errors import RefusedError
from collector.rules.log_heads import LogHead, Parent
from collector.rules.overlay import (
    BaseRow,
    ChangeStatus,
    LoggedChange,
    view,
    with_draft,
)
from collector.store import driver
from collector.store.counts import count_unacknowledged
from collector.store.drafts import write_beside
from collector.store.field_names import to_json
from collector.store.ids import ID, ID_TEXT, IDS
from collector.store.labels import LabelTables
from collector.store.packing import LINE, packed
from collector.store.port import (
    NOTHING_BESIDE,
    Beside,
    OwnChange,
    ServerReceipt,
    Timestamp,
)
from collector.store.rows import (
    AMONG,
    CHANGE,
    PLACES_NAMED,
    bases_of,
    changes_of,
    numbers_of,
    read_change,
)
from collector.store.showing import refresh, show
from schemas import chain, hlc, limits

if TYPE_CHECKING:
    from schemas.changes import Draft

# S608: AMONG, ID and IDS are constants.
_NEW_CHANGE: Final = (
    "INSERT INTO change_row (log, n, project, record, op, model, raw, hash, status,"  # noqa: S608
    f" created_ms, former) VALUES (?, ?, ?, {ID}, ?, ?, ?, ?, 'pending', ?, ?)"
)
_NEW_LOG: Final = (
    "INSERT INTO log (id, parent, parent_n, closed, acked_n) VALUES (?, ?, ?, 0, 0)"
)
_LOGS: Final = "SELECT number, id, parent, parent_n, closed, acked_n FROM log"
_MOVE: Final = (
    "UPDATE change_row SET log = ?, n = ?, model = ?, raw = ?, hash = ?,"  # noqa: S608
    f" uid = {ID} WHERE place = ?"
)
_NEW_MODEL: Final = "INSERT INTO model (type, line) VALUES (?, ?) RETURNING number"
# Others may have seen it where it stood: the server is told of that, too.
_AWAIT: Final = (
    "UPDATE change_row SET status = 'pending', verdict = NULL, seq = NULL,"  # noqa: S608
    " timeline = NULL, stood = CASE WHEN seq IS NULL THEN stood ELSE"
    " json_insert(coalesce(stood, '[]'), '$[#]', json_array("
    "(SELECT text FROM numbered WHERE number = timeline), seq)) END"
    f" WHERE place IN {AMONG}"
    f" AND status IN ('accepted', 'merged', 'conflict') RETURNING {ID_TEXT.format('record')}"
)
#: The number of a model, and its line.
_Model = tuple[int, bytes]
_REPLACED: Final = (
    f"UPDATE change_row SET status = 'replaced' WHERE place IN {PLACES_NAMED}"  # noqa: S608
)


class LaptopLogs(LabelTables):
    """The part of the store that is appended to."""

    def save(
        self,
        drafts: Sequence["Draft"],
        timestamp: Timestamp,
        person: str | None,
        beside: Beside = NOTHING_BESIDE,
    ) -> list[int]:
        """Append drafts to the log and show them, together or not at all."""
        # Who only looks needs no lines.
        from schemas.changes import write_change  # noqa: PLC0415

        records = list(dict.fromkeys(draft.record_id for draft in drafts))
        with driver.transaction(self._db):
            self._refuse_known(drafts)
            new = {draft.record_id for draft in drafts if draft.is_new}
            old = [name for name in records if name not in new]
            bases, changes = bases_of(self._db, old), changes_of(self._db, old)
            head, stamp = self.head(), int(self.setting("hlc") or 0)
            last, rows, place = head.hash, [], self._last_place()
            models = self._models()
            projects = numbers_of(self._db, (draft.project_id for draft in drafts))
            for n, draft in enumerate(drafts, start=head.n + 1):
                stamp, place = hlc.tick(stamp, timestamp.wall_ms), place + 1
                raw = write_change(draft, n, stamp, person)
                last = chain.link(last, raw)
                change_id = chain.change_id(last)
                own = changes.get(draft.record_id, [])
                former = _former(draft, bases.get(draft.record_id), own)
                line = self._packed(models, draft.type, raw)
                kept = (projects[draft.project_id], draft.record_id, str(draft.op))
                said = (*line, last, _milliseconds(timestamp))
                rows.append((head.number, n, *kept, *said, former))
                changes[draft.record_id] = with_draft(own, draft, place, change_id)
            self._db.executemany(_NEW_CHANGE, rows)
            self._replace(drafts)
            # What is shown follows from what was just written: it is not read again.
            show(self._db, records, bases, changes, new)
            self._set("hlc", str(stamp))
            if beside is not NOTHING_BESIDE:
                write_beside(self._db, beside)
        return [head.n + count for count in range(1, len(drafts) + 1)]

    def _replace(self, drafts: Sequence["Draft"]) -> None:
        """Close the changes that drafts replace."""
        named = [to_json([draft.replaces]) for draft in drafts if draft.replaces]
        self._db.executemany(_REPLACED, [(name, name, name) for name in named])

    def _models(self) -> dict[str, _Model]:
        """Return the line that those of each type are packed by."""
        rows = self._read("SELECT type, number, line FROM model")
        return {kind: (number, line) for kind, number, line in rows}

    def _packed(
        self, models: dict[str, _Model], record_type: str, raw: bytes
    ) -> tuple[int, bytes]:
        """Pack a line by the model of its type; it is one itself where there is none."""
        if record_type not in models:
            made = self._db.execute(_NEW_MODEL, (record_type, raw)).fetchall()
            models[record_type] = (made[0][0], raw)
        number, model = models[record_type]
        return number, packed(raw, model)

    def _last_place(self) -> int:
        return int(self._read("SELECT coalesce(max(place), 0) FROM change_row")[0][0])

    def _refuse_known(self, drafts: Sequence["Draft"]) -> None:
        sql = f"SELECT id FROM record WHERE uid IN {IDS}"  # noqa: S608 - a constant
        new = to_json([draft.record_id for draft in drafts if draft.is_new])
        known = {row[0] for row in self._read(sql, new)}
        for draft in drafts:
            if draft.is_new and draft.record_id in known:
                raise RefusedError(
                    f"this {draft.type} is already recorded here",
                    f"to change it: permille {draft.type} edit",
                    code="already_here",
                )
            known.add(draft.record_id)

    def discard(self, record_id: str) -> int:
        """Take the quarantined changes of a record out of its view; count them."""
        with driver.transaction(self._db):
            found = self._db.execute(
                "UPDATE change_row SET status = 'replaced'"  # noqa: S608 - a constant
                f" WHERE record = {ID} AND status = 'quarantined'",
                (record_id,),
            ).rowcount
            refresh(self._db, [record_id])
        return int(found)

    def changes(self, record_id: str) -> list[LoggedChange]:
        """Return the changes of a record in order."""
        with driver.translated():
            return changes_of(self._db, [record_id]).get(record_id, [])

    def authors(self, record_id: str) -> dict[str, str | None]:
        """Return who made each change of a record on this laptop, by its id."""
        from schemas.changes import person_of  # noqa: PLC0415 - as above

        sql = f"SELECT id, {LINE} FROM change WHERE record = {ID} ORDER BY place"  # noqa: S608 - a constant
        return {name: person_of(raw) for name, raw in self._read(sql, record_id)}

    def own_changes(
        self, record_ids: Sequence[str] | None = None
    ) -> Iterator[OwnChange]:
        """Read what this laptop has said, in order: of all records, or of these."""
        which = "" if record_ids is None else f" WHERE record IN {IDS}"
        asked = () if record_ids is None else (to_json(list(record_ids)),)
        sql = (
            f"SELECT id, place, record_id, {LINE}, status, created_at, former"  # noqa: S608 - constants
            f" FROM change{which} ORDER BY place"
        )
        for change_id, place, record_id, raw, status, at, former in self._read(
            sql, *asked
        ):
            yield OwnChange(
                change_id,
                place,
                record_id,
                ChangeStatus(status),
                raw,
                at,
                json.loads(former) if former else None,
            )

    def changes_with(self, status: ChangeStatus) -> list[LoggedChange]:
        """Return every change of a status in order."""
        sql = f"SELECT {CHANGE} FROM change WHERE {_open([status])} status = ? ORDER BY place"  # noqa: S608 - a constant list
        return [read_change(row) for row in self._read(sql, str(status))]

    def count_changes(
        self, among: Iterable[ChangeStatus] = ChangeStatus
    ) -> dict[ChangeStatus, int]:
        """Count the changes of some statuses; none is read to be counted but these."""
        asked = [str(status) for status in among]
        sql = f"SELECT status, count(*) FROM change_row WHERE {_open(asked)} status IN {AMONG} GROUP BY 1"  # noqa: S608 - constants
        rows = self._read(sql, to_json(asked))
        return {ChangeStatus(status): count for status, count in rows}

    def count_unacknowledged(self) -> int:
        """Count changes that the server has not acknowledged."""
        with driver.translated():
            return count_unacknowledged(self._db)

    def logs(self) -> list[LogHead]:
        """Return every log of this laptop, oldest first; the last one is written to."""
        return [self._head(*row) for row in self._read(f"{_LOGS} ORDER BY number")]

    def head(self) -> LogHead:
        """Return where the log that is written to stands."""
        rows = self._read(f"{_LOGS} ORDER BY number DESC LIMIT 1")
        assert rows, "an opened laptop has a log"
        return self._head(*rows[0])

    def _head(
        self,
        number: int,
        log_id: str,
        parent: int | None,
        parent_n: int,
        closed: int,
        acked_n: int,
    ) -> LogHead:
        sql = "SELECT n, hash FROM change_row WHERE log = ? ORDER BY n DESC LIMIT 1"
        rows = self._read(sql, number)
        n, last = rows[0] if rows else (0, chain.START)
        acked = self.hash_at(acked_n, number)
        assert acked is not None, "acknowledged beyond the end of the log"
        origin = None
        if parent is not None:
            name = self._read("SELECT id FROM log WHERE number = ?", parent)[0][0]
            origin = Parent(name, parent_n, self.hash_at(parent_n, parent) or b"")
        return LogHead(number, log_id, origin, bool(closed), n, last, acked_n, acked)

    def tail(self, after_n: int, most: int, log: int | None = None) -> list[bytes]:
        """Return raw lines of a log after a place, in order; of the last by default."""
        sql = f"SELECT {LINE} FROM change WHERE log = ? AND n > ? ORDER BY n LIMIT ?"  # noqa: S608 - a constant
        number = self._last_log() if log is None else log
        return [row[0] for row in self._read(sql, number, after_n, most)]

    def stood(
        self, after_n: int, up_to_n: int, log: int
    ) -> dict[int, list[tuple[str, int]]]:
        """Return where changes of a log stood in timelines that were lost."""
        rows = self._read(
            "SELECT n, stood FROM change_row WHERE log = ? AND n > ? AND n <= ?"
            " AND stood IS NOT NULL",
            log,
            after_n,
            up_to_n,
        )
        latest = -limits.LOST_TIMELINES
        return {
            n: [(epoch, seq) for epoch, seq in json.loads(text)[latest:]]
            for n, text in rows
        }

    def hash_at(self, n: int, log: int | None = None) -> bytes | None:
        """Return the chain hash after n changes of a log; of the last by default."""
        if n == 0:
            return chain.START
        number = self._last_log() if log is None else log
        rows = self._read(
            "SELECT hash FROM change_row WHERE log = ? AND n = ?", number, n
        )
        return rows[0][0] if rows else None

    def begin_log(self, log_id: str) -> None:
        """Begin the first log of a new laptop; harmless to repeat."""
        with driver.transaction(self._db):
            if not self._read("SELECT 1 FROM log LIMIT 1"):
                self._db.execute(_NEW_LOG, (log_id, None, None))

    def split(self, log: int, n: int, new_id: str) -> int:
        """Close a log after its change n and go on in a new one."""
        from schemas.changes import move_change  # noqa: PLC0415 - as above

        sql = (
            f"SELECT place, id, type, {LINE} FROM change"  # noqa: S608 - a constant
            " WHERE log > ? OR (log = ? AND n > ?) ORDER BY place"
        )
        with driver.transaction(self._db):
            moved = self._read(sql, log, log, n)
            self._db.execute("UPDATE log SET closed = 1")
            self._db.execute(
                "UPDATE log SET acked_n = min(acked_n, CASE number WHEN ? THEN ?"
                " ELSE 0 END) WHERE number >= ?",
                (log, n, log),
            )
            self._db.execute(
                "DELETE FROM receipt WHERE log > ?1 OR (log = ?1 AND n > ?2)", (log, n)
            )
            self._db.execute(_NEW_LOG, (new_id, *self._origin(log, n)))
            self._give_up_blocks()
            new, last = self._last_log(), chain.START
            models = self._models()
            for number, (place, change_id, kind, raw) in enumerate(moved, start=1):
                line_here = move_change(raw, change_id, number)
                last = chain.link(last, line_here)
                kept = self._packed(models, kind, line_here)
                self._db.execute(_MOVE, (new, number, *kept, last, change_id, place))
            self._await_verdicts([place for place, *_ in moved])
        return len(moved)

    def _origin(self, log: int | None, n: int) -> tuple[int | None, int | None]:
        """Return the place a log that begins here goes on from; an empty log is none."""
        while log is not None and n == 0:
            sql = "SELECT parent, parent_n FROM log WHERE number = ?"
            log, n = self._read(sql, log)[0]
        return (None, None) if log is None else (log, n)

    def _await_verdicts(self, places: Sequence[int]) -> None:
        """Show changes as not judged yet: the server is told of them again."""
        for start in range(0, len(places), limits.PAGE_ROWS):
            page = to_json(list(places[start : start + limits.PAGE_ROWS]))
            rows = self._db.execute(_AWAIT, (page,)).fetchall()
            refresh(self._db, sorted({row[0] for row in rows}))

    def _last_log(self) -> int:
        return int(self._read("SELECT max(number) FROM log")[0][0])

    def receipts(self) -> list[ServerReceipt]:
        """Return the latest receipt of each log."""
        sql = "SELECT log, max(n), raw, signature FROM receipt GROUP BY log"
        return [ServerReceipt(*row) for row in self._read(sql)]


def _open(among: Collection[str]) -> str:
    """Return the condition of the index of what is not accepted, where all of it is not."""
    return "" if ChangeStatus.ACCEPTED in among else "status <> 'accepted' AND"


def _milliseconds(timestamp: Timestamp) -> int:
    """Return the moment that a timestamp says in words, since 1970."""
    return round(datetime.fromisoformat(timestamp.text).timestamp() * 1000)


def _former(
    draft: "Draft", base: BaseRow | None, own: Sequence[LoggedChange]
) -> str | None:
    """Return what the fields of a draft were here before it; None of a new record."""
    before = None if draft.is_new else view(base, own)
    if before is None or not draft.fields:
        return None
    return to_json({name: before.fields.get(name) for name in draft.fields})
