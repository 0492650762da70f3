"""Settle at once the changes that an answer accepts as they stand.

Where a change waited alone over its record, and was accepted, the server's row becomes
what is shown already: it is copied from there, and nothing is read back from the log.
All else is judged one by one, to the same end (`collector/store/apply_reply.py`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from collector.rules.acknowledge import is_plain
from collector.rules.overlay import ChangeStatus, RecordState
from collector.rules.reply import Message
from collector.store.counts import add_live
from collector.store.driver import Connection
from collector.store.field_names import to_json
from collector.store.ids import ID_TEXT
from collector.store.rows import AMONG, PLACES_NAMED, numbers_of


class Settled(NamedTuple):
    """What was settled at once: places in the log, and the project of each record."""

    places: frozenset[int]
    projects: Mapping[str, str]


NOTHING: Final = Settled(frozenset(), {})


class _Waiting(NamedTuple):
    """A change that waits alone over its record, and the row that it lies over."""

    n: int
    place: int
    item: int
    record_id: str
    project_id: str
    deleted: int
    timeline: int | None
    seq: int | None
    was_deleted: int | None


# S608: AMONG, ID_TEXT and PLACES_NAMED are constants.
_ALONE: Final = f"""
    SELECT change_row.n, change_row.place, item.number, {ID_TEXT.format("item.uid")},
        (SELECT text FROM numbered WHERE numbered.number = item.project), item.deleted,
        item.timeline, item.seq, item.base_deleted
    FROM change_row JOIN item ON item.waits = change_row.place
    WHERE change_row.log = ? AND change_row.n BETWEEN ? AND ?
"""  # noqa: S608
_JUDGED_BESIDE: Final = (
    f"SELECT record_id FROM change WHERE log = ? AND n IN {AMONG}"  # noqa: S608
    f" UNION SELECT record_id FROM change WHERE place IN {PLACES_NAMED}"
)
_ACCEPT: Final = (
    "UPDATE change_row SET status = ?, seq = ?, timeline = ?, verdict = NULL"
    " WHERE place = ?"
)
# The server's row has the fields that are shown.
_TAKE_WHAT_IS_SHOWN: Final = (
    "UPDATE item SET seq = ?, timeline = ?, base_fields = NULL, base_deleted = deleted,"
    " stale = 0, state = ?, waits = NULL WHERE number = ?"
)


def settle(
    connection: Connection, epoch: str, verdicts: Sequence[Message], log: int
) -> Settled:
    """Settle what verdicts on changes of a log accept as they stand; say what that was."""
    plain = {verdict["n"]: verdict for verdict in verdicts if is_plain(verdict)}
    if not plain:
        return NOTHING
    timeline = numbers_of(connection, [epoch])[epoch]
    found = _settled_at_once(connection, timeline, verdicts, log, plain)
    if not found:
        return NOTHING
    _count(connection, found)
    _write(connection, timeline, [(plain[each.n], each) for each in found])
    return Settled(
        frozenset(each.n for each in found),
        {each.record_id: each.project_id for each in found},
    )


def _settled_at_once(
    connection: Connection,
    timeline: int,
    verdicts: Sequence[Message],
    log: int,
    plain: Mapping[int, Message],
) -> list[_Waiting]:
    """Return the changes of which nothing more has to be known."""
    places = [verdict["n"] for verdict in verdicts if "n" in verdict]
    if not _follow_on(places):
        return []
    asked = (log, min(plain), max(plain))
    waiting = [
        each
        for each in map(_Waiting._make, connection.execute(_ALONE, asked))
        if each.n in plain and _is_behind(each, timeline, plain[each.n]["q"])
    ]
    at_once = {each.n for each in waiting}
    beside = _judged_beside(connection, verdicts, log, at_once)
    return [each for each in waiting if each.record_id not in beside]


def _follow_on(places: Sequence[int]) -> bool:
    """Return whether places are those of lines that follow one another, each once."""
    return len(set(places)) == len(places) == max(places) - min(places) + 1


def _is_behind(waiting: _Waiting, timeline: int, seq: int) -> bool:
    """Return whether the row beneath a change lacks what was accepted there."""
    return waiting.seq is None or waiting.timeline != timeline or waiting.seq < seq


def _judged_beside(
    connection: Connection, verdicts: Sequence[Message], log: int, at_once: set[int]
) -> set[str]:
    """Return the records of changes that are judged by themselves."""
    others = [v for v in verdicts if v.get("n") not in at_once]
    if not others:
        return set()
    places = to_json([v["n"] for v in others if "n" in v])
    names = to_json([v["i"] for v in others if "i" in v])
    rows = connection.execute(_JUDGED_BESIDE, (log, places, names, names, names))
    return {record_id for (record_id,) in rows.fetchall()}


def _count(connection: Connection, found: Sequence[_Waiting]) -> None:
    """Note how many live records the server has more."""
    added = Counter(each.project_id for each in found if not each.deleted)
    added.subtract(each.project_id for each in found if each.was_deleted == 0)
    add_live(connection, added)


def _write(
    connection: Connection, timeline: int, found: Sequence[tuple[Message, _Waiting]]
) -> None:
    status, state = str(ChangeStatus.ACCEPTED), str(RecordState.ACCEPTED)
    connection.executemany(
        _ACCEPT,
        [(status, said["q"], timeline, each.place) for said, each in found],
    )
    connection.executemany(
        _TAKE_WHAT_IS_SHOWN,
        [(said["q"], timeline, state, each.item) for said, each in found],
    )
