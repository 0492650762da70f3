"""The one way a view is renewed: from the server's row and the own changes over it.

What is stored already as it is to be shown is not written again.
"""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from collector.rules.overlay import (
    BaseRow,
    LoggedChange,
    RecordView,
    view,
    waits_alone,
)
from collector.store.counts import add_shown
from collector.store.driver import Connection
from collector.store.field_names import (
    fields_of,
    names_of,
    said_by,
    to_json,
)
from collector.store.ids import ID, IDS
from collector.store.links import Link, forget_links, links_of, put_links
from collector.store.rows import (
    bases_of,
    changes_of,
    forget_items,
    numbers_of,
)
from schemas.plausibility.skeletons import code_skeleton
from schemas.records import TYPES, key_text

# S608: ID and IDS are constants.
_STORED: Final = (
    "SELECT id, project_id, type, names, said, deleted, state, waits FROM record"  # noqa: S608
    f" WHERE uid IN {IDS}"
)
# The server's row keeps its fields: by themselves where they are not those shown.
_BASE_FIELDS: Final = (
    "base_fields = CASE WHEN seq IS NOT NULL THEN nullif(coalesce(base_fields, fields), {})"
    " END"
)
# Not REPLACE: what stays as it was needs no new entry in an index.
_PUT_RECORD: Final = (
    "INSERT INTO item (uid, project, kind, key, fields, deleted, state, skeleton, waits)"  # noqa: S608
    f" VALUES ({ID}, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (uid) DO UPDATE SET"
    " project = excluded.project, kind = excluded.kind, key = excluded.key,"
    " deleted = excluded.deleted, state = excluded.state, skeleton = excluded.skeleton,"
    " waits = excluded.waits, fields = excluded.fields,"
    f" {_BASE_FIELDS.format('excluded.fields')}"
)
_PUT_STATE: Final = f"UPDATE item SET state = ?, waits = ? WHERE uid = {ID}"  # noqa: S608
_FORGET_RECORDS: Final = (
    "UPDATE item SET key = NULL, fields = NULL, deleted = NULL, state = NULL,"  # noqa: S608
    f" skeleton = NULL, waits = NULL, {_BASE_FIELDS.format('NULL')} WHERE uid IN {IDS}"
)
#: Search takes them in when it is asked.
_UNINDEXED: Final = (
    "INSERT OR IGNORE INTO unindexed (number)"  # noqa: S608
    f" SELECT number FROM item WHERE uid IN {IDS}"
)


class _Content(NamedTuple):
    """What a record says, as it is stored; its key and its links follow from it."""

    project_id: str
    type: str
    names: str
    said: str
    deleted: int


class _Standing(NamedTuple):
    """What became of a record: its state, and the place of its one change that waits."""

    state: str
    waits: int | None


class _Stored(NamedTuple):
    """A record as it was shown until now."""

    content: _Content
    standing: _Standing


class _Shown(NamedTuple):
    """A record as it is shown from now on, with the numbers of its project and its type."""

    view: RecordView
    content: _Content
    standing: _Standing
    project: int
    kind: int


def refresh(connection: Connection, record_ids: Iterable[str]) -> None:
    """Renew the views of records from their base rows and changes on disk, each once."""
    record_ids = list(dict.fromkeys(record_ids))
    if not record_ids:
        return
    bases = bases_of(connection, record_ids)
    show(connection, record_ids, bases, changes_of(connection, record_ids))


def show(
    connection: Connection,
    record_ids: Collection[str],
    bases: Mapping[str, BaseRow],
    changes: Mapping[str, Sequence[LoggedChange]],
    new: Container[str] = (),
) -> None:
    """Renew the views of records from their base rows and changes, known already.

    Those that are new were not shown before.
    """
    shown = _shown(connection, record_ids, bases, changes)
    stored = _stored(connection, [name for name in record_ids if name not in new])
    _count(connection, shown, stored)
    gone = [name for name in stored if name not in shown]
    changed = []
    standing_now = []
    for name, each in shown.items():
        was = stored.get(name)
        if was is None or was.content != each.content:
            changed.append(each)
        elif was.standing != each.standing:
            standing_now.append((*each.standing, name))
    connection.executemany(_PUT_STATE, standing_now)
    if changed or gone:
        _write(connection, changed, gone, stored)


def _shown(
    connection: Connection,
    record_ids: Iterable[str],
    bases: Mapping[str, BaseRow],
    changes: Mapping[str, Sequence[LoggedChange]],
) -> dict[str, _Shown]:
    """Return the records that are shown, those of types that this program knows."""
    views = [view(bases.get(name), changes.get(name, ())) for name in record_ids]
    seen = [one for one in views if one is not None and one.type in TYPES]
    numbers = numbers_of(connection, (text for one in seen for text in _texts(one)))
    return {
        one.id: _Shown(
            one,
            _Content(*_texts(one), said_by(one.fields, numbers), int(one.deleted)),
            _Standing(str(one.state), waits_alone(one, changes.get(one.id, ()))),
            numbers[one.project_id],
            numbers[one.type],
        )
        for one in seen
    }


def _texts(seen: RecordView) -> tuple[str, str, str]:
    """Return what of a record is kept by its number."""
    return seen.project_id, seen.type, names_of(seen.fields)


def _write(
    connection: Connection,
    changed: Sequence[_Shown],
    gone: Sequence[str],
    stored: Mapping[str, _Stored],
) -> None:
    """Write what is shown anew, and forget what is shown no more."""
    names = [each.view.id for each in changed]
    views = (each.view for each in changed)
    links = {link for one in views for link in links_of(one.id, one.type, one.fields)}
    was = {
        link
        for name in (*names, *gone)
        if name in stored
        for link in _links_stored(name, stored[name].content)
    }
    forget_links(connection, was - links)
    connection.executemany(_PUT_RECORD, map(_record, changed))
    connection.execute(_UNINDEXED, (to_json([*names, *gone]),))
    if gone:
        connection.execute(_FORGET_RECORDS, (to_json(gone),))
    put_links(connection, links - was)
    left = {link.target for link in was - links}
    forget_items(connection, [*gone, *sorted(left.difference(gone))])


def _stored(connection: Connection, names: Sequence[str]) -> dict[str, _Stored]:
    """Return what is shown of these records until now."""
    if not names:
        return {}
    rows = connection.execute(_STORED, (to_json(names),))
    return {row[0]: _Stored(_Content(*row[1:6]), _Standing(*row[6:])) for row in rows}


def _count(
    connection: Connection,
    shown: Mapping[str, _Shown],
    stored: Mapping[str, _Stored],
) -> None:
    """Note how many of these records are shown."""
    now = (each.content for each in shown.values())
    was = (each.content for each in stored.values())
    added = Counter(content.type for content in now if not content.deleted)
    added.subtract(content.type for content in was if not content.deleted)
    add_shown(connection, added)


def _record(shown: _Shown) -> tuple[object, ...]:
    found, said, standing, project, kind = shown
    key, skeleton = _indexed(found)
    return (
        found.id,
        project,
        kind,
        key,
        said.said,
        said.deleted,
        standing.state,
        skeleton,
        standing.waits,
    )


def _indexed(shown: RecordView) -> tuple[str, str | None]:
    """Return what a record is found by: its key, and what its code comes to."""
    return key_text(shown.type, shown.fields), code_skeleton(shown.type, shown.fields)


def _links_stored(name: str, content: _Content) -> list[Link]:
    return links_of(name, content.type, fields_of(content.names, content.said))
