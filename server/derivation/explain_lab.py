"""The batches of laboratories that a figure rests on, with their controls and decisions."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from schemas.lab.quality import BatchKey, batch_of
from server.derivation.lab_quality import quality_of
from server.store.values import DerivationInput, PlotTree

Row = dict[str, Any]


def batches_of(
    tree: PlotTree,
    results: Iterable[DerivationInput],
    source: Callable[[DerivationInput], Row],
) -> list[Row]:
    """Return the batches of results that have controls or a decision, and what these say.

    `source` says who wrote a record, and at which revision.
    """
    if not tree.lab.controls and not tree.lab.decisions:
        return []
    quality = quality_of(tree.lab)
    keys = dict.fromkeys(key for r in results if (key := batch_of(r.fields)))
    return [
        {
            **key._asdict(),
            "mark": quality.marks.get(key),
            "findings": [
                {"what": one.what, "found": one.found, "level": str(one.level)}
                for one in quality.findings.get(key, ())
            ],
            "controls": [source(one) for one in _records(tree, key, "lab_control")],
            "decisions": [source(one) for one in _records(tree, key, "lab_batch")],
        }
        for key in keys
        if key in tree.lab.by_batch
    ]


def _records(tree: PlotTree, key: BatchKey, kind: str) -> Iterator[DerivationInput]:
    return (record for record in tree.lab.by_batch[key] if record.type == kind)
