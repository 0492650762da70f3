"""Command `project`: open and look at projects."""

from typing import Any

import click

from schemas import limits, vocabulary
from server.cli.common import json_option, print_json, print_table, with_store


@click.group()
def project() -> None:
    """Open and look at projects.

    \b
    Example:
      permille-server project list
    """


@project.command("add")
@click.option("--code", required=True, help="Short name people type.")
@click.option("--title", required=True, help="Full title.")
@click.option(
    "--reference-depth-cm",
    type=click.FloatRange(0, limits.DEPTH_MAX_CM, min_open=True),
    default=30.0,
    show_default=True,
    help="Depth of the stock, cm. A stock is never scaled up beyond what was sampled.",
)
@click.option("--country", help="ISO 3166-1 alpha-2, such as GB.")
@click.option("--organisation", help="Short name of the organisation that runs it.")
@click.option("--organisation-name", help="Its full name.")
@click.option(
    "--organisation-kind",
    type=click.Choice([*vocabulary.ORGANISATION_KIND.codes]),
    default="partner",
    show_default=True,
    help="How it stands to the Initiative.",
)
@click.option(
    "--college",
    type=click.Choice([*vocabulary.COLLEGE.codes]),
    help="Its college of the Initiative.",
)
@json_option
@click.pass_context
def add(context: click.Context, /, as_json: bool, **given: Any) -> None:  # noqa: ANN401
    """Open a project.

    \b
    Example:
      permille-server project add --code HF --title "Highfield" --reference-depth-cm 23
    """
    from server.clock import Clock
    from server.flow.admin import add_project

    fields = {
        "code": given["code"],
        "title": given["title"],
        "country": given["country"],
        "reference_depth_cm": given["reference_depth_cm"],
        "stock_method_profile": "fixed_depth",
    }
    organisation: dict[str, Any] = {}
    if given["organisation"]:
        organisation = {
            "code": given["organisation"],
            "name": given["organisation_name"] or given["organisation"],
            "kind": given["organisation_kind"],
            "college": given["college"],
        }

    async def job(store: Any) -> str:  # noqa: ANN401
        return await add_project(store, Clock(), _given(fields), _given(organisation))

    stream = with_store(context, job)
    if as_json:
        print_json({"id": stream, "code": given["code"]})
        return
    click.echo(f"Opened project {given['code']} ({stream}).")
    click.echo(f"Next: permille-server device code --project {given['code']}")


@project.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """List every project.

    \b
    Example:
      permille-server project list --json
    """

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        found: list[dict[str, Any]] = await store.read(lambda unit: unit.projects())
        return found

    projects = with_store(context, job)
    if as_json:
        print_json(projects)
        return
    names = ("code", "title", "reference_depth_cm", "plots", "samples", "devices")
    print_table(names, [[p[name] for name in names] for p in projects])


@project.command("show")
@click.argument("name", metavar="PROJECT")
@json_option
@click.pass_context
def show(context: click.Context, name: str, as_json: bool) -> None:
    """Show one project, by code or id.

    \b
    Example:
      permille-server project show HF
    """
    from server.flow.admin import find_project

    found = with_store(context, lambda store: find_project(store, name))
    if as_json:
        print_json(found)
        return
    print_table(["field", "value"], list(found.items()))


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
