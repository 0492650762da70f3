"""Warnings that a person explained: the set of texts that a record keeps about itself.

An explanation names the warning with what it said, so that a record which becomes odd in
another way warns again.
"""

from collections.abc import Iterable
from typing import Any

from schemas import limits
from schemas.fields import PlainField, Text, fail
from schemas.problems import Problem, short
from schemas.sets import joined


class Explanations(PlainField):
    """A set of lines `CODE (WHAT IT SAID): WHY`, sorted, without repetition."""

    def check(self, value: object) -> list[str]:
        """Refuse repetitions, blanks and endless lists."""
        if not isinstance(value, list):
            raise fail("not_a_list", value)
        if len(value) > limits.EXPLANATIONS:
            raise fail("too_many", len(value), f"{limits.EXPLANATIONS} at most")
        line = Text(most=limits.EXPLANATION_CHARS)
        lines = [line.check(item) for item in value]
        if len(set(lines)) != len(lines):
            raise fail("repeated", value)
        return sorted(lines)

    def bounds(self) -> dict[str, Any]:
        """Return how many explanations fit, and how long each may be."""
        return {"items": limits.EXPLANATIONS, "most": limits.EXPLANATION_CHARS}


def explanation(warning: Problem, why: str) -> str:
    """Return the line that explains a warning.

    >>> explanation(Problem("deep_layer", "depth_bottom_cm", 210.0), "a loess profile")
    'deep_layer (depth_bottom_cm 210): a loess profile'
    """
    return f"{_beginning(warning)}{' '.join(why.split())}"


def explained_with(
    explained: Iterable[str] | None,
    warnings: Iterable[Problem],
    why: str,
    person: str | None,
) -> list[str]:
    """Return the explanations of a record with those of more warnings, and who says so."""
    said = f"{why} ({person})" if person else why
    return joined(explained, [explanation(warning, said) for warning in warnings])


def why(warning: Problem, explained: Iterable[str]) -> str | None:
    """Return why a warning is right all the same, if somebody said so of just this one.

    >>> found = ["deep_layer (depth_bottom_cm 210): a loess profile"]
    >>> why(Problem("deep_layer", "depth_bottom_cm", 210.0), found)
    'a loess profile'
    >>> why(Problem("deep_layer", "depth_bottom_cm", 310.0), found) is None
    True
    """
    beginning = _beginning(warning)
    found = [line for line in explained if line.startswith(beginning)]
    return found[0].removeprefix(beginning) if found else None


def _beginning(warning: Problem) -> str:
    value = warning.value
    said = f"{value:g}" if isinstance(value, float) else str(short(value, 40))
    parts = [warning.path, *([] if value is None else [said]), warning.detail]
    return f"{warning.code} ({' '.join(filter(None, parts))[:140]}): "
