"""Command `stocks`: the numbers per plot."""

from typing import Any

import click

from schemas.told import counted
from server.cli.common import (
    json_option,
    print_json,
    progress_bar,
    say,
    screen_width,
    with_store,
)
from server.cli.stocks_annotations import (
    annotation_lines,
    annotation_options,
    annotations_of,
    stated_row,
    told_lines,
)
from server.cli.stocks_compute import compute
from server.cli.stocks_design import design
from server.cli.stocks_explain import explain
from server.cli.stocks_portfolio import portfolio
from server.cli.stocks_report import report
from server.cli.stocks_table import render_table
from server.cli.stocks_year import year


@click.group()
def stocks() -> None:
    """Show or compute stocks and stock changes.

    \b
    Example:
      permille-server stocks show --project HF
    """


@stocks.command("show")
@click.option("--project", required=True, help="Project, by code or start of its id.")
@click.option("--plot", help="Only this plot, by code.")
@click.option("--from", "early", help="With --plot and --to: any earlier campaign.")
@click.option("--to", "late", help="With --plot and --from: any later campaign.")
@annotation_options
@json_option
@click.pass_context
def show(
    context: click.Context,
    /,
    project: str,
    plot: str | None,
    early: str | None,
    late: str | None,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - click's values
) -> None:
    """Show what was derived from a project's records.

    With --plot, --from and --to the change between these two campaigns is derived
    as asked. Exit code 1 says that plots still wait to be derived.

    Random measurement error is in the spread between points already, so it is shown
    and never added to the standard error of a change; --shared-soc is.

    \b
    Example:
      permille-server stocks show --project HF --json
      permille-server stocks show --project HF --plot HF --from 1963 --to 1987
      permille-server stocks show --project HF --measurement-error soc=0.03,bd=0.05
    """
    from server.figures.queries import change_between, stocks_document

    waiting, annotations = 0, annotations_of(given)
    if early is not None or late is not None:
        if plot is None or early is None or late is None:
            raise click.UsageError("--from and --to go together, with --plot")
        if annotations.errors is not None:
            raise click.UsageError("--measurement-error goes without --from and --to")
        pair = (plot, early, late)
        row = with_store(
            context, lambda s: change_between(s, project, *pair, annotations)
        )
        document: dict[str, Any] = {"stocks": [], "changes": [row], "trends": []}
    else:
        document, waiting = with_store(
            context, lambda s: stocks_document(s, project, plot, annotations)
        )
        document |= stated_row(annotations)
    if as_json:
        print_json(document)
    else:
        click.echo(render_table(document, screen_width()))
        for line in (
            *told_lines(document["changes"]),
            *annotation_lines(document, annotations),
            *_provisional(document["changes"]),
        ):
            say(line)
    if waiting:
        click.echo(
            f"{counted(waiting, 'plot')} to be derived yet; a running server does that,"
            " or: permille-server stocks derive",
            err=True,
        )
        context.exit(1)


@stocks.command("derive")
@click.option("--project", help="Every plot of this project; only waiting ones else.")
@json_option
@click.pass_context
def derive(context: click.Context, project: str | None, as_json: bool) -> None:
    """Derive plots again, with progress. Stop it at any time and run it again.

    Numbers that come out the same are left as they are; old ones are kept.

    \b
    Example:
      permille-server stocks derive --project HF
    """
    from server.access.projects import find_project
    from server.clock import Clock
    from server.derivation.derive import derive_to_the_end

    async def job(store: Any) -> dict[str, int]:  # noqa: ANN401
        if project is not None:
            project_id = (await find_project(store, project))["id"]
            await store.write(lambda tx: tx.ask_for(project_id))
        waiting = await store.read(lambda tx: tx.count_waiting())
        with progress_bar(quiet=as_json) as bar:
            task = bar.add_task("Deriving plots", total=waiting)
            changed = await derive_to_the_end(
                store, Clock(), lambda plots: bar.update(task, advance=plots)
            )
        return {"plots": waiting, "changed_rows": changed}

    done = with_store(context, job)
    if as_json:
        print_json(done)
        return
    plots, rows = counted(done["plots"], "plot"), counted(done["changed_rows"], "row")
    click.echo(f"Derived {plots}; {rows} changed.")


def _provisional(changes: list[dict[str, Any]]) -> list[str]:
    """Print which plots rest on inputs that still wait for a person."""
    waiting = {
        row["plot"]: row["provisional"]
        for row in changes
        if any(row.get("provisional", {}).values())
    }
    return [
        f"{plot} is provisional: {counted(counts['conflicts'], 'conflict')} and"
        f" {counted(counts['quarantined'], 'quarantined change')} among its inputs."
        for plot, counts in waiting.items()
    ]


stocks.add_command(compute)
stocks.add_command(design)
stocks.add_command(explain)
stocks.add_command(report)
stocks.add_command(portfolio)
stocks.add_command(year)
