"""records: many at once, by what they have in common."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import (
    App,
    confirmed,
    json_option,
    pass_app,
    person_option,
    project_option,
    tell_operation,
)
from collector.cli.output import emit_json, say, table_of_first
from collector.cli.review import read_settings
from collector.cli.tables import progress_of
from collector.errors import Exit, UsageError
from schemas.many import FOUND
from schemas.records import TYPES
from schemas.undo.lists import KEPT

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from schemas.conditions import Condition, Found

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
      permille records list sample --where plot=HF --where campaign=2026
    """


@records.command("list")
@_type
@_where
@project_option
@json_option
@pass_app
def list_records(
    app: App,
    record_type: str,
    conditions: tuple[str, ...],
    project: str | None,
    as_json: bool,
) -> int:
    """List the records that meet all conditions.

    \b
    Example:
      permille records list result --where lab-batch=B7 --where "value>50"
    """
    with app.laptop() as laptop:
        _, found = _find(laptop, project, record_type, conditions)
    if as_json:
        emit_json(
            [
                {"id": one.record_id, "name": one.name, "fields": dict(one.fields)}
                for one in found
            ]
        )
        return Exit.DONE
    from schemas.many import found_rows
    from schemas.told import counted

    say(f"{counted(len(found), record_type)} with {', '.join(conditions)}")
    table_of_first(
        FOUND, found_rows(found, [one.name for one in _read(record_type, conditions)])
    )
    return Exit.DONE


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
@project_option
@_yes
@person_option
@json_option
@pass_app
def edit_records(  # noqa: PLR0917 - click passes them by name
    app: App,
    record_type: str,
    conditions: tuple[str, ...],
    settings: tuple[str, ...],
    project: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Set the same values in all records that meet conditions, after a question.

    \b
    Example:
      permille records edit sample --where plot=HF --where campaign=2026 \\
                       --set coarse-fragments-pct=0 --set coarse-fragments-basis=volume
    """
    with app.laptop() as laptop:
        project_id, found = _find(laptop, project, record_type, conditions)
        patch = read_settings(laptop, record_type, settings, project_id)
        return _change(laptop, record_type, found, patch, yes=yes, as_json=as_json)


@records.command("delete")
@_type
@_where
@project_option
@_yes
@person_option
@json_option
@pass_app
def delete_records(
    app: App,
    record_type: str,
    conditions: tuple[str, ...],
    project: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Delete all records that meet conditions and that nothing belongs to.

    \b
    Example:
      permille records delete result --where lab=LAS --where lab-batch=B7
    """
    with app.laptop() as laptop:
        _, found = _find(laptop, project, record_type, conditions)
        return _change(laptop, record_type, found, None, yes=yes, as_json=as_json)


def _find(
    laptop: "Laptop", project: str | None, record_type: str, conditions: Sequence[str]
) -> tuple[str, list["Found"]]:
    from collector.record import names
    from collector.record.many import find

    project_id = names.the_project(laptop.store, project).id
    return project_id, find(
        laptop, project_id, record_type, _read(record_type, conditions)
    )


def _read(record_type: str, conditions: Sequence[str]) -> list["Condition"]:
    from schemas.conditions import read_conditions
    from schemas.settings import SettingError

    try:
        return read_conditions(record_type, conditions)
    except SettingError as error:
        raise UsageError(error.text, error.hint) from None


def _change(
    laptop: "Laptop",
    record_type: str,
    found: Sequence["Found"],
    patch: Mapping[str, Any] | None,
    *,
    yes: bool,
    as_json: bool,
) -> int:
    from collector.record.many import change_many, plan
    from schemas import many
    from schemas.operations import OperationKind, operation

    planned = plan(laptop, record_type, found, patch)
    if not as_json:
        for line in many.sentences(record_type, planned):
            say(line, "  ")
    if not planned.steps:
        said = many.document(planned, patch, None)
        return _tell(record_type, said, as_json=as_json)
    asked = many.question(record_type, planned, patch)
    confirmed(asked, yes=yes)
    kind = OperationKind.DELETE if patch is None else OperationKind.EDIT
    done = operation(kind, laptop.clock.new_id(), asked.rstrip("?"))
    with progress_of(len(planned.steps), f"{record_type}s") as progress:
        refused = change_many(laptop, planned, done, progress)
    said = many.document(planned, patch, done, refused)
    return _tell(record_type, said, as_json=as_json)


def _tell(record_type: str, said: dict[str, Any], *, as_json: bool) -> int:
    from schemas.many import outcome

    if as_json:
        emit_json(said)
    else:
        say(outcome(record_type, said))
        table_of_first(KEPT, [(one["name"], one["why"]) for one in said["kept"]])
        tell_operation(said["operation"])
    return Exit.ATTENTION if said["kept"] else Exit.DONE
