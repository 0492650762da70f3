"""A project's own questions on this laptop: the forms, and answers that are typed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from collector.errors import NotFoundError, RefusedError
from collector.laptop.laptop import Laptop
from collector.record import entry
from collector.record.names import label
from collector.record.saving import save
from collector.record.typed_times import in_full
from collector.rules.overlay import RecordView
from collector.store.port import Store
from schemas.changes import Draft
from schemas.names import listed
from schemas.plausibility.answers import ABOUT
from schemas.plausibility.records import Fields
from schemas.problems import Problem
from schemas.questions.form import Form, Question, QuestionKind, form_of, in_force
from schemas.questions.judging import Answers, broken
from schemas.questions.values import answer_problem, read_answer

FORM: Final = "question_form"


class AskedForm(NamedTuple):
    """The form that is in force for a type of record, with its id."""

    id: str
    form: Form


class TypedAnswers(NamedTuple):
    """Answers as they were typed, by the names of their questions, and when.

    What is wrong with them is said in `language`, where the form has its texts.
    """

    texts: Mapping[str, str]
    moment: datetime | None
    language: str = ""


def forms_of(store: Store, project_id: str) -> list[RecordView]:
    """Return every version of the questions of a project, what is asked of and number up."""
    found = store.records(FORM, project_id)
    return sorted(found, key=lambda one: (one.fields["asked_of"], one.fields["number"]))


def asked_form(store: Store, project_id: str, asked_of: str) -> AskedForm | None:
    """Return the form that is in force for a type of record; None where nothing is asked."""
    known = {one.id: one.fields for one in store.records(FORM, project_id)}
    form_id = in_force(known, asked_of)
    return AskedForm(form_id, form_of(known[form_id])) if form_id else None


def answers_about(store: Store, view: RecordView) -> dict[str, RecordView]:
    """Return the answers of a record by the names of their questions."""
    found = store.referring(ABOUT[view.type], [view.id])
    return {str(one.fields["question"]): one for one in found if one.type == "answer"}


def moment_of(store: Store, view: RecordView) -> datetime | None:
    """Return when what is asked of was taken: a core, or the core of a bag."""
    core = view
    if view.type == "sample":
        core = store.record(str(view.fields.get("core_id"))) or view
    sampled_at = core.fields.get("sampled_at")
    return datetime.fromisoformat(sampled_at) if sampled_at else None


def judged_answers(
    laptop: Laptop, asked: AskedForm, typed: TypedAnswers, kept: Mapping[str, str]
) -> dict[str, str]:
    """Return typed answers as they are kept; `kept` are those that are there already.

    Raises
    ------
    RefusedError
        With every answer that does not fit, is to no question, or breaks its constraint.
    """
    form = asked.form.in_language(typed.language)
    read, problems = dict[str, str](), list[Problem]()
    for name, text in typed.texts.items():
        question = form.get(name)
        if question is None or not question.is_answered:
            problems.append(_unknown(form, name, text))
            continue
        read[name] = in_full_of(laptop, question, text)
        problem = answer_problem(question, read[name])
        problems += [_as_typed(problem, name, text)] if problem else []
    entry.refuse(problems)
    answers = Answers(form, {**kept, **read}, typed.moment)
    entry.refuse(
        [
            _as_typed(broken(question, read[question.name]), question.name, text)
            for name, text in typed.texts.items()
            if (question := form.get(name)) and answers.is_broken(question)
        ]
    )
    return read


def new_answers(
    laptop: Laptop, project_id: str, kind: str, record_id: str, typed: TypedAnswers
) -> list[tuple[str, str, Fields]]:
    """Return the records of answers about a record that is new.

    Raises
    ------
    RefusedError
        If an answer cannot stand, or nothing is asked.
    """
    if not typed.texts:
        return []
    asked = form_for(laptop.store, project_id, kind)
    read = judged_answers(laptop, asked, typed, {})
    return _records(laptop, project_id, asked, {ABOUT[kind]: record_id}, read)


def add_answers(
    laptop: Laptop, view: RecordView, texts: Mapping[str, str], language: str = ""
) -> list[entry.Saved]:
    """Save answers about a record that is here, all in one transaction.

    Raises
    ------
    RefusedError
        If one cannot stand, or a question is answered already; nothing is saved then.
    """
    asked = form_for(laptop.store, view.project_id, view.type)
    there = answers_about(laptop.store, view)
    again = [name for name in texts if name in there]
    if again:
        name = label(laptop.store, there[again[0]])
        raise RefusedError(
            f"{listed(again)} of {view.type} {label(laptop.store, view)}"
            f" {'is' if len(again) == 1 else 'are'} answered already",
            f"to change it: permille answer edit {name} ANSWER",
            code="already_here",
        )
    kept = {name: str(one.fields["value"]) for name, one in there.items()}
    typed = TypedAnswers(texts, moment_of(laptop.store, view), language)
    read = judged_answers(laptop, asked, typed, kept)
    about = {ABOUT[view.type]: view.id}
    new = _records(laptop, view.project_id, asked, about, read)
    drafts = [
        Draft(view.project_id, kind, record_id, fields=fields, is_new=True)
        for kind, record_id, fields in new
    ]
    save(laptop, drafts)
    return [_saved(laptop, record_id) for _, record_id, _ in new]


def edit_answer(laptop: Laptop, view: RecordView, text: str) -> entry.Saved:
    """Change an answer, by the form that is in force where that still asks it.

    Raises
    ------
    RefusedError
        If the answer cannot stand.
    """
    kind, about = _about(laptop.store, view)
    name = str(view.fields["question"])
    asked = asked_form(laptop.store, view.project_id, kind)
    if asked is None or asked.form.get(name) is None:
        form_id = str(view.fields["form_id"])
        own = laptop.store.record(form_id)
        if own is None:
            raise NotFoundError("the form that asked is not here", "run: permille sync")
        asked = AskedForm(form_id, form_of(own.fields))
    there = answers_about(laptop.store, about)
    kept = {each: str(one.fields["value"]) for each, one in there.items()}
    typed = TypedAnswers({name: text}, moment_of(laptop.store, about))
    read = judged_answers(laptop, asked, typed, kept)
    return entry.edit(laptop, view, {"form_id": asked.id, "value": read[name]})


def _about(store: Store, answer: RecordView) -> tuple[str, RecordView]:
    """Return what an answer is about, with its type."""
    for kind, field in ABOUT.items():
        found = store.record(str(answer.fields.get(field)))
        if found is not None:
            return kind, found
    raise NotFoundError("what the answer is about is not here", "run: permille sync")


def in_full_of(laptop: Laptop, question: Question, text: str) -> str:
    """Return an answer as it is kept, days and times in full by the clock of this laptop."""
    if question.type in {QuestionKind.DATE, QuestionKind.DATETIME}:
        text = in_full(laptop.clock, text)
    return read_answer(question, text)


def _saved(laptop: Laptop, record_id: str) -> entry.Saved:
    view = laptop.store.record(record_id)
    assert view is not None, "what was kept is shown"
    warnings = entry.open_warnings(laptop, view)
    return entry.Saved(view, label(laptop.store, view), warnings)


def form_for(store: Store, project_id: str, kind: str) -> AskedForm:
    """Return the form that is in force for a type of record.

    Raises
    ------
    NotFoundError
        If nothing is asked.
    """
    found = asked_form(store, project_id, kind)
    if found is None:
        raise NotFoundError(
            f"the project asks no questions of its own about a {kind}",
            "see: permille questions; to ask some: permille questions add FORM.xlsx"
            f" --for {kind} --write",
        )
    return found


def _records(
    laptop: Laptop,
    project_id: str,
    asked: AskedForm,
    about: Mapping[str, str],
    read: Mapping[str, str],
) -> list[tuple[str, str, Fields]]:
    made: Sequence[dict[str, Any]] = [
        {**about, "question": name, "form_id": asked.id, "value": value}
        for name, value in read.items()
    ]
    ids = entry.mint_all(laptop, project_id, "answer", made)
    return [("answer", *one) for one in zip(ids, made, strict=True)]


def _unknown(form: Form, name: str, text: str) -> Problem:
    known = ", ".join(one.name for one in form.answered)
    return Problem("unknown_question", "answer", f"{name}={text}", f"it asks: {known}")


def _as_typed(problem: Problem, name: str, text: str) -> Problem:
    return Problem(problem.code, "answer", f"{name}={text}", problem.detail)
