"""Roles, and what each of them may do: the one table that everything asks. Pure.

A role is held in one project, or in all. A route names the right that it asks for in
`server.http.description` and `server.desk.routes`, a command in `COMMANDS` below.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

#: Where a role is held that is held in every project, those of tomorrow too.
EVERYWHERE: Final = "*"


class Right(StrEnum):
    """What somebody may do in a project; the value says it in words."""

    FIGURES = "see figures"
    RECORDS = "see records"
    PLACES = "see exact places"
    NAMES = "see names of persons"
    FIELD = "record in the field"
    LAB = "take in laboratory results"
    DECIDE = "decide what waits"
    EXPORT = "take data out"
    PLAN = "edit projects and plans"
    DEVICES = "manage laptops, phones and tokens"
    PEOPLE = "manage people and their roles"
    CONTACTS = "manage contacts"
    AUDIT = "read the audit log"
    SERVER = "run the server"


class Role(StrEnum):
    """What a person is in a project."""

    VIEWER = "viewer"
    COLLECTOR = "collector"
    LAB = "lab"
    MANAGER = "manager"
    ADMIN = "admin"
    AUDITOR = "auditor"


_SEES: Final = {Right.FIGURES, Right.RECORDS}
#: What each role may do. Auditors see every figure and every step, and no names.
MAY: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {
        Role.VIEWER: frozenset(_SEES),
        Role.COLLECTOR: frozenset({*_SEES, Right.PLACES, Right.NAMES, Right.FIELD}),
        Role.LAB: frozenset({*_SEES, Right.LAB}),
        Role.MANAGER: frozenset(
            {
                *_SEES,
                *(Right.PLACES, Right.NAMES, Right.LAB, Right.DECIDE, Right.EXPORT),
                *(Right.PLAN, Right.DEVICES, Right.CONTACTS),
            }
        ),
        Role.ADMIN: frozenset({*Right}) - {Right.FIELD},
        Role.AUDITOR: frozenset({*_SEES, Right.PLACES, Right.EXPORT, Right.AUDIT}),
    }
)


@dataclass(frozen=True, slots=True)
class HeldRoles:
    """The roles that somebody holds: by project id, or `EVERYWHERE`."""

    roles: Mapping[str, frozenset[Role]]

    def rights_in(self, project_id: str) -> frozenset[Right]:
        """Return what they may do in a project; `EVERYWHERE` asks for all projects."""
        held = self.roles.get(project_id, frozenset()) | self.roles.get(
            EVERYWHERE, frozenset()
        )
        return frozenset[Right]().union(*(MAY[role] for role in held))

    def may(self, right: Right, project_id: str = EVERYWHERE) -> bool:
        """Return whether they may do something in a project, or in all of them."""
        return right in self.rights_in(project_id)

    def where(self, right: Right, projects: Iterable[str]) -> tuple[str, ...]:
        """Return those of these projects in which they may do something."""
        return tuple(one for one in projects if self.may(right, one))


#: Who has the account that the data belong to, where no person is named.
OWNER: Final = HeldRoles({EVERYWHERE: frozenset({Role.ADMIN})})
NOBODY: Final = HeldRoles({})

#: What each command of `permille-server` asks for. A command that names no project asks for
#: it in all of them. Who makes or runs a server has its account, and is asked nothing.
COMMANDS: Final[Mapping[str, Right]] = MappingProxyType(
    {
        command: right
        for right, commands in {
            Right.FIGURES: (
                *("stocks show", "stocks portfolio", "stocks compute", "stocks design"),
                *("stocks explain", "stocks report", "stocks year", "stats"),
                "project list",
                "board programme",
                "board campaign",
            ),
            Right.RECORDS: (
                *("records list", "search", "attachments list", "epochs", "look"),
                *("conflict list", "conflict show", "quarantine list"),
                *("quarantine show", "warning list", "project show"),
                *(
                    "inbox list",
                    "lab batches",
                    "lab expected",
                    "phone submissions",
                    "phone show",
                ),
            ),
            Right.EXPORT: ("export",),
            Right.LAB: ("lab import", "lab decide", "lab sent"),
            Right.DECIDE: (
                *("conflict resolve", "quarantine discard", "quarantine rejudge"),
                *("quarantine release", "warning explain", "undo", "inbox decide"),
                *("records delete", "records edit", "records import"),
            ),
            Right.PLAN: (
                *("project edit", "project bridge", "places import", "stocks derive"),
            ),
            Right.DEVICES: (
                *("device code", "device edit", "device grant", "device list"),
                *("device move", "device renew", "device revoke", "device show"),
                *("device withdraw", "phone add", "phone list", "phone revoke"),
                *(
                    "token create",
                    "token list",
                    "token renew",
                    "token revoke",
                    "bundle import",
                ),
                *("webhook add", "webhook list", "webhook show", "webhook remove"),
                *("webhook test", "webhook deliveries"),
            ),
            Right.PEOPLE: (
                *("person add", "person list", "person link", "person remove"),
                *("person grant", "person withdraw", "person sign-out"),
            ),
            Right.CONTACTS: (
                *("contact add", "contact edit", "contact erase", "contact import"),
                *("contact list", "contact show", "contact due", "contact retain"),
                *("contact consent add", "contact consent withdraw"),
                "contact consent list",
            ),
            Right.AUDIT: ("audit list", "audit export", "audit verify"),
            Right.SERVER: (
                *("project add", "limits", "backup", "move", "purge"),
                *("doctor", "attachments unnamed", "webhook allow", "webhook send"),
            ),
        }.items()
        for command in commands
    }
)
