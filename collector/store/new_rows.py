"""Write the server's rows of records of which nothing is here, as in a first sync.

Each is written once, and comes to what laying it under nothing comes to: it is shown as it
came (`collector/store/showing.py`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from collector.rules.overlay import RecordState
from collector.rules.reply import Message
from collector.store.counts import add_live, add_shown
from collector.store.driver import Connection
from collector.store.field_names import names_of, quick_json
from collector.store.ids import ID
from collector.store.links import put_new_links
from collector.store.rows import numbers_of
from schemas.evolve import up_cast_conflict, up_cast_row
from schemas.plausibility.skeletons import code_skeleton
from schemas.records import TYPES, key_text, references_of

_LAST_NUMBER: Final = "SELECT coalesce(max(number), 0) FROM item"
_PUT: Final = (
    "INSERT INTO item (number, uid, project, kind, seq, timeline, conflicts,"  # noqa: S608 - a constant
    " base_deleted, base_fields, key, fields, deleted, state, skeleton)"
    f" VALUES (?, {ID}, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)"
)
_UNINDEXED: Final = (
    "INSERT OR IGNORE INTO unindexed (number)"
    " SELECT number FROM item WHERE number > ? AND state IS NOT NULL"
)
_ACCEPTED: Final = str(RecordState.ACCEPTED)
_CONTESTED: Final = str(RecordState.CONFLICT)


def put_new(connection: Connection, epoch: str, rows: Sequence[Message]) -> None:
    """Write rows, and show those of types that this program knows."""
    lifted = [up_cast_row(row["t"], row["f"]) for row in rows]
    names = [names_of(fields) for fields in lifted]
    whose = {text for row in rows for text in (row["s"], row["t"])}
    numbers = numbers_of(connection, {epoch, *names, *whose})
    (last,) = connection.execute(_LAST_NUMBER).fetchone()
    items, links, shown = [], [], {}
    found = zip(rows, lifted, names, strict=True)
    for number, (row, fields, listed) in enumerate(found, last + 1):
        record_id, kind = row["r"], row["t"]
        said = quick_json([numbers[listed], *fields.values()])
        ids = (number, record_id, numbers[row["s"]], numbers[kind])
        columns = _columns(kind, fields, said, _conflicts(row))
        items.append((*ids, row["q"], numbers[epoch], *columns))
        if kind in TYPES:
            shown[record_id] = number
            references = references_of(kind, fields).items()
            links += [(target, field, number) for field, target in references]
    add_live(connection, Counter(row["s"] for row in rows))
    add_shown(connection, Counter(row["t"] for row in rows if row["t"] in TYPES))
    connection.executemany(_PUT, items)
    connection.execute(_UNINDEXED, (last,))
    put_new_links(connection, links, shown)


def _columns(
    kind: str, fields: Mapping[str, Any], said: str, conflicts: str | None
) -> tuple[object, ...]:
    """Return the columns from `conflicts` on: of a type that is unknown here, a bare row."""
    if kind not in TYPES:
        return (conflicts, said, None, None, None, None, None)
    state = _ACCEPTED if conflicts is None else _CONTESTED
    key, skeleton = key_text(kind, fields), code_skeleton(kind, fields)
    return (conflicts, None, key, said, 0, state, skeleton)


def _conflicts(row: Message) -> str | None:
    lifted = [up_cast_conflict(row["t"], conflict) for conflict in row["x"]]
    return quick_json(lifted) if lifted else None
