"""The audit log: what administrators did, at the desk and by commands."""

import csv
import json
from io import StringIO
from typing import Final

from schemas.tables.harmless import harmless
from server.access.audit_log import AuditEntry, audit_entries, told_value
from server.access.rights import Right
from server.desk.frame import Asked, Desk, DeskPage, Download

#: Lines of a page.
_SHOWN: Final = 100
_COMMAND: Final = "permille-server audit list"


async def show(desk: Desk, asked: Asked) -> DeskPage:
    """Show the newest lines that fit what is asked for."""
    found = await _found(desk, asked)
    names = {one.id: one.name for one in asked.projects}
    shown = [
        (one, [names.get(each, each[:8]) for each in one.projects], _said(one))
        for one in reversed(found[-_SHOWN:])
    ]
    facts = {"shown": shown, "count": len(found), "most": _SHOWN}
    return DeskPage("audit.html.j2", _COMMAND, facts)


async def download(desk: Desk, asked: Asked) -> Download:
    """Write every line that fits what is asked for as CSV, with its hash."""
    await desk.store.note_hand_out()
    found = await _found(desk, asked)
    written = StringIO(newline="")
    table = csv.writer(written)
    table.writerow(["number", "at", "person", "command", "said", "outcome", "hash"])
    for one in found:
        said = json.dumps(one.said, ensure_ascii=False)
        cells = (one.at, one.person, one.command, said, one.outcome, one.hash)
        table.writerow([one.number, *map(harmless, cells)])
    return Download("audit.csv", "text/csv", written.getvalue().encode())


async def _found(desk: Desk, asked: Asked) -> list[AuditEntry]:
    """Return the lines about the projects of the page, and of all where all may be seen."""
    by, since = asked.query.get("by", ""), asked.query.get("since", "")
    command = asked.query.get("command", "")
    is_whole = asked.held.may(Right.AUDIT) and asked.chosen is None
    return [
        one
        for one in await desk.store.read(audit_entries)
        if (is_whole or not {*one.projects}.isdisjoint(asked.project_ids))
        and (not by or by.casefold() in f"{one.person} {one.login}".casefold())
        and (not since or one.at >= since)
        and (not command or command in one.command)
    ]


def _said(one: AuditEntry) -> str:
    return ", ".join(f"{name} {told_value(value)}" for name, value in one.said.items())
