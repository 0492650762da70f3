"""Every address of the desk, with the right that it asks for: the one table."""

from enum import Enum, auto
from typing import Final, NamedTuple

from schemas.phrases import Phrase, _
from server.access.rights import Right
from server.desk.frame import Show
from server.desk.pages import (
    audit,
    campaign,
    devices,
    exports,
    inbox,
    lab,
    people,
    programme,
    year,
)


class Scope(Enum):
    """Where a right is asked for: in one chosen project, in any, or in all of them."""

    ONE = auto()
    ANY = auto()
    ALL = auto()


class DeskRoute(NamedTuple):
    """An address, and what it asks for; `name` is how the navigation calls a page."""

    method: str
    path: str
    right: Right
    scope: Scope
    show: Show
    name: Phrase | None = None


def _page(path: str, right: Right, show: Show, name: Phrase) -> DeskRoute:
    return DeskRoute("GET", path, right, Scope.ANY, show, name)


def _form(path: str, right: Right, scope: Scope, show: Show) -> DeskRoute:
    return DeskRoute("POST", f"/desk/{path}", right, scope, show)


def _file(path: str, right: Right, show: Show) -> DeskRoute:
    return DeskRoute("GET", f"/desk/{path}", right, Scope.ANY, show)


#: In the order of the navigation.
ROUTES: Final = (
    _page("/", Right.FIGURES, programme.show, _("Programme")),
    _page("/desk/campaign", Right.RECORDS, campaign.show, _("Campaign")),
    _page("/desk/inbox", Right.DECIDE, inbox.show, _("Inbox")),
    _form("inbox/decide", Right.DECIDE, Scope.ANY, inbox.decide),
    _form("inbox/undo", Right.DECIDE, Scope.ONE, inbox.undo),
    _page("/desk/year", Right.FIGURES, year.show, _("Year page")),
    _file("year/pdf", Right.FIGURES, year.pdf),
    _file("year/html", Right.FIGURES, year.html),
    _page("/desk/lab", Right.LAB, lab.show, _("Laboratory")),
    _form("lab/look", Right.LAB, Scope.ONE, lab.look),
    _form("lab/take-in", Right.LAB, Scope.ONE, lab.take_in),
    _form("lab/rejected", Right.LAB, Scope.ONE, lab.rejected),
    _form("lab/undo", Right.LAB, Scope.ONE, lab.undo),
    _page("/desk/devices", Right.DEVICES, devices.show, _("Devices")),
    _form("devices/codes", Right.DEVICES, Scope.ONE, devices.codes),
    _form("devices/revoke", Right.DEVICES, Scope.ANY, devices.revoke),
    _page("/desk/people", Right.PEOPLE, people.show, _("People")),
    _form("people/add", Right.PEOPLE, Scope.ANY, people.add),
    _form("people/grant", Right.PEOPLE, Scope.ANY, people.grant),
    _form("people/withdraw", Right.PEOPLE, Scope.ANY, people.withdraw),
    _form("people/link", Right.PEOPLE, Scope.ALL, people.link),
    _form("people/sign-out", Right.PEOPLE, Scope.ALL, people.sign_out),
    _page("/desk/exports", Right.EXPORT, exports.show, _("Exports")),
    _file("exports/xlsx", Right.EXPORT, exports.workbook),
    _file("exports/csv", Right.EXPORT, exports.tables),
    _form("exports/token", Right.DEVICES, Scope.ONE, exports.token),
    _form("exports/revoke", Right.DEVICES, Scope.ANY, exports.revoke),
    _page("/desk/audit", Right.AUDIT, audit.show, _("Audit")),
    _file("audit/csv", Right.AUDIT, audit.download),
)
