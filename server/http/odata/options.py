"""What a request for rows asks for: $top, $skip, $count, $select, the next page. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from multidict import MultiMapping

from server.http.parameters import bad_value, said_once, whole_number
from server.reading.collections import Collection
from server.reading.port import RowSelection

#: Rows of one page, where nothing else is preferred, and at most.
_PAGE: Final = 5_000
_MOST: Final = 10_000
#: Rows that may be passed over: beyond them pages are followed by their links.
_MOST_SKIPPED: Final = 1_000_000
_TOKEN_CHARS: Final = 100
#: System options that are understood.
OPTIONS: Final = (
    *("$top", "$skip", "$count", "$select", "$orderby", "$format", "$skiptoken"),
)
#: System options of OData that are not done here.
_NOT_DONE: Final = frozenset(
    {
        *("$filter", "$expand", "$search", "$apply", "$compute", "$index"),
        *("$deltatoken", "$levels", "$schemaversion", "$id"),
    }
)
_DONE: Final = (
    "$top, $skip, $count, $select, $orderby=id and the keys of rows are done; take"
    " all rows and narrow them down in your program"
)
_PREFERRED: Final = re.compile(r"(?:^|[,;\s])(?:odata\.)?maxpagesize=([0-9]{1,9})")
_FORMATS: Final = ("json", "application/json")


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for; `columns` is empty for all of them."""

    top: int | None
    skip: int
    is_counted: bool
    columns: Sequence[str]
    after: str
    page: int

    def selection(
        self, collection: Collection, projects: Sequence[str]
    ) -> RowSelection:
        """Return which rows the page has."""
        most = self.page if self.top is None else min(self.top, self.page)
        return RowSelection(
            collection=collection.name,
            projects=projects,
            after=self.after,
            skip=self.skip,
            most=most,
        )

    def next_page(
        self, said: Mapping[str, str], after: str | None, rows: int
    ) -> dict[str, str] | None:
        """Return the options of the page after one of so many rows; None after the last."""
        left = None if self.top is None else self.top - rows
        if after is None or left == 0:
            return None
        on = {name: value for name, value in said.items() if name != "$skip"}
        on["$skiptoken"] = after
        return on if left is None else {**on, "$top": str(left)}


def said_options(query: MultiMapping[str]) -> Mapping[str, str]:
    """Return the options of a query.

    Raises
    ------
    RequestError
        400 for one that is not done here, or that is unknown.
    """
    for name, value in query.items():
        if name in _NOT_DONE:
            bad_value(name, value, _DONE, "not_supported")
    return said_once(query, OPTIONS)


def options_of(collection: Collection, said: Mapping[str, str], prefer: str) -> Options:
    """Return what options ask for; `prefer` is the header of that name.

    Raises
    ------
    RequestError
        400.
    """
    check_format(said)
    order = said.get("$orderby", "id")
    if order.split() not in (["id"], ["id", "asc"]):
        bad_value("$orderby", order, _DONE, "not_supported")
    count = said.get("$count", "false")
    if count not in {"true", "false"}:
        bad_value("$count", count, "true or false")
    after = said.get("$skiptoken", "")
    if len(after) > _TOKEN_CHARS or not after.isprintable():
        bad_value("$skiptoken", after, "that of a next link")
    skip = whole_number("$skip", said.get("$skip", "0"), 0)
    if skip > _MOST_SKIPPED:
        bad_value("$skip", said["$skip"], f"{_MOST_SKIPPED} at most: follow nextLink")
    return Options(
        top=whole_number("$top", said["$top"], 0) if "$top" in said else None,
        skip=skip,
        is_counted=count == "true",
        columns=columns_of(collection, said),
        after=after,
        page=_page(prefer),
    )


def columns_of(collection: Collection, said: Mapping[str, str]) -> Sequence[str]:
    """Return the columns that are asked for; none for all of them.

    Raises
    ------
    RequestError
        400, where there is no such column.
    """
    asked = [name.strip() for name in said.get("$select", "*").split(",")]
    if "*" in asked:
        return ()
    known = [column.name for column in collection.columns]
    for name in asked:
        if name not in known:
            bad_value("$select", said["$select"], f"columns are {', '.join(known)}")
    return list(dict.fromkeys(asked))


def check_format(said: Mapping[str, str]) -> None:
    """Refuse all formats but JSON.

    Raises
    ------
    RequestError
        400.
    """
    asked = said.get("$format", "json").partition(";")[0]
    if asked not in _FORMATS:
        bad_value("$format", said["$format"], "json", "not_supported")


def _page(prefer: str) -> int:
    found = _PREFERRED.search(prefer)
    return min(max(int(found[1]), 1), _MOST) if found else _PAGE
