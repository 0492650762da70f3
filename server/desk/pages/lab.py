"""Tables of laboratories: looked at, corrected, taken in, taken back; their quality control."""

import asyncio
import base64
import hashlib
import json
from io import BytesIO
from threading import Lock
from typing import Any, Final
from zipfile import ZipFile

from schemas import limits
from schemas.lab import batches, outcome
from schemas.lab.check import Beside, LabCheck, pairs
from schemas.lab.judging import quality_here
from schemas.lab.quality import Quality
from schemas.lab.saying import SayingError, read_saying
from schemas.lab_files import ReadDelivery, rows_back
from schemas.one_line import one_line
from schemas.operations import OperationKind, imported, operation
from schemas.tables.differing import Differing
from schemas.tables.refusal import TableError
from server.access.rights import Right
from server.custody import lab as flow
from server.custody.selected import Selection
from server.custody.undo import look as look_back
from server.custody.warnings import records_in
from server.desk.frame import Asked, Desk, DeskPage, Download, GoTo, SentFile
from server.desk.held_files import packed, unpacked
from server.desk.taking_back import take_back
from server.errors import RefusedError, refuse
from server.store.port import Transaction

_HERE: Final = "/desk/lab"
_COMMAND: Final = "permille-server lab import FILE --lab LAB --project PROJECT"
#: Readings of a table that are shown; the file that comes back has all.
_SHOWN: Final = 100
#: What a table of a laboratory makes: an undo here reaches nothing else.
_MADE: Final = frozenset({"result", "lab_control"})
_DEFINITIONS: Final = ("whole", "fine_earth_only", "fine_in_total")
#: Settings of drawings are of the whole process: one is drawn at a time.
_DRAWING: Final = Lock()
_SVG: Final = '<svg xmlns="http://www.w3.org/2000/svg" '


async def show(desk: Desk, asked: Asked) -> DeskPage:
    """Show the batches of a project with their quality control, and ask for a table."""
    facts: dict[str, Any] = {"batches": [], "charts": [], "may_decide": False}
    if asked.chosen is not None:
        project_id = asked.chosen.id

        def job(tx: Transaction) -> tuple[list[dict[str, Any]], Quality]:
            records = records_in(tx, project_id)
            return batches.listed(records), quality_here(records)

        found, quality = await desk.store.read(job)
        facts = {
            "batches": found,
            "charts": await asyncio.to_thread(_charts, quality),
            "may_decide": asked.may(Right.DECIDE),
        }
    return DeskPage("lab.html.j2", _COMMAND, facts | _choices())


def _choices() -> dict[str, Any]:
    return {
        "differing": [*Differing],
        "definitions": _DEFINITIONS,
        "most": limits.NAME_CHARS,
    }


def _charts(quality: Quality) -> list[tuple[str, str, str]]:
    """Draw the charts of controls; return of each the title, what it shows, the image."""
    if not quality.controls:
        return []
    from server.report.quality import quality_view  # noqa: PLC0415 - loads matplotlib

    with _DRAWING:
        view = quality_view(quality)
    return [
        (one.name, one.picture.summary, _image(one.picture.svg))
        for one in (*view.references, *view.blanks, *view.pairs)
    ]


def _image(svg: str) -> str:
    """Return a drawing as the address of an image, which no rule of the page forbids."""
    alone = svg.replace("<svg ", _SVG, 1).encode()
    return f"data:image/svg+xml;base64,{base64.b64encode(alone).decode()}"


async def look(desk: Desk, asked: Asked) -> DeskPage:
    """Show what a table would bring, and what of it needs a person; nothing is written."""
    file = _file(asked)
    found = await _found(desk, asked, file)
    return _looked(asked, file, found, has_changed=False)


async def take_in(desk: Desk, asked: Asked) -> DeskPage:
    """Take in what was looked at; where that has changed since, show it again."""
    file, how = _file(asked), _differing(asked)
    found = await _found(desk, asked, file)
    if asked.said("seen") != _digest(found, how):
        return _looked(asked, file, found, has_changed=True)
    assert asked.chosen is not None
    named = imported([file.name], None)
    done = operation(OperationKind.IMPORT, desk.clock.new_id(), named)
    taking = flow.LabTakingIn(how, asked.person.name, done)
    await flow.take_in(
        desk.store, desk.clock, asked.chosen.id, _lab(asked), found, taking
    )
    wanted, beside = found.wanted(how), found.beside(how)
    facts = {
        "values": len(wanted),
        "controls": len(beside),
        "operation": done.id if found.additions(how) else "",
        "failed": outcome.document(found, _lab(asked), how)["failed_batches"],
        "may_decide": asked.may(Right.DECIDE),
    }
    return DeskPage("lab_taken.html.j2", _COMMAND, facts)


async def rejected(desk: Desk, asked: Asked) -> Download:
    """Write the rows that need a person as a table like that of the laboratory."""
    found = await _found(desk, asked, _file(asked))
    files = rows_back(found, [])
    if not files:
        raise RefusedError("no row needs a person", [], "take the table in")
    if len(files) == 1:
        (text,) = files.values()
        return Download("rejected.csv", "text/csv", text.encode("utf-8-sig"))
    written = BytesIO()
    with ZipFile(written, "w") as archive:
        for number, text in enumerate(files.values(), 1):
            archive.writestr(f"rejected-{number}.csv", text.encode("utf-8-sig"))
    return Download("rejected.zip", "application/zip", written.getvalue())


async def undo(desk: Desk, asked: Asked) -> GoTo:
    """Take back what a table brought; what others have built on stays."""
    assert asked.chosen is not None
    project_id, which = asked.chosen.id, Selection(operation=asked.said("operation"))
    found = await desk.store.read(lambda tx: look_back(tx, project_id, which))
    if not {step.record.type for step in found.plan.steps} <= _MADE or found.waiting:
        raise refuse("not_allowed", Right.DECIDE.value)
    said = await take_back(desk, asked, found)
    return GoTo(f"{_HERE}?project={project_id}", said)


async def _found(desk: Desk, asked: Asked, file: SentFile) -> LabCheck:
    """Judge the readings of a file by what is here, and what the form says of it.

    Raises
    ------
    RefusedError
        If the file or what is said of it cannot be used.
    """
    assert asked.chosen is not None
    try:
        said = read_saying(
            _lines(asked, "columns"),
            _lines(asked, "units"),
            _lines(asked, "methods"),
            asked.said("density_definition") or None,
            _lines(asked, "references"),
        )
        keys = _keys(asked)
        beside = Beside(asked.said("batch") or None, differing=_differing(asked))
        read = ReadDelivery({file.name: file.content}, keys, beside)
        return await flow.look(desk.store, asked.chosen.id, _lab(asked), read, said)
    except SayingError as error:
        raise RefusedError(error.text, [], error.hint) from None
    except TableError as error:
        raise RefusedError(error.refusal.reason, [], error.refusal.hint) from None


def _keys(asked: Asked) -> dict[str, str]:
    """Return the labels of bags by the laboratory's numbers."""
    try:
        return pairs(_lines(asked, "keys"))
    except ValueError as error:
        hint = "write NUMBER=LABEL, one a line"
        raise RefusedError(f"{error} is no pair", [], hint) from None


def _looked(
    asked: Asked, file: SentFile, found: LabCheck, *, has_changed: bool
) -> DeskPage:
    how, lab = _differing(asked), _lab(asked)
    document = outcome.document(found, lab, how)
    rows = outcome.open_rows(found)
    facts = {
        "file": file.name,
        "held": packed(file.content),
        "seen": _digest(found, how),
        "has_changed": has_changed,
        "told": list(outcome.sentences(document, 0, _COMMAND)),
        "to_keep": len(found.wanted(how)),
        "rows": rows[:_SHOWN],
        "open": len(rows),
        "form": {name: asked.said(name) for name in _SAID},
    }
    return DeskPage("lab_looked.html.j2", _COMMAND, facts | _choices())


#: What a form says of a table besides the table.
_SAID: Final = (
    *("lab", "batch", "differing", "density_definition"),
    *("columns", "units", "methods", "references", "keys"),
)


def _digest(found: LabCheck, how: Differing) -> str:
    """Return what tells one outcome of a table from another one."""
    readings = [outcome.as_data(line) for line in found.every_line]
    said = json.dumps([how, readings, len(found.additions(how))])
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


def _file(asked: Asked) -> SentFile:
    """Return the table that came with the form: chosen, or held by the page before."""
    sent = asked.files.get("file")
    if sent is None:
        sent = unpacked(asked.said("held_name"), asked.said("held"))
    return SentFile(_line("the name of the file", sent.name), sent.content)


def _lab(asked: Asked) -> str:
    return _line("the laboratory", asked.said("lab"))


def _line(what: str, said: str) -> str:
    """Return a name that a change can carry.

    Raises
    ------
    RefusedError
        If it is none.
    """
    try:
        return one_line(said, limits.NAME_CHARS)
    except ValueError as error:
        raise RefusedError(f"{what}: {error}", [], "write it again") from None


def _differing(asked: Asked) -> Differing:
    said = asked.said("differing")
    return Differing(said) if said in {*Differing} else Differing.KEEP


def _lines(asked: Asked, name: str) -> list[str]:
    """Return what a field says line by line."""
    return [line.strip() for line in asked.said(name).splitlines() if line.strip()]
