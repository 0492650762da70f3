"""Where the tables of a sheet begin: headers of one or several rows, and the rows below."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from schemas.lab.headers import Said, said_by
from schemas.lab.words import is_beside, role_of

#: A line of a sheet: its number and its cells.
Row = tuple[int, list[str]]

#: A letterhead is not longer.
_LETTERHEAD: Final = 50
#: Groups of names, names, units, methods.
_MOST_ROWS: Final = 4
_LABELS: Final = frozenset({"code", "number"})
_NUMBER: Final = re.compile(r"[-+<>\u2264~]? *[0-9]+(?:[.,' ][0-9]+)*(?: ?%)?")
_DIGIT: Final = re.compile(r"[1-9]")
#: Halves of names: organic below carbon.
_PARTS: Final = frozenset(
    {
        "organic",
        "inorganic",
        "total",
        "org",
        "tot",
        "organisch",
        "anorganisch",
        "gesamt",
    }
)


class LabHead(NamedTuple):
    """The header of a table: its rows, and what each column is called and says."""

    rows: Sequence[Row]
    headers: Sequence[str]
    said: Sequence[Said]

    def between(self, start: int, end: int) -> "LabHead":
        """Return the head of one table of several beside each other."""
        inside = range(start, end)
        return self._replace(
            headers=[n if at in inside else "" for at, n in enumerate(self.headers)],
            said=[s if at in inside else Said() for at, s in enumerate(self.said)],
        )

    @property
    def score(self) -> int:
        """Return how many columns of values there are."""
        values = sum(one.analyte is not None for one in self.said)
        return values or int({"analyte", "value"} <= {one.meaning for one in self.said})

    @property
    def has_label(self) -> bool:
        """Return whether a column is called as one of labels or numbers."""
        return any(one.meaning in _LABELS for one in self.said)

    def told_apart(self, above: Sequence[str], columns: Mapping[str, str]) -> "LabHead":
        """Return the head with what the row above says of columns that are else the same."""
        groups: dict[Said, list[int]] = {}
        for place, one in enumerate(self.said):
            if one.analyte is not None:
                groups.setdefault(one._replace(names=()), []).append(place)
        names = _filled(above, len(self.said))
        headers, said = list(self.headers), list(self.said)
        for places in groups.values():
            if len({names[place] for place in places}) > 1:
                for place in places:
                    headers[place] = f"{names[place]} {headers[place]}".strip()
                    said[place] = said_by([headers[place]], columns)
        return self._replace(headers=headers, said=said)


def every_head(
    rows: Sequence[Row], columns: Mapping[str, str]
) -> Iterator[tuple[LabHead, list[Row]]]:
    """Yield the heads of a sheet's tables with the rows below each.

    A header that comes again in the middle of its table is passed over. `columns` is what
    a person said of them.
    """
    head: LabHead | None = None
    own: list[Row] = []
    at = 0
    while at < len(rows):
        found = _head_at(rows, at, columns) if _may_begin(rows[at], head, at) else None
        if found is None or (head is not None and not found.has_label):
            own.append(rows[at])
            at += 1
            continue
        if head is None or _called(found) != _called(head):
            if head is not None:
                yield head, own
            head, own = found, []
        at = rows.index(found.rows[-1], at) + 1
    if head is not None:
        yield head, own


def likely_head(rows: Sequence[Row], columns: Mapping[str, str]) -> LabHead | None:
    """Return what is most like a header where none is one: it names a bag and more."""
    for at in range(min(len(rows), _LETTERHEAD)):
        found = _block(rows, at, columns)
        if found.has_label and sum(map(bool, found.headers)) > 1:
            return found
    return None


def _called(head: LabHead) -> list[str]:
    return [name.casefold() for name in head.headers]


def _may_begin(row: Row, head: LabHead | None, at: int) -> bool:
    """Return whether a row may be a header; one further below has no numbers."""
    if head is None:
        return at < _LETTERHEAD
    cells = [cell for cell in row[1] if cell]
    return len(cells) > 1 and not any(map(_NUMBER.fullmatch, cells))


def _head_at(
    rows: Sequence[Row], at: int, columns: Mapping[str, str]
) -> LabHead | None:
    """Return the head that begins in a row, or in one below that tells as much."""
    first = _block(rows, at, columns)
    best, place = first, at
    for later in range(at + 1, at + len(first.rows)):
        other = _block(rows, later, columns)
        if other.has_label >= best.has_label and other.score >= best.score:
            best, place = other, later
    if not best.score or sum(map(bool, best.headers)) == 1:
        return None
    before = rows[place - 1] if place else None
    if before is not None and before[0] == rows[place][0] - 1:
        return best.told_apart(before[1], columns)
    return best


def _block(rows: Sequence[Row], at: int, columns: Mapping[str, str]) -> LabHead:
    """Return the head that a row makes with those right below that belong to it."""
    own = [rows[at]]
    for row in rows[at + 1 : at + _MOST_ROWS]:
        if row[0] != own[-1][0] + 1 or not _continues(own, row):
            break
        own.append(row)
    texts = _texts([cells for _, cells in own])
    said = [said_by(column, columns) for column in texts]
    return LabHead(own, [" ".join(dict.fromkeys(column)) for column in texts], said)


def _continues(own: Sequence[Row], row: Row) -> bool:
    """Return whether a row below others says more of their columns: units, methods, parts."""
    above = [(at, role_of(text)) for _, cells in own for at, text in enumerate(cells)]
    if {"analyte", "value"} <= {role for _, role in above}:
        return False
    labels = {at for at, role in above if role in _LABELS}
    cells = {at: text for at, text in enumerate(row[1]) if text}
    if _are_replicates(cells, labels):
        return True
    return _are_words(cells, labels or _first_place(own[0]))


def _first_place(row: Row) -> set[int]:
    """Return the first column of a row: that of labels, where none is called so."""
    return {next((at for at, text in enumerate(row[1]) if text), 0)}


def _are_words(cells: Mapping[int, str], labels: set[int]) -> bool:
    """Return whether most cells say something of their columns, and all in those of labels."""
    if any(map(_NUMBER.fullmatch, cells.values())):
        return False
    told = {at for at, text in cells.items() if _says_more(text)}
    return len(told) * 2 >= max(len(cells), 1) and labels & cells.keys() <= told


def _are_replicates(cells: Mapping[int, str], labels: set[int]) -> bool:
    texts = list(cells.values())
    is_counted = bool(labels) and len(texts) > 1 and all(map(_DIGIT.fullmatch, texts))
    return is_counted and not labels & cells.keys() and texts == sorted(set(texts))


def _says_more(text: str) -> bool:
    return text.casefold() in _PARTS or is_beside(text) or said_by([text], {}).is_known


def _texts(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return what stands above each column; a name above several is that of each."""
    width = max(map(len, rows))
    found: list[list[str]] = [[] for _ in range(width)]
    for number, cells in enumerate(rows):
        below = rows[number + 1 :]
        for place, text in enumerate(_filled(cells, width)):
            is_own = place < len(cells) and bool(cells[place])
            is_shared = any(len(row) > place and row[place] for row in below)
            if text and (is_own or is_shared):
                found[place].append(text)
    return found


def _filled(cells: Sequence[str], width: int) -> list[str]:
    """Return cells as wide as a table, a name repeated over the empty ones behind it."""
    found, left = [], ""
    for place in range(width):
        own = cells[place] if place < len(cells) else ""
        if own:
            left = "" if role_of(own) in _LABELS else own
        found.append(own or left)
    return found
