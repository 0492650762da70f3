"""The corners of a boundary as people note them: two numbers on a line."""

import re
from typing import Final

from schemas.places.feature import Shape

_NUMBER: Final = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?°?")
#: What stands between two numbers, the plainest last: a comma may be a decimal sign.
_BETWEEN: Final = (r";", r"\t", r",\s", r"\s", r",")
_LEAST: Final = 3
#: What a first line may call the two numbers.
_LON: Final = frozenset({"lon", "long", "lng", "longitude", "longitud", "x"})
_LAT: Final = frozenset({"lat", "latitude", "latitud", "y"})


def are_corners(text: str) -> bool:
    """Return whether a text begins with the two numbers of a corner, or names them.

    >>> are_corners("2.35 48.85"), are_corners("lat;lon")
    (True, True)
    >>> are_corners("POLYGON ((2 48, 3 48, 3 49, 2 48))")
    False
    """
    lines = _lines(text)
    return bool(lines) and (_names(lines[0]) is not None or _pair(lines[0]) is not None)


def read_corners(text: str, *, latitude_first: bool = False) -> Shape:
    r"""Return the boundary whose corners a text lists, one on a line; it closes itself.

    A first line such as `lat, lon` says the order of the numbers.

    Raises
    ------
    ValueError
        If a line is no corner, or there are fewer than three; the message says which.

    Examples
    --------
    >>> read_corners("2.35 48.85\n2,36; 48,85\n2.36, 48.86")["coordinates"]
    [[[2.35, 48.85], [2.36, 48.85], [2.36, 48.86], [2.35, 48.85]]]
    >>> read_corners("lat lon\n48 2\n48 3\n49 3")["coordinates"][0][0]
    [2.0, 48.0]
    >>> len(read_corners("2 48, 3 48, 3 49")["coordinates"][0])
    4
    """
    lines = _lines(text)
    if (named := _names(lines[0])) is not None:
        latitude_first, lines = named, lines[1:]
    ring = []
    for number, line in enumerate(lines, start=1):
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
    """Return the corners of a text, each bare; those of one line as well."""
    lines = text.splitlines()
    if len(lines) == 1:
        parts = re.split(r"[,;]", lines[0])
        if len(parts) >= _LEAST and all(_pair(part.strip()) for part in parts):
            lines = parts
    bare = (line.strip().strip("()[],;").strip() for line in lines)
    return [line for line in bare if line]


def _names(line: str) -> bool | None:
    """Return whether a line names latitude before longitude; None where it names neither."""
    words = [word for word in re.split(r"[\s,;]+", line.lower()) if word]
    if len(words) != 2 or not (set(words) & _LON and set(words) & _LAT):
        return None
    return words[0] in _LAT


def _pair(line: str) -> tuple[float, float] | None:
    for sign in _BETWEEN:
        parts = [part for part in re.split(sign, line) if part.strip()]
        bare = [part.strip().rstrip(",") for part in parts]
        if len(bare) == 2 and all(_NUMBER.fullmatch(part) for part in bare):
            first, second = (float(p.rstrip("°").replace(",", ".")) for p in bare)
            return first, second
    return None
