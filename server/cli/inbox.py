"""Command `inbox`: all that waits for a person, and decisions on many at once."""

import getpass
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from schemas import limits
from schemas.printing import TableForm, prose
from schemas.sides import By
from schemas.told import counted
from server.cli.acting import one_line
from server.cli.common import (
    confirmed,
    json_option,
    person_option,
    print_first,
    print_json,
    print_table,
    projects_option,
    say,
    tell_operation,
    with_store,
)
from server.errors import UsageError

if TYPE_CHECKING:
    from server.custody.deciding import DecidedRows, Deciding, LeftRow, ManyDecisions
    from server.custody.inbox import InboxQuery, InboxRow

WAITS: Final = TableForm(
    "what waits",
    "id",
    "kind",
    "project",
    prose("record"),
    prose("what"),
    prose("by"),
    "days",
    prose("choose"),
)
LEFT: Final = TableForm("what is left", "id", prose("record"), prose("why"))

#: Rows of a page of the list.
_PAGE_ROWS: Final = 100
_KINDS: Final = ("conflict", "quarantine", "held", "warning", "lab")
_CHOICES: Final = (
    *("keep", "other", "release", "discard", "explain", "accept", "reject"),
)


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that narrow the inbox, besides who recorded."""
    for option in (
        click.option(
            "--older-than",
            metavar="DAYS",
            type=click.IntRange(min=0),
            help="Only what has waited for so many days.",
        ),
        click.option(
            "--kind",
            "kinds",
            multiple=True,
            type=click.Choice(_KINDS),
            help="Only this kind. May be repeated.",
        ),
        click.option("--device", metavar="NAME", help="Only what this laptop sent."),
        projects_option,
    ):
        command = option(command)
    return command


@click.group()
def inbox() -> None:
    """List all that waits for a person, and decide on many at once.

    \b
    Example:
      permille-server inbox list --project HF
    """


@inbox.command("list")
@_filters
@click.option(
    "--by",
    "--person",
    "by",
    metavar="PERSON",
    help="Only what this person recorded.",
)
@click.option(
    "--page",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help=f"Which page, of {_PAGE_ROWS} rows.",
)
@json_option
@click.pass_context
def list_inbox(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    projects: tuple[str, ...],
    device: str | None,
    by: str | None,
    kinds: tuple[str, ...],
    older_than: int | None,
    page: int,
    as_json: bool,
) -> None:
    """List conflicts, quarantined and held changes, warnings, failed batches of a lab.

    The oldest comes first. An id stands for what its row says: once that has changed, it
    means nothing any more, so nobody decides on what they have not seen.

    \b
    Example:
      permille-server inbox list --project HF --kind conflict
      permille-server inbox list --older-than 30 --json
    """
    from server.clock import Clock
    from server.custody.inbox import inbox as rows_of
    from server.custody.inbox import listing
    from server.custody.warnings import utc

    clock = Clock()

    async def job(store: Any) -> "tuple[list[InboxRow], dict[str, str]]":  # noqa: ANN401
        query = await _query(store, projects, device, by, kinds, older_than)
        found = await store.read(lambda tx: rows_of(tx, clock, query))
        return found, await _codes(store)

    rows, codes = with_store(context, job)
    said = listing(rows, page, _PAGE_ROWS, utc(clock), codes)
    if as_json:
        print_json(said)
        return
    print_table(WAITS, [_cells(row) for row in said["rows"]])
    more = f" This is page {page} of {said['pages']}." if said["pages"] > 1 else ""
    verb = "waits" if said["count"] == 1 else "wait"
    say(f"{counted(said['count'], 'thing')} {verb} for a person.{more}")
    if said["rows"]:
        first = said["rows"][0]
        say(
            f"To decide: permille-server inbox decide {first['id']}"
            f' --choose {first["choices"][0]} --reason "WHY"'
        )


@inbox.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@click.option(
    "--listed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Decide on the rows of this file: what `inbox list --json` has printed.",
)
@click.option(
    "--all-of-filter",
    is_flag=True,
    help="Decide on all rows that the filter means now, after they are shown.",
)
@_filters
@click.option("--by", metavar="PERSON", help="Only what this person recorded.")
@click.option(
    "--choose", "choice", required=True, type=click.Choice(_CHOICES), help="What."
)
@click.option(
    "--reason",
    required=True,
    callback=one_line(limits.WHY_CHARS),
    help="Why; it is kept with each decision, and authors are told.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be decided.")
@click.option("--yes", is_flag=True, help="Do not ask when there are many.")
@person_option("decides")
@json_option
@click.pass_context
def decide(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    ids: tuple[str, ...],
    listed: Path | None,
    all_of_filter: bool,
    projects: tuple[str, ...],
    device: str | None,
    by: str | None,
    kinds: tuple[str, ...],
    older_than: int | None,
    choice: str,
    reason: str,
    dry_run: bool,
    yes: bool,
    person: str | None,
    as_json: bool,
) -> None:
    """Decide on many things that wait, by the ids of their rows.

    Of a conflict: keep what stands, or let the other value stand. Of a change that waits:
    release or discard it. A warning is explained; a batch of a laboratory that fails is
    accepted or rejected. What does not fit, or has changed since it was listed, is left
    and told. All of it is one operation, which `permille-server undo` takes back.

    \b
    Example:
      permille-server inbox decide 3f9a2c1b04de 77aa0c12f3b9 --choose keep \\
                      --reason "measured twice"
      permille-server inbox list --kind warning --project HF --json > odd.json
      permille-server inbox decide --listed odd.json --choose explain --reason "loess"
      permille-server inbox decide --all-of-filter --kind held --older-than 90 \\
                      --choose discard --reason "the laptop is lost" --dry-run
    """
    from server.clock import Clock
    from server.custody import deciding

    named = _named(ids, listed, is_all=all_of_filter)
    clock, given = Clock(), _given(choice, reason, person or getpass.getuser())

    async def look(store: Any) -> "tuple[Deciding, dict[str, str]]":  # noqa: ANN401
        query = await _query(store, projects, device, by, kinds, older_than)
        found = await store.read(
            lambda tx: deciding.look(tx, clock, query, named, given)
        )
        return found, await _codes(store)

    async def write(store: Any) -> "DecidedRows":  # noqa: ANN401
        store.about({row.project_id for row in found.rows})
        return await deciding.decide(store, clock, found, _tell_progress)

    found, codes = with_store(context, look)
    rows, left, operation_id = found.rows, found.left, None
    if not as_json and (dry_run or all_of_filter):
        _tell_rows(rows, codes)
    if rows and not dry_run:
        asked = f"Choose {choice} for {counted(len(rows), 'row')}?"
        confirmed(asked, yes=yes or len(rows) == 1)
        came = with_store(context, write)
        rows, left = came.rows, came.left
        operation_id = given.done.id if rows else None
    said = _document(operation_id, choice, rows, left)
    if as_json:
        print_json(said)
    else:
        _tell(said, rows, codes, is_dry=dry_run)
    context.exit(1 if left else 0)


def _given(choice: str, reason: str, who: str) -> "ManyDecisions":
    from schemas.operations import OperationKind, operation
    from server.clock import Clock
    from server.custody.deciding import ManyDecisions
    from server.custody.inbox import InboxChoice

    what = f"{choice}, {reason} ({who})"
    done = operation(OperationKind.DECIDE, Clock().new_id(), what)
    return ManyDecisions(InboxChoice(choice), reason, who, done)


def _tell_progress(done: int, total: int) -> None:
    say(f"{done} of {total} rows", err=True)


def _tell_rows(rows: "Sequence[InboxRow]", codes: dict[str, str]) -> None:
    from server.clock import Clock
    from server.custody.inbox import row_data
    from server.custody.warnings import utc

    now = utc(Clock())
    print_first(WAITS, [_cells(row_data(row, now, codes)) for row in rows])


def _tell(
    said: dict[str, Any],
    rows: "Sequence[InboxRow]",
    codes: dict[str, str],
    *,
    is_dry: bool,
) -> None:
    """Tell what was decided, what is left, and how to take it back."""
    count = counted(len(rows), "row")
    done = f"{count} would be decided" if is_dry else f"{count} decided"
    say(f"{done}: {said['choice']}; {len(said['left'])} left.")
    print_first(LEFT, [tuple(one.values()) for one in said["left"]])
    for project_id in dict.fromkeys(row.project_id for row in rows):
        tell_operation(said["operation"], shlex.quote(codes[project_id]))


def _cells(row: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        row["id"],
        row["kind"],
        row["code"],
        row["name"],
        row["what"],
        str(By(row["person"], row["device"])),
        row["days"],
        ", ".join(row["choices"]),
    )


def _named(
    ids: Sequence[str], listed: Path | None, *, is_all: bool
) -> list[str] | None:
    """Return the ids of rows that are decided on; None for all of the filter.

    Raises
    ------
    UsageError
        If it is not said, or said twice, or the file is none of ours.
    """
    if bool(ids) + (listed is not None) + is_all != 1:
        raise UsageError(
            "say which rows: ids, --listed or --all-of-filter, one of them",
            "see: permille-server inbox list",
        )
    if listed is None:
        return None if is_all else list(ids)
    from schemas.messages import MessageError, parse_object

    try:
        rows = parse_object(listed.read_bytes())["rows"]
        return [str(row["id"]) for row in rows]
    except (MessageError, LookupError, TypeError, ValueError):
        raise UsageError(
            f"{listed.name} is no list of the inbox",
            f"write one: permille-server inbox list --json > {listed.name}",
        ) from None


async def _query(
    store: Any,  # noqa: ANN401
    projects: Sequence[str],
    device: str | None,
    by: str | None,
    kinds: Sequence[str],
    older_than: int | None,
) -> "InboxQuery":
    from server.access.projects import ids_of
    from server.custody.inbox import InboxKind, InboxQuery

    return InboxQuery(
        project_ids=await ids_of(store, projects),
        kinds=[InboxKind(kind) for kind in kinds or _KINDS],
        device=None if device is None else await _device_name(store, device),
        person=by,
        older_than_days=older_than,
    )


async def _device_name(store: Any, said: str) -> str:  # noqa: ANN401
    """Return the name of a laptop: those that have one name are one, enrolled again."""
    from server.access.devices import find_device

    known = {one.name for one in await store.read(lambda tx: tx.devices())}
    return said if said in known else (await find_device(store, said)).name


async def _codes(store: Any) -> dict[str, str]:  # noqa: ANN401
    from server.cli.custody import project_codes

    return await project_codes(store)


def _document(
    operation_id: str | None,
    choice: str,
    rows: "Sequence[InboxRow]",
    left: "Sequence[LeftRow]",
) -> dict[str, Any]:
    return {
        "operation": operation_id,
        "written": operation_id is not None,
        "choice": choice,
        "decided": [
            {"id": row.id, "kind": str(row.kind), "name": row.name} for row in rows
        ],
        "left": [one._asdict() for one in left],
    }
