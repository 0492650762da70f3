"""What the campaign before found at a point, layer by layer: to compare while sampling."""

from typing import NamedTuple

from collector.laptop.laptop import Laptop
from collector.rules.overlay import RecordView
from schemas.rules import TO_G_KG


class LayerBefore(NamedTuple):
    """A layer of an earlier campaign; None is what was not measured."""

    campaign: str
    top_cm: float
    bottom_cm: float
    bulk_density_g_cm3: float | None
    soc_g_kg: float | None


def layers_before(laptop: Laptop, point_id: str, campaign_id: str) -> list[LayerBefore]:
    """Return the layers of the last campaign at a point that is not this one.

    Of several cores the first counts, of several readings their mean.
    """
    core, campaign = _core_before(laptop, point_id, campaign_id)
    if core is None or campaign is None:
        return []
    bags = laptop.store.records("sample", core.project_id, [core.id])
    bags.sort(key=lambda bag: float(bag.fields["depth_top_cm"]))
    return [
        LayerBefore(
            str(campaign.fields["name"]),
            float(bag.fields["depth_top_cm"]),
            float(bag.fields["depth_bottom_cm"]),
            bag.fields.get("bulk_density_g_cm3"),
            _soc_g_kg(laptop, bag),
        )
        for bag in bags
    ]


def _core_before(
    laptop: Laptop, point_id: str, campaign_id: str
) -> tuple[RecordView | None, RecordView | None]:
    store = laptop.store
    point = store.record(point_id)
    if point is None:
        return None, None
    cores = store.records("core", point.project_id, [point_id])
    others = [core for core in cores if core.fields["campaign_id"] != campaign_id]
    others.sort(
        key=lambda core: (str(core.fields["sampled_at"]), -core.fields["number"])
    )
    if not others:
        return None, None
    return others[-1], store.record(str(others[-1].fields["campaign_id"]))


def _soc_g_kg(laptop: Laptop, bag: RecordView) -> float | None:
    results = laptop.store.records("result", bag.project_id, [bag.id])
    values = [
        result.fields["value"] * TO_G_KG[result.fields["unit"]]
        for result in results
        if result.fields.get("analyte") == "soc"
        and result.fields.get("value") is not None
        and result.fields.get("unit") in TO_G_KG
    ]
    return sum(values) / len(values) if values else None
