"""A project's own questions asked at the command line, one after the other."""

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from collector.cli.output import say
from collector.errors import UsageError
from schemas.questions.form import SELECTS, Question, QuestionKind
from schemas.questions.judging import Answers, broken
from schemas.questions.values import answer_problem, expected
from schemas.told import problem_line

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.record.questions import AskedForm
    from collector.rules.overlay import RecordView


def typed_answers(settings: tuple[str, ...]) -> dict[str, str]:
    """Read answers as they were typed: QUESTION=ANSWER.

    Raises
    ------
    UsageError
        If one is no pair, or a question stands twice.
    """
    found: dict[str, str] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(
                f"{setting} answers nothing", "type QUESTION=ANSWER, such as slope=12"
            )
        if name in found:
            raise UsageError(f"{name} is answered twice", "leave one of them out")
        found[name] = text
    return found


def ask_about(laptop: "Laptop", view: "RecordView") -> dict[str, str]:
    """Ask what was not answered yet about a record.

    Raises
    ------
    UsageError
        If nobody can be asked.
    """
    from collector.record.questions import answers_about, form_for, moment_of

    asked = form_for(laptop.store, view.project_id, view.type)
    if not sys.stdin.isatty():
        names = " ".join(f"{one.name}=..." for one in asked.form.answered[:3])
        raise UsageError(
            "without answers this asks, and there is no terminal to ask on",
            f"type them in one line: QUESTION=ANSWER, here {names}",
        )
    there = answers_about(laptop.store, view)
    kept = {name: str(one.fields["value"]) for name, one in there.items()}
    return ask_each(laptop, asked, kept, moment_of(laptop.store, view))


def ask_each(
    laptop: "Laptop",
    asked: "AskedForm",
    kept: Mapping[str, str],
    moment: datetime | None,
) -> dict[str, str]:
    """Ask each question that the answers so far let be asked; Enter leaves one out."""
    found: dict[str, str] = {}
    for question in asked.form.questions:
        answers = Answers(asked.form, {**kept, **found}, moment)
        if question.name in kept or not answers.is_asked(question):
            continue
        if question.type is QuestionKind.NOTE:
            say(answers.said(question.label), err=True)
        elif question.is_answered:
            text = _asked(laptop, question, answers)
            found |= {question.name: text} if text else {}
    return found


def _asked(laptop: "Laptop", question: Question, answers: Answers) -> str:
    """Ask one question until the answer fits; return it as it is kept."""
    from collector.record.questions import in_full_of

    _show(question, answers)
    label = answers.said(question.label) or question.name
    needed = answers.is_missing(question)
    prompt = label if needed else f"{label} (may be left out)"
    default = question.default
    shown = f"{prompt} [{default}]" if default else prompt
    while True:
        typed = click.prompt(shown, default=default, show_default=False, err=True)
        text = in_full_of(laptop, question, str(typed))
        if not text:
            if needed:
                say("  it is required, and stays missing", "    ", err=True)
            return ""
        problem = answer_problem(question, text)
        then = Answers(
            answers.form, {**answers.kept, question.name: text}, answers.moment
        )
        if problem is None and then.is_broken(question):
            problem = broken(question, text)
        if problem is None:
            return text
        say(f"  {problem_line(problem)}", "    ", err=True)


def _show(question: Question, answers: Answers) -> None:
    """Show the hint of a question, and what may be chosen."""
    if question.hint:
        say(answers.said(question.hint), "  ", err=True)
    offered = answers.offered(question)
    for one in offered:
        label = f": {one.label}" if one.label and one.label != one.name else ""
        say(f"  {one.name}{label}", "    ", err=True)
    if question.type not in SELECTS and question.type is not QuestionKind.TEXT:
        say(f"  {expected(question)}", "    ", err=True)
