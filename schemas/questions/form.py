"""A version of a project's own questions, as its record holds it. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

Texts = Mapping[str, str]


class QuestionKind(StrEnum):
    """What a question takes; a note and a calculation take nothing."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    SELECT_ONE = "select_one"
    SELECT_MULTIPLE = "select_multiple"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    BARCODE = "barcode"
    GEOPOINT = "geopoint"
    ACKNOWLEDGE = "acknowledge"
    NOTE = "note"
    CALCULATE = "calculate"


#: What is shown or worked out, and never answered.
UNANSWERED: Final = frozenset({QuestionKind.NOTE, QuestionKind.CALCULATE})
SELECTS: Final = frozenset({QuestionKind.SELECT_ONE, QuestionKind.SELECT_MULTIPLE})


@dataclass(frozen=True, slots=True)
class AnswerChoice:
    """One answer that may be chosen: its name, and what it is called in each language.

    `values` are what the filter of a question speaks of, such as the region of a village.
    """

    name: str
    label: str = ""
    labels: Texts = field(default_factory=dict)
    values: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; what it depends on are expressions of XLSForm.

    It is asked where `relevant` holds, needs an answer where `required` does, takes one for
    which `constraint` holds, and offers the choices for which `filter` does.

    `label`, `hint` and `message` are in the language of the form; those in other
    languages are beside them, by the code of the language.
    """

    name: str
    type: QuestionKind
    label: str = ""
    labels: Texts = field(default_factory=dict)
    hint: str = ""
    hints: Texts = field(default_factory=dict)
    required: str = ""
    relevant: str = ""
    constraint: str = ""
    message: str = ""
    messages: Texts = field(default_factory=dict)
    default: str = ""
    calculation: str = ""
    filter: str = ""
    choices: Sequence[AnswerChoice] = ()

    @property
    def is_answered(self) -> bool:
        """Return whether the question takes an answer."""
        return self.type not in UNANSWERED

    def in_language(self, code: str) -> "Question":
        """Return the question with its texts in a language, where it has them."""
        return replace(
            self,
            label=self.labels.get(code, self.label),
            hint=self.hints.get(code, self.hint),
            message=self.messages.get(code, self.message),
            choices=tuple(
                replace(one, label=one.labels.get(code, one.label))
                for one in self.choices
            ),
        )

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object; what is empty is left out."""
        said = {
            name: getattr(self, name)
            for name in self.__slots__
            if name != "choices" and getattr(self, name)
        }
        said |= {"type": str(self.type)}
        if self.choices:
            said["choices"] = [_choice_data(one) for one in self.choices]
        return {
            name: dict(value) if isinstance(value, Mapping) else value
            for name, value in said.items()
        }


@dataclass(frozen=True, slots=True)
class Form:
    """The questions that are asked of one type of record, in one version."""

    asked_of: str
    number: int
    questions: Sequence[Question]

    def get(self, name: str) -> Question | None:
        """Return a question by its name."""
        return next((one for one in self.questions if one.name == name), None)

    def in_language(self, code: str) -> "Form":
        """Return the form with its texts in a language, where it has them."""
        return replace(
            self, questions=tuple(one.in_language(code) for one in self.questions)
        )

    @property
    def answered(self) -> list[Question]:
        """Return the questions that take an answer."""
        return [one for one in self.questions if one.is_answered]


def form_of(record: Mapping[str, Any]) -> Form:
    """Read the form that a record of the type `question_form` holds."""
    return Form(
        str(record["asked_of"]),
        int(record["number"]),
        tuple(map(question_of, record["questions"])),
    )


def in_force(forms: Mapping[str, Mapping[str, Any]], asked_of: str) -> str | None:
    """Return the id of the form that asks of a type now: that of the largest number.

    Of two that were made at once, the larger fingerprint is in force on every laptop. One
    without questions ends them.
    """
    found = [
        (fields["number"], fields["fingerprint"], form_id)
        for form_id, fields in forms.items()
        if fields["asked_of"] == asked_of
    ]
    form_id = max(found)[2] if found else None
    return form_id if form_id and forms[form_id]["questions"] else None


def question_of(data: Mapping[str, Any]) -> Question:
    """Read a question back from its JSON object.

    What a newer program says of it besides is not known here; a type that is not known is
    shown as a note, and not answered.
    """
    known = {name: data[name] for name in Question.__slots__ if name in data}
    kind = data["type"] if data["type"] in list(QuestionKind) else QuestionKind.NOTE
    choices = tuple(map(_choice_of, data.get("choices", ())))
    return Question(**{**known, "type": QuestionKind(kind), "choices": choices})


def _choice_of(data: Mapping[str, Any]) -> AnswerChoice:
    return AnswerChoice(
        **{name: data[name] for name in AnswerChoice.__slots__ if name in data}
    )


def fingerprint(questions: object) -> str:
    """Return what tells one version of questions from every other: 64 hexadecimal digits.

    It is the SHA-256 of their JSON without blanks, names in order.

    >>> fingerprint([])[:16]
    '4f53cda18c2baa0c'
    """
    import hashlib  # noqa: PLC0415 - who only looks names nothing

    return hashlib.sha256(canonical_json(questions).encode()).hexdigest()


def canonical_json(value: object) -> str:
    """Return JSON without blanks, names in the order of their code points."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _choice_data(one: AnswerChoice) -> dict[str, Any]:
    said: dict[str, Any] = {"name": one.name}
    if one.label:
        said["label"] = one.label
    if one.labels:
        said["labels"] = dict(one.labels)
    if one.values:
        said["values"] = dict(one.values)
    return said
