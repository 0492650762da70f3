"""Take in a page of the server's rows.

Of records that are not known here, as in a first sync, each row is written once; the
others are laid under what this laptop has of them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from collector.rules.acknowledge import with_row
from collector.rules.reply import Message
from collector.store.driver import Connection
from collector.store.field_names import to_json
from collector.store.new_rows import put_new
from collector.store.rows import (
    bases_of,
    changes_of,
    drop_bases,
    put_bases,
)
from collector.store.showing import show
from schemas.records import DERIVED

_KNOWN: Final = (
    "SELECT value FROM json_each(?) WHERE"
    " EXISTS (SELECT 1 FROM item WHERE uid = unhex(value, '-'))"
    " OR EXISTS (SELECT 1 FROM change_row WHERE record = unhex(value, '-'))"
)
# Hardly ever is there one, and then no id is read.
_KNOWN_AGAIN: Final = (
    "DELETE FROM purged WHERE uid IN (SELECT unhex(value, '-') FROM json_each("
    "CASE WHEN EXISTS (SELECT 1 FROM purged) THEN ? ELSE '[]' END))"
)


def take_page(connection: Connection, epoch: str, messages: Sequence[Message]) -> None:
    """Take in rows of the server, and what it says is gone, in its order."""
    new = _unknown(connection, messages)
    if new:
        _know_again(connection, [message["r"] for message in new])
        put_new(connection, epoch, new)
    taken = {message["r"] for message in new}
    _take_known(connection, epoch, [m for m in messages if m["r"] not in taken])


def _unknown(connection: Connection, messages: Sequence[Message]) -> list[Message]:
    """Return the rows of records of which nothing is here."""
    named = Counter(message["r"] for message in messages)
    names = to_json(list(named))
    known = {name for (name,) in connection.execute(_KNOWN, (names,)).fetchall()}
    return [
        message
        for message in messages
        if message["k"] == "row"
        and message["r"] not in known
        and named[message["r"]] == 1
    ]


def _take_known(
    connection: Connection, epoch: str, messages: Sequence[Message]
) -> None:
    if not messages:
        return
    kinds: Mapping[str, str] = {message["r"]: message["t"] for message in messages}
    bases, changes = bases_of(connection, kinds), changes_of(connection, kinds)
    for message in messages:
        name = message["r"]
        base = with_row(bases.pop(name, None), epoch, message, changes.get(name, ()))
        if base is not None:
            bases[base.id] = base
    drop_bases(connection, kinds.keys() - bases.keys())
    _know_again(connection, list(bases))
    put_bases(connection, bases.values())
    records = [name for name, kind in kinds.items() if kind not in DERIVED]
    show(connection, records, bases, changes)


def _know_again(connection: Connection, record_ids: Sequence[str]) -> None:
    """Know records again of which the deletion was purged: it went with a timeline."""
    connection.execute(_KNOWN_AGAIN, (to_json(record_ids),))
