"""Contacts of a CSV: read and judged whole, then kept whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

from schemas.names import meant
from schemas.problems import Problem
from schemas.tables.lines import check_size, decode_as_usual, read_lines, rule_of
from schemas.tables.refusal import Refusal, TableError, in_file
from server.access.consents import PURPOSES, Given, give, given
from server.access.contacts import Known, add_contact, known_contacts
from server.access.personal import FIELDS, Personal, judged
from server.clock import Clock
from server.errors import RefusedError
from server.store.port import Transaction

#: Columns beside those of the personal fields.
_BESIDE: Final = ("plots", "purposes", "how", "given_on", "ends_on")


class ContactRow(NamedTuple):
    """One line of the file: a person, plots by code, and what they agreed to."""

    line: int
    personal: Personal
    plots: tuple[str, ...]
    purposes: tuple[str, ...]
    given: Given | None


@dataclass(slots=True)
class ImportedContacts:
    """What came of a file: contacts that were kept, and lines of people who are known."""

    new: int = 0
    kept: list[Known] = field(default_factory=list)
    lines_known: list[int] = field(default_factory=list)


def read_contacts(path: Path, today: str) -> list[ContactRow]:
    """Read every line of a CSV.

    Raises
    ------
    RefusedError
        With every cell that cannot be kept, each with its line.
    TableError
        If it is no table, or has columns that are not known.
    """
    with in_file(path.name):
        data = path.read_bytes()
        check_size(len(data))
        text = decode_as_usual(data)
        head, rows = read_lines(text, rule_of(text), ("name",))
        _check_columns(head.names)
        found, problems = list[ContactRow](), list[Problem]()
        for row in rows:
            if row.refusal is not None:
                raise TableError(row.refusal)
            one, wrong = _row(row.line, row.cells, today)
            problems += wrong
            found += [one] if one else []
    if problems:
        raise RefusedError(f"{path.name}: nothing was kept", problems)
    if not found:
        raise RefusedError(f"{path.name} has no contacts", [], "add one line for each")
    return found


def keep_rows(
    tx: Transaction,
    clock: Clock,
    project_id: str,
    rows: list[ContactRow],
    *,
    is_kept: bool,
) -> ImportedContacts:
    """Save contacts with their consents; who is there already by name is left out.

    Raises
    ------
    RefusedError
        With every plot that is not there, or several; nothing is kept then.
    """
    plots = {
        plot.id: (str(plot.fields.get("code")),)
        for plot in tx.records(project_id, "plot")
    }
    problems = [
        Problem("no_such_record", f"line {row.line} plots", code)
        for row in rows
        for code in row.plots
        if len(meant(code, plots)) != 1
    ]
    if problems:
        raise RefusedError("nothing was kept", problems)
    known = {one.name for one in known_contacts(tx, [project_id]) if one.personal}
    done = ImportedContacts()
    for row in rows:
        if row.personal.name in known:
            done.lines_known.append(row.line)
            continue
        known.add(row.personal.name)
        done.new += 1
        if is_kept:
            done.kept.append(_kept(tx, clock, project_id, row))
    return done


def _kept(tx: Transaction, clock: Clock, project_id: str, row: ContactRow) -> Known:
    made = add_contact(tx, clock, project_id, row.personal, row.plots)
    if row.given is not None:
        give(tx, clock, made, row.purposes, row.given)
    return made


def _check_columns(names: list[str]) -> None:
    known = (*FIELDS, *_BESIDE)
    for name in names:
        if name and name not in known:
            raise TableError(
                Refusal(
                    "unknown_column",
                    f"the column {name} is not known",
                    f"rename or remove it; known: {', '.join(known)}",
                )
            )


def _row(
    line: int, cells: Mapping[str, str | None], today: str
) -> tuple[ContactRow | None, list[Problem]]:
    personal, problems = judged({n: t for n, t in cells.items() if n in FIELDS})
    purposes = _many(cells.get("purposes"))
    problems += [
        Problem("not_in_list", "purposes", one, ", ".join(PURPOSES))
        for one in purposes
        if one not in PURPOSES
    ]
    agreed: Given | None = None
    if purposes:
        days = (cells.get("given_on"), cells.get("how"), cells.get("ends_on"))
        try:
            agreed = given(*days, today)
        except RefusedError as error:
            problems += error.problems
    placed = [replace(one, path=f"line {line} {one.path}") for one in problems]
    if personal is None or placed:
        return None, placed
    row = ContactRow(line, personal, _many(cells.get("plots")), purposes, agreed)
    return row, []


def _many(text: str | None) -> tuple[str, ...]:
    parts = (part.strip() for part in (text or "").split(";"))
    return tuple(dict.fromkeys(filter(None, parts)))
