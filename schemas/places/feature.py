"""What a file of places holds: features, whatever its format."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.tables.refusal import Refusal, TableError
from schemas.typed import TYPED, Notation, read_number

#: What GeoJSON calls a geometry: type and coordinates, not judged as yet.
Shape = Mapping[str, Any]

#: Features of one file; more is no programme of sampling.
MOST_FEATURES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing of a file: its number or line there, its shape, what is said of it."""

    number: int
    shape: Shape | None
    properties: Mapping[str, object]
    fault: str = ""  # why its shape cannot be read
    raw: Sequence[str] = ()  # the cells of a table


@dataclass(frozen=True, slots=True)
class PlacesFile:
    """A file of places as it was read.

    `crs` is the coordinate system that it declares, None where it says nothing;
    `not_read` what is in it beside features, in words.
    """

    kind: str
    features: Sequence[Feature]
    crs: str | None = None
    layer: str = ""
    not_read: Sequence[str] = ()
    header: Sequence[str] = ()  # of a table
    delimiter: str = ","
    notation: Notation = TYPED

    @property
    def counts_lines(self) -> bool:
        """Return whether features are called by their lines."""
        return bool(self.header)

    @property
    def columns(self) -> list[str]:
        """Return the names of what is said of features, in the order of the file."""
        names: dict[str, None] = {}
        for each in self.features:
            names.update(dict.fromkeys(each.properties))
        return list(names)


def coordinate(text: str) -> float:
    """Return a coordinate as files write it, with a point.

    Raises
    ------
    ValueError
        If it is no finite number.
    """
    found = read_number(text, Notation())
    if isinstance(found, str) or not math.isfinite(found):
        raise ValueError("its coordinates are not numbers")
    return found


def refuse(code: str, reason: str, hint: str, line: int | None = None) -> TableError:
    """Return the error of a file that cannot be used."""
    return TableError(Refusal(code, reason, hint, line))


def check_count(count: int) -> None:
    """Raise `TableError` for more features than are read."""
    if count > MOST_FEATURES:
        reason = f"the file has more than {MOST_FEATURES} features"
        raise refuse("file_too_large", reason, "split it")
