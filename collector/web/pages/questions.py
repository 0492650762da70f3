"""A project's own questions on the page: fields of a form, and what was typed in them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record import names
from collector.record.questions import (
    AskedForm,
    add_answers,
    answers_about,
    asked_form,
)
from collector.rules.overlay import RecordView
from collector.web.page import Asked, Page, Refusal, refusal_of
from collector.web.where import project_of
from schemas.names import listed
from schemas.plausibility.answers import ABOUT
from schemas.questions.form import AnswerChoice, Question, QuestionKind
from schemas.questions.judging import Answers
from schemas.told import told

#: The names of fields of a form begin so.
_FIELD: Final = "answer-"
#: How a field is typed, by what its question takes.
_INPUTS: Final[Mapping[QuestionKind, str]] = MappingProxyType(
    {
        QuestionKind.INTEGER: "numeric",
        QuestionKind.DECIMAL: "decimal",
        QuestionKind.DATE: "date",
        QuestionKind.TIME: "time",
    }
)


class QuestionField(NamedTuple):
    """One question as a form shows it; of several choices those that are `chosen`."""

    question: Question
    label: str
    hint: str
    value: str
    chosen: Sequence[str]
    input: str
    is_needed: bool
    is_conditional: bool

    @property
    def name(self) -> str:
        """Return the name of the field in the form."""
        return f"{_FIELD}{self.question.name}"

    @property
    def choices(self) -> Sequence[AnswerChoice]:
        """Return what may be chosen: all of it, since answers are judged when it is saved."""
        return self.question.choices


def question_fields(
    laptop: Laptop,
    project: RecordView | None,
    kind: str,
    typed: Mapping[str, str],
    language: str,
    kept: Mapping[str, str] = MappingProxyType({}),
) -> list[QuestionField]:
    """Return the fields of what a project asks about a type of record, in a language.

    What is `kept` is answered already, and not asked again.
    """
    asked = asked_form(laptop.store, project.id, kind) if project else None
    if asked is None:
        return []
    form = asked.form.in_language(language)
    answers = Answers(form, {**kept, **typed})
    return [
        _field(one, answers, typed)
        for one in form.questions
        if one.type is not QuestionKind.CALCULATE and one.name not in kept
    ]


def typed_answers(
    laptop: Laptop, project: RecordView, kind: str, form: Mapping[str, str]
) -> dict[str, str]:
    """Return what was typed in the fields of questions; what is empty is no answer."""
    asked = asked_form(laptop.store, project.id, kind)
    found = {
        one.name: _typed(one, form) for one in (asked.form.answered if asked else ())
    }
    return {name: text for name, text in found.items() if text}


def show(laptop: Laptop, asked: Asked) -> Page:
    """Show the questions about a record: what was answered, and fields for the others."""
    view = _record(laptop, asked)
    return _page(laptop, asked, view, {})


def save(laptop: Laptop, asked: Asked) -> Page:
    """Save the answers of a form; what cannot be saved stays in its fields, with words."""
    view = _record(laptop, asked)
    project = project_of(laptop, asked)
    assert project is not None, "a record that was found belongs to a project"
    typed = typed_answers(laptop, project, view.type, asked.form)
    try:
        saved = add_answers(laptop, view, typed, asked.speech.code) if typed else []
    except RefusedError as error:
        return _page(laptop, asked, view, typed, refusal_of(error))
    return _page(laptop, asked, view, {}, saved=[one.label for one in saved])


def _page(
    laptop: Laptop,
    asked: Asked,
    view: RecordView,
    typed: Mapping[str, str],
    refusal: Refusal | None = None,
    saved: Sequence[str] = (),
) -> Page:
    there = answers_about(laptop.store, view)
    kept = {name: str(one.fields["value"]) for name, one in there.items()}
    project = laptop.store.record(view.project_id)
    form = asked_form(laptop.store, view.project_id, view.type)
    name = names.label(laptop.store, view)
    facts = {
        "of": view.type,
        "name": name,
        "project": project.fields["code"] if project else "",
        "answered": _answered(form, kept, asked.speech.code),
        "asked_fields": question_fields(
            laptop, project, view.type, typed, asked.speech.code, kept
        ),
        "refusal": refusal,
        "saved": listed(saved) if saved else "",
    }
    command = f"permille answer add {view.type} {name}"
    return Page("answers.html.j2", command, facts)


def _answered(
    asked: AskedForm | None, kept: Mapping[str, str], language: str
) -> list[tuple[str, str]]:
    """Return what was answered, with the question in a language where it is still asked."""
    form = asked.form.in_language(language) if asked else None
    found = []
    for name, value in kept.items():
        question = form.get(name) if form else None
        labels = (
            {one.name: one.label or one.name for one in question.choices}
            if question
            else {}
        )
        words = (
            [labels.get(part, part) for part in value.split(" ")] if labels else [value]
        )
        found.append((question.label or name if question else name, told(words)))
    return found


def _record(laptop: Laptop, asked: Asked) -> RecordView:
    """Return the record that a page of questions is about.

    Raises
    ------
    RefusedError
        If nothing is asked of its type, or it is not here.
    """
    said = {**asked.query, **asked.form}
    kind = said.get("of", "")
    if kind not in ABOUT:
        raise RefusedError(
            "this page shows the questions about one record",
            "open it from a plot, or type: permille answer add",
        )
    project = project_of(laptop, asked)
    project_id = project.id if project else None
    return names.find(laptop.store, kind, said.get("name", ""), project_id)


def _field(
    question: Question, answers: Answers, typed: Mapping[str, str]
) -> QuestionField:
    value = typed.get(question.name, "" if typed else question.default)
    return QuestionField(
        question,
        answers.said(question.label) or question.name,
        answers.said(question.hint),
        value,
        value.split(" "),
        _INPUTS.get(question.type, "text"),
        bool(question.required),
        bool(question.relevant),
    )


def _typed(question: Question, form: Mapping[str, str]) -> str:
    name = f"{_FIELD}{question.name}"
    if question.type is not QuestionKind.SELECT_MULTIPLE:
        return form.get(name, "").strip()
    return " ".join(
        one.name for one in question.choices if form.get(f"{name}:{one.name}")
    )
