"""Print for people: lines that fit the screen, whole lines elsewhere, or JSON."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Final

import click

from schemas import printing
from schemas.printing import TableForm
from schemas.told import told as cell

__all__ = ["cell", "emit_json", "print_facts", "say", "table", "table_of_first"]

#: Rows of a list of what needs a person, on the screen; --json has all.
_SHOWN: Final = 30


def emit_json(value: object) -> None:
    """Print one JSON document on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def table(form: TableForm, rows: Iterable[Sequence[object]]) -> None:
    """Print rows under the heads of a form, or as blocks where the screen is narrow."""
    for line in printing.lines_of(form, rows, screen_width()):
        click.echo(line)


def table_of_first(form: TableForm, rows: Sequence[Sequence[object]]) -> None:
    """Print the first rows that need a person, and how many there are; nothing for none."""
    for line in printing.first_lines(form, rows, screen_width(), _SHOWN):
        click.echo(line)


def print_facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names with their values, one below the other."""
    for line in printing.facts(pairs, screen_width()):
        click.echo(line)


def say(text: str, indent: str = "", *, err: bool = False) -> None:
    """Print a line; where it is wider than the screen it breaks between words."""
    for line in printing.wrapped(text, screen_width(err=err), indent):
        click.echo(line, err=err)


def screen_width(*, err: bool = False) -> int | None:
    """Return how many characters a line of the screen has; None for a file or a pipe."""
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns
