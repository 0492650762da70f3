"""questions: what a project asks of its own, version by version."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import (
    App,
    confirmed,
    json_option,
    pass_app,
    person_option,
    project_option,
)
from collector.cli.output import emit_json, say, table
from collector.cli.records import build
from collector.errors import Exit
from collector.record import names
from schemas.names import listed
from schemas.printing import TableForm, prose
from schemas.told import counted
from schemas.vocabulary import ASKED_OF

if TYPE_CHECKING:
    from collector.questions.adding import NextForm
    from collector.questions.elements import Fault
    from collector.record.questions import AskedForm
    from collector.rules.overlay import RecordView
    from schemas.questions.form import Question

#: The versions of a project's questions.
FORMS: Final = TableForm(
    "versions of questions", "form", "asked", "questions", "asked from", prose("title")
)
#: The questions of one version.
QUESTIONS: Final = TableForm(
    "questions of a form",
    "name",
    "type",
    prose("question"),
    prose("takes"),
    prose("asked where"),
)
_FOR: Final = click.option(
    "--for",
    "asked_of",
    type=click.Choice(list(ASKED_OF.codes)),
    default="core",
    show_default=True,
    help="What the questions are asked of.",
)


@click.group("questions", invoke_without_command=True)
@project_option
@json_option
@click.pass_context
def questions(context: click.Context, project: str | None, as_json: bool) -> None:
    """Show what the project asks of its own, and the versions before.

    A manager makes questions from a form of ODK or Kobo (XLSForm). They travel with the
    next sync, and every laptop asks them: of a core in `permille core add` and on the page,
    of other records in `permille answer add`.

    \b
    Example:
      permille questions
      permille questions show core/2
      permille questions add erosion.xlsx --write
    """
    if context.invoked_subcommand is not None:
        return
    from collector.record.questions import asked_form, forms_of

    app = context.find_object(App)
    assert app is not None
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        forms = forms_of(laptop.store, project_id)
        present = {
            found.id
            for kind in ASKED_OF.codes
            if (found := asked_form(laptop.store, project_id, kind))
        }
        told = [
            _form_data(names.label(laptop.store, one), one, one.id in present)
            for one in forms
        ]
    if as_json:
        emit_json(told)
        return
    if not told:
        say("the project asks nothing of its own")
        say("to ask something: permille questions add FORM.xlsx", err=True)
        return
    rows = [
        [
            one["name"],
            _standing(one),
            len(one["questions"]),
            one["asked_from"],
            one["title"],
        ]
        for one in told
    ]
    table(FORMS, rows)


@questions.command("show")
@click.argument("which", metavar="[TYPE/NUMBER]", required=False)
@project_option
@json_option
@pass_app
def show(app: App, which: str | None, project: str | None, as_json: bool) -> None:
    """Show the questions of a version; of all that are asked where none is named.

    \b
    Example:
      permille questions show
      permille questions show core/1
    """
    from collector.record.questions import FORM, AskedForm, asked_form
    from schemas.questions.form import form_of

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        if which is not None:
            view = names.find(laptop.store, FORM, which, project_id)
            forms = [AskedForm(view.id, form_of(view.fields))]
        else:
            found = (asked_form(laptop.store, project_id, k) for k in ASKED_OF.codes)
            forms = [one for one in found if one is not None]
    if as_json:
        emit_json([_asked_data(one) for one in forms])
        return
    for one in forms:
        click.echo(f"{one.form.asked_of}/{one.form.number}")
        table(QUESTIONS, _rows(one.form.questions))
    if not forms:
        say("the project asks nothing of its own")


@questions.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_FOR
@click.option(
    "--from",
    "asked_from",
    metavar="DATE",
    help="First day on which a required answer is missed.  [default: today]",
)
@project_option
@click.option("--write", is_flag=True, help="Ask this from now on.")
@person_option
@json_option
@pass_app
def add(  # noqa: PLR0917 - click passes them by name
    app: App,
    file: Path,
    asked_of: str,
    asked_from: str | None,
    project: str | None,
    write: bool,
    as_json: bool,
) -> int:
    """Ask what a form of ODK or Kobo asks: XLSForm as .xlsx, .xls, .csv or .md.

    Shows what would be asked, what is left out, and what changes. What cannot be asked is
    refused with its row. Nothing is written without --write. A version never changes: the
    next one has another number, and answers stay with the one that asked.

    \b
    Example:
      permille questions add erosion.xlsx
      permille questions add erosion.xlsx --write
      permille questions add farm.xlsx --for plot --write
    """
    from collector.questions.adding import next_form, save_form
    from collector.questions.reading import read_form

    read = read_form(file)
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        found = next_form(laptop, project_id, asked_of, read, asked_from or "")
        wrote = write and not found.is_here
        if wrote:
            save_form(laptop, project_id, found)
    if as_json:
        emit_json(_next_data(found, read.left_out, written=wrote))
    else:
        _tell(found, read.left_out, write=write)
    return Exit.DONE


@questions.command("end")
@_FOR
@project_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@person_option
@json_option
@pass_app
def end(app: App, asked_of: str, project: str | None, yes: bool, as_json: bool) -> None:
    """Ask nothing more of a type; what was answered stays.

    \b
    Example:
      permille questions end --for core --yes
    """
    from collector.questions.adding import next_form, save_form

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        found = next_form(laptop, project_id, asked_of, None)
        confirmed(f"Ask no questions about a {asked_of} any more?", yes=yes)
        save_form(laptop, project_id, found)
    if as_json:
        emit_json(_next_data(found, (), written=True))
    else:
        say(f"ended: {listed(found.gone)} are asked no more")
        say("send it: permille sync", err=True)


def _tell(found: "NextForm", left_out: Sequence["Fault"], *, write: bool) -> None:
    table(QUESTIONS, _rows(found.questions))
    for one in left_out:
        say(f"left out: {one.told}", "  ")
    if found.is_here:
        say(f"{found.name} asks just this already; nothing is to be written")
        return
    if found.before:
        _tell_changes(found)
    count = counted(sum(one.is_answered for one in found.questions), "question")
    if write:
        say(f"saved {found.name}: {count}; send it: permille sync")
    else:
        say(f"would be {found.name}: {count}; to ask this, add: --write")


def _tell_changes(found: "NextForm") -> None:
    for word, which in (
        ("new", found.added),
        ("asked otherwise", found.changed),
        ("asked no more, answers stay", found.gone),
    ):
        if which is not None:
            say(f"{word}: {listed(which)}", "  ")


def _rows(questions: Sequence["Question"]) -> list[list[object]]:
    from schemas.questions.values import expected

    return [
        [
            one.name,
            str(one.type),
            one.label,
            _takes(one, expected(one)) if one.is_answered else one.calculation,
            one.relevant,
        ]
        for one in questions
    ]


def _takes(question: "Question", kind: str) -> str:
    more = [kind]
    if question.constraint:
        more.append(question.message or question.constraint)
    if question.required:
        needed = question.required == "true()"
        more.append("required" if needed else f"required where {question.required}")
    return "; ".join(more)


def _standing(one: dict[str, Any]) -> str:
    return "now" if one["in_force"] else "before" if one["questions"] else "end"


def _form_data(name: str, view: "RecordView", in_force: bool) -> dict[str, Any]:
    fields = view.fields
    said = {key: fields.get(key) for key in ("asked_of", "number", "title", "source")}
    more = {"asked_from": fields["asked_from"], "questions": fields["questions"]}
    return {"id": view.id, "name": name, "in_force": in_force, **said, **more}


def _asked_data(one: "AskedForm") -> dict[str, Any]:
    form = one.form
    return {
        "id": one.id,
        "asked_of": form.asked_of,
        "number": form.number,
        "questions": [question.as_data() for question in form.questions],
    }


def _next_data(
    found: "NextForm", left_out: Sequence["Fault"], *, written: bool
) -> dict[str, Any]:
    return {
        "name": found.name,
        **found.fields,
        "is_here": found.is_here,
        "written": written,
        "added": found.added,
        "changed": found.changed,
        "gone": found.gone,
        "left_out": [{"row": f.row, "name": f.name, "why": f.text} for f in left_out],
    }


def _adding(_record_type: str) -> click.Command:
    """Return the command that adds a form, by the name of its type."""
    said = str(add.help).replace("permille questions", "permille question_form")
    return click.Command("add", callback=add.callback, params=add.params, help=said)


question_form = build("question_form", {"add": _adding})
