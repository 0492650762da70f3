"""Command `warning`: what is possible but odd, until somebody says why."""

import getpass
from typing import Any

import click

from schemas import limits
from schemas.problems import from_data
from schemas.told import counted, problem_line
from server.cli.acting import one_line
from server.cli.common import (
    json_option,
    person_option,
    print_json,
    required_project_option,
    say,
    with_store,
)


@click.group()
def warning() -> None:
    """Look at what is possible but odd, and say why it is right.

    A warning follows from the records as they are now: it goes when they are corrected,
    and comes back when they become odd in another way.

    \b
    Example:
      permille-server warning list --project HF
    """


@warning.command("list")
@required_project_option
@click.option("--all", "every", is_flag=True, help="Those that were explained, too.")
@json_option
@click.pass_context
def list_warnings(
    context: click.Context, project: str, every: bool, as_json: bool
) -> None:
    """List what is odd about the records of a project.

    \b
    Example:
      permille-server warning list --project HF
      permille-server warning list --project HF --all --json
    """
    from server.access.projects import find_project
    from server.clock import Clock
    from server.custody.warnings import listed

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        found: list[dict[str, Any]] = await store.read(
            lambda tx: listed(tx, project_id, Clock())
        )
        return found

    found = [
        one for one in with_store(context, job) if every or one["explained"] is None
    ]
    if as_json:
        print_json(found)
        return
    for one in found:
        say(f"{one['type']} {one['name']}  [{one['code']}]")
        say(f"  {problem_line(from_data(one))}", "  ")
        if one["explained"] is not None:
            say(f"  explained: {one['explained']}", "  ")
    click.echo(f"{counted(len(found), 'warning')}.")


@warning.command()
@click.argument("record_type", metavar="TYPE")
@click.argument("record", metavar="RECORD")
@click.argument("code", metavar="CODE")
@required_project_option
@click.option(
    "--why",
    required=True,
    callback=one_line(limits.WHY_CHARS),
    help="Why it is right all the same.",
)
@person_option("says so")
@json_option
@click.pass_context
def explain(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    record_type: str,
    record: str,
    code: str,
    project: str,
    why: str,
    person: str | None,
    as_json: bool,
) -> None:
    """Say why something odd is right; it is kept with the record.

    \b
    Example:
      permille-server warning explain sample HF-1 layer_gap --project HF \\
                      --why "a stone in its place"
    """
    from server.access.projects import find_project
    from server.clock import Clock
    from server.custody import warnings

    who = person or getpass.getuser()
    given = warnings.Explained(record_type, record, code, why, who)

    async def job(store: Any) -> int:  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        return await warnings.explain(store, Clock(), project_id, given)

    count = with_store(context, job)
    if as_json:
        print_json(
            {"type": record_type, "name": record, "code": code, "explained": count}
        )
        return
    say(f"explained {counted(count, 'warning')} of {record_type} {record}")
