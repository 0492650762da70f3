"""answer: what the project's own questions were answered with."""

from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import (
    App,
    json_option,
    pass_app,
    person_option,
    project_option,
)
from collector.cli.output import emit_json, say
from collector.cli.records import build, typed_as_options
from collector.cli.saved_told import saved_data, tell_saved
from collector.record import names
from schemas.vocabulary import ASKED_OF

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.rules.overlay import RecordView

_KIND: Final = click.Choice(list(ASKED_OF.codes))


@click.command("add")
@click.argument("kind", metavar="TYPE", type=_KIND)
@click.argument("record", metavar="RECORD")
@click.argument("settings", metavar="[QUESTION=ANSWER]...", nargs=-1)
@project_option
@person_option
@json_option
@pass_app
def add(
    app: App,
    kind: str,
    record: str,
    settings: tuple[str, ...],
    project: str | None,
    as_json: bool,
) -> None:
    """Answer the project's own questions about a record.

    TYPE is core, sample, plot or point. Without answers it asks one question after the
    other, on a terminal. Several choices are written with commas between them.

    \b
    Example:
      permille answer add core HF/1/2026/1 slope=12 signs=crust,rills
      permille answer add sample A12
    """
    from collector.cli.questions_asked import ask_about, typed_answers
    from collector.record.questions import add_answers

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        view = names.find(laptop.store, kind, record, project_id)
        texts = typed_answers(settings) or ask_about(laptop, view)
        with typed_as_options():
            saved = add_answers(laptop, view, texts)
        if as_json:
            emit_json([saved_data(laptop, one, "saved") for one in saved])
        for one in () if as_json else saved:
            tell_saved(laptop, one, "saved", as_json=False)
        if not saved and not as_json:
            say("nothing was answered")


@click.command("edit")
@click.argument("which", metavar="RECORD/QUESTION")
@click.argument("value", metavar="ANSWER")
@project_option
@person_option
@json_option
@pass_app
def edit(app: App, which: str, value: str, project: str | None, as_json: bool) -> None:
    """Change an answer; it is judged by the questions that are asked now.

    \b
    Example:
      permille answer edit HF/1/2026/1/slope 14
    """
    from collector.record.questions import edit_answer

    with app.laptop() as laptop:
        view = _named(laptop, which, project)
        with typed_as_options():
            saved = edit_answer(laptop, view, value)
        word = "saved" if saved.changed else "unchanged"
        tell_saved(laptop, saved, word, as_json=as_json)


def _named(laptop: "Laptop", which: str, project: str | None) -> "RecordView":
    project_id = names.project_of(laptop.store, project)
    return names.find(laptop.store, "answer", which, project_id)


def _verb(command: click.Command) -> Any:  # noqa: ANN401 - as build takes verbs
    return lambda _record_type: command


answer = build("answer", {"add": _verb(add), "edit": _verb(edit)})
