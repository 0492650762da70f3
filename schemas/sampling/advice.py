"""What to think about before a plot is sampled as it is planned, in words."""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from schemas.phrases import Phrase, _
from schemas.sampling.plane import Place
from schemas.sampling.walk import leg

#: With fewer points nobody can see whether they crowd, and an interval is very wide.
FEW_POINTS: Final = 5
#: Points that all lie within this share of the side of a square plot tell of that part.
_CROWDED: Final = 0.5

#: What people call a design that the program does not draw.
CLUSTERED: Final = ("cluster", "clustered", "composite", "nested")
CLUSTERED_IS_NO_DESIGN: Final = (
    "a clustered design is not drawn: cores close to each other are alike, so that many of"
    " them tell hardly more of the plot than one, and the error of the plot cannot be read"
    " off them"
)
CLUSTERED_HINT: Final = (
    "take --method stratified_random with as many points as cores can be taken; several"
    " cores around each point may still go into one bag"
)


def advice_on(points: Sequence[Place], wanted: int, area_ha: float) -> Iterator[Phrase]:
    """Return what is doubtful about the points of a plot."""
    if wanted == 1:
        yield _(
            "one point, however many cores are taken at it, tells nothing of how the plot"
            " differs from place to place: its change gets no error; take {few} points or"
            " more",
            few=FEW_POINTS,
        )
    elif wanted < FEW_POINTS:
        yield _(
            "{num} points give a very wide interval: with {num} differences t is {t}"
            " instead of 2; take {few} points or more",
            num=wanted,
            t=_T975[wanted],
            few=FEW_POINTS,
        )
    if is_crowded(points, area_ha):
        yield _(
            "the points lie close together, and tell of that part of the plot alone: what"
            " they show would not hold for the plot; draw them over all of it"
        )


#: Student's t, two-sided 95 %, with one degree of freedom less than points.
_T975: Final = {2: 12.7, 3: 4.3, 4: 3.2}


def is_crowded(points: Sequence[Place], area_ha: float) -> bool:
    """Return whether several points all lie in a small part of their plot.

    >>> near = [(0.0, 0.0), (0.00001, 0.0), (0.0, 0.00001)]
    >>> is_crowded(near, 2.0), is_crowded(near, 0.0001), is_crowded(near[:1], 2.0)
    (True, False, False)
    """
    if len(points) < 3:
        return False
    widest_m = max(leg(one, other).distance_m for one, other in combinations(points, 2))
    return widest_m < _CROWDED * math.sqrt(area_ha * 10_000.0)
