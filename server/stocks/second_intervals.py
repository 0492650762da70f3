"""Bootstrap-t intervals beside those of skewed changes."""

import numpy as np

from server.stocks.bootstrap_t import Term, bootstrap_t, skewness
from server.stocks.samples import Compared, Samples
from server.stocks.student_t import ALPHA

Interval = tuple[float, float]


def second_intervals(compared: Compared) -> dict[int, Interval | None]:
    """Return the changes whose differences are skewed, each with a bootstrap-t interval.

    Of pairs their differences are looked at, else the stocks of either campaign, each at
    half the level. None where the interval cannot be given, or where points share an
    error that resamples of them do not hold.
    """
    pairs = compared.differences()
    paired = skewness(pairs).skewed
    sides = compared.late, compared.early
    unpaired = np.any([_half_level(side) for side in sides], axis=0)
    skewed = np.where(compared.paired, paired, unpaired)
    common = compared.common
    shared = np.zeros_like(skewed) if common is None else common.has_any
    return {
        number: None if shared[number] else bootstrap_t(_terms(compared, pairs, number))
        for number in np.flatnonzero(skewed).tolist()
    }


def _half_level(side: Samples) -> np.ndarray:
    found = skewness(side)
    return found.skewed & (found.p_value < ALPHA / 2.0)


def _terms(compared: Compared, pairs: Samples, number: int) -> list[Term]:
    if compared.paired[number]:
        return [Term(pairs.values[pairs.owner == number])]
    early, late = compared.early, compared.late
    return [
        Term(late.values[late.owner == number]),
        Term(early.values[early.owner == number], -1.0),
    ]
