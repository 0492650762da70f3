"""Every reason code of a stock or a change once: what it says, what to do.

A reason is never an error: the record is kept and whatever can be computed is
computed. The code stands beside the figure, or beside the null in its place.
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple


class Reason(StrEnum):
    """Stable code beside a figure, or beside the null in its place."""

    NO_SURFACE = "NO_SURFACE"
    GAP = "GAP"
    OVERLAP = "OVERLAP"
    MISSING_SOC = "MISSING_SOC"
    MISSING_BD = "MISSING_BD"
    BD_DEFINITION_UNKNOWN = "BD_DEFINITION_UNKNOWN"
    COARSE_BASIS_UNKNOWN = "COARSE_BASIS_UNKNOWN"
    NEGATIVE_FINE_MASS = "NEGATIVE_FINE_MASS"
    TOO_SHALLOW = "TOO_SHALLOW"
    COMPLETE_SOIL = "COMPLETE_SOIL"
    MASS_NOT_REACHED = "MASS_NOT_REACHED"
    COMMON_MASS = "COMMON_MASS"
    DEPTHS_DIFFER = "DEPTHS_DIFFER"
    EXTRAPOLATED = "EXTRAPOLATED"
    SINGLE_INCREMENT = "SINGLE_INCREMENT"
    DUPLICATES_AVERAGED = "DUPLICATES_AVERAGED"
    ORGANIC_LAYER = "ORGANIC_LAYER"
    CENSORED = "CENSORED"
    CONTESTED = "CONTESTED"
    CARBONATE_UNCORRECTED = "CARBONATE_UNCORRECTED"
    CARBONATE_FREE_BY_PH = "CARBONATE_FREE_BY_PH"
    CARBONATE_UNLIKELY_BY_PH = "CARBONATE_UNLIKELY_BY_PH"
    RECOVERY_UNKNOWN = "RECOVERY_UNKNOWN"
    SOC_FROM_ORGANIC_MATTER = "SOC_FROM_ORGANIC_MATTER"
    LAB_QC_FAILED = "LAB_QC_FAILED"
    LAB_QC_ACCEPTED = "LAB_QC_ACCEPTED"
    LAB_QC_REJECTED = "LAB_QC_REJECTED"
    BD_ESTIMATED = "BD_ESTIMATED"
    BD_SHARED = "BD_SHARED"
    BD_SHARED_ASSUMED = "BD_SHARED_ASSUMED"
    BD_CARRIED_OVER = "BD_CARRIED_OVER"
    BD_OTHER_LAYERS = "BD_OTHER_LAYERS"
    BD_SOC_IMPLAUSIBLE = "BD_SOC_IMPLAUSIBLE"
    BD_IMPLAUSIBLE = "BD_IMPLAUSIBLE"
    CORE_OUTSIDE_CAMPAIGN = "CORE_OUTSIDE_CAMPAIGN"
    METHOD_CHANGED = "METHOD_CHANGED"
    BRIDGED = "BRIDGED"
    SEASON_DIFFERS = "SEASON_DIFFERS"
    UNPAIRED_MIX = "UNPAIRED_MIX"
    SINGLE_POINT = "SINGLE_POINT"
    SINGLE_PLOT = "SINGLE_PLOT"
    NO_VARIANCE = "NO_VARIANCE"
    ZERO_VARIANCE = "ZERO_VARIANCE"
    ZERO_BASELINE = "ZERO_BASELINE"
    CLUSTERED = "CLUSTERED"
    SKEWED = "SKEWED"
    TRENDS_PART = "TRENDS_PART"
    CHANGE_IMPLAUSIBLE = "CHANGE_IMPLAUSIBLE"
    CHANGE_CONFIRMED = "CHANGE_CONFIRMED"
    INTERVAL_TOO_SHORT = "INTERVAL_TOO_SHORT"
    INTERVAL_SHORT = "INTERVAL_SHORT"
    AREA_MISSING = "AREA_MISSING"
    PARTIAL_COVERAGE = "PARTIAL_COVERAGE"


class Explanation(NamedTuple):
    """What one reason code says, what to do about it, and what it does to a verdict."""

    meaning: str
    what_to_do: str
    verdict: str = "stays"


_WITHHELD: Final = "is withheld"
_NO_TEST: Final = "is withheld: there is no test"
_NO_STOCK: Final = "is that of the other points"


EXPLANATIONS: Final = MappingProxyType(
    {
        Reason.NO_SURFACE: Explanation(
            "the first layer does not begin at 0 cm",
            "enter the layer from the surface; a stock counts from 0 cm",
            _NO_STOCK,
        ),
        Reason.GAP: Explanation(
            "layers above the depth leave more than 0.1 cm between them",
            "enter the missing layer or correct its depths",
            _NO_STOCK,
        ),
        Reason.OVERLAP: Explanation(
            "layers above the depth overlap by more than 0.1 cm",
            "correct the depths, or give the layers to different cores",
            _NO_STOCK,
        ),
        Reason.MISSING_SOC: Explanation(
            "a layer above the depth has no SOC value",
            "enter the laboratory result",
            _NO_STOCK,
        ),
        Reason.MISSING_BD: Explanation(
            "a layer above the depth has no usable bulk density",
            "enter the fine-soil mass or the bulk density with its definition",
            _NO_STOCK,
        ),
        Reason.BD_DEFINITION_UNKNOWN: Explanation(
            "the bulk density does not say whether it is of whole soil, fine earth"
            " only, or fine soil in the total volume",
            "ask the laboratory and enter the definition; it is not guessed",
            _NO_STOCK,
        ),
        Reason.COARSE_BASIS_UNKNOWN: Explanation(
            "the coarse fragments do not say whether they are percent of mass or of"
            " volume",
            "ask who measured them and enter the basis; it is not guessed",
            _NO_STOCK,
        ),
        Reason.NEGATIVE_FINE_MASS: Explanation(
            "coarse fragments outweigh the whole sample, no fine soil is left",
            "check whole bulk density, coarse volume and fragment density",
            _NO_STOCK,
        ),
        Reason.TOO_SHALLOW: Explanation(
            "the deepest layer ends above the depth; the stock is never scaled up",
            "sample deeper, or record bedrock or hardpan if the soil ends there",
            _NO_STOCK,
        ),
        Reason.COMPLETE_SOIL: Explanation(
            "the soil ends above the depth at bedrock or a hardpan; the stock of the"
            " complete soil counts",
            "nothing; compare covered_to_cm before comparing plots",
        ),
        Reason.MASS_NOT_REACHED: Explanation(
            "the sampled soil is lighter than the reference mass",
            "sample deeper next time, 40 to 50 cm in two increments or more",
            "is withheld where no common mass is left, or masses differ by more than 5 %",
        ),
        Reason.COMMON_MASS: Explanation(
            "some points do not reach the reference mass; all points are compared in the"
            " largest mass that all of them reach",
            "sample deeper next time, 40 to 50 cm in two increments or more",
        ),
        Reason.DEPTHS_DIFFER: Explanation(
            "the campaigns were cut at other depths around the reference, so that the"
            " change depends on the curve between the layers",
            "use the change to the shared depth beside it; cut cores at the same depths",
            "is withheld where the curves part by more than half of the interval",
        ),
        Reason.EXTRAPOLATED: Explanation(
            "at most 2 % of the reference mass was added at the concentration of the"
            " deepest layer",
            "sample deeper next time",
        ),
        Reason.SINGLE_INCREMENT: Explanation(
            "one layer only, so that its mass can only be matched by a straight line",
            "sample two increments or more, such as 0-30 and 30-50 cm",
            "is withheld where masses differ by more than 5 %",
        ),
        Reason.DUPLICATES_AVERAGED: Explanation(
            "a layer of a core came twice, as two bags or two lines of a table; the mean was"
            " used",
            "nothing, if they are readings of one bag; two bags of one layer are no"
            " laboratory replicates: delete the one that was typed twice, or give it to"
            " another core",
        ),
        Reason.ORGANIC_LAYER: Explanation(
            "a layer has more than 12 % SOC, so it is organic soil",
            "read changes with care; compaction moves organic stocks strongly",
        ),
        Reason.CENSORED: Explanation(
            "a SOC value lies below the detection limit; half of the limit was used",
            "ask the laboratory for a method with a lower limit",
        ),
        Reason.CONTESTED: Explanation(
            "two devices recorded different values and nobody has decided yet; the"
            " first one accepted was used",
            "decide the conflict",
        ),
        Reason.CARBONATE_UNCORRECTED: Explanation(
            "carbonate is possible and total carbon was not corrected for it",
            "have inorganic carbon measured and enter it",
            _WITHHELD,
        ),
        Reason.CARBONATE_FREE_BY_PH: Explanation(
            "total carbon counts as organic: with a pH in water below 6.5 the soil holds no"
            " carbonate",
            "nothing, unless the field was limed shortly before",
        ),
        Reason.CARBONATE_UNLIKELY_BY_PH: Explanation(
            "total carbon counts as organic, though a pH in water of 6.5 to 7 leaves room"
            " for a little carbonate",
            "test the soil for carbonate, or have inorganic carbon measured",
        ),
        Reason.RECOVERY_UNKNOWN: Explanation(
            "wet oxidation finds only part of the carbon, and no factor says how much;"
            " the reported value was used as it is",
            "ask the laboratory for the factor and whether it applied it",
        ),
        Reason.SOC_FROM_ORGANIC_MATTER: Explanation(
            "SOC was taken as 0.58 of the organic matter found by loss on ignition;"
            " the true share differs between soils",
            "have SOC measured by dry combustion",
        ),
        Reason.LAB_QC_FAILED: Explanation(
            "blanks, references or second readings of a SOC value's batch are beyond their"
            " limits, and nobody has decided about it yet",
            "see: lab batches; ask the laboratory, then: lab decide",
            _WITHHELD,
        ),
        Reason.LAB_QC_ACCEPTED: Explanation(
            "quality control of a SOC value's batch failed, and a person has accepted it",
            "nothing, if the reason convinces you: lab batches",
        ),
        Reason.LAB_QC_REJECTED: Explanation(
            "results of a batch that a person has rejected do not count",
            "have the bags analysed again and import the results",
        ),
        Reason.BD_ESTIMATED: Explanation(
            "a bulk density comes from an equation or from literature, not from a sample"
            " of this plot",
            "measure bulk density in every campaign",
            _WITHHELD,
        ),
        Reason.BD_SHARED: Explanation(
            "the bulk density of rings stands for all points of the plot; their error, as"
            " the rings differ, is in standard error, interval and verdict",
            "nothing; more rings make the interval narrower",
        ),
        Reason.BD_SHARED_ASSUMED: Explanation(
            "one ring's bulk density stands for all points of the plot; nothing says how"
            " far it is off, so that 5 % is assumed and is in standard error, interval"
            " and verdict",
            "take three rings or more and record each; a density of each point is better",
        ),
        Reason.BD_CARRIED_OVER: Explanation(
            "a bulk density was measured on this plot in another campaign and carried"
            " over",
            "measure bulk density in every campaign",
        ),
        Reason.BD_OTHER_LAYERS: Explanation(
            "bulk density was sampled in other layers than SOC; the mass of a SOC layer"
            " was read off their cumulative mass",
            "nothing, if they were taken beside each other; density layers must reach"
            " from the surface to the bottom of the SOC layers without a gap",
        ),
        Reason.BD_SOC_IMPLAUSIBLE: Explanation(
            "bulk density and SOC of a layer seldom occur together",
            "check units, stones and the sample volume; peat may be right",
        ),
        Reason.BD_IMPLAUSIBLE: Explanation(
            "mass and volume of a bag give a density that no mineral soil has, and nobody"
            " has said why it is right",
            "check mass, diameter and depths; if all is right, say why:"
            " permille warnings explain",
            _WITHHELD,
        ),
        Reason.CORE_OUTSIDE_CAMPAIGN: Explanation(
            "a core was not taken in the days of its campaign, and rates count the years"
            " between the cores; nobody has said why it is right",
            "correct the date of the core or the days of the campaign; if all is right,"
            " say why: permille warnings explain",
        ),
        Reason.METHOD_CHANGED: Explanation(
            "the SOC laboratory method differs between the campaigns, or one of them"
            " does not name it; no verdict is given",
            "have archived samples of the first campaign analysed by the new method",
            _WITHHELD,
        ),
        Reason.BRIDGED: Explanation(
            "SOC by one laboratory method was brought to another by a factor from bags that"
            " were analysed by both; its error is in standard error, interval and verdict",
            "nothing; more such bags make the interval narrower",
        ),
        Reason.SEASON_DIFFERS: Explanation(
            "the campaigns lie more than 60 days apart in the year",
            "sample in the same season next time",
        ),
        Reason.UNPAIRED_MIX: Explanation(
            "only some of the points were revisited; the design says whether pairs or"
            " all points were compared",
            "revisit every point next time",
        ),
        Reason.SINGLE_POINT: Explanation(
            "a campaign has one point with a stock only",
            "sample three points or more per plot",
            _NO_TEST,
        ),
        Reason.SINGLE_PLOT: Explanation(
            "one plot only of those drawn out of many has a result, so the variance"
            " between plots is not known",
            "measure three of the drawn plots or more",
            _NO_TEST,
        ),
        Reason.NO_VARIANCE: Explanation(
            "too few points, or drawn plots, for a standard error, so there is no verdict",
            "sample three points or more per plot",
            _NO_TEST,
        ),
        Reason.ZERO_VARIANCE: Explanation(
            "all changes are identical, so there is no standard error or verdict",
            "check whether values were copied",
            _NO_TEST,
        ),
        Reason.ZERO_BASELINE: Explanation(
            "the baseline stock is zero, so a rate relative to it is not defined",
            "use the absolute change",
            "against 4 permille is withheld",
        ),
        Reason.CLUSTERED: Explanation(
            "the points crowd in a part of the plot; interval and verdict hold for that"
            " part, and cover the mean of the plot far less often than they say",
            "spread the points over the whole plot next time, at random or on a grid",
        ),
        Reason.SKEWED: Explanation(
            "the differences between the points are skewed and few, so that the interval"
            " covers the truth less often than it says",
            "read the bootstrap-t interval beside it; look at a value that stands alone;"
            " 30 points or more do not need it",
        ),
        Reason.TRENDS_PART: Explanation(
            "the trend over all visits and the mean of the points' own slopes part by more"
            " than half of the interval's half-width: it depends on points that were not"
            " visited every time",
            "read both; visit every point in every campaign",
        ),
        Reason.CHANGE_IMPLAUSIBLE: Explanation(
            "no soil is known to change as fast: more than 3 t/ha or 50 permille of the"
            " baseline stock a year",
            "look for values that are ten times too large or small, and for dates; if all"
            " is right, confirm it with a reason: permille plot edit PLOT"
            " --change-confirmed TEXT, or stocks compute --confirm PLOT=TEXT",
            _WITHHELD,
        ),
        Reason.CHANGE_CONFIRMED: Explanation(
            "no soil is known to change as fast, and a person has confirmed the change"
            " with the reason that stands beside it",
            "nothing, if the reason convinces you",
        ),
        Reason.INTERVAL_TOO_SHORT: Explanation(
            "less than one year lies between the campaigns: no annual rate or verdict"
            " against 4 permille",
            "wait; five years or more are usual",
            "against 4 permille is withheld",
        ),
        Reason.INTERVAL_SHORT: Explanation(
            "fewer than three years lie between the campaigns; rates vary widely then",
            "read the rate with care; five years or more are usual",
        ),
        Reason.AREA_MISSING: Explanation(
            "a plot has no area, so that it cannot be weighted",
            "enter the area of the plot",
        ),
        Reason.PARTIAL_COVERAGE: Explanation(
            "some plots have no result; only the measured area is described, and where"
            " plots were drawn the land that the measured ones stand for",
            "compare measured area with total area",
        ),
    }
)

# Changes whose stocks carry one of these keep their figures and lose their verdicts.
WITHHOLDS_VERDICT: Final = frozenset(
    reason for reason, said in EXPLANATIONS.items() if said.verdict == _WITHHELD
)

_ORDER: Final = {reason: rank for rank, reason in enumerate(Reason)}
_BITS: Final = {reason: 1 << rank for reason, rank in _ORDER.items()}


def in_order(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return each reason once, in the order of the code list.

    >>> in_order([Reason.GAP, Reason.NO_SURFACE, Reason.GAP])
    (<Reason.NO_SURFACE: 'NO_SURFACE'>, <Reason.GAP: 'GAP'>)
    """
    return tuple(sorted(set(reasons), key=_ORDER.__getitem__))


def mask_of(reasons: Iterable[Reason]) -> int:
    """Pack reasons into one integer; bits live in memory only, never on disk.

    >>> mask_of([]), reasons_of(mask_of([Reason.GAP]))
    (0, (<Reason.GAP: 'GAP'>,))
    """
    mask = 0
    for reason in reasons:
        mask |= _BITS[reason]
    return mask


@lru_cache(maxsize=4096)  # few of all combinations ever occur
def reasons_of(mask: int) -> tuple[Reason, ...]:
    """Unpack what `mask_of` packed."""
    return tuple(reason for reason, bit in _BITS.items() if mask & bit)
