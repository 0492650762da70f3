"""A form is looked at beside the one that is in force, and kept as the next version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.errors import NotFoundError
from collector.laptop.laptop import Laptop
from collector.questions.reading import ReadForm
from collector.record import entry
from collector.record.local_day import day_of
from collector.record.questions import FORM, AskedForm, asked_form, forms_of
from schemas.questions.form import Question, fingerprint, question_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NextForm:
    """The next version of the questions of one type, and what it does to those before.

    `is_here` says that just these questions are asked already.
    """

    fields: Mapping[str, Any]
    before: AskedForm | None
    is_here: bool

    @property
    def name(self) -> str:
        """Return what the version is called."""
        return f"{self.fields['asked_of']}/{self.fields['number']}"

    @property
    def questions(self) -> list[Question]:
        """Return what it asks."""
        return list(map(question_of, self.fields["questions"]))

    @property
    def added(self) -> list[str]:
        """Return the questions that were not asked before."""
        return [n for n in _names(self.questions) if n not in self._known()]

    @property
    def gone(self) -> list[str]:
        """Return the questions that are asked no more; their answers stay."""
        return [name for name in self._known() if name not in _names(self.questions)]

    @property
    def changed(self) -> list[str]:
        """Return the questions that are asked otherwise."""
        known = self._known()
        return [
            one.name
            for one in self.questions
            if one.name in known and known[one.name] != one
        ]

    def _known(self) -> dict[str, Question]:
        form = self.before.form.questions if self.before else ()
        return {one.name: one for one in form}


def next_form(
    laptop: Laptop,
    project_id: str,
    asked_of: str,
    read: ReadForm | None,
    asked_from: str = "",
) -> NextForm:
    """Return the version that a form would become; one that ends the questions without it.

    Raises
    ------
    NotFoundError
        If there are no questions that could end.
    UsageError
        If the first day is none.
    """
    forms = [
        f
        for f in forms_of(laptop.store, project_id)
        if f.fields["asked_of"] == asked_of
    ]
    before = asked_form(laptop.store, project_id, asked_of)
    if read is None and before is None:
        raise NotFoundError(
            f"no questions are asked about a {asked_of}", "see: permille questions"
        )
    questions: Sequence[Mapping[str, Any]] = read.data if read else []
    print_of = fingerprint(questions)
    now = {one.id: one.fields["fingerprint"] for one in forms}
    is_here = before is not None and now[before.id] == print_of
    last = max((int(one.fields["number"]) for one in forms), default=0)
    fields: dict[str, Any] = {
        "asked_of": asked_of,
        "number": last + (0 if is_here else 1),
        "fingerprint": print_of,
        "questions": list(questions),
        "asked_from": day_of(laptop.clock, asked_from).text,
    }
    if read:
        fields |= {"title": read.title, "source": read.source}
    return NextForm(fields=fields, before=before, is_here=is_here)


def save_form(laptop: Laptop, project_id: str, form: NextForm) -> entry.Saved:
    """Keep a version: from the next sync on it is asked on every laptop of the project."""
    return entry.add(laptop, FORM, form.fields, project_id)


def _names(questions: Sequence[Question]) -> list[str]:
    return [one.name for one in questions]
