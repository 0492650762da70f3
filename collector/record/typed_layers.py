"""Layers of a core as they are typed: BOTTOM=LABEL:MASS, chained from the surface down."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from schemas import limits
from schemas.problems import Problem
from schemas.typed import read_number

_FROM_TO: Final = re.compile(r"\s*([^-\u2013\s]+)\s*[-\u2013]\s*([^-\u2013\s]+)\s*")


class TypedLayer(NamedTuple):
    """One layer as it was typed; a text that is empty was not typed."""

    code: str = ""
    bottom_cm: str = ""
    top_cm: str = ""
    mass_g: str = ""

    @property
    def text(self) -> str:
        """Return the layer as it is typed at the command line.

        >>> TypedLayer("A12", "10", "", "261").text, TypedLayer("A12").text
        ('10=A12:261', 'A12')
        >>> TypedLayer("A:12", "20", "10").text
        '10-20=A:12:'
        """
        depth = f"{self.top_cm}-{self.bottom_cm}" if self.top_cm else self.bottom_cm
        needs_colon = self.mass_g or ":" in self.code
        mass = f":{self.mass_g}" if needs_colon else ""
        return f"{depth}={self.code}{mass}" if depth else f"{self.code}{mass}"


@dataclass(frozen=True, slots=True)
class ReadLayer:
    """A layer with its depths: the fields of its bag, and what is wrong with the depths.

    What cannot be read stays as it was typed, for its field to refuse.
    """

    number: int
    typed: TypedLayer
    fields: Mapping[str, Any]
    problems: Sequence[Problem] = ()

    @property
    def in_full(self) -> TypedLayer:
        """Return the layer as typed, with the depths that were filled in."""
        depths = {
            name: f"{value:g}"
            for name, field in _DEPTHS.items()
            if isinstance(value := self.fields.get(field), float)
        }
        typed = self.typed
        return typed._replace(
            top_cm=typed.top_cm or depths.get("top_cm", ""),
            bottom_cm=typed.bottom_cm or depths.get("bottom_cm", ""),
        )


_DEPTHS: Final = {"top_cm": "depth_top_cm", "bottom_cm": "depth_bottom_cm"}


def read_layer(text: str) -> TypedLayer:
    """Return a layer that was typed in one word.

    The mass stands behind the last colon: a label with colons needs one more at its end.

    >>> read_layer("10=A12:261")
    TypedLayer(code='A12', bottom_cm='10', top_cm='', mass_g='261')
    >>> read_layer("10-20=A13:")
    TypedLayer(code='A13', bottom_cm='20', top_cm='10', mass_g='')
    >>> read_layer("A12:261,5"), read_layer("A12")
    ... # doctest: +NORMALIZE_WHITESPACE
    (TypedLayer(code='A12', bottom_cm='', top_cm='', mass_g='261,5'),
     TypedLayer(code='A12', bottom_cm='', top_cm='', mass_g=''))
    """
    depth, equals, rest = text.partition("=")
    if not equals:
        depth, rest = "", text
    code, colon, mass = rest.rpartition(":")
    if not colon:
        code, mass = rest, ""
    span = _FROM_TO.fullmatch(depth)
    top, bottom = (span[1], span[2]) if span else ("", depth.strip())
    return TypedLayer(code.strip(), bottom, top, mass.strip())


def read_layers(
    layers: Sequence[TypedLayer], usual_cm: Sequence[float] = ()
) -> list[ReadLayer]:
    """Return layers with their depths: each begins where the one before it ends.

    A layer without a lower end takes the next of the usual depths.
    """
    found: list[ReadLayer] = []
    reached_cm: float | None = 0.0
    for number, typed in enumerate(layers, start=1):
        one, reached_cm = _read(number, typed, reached_cm, usual_cm)
        found.append(one)
    return found


def next_usual_cm(usual_cm: Sequence[float], top_cm: float) -> float | None:
    """Return the usual depth where a layer ends that begins at a depth.

    >>> next_usual_cm([10.0, 20.0, 30.0], 10.0), next_usual_cm([10.0], 10.0)
    (20.0, None)
    """
    return next((depth for depth in usual_cm if depth > top_cm), None)


def _read(
    number: int,
    typed: TypedLayer,
    reached_cm: float | None,
    usual_cm: Sequence[float],
) -> tuple[ReadLayer, float | None]:
    """Return a layer, and how deep the core is known to be down to its end."""
    problems: list[Problem] = []
    top: object = read_number(typed.top_cm) if typed.top_cm else reached_cm
    bottom: object = read_number(typed.bottom_cm) if typed.bottom_cm else None
    if top is None:
        problems.append(Problem("required", "depth_top_cm", None, _UNKNOWN_TOP))
    if bottom is None:
        if isinstance(top, float):
            bottom = next_usual_cm(usual_cm, top)
        if bottom is None:
            said = _no_usual(usual_cm)
            problems.append(Problem("required", "depth_bottom_cm", None, said))
    fields: dict[str, Any] = {
        "sample_code": typed.code,
        "depth_top_cm": top,
        "depth_bottom_cm": bottom,
        "field_mass_g": read_number(typed.mass_g) if typed.mass_g else None,
    }
    known = {name: value for name, value in fields.items() if value is not None}
    return ReadLayer(number, typed, known, problems), _reached(reached_cm, bottom)


_UNKNOWN_TOP: Final = "where the layer above ends is not known"


def _no_usual(usual_cm: Sequence[float]) -> str:
    if not usual_cm:
        return "the project has no layer-depths-cm: type BOTTOM=LABEL"
    return f"the usual depths end at {usual_cm[-1]:g} cm: type BOTTOM=LABEL"


def _reached(before_cm: float | None, bottom: object) -> float | None:
    """Return how deep a core is after one more layer; None where that cannot be known."""
    if not isinstance(bottom, float) or not 0.0 < bottom <= limits.DEPTH_MAX_CM:
        return None
    return max(before_cm or 0.0, bottom)
