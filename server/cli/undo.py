"""Command `undo`: what an import, decisions, a lab batch or somebody did is taken back."""

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from schemas import limits
from schemas.told import counted
from schemas.undo.lists import KEPT, OPERATIONS
from server.cli.acting import one_line
from server.cli.common import (
    json_option,
    person_option,
    print_first,
    print_json,
    print_table,
    required_project_option,
    say,
    tell_progress,
    with_store,
)
from server.errors import UsageError

if TYPE_CHECKING:
    from server.custody.selected import Selection

_AGAIN: Final = "see: permille-server undo --help"


@click.command()
@click.argument("operation", required=False)
@required_project_option
@click.option("--lab", help="Name of the laboratory whose batch is taken back.")
@click.option("--batch", help="Batch of that laboratory.")
@click.option("--laptop", metavar="NAME", help="Only what was done on this laptop.")
@click.option("--by", metavar="PERSON", help="Only what this person did.")
@click.option(
    "--since",
    metavar="MOMENT",
    help="What was done from then on: 9:30, yesterday, 2026-11-30, 2026-11-30 9:30.",
)
@click.option("--until", metavar="MOMENT", help="What was done before that moment.")
@click.option("--list", "listing", is_flag=True, help="List what can be taken back.")
@click.option("--write", is_flag=True, help="Take it back.")
@click.option(
    "--reason",
    callback=one_line(limits.NAME_CHARS),
    help="Why; stands in the changes that take it back.",
)
@person_option("takes it back")
@json_option
@click.pass_context
def undo(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    operation: str | None,
    project: str,
    lab: str | None,
    batch: str | None,
    laptop: str | None,
    by: str | None,
    since: str | None,
    until: str | None,
    listing: bool,
    write: bool,
    reason: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Take back an import, decisions, a lab batch, or what somebody did since a moment.

    Records that were made are deleted, values that were written give way to what stood
    before them, what was deleted comes back. Conflicts that were settled among many
    decisions are open again, and changes that were discarded among them wait again; a
    change that was released stays accepted, and what it wrote is taken back. What others
    have built on since stays, and is named. Nothing is written without --write; it is
    written as new changes, which travel to laptops, and can be undone like any other.

    OPERATION is the id that an import, an edit of many, a plan, decisions on the inbox or
    an undo has told.

    \b
    Example:
      permille-server undo --list --project HF
      permille-server undo 3f9a2c1b --project HF
      permille-server undo --lab LAS --batch B7 --project HF --write --reason "wrong unit"
      permille-server undo --laptop north --since "2026-11-30 9:30" --project HF
    """
    if listing:
        _list(context, project, as_json=as_json)
        return
    if write and not reason:
        raise UsageError("an undo needs a reason", 'add: --reason "..."')
    _refuse_vague(operation, lab, batch, laptop or by, since)
    given = {"operation": operation or None, "lab": lab, "batch": batch, "person": by}
    moments = {"since_ms": _read_ms(since), "until_ms": _read_ms(until)}
    said, refused = _run(
        context,
        project,
        laptop,
        {**given, **moments},
        reason if write else None,
        person or getpass.getuser(),
    )
    if as_json:
        print_json(said)
    else:
        _tell(said, operation_given=write)
    context.exit(1 if said["kept"] or refused else 0)


def _run(
    context: click.Context,
    project: str,
    laptop: str | None,
    given: dict[str, Any],
    reason: str | None,
    person: str,
) -> tuple[dict[str, Any], int]:
    """Look, and take back where there is a reason; return the JSON of it."""
    from schemas.operations import OperationKind, operation
    from schemas.undo.told import document
    from server.access.devices import find_device
    from server.access.projects import find_project
    from server.clock import Clock
    from server.custody.selected import Selection
    from server.custody.undo import look
    from server.custody.undo import undo as take_back

    async def job(store: Any) -> tuple[dict[str, Any], int]:  # noqa: ANN401
        clock = Clock()
        project_id = (await find_project(store, project))["id"]
        device = (await find_device(store, laptop)).id if laptop else None
        which = Selection(**given, device_id=device)
        say("looking through what was sent ...", err=True)
        found = await store.read(lambda tx: look(tx, project_id, which))
        others = {
            "conflicts": len(found.conflicts),
            "waiting": len(found.waiting),
            "reopened": sum(map(len, found.reopens.values())),
            "discarded": len(found.discarded),
        }
        if reason is None or found.is_empty:
            return document(found.changes, found.plan, others, None), 0
        done = operation(OperationKind.UNDO, clock.new_id(), _what(which, reason))
        came = await take_back(store, clock, found, done, person, tell_progress)
        said = document(found.changes, found.plan, others, done, came.refused)
        return said, len(came.refused)

    return with_store(context, job)


def _what(which: "Selection", reason: str) -> str:
    return f"of {which.operation}, {reason}" if which.operation else reason


def _refuse_vague(
    operation: str | None,
    lab: str | None,
    batch: str | None,
    who: str | None,
    since: str | None,
) -> None:
    """Refuse to take back everything that anybody ever did.

    Raises
    ------
    UsageError
        If nothing says what is meant.
    """
    if (lab is None) != (batch is None):
        raise UsageError("a batch is named by its laboratory and its own name", _AGAIN)
    if not operation and lab is None and not (who and since):
        text = "say what is taken back: an OPERATION, --lab and --batch, or --laptop or"
        raise UsageError(f"{text} --by with --since", _AGAIN)


def _read_ms(text: str | None) -> int | None:
    from schemas.moments import read_moment
    from server.clock import Clock

    if text is None:
        return None
    now = datetime.fromtimestamp(Clock().now_ms() / 1000, UTC).astimezone()
    try:
        found = read_moment(text, now, datetime.astimezone)
    except ValueError:
        raise UsageError(
            f"{text} is no moment", "type it like 2026-11-30 9:30, or 9:30 for today"
        ) from None
    return int(found.timestamp() * 1000)


def _tell(said: dict[str, Any], *, operation_given: bool) -> None:
    from schemas.undo.told import does_something, kept_rows, sentences

    for line in sentences(said):
        say(line, "  ")
    if said["reopened"]:
        say(f"  open {counted(said['reopened'], 'conflict')} again")
    if said["discarded"]:
        say(f"  let {counted(said['discarded'], 'discarded change')} wait again")
    print_first(KEPT, kept_rows(said))
    if said["written"]:
        say(f"taken back; to have it again: permille-server undo {said['operation']}")
    elif (does_something(said) or said["discarded"]) and not operation_given:
        say('nothing was written; to take it back add: --write --reason "..."')


def _list(context: click.Context, project: str, *, as_json: bool) -> None:
    from schemas.undo.told import operation_rows
    from server.access.projects import find_project
    from server.custody.selected import operations

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        found: list[dict[str, Any]] = await store.read(
            lambda tx: operations(tx, project_id)
        )
        return found

    found = with_store(context, job)
    if as_json:
        print_json(found)
        return
    print_table(OPERATIONS, operation_rows(found))
