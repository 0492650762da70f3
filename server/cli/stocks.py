"""Command `stocks`: the numbers per plot."""

from typing import Any

import click

from server.cli.common import json_option, print_json, with_store
from server.cli.stocks_compute import compute, render_table


@click.group()
def stocks() -> None:
    """Show or compute stocks and stock changes.

    \b
    Example:
      permille-server stocks show --project HF
    """


@stocks.command("show")
@click.option("--project", required=True, help="Project, by code or id.")
@click.option("--plot", help="Only this plot, by code.")
@json_option
@click.pass_context
def show(context: click.Context, project: str, plot: str | None, as_json: bool) -> None:
    """Show what was derived from a project's records.

    Exit code 1 says that plots still wait to be derived.

    \b
    Example:
      permille-server stocks show --project HF --json
    """
    from server.flow.showing import stocks_document

    document, waiting = with_store(
        context, lambda store: stocks_document(store, project, plot)
    )
    if as_json:
        print_json(document)
    else:
        click.echo(render_table(document))
        for line in _provisional(document["changes"]):
            click.echo(line)
    if waiting:
        click.echo(
            f"{waiting} plots wait to be derived; a running server does that.", err=True
        )
        context.exit(1)


def _provisional(changes: list[dict[str, Any]]) -> list[str]:
    """Say which plots rest on inputs that still wait for a person."""
    waiting = {
        row["plot"]: row["provisional"]
        for row in changes
        if any(row["provisional"].values())
    }
    return [
        f"{plot} is provisional: {counts['conflicts']} conflicts and"
        f" {counts['quarantined']} quarantined changes among its inputs."
        for plot, counts in waiting.items()
    ]


stocks.add_command(compute)
