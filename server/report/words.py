"""Reasons in words, as `stocks show` says them; a code stands in parentheses."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from schemas.stock_words import notes
from server.report.model import ReasonText, Row
from server.report.values import codes

Reasons = Mapping[str, ReasonText]

UNKNOWN: Final = ReasonText(
    "not explained by this version", "ask for a newer report", "is not known"
)


def meaning_of(code: str, reasons: Reasons) -> str:
    """Return what a code says, the code in parentheses.

    >>> meaning_of(
    ...     "GAP", {"GAP": ReasonText("a layer is missing", "enter it", "stays")}
    ... )
    'a layer is missing (GAP)'
    """
    return f"{reasons.get(code, UNKNOWN).meaning} ({code})"


def told(words: str, reasons: Reasons) -> str:
    """Return words as they are, or what they say where they are the code of a reason."""
    return meaning_of(words, reasons) if words in reasons else words


def why_no_verdict(row: Row, reasons: Reasons) -> str:
    """Return why a change has no verdict: the reasons that take it away, else all."""
    return "; ".join(
        meaning_of(code, reasons) for code in withholding(codes(row), reasons)
    )


def withholding(given: Sequence[str], reasons: Reasons) -> Sequence[str]:
    """Return the reasons that take a verdict away, else those that may, else all."""
    taking = [code for code in given if _withholds(code, reasons)]
    sometimes = [code for code in given if _may_withhold(code, reasons)]
    return taking or sometimes or given


def beside(row: Row, reasons: Reasons) -> Iterator[str]:
    """Return the sentences that stand beside the figures of a change."""
    if row.get("withheld") is True:
        why = why_no_verdict(row, reasons)
        yield f"the verdict is withheld{why and ': '}{why}"
    yield from notes(row)


def not_assessable(row: Row, words: str, reasons: Reasons) -> str:
    """Return the words of a change without a verdict, with the reasons for it."""
    why = why_no_verdict(row, reasons)
    withheld = "; the verdict is withheld" if row.get("withheld") is True else ""
    return f"{words}{withheld}{why and ': '}{why}"


def _withholds(code: str, reasons: Reasons) -> bool:
    return _may_withhold(code, reasons) and " where " not in reasons[code].verdict


def _may_withhold(code: str, reasons: Reasons) -> bool:
    return code in reasons and "is withheld" in reasons[code].verdict
