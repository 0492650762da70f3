"""Record types of a project's own questions: their versions, and what was answered."""

from schemas import limits
from schemas import vocabulary as v
from schemas.common_fields import MEASURED, explained, note
from schemas.fields import Choice, Code, Day, Id, Integer, Text
from schemas.questions.field import Questions


class QuestionForm:
    """One version of the questions that a project asks of its own; it never changes."""

    asked_of = Choice(
        v.ASKED_OF,
        required=True,
        field_class=MEASURED,
        group="form",
        help="what the questions are asked of",
    )
    number = Integer(
        1,
        limits.FORMS_MAX,
        required=True,
        field_class=MEASURED,
        group="form",
        help="version: the largest number is in force",
    )
    fingerprint = Code(
        required=True,
        field_class=MEASURED,
        group="form",
        help="SHA-256 of the questions, as JSON without blanks and with names in order",
    )
    questions = Questions(
        required=True,
        field_class=MEASURED,
        group="form",
        help="what is asked, in order; an empty list ends the questions",
    )
    asked_from = Day(
        required=True,
        field_class=MEASURED,
        help="first day on which an answer that is required is missed",
    )
    title = Text(help="title of the form")
    source = Text(help="name and version of the form it was read from")
    note = note()
    explained = explained()


def _about(target: str, meaning: str) -> Id:
    return Id(target, field_class=MEASURED, group="about", help=meaning)


class Answer:
    """One answer to one of the project's own questions."""

    plot_id = _about("plot", "plot that it is about")
    point_id = _about("point", "point that it is about")
    core_id = _about("core", "core that it is about")
    sample_id = _about("sample", "bag that it is about")
    question = Code(required=True, field_class=MEASURED, help="name of the question")
    form_id = Id(
        "question_form",
        required=True,
        field_class=MEASURED,
        group="answer",
        help="version of the questions that was asked",
    )
    value = Text(
        most=limits.NOTE_CHARS,
        required=True,
        field_class=MEASURED,
        group="answer",
        help="the answer as its question keeps it: a number, a name of a choice, a day",
    )
    note = note()
    explained = explained()
