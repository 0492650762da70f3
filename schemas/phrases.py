"""Phrases: English texts that can be said in another language where they are shown.

A phrase is a str in English, so that JSON, logs and tests have one text whatever is
spoken. What prints for people says it in their language. It is written as
`_("kept as draft {number}", number=3)`: what is filled in stands beside the text, never
in it, or no catalogue would have it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from schemas.problems import Problem
from schemas.told import option_name, place_of, told, worded


class Phrase(str):
    """A text in English with what it was made of; `number` chooses between its two forms."""

    __slots__ = ("many", "number", "one", "values")

    one: str
    many: str
    number: float | None
    values: Mapping[str, object]

    def __new__(cls, text: str) -> Self:
        """Return a phrase without anything filled in."""
        found = super().__new__(cls, text)
        found.one, found.many, found.number, found.values = text, "", None, {}
        return found


class Figure(float):
    """A number that is shown with so many decimals."""

    digits: int

    def __str__(self) -> str:
        return f"{float(self):.{self.digits}f}"


def figure(value: float, digits: int = 0) -> Figure:
    """Return a number that is shown with so many decimals.

    >>> _("{way} m", way=figure(2.345, 1))
    '2.3 m'
    """
    found = Figure(value)
    found.digits = digits
    return found


def _(text: str, /, **values: object) -> Phrase:
    """Return a phrase with values filled in.

    >>> _("core at {point}", point="P1/2")
    'core at P1/2'
    >>> _("core at {point}", point="P1/2").one
    'core at {point}'
    """
    found = Phrase(text.format(**_written(values)) if values else text)
    found.one, found.values = text, values
    return found


def ngettext(one: str, many: str, number: float, /, **values: object) -> Phrase:
    """Return the phrase for so many, which stands in it as `num`.

    >>> ngettext("{num} bag", "{num} bags", 1), ngettext("{num} bag", "{num} bags", 2)
    ('1 bag', '2 bags')
    """
    filled = {"num": number, **values}
    found = Phrase((one if number == 1 else many).format(**_written(filled)))
    found.one, found.many, found.number, found.values = one, many, number, filled
    return found


def joined(parts: Sequence[str], between: str = ", ") -> Phrase:
    """Return phrases and names in one line.

    >>> joined([_("done"), "P1/2"])
    'done, P1/2'
    """
    names = [f"part{place}" for place in range(len(parts))]
    text = between.join(f"{{{name}}}" for name in names)
    return _(text, **dict(zip(names, parts, strict=True)))


def named(name: object, text: object) -> Phrase:
    """Return a name and what is said of it.

    >>> named("P1/2", _("done"))
    'P1/2: done'
    """
    return _("{name}: {text}", name=name, text=text)


def followed(first: object, then: object) -> Phrase:
    """Return two sentences in one line.

    >>> followed(_("done"), "P1/2")
    'done; P1/2'
    """
    return _("{first}; {then}", first=first, then=then)


#: So many things are listed in one line.
_LISTED_AT_MOST = 10


def listed(names: Sequence[str]) -> Phrase:
    """Return things in one line, the first of many.

    >>> listed(["P1/1", "P1/2"])
    'P1/1; P1/2'
    """
    first = joined(names[:_LISTED_AT_MOST], "; ")
    more = len(names) - _LISTED_AT_MOST
    return _("{first}; and {more} more", first=first, more=more) if more > 0 else first


def field_said(name: str, value: object) -> Phrase:
    """Return a field as it is typed, with its value.

    >>> field_said("inner_diameter_mm", 50.5)
    'inner-diameter-mm 50.5'
    """
    return joined([option_name(name), _("{value}", value=value)], " ")


def duration(seconds: float) -> Phrase:
    """Return a long time in words.

    >>> duration(400), duration(10_000), duration(3e6)
    ('7 minutes', '3 hours', '35 days')
    """
    if seconds >= 2 * _DAY_S:
        return _("{num} days", num=figure(seconds / _DAY_S))
    if seconds >= 2 * _HOUR_S:
        return _("{num} hours", num=figure(seconds / _HOUR_S))
    return _("{num} minutes", num=figure(seconds / 60))


_HOUR_S = 3_600
_DAY_S = 86_400


def problem_phrase(
    problem: Problem,
    called: Mapping[str, str] | None = None,
    *,
    is_option: bool = False,
) -> Phrase:
    """Return one problem in words, as schemas.told.problem_line has it.

    >>> problem_phrase(Problem("not_a_number", "area_ha", "two"))
    'area-ha = two: a number was expected; give a plain number, such as 12.5'
    """
    text: Phrase = Phrase(problem.kind.text)
    if problem.detail:
        text = joined([text, " (", worded(problem.detail, called), ")"], "")
    words = followed(text, Phrase(problem.hint))
    where = place_of(problem, called, is_option=is_option)
    return named(where, words) if where else words


def _written(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(value) if isinstance(value, str | Figure) else told(value)
        for name, value in values.items()
    }
