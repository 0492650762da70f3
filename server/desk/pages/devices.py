"""Laptops: when each was heard of, what waits of it, codes for more of them."""

from typing import Any, Final

from schemas.phrases import _
from server.access import devices
from server.access.devices import Enrolments, folded, laptops
from server.access.enrolment import NewCodes, issue_codes
from server.access.projects import find_project, in_words
from server.access.rights import Right
from server.desk.frame import Asked, Desk, DeskPage, Download, GoTo
from server.errors import NotFoundError, RefusedError
from server.operations.enrolment_cards import cards_of
from server.store.port import Transaction

_HERE: Final = "/desk/devices"
_LIST: Final = "permille-server device list"
_MOST_CODES: Final = 100
_MOST_DIGITS: Final = 9
#: A laptop with less room on its disk is shown in bold.
_LEAST_FREE_MIB: Final = 1_024


async def show(desk: Desk, asked: Asked) -> DeskPage:
    """Show the laptops of the projects of the page, the one heard of last before others."""

    def job(tx: Transaction) -> list[dict[str, Any]]:
        own = [one for one in folded(laptops(tx)) if _is_shown(one, asked)]
        own.sort(key=lambda one: one.now.last_seen_at or "", reverse=True)
        states = tx.device_states()
        return [
            _told(tx, one, asked) | {"state": states.get(one.now.id)} for one in own
        ]

    shown = await desk.store.read(job)
    facts = {
        "shown": shown,
        "now": desk.clock.stamp(),
        "most": _MOST_CODES,
        "address": desk.address,
        "limits": desk.limits,
        "held_off": desk.held_off if asked.held.may(Right.SERVER) else {},
        "least_mib": _LEAST_FREE_MIB,
    }
    return DeskPage("devices.html.j2", "permille-server device list", facts)


def _told(tx: Transaction, own: Enrolments, asked: Asked) -> dict[str, Any]:
    names = {one.id: one.name for one in asked.projects}
    sent, logs = tx.sent_by(own.now.id)
    return {
        "device": own.now,
        "earlier": len(own.earlier),
        "projects": [names[each] for each in own.now.projects if each in names],
        "others": sum(each not in names for each in own.now.projects),
        "sent": sent,
        "logs": logs,
        "waiting": tx.waiting_of(own.now.id),
        "is_clock_off": devices.is_clock_off(own.now),
    }


def _is_shown(own: Enrolments, asked: Asked) -> bool:
    """Return whether a laptop sees a project of the page, or did."""
    seen = {*own.now.projects, *own.now.withdrawn}
    return not seen.isdisjoint(asked.project_ids)


async def codes(desk: Desk, asked: Asked) -> Download:
    """Make codes for laptops, as cards with QR codes; they are shown this once."""
    assert asked.chosen is not None
    count = _count(asked.said("count"))
    project = await find_project(desk.store, asked.chosen.id)
    asked_for = NewCodes(
        (asked.chosen.id,),
        asked.said("name"),
        count,
        asked.said("until") or None,
        address=desk.address,
        needs_address=True,
    )
    issued = await issue_codes(desk.store, desk.clock, asked_for)
    written = cards_of(issued, [in_words(project)], with_qr=True)
    return Download("codes.pdf", "application/pdf", written)


def _count(said: str) -> int:
    # Python reads no number of thousands of digits.
    is_short = said.isdecimal() and len(said) <= _MOST_DIGITS
    if not is_short or not 1 <= int(said) <= _MOST_CODES:
        raise RefusedError(
            f"{said[:100] or 'nothing'} is no number of codes",
            [],
            f"write a number from 1 to {_MOST_CODES}",
        )
    return int(said)


async def revoke(desk: Desk, asked: Asked) -> GoTo:
    """Refuse a laptop from now on; what it sent stays."""
    own, wanted = {one.id for one in asked.projects}, asked.said("device")
    known = await desk.store.read(laptops)
    # One that sees other projects too is not theirs alone.
    if not any(one.id == wanted and {*one.projects} <= own for one in known):
        raise NotFoundError(
            "there is no such laptop of these projects alone", f"see: {_LIST}"
        )
    found = await devices.revoke(desk.store, desk.clock, wanted)
    return GoTo(_HERE, _("{name} was revoked", name=found.now.name))
