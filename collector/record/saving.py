"""The one door to the log for what a person typed: saved is what a line says."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from collector.laptop.laptop import Laptop
from collector.store.port import NOTHING_BESIDE, Beside
from schemas.changes import Draft


def save(
    laptop: Laptop,
    drafts: Sequence[Draft],
    typed: Mapping[str, Any] | None = None,
    record_id: str = "",
    beside: Beside = NOTHING_BESIDE,
) -> None:
    """Append drafts to the log; what was typed of a record is in one of its lines.

    An entry that is told as saved and is in no line would be lost without a word, so a
    draft that forgets some of it is a bug that stops here.
    """
    places = laptop.store.save(drafts, laptop.timestamp(), laptop.person, beside)
    assert len(places) == len(drafts), "each draft has its line"
    if not typed:
        return
    lines = map(json.loads, laptop.store.tail(places[0] - 1, len(places)))
    said = [line.get("f") or {} for line in lines if line["r"] == record_id]
    for name, value in typed.items():
        found = any(name in fields and fields[name] == value for fields in said)
        assert found, f"{name} was typed and is in no line of the log"
