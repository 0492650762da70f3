"""Whether somebody may give a command of the server."""

from server.access.audit_log import Act, named_projects
from server.access.people import held_by_command
from server.access.rights import COMMANDS
from server.errors import RefusedError
from server.store.port import Transaction


def check_command(tx: Transaction, act: Act, *, is_owner: bool) -> None:
    """Refuse a command to who may not give it in the projects that it names, or in all.

    Raises
    ------
    RefusedError
        If a right is missing.
    """
    held = held_by_command(tx, act.person, act.login, is_owner=is_owner)
    right = COMMANDS[act.command]
    named = named_projects(tx, act.said)
    if held.may(right) or (named and all(held.may(right, each) for each in named)):
        return
    role = f'ask for a role that may: permille-server person grant "{act.person}"'
    if named:
        raise RefusedError(f"{act.person} may not {right} in these projects", [], role)
    raise RefusedError(
        f"{act.person} may not {right} in all projects, and the command names none",
        [],
        f"name a project with --project, where the command takes one; or {role}",
    )
