"""Drafts of bags: those of them that were saved otherwise are finished by that."""

from collections.abc import Mapping
from typing import Any, Final

from collector.record.typed_layers import TypedLayer
from collector.store.port import NOTHING_BESIDE, Beside, Store
from schemas.typed import read_number

#: The kind of a draft of bags that could not stand with their core.
BAGS: Final = "bags"


def without_bag(store: Store, fields: Mapping[str, Any]) -> Beside:
    """Return what to write beside a new bag: the draft that waits for it, without it."""
    for draft in store.drafts():
        if draft.kind != BAGS or draft.typed["core_id"] != fields["core_id"]:
            continue
        every = list(zip(draft.typed["layers"], draft.typed["why"], strict=True))
        left = [one for one in every if not _is_of(TypedLayer(**one[0]), fields)]
        if len(left) < len(every):
            layers, why = [one for one, _ in left], [said for _, said in left]
            typed = {**draft.typed, "layers": layers, "why": why}
            kept = [draft._replace(typed=typed)] if left else []
            return Beside(kept, [draft.number])
    return NOTHING_BESIDE


def _is_of(layer: TypedLayer, fields: Mapping[str, Any]) -> bool:
    """Return whether a bag is that of a layer, by those depths that could be read."""
    ends = (
        (read_number(layer.top_cm), fields["depth_top_cm"]),
        (read_number(layer.bottom_cm), fields["depth_bottom_cm"]),
    )
    read = [(typed, is_now) for typed, is_now in ends if isinstance(typed, float)]
    return bool(read) and all(typed == is_now for typed, is_now in read)
