"""What the quality control of laboratories does to the results of a plot. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from schemas.lab.quality import Mark, Quality, limits_of
from server.stocks.reasons import Reason
from server.store.values import DerivationInput, LabRecords

Fields = Mapping[str, Any]

_REASONS: Final = MappingProxyType(
    {
        Mark.FAILED: Reason.LAB_QC_FAILED,
        Mark.ACCEPTED: Reason.LAB_QC_ACCEPTED,
        Mark.REJECTED: Reason.LAB_QC_REJECTED,
    }
)
#: What SOC of a bag is computed from, the best first; the rest of a line corrects it.
_ROUTES: Final = (
    ("soc",),
    ("total_carbon", "inorganic_carbon", "calcium_carbonate", "ph_water"),
    ("organic_matter",),
)


@lru_cache(maxsize=4)  # one for the plots that are derived together
def quality_of(lab: LabRecords) -> Quality:
    """Return the controls of a project's laboratories by batch, judged once for all plots."""
    return Quality(
        limits_of(lab.project),
        [control.fields for control in lab.controls],
        [decision.fields for decision in lab.decisions],
    )


#: Analytes that SOC of a bag can be computed from, alone or with others.
CARBON: Final = frozenset(route[0] for route in _ROUTES)


class CountedResults(NamedTuple):
    """The results of a bag that count, and what quality control says of its SOC."""

    results: Sequence[DerivationInput]
    reasons: tuple[Reason, ...] = ()


def counted_results(
    results: Sequence[DerivationInput], lab: LabRecords
) -> CountedResults:
    """Return the results of a bag without those of rejected batches.

    Reasons tell of the batches that SOC of the bag comes from, or would come from.
    """
    quality = quality_of(lab)
    if not quality.marks:
        return CountedResults(results)
    marked = [(result, quality.mark(result.fields)) for result in results]
    kept = [result for result, mark in marked if mark is not Mark.REJECTED]
    return CountedResults(kept, _reasons(marked, kept))


def _reasons(
    marked: Sequence[tuple[DerivationInput, Mark | None]],
    kept: Sequence[DerivationInput],
) -> tuple[Reason, ...]:
    """Return what the batches say that SOC comes from, or would come from."""
    before, after = _route([result for result, _ in marked]), _route(kept)
    told = set()
    for result, mark in marked:
        route = before if mark is Mark.REJECTED else after
        if mark is not None and result.fields["analyte"] in route:
            told.add(mark)
    return tuple(_REASONS[mark] for mark in Mark if mark in told)


def _route(results: Iterable[DerivationInput]) -> tuple[str, ...]:
    """Return the analytes that SOC of a bag is computed from."""
    analytes = {result.fields["analyte"] for result in results}
    return next((route for route in _ROUTES if route[0] in analytes), ())
