"""Which records refer to which: kept by the numbers of their rows.

Who is referred to may come later than who refers to it: until then its row says nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from collector.store.driver import Connection
from collector.store.field_names import to_json
from collector.store.ids import ID
from schemas.ids import is_id
from schemas.records import references_of


class Link(NamedTuple):
    """That a record refers to another one by a field."""

    target: str
    field: str
    source: str


# S608: ID is a constant.
_NUMBERED: Final = f"(SELECT number FROM item WHERE uid = {ID})"  # noqa: S608
_FORGET: Final = f"DELETE FROM link WHERE target = {_NUMBERED} AND field = ? AND source = {_NUMBERED}"  # noqa: S608
_PUT: Final = (
    f"INSERT INTO link (target, field, source) VALUES ({_NUMBERED}, ?, {_NUMBERED})"  # noqa: S608
)
_PUT_BY_NUMBERS: Final = "INSERT INTO link (target, field, source) VALUES (?, ?, ?)"
# Of what is not here, project and type are told with its row.
_EXPECT: Final = f"INSERT OR IGNORE INTO item (uid, project, kind) VALUES ({ID}, 0, 0)"  # noqa: S608
_NUMBERS: Final = (
    "SELECT value, number FROM json_each(?) JOIN item ON uid = unhex(value, '-')"
)


def links_of(record_id: str, kind: str, fields: Mapping[str, Any]) -> list[Link]:
    """Return what a record refers to; what is no id refers to nothing."""
    return [
        Link(target, field, record_id)
        for field, target in references_of(kind, fields).items()
        if is_id(target)
    ]


def put_links(connection: Connection, links: Iterable[Link]) -> None:
    """Write links of records that have a row."""
    found = sorted(links)
    connection.executemany(_EXPECT, sorted({(link.target,) for link in found}))
    connection.executemany(_PUT, found)


def put_new_links(
    connection: Connection,
    links: Sequence[tuple[str, str, int]],
    new: Mapping[str, int],
) -> None:
    """Write links of records that are new: target, field, and the number of the record."""
    targets = {target for target, _, _ in links}
    others = set(filter(is_id, targets - new.keys()))
    numbers = {**new, **_numbers(connection, others)}
    missing = sorted(others - numbers.keys())
    if missing:
        connection.executemany(_EXPECT, [(name,) for name in missing])
        numbers |= _numbers(connection, missing)
    rows = [
        (numbers[target], field, source)
        for target, field, source in links
        if target in numbers
    ]
    connection.executemany(_PUT_BY_NUMBERS, sorted(rows))


def forget_links(connection: Connection, links: Iterable[Link]) -> None:
    """Forget links of records that have a row."""
    connection.executemany(_FORGET, sorted(links))


def _numbers(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    return dict(connection.execute(_NUMBERS, (to_json(sorted(names)),)).fetchall())
