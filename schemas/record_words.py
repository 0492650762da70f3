"""The words of the field for types of records, one and many."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.phrases import Phrase, _, ngettext

#: The words for one record of a type, as commands name it.
TYPE_WORDS: Final[Mapping[str, Phrase]] = MappingProxyType(
    {
        "organisation": _("organisation"),
        "project": _("project"),
        "plot": _("plot"),
        "practice": _("practice"),
        "design": _("design"),
        "point": _("point"),
        "campaign": _("campaign"),
        "skip": _("skip"),
        "core": _("core"),
        "sample": _("sample"),
        "custody_event": _("custody_event"),
        "result": _("result"),
        "lab_control": _("lab_control"),
        "lab_batch": _("lab_batch"),
        "question_form": _("question_form"),
        "answer": _("answer"),
    }
)

#: One and many of a type, with their number.
_COUNTED: Final = MappingProxyType(
    {
        "organisation": ngettext("{num} organisation", "{num} organisations", 1),
        "project": ngettext("{num} project", "{num} projects", 1),
        "plot": ngettext("{num} plot", "{num} plots", 1),
        "practice": ngettext("{num} practice", "{num} practices", 1),
        "design": ngettext("{num} design", "{num} designs", 1),
        "point": ngettext("{num} point", "{num} points", 1),
        "campaign": ngettext("{num} campaign", "{num} campaigns", 1),
        "skip": ngettext("{num} skip", "{num} skips", 1),
        "core": ngettext("{num} core", "{num} cores", 1),
        "sample": ngettext("{num} sample", "{num} samples", 1),
        "custody_event": ngettext("{num} custody_event", "{num} custody_events", 1),
        "result": ngettext("{num} result", "{num} results", 1),
        "lab_control": ngettext("{num} lab_control", "{num} lab_controls", 1),
        "lab_batch": ngettext("{num} lab_batch", "{num} lab_batches", 1),
        "question_form": ngettext("{num} question_form", "{num} question_forms", 1),
        "answer": ngettext("{num} answer", "{num} answers", 1),
    }
)


def counted_records(record_type: str, number: int) -> Phrase:
    """Return how many records of a type there are.

    >>> counted_records("core", 1), counted_records("plot", 2)
    ('1 core', '2 plots')
    """
    words = _COUNTED[record_type]
    return ngettext(words.one, words.many, number)


#: What waits for a person, by the words that its lists have for it.
_WAITING: Final = MappingProxyType(
    {
        "change to fix of": _("there is no change to fix of {name} on this laptop"),
        "open conflict of": _("there is no open conflict of {name} on this laptop"),
    }
)


def not_here(noun: str, name: str) -> Phrase:
    """Return in words that a name means nothing.

    The noun is a type, a type that is deleted, or what waits for a person.
    """
    if noun in _WAITING:
        return _(_WAITING[noun].one, name=name)
    record_type = noun.removeprefix("deleted ")
    said = {"type": TYPE_WORDS.get(record_type, record_type), "name": name}
    if noun != record_type:
        return _("there is no deleted {type} {name} on this laptop", **said)
    return _("there is no {type} {name} on this laptop", **said)


def record_in_words(record_type: str, name: str, project: str, start: str) -> Phrase:
    """Return a record among those of other projects; `start` is that of its id."""
    return _(
        "{type} {name} of project {project}, id {start}",
        type=TYPE_WORDS[record_type],
        name=name,
        project=project,
        start=start,
    )


def by_start(start: str) -> Phrase:
    """Return what to type where a name means several."""
    return _("name one by the start of its id, such as: {start}", start=start)
