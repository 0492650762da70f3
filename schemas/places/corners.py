"""The corners of a boundary as people note them: two numbers on a line."""

import re
from typing import Final

from schemas.places.feature import Shape

_NUMBER: Final = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?°?")
#: What stands between two numbers, the plainest last: a comma may be a decimal sign.
_BETWEEN: Final = (r";", r"\t", r",\s", r"\s", r",")
_LEAST: Final = 3


def are_corners(text: str) -> bool:
    """Return whether a text begins with the two numbers of a corner.

    >>> are_corners("2.35 48.85"), are_corners("POLYGON ((2 48, 3 48, 3 49, 2 48))")
    (True, False)
    """
    lines = _lines(text)
    return bool(lines) and _pair(lines[0]) is not None


def read_corners(text: str, *, latitude_first: bool = False) -> Shape:
    r"""Return the boundary whose corners a text lists, one on a line; it closes itself.

    Raises
    ------
    ValueError
        If a line is no corner, or there are fewer than three; the message says which.

    Examples
    --------
    >>> read_corners("2.35 48.85\n2,36; 48,85\n2.36, 48.86")["coordinates"]
    [[[2.35, 48.85], [2.36, 48.85], [2.36, 48.86], [2.35, 48.85]]]
    >>> read_corners("48 2\n48 3\n49 3", latitude_first=True)["coordinates"][0][0]
    [2.0, 48.0]
    """
    ring = []
    for number, line in enumerate(_lines(text), start=1):
        pair = _pair(line)
        if pair is None:
            raise ValueError(f"corner {number} is not two numbers: {line[:60]!r}")
        ring.append([pair[1], pair[0]] if latitude_first else [*pair])
    if len(ring) < _LEAST:
        raise ValueError(f"{len(ring)} corners enclose nothing; {_LEAST} are the least")
    if ring[0] != ring[-1]:
        ring.append(ring[0])
    return {"type": "Polygon", "coordinates": [ring]}


def _lines(text: str) -> list[str]:
    bare = (line.strip().strip("()[],;").strip() for line in text.splitlines())
    return [line for line in bare if line]


def _pair(line: str) -> tuple[float, float] | None:
    for sign in _BETWEEN:
        parts = [part for part in re.split(sign, line) if part.strip()]
        bare = [part.strip().rstrip(",") for part in parts]
        if len(bare) == 2 and all(_NUMBER.fullmatch(part) for part in bare):
            first, second = (float(p.rstrip("°").replace(",", ".")) for p in bare)
            return first, second
    return None
