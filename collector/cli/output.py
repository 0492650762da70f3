"""Print for people: tables on a terminal, plain columns elsewhere, or JSON."""

import json
import sys
from collections.abc import Sequence

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
    """Write one value for people."""
    match value:
        case None:
            return ""
        case float():
            return f"{value:g}"
        case list():
            return ", ".join(map(cell, value))
        case dict():
            return str(value.get("name", value.get("type", "object")))
        case _:
            return str(value)


def _rich_table(
    title: str, headers: Sequence[str], cells: Sequence[Sequence[str]]
) -> None:
    from rich.console import Console
    from rich.table import Table

    shown = Table(*headers, title=title, title_justify="left")
    for row in cells:
        shown.add_row(*row)
    Console().print(shown)
