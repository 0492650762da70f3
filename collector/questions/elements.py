"""The elements of a form, made into questions: what is asked, left out, or refused."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from collector.questions.languages import texts_of
from collector.questions.workbook import Element, Workbook, row_of
from schemas.questions.field import first_twice
from schemas.questions.form import AnswerChoice, Question, QuestionKind

#: What is asked, by the type that an answer has in the XForm.
_BY_ANSWER: Final[Mapping[str, QuestionKind]] = MappingProxyType(
    {
        "string": QuestionKind.TEXT,
        "int": QuestionKind.INTEGER,
        "decimal": QuestionKind.DECIMAL,
        "date": QuestionKind.DATE,
        "time": QuestionKind.TIME,
        "dateTime": QuestionKind.DATETIME,
        "barcode": QuestionKind.BARCODE,
        "geopoint": QuestionKind.GEOPOINT,
    }
)
_BY_CONTROL: Final[Mapping[str, QuestionKind]] = MappingProxyType(
    {
        "select1": QuestionKind.SELECT_ONE,
        "select": QuestionKind.SELECT_MULTIPLE,
        "trigger": QuestionKind.ACKNOWLEDGE,
    }
)
_ATTACH: Final = "files belong to records: leave it out, and use permille attach"
#: What is not asked, by the control of the XForm, and what to do.
_REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "upload": _ATTACH,
        "odk:rank": "an order is not asked: use select_one for the first, and so on",
    }
)
_SHAPES: Final = frozenset({"geotrace", "geoshape"})
#: What pyxform makes of groups that are shown as tables, besides what was asked for.
_MADE: Final = ("generated_table_list_label_", "reserved_name_for_field_list_labels_")
_YES: Final = frozenset({"yes", "true", "true()"})
_NO: Final = frozenset({"no", "false", "false()", ""})


@dataclass(frozen=True, slots=True)
class Fault:
    """What of a form cannot be asked: where, what, and what to do."""

    row: int | None
    name: str
    text: str

    @property
    def told(self) -> str:
        """Return it in one line."""
        where = f"row {self.row}, {self.name}" if self.row else self.name
        return f"{where}: {self.text}"


@dataclass(slots=True)
class Elements:
    """What became of the elements of a form, in its order."""

    questions: list[Question] = field(default_factory=list)
    left_out: list[Fault] = field(default_factory=list)
    refused: list[Fault] = field(default_factory=list)


class _Walk:
    """One way through a form, from its first row to its last."""

    def __init__(self, workbook: Workbook) -> None:
        self.found = Elements()
        self._workbook = workbook
        self._language = workbook.language

    def take(self, elements: Sequence[Element], relevant: tuple[str, ...] = ()) -> None:
        """Take elements of one level; `relevant` are the conditions of the groups around."""
        for one in elements:
            if one.is_repeat:
                self._refuse(one, "repeats are not asked: ask it of each core or bag")
            elif one.name == "meta" and one.control.get("bodyless"):
                self._take_meta(one)
            elif one.is_group:
                self._take_group(one, relevant)
            elif not one.name.startswith(_MADE):
                self._take_question(one, relevant)

    def _take_group(self, one: Element, relevant: tuple[str, ...]) -> None:
        within = (*relevant, _text(one.bind.get("relevant")))
        label, labels = texts_of(one.label, self._language)
        if label and not one.name.startswith(_MADE):
            note = Question(
                name=self._heading(one.name),
                type=QuestionKind.NOTE,
                label=label,
                labels=labels,
                relevant=_all(within),
            )
            self.found.questions.append(note)
        self.take(one.children, within)

    def _heading(self, name: str) -> str:
        """Return a name for the heading of a group that nothing else in the form has."""
        names = [one.name.casefold() for one in self._workbook.survey.every()]
        return f"{name}-heading" if names.count(name.casefold()) > 1 else name

    def _take_meta(self, meta: Element) -> None:
        for one in meta.children:
            if one.name == "entity":
                self._refuse(one, "entities are not kept: leave out the sheet entities")
            elif one.name == "audit":
                self._leave_out(one, "who worked when is in the history of the records")

    def _take_question(self, one: Element, relevant: tuple[str, ...]) -> None:
        why = next(self._why_refused(one), "")
        if "jr:preload" in one.bind and not one.tag:
            self._leave_out(one, "who records, when and where is kept by itself")
        elif one.type in _NEVER_SHOWN:
            self._leave_out(one, "it is never shown and never answered")
        elif why:
            self._refuse(one, why)
        else:
            self.found.questions.append(self._question(one, relevant))
            self._tell_left_out(one)

    def _why_refused(self, one: Element) -> Iterator[str]:
        """Yield why a question cannot be asked."""
        answer = str(one.bind.get("type") or "string")
        if one.tag in _REFUSED:
            yield _REFUSED[one.tag]
        if answer in _SHAPES:
            yield "lines and areas are not asked: a boundary belongs to its plot"
        if answer not in _BY_ANSWER and one.tag not in _BY_CONTROL:
            yield f"{one.type} is not asked here"
        step = _text(one.parameters.get("step", 1))
        if one.tag == "range" and not step.isdigit():
            yield f"a range in steps of {step}: make it a decimal with a constraint"
        yield from self._why_not_chosen(one)
        if one.tag and one.bind.get("calculate") and not _is_read_only(one):
            yield "it is asked and calculated: make it a calculate, or take that away"
        if one.is_triggered:
            yield "it is worked out when another one is answered: make it a calculate"

    def _why_not_chosen(self, one: Element) -> Iterator[str]:
        is_search = str(one.control.get("appearance") or "").startswith("search(")
        is_external = one.type == "select one external" or is_search
        if is_external or (one.tag in _SELECTS and not self._choices(one)):
            yield "its choices are in another file: write them in the sheet choices"
        twice = first_twice(each.name for each in self._choices(one))
        if twice:
            yield f"two choices are called {twice}: give each a name of its own"

    def _question(self, one: Element, relevant: tuple[str, ...]) -> Question:
        label, labels = texts_of(one.label, self._language)
        hint, hints = texts_of(one.hint, self._language)
        shown = Question(
            name=one.name,
            type=_kind(one),
            label=label,
            labels=labels,
            hint=hint,
            hints=hints,
            relevant=_all((*relevant, _text(one.bind.get("relevant")))),
        )
        if shown.type is QuestionKind.NOTE:
            return shown
        if shown.type is QuestionKind.CALCULATE:
            return replace(shown, calculation=_text(one.bind.get("calculate")))
        message, messages = texts_of(one.bind.get("jr:constraintMsg"), self._language)
        return replace(
            shown,
            required=_condition(one.bind.get("required")),
            constraint=_constraint(one),
            message=message,
            messages=messages,
            default="" if _is_worked_out(one.default) else one.default,
            filter=one.filter,
            choices=tuple(self._choices(one)) if one.tag in _SELECTS else (),
        )

    def _choices(self, one: Element) -> list[AnswerChoice]:
        found = self._workbook.choices.get(one.choices, ())
        return [self._choice(each, one.filter) for each in found]

    def _choice(self, data: Mapping[str, Any], wanted: str) -> AnswerChoice:
        """Return a choice, with the columns that a filter speaks of."""
        label, labels = texts_of(data.get("label"), self._language)
        values = {
            str(name): _text(value)
            for name, value in data.items()
            if name not in _OF_CHOICE and str(name) in wanted and _text(value)
        }
        return AnswerChoice(_text(data.get("name")), label, labels, values)

    def _tell_left_out(self, one: Element) -> None:
        if one.has_media:
            self._leave_out(one, "its pictures and sounds are not shown, its text is")
        if _is_worked_out(one.default):
            self._leave_out(one, f"its default {one.default} is not worked out")
        is_note = one.type in _NOTES
        if _kind(one) is QuestionKind.NOTE and not is_note:
            self._leave_out(one, "it is read only, so that it is shown as a note")

    def _leave_out(self, one: Element, text: str) -> None:
        self.found.left_out.append(self._fault(one, text))

    def _refuse(self, one: Element, text: str) -> None:
        self.found.refused.append(self._fault(one, text))

    def _fault(self, one: Element, text: str) -> Fault:
        return Fault(row_of(self._workbook, one.name), one.name, text)


_SELECTS: Final = frozenset({"select1", "select"})
_NOTES: Final = frozenset({"note", "add note prompt", "q note"})
_NEVER_SHOWN: Final = frozenset({"hidden", "xml-external", "csv-external"})
#: Columns of choices that are read by themselves, or mean nothing here.
_OF_CHOICE: Final = frozenset(
    {"name", "label", "media", "list_name", "image", "audio", "video", "sms_option"}
)


def elements_of(workbook: Workbook) -> Elements:
    """Return what becomes of each element of a form."""
    walk = _Walk(workbook)
    walk.take(workbook.survey.children)
    return walk.found


def _kind(one: Element) -> QuestionKind:
    if not one.tag or (one.bind.get("calculate") and _is_read_only(one)):
        return QuestionKind.CALCULATE
    if _is_read_only(one):
        return QuestionKind.NOTE
    found = _BY_CONTROL.get(one.tag)
    return found or _BY_ANSWER[str(one.bind.get("type") or "string")]


def _is_read_only(one: Element) -> bool:
    return _text(one.bind.get("readonly")).lower() in _YES


def _constraint(one: Element) -> str:
    """Return the constraint of a question; a range has that of its ends and steps, too."""
    said = _text(one.bind.get("constraint"))
    if one.tag != "range":
        return said
    start, end, step = (
        _text(one.parameters.get(name, usual))
        for name, usual in (("start", 1), ("end", 10), ("step", 1))
    )
    bounds = f". >= {start} and . <= {end} and (. - {start}) mod {step} = 0"
    return _all((bounds, said))


def _condition(value: object) -> str:
    text = _text(value)
    if text.lower() in _YES:
        return "true()"
    return "" if text.lower() in _NO else text


def _is_worked_out(default: str) -> bool:
    """Return whether a default is an expression."""
    return "${" in default or (default.endswith(")") and "(" in default)


def _all(conditions: Sequence[str]) -> str:
    """Return one condition that holds where all of them do."""
    every = tuple(one for one in dict.fromkeys(conditions) if one)
    return every[0] if len(every) == 1 else " and ".join(f"({one})" for one in every)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
