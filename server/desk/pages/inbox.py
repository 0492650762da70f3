"""What waits for a person: listed, decided on many at once, and taken back."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas import limits
from schemas.operations import OperationKind, operation
from schemas.phrases import Phrase, _
from schemas.problems import Problem, from_data
from server.custody import deciding
from server.custody.inbox import (
    InboxChoice,
    InboxKind,
    InboxQuery,
    InboxRow,
    inbox,
    sides_of,
)
from server.custody.selected import Selection
from server.custody.undo import Undoing
from server.custody.undo import look as look_back
from server.custody.warnings import utc
from server.desk.frame import Asked, Desk, DeskPage, GoTo
from server.desk.taking_back import said_why, take_back
from server.errors import RefusedError

_HERE: Final = "/desk/inbox"
_COMMAND: Final = "permille-server inbox list"
_PAGE_ROWS: Final = 100
_KINDS: Final[Mapping[InboxKind, Phrase]] = MappingProxyType(
    {
        InboxKind.CONFLICT: _("conflict"),
        InboxKind.QUARANTINE: _("in quarantine"),
        InboxKind.HELD: _("held"),
        InboxKind.WARNING: _("warning"),
        InboxKind.LAB: _("batch of a laboratory"),
    }
)
_CHOICES: Final[Mapping[InboxChoice, Phrase]] = MappingProxyType(
    {
        InboxChoice.KEEP: _("Conflict: keep what stands"),
        InboxChoice.OTHER: _("Conflict: let the other value stand"),
        InboxChoice.RELEASE: _("Change: release it"),
        InboxChoice.DISCARD: _("Change: discard it"),
        InboxChoice.EXPLAIN: _("Warning: it is right, for this reason"),
        InboxChoice.ACCEPT: _("Batch: accept it"),
        InboxChoice.REJECT: _("Batch: reject it"),
    }
)


async def show(desk: Desk, asked: Asked) -> DeskPage:
    """Show what waits in the projects of the page, the oldest first."""
    wanted = _wanted(asked)
    rows = await desk.store.read(lambda tx: inbox(tx, desk.clock, wanted))
    page = _number(asked.query.get("page", "")) or 1
    now = utc(desk.clock)
    names = {one.id: one.name for one in asked.projects}
    shown = rows[(page - 1) * _PAGE_ROWS : page * _PAGE_ROWS]
    facts = {
        "shown": [
            _told(row) | {"code": names[row.project_id], "days": row.age_days(now)}
            for row in shown
        ],
        "count": len(rows),
        "page": page,
        "pages": max(-(-len(rows) // _PAGE_ROWS), 1),
        "ids": " ".join(row.id for row in shown),
        "kinds": _KINDS,
        "choices": _CHOICES,
        "most": limits.WHY_CHARS,
        "filter": {name: asked.query.get(name, "") for name in _FILTERS},
    }
    return DeskPage("inbox.html.j2", _COMMAND, facts)


_FILTERS: Final = ("kind", "device", "by", "days")


def _wanted(asked: Asked) -> InboxQuery:
    """Return what the page asks for; what it does not know narrows nothing."""
    kind = asked.query.get("kind", "")
    return InboxQuery(
        project_ids=asked.project_ids,
        kinds=[one for one in InboxKind if kind in {"", one}],
        device=asked.query.get("device") or None,
        person=asked.query.get("by") or None,
        older_than_days=_number(asked.query.get("days", "")),
    )


def _number(said: str) -> int | None:
    return int(said) if said.isdecimal() and len(said) < 7 else None


def _told(row: InboxRow) -> dict[str, Any]:
    """Return a row with what the page says of it in its own language."""
    sides, problems, text = ("", ""), list[Problem](), ""
    match row.kind:
        case InboxKind.CONFLICT:
            sides = sides_of(row.item)
        case InboxKind.QUARANTINE:
            problems = [from_data(why) for why in row.item["why"]]
        case InboxKind.WARNING:
            problems = [row.item["warned"].warning]
        case InboxKind.HELD | InboxKind.LAB:
            text = row.what
    kind = _KINDS[row.kind]
    return {
        "row": row,
        "kind": kind,
        "sides": sides,
        "problems": problems,
        "text": text,
    }


async def decide(desk: Desk, asked: Asked) -> DeskPage:
    """Decide on the rows that are marked, or on all that the page has listed."""
    ids = asked.said("listed").split() if asked.said("all") else asked.form.get("id")
    if not ids:
        raise RefusedError("no row is marked", [], "mark what you decide about")
    given = _given(desk, asked)
    wanted = InboxQuery(project_ids=asked.project_ids)
    found = await desk.store.read(
        lambda tx: deciding.look(tx, desk.clock, wanted, list(ids), given)
    )
    desk.store.about({row.project_id for row in found.rows})
    came = await deciding.decide(desk.store, desk.clock, found, lambda *_of: None)
    names = {one.id: one.name for one in asked.projects}
    facts = {
        "decided": came.rows,
        "left": came.left,
        "choice": _CHOICES[given.choice],
        "operation": given.done.id,
        "projects": {row.project_id: names[row.project_id] for row in came.rows},
    }
    return DeskPage("inbox_decided.html.j2", "permille-server inbox decide", facts)


def _given(desk: Desk, asked: Asked) -> deciding.ManyDecisions:
    choice, who = asked.said("choice"), asked.person.name
    if choice not in {*InboxChoice}:
        raise RefusedError("nothing is chosen", [], "choose what is decided")
    reason = said_why(asked)
    what = f"{choice}, {reason} ({who})"
    done = operation(OperationKind.DECIDE, desk.clock.new_id(), what)
    return deciding.ManyDecisions(InboxChoice(choice), reason, who, done)


async def undo(desk: Desk, asked: Asked) -> GoTo:
    """Take many decisions back, in one project."""
    assert asked.chosen is not None
    project_id, which = asked.chosen.id, Selection(operation=asked.said("operation"))
    found: Undoing = await desk.store.read(lambda tx: look_back(tx, project_id, which))
    return GoTo(_HERE, await take_back(desk, asked, found))
