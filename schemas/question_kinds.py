"""Problems of a project's own questions and of answers to them, and what to do."""

from typing import Final

from schemas.problem_kind import Kind

#: What refuses a version of the questions, or an answer.
QUESTIONS: Final = {
    "bad_questions": Kind(
        "questions are not described as they must be",
        "read the form again: permille questions add FORM.xlsx",
    ),
    "form_unsupported": Kind(
        "this cannot be asked as the form has it",
        "change it in the form",
    ),
    "fingerprint_differs": Kind(
        "the fingerprint is not that of the questions",
        "add the form as a new version: permille questions add FORM.xlsx --write",
    ),
    "never_changes": Kind(
        "a version of a project's questions never changes: answers were given to it",
        "add the form as a new version: permille questions add FORM.xlsx --write",
    ),
    "one_of_four": Kind(
        "an answer is about one record: a plot, a point, a core or a sample",
        "name one of them, and empty the others",
    ),
    "unknown_question": Kind(
        "the form that the answer names has no such question",
        "look at what is asked: permille questions show",
    ),
    "answer_unfit": Kind(
        "the answer does not fit its question",
        "answer as the question asks: permille questions show",
    ),
    "answer_elsewhere": Kind(
        "the form that the answer names is asked of something else",
        "answer the questions of this record: permille questions",
    ),
}

#: Of answers to a project's own questions, by the form that asked.
ANSWERS: Final = {
    "answer_constraint": Kind(
        "the answer is outside of what the form allows",
        "correct the answer: permille answer edit; or say why it is right",
    ),
    "answer_not_asked": Kind(
        "the question is not asked where the other answers are as they are",
        "correct one of the answers, or delete this one: permille answer delete",
    ),
    "answer_missing": Kind(
        "a question of the project that needs an answer has none",
        "answer it: permille answer add",
    ),
    "forms_at_once": Kind(
        "two versions of the questions have one number; the one with the larger"
        " fingerprint is in force",
        "add the form that is meant as a new version: permille questions add FORM.xlsx"
        " --write",
    ),
}
