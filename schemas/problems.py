"""A problem is data, of one of the kinds of schemas.problem_kinds.

It names the field, the value, the reason and the next step, and has the same shape at
entry on the laptop, in a verdict and in an HTTP problem document (RFC 9457).
"""

import math
import reprlib
from dataclasses import dataclass
from typing import Final

from schemas.problem_kind import Kind
from schemas.problem_kinds import KINDS, WARNINGS


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: its code, the field it is about, the value and the detail."""

    code: str
    path: str = ""
    value: object = None
    detail: str = ""

    def __post_init__(self) -> None:
        assert self.code in KINDS, self.code

    @property
    def kind(self) -> Kind:
        """Return what all problems of its code say."""
        return KINDS[self.code]

    @property
    def text(self) -> str:
        """Return what is wrong in words, with the detail where there is one."""
        text = self.kind.text
        return f"{text} ({self.detail})" if self.detail else text

    @property
    def hint(self) -> str:
        """Return what to do about it."""
        return self.kind.hint

    @property
    def is_warning(self) -> bool:
        """Return whether the problem only warns."""
        return self.code in WARNINGS

    def as_data(self) -> dict[str, object]:
        """Return the JSON object of a verdict or a problem document."""
        return {
            "code": self.code,
            "path": self.path,
            "value": short(self.value),
            "detail": self.detail,
            "text": self.text,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        where = f"{self.path} = {short(self.value)!r}: " if self.path else ""
        return f"{where}{self.text} [{self.code}]; {self.hint}"


def from_data(data: dict[str, object]) -> Problem:
    """Read a problem back from its JSON object; unknown codes stay readable."""
    code = str(data.get("code", ""))
    if code not in KINDS:
        detail = f"{code}: {data.get('text', '')}; {data.get('hint', '')}"
        return Problem("unknown_problem", str(data.get("path", "")), detail=detail)
    return Problem(
        code,
        str(data.get("path", "")),
        data.get("value"),
        str(data.get("detail", "")),
    )


def short(value: object, most: int = 80) -> object:
    r"""Return a value small and tame enough to repeat anywhere, as plain JSON.

    Examples
    --------
    >>> short(12.5), short("a\x00b"), short(float("inf")), short([[[[[1]]]]])
    (12.5, 'a\\x00b', 'inf', '[[[...]]]')
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= 2**53:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    return short_text(value if isinstance(value, str) else _SHAPES.repr(value), most)


def short_text(text: str, most: int = 80) -> str:
    """Cut a text, and write out what cannot be printed."""
    text = text[:most] + text[most:][:1]
    if not text.isprintable():
        text = repr(text)[1:-1]
    return text if len(text) <= most else text[: most - 1] + "…"


class _Shapes(reprlib.Repr):
    """Shows the outermost shape of what may be nested or long without end."""

    def repr_int(self, x: int, level: int) -> str:  # noqa: ARG002 - as inherited
        """Describe how large a number is that Python refuses to print."""
        return str(x) if x.bit_length() <= 64 else f"number of {x.bit_length()} bits"


_SHAPES: Final = _Shapes()
_SHAPES.maxlevel = 3
