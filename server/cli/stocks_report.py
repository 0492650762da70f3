"""Command `stocks report`: one page with pictures."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from server.cli.common import json_option, print_json, with_store
from server.cli.contact import today
from server.cli.export import VEILS
from server.errors import StorageError


@click.command()
@click.argument("project")
@click.option(
    "--html",
    "path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; one page, nothing is loaded from elsewhere.",
)
@click.option(
    "--stamp",
    is_flag=True,
    help="Also say on the page when it was written; else the same numbers make the same"
    " bytes.",
)
@click.option(
    "--veil",
    type=click.Choice(VEILS),
    default="none",
    show_default=True,
    help="Write what a viewer sees (no exact boundaries, farms and persons by"
    " pseudonyms), what an auditor sees (pseudonyms), or all.",
)
@json_option
@click.pass_context
def report(
    context: click.Context,
    project: str,
    path: Path,
    stamp: bool,
    veil: str,
    as_json: bool,
) -> None:
    """Write a project's report: SOC by depth, map, series, changes, tables, method.

    Without --veil it names farms and who decided about batches of a laboratory.

    \b
    Example:
      permille-server stocks report HF --html highfield.html
      permille-server stocks report HF --html public.html --veil viewer
    """
    from server.access.veiled import VeiledStore
    from server.figures.choices import By
    from server.figures.portfolio import Choices, PortfolioScope, portfolio
    from server.figures.report_data import report_of
    from server.report.page import render

    async def job(store: Any) -> Any:  # noqa: ANN401
        if veil != "none":
            store = VeiledStore(store, veil, today())
        levels = Choices(by=(By.FARM, By.STRATUM, By.LAND_USE))
        added, _ = await portfolio(store, PortfolioScope(project=project), levels)
        # Where no plot says its farm, there is none to tell of.
        known = {group["level"] for group in added["groups"] if group["name"]}
        groups = [group for group in added["groups"] if group["level"] in known]
        rows = [added["total"], *groups]
        return await report_of(store, project, rows)

    gathered = with_store(context, job, hands_out=True)
    page = render(replace(gathered, written_at=_now()) if stamp else gathered)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror}", "choose another --html file"
        ) from None
    if as_json:
        print_json({"html": str(path), "bytes": len(page.encode())})
        return
    click.echo(f"Wrote {path}.")


def _now() -> str:
    from server.clock import Clock

    return f"{Clock().stamp()[:16].replace('T', ' ')} UTC"
