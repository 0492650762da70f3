"""lab sent, lab expected: which bags are at a laboratory, and what it has not yet said."""

import click

from collector.cli.app import (
    App,
    json_option,
    pass_app,
    project_option,
    tell_operation,
)
from collector.cli.output import emit_json, say, table
from collector.cli.tables import progress_of
from collector.errors import Exit, UsageError
from collector.record import names
from schemas.lab.lists import EXPECTED, EXPECTED_BATCHES
from schemas.told import counted


@click.command()
@click.argument("labels", nargs=-1)
@click.option("--campaign", help="All bags of a campaign.")
@click.option("--lab", "name", required=True, help="Name of the laboratory.")
@click.option("--batch", help="The batch, or the parcel.")
@click.option("--on", "day", help="The day, YYYY-MM-DD; today when not given.")
@click.option(
    "--again", is_flag=True, help="Also bags that were sent elsewhere before."
)
@project_option
@json_option
@pass_app
def sent(  # noqa: PLR0917 - click passes them by name
    app: App,
    labels: tuple[str, ...],
    campaign: str | None,
    name: str,
    batch: str | None,
    day: str | None,
    again: bool,
    project: str | None,
    as_json: bool,
) -> int:
    """Note which bags were sent to a laboratory: by their labels, or files of them.

    \b
    Example:
      permille lab sent P1-0001 P1-0002 --lab LAS --batch 2026-1
      permille lab sent parcel.csv --lab LAS --batch 2026-1 --on 2026-05-20
      permille lab sent --campaign 2026 --lab LAS
    """
    from collector.record.neighbours import records_of
    from collector.tables.additions import save
    from collector.tables.lab import labels as read
    from schemas.lab.expected import Sent, labels_of_campaign, sending, sentences
    from schemas.lab.saying import SayingError
    from schemas.operations import OperationKind, operation

    if not labels and campaign is None:
        hint = "name labels, a file of them, or --campaign NAME"
        raise UsageError("no bags are named", hint)
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        records = records_of(laptop, project_id)
        given = read(labels)
        if campaign is not None:
            given += labels_of_campaign(records, campaign)
        where = Sent(
            name, batch, day or str(laptop.clock.local(laptop.clock.now()).date())
        )
        try:
            found = sending(records, given, where, again=again)
        except SayingError as error:
            raise UsageError(error.text, error.hint) from None
        done = operation(
            OperationKind.EDIT, laptop.clock.new_id(), f"sent to {where.place}"
        )
        with progress_of(len(found.additions), "bags") as progress:
            save(laptop, project_id, found.additions, done, progress)
    told = done.id if found.additions else None
    if as_json:
        emit_json({**found.as_data(), "operation": told})
    else:
        for line in sentences(found, where):
            say(line)
        tell_operation(told)
    return Exit.ATTENTION if found.unknown or found.elsewhere else Exit.DONE


@click.command()
@click.option("--analyte", default="soc", show_default=True, help="What is expected.")
@click.option("--by-batch", is_flag=True, help="Count them by laboratory and batch.")
@project_option
@json_option
@pass_app
def expected(
    app: App, analyte: str, by_batch: bool, project: str | None, as_json: bool
) -> int:
    """List the bags that have no result as yet, by campaign, laboratory and batch.

    \b
    Example:
      permille lab expected
      permille lab expected --by-batch
      permille lab expected --analyte total_nitrogen --json
    """
    from collector.record.neighbours import records_of
    from schemas.lab import expected as waiting

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        today = laptop.clock.local(laptop.clock.now()).date()
        records = records_of(laptop, project_id)
        found = list(waiting.expected(records, analyte, today))
    groups = waiting.by_batch(found)
    if as_json:
        emit_json(groups if by_batch else found)
        return Exit.DONE
    if by_batch:
        table(EXPECTED_BATCHES, waiting.group_rows(groups))
    else:
        table(EXPECTED, waiting.expected_rows(found))
    say(f"{counted(len(found), 'bag')} without {analyte}")
    return Exit.DONE
