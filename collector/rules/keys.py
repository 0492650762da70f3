"""How people name records, and how a name is taken apart."""

import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Final

_DIGITS: Final = re.compile(r"(\d+)")


def splits(name: str, parts: int) -> Iterator[tuple[str, ...]]:
    """Return every way to read a name with slashes as that many codes.

    Codes may hold slashes themselves (main plot '01/02').

    Examples
    --------
    >>> list(splits("HF/01/02", 2))
    [('HF', '01/02'), ('HF/01', '02')]
    """
    segments = name.split("/")
    for cuts in combinations(range(1, len(segments)), parts - 1):
        edges = [0, *cuts, len(segments)]
        yield tuple("/".join(segments[a:b]) for a, b in pairwise(edges))


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Return what to sort a name by, so that 2 comes before 10.

    Examples
    --------
    >>> sorted(["HF/10", "HF/2"], key=natural_order)
    ['HF/2', 'HF/10']
    """
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in _DIGITS.split(name)
        if part
    ]
