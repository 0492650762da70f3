"""Command `token`: tokens that read, for analysts and the programs they use."""

from typing import Any, Final

import click

from schemas import limits
from schemas.printing import TableForm, prose
from schemas.told import counted
from server.access.rights import Role
from server.cli.acting import one_line
from server.cli.common import (
    json_option,
    print_json,
    print_table,
    say,
    seen_projects_option,
    with_store,
)

TOKENS: Final = TableForm(
    "tokens",
    prose("name"),
    "id",
    "made",
    "role",
    "expires",
    "revoked",
    prose("projects"),
)


@click.group()
def token() -> None:
    """Make tokens that read, for people without a laptop: QGIS, R, Excel, Power BI.

    \b
    Example:
      permille-server token create qgis-office --project HF
    """


@token.command("create")
@click.argument("name", callback=one_line(limits.CODE_CHARS))
@seen_projects_option
@click.option(
    "--expires",
    metavar="DAY",
    help="Last day on which it is taken, such as 2027-06-30 (UTC). Default: no end.",
)
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default="viewer",
    show_default=True,
    help="What it may see: viewer and lab places by squares of about 1 km and persons by"
    " pseudonyms, auditor exact places and pseudonyms, the others all.",
)
@json_option
@click.pass_context
def create(
    context: click.Context,
    name: str,
    projects: tuple[str, ...],
    expires: str | None,
    role: str,
    as_json: bool,
) -> None:
    """Make a token that reads some projects and cannot sync; it is shown this once.

    \b
    Example:
      permille-server token create qgis-office --project HF --expires 2027-06-30
      permille-server token create own-maps --project HF --role manager
    """
    from server.access.projects import find_project, in_words
    from server.access.read_tokens import make_token
    from server.clock import Clock

    async def job(store: Any) -> tuple[Any, str, list[str]]:  # noqa: ANN401
        found = [await find_project(store, project) for project in projects]
        ids = tuple(dict.fromkeys(each["id"] for each in found))
        made = await make_token(store, Clock(), name, ids, expires, role)
        return (*made, [in_words(each) for each in found])

    made, secret, said = with_store(context, job)
    if as_json:
        print_json({"token": secret, **_told(made)})
        return
    click.echo(f"Token: {secret}")
    say(f"It reads {', '.join(said)} as {role} until {_end(made) or 'it is revoked'}.")
    say("It is not shown again. In a program: Bearer, or password with any name.")
    say("The addresses: https://THIS-SERVER/ogc and /odata; see docs/connect.md")


@token.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """List every token that reads, with its projects; never the token itself.

    \b
    Example:
      permille-server token list
    """
    from server.access.projects import known_projects

    async def job(store: Any) -> tuple[list[Any], dict[str, str]]:  # noqa: ANN401
        return await store.read(  # type: ignore[no-any-return]
            lambda tx: (
                tx.read_tokens(),
                {each["id"]: each["name"] for each in known_projects(tx)},
            )
        )

    found, codes = with_store(context, job)
    if as_json:
        print_json([_told(one) for one in found])
        return
    rows = [
        (
            one.name,
            one.id[:8],
            one.created_at[:16],
            one.role,
            _end(one),
            (one.revoked_at or "")[:16],
            ", ".join(codes.get(each, each[:8]) for each in one.projects),
        )
        for one in found
    ]
    print_table(TOKENS, rows)
    click.echo(f"{counted(len(found), 'token')}.")


@token.command("renew")
@click.argument("name", metavar="TOKEN")
@click.option(
    "--overlap",
    "hours",
    type=click.IntRange(0, 720),
    default=24,
    show_default=True,
    help="Hours for which the old one is still taken.",
)
@json_option
@click.pass_context
def renew(context: click.Context, name: str, hours: int, as_json: bool) -> None:
    """Make another token in place of one: same name, projects, role and end.

    The old one is taken for a day more, so that programs can be given the new one.

    \b
    Example:
      permille-server token renew qgis-office
    """
    from server.access.read_tokens import renew_token
    from server.clock import Clock

    made, secret, until = with_store(
        context, lambda store: renew_token(store, Clock(), name, hours)
    )
    if as_json:
        print_json({"token": secret, "old_ends_at": until, **_told(made)})
        return
    click.echo(f"Token: {secret}")
    say(f"It is not shown again. The old one is taken until {until[:16]} UTC.")


@token.command("revoke")
@click.argument("name", metavar="TOKEN")
@json_option
@click.pass_context
def revoke(context: click.Context, name: str, as_json: bool) -> None:
    """Refuse a token from now on, by its name or id.

    \b
    Example:
      permille-server token revoke qgis-office
    """
    from server.access.read_tokens import revoke_token
    from server.clock import Clock

    found = with_store(context, lambda store: revoke_token(store, Clock(), name))
    if as_json:
        print_json({"revoked": found.id, "name": found.name})
        return
    click.echo(f"Revoked {found.name} ({found.id}).")


def _told(one: Any) -> dict[str, Any]:  # noqa: ANN401 - a ReadToken
    from dataclasses import asdict

    found: dict[str, Any] = asdict(one)
    return found


def _end(one: Any) -> str:  # noqa: ANN401 - a ReadToken
    """Return when a token ends, in words for people."""
    return (one.expires_at or "")[:16]
