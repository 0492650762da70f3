"""What a list to sign says of the bags that are handed over."""

from collections.abc import Sequence

from collector.labels.contents import title_of
from collector.labels.handover import Handover, HandoverLine
from collector.laptop.laptop import Laptop
from collector.record.custody import Bag, core_of, depths_of
from schemas.labels.codes import printed


def handover_of(
    laptop: Laptop, project_id: str, bags: Sequence[Bag], to_whom: str, at: str
) -> Handover:
    """Return the list of some bags, from who is at work."""
    project = laptop.store.record(project_id)
    lines = [
        HandoverLine(
            printed(bag.code),
            bag.latest("box") or "",
            core_of(laptop, bag),
            depths_of(bag.sample.fields),
        )
        for bag in bags
    ]
    title = title_of(project) if project else ""
    return Handover(
        title, laptop.person or "", to_whom, at[:16].replace("T", " "), lines
    )
