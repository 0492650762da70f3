"""Print for people: tables on a terminal, plain columns elsewhere, or JSON."""

import json
import sys
from collections.abc import Iterable, Sequence

import click


def emit_json(value: object) -> None:
    """Print one JSON document on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def table(title: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under headers."""
    cells = [[cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        _rich_table(title, headers, cells)
        return
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    for row in [list(headers), *cells]:
        line = "  ".join(
            text.ljust(width) for text, width in zip(row, widths, strict=True)
        )
        click.echo(line.rstrip())


def cell(value: object) -> str:
    """Write one value for people.

    >>> cell([{"name": "bag.jpg", "size": 9}, {"clay": 1200.0, "loam": 3.5}])
    'bag.jpg, clay=1200, loam=3.5'
    """
    parts: Iterable[str]
    match value:
        case None:
            parts = []
        case float():
            parts = [f"{value:g}"]
        case list():
            parts = map(cell, value)
        case {"name": said} | {"type": said}:
            parts = [str(said)]
        case dict():
            parts = (f"{name}={cell(part)}" for name, part in value.items())
        case _:
            parts = [str(value)]
    return ", ".join(parts)


def _rich_table(
    title: str, headers: Sequence[str], cells: Sequence[Sequence[str]]
) -> None:
    from rich.console import Console
    from rich.table import Table

    shown = Table(*headers, title=title, title_justify="left")
    for row in cells:
        shown.add_row(*row)
    Console().print(shown)
