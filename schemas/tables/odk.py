"""Submissions of ODK Central, as its archive has them: joined to one table. Pure.

A form with repeats comes as several tables; a row of a repeat says in PARENT_KEY in which
row it stands (its KEY). Joined, each row of the innermost table has the cells of the rows
around it; where both have a column, that of the inner one counts. A submission without
rows in a repeat stays as a row without them, so that none is lost unseen.
"""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.tables.lines import check_size, decode
from schemas.tables.refusal import Refusal, TableError

_ZIP: Final = b"PK\x03\x04"
#: What every workbook has inside.
_WORKBOOK_PART: Final = "[Content_Types].xml"
_MEDIA: Final = "media/"
_MOST_MEMBERS: Final = 50_000
_KEY, _PARENT = "KEY", "PARENT_KEY"

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Part:
    """One table of the archive: its columns and rows."""

    columns: Sequence[str]
    rows: Sequence[Row]

    def is_within(self, other: "_Part") -> bool:
        """Return whether its rows stand in those of another table."""
        keys = {row.get(_KEY) for row in other.rows}
        return any(row.get(_PARENT) in keys for row in self.rows)


def is_submissions(data: bytes) -> bool:
    """Return whether a file is an archive of tables, and no workbook."""
    if not data.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return False
    return _WORKBOOK_PART not in names and any(map(_is_table, names))


def read_submissions(data: bytes, wanted: Collection[str]) -> str:
    """Return the table that has the most of the wanted columns, joined, as a CSV.

    Raises
    ------
    TableError
        If the archive is damaged, too large, or has no table with rows.
    """
    parts = [part for part in _parts(data) if part.rows]
    if not parts:
        reason = "the archive has no table with rows"
        hint = "export the submissions again: all data and attachments (.zip)"
        raise TableError(Refusal("empty_file", reason, hint))
    roots = [part for part in parts if _PARENT not in part.columns]
    if not roots:
        reason = "the archive has no table of submissions, only of repeats"
        raise TableError(Refusal("not_submissions", reason, "export it again, whole"))
    chains = [_chain(part, parts) for part in parts]
    best = max(chains, key=lambda chain: _met(chain, wanted))
    return _as_csv(best)


def media_of(data: bytes, name: str) -> bytes | None:
    """Return an attached file by the name that a submission has for it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        try:
            member = archive.getinfo(_MEDIA + name)
        except KeyError:
            return None
        check_size(member.file_size)
        return archive.read(member)


def _is_table(name: str) -> bool:
    return name.lower().endswith(".csv") and not name.startswith(_MEDIA)


def _parts(data: bytes) -> list[_Part]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            tables = [each for each in members if _is_table(each.filename)]
            if len(members) > _MOST_MEMBERS:
                reason = "the archive has too many files"
                raise TableError(Refusal("file_too_large", reason, "split it"))
            check_size(sum(each.file_size for each in tables))
            return [_part(decode(archive.read(each))) for each in tables]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        reason = "the archive cannot be read: it is damaged, or has a password"
        raise TableError(Refusal("not_zip", reason, "export it again")) from None


def _part(text: str) -> _Part:
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    try:
        rows = [{k: v for k, v in row.items() if k is not None} for row in reader]
    except csv.Error as error:
        reason = f"a table of the archive breaks off: {error}"
        raise TableError(Refusal("not_csv", reason, "export it again")) from None
    return _Part(list(reader.fieldnames or ()), rows)


def _chain(part: _Part, parts: Sequence[_Part]) -> list[_Part]:
    """Return a table with those around it, the outermost first."""
    chain = [part]
    while _PARENT in chain[0].columns:
        around = [
            each
            for each in parts
            if not any(each is known for known in chain) and chain[0].is_within(each)
        ]
        if not around:
            break
        chain.insert(0, around[0])
    return chain


def _met(chain: Sequence[_Part], wanted: Collection[str]) -> tuple[int, int]:
    """Return how many wanted columns a table has; of equals, the fewest joins are best."""
    named = {name for part in chain for name in part.columns}
    return len(named & {*wanted}), -len(chain)


def _as_csv(chain: Sequence[_Part]) -> str:
    columns = list(dict.fromkeys(name for part in chain[::-1] for name in part.columns))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_joined(chain))
    return out.getvalue()


def _joined(chain: Sequence[_Part]) -> Iterator[Row]:
    rows: list[Row] = list(chain[0].rows)
    for part in chain[1:]:
        inner: dict[str, list[Row]] = defaultdict(list)
        for row in part.rows:
            inner[row.get(_PARENT, "")].append(row)
        known = {row.get(_KEY) for row in rows}
        strays = [row for key, own in inner.items() if key not in known for row in own]
        rows = [
            {**around, **row}
            for around in rows
            for row in inner.get(around.get(_KEY, ""), [{}])
        ] + strays
    yield from rows
