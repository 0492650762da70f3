"""Codes of bags as they are typed and scanned, and the bags that are meant."""

from collections.abc import Sequence

from collector.laptop.laptop import Laptop
from collector.record.typed_layers import TypedLayer
from collector.rules.overlay import RecordView
from collector.store.port import Store
from schemas.labels.codes import following, read_label
from schemas.labels.scans import Scan, read_scan


def as_meant(laptop: Laptop, text: str) -> Scan:
    """Return the code that a person or a scanner meant, with what is to be said of it."""
    return read_scan(text, laptop.store.known_blocks())


def as_scanned(laptop: Laptop, layers: Sequence[TypedLayer]) -> list[TypedLayer]:
    """Return layers with the labels that were meant: a scanner may type other signs."""
    return [
        one._replace(code=as_meant(laptop, one.code).text) if one.code else one
        for one in layers
    ]


def samples_called(store: Store, code: str, project_id: str | None) -> list[RecordView]:
    """Return the bags of a code; one of a label may be typed in any form."""
    found = store.find("sample", project_id, code)
    kept = None if found else read_label(code)
    return store.find("sample", project_id, kept) if kept else found


def next_labels(laptop: Laptop, core_ids: list[str], count: int) -> list[str]:
    """Return the labels that follow the highest one on the bags of some cores.

    Labels are printed in the order of their numbers, and stuck on in that order; none where
    the last bags have codes of another system.
    """
    bags = laptop.store.referring("core_id", core_ids)
    labels = [
        code
        for bag in bags
        if bag.type == "sample" and (code := read_label(str(bag.fields["sample_code"])))
    ]
    return following(max(labels), count) if labels else []
