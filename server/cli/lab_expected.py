"""Commands `lab sent` and `lab expected`: bags at a laboratory, and what it has not yet said."""

import getpass
from collections.abc import Iterable
from typing import Any

import click

from schemas.lab.lists import EXPECTED, EXPECTED_BATCHES
from schemas.told import counted
from server.cli.common import (
    json_option,
    person_option,
    print_json,
    print_table,
    required_project_option,
    say,
    tell_operation,
    told_as_table,
    with_store,
)
from server.errors import UsageError


@click.command()
@click.argument("labels", nargs=-1)
@required_project_option
@click.option("--campaign", help="All bags of a campaign.")
@click.option("--lab", "name", required=True, help="Name of the laboratory.")
@click.option("--batch", help="The batch, or the parcel.")
@click.option("--on", "day", help="The day, YYYY-MM-DD; today when not given.")
@click.option(
    "--again", is_flag=True, help="Also bags that were sent elsewhere before."
)
@person_option("says so")
@json_option
@click.pass_context
def sent(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    labels: tuple[str, ...],
    project: str,
    campaign: str | None,
    name: str,
    batch: str | None,
    day: str | None,
    again: bool,
    person: str | None,
    as_json: bool,
) -> None:
    """Note which bags were sent to a laboratory: by their labels, or files of them.

    \b
    Example:
      permille-server lab sent parcel.csv --project HF --lab LAS --batch 2026-1
      permille-server lab sent --campaign 2026 --project HF --lab LAS
    """
    from schemas.lab.expected import Sent, labels_of_campaign, sending, sentences
    from schemas.lab.saying import SayingError
    from schemas.lab_files import read_labels
    from schemas.operations import OperationKind, operation
    from server.access.projects import find_project
    from server.clock import Clock
    from server.custody.additions import save
    from server.custody.warnings import records_in, utc

    if not labels and campaign is None:
        hint = "name labels, a file of them, or --campaign NAME"
        raise UsageError("no bags are named", hint)
    where = Sent(name, batch, day or str(utc(Clock()).date()))
    done = operation(OperationKind.EDIT, Clock().new_id(), f"sent to {where.place}")
    with told_as_table():
        given = read_labels(labels)

    async def job(store: Any) -> Any:  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        records = await store.read(lambda tx: records_in(tx, project_id))
        own = labels_of_campaign(records, campaign) if campaign is not None else []
        found = sending(records, [*given, *own], where, again=again)
        who = person or getpass.getuser()
        await save(store, Clock(), project_id, found.additions, who, done)
        return found

    try:
        found = with_store(context, job)
    except SayingError as error:
        raise UsageError(error.text, error.hint) from None
    _tell_sent(
        {**found.as_data(), "operation": done.id if found.additions else None},
        sentences(found, where),
        project,
        as_json=as_json,
    )
    context.exit(1 if found.unknown or found.elsewhere else 0)


def _tell_sent(
    said: dict[str, Any], lines: Iterable[str], project: str, *, as_json: bool
) -> None:
    if as_json:
        print_json(said)
        return
    for line in lines:
        say(line)
    tell_operation(said["operation"], project)


@click.command()
@required_project_option
@click.option("--analyte", default="soc", show_default=True, help="What is expected.")
@click.option("--by-batch", is_flag=True, help="Count them by laboratory and batch.")
@json_option
@click.pass_context
def expected(
    context: click.Context, project: str, analyte: str, by_batch: bool, as_json: bool
) -> None:
    """List the bags that have no result as yet, by campaign, laboratory and batch.

    \b
    Example:
      permille-server lab expected --project HF
      permille-server lab expected --project HF --by-batch
    """
    from schemas.lab import expected as waiting
    from server.access.projects import find_project
    from server.clock import Clock
    from server.custody.warnings import records_in, utc

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        records = await store.read(lambda tx: records_in(tx, project_id))
        return list(waiting.expected(records, analyte, utc(Clock()).date()))

    found = with_store(context, job)
    groups = waiting.by_batch(found)
    if as_json:
        print_json(groups if by_batch else found)
        return
    if by_batch:
        print_table(EXPECTED_BATCHES, waiting.group_rows(groups))
    else:
        print_table(EXPECTED, waiting.expected_rows(found))
    click.echo(f"{counted(len(found), 'bag')} without {analyte}.")
