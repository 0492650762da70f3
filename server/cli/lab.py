"""Command `lab`: results of laboratories, by the label of the bag."""

import getpass
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from schemas import limits
from schemas.lab.lists import BATCHES, READINGS
from schemas.tables.differing import Differing
from server.cli.acting import one_line
from server.cli.common import (
    import_of,
    json_option,
    person_option,
    print_first,
    print_json,
    print_table,
    required_project_option,
    say,
    tell_operation,
    told_as_table,
    with_store,
)
from server.cli.lab_expected import expected, sent
from server.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from schemas.lab.check import LabCheck
    from schemas.lab.layout import LabHabits
    from schemas.lab_files import Delivery, ReadDelivery

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def lab() -> None:
    """Import what laboratories found, and see what is still expected.

    \b
    Example:
      permille-server lab import results.csv --lab "LAS Arras" --project HF
      permille-server lab batches --project HF --failed
      permille-server lab expected --project HF
    """


lab.add_command(sent)
lab.add_command(expected)


@lab.command("import")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--lab", "name", required=True, help="Name of the laboratory.")
@required_project_option
@click.option("--key", type=_FILE, help="The laboratory's numbers and our bags.")
@click.option(
    "--unit", "units", multiple=True, metavar="ANALYTE=UNIT", help="Such as soc=pct."
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="ANALYTE=METHOD",
    help="Such as soc=dry_combustion.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="HEADER=MEANING",
    help="What a column is: code, number, replicate, batch, analysed_on, duplicate_of,"
    " certified_value, detection_limit, ignore, or an analyte.",
)
@click.option(
    "--density-definition",
    type=click.Choice(["whole", "fine_earth_only", "fine_in_total"]),
    help="Which bulk density the laboratory reports.",
)
@click.option(
    "--reference",
    "references",
    multiple=True,
    metavar="CODE=VALUE",
    help="The certified value of a reference material, in the unit of the table: of SOC,"
    " or of another analyte by CODE/ANALYTE=VALUE.",
)
@click.option("--batch", help="The batch of rows that name none.")
@click.option(
    "--duplicates",
    type=_FILE,
    help="A table of the labels of blind duplicates and our bags of the same soil.",
)
@click.option(
    "--differing",
    type=click.Choice([str(one) for one in Differing]),
    default=str(Differing.KEEP),
    show_default=True,
    help="Of values that are here otherwise: keep, replace, or add as replicates.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="BAG",
    help="Take the rows of this bag alone, or of this number of the laboratory.",
)
@click.option(
    "--reason",
    callback=one_line(limits.NOTE_CHARS // 2),
    help="Why values are replaced or added, kept with each change: analysed again.",
)
@click.option("--write", is_flag=True, help="Keep what was found.")
@person_option("imports")
@json_option
@click.pass_context
def import_results(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    files: tuple[Path, ...],
    name: str,
    project: str,
    key: Path | None,
    units: tuple[str, ...],
    methods: tuple[str, ...],
    columns: tuple[str, ...],
    density_definition: str | None,
    references: tuple[str, ...],
    batch: str | None,
    duplicates: Path | None,
    differing: str,
    only: tuple[str, ...],
    reason: str | None,
    write: bool,
    person: str | None,
    as_json: bool,
) -> None:
    """Match the rows of a laboratory to bags by their labels, and keep their values.

    Files are CSV or XLSX, in the form the laboratory sends them. What the columns mean is
    guessed and shown first; what you say of a laboratory is kept for its next tables.
    Nothing is written without --write.

    \b
    Example:
      permille-server lab import results.xlsx --lab LAS --project HF \\
                      --method soc=dry_combustion
      permille-server lab import results.xlsx --lab LAS --project HF --write
    """
    from schemas.lab import outcome
    from schemas.lab_files import Delivery, give_back_others
    from server.access.projects import find_project
    from server.clock import Clock
    from server.custody import lab as flow

    said = _said(columns, units, methods, density_definition, references)
    how, done = Differing(differing), import_of(files, reason)
    read = _read(Delivery(files, key, duplicates, batch, how, only))

    async def job(store: Any) -> "LabCheck":  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        found = await flow.look(store, project_id, name, read, said)
        if write:
            taking = flow.LabTakingIn(how, person or getpass.getuser(), done)
            await flow.take_in(store, Clock(), project_id, name, found, taking)
        return found

    with told_as_table():
        found = with_store(context, job)
    kept = give_back_others(found, how) if write else outcome.NOT_WRITTEN
    document = outcome.document(found, name, how, kept)
    document["operation"] = done.id if write and found.additions(how) else None
    if as_json:
        print_json(document)
    else:
        _tell(found, document, len(found.wanted(how)), project)
    context.exit(1 if outcome.needs_a_person(found, document) else 0)


def _said(*said: Any) -> "LabHabits":  # noqa: ANN401 - as the options have them
    from schemas.lab.saying import SayingError, read_saying

    try:
        return read_saying(*said)
    except SayingError as error:
        raise UsageError(error.text, error.hint) from None


def _read(sent: "Delivery") -> "ReadDelivery":
    from schemas.lab_files import read_delivery

    with told_as_table():
        return read_delivery(sent)


def _tell(
    found: "LabCheck", document: dict[str, Any], to_keep: int, project: str
) -> None:
    from schemas.lab import outcome

    decide = f"permille-server lab decide --project {shlex.quote(project)}"
    for line in outcome.sentences(document, to_keep, decide):
        say(line, "  ")
    print_first(READINGS, outcome.open_rows(found))
    tell_operation(document["operation"], project)


@lab.command()
@required_project_option
@click.option("--failed", is_flag=True, help="Those whose quality control fails.")
@json_option
@click.pass_context
def batches(context: click.Context, project: str, failed: bool, as_json: bool) -> None:
    """List the batches of laboratories, their quality control and what was decided.

    \b
    Example:
      permille-server lab batches --project HF
      permille-server lab batches --project HF --failed
    """
    from schemas.lab.batches import listed, rows_of
    from server.access.projects import find_project
    from server.custody.warnings import records_in

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        found: list[dict[str, Any]] = await store.read(
            lambda tx: listed(records_in(tx, project_id))
        )
        return found

    found = with_store(context, job)
    if failed:
        found = [one for one in found if one["verdict"] == "failed"]
    if as_json:
        print_json(found)
    else:
        print_table(BATCHES, rows_of(found))
    context.exit(1 if any(one["waits"] for one in found) else 0)


@lab.command()
@click.argument("decision", type=click.Choice(["accepted", "rejected"]))
@required_project_option
@click.option("--lab", "name", required=True, help="Name of the laboratory.")
@click.option("--batch", required=True, help="Its batch.")
@click.option(
    "--analyte", default="", help="One analyte; all that fail when not given."
)
@click.option("--reason", required=True, help="Why.")
@person_option("decides")
@json_option
@click.pass_context
def decide(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    decision: str,
    project: str,
    name: str,
    batch: str,
    analyte: str,
    reason: str,
    person: str | None,
    as_json: bool,
) -> None:
    """Accept or reject the results of a batch whose quality control fails.

    What is accepted counts, and says so; what is rejected counts no more, and stays. A
    decision can be changed by another one.

    \b
    Example:
      permille-server lab decide accepted --project HF --lab LAS --batch B7 \
                      --reason "measured again"
      permille-server lab decide rejected --project HF --lab LAS --batch B7 \
                      --reason "the oven failed"
    """
    from schemas.lab.batches import DecisionError
    from schemas.lab.quality import BatchKey
    from server.access.projects import find_project
    from server.clock import Clock
    from server.custody import lab as flow

    who = person or getpass.getuser()
    said = {"decision": decision, "reason": reason, "decided_by": who}

    async def job(store: Any) -> list[str]:  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        key = BatchKey(name, batch, analyte)
        return await flow.decide(store, Clock(), project_id, key, said)

    try:
        analytes = with_store(context, job)
    except DecisionError as error:
        raise NotFoundError(error.text, error.hint) from None
    if as_json:
        print_json({"analytes": analytes, **said})
    else:
        say(f"{decision}: {', '.join(analytes)}")
