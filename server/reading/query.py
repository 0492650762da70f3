"""Read the copy: pages in the order of ids, counts, extents, and words."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import merge
from itertools import islice
from typing import Any, Final, NamedTuple

from server.reading.cells import Cell, widened
from server.reading.collections import COLLECTIONS, Collection
from server.reading.features import Box, row_of
from server.reading.port import Extent, FeaturePage, RowPage, RowSelection
from server.store.driver import Connection

#: Features that are found by their places and put in order; where more lie in a box, all
#: of them are looked at in the order of ids.
_BY_PLACE: Final = 10_000
#: Counts that are remembered until something changes.
_COUNTS: Final = 1_000
_IN_BOX: Final = "(f.west <= ? AND f.east >= ? AND f.south <= ? AND f.north >= ?)"
_PLACES: Final = """
    SELECT number FROM place WHERE of <= ?1 AND of_end >= ?1
        AND west <= ?2 AND east >= ?3 AND south <= ?4 AND north >= ?5 LIMIT ?6
"""
_IN_CELLS: Final = (
    "(f.cell_lon <= ? AND f.cell_lon >= ? AND f.cell_lat <= ? AND f.cell_lat >= ?)"
)
_EXTENTS: Final = """
    SELECT collection, min(west), min(south), max(east), max(north),
        min(began), max(ended)
    FROM feature WHERE project_id = ? AND collection = ?
"""
_EXTENTS_OF_CELLS: Final = """
    SELECT collection, min(cell_lon), min(cell_lat), max(cell_lon), max(cell_lat),
        min(began), max(ended)
    FROM feature WHERE project_id = ? AND collection = ?
"""


class _Part(NamedTuple):
    """One statement's FROM and WHERE, with its values."""

    text: str
    values: tuple[Any, ...]


class Counts:
    """Counts of rows, as long as nothing changes."""

    def __init__(self) -> None:
        self._generation = ""
        self._known: dict[object, Any] = {}

    def known(self, generation: str) -> dict[object, Any]:
        """Return what is remembered of a generation of the copy."""
        if generation != self._generation or len(self._known) >= _COUNTS:
            self._known, self._generation = {}, generation
        return self._known


class Reader:
    """Reads one snapshot."""

    def __init__(self, connection: Connection, counts: Counts) -> None:
        self._connection = connection
        (generation,) = connection.execute(
            "SELECT value FROM state WHERE key = 'generation'"
        ).fetchone()
        self._known = counts.known(generation)

    def features(self, asked: RowSelection) -> FeaturePage:
        """Return a page of features."""
        asked = self._past_skipped(asked)
        parts, texts, size, last = self._parts(asked), list[bytes](), 0, ""
        columns = "f.id, f.text, f.cell_lon, f.cell_lat"
        for name, text, *cell in self._in_order(
            columns, parts, asked.after, asked.most + 1
        ):
            if len(texts) == asked.most or size > asked.most_bytes:
                return FeaturePage(texts, last, self._count(parts))
            texts.append(_shown(asked, text, cell))
            size, last = size + len(text), name
        return FeaturePage(texts, None, self._count(parts))

    def rows(self, asked: RowSelection) -> RowPage:
        """Return a page of rows."""
        collection, page = COLLECTIONS[asked.collection], self.features(asked)
        rows = [row_of(collection, text) for text in page.texts]
        return RowPage(rows, page.next_after, page.matched)

    def extents(
        self, projects: Sequence[str], *, is_coarse: bool = False
    ) -> Mapping[str, Extent]:
        """Return the extent of each collection, of some projects; or that of its squares."""
        key = ("extents", is_coarse, *projects)
        if key not in self._known:
            self._known[key] = {
                name: self._extent(collection, projects, is_coarse=is_coarse)
                for name, collection in COLLECTIONS.items()
            }
        found: Mapping[str, Extent] = self._known[key]
        return found

    def _extent(
        self, collection: Collection, projects: Sequence[str], *, is_coarse: bool
    ) -> Extent:
        sql = _EXTENTS_OF_CELLS if is_coarse else _EXTENTS
        rows = [
            self._connection.execute(sql, (project, collection.number)).fetchone()
            for project in projects
        ]
        sides = list(zip(*rows, strict=True)) or [()] * 7
        least: list[Any] = [min(_there(side), default=None) for side in sides]
        most: list[Any] = [max(_there(side), default=None) for side in sides]
        west, south, east, north = least[1], least[2], most[3], most[4]
        if None in {west, south, east, north}:
            return Extent(None, least[5], most[6])
        if is_coarse:
            (west, east), (south, north) = widened(west, east), widened(south, north)
        return Extent((west, south, east, north), least[5], most[6])

    def _past_skipped(self, asked: RowSelection) -> RowSelection:
        """Return the selection that begins after the rows that are passed over."""
        if not asked.skip:
            return asked
        parts = self._parts(asked)
        passed = [*self._in_order("f.id", parts, asked.after, asked.skip)]
        return replace(asked, skip=0, after=passed[-1][0] if passed else asked.after)

    def _in_order(
        self, columns: str, parts: Sequence[_Part], after: str, most: int
    ) -> Iterator[tuple[Any, ...]]:
        """Read rows of several parts in the order of their ids."""
        found = [
            self._connection.execute(
                f"SELECT {columns} {part.text} AND f.id > ? ORDER BY f.id LIMIT ?",
                (*part.values, after, most),
            )
            for part in parts
        ]
        return islice(merge(*found), most)

    def _count(self, parts: Sequence[_Part]) -> int:
        key = tuple(parts)
        if key not in self._known:
            self._known[key] = sum(
                self._connection.execute(
                    f"SELECT count(*) {part.text}",
                    part.values,
                ).fetchone()[0]
                for part in parts
            )
        return int(self._known[key])

    def _parts(self, asked: RowSelection) -> list[_Part]:
        """Return what is read: all near a place at once, or one project after the other."""
        collection = COLLECTIONS[asked.collection]
        near = self._near(collection, asked)
        if near is not None:
            text = (
                "FROM feature AS f NOT INDEXED WHERE f.number IN"
                " (SELECT value FROM json_each(?)) AND f.project_id IN"
                " (SELECT value FROM json_each(?))"
            )
            values = (json.dumps(near), json.dumps(asked.projects))
            return [_narrowed(_Part(text, values), asked)]
        text = "FROM feature AS f WHERE f.collection = ? AND f.project_id = ?"
        return [
            _narrowed(_Part(text, (collection.number, project)), asked, project)
            for project in asked.projects
        ]

    def _near(self, collection: Collection, asked: RowSelection) -> list[int] | None:
        """Return the numbers of what lies in the boxes, where they are few."""
        if not asked.boxes or asked.equal or _is_coarse(asked):
            return None
        found = set[int]()
        for west, south, east, north in asked.boxes:
            sides = (collection.number, east, west, north, south, _BY_PLACE + 1)
            found.update(n for (n,) in self._connection.execute(_PLACES, sides))
        return sorted(found) if len(found) <= _BY_PLACE else None


def _narrowed(part: _Part, asked: RowSelection, project: str = "") -> _Part:
    texts, values = [part.text], list(part.values)
    if asked.boxes:
        is_coarse = _is_coarse(asked)
        within = _IN_CELLS if is_coarse else _IN_BOX
        texts.append(f"({' OR '.join([within] * len(asked.boxes))})")
        for box in asked.boxes:
            west, south, east, north = _squares(box) if is_coarse else box
            values += [east, west, north, south]
    if asked.period:
        texts.append("f.began <= ? AND f.ended >= ?")
        values += [asked.period.end, asked.period.begin]
    for name, value in asked.equal.items():
        if name == "id":
            texts.append("f.id = ?")
            values.append(value)
            continue
        view = COLLECTIONS[asked.collection].source.view
        texts.append(
            f"f.id IN (SELECT v.id FROM {view} AS v"  # noqa: S608 - names of collections
            f" WHERE v.project_id = ? AND v.{name} = ?)"
        )
        values += [project, value]
    return _Part(" AND ".join(texts), tuple(values))


def _is_coarse(asked: RowSelection) -> bool:
    return asked.veil is not None and asked.veil.is_coarse


def _squares(box: Box) -> Box:
    """Return a box made wider to whole squares of the grid."""
    west, south, east, north = box
    (west, east), (south, north) = widened(west, east), widened(south, north)
    return west, south, east, north


def _shown(asked: RowSelection, text: bytes, cell: Sequence[float | None]) -> bytes:
    """Return a feature as somebody may see it."""
    if asked.veil is None:
        return text
    lon, lat = cell
    place = None if lon is None or lat is None else Cell(lon, lat)
    return asked.veil.shown(asked.collection, text, place)


def _there(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value is not None]
