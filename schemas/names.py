"""What a name that people type means, and the words where it means none or several."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from schemas.ids import is_start, starts

#: So many things are listed where a name means several.
_LISTED_AT_MOST: Final = 10
_ID_CHARS: Final = 36


class Told(NamedTuple):
    """How a thing is told from others of its code, and what to type for it."""

    name: str
    choose: str


def meant(name: str, known: Mapping[str, Collection[str]]) -> list[str]:
    """Return the ids that a name means: of what is called so, else those that start so.

    Examples
    --------
    >>> known = {"0190a2b1-77": ("HF",), "0190a2b2-77": ("cafe",), "cafe0001-77": ()}
    >>> meant("HF", known), meant("0190", known), meant("cafe", known), meant("", known)
    (['0190a2b1-77'], ['0190a2b1-77', '0190a2b2-77'], ['0190a2b2-77'], [])
    """
    found = [each for each, names in known.items() if name == each or name in names]
    # The id of a conflict goes on after that of its change.
    if not found and is_start(name[:_ID_CHARS]):
        found = [each for each in known if each.startswith(name)]
    return found


def missing(noun: str, name: str) -> str:
    """Return in words that a name means nothing."""
    return f"there is no {noun} {name}"


def several(noun: str, name: str, told: Sequence[str]) -> str:
    """Return in words what a name may mean.

    Examples
    --------
    >>> several("project", "HF", ["HF (0190a2b1)", "HF (0190a2b2)"])
    'HF means several projects: HF (0190a2b1); HF (0190a2b2)'
    """
    return f"{name} means several {noun}s: {listed(told)}"


def listed(told: Sequence[str]) -> str:
    """Return things in one line, the first of many."""
    more = len(told) - _LISTED_AT_MOST
    said = "; ".join(told[:_LISTED_AT_MOST])
    return f"{said}; and {more} more" if more > 0 else said


def by_start(start: str) -> str:
    """Return what to type where a name means several."""
    return f"name one by the start of its id, such as: {start}"


def told_apart(codes: Mapping[str, str | None]) -> dict[str, Told]:
    """Return how to tell things of these codes apart, by their ids.

    Examples
    --------
    >>> told_apart({"0190a2b1-77": "HF", "0190a2b2-77": "HF", "0190a2b3-77": "WB"})
    ... # doctest: +NORMALIZE_WHITESPACE
    {'0190a2b1-77': Told(name='HF (0190a2b1)', choose='0190a2b1'),
     '0190a2b2-77': Told(name='HF (0190a2b2)', choose='0190a2b2'),
     '0190a2b3-77': Told(name='WB', choose='WB')}
    """
    counts, short = Counter(codes.values()), starts(codes)
    return {
        each: _told(code, short[each], is_shared=counts[code] > 1)
        for each, code in codes.items()
    }


def _told(code: str | None, start: str, *, is_shared: bool) -> Told:
    if code is None:
        return Told(start, start)
    return Told(f"{code} ({start})", start) if is_shared else Told(code, code)


def described(name: str, title: object, runs: str | None) -> str:
    """Return a project in words: name, title, who runs it.

    Examples
    --------
    >>> described("HF (0190a2b1)", "Highfield", "ROTH")
    'HF (0190a2b1) "Highfield" of ROTH'
    """
    return name + (f' "{title}"' if title else "") + (f" of {runs}" if runs else "")
