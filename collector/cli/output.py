"""Print for people: lines that fit the screen, whole lines elsewhere, or JSON."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Final

import click

from collector.speech.spoken import said
from schemas import printing
from schemas.phrases import _
from schemas.printing import Column, TableForm
from schemas.told import told as cell

__all__ = [
    "cell",
    "emit_json",
    "fact",
    "print_facts",
    "say",
    "table",
    "table_lines",
    "table_of_first",
]

#: Rows of a list of what needs a person, on the screen; --json has all.
_SHOWN: Final = 30


def emit_json(value: object) -> None:
    """Print one JSON document on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def table(form: TableForm, rows: Iterable[Sequence[object]]) -> None:
    """Print rows under the heads of a form, or as blocks where the screen is narrow."""
    for line in table_lines(form, rows):
        click.echo(line)


def table_lines(
    form: TableForm, rows: Iterable[Sequence[object]], *, err: bool = False
) -> list[str]:
    """Return a table as lines, its heads and cells in the language that is spoken."""
    heads = [Column(said(column.name), column.wraps) for column in form.columns]
    cells = ([said(value) for value in row] for row in rows)
    form = TableForm(form.title, *heads)
    return printing.lines_of(form, cells, screen_width(err=err))


def table_of_first(form: TableForm, rows: Sequence[Sequence[object]]) -> None:
    """Print the first rows that need a person, and how many there are; nothing for none."""
    if rows:
        table(form, rows[:_SHOWN])
    if len(rows) > _SHOWN:
        say(_("{shown} of {num}; --json lists them all", shown=_SHOWN, num=len(rows)))


def print_facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names with their values, one below the other."""
    spoken = [(said(name), said(value)) for name, value in pairs]
    for line in printing.facts(spoken, screen_width()):
        click.echo(line)


def fact(name: str, text: str) -> None:
    """Print a name of at most ten letters and what is to be said of it."""
    say(f"{said(name):10} {said(text)}", " " * 11)


def say(text: str, indent: str = "", *, err: bool = False) -> None:
    """Print a line; where it is wider than the screen it breaks between words."""
    for line in printing.wrapped(said(text), screen_width(err=err), indent):
        click.echo(line, err=err)


def screen_width(*, err: bool = False) -> int | None:
    """Return how many characters a line of the screen has; None for a file or a pipe."""
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns
