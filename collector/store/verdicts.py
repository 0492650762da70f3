"""Take in the verdicts of an answer: what became of changes, and of the rows beneath.

What was accepted as it stands is settled at once; all else is judged one by one.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from collector.rules.acknowledge import status_of, with_accepted, with_verdict
from collector.rules.log_heads import LogHead
from collector.rules.overlay import BaseRow, ChangeStatus, LoggedChange
from collector.rules.reply import Message, Reply
from collector.store.driver import Connection
from collector.store.rows import (
    bases_of,
    changes_in,
    changes_named,
    changes_of,
    put_bases,
    put_verdicts,
)
from collector.store.settle import NOTHING, Settled, settle
from collector.store.showing import show


class Judged(NamedTuple):
    """What the verdicts of an answer came to.

    `said` has each verdict on a change of the log that spoke, and whether it had been
    given before; `records` those judged one by one, `known` those of which the row is
    known by it. `news` counts late verdicts that are others than those known: a restored
    server numbers all of them anew.
    """

    said: list[tuple[ChangeStatus, bool]]
    acked_n: int
    news: int
    records: AbstractSet[str]
    known: AbstractSet[str]
    settled: Settled


#: The change of each verdict, with its place in the log that spoke.
_Found = list[tuple[int | None, LoggedChange]]


def take_verdicts(connection: Connection, reply: Reply, head: LogHead) -> Judged:
    """Note every verdict of an answer to a request that spoke for a log."""
    settled = settle(connection, reply.epoch, reply.verdicts, head.number)
    others = [v for v in reply.verdicts if v.get("n") not in settled.places]
    found = _named(connection, others, head)
    judged = _judge(connection, reply.epoch, others, found)
    places = settled.places.union(n for n, _ in found if n is not None)
    acked_n = _acknowledge(connection, head, places)
    at_once = [v for v in reply.verdicts if v.get("n") in settled.places]
    return judged._replace(
        said=[*((status_of(v), bool(v["d"])) for v in at_once), *judged.said],
        acked_n=acked_n,
        known=settled.projects.keys() | judged.known,
        settled=settled,
    )


def _named(
    connection: Connection, verdicts: Sequence[Message], head: LogHead
) -> _Found:
    if not verdicts:
        return []
    here = changes_in(connection, head.number, (v["n"] for v in verdicts if "n" in v))
    named = changes_named(connection, (v["i"] for v in verdicts if "i" in v))
    found: _Found = []
    for verdict in verdicts:
        if "n" in verdict and verdict["n"] in here:
            found.append((verdict["n"], here[verdict["n"]]))
        elif "i" in verdict and verdict["i"] in named:
            found.append((None, named[verdict["i"]]))
    return found


def _judge(
    connection: Connection, epoch: str, said: Sequence[Message], found: _Found
) -> Judged:
    """Note verdicts one by one."""
    records = list(dict.fromkeys(change.record_id for _, change in found))
    if not records:
        return Judged([], 0, 0, set(), set(), NOTHING)
    changes = changes_of(connection, records)
    log = {change.id: change for own in changes.values() for change in own}
    bases = bases_of(connection, records)
    verdicts = {_name(verdict): verdict for verdict in said}
    noted, known, news = [], set[str](), 0
    for n, was in found:
        verdict = verdicts[was.id if n is None else n]
        before = log[was.id]
        change = log[was.id] = with_verdict(before, epoch, verdict)
        if n is not None:
            noted.append((status_of(verdict), bool(verdict["d"])))
        else:
            news += (before.status, before.reasons) != (change.status, change.reasons)
        if _moves(bases, change):
            known.add(change.record_id)
    put_verdicts(connection, [log[change.id] for _, change in found])
    put_bases(connection, map(bases.__getitem__, known))
    _show(connection, records, bases, changes, log)
    return Judged(noted, 0, news, set(records), known, NOTHING)


def _moves(bases: dict[str, BaseRow], change: LoggedChange) -> bool:
    """Take an accepted change into the row of its record; return whether that moved."""
    before = bases.get(change.record_id)
    base = with_accepted(before, change)
    if base is None or base is before:
        return False
    bases[change.record_id] = base
    return True


def _show(
    connection: Connection,
    records: list[str],
    bases: dict[str, BaseRow],
    changes: Mapping[str, Sequence[LoggedChange]],
    log: Mapping[str, LoggedChange],
) -> None:
    settled = {name: [log[c.id] for c in own] for name, own in changes.items()}
    show(connection, records, bases, settled)


def _name(verdict: Message) -> str | int:
    name: str | int = verdict["n"] if "n" in verdict else verdict["i"]
    return name


def _acknowledge(
    connection: Connection, head: LogHead, with_verdict: AbstractSet[int]
) -> int:
    """Note up to which change of a log each one has its verdict; return which it is.

    From where the log stands now: it may have been rewound since it was asked for.
    """
    row = connection.execute(
        "SELECT acked_n FROM log WHERE number = ?", (head.number,)
    ).fetchone()
    was = acked_n = int(row[0])
    while acked_n + 1 in with_verdict:
        acked_n += 1
    if acked_n != was:
        connection.execute(
            "UPDATE log SET acked_n = ? WHERE number = ?", (acked_n, head.number)
        )
    return acked_n
