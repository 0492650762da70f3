"""warnings: what is possible but odd, until somebody says why."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from collector.cli.app import (
    App,
    json_option,
    one_line,
    pass_app,
    person_option,
    project_option,
)
from collector.cli.output import emit_json, say
from collector.errors import Exit
from collector.record import names
from schemas import limits
from schemas.phrases import _, joined, ngettext, problem_phrase
from schemas.problems import from_data
from schemas.record_words import TYPE_WORDS
from schemas.records import TYPES

if TYPE_CHECKING:
    from collector.store.port import Store
    from schemas.plausibility.records import Warned


@click.group("warnings", invoke_without_command=True)
@project_option
@click.option("--all", "every", is_flag=True, help="Those that were explained, too.")
@json_option
@click.pass_context
def warnings(
    context: click.Context, project: str | None, every: bool, as_json: bool
) -> int | None:
    """Show what is possible but odd, until somebody says why it is right.

    A warning follows from the records as they are now: it goes when they are corrected,
    and comes back when they become odd in another way.

    \b
    Example:
      permille warnings
      permille warnings explain core HF/1/2026/1 core_outside_campaign \\
               --why "the road was flooded in May"
    """
    if context.invoked_subcommand is not None:
        return None
    from collector.record.neighbours import warnings_in

    app = context.find_object(App)
    assert app is not None
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        found = warnings_in(laptop, project_id)
        shown = [one for one in found if every or one.explained is None]
        told = [as_data(laptop.store, one) for one in shown]
    if as_json:
        emit_json(told)
    else:
        _print_all(told)
    return Exit.ATTENTION if any(one.explained is None for one in shown) else Exit.DONE


@warnings.command()
@click.argument("record_type", metavar="TYPE", type=click.Choice(list(TYPES)))
@click.argument("record", metavar="RECORD")
@click.argument("code", metavar="CODE")
@click.option(
    "--why",
    required=True,
    callback=one_line(limits.WHY_CHARS),
    help="Why it is right all the same.",
)
@project_option
@person_option
@json_option
@pass_app
def explain(  # noqa: PLR0917 - click passes them by name
    app: App,
    record_type: str,
    record: str,
    code: str,
    why: str,
    project: str | None,
    as_json: bool,
) -> int:
    """Say why something odd is right; it is kept with the record and its author.

    \b
    Example:
      permille warnings explain sample HF-1 layer_gap --why "a stone in its place"
    """
    from collector.record import entry

    with app.laptop() as laptop:
        project_id = None
        if record_type != "project":
            project_id = names.project_of(laptop.store, project)
        view = names.find(laptop.store, record_type, record, project_id)
        count = entry.explain(laptop, view, code, why)
        name = names.label(laptop.store, view)
    if as_json:
        emit_json({"type": record_type, "name": name, "code": code, "explained": count})
    else:
        kind = TYPE_WORDS[record_type]
        say(_("explained {code} of {type} {name}", code=code, type=kind, name=name))
    return Exit.DONE


def as_data(store: "Store", one: "Warned") -> dict[str, Any]:
    """Return a warning as one JSON object."""
    said = {"type": one.record_type, "name": warned(store, one)}
    return said | one.warning.as_data() | {"explained": one.explained}


def warned(store: "Store", one: "Warned") -> str:
    """Return the name of the record that a warning is about."""
    view = store.record(one.record_id)
    return names.label(store, view) if view else one.record_id


def _print_all(told: Sequence[dict[str, Any]]) -> None:
    for one in told:
        code = f" [{one['code']}]"
        say(joined([TYPE_WORDS[one["type"]], one["name"], code], " "))
        say(joined(["  ", problem_phrase(from_data(one))], ""), "    ")
        if one["explained"] is not None:
            say(_("  explained: {why}", why=one["explained"]))
    if not told:
        say(_("nothing odd that nobody explained"))
        return
    first = told[0]
    count = ngettext("{num} warning", "{num} warnings", len(told))
    say(
        _("{warnings}; correct the records, or say why they are right:", warnings=count)
    )
    said = f"{first['type']} {shlex.quote(first['name'])} {first['code']}"
    click.echo(f'  permille warnings explain {said} --why "..."')
