"""Answers to a project's own questions, by the forms that asked."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from schemas.plausibility.records import Fields, Records, Warned
from schemas.problems import Problem
from schemas.questions.form import Form, form_of, in_force
from schemas.questions.judging import Answers, unfit

#: What questions are asked of, and the field by which an answer names it.
ABOUT: Final[Mapping[str, str]] = {
    kind: f"{kind}_id" for kind in ("core", "sample", "plot", "point")
}


class _Asked(NamedTuple):
    """A record that questions are asked of, when it was made, and its answers by their ids."""

    kind: str
    record_id: str
    moment: datetime | None
    answers: Mapping[str, Fields]


def of_answers(records: Records) -> Iterator[Warned]:
    """Return what is odd about answers, which are missing, and forms of one number.

    An answer is judged by the form that it names. What is missing follows from the form
    that is in force.
    """
    forms = records.of_type("question_form")
    if not forms:
        return
    yield from _at_once(forms)
    read = {form_id: form_of(fields) for form_id, fields in forms.items()}
    given = _given(records)
    for kind in ABOUT:
        present = in_force(forms, kind)
        for record_id in records.of_type(kind):
            answers = given.get(record_id, {})
            one = _Asked(kind, record_id, _moment(records, kind, record_id), answers)
            asking = {str(fields["form_id"]) for fields in answers.values()}
            if present and _is_due(forms[present], one):
                asking.add(present)
            for form_id in sorted(asking & read.keys()):
                yield from _of_form(one, form_id, read[form_id], present)


def _of_form(
    one: _Asked, form_id: str, form: Form, present: str | None
) -> Iterator[Warned]:
    """Return what is odd about a record by one form, beside all that was answered of it."""
    kept, ids = dict[str, str](), dict[str, str]()
    for answer_id, fields in one.answers.items():
        own = fields["form_id"] == form_id
        if _fits(form, fields) and (own or fields["question"] not in kept):
            kept[fields["question"]] = fields["value"]
            ids[fields["question"]] = answer_id if own else ""
    for question, problem in Answers(form, kept, one.moment).odd():
        answer_id = ids.get(question.name, "")
        if answer_id:
            yield Warned("answer", answer_id, problem, (one.record_id, form_id))
        elif problem.code == "answer_missing" and form_id == present:
            yield Warned(one.kind, one.record_id, problem, (form_id,))


def _fits(form: Form, answer: Fields) -> bool:
    return unfit(form, answer) is None


def _given(records: Records) -> dict[str, dict[str, Fields]]:
    """Return the answers of each record that has any."""
    found: dict[str, dict[str, Fields]] = defaultdict(dict)
    for answer_id, fields in records.of_type("answer").items():
        about = next((fields[name] for name in ABOUT.values() if fields.get(name)), "")
        found[str(about)][answer_id] = fields
    return found


def _is_due(form: Fields, one: _Asked) -> bool:
    """Return whether an answer that is required is missed.

    It is of cores and bags from the first day of the form on; a plot or a point is asked
    when somebody is there, and then has some answer.
    """
    if one.moment is None:
        return bool(one.answers)
    return one.moment.date().isoformat() >= str(form["asked_from"])


def _moment(records: Records, kind: str, record_id: str) -> datetime | None:
    """Return when a core, or the core of a bag, was taken; of others it is not known."""
    fields = records.get(kind, record_id) or {}
    if kind == "sample":
        fields = records.get("core", fields.get("core_id")) or {}
    sampled_at = fields.get("sampled_at")
    return datetime.fromisoformat(sampled_at) if sampled_at else None


def _at_once(forms: Mapping[str, Fields]) -> Iterator[Warned]:
    of_number: dict[tuple[str, int], list[str]] = defaultdict(list)
    for form_id, fields in forms.items():
        of_number[fields["asked_of"], fields["number"]].append(form_id)
    for same in of_number.values():
        for form_id in sorted(same) if len(same) > 1 else ():
            others = tuple(other for other in sorted(same) if other != form_id)
            found = Problem("forms_at_once", "number", forms[form_id]["number"])
            yield Warned("question_form", form_id, found, others)
