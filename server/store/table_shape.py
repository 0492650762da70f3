"""What a table is like, whatever the database. Pure."""

from collections.abc import Mapping
from typing import NamedTuple


class TableShape(NamedTuple):
    """One table: columns with their types, its key, and what is looked up besides.

    Where the order in which rows came matters, `arrived` is the key, and what tells them
    apart is `unique`.
    """

    name: str
    columns: dict[str, type]
    key: tuple[str, ...]
    needs: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    defaults: Mapping[str, object] = {}
