"""What a person may choose about stocks, in words; to offer it needs no arrays."""

from enum import StrEnum


class Method(StrEnum):
    """How the stock of a point is found; one and the same for a plot's whole series."""

    FIXED_DEPTH = "fixed_depth"
    HYMAN = "hyman"
    LINEAR = "linear"
    NATURAL = "natural"
    VM0042 = "vm0042"  # linear with two increments, Hyman with three or more


class Basis(StrEnum):
    """Which mass is held equal."""

    MINERAL = "mineral"  # fine soil without its organic matter
    FINE = "fine"


class Reference(StrEnum):
    """Which mass of the baseline campaign stocks are read at."""

    MEAN = "mean"  # mean over the points of the plot
    POINT = "point"  # each point its own; the mean where it was not there
    LIGHTEST = "lightest"  # the lightest point of the plot


class Lonely(StrEnum):
    """What to do about a stratum of one point, which has no variance."""

    FAIL = "fail"  # the mean stands, without a standard error
    ADJUST = "adjust"  # its distance from the mean of all
    CERTAINTY = "certainty"  # no variance: hides what is not known
    AVERAGE = "average"  # the mean variance of the other strata


class Programme(StrEnum):
    """Which crediting programme counts a change."""

    VM0042 = "vm0042"
    GOLD_STANDARD_402 = "gold_standard_402"
    AUSTRALIA_2021 = "australia_2021"
