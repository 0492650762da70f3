"""Answers of one record, judged by the form that asked: as data, never by refusing. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from schemas.problems import Problem
from schemas.questions.expressions import (
    NO_COLUMNS,
    Circumstances,
    evaluate,
    holds,
    names_in,
    typed_value,
)
from schemas.questions.form import (
    AnswerChoice,
    Form,
    Question,
    QuestionKind,
    question_of,
)
from schemas.questions.functions import Value, as_text
from schemas.questions.grammar import ExpressionError
from schemas.questions.values import answer_problem

Record = Mapping[str, Any]
_NAMED: Final = re.compile(r"\$\{\s*([^\W\d][\w.-]*)\s*\}")


def unfit(form: Form, answer: Record) -> Problem | None:
    """Return why an answer, as fields of its record, cannot be one to a form; or None."""
    if answer.get(f"{form.asked_of}_id") is None:
        return Problem("answer_elsewhere", "form_id", None, f"of a {form.asked_of}")
    question = form.get(str(answer["question"]))
    if question is None or not question.is_answered:
        return Problem("unknown_question", "question", answer["question"])
    return answer_problem(question, answer["value"])


def unfit_for(form: Record, answer: Record) -> Problem | None:
    """Return why an answer cannot be one to the record of a form; or None.

    Of the form only the question that is answered is read.
    """
    named = [one for one in form["questions"] if one["name"] == answer["question"]]
    asked = tuple(map(question_of, named))
    return unfit(Form(form["asked_of"], form["number"], asked), answer)


class Answers:
    """The answers of one record to one form, as they are kept: name -> text.

    `moment` is when they were given, as far as that is known.
    """

    def __init__(
        self, form: Form, kept: Mapping[str, str], moment: datetime | None = None
    ) -> None:
        self.form = form
        self.kept = kept
        self.moment = moment
        self._asked: dict[str, bool] = {}
        self._values: dict[str, Value] = {}
        for question in in_order(form):
            self._asked[question.name] = self._holds(question.relevant, question)
            self._values[question.name] = self._worked(question)

    def is_asked(self, question: Question) -> bool:
        """Return whether a question is asked, by the answers to others."""
        return self._asked[question.name]

    def is_missing(self, question: Question) -> bool:
        """Return whether a question is asked, needs an answer, and has none."""
        if self.kept.get(question.name) or not question.is_answered:
            return False
        is_needed = bool(question.required) and self._holds(question.required, question)
        return is_needed and self.is_asked(question)

    def is_broken(self, question: Question) -> bool:
        """Return whether an answer breaks the constraint of its question, or its filter."""
        kept = self.kept.get(question.name)
        if not kept:
            return False
        if question.filter:
            offered = {one.name for one in self.offered(question)}
            if not offered.issuperset(kept.split(" ")):
                return True
        return not self._holds(question.constraint, question)

    def offered(self, question: Question) -> list[AnswerChoice]:
        """Return the choices that a question offers, by the answers to others."""
        return [
            one
            for one in question.choices
            if self._holds(question.filter, question, one.values)
        ]

    def odd(self) -> Iterator[tuple[Question, Problem]]:
        """Yield what is odd about the answers, in the order of the questions."""
        for question in self.form.answered:
            kept, name = self.kept.get(question.name), question.name
            if self.is_missing(question):
                detail = f"{name}: {question.label}" if question.label else name
                yield question, Problem("answer_missing", "", None, detail)
            elif kept and not self.is_asked(question):
                detail = f"{name}: {question.relevant}"
                yield question, Problem("answer_not_asked", "value", kept, detail)
            elif kept and self.is_broken(question):
                yield question, broken(question, kept)

    def said(self, text: str) -> str:
        """Return a label with the answers that it names."""
        return _NAMED.sub(lambda found: self._told(found[1]) or "...", text)

    def _told(self, name: str) -> str:
        question = self.form.get(name)
        if question is None or question.type is not QuestionKind.CALCULATE:
            return self.kept.get(name, "")
        value = self._value(name)
        return "" if value != value else as_text(value)  # noqa: PLR0124 - NaN

    def _value(self, name: str) -> Value:
        return self._values.get(name, "")

    def _worked(self, question: Question) -> Value:
        """Return the value of a question: none where it is not asked."""
        if not self._asked[question.name]:
            return ""
        if question.type is not QuestionKind.CALCULATE:
            return typed_value(question.type, self.kept.get(question.name, ""))
        with suppress(ExpressionError):
            return evaluate(question.calculation, self._given(question))
        return ""

    def _holds(
        self, text: str, question: Question, columns: Mapping[str, str] = NO_COLUMNS
    ) -> bool:
        """Return whether an expression holds; one that cannot be worked out refuses nobody."""
        if not text:
            return True
        try:
            return holds(text, self._given(question, columns))
        except ExpressionError:
            return text is not question.required

    def _given(
        self, question: Question, columns: Mapping[str, str] = NO_COLUMNS
    ) -> Circumstances:
        own = typed_value(question.type, self.kept.get(question.name, ""))
        return Circumstances(self._value, own, self.moment, columns)


def in_order(form: Form) -> Sequence[Question]:
    """Return questions so that each follows those that it depends on.

    Where they depend on each other in a ring, the order is that of the form.
    """
    try:
        names = list(TopologicalSorter(depends_on(form)).static_order())
    except CycleError:
        return form.questions
    known = {one.name: one for one in form.questions}
    return [known[name] for name in names if name in known]


def depends_on(form: Form) -> dict[str, set[str]]:
    """Return by which others it follows whether a question is asked, or what it comes to."""
    return {
        one.name: _named_in(one.relevant) | _named_in(one.calculation)
        for one in form.questions
    }


def _named_in(text: str) -> set[str]:
    with suppress(ExpressionError):
        return names_in(text) if text else set()
    return set()


def broken(question: Question, value: str) -> Problem:
    """Return that an answer breaks the constraint of its question, in the form's words."""
    said = question.message or question.constraint or question.filter
    return Problem("answer_constraint", "value", value, f"{question.name}: {said}")
