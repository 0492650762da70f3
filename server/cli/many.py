"""Command `records`: many at once, by what they have in common."""

import getpass
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from schemas.many import FOUND
from schemas.records import TYPES
from schemas.undo.lists import KEPT
from server.cli.common import (
    confirmed,
    json_option,
    person_option,
    print_first,
    print_json,
    required_project_option,
    say,
    tell_operation,
    tell_progress,
    with_store,
)
from server.errors import UsageError

if TYPE_CHECKING:
    from schemas.conditions import Condition
    from server.custody.many import Many

_type: Final = click.argument(
    "record_type", metavar="TYPE", type=click.Choice([*TYPES])
)
_where: Final = click.option(
    "--where",
    "conditions",
    multiple=True,
    required=True,
    metavar="FIELD=VALUE",
    help="Which ones, by a field or by what they lie on: plot=HF, depth-top-cm>=20,"
    " note~wet, lab-batch= (empty). With several, all of them hold.",
)
_yes: Final = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group("records")
def records() -> None:
    """List, edit or delete many records by what they have in common.

    \b
    Example:
      permille-server records list sample --where plot=HF --project HF
    """


@records.command("list")
@_type
@_where
@required_project_option
@json_option
@click.pass_context
def list_records(
    context: click.Context,
    record_type: str,
    conditions: tuple[str, ...],
    project: str,
    as_json: bool,
) -> None:
    """List the records that meet all conditions.

    \b
    Example:
      permille-server records list result --where lab-batch=B7 --project HF
    """
    from schemas.many import found_rows
    from schemas.told import counted

    read = _read(record_type, conditions)
    found = _look(context, project, record_type, read, ()).found
    if as_json:
        print_json(
            [
                {"id": one.record_id, "name": one.name, "fields": dict(one.fields)}
                for one in found
            ]
        )
        return
    say(f"{counted(len(found), record_type)} with {', '.join(conditions)}")
    print_first(FOUND, found_rows(found, [one.name for one in read]))


@records.command("edit")
@_type
@_where
@click.option(
    "--set",
    "settings",
    multiple=True,
    required=True,
    metavar="FIELD=VALUE",
    help="The new value; an empty one clears the field. May be repeated.",
)
@required_project_option
@_yes
@person_option("does this")
@json_option
@click.pass_context
def edit_records(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    record_type: str,
    conditions: tuple[str, ...],
    settings: tuple[str, ...],
    project: str,
    yes: bool,
    person: str | None,
    as_json: bool,
) -> None:
    """Set the same values in all records that meet conditions, after a question.

    \b
    Example:
      permille-server records edit sample --where plot=HF --project HF \\
                              --set note="sieved at 2 mm"
    """
    read = _read(record_type, conditions)
    many = _look(context, project, record_type, read, settings)
    _change(context, project, many, person, yes=yes, as_json=as_json)


@records.command("delete")
@_type
@_where
@required_project_option
@_yes
@person_option("does this")
@json_option
@click.pass_context
def delete_records(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    record_type: str,
    conditions: tuple[str, ...],
    project: str,
    yes: bool,
    person: str | None,
    as_json: bool,
) -> None:
    """Delete all records that meet conditions and that nothing belongs to.

    \b
    Example:
      permille-server records delete result --where lab-batch=B7 --project HF
    """
    many = _look(context, project, record_type, _read(record_type, conditions), None)
    _change(context, project, many, person, yes=yes, as_json=as_json)


def _read(record_type: str, conditions: Sequence[str]) -> list["Condition"]:
    from schemas.conditions import read_conditions
    from schemas.settings import SettingError

    try:
        return read_conditions(record_type, conditions)
    except SettingError as error:
        raise UsageError(error.text, error.hint) from None


def _look(
    context: click.Context,
    project: str,
    record_type: str,
    conditions: Sequence["Condition"],
    settings: Sequence[str] | None,
) -> "Many":
    """Return what is meant; `settings` is None where it is to be deleted."""
    from schemas.settings import SettingError, read_settings
    from server.access.labels import with_ids
    from server.access.projects import find_project
    from server.custody.many import look

    try:
        values = None if settings is None else read_settings(record_type, settings)
    except SettingError as error:
        raise UsageError(error.text, error.hint) from None

    def job(tx: Any, project_id: str) -> "Many":  # noqa: ANN401 - the port's transaction
        patch = (
            None if values is None else with_ids(tx, project_id, record_type, values)
        )
        return look(tx, project_id, record_type, conditions, patch)

    async def run(store: Any) -> "Many":  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        found: Many = await store.read(lambda tx: job(tx, project_id))
        return found

    return with_store(context, run)


def _change(
    context: click.Context,
    project: str,
    many: "Many",
    person: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    from schemas.many import document, outcome, question, sentences
    from schemas.operations import OperationKind, operation
    from server.clock import Clock
    from server.custody.many import change_many

    if not as_json:
        for line in sentences(many.record_type, many.plan):
            say(line, "  ")
    done, refused = None, []
    if many.plan.steps:
        asked = question(many.record_type, many.plan, many.patch)
        confirmed(asked, yes=yes)
        kind = OperationKind.DELETE if many.patch is None else OperationKind.EDIT
        done = operation(kind, Clock().new_id(), asked.rstrip("?"))
        by = person or getpass.getuser()
        refused = with_store(
            context,
            lambda store: change_many(store, Clock(), many, done, by, tell_progress),
        )
    said = document(many.plan, many.patch, done, refused)
    if as_json:
        print_json(said)
    else:
        say(outcome(many.record_type, said))
        print_first(KEPT, [(one["name"], one["why"]) for one in said["kept"]])
        tell_operation(said["operation"], project)
    context.exit(1 if said["kept"] else 0)
