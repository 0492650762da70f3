"""The reference of rights: what each role may do, by right, command and page of the desk."""

from collections.abc import Iterator

from pages import Row, table

from server.access.rights import COMMANDS, MAY, Right, Role
from server.desk.routes import ROUTES, Scope

_WHERE = {
    Scope.ONE: "the project of the form",
    Scope.ANY: "each project shown",
    Scope.ALL: "all projects",
}


def rights() -> str:
    """Return the page of rights."""
    said = (
        "From the tables that the server itself asks: `server/access/rights.py` and"
        " `server/desk/routes.py`. How roles are given: [the desk](../desk.md).\n"
    )
    pages = (
        (f"`{one.method} {one.path}`", one.right.value, _WHERE[one.scope])
        for one in ROUTES
    )
    return "\n".join(
        (
            "# Rights\n",
            said,
            "## Roles\n",
            table(("may", *Role), _roles()),
            "## Commands\n",
            table(("right", "commands of permille-server"), _commands()),
            "## Pages and forms of the desk\n",
            table(("address", "right", "asked in"), pages),
        )
    )


def _roles() -> Iterator[Row]:
    for right in Right:
        yield (right.value, *("yes" if right in MAY[role] else "" for role in Role))


def _commands() -> Iterator[Row]:
    for right in Right:
        own = sorted(name for name, asked in COMMANDS.items() if asked is right)
        if own:
            yield right.value, ", ".join(f"`{name}`" for name in own)
