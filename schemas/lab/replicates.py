"""Field replicates: cores of one point in one campaign. Their spread is shown, not judged."""

from collections import defaultdict
from collections.abc import Iterator
from statistics import fmean
from typing import Any, NamedTuple

from schemas.plausibility.records import Fields, Records
from schemas.rules import TO_G_KG


class FieldReplicate(NamedTuple):
    """One layer of several cores of a point: its bags, and SOC of each core."""

    point: str
    campaign: str
    depths_cm: tuple[float, float]
    bags: tuple[str, ...]
    soc_g_kg: tuple[float, ...]

    @property
    def apart_pct(self) -> float:
        """Return how far the highest is from the lowest, percent of the mean."""
        mean = fmean(self.soc_g_kg)
        spread = max(self.soc_g_kg) - min(self.soc_g_kg)
        return 100.0 * spread / mean if mean else 0.0

    def as_data(self) -> dict[str, Any]:
        """Return the replicate as one JSON object."""
        return {**self._asdict(), "apart_pct": round(self.apart_pct, 1)}


def field_replicates(records: Records) -> Iterator[FieldReplicate]:
    """Yield the layers that several cores of a point have SOC of, campaign by campaign."""
    layers: dict[tuple[str, str, float, float], list[tuple[str, str, float]]]
    layers = defaultdict(list)
    for sample_id, sample in records.of_type("sample").items():
        core = records.get("core", sample["core_id"])
        soc_g_kg = _soc_g_kg(records, sample_id)
        if core is not None and soc_g_kg is not None:
            depths = sample["depth_top_cm"], sample["depth_bottom_cm"]
            layers[core["point_id"], core["campaign_id"], *depths].append(
                (sample["core_id"], sample["sample_code"], soc_g_kg)
            )
    for (point, campaign, top_cm, bottom_cm), own in layers.items():
        # Two bags of one core are no field replicates.
        cores = _by_core(own)
        if len(cores) > 1:
            name = records.get("campaign", campaign) or {}
            yield FieldReplicate(
                records.name("point", point),
                str(name.get("name", "")),
                (top_cm, bottom_cm),
                tuple(label for _, label, _ in own),
                tuple(cores),
            )


def _by_core(own: list[tuple[str, str, float]]) -> list[float]:
    """Return the mean of each core."""
    values: dict[str, list[float]] = defaultdict(list)
    for core, _, soc_g_kg in own:
        values[core].append(soc_g_kg)
    return [fmean(found) for found in values.values()]


def _soc_g_kg(records: Records, sample_id: str) -> float | None:
    """Return the mean of the SOC values of a bag; None without one."""
    found = [
        _in_g_kg(result)
        for _, result in records.below("result", sample_id)
        if result["analyte"] == "soc" and result.get("value") is not None
    ]
    return fmean(found) if found else None


def _in_g_kg(result: Fields) -> float:
    return float(result["value"]) * TO_G_KG.get(result["unit"], 1.0)
