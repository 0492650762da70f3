"""A form of ODK or Kobo, read as a version of a project's own questions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Final

from collector.errors import RefusedError
from collector.questions.elements import Elements, Fault, elements_of
from collector.questions.workbook import Workbook, read_workbook, row_of
from schemas.fields import FieldError
from schemas.problems import Problem
from schemas.questions.checking import check_expression
from schemas.questions.field import Questions, first_twice
from schemas.questions.form import Form, Question, QuestionKind, question_of
from schemas.questions.grammar import ExpressionError
from schemas.questions.judging import depends_on
from schemas.questions.values import answer_problem, read_answer
from schemas.told import counted

#: So many faults are told at once.
_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class ReadForm:
    """What a file asks, as fields of a record, and what of it is left out."""

    questions: Sequence[Question]
    data: Sequence[Mapping[str, Any]]
    title: str
    source: str
    left_out: Sequence[Fault]


def read_form(path: Path) -> ReadForm:
    """Read what a file asks.

    Raises
    ------
    RefusedError
        If it is no form, or asks what cannot be asked: with each row and its name.
    """
    workbook = read_workbook(path)
    found = elements_of(workbook)
    faults = [*found.refused, *_faults(workbook, found)]
    if not faults and not any(one.is_answered for one in found.questions):
        faults = [Fault(None, path.name, "it asks nothing that can be answered")]
    if faults:
        raise _refusal(path, faults)
    data = [_with_default(workbook, one, found).as_data() for one in found.questions]
    try:
        clean = Questions().check(data)
    except FieldError as error:
        raise _refusal(path, [Fault(None, path.name, error.problem.text)]) from None
    version = f" {workbook.version}" if workbook.version else ""
    return ReadForm(
        tuple(map(question_of, clean)),
        clean,
        workbook.title or path.stem,
        f"{workbook.form_id or path.stem}{version} ({path.name})",
        found.left_out,
    )


def _with_default(workbook: Workbook, question: Question, found: Elements) -> Question:
    """Return a question with its default as an answer is kept, where it is one."""
    default = read_answer(question, question.default) if question.default else ""
    if default and answer_problem(question, default):
        text = f"its default {question.default} is no answer to it"
        found.left_out.append(_fault(workbook, question.name, text))
        default = ""
    return replace(question, default=default)


def _refusal(path: Path, faults: Sequence[Fault]) -> RefusedError:
    problems = [
        Problem("form_unsupported", detail=fault.told) for fault in faults[:_TOLD]
    ]
    count = counted(len(faults), "thing cannot", "things cannot")
    return RefusedError(
        f"{path.name} is not taken: {count} be asked as it has it",
        "change the form, and look again; what is asked: docs/questions.md",
        problems,
        code="form_unsupported",
    )


def _faults(workbook: Workbook, found: Elements) -> Iterator[Fault]:
    """Yield what is wrong with questions that can be asked by their types."""
    gone = {one.name for one in found.left_out} - {one.name for one in found.questions}
    refused = {one.name for one in found.refused}
    form = Form("", 0, tuple(found.questions))
    twice = first_twice(one.name for one in form.questions)
    if twice:
        yield _fault(workbook, twice, "another question has this name; rename one")
    known = {one.name: one for one in form.questions}
    for question in form.questions:
        yield from _beyond_bounds(workbook, question)
        yield from _wrong_expressions(workbook, question, known, gone, refused)
    try:
        TopologicalSorter(depends_on(form)).prepare()
    except CycleError as error:
        ring = " -> ".join(error.args[1])
        text = f"whether it is asked follows from itself: {ring}"
        yield _fault(workbook, error.args[1][0], text)


def _beyond_bounds(workbook: Workbook, question: Question) -> Iterator[Fault]:
    """Yield what of a question by itself no laptop takes: texts too long, odd names."""
    try:
        Questions().check([question.as_data()])
    except FieldError as error:
        text = error.problem.detail.partition(": ")[2]
        yield _fault(workbook, question.name, text)


def _wrong_expressions(
    workbook: Workbook,
    question: Question,
    known: Mapping[str, Question],
    gone: set[str],
    refused: set[str],
) -> Iterator[Fault]:
    columns = {name for one in question.choices for name in one.values}
    own = None if question.type is QuestionKind.CALCULATE else question
    for column, text in (
        ("required", question.required),
        ("relevant", question.relevant),
        ("constraint", question.constraint),
        ("calculation", question.calculation),
        ("choice_filter", question.filter),
    ):
        try:
            if text:
                check_expression(text, known, own, columns)
        except ExpressionError as error:
            if any(f"{{{name}}}" in text for name in refused):
                continue  # it goes when that one is asked as it can be
            left = next((name for name in sorted(gone) if f"{{{name}}}" in text), "")
            why = f"{left} is left out, and no answer" if left else str(error)
            yield _fault(workbook, question.name, f"{column} {text}: {why}")


def _fault(workbook: Workbook, name: str, text: str) -> Fault:
    return Fault(row_of(workbook, name), name, text)
