"""undo: what an import, a lab batch or a person did on this laptop is taken back."""

from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import (
    App,
    json_option,
    one_line,
    pass_app,
    person_option,
    project_option,
)
from collector.cli.output import emit_json, say, table, table_of_first
from collector.cli.tables import progress_of
from collector.errors import Exit, UsageError
from schemas import limits
from schemas.phrases import _
from schemas.undo.lists import KEPT, OPERATIONS

if TYPE_CHECKING:
    from collector.clock import Clock
    from collector.laptop.laptop import Laptop
    from collector.record.undo import Selection, Undoing

_AGAIN: Final = _("see: {command} --help", command="permille undo")


@click.command("undo")
@click.argument("operation", required=False)
@click.option("--lab", help="Name of the laboratory whose batch is taken back.")
@click.option("--batch", help="Batch of that laboratory.")
@click.option("--by", metavar="PERSON", help="Only what this person did.")
@click.option(
    "--since",
    metavar="MOMENT",
    help="What was done from then on: 9:30, yesterday, 2026-11-30, 2026-11-30 9:30.",
)
@click.option("--until", metavar="MOMENT", help="What was done before that moment.")
@click.option("--list", "listing", is_flag=True, help="List what can be taken back.")
@project_option
@click.option("--write", is_flag=True, help="Take it back.")
@click.option(
    "--reason",
    callback=one_line(limits.NAME_CHARS),
    help="Why; stands in the changes that take it back.",
)
@person_option
@json_option
@pass_app
def undo(  # noqa: PLR0917 - click passes them by name
    app: App,
    operation: str | None,
    lab: str | None,
    batch: str | None,
    by: str | None,
    since: str | None,
    until: str | None,
    listing: bool,
    project: str | None,
    write: bool,
    reason: str | None,
    as_json: bool,
) -> int:
    """Take back an import, a lab batch, or what was done on this laptop since a moment.

    Records that were made are deleted, values that were written give way to what stood
    before them, what was deleted comes back. What others have built on since stays, and
    is named. Nothing is written without --write; it is written as new changes, which can
    be undone like any other. What other laptops did is taken back on the server.

    OPERATION is the id that an import, an edit of many, a plan or an undo has told.

    \b
    Example:
      permille undo --list
      permille undo 3f9a2c1b
      permille undo --since 14:00 --write --reason "wrong plot"
      permille undo --lab LAS --batch B7 --write --reason "wrong unit"
    """
    from collector.record import names
    from collector.record.undo import Selection, look, operations

    if listing:
        with app.laptop() as laptop:
            _list(operations(laptop), as_json=as_json)
        return Exit.DONE
    if write and not reason:
        raise UsageError(_("an undo needs a reason"), _('add: --reason "..."'))
    if (lab is None) != (batch is None):
        raise UsageError(
            _("a batch is named by its laboratory and its own name"), _AGAIN
        )
    if not operation and lab is None and since is None:
        text = _("say what is taken back: an OPERATION, --lab and --batch, or --since")
        raise UsageError(text, _AGAIN)
    moments = [_read_ms(app.clock, text) for text in (since, until)]
    which = Selection(
        operation=operation or None,
        lab=lab,
        batch=batch,
        person=by,
        since_ms=moments[0],
        until_ms=moments[1],
    )
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        found = look(laptop, project_id, which)
        said = _take_back(laptop, found, which, reason if write else None)
    _tell(said, write=write, as_json=as_json)
    return Exit.ATTENTION if said["kept"] else Exit.DONE


def _take_back(
    laptop: "Laptop", found: "Undoing", which: "Selection", reason: str | None
) -> dict[str, Any]:
    """Take back where there is a reason; return the JSON of it."""
    from collector.record.undo import undo as take_back
    from schemas.operations import OperationKind, operation
    from schemas.undo.told import document

    others = {"conflicts": 0, "waiting": len(found.waiting)}
    if reason is None or found.is_empty:
        return document(found.changes, found.plan, others, None)
    what = f"of {which.operation}, {reason}" if which.operation else reason
    done = operation(OperationKind.UNDO, laptop.clock.new_id(), what)
    with progress_of(len(found.plan.steps), "changes taken back") as progress:
        take_back(laptop, found, done, progress)
    return document(found.changes, found.plan, others, done)


def _read_ms(clock: "Clock", text: str | None) -> int | None:
    from schemas.moments import read_moment

    if text is None:
        return None
    try:
        found = read_moment(text, clock.local(clock.now()), clock.local)
    except ValueError:
        raise UsageError(
            _("{text} is no moment", text=text),
            _("type it like 2026-11-30 9:30, or 9:30 for today"),
        ) from None
    return int(found.timestamp() * 1000)


def _tell(said: dict[str, Any], *, write: bool, as_json: bool) -> None:
    from schemas.undo.told import does_something, kept_rows, sentences

    if as_json:
        emit_json(said)
        return
    for line in sentences(said):
        say(line, "  ")
    table_of_first(KEPT, kept_rows(said))
    if said["written"]:
        say(
            _(
                "taken back; to have it again: permille undo {operation}",
                operation=said["operation"],
            )
        )
    elif does_something(said) and not write:
        say(_('nothing was written; to take it back add: --write --reason "..."'))


def _list(found: list[dict[str, Any]], *, as_json: bool) -> None:
    from schemas.undo.told import operation_rows

    if as_json:
        emit_json(found)
        return
    table(OPERATIONS, operation_rows(found))
