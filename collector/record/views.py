"""Sync -> show: lists, conflicts and the stocks that the server derived."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.record.names import label
from collector.rules.keys import natural_order
from collector.rules.overlay import BaseRow, RecordView, undecided
from schemas.conflicts import sides_as_told
from schemas.records import TYPES


def shown(laptop: Laptop, view: RecordView) -> dict[str, Any]:
    """Return a record as one JSON object."""
    return {
        "id": view.id,
        "type": view.type,
        "name": label(laptop.store, view),
        "state": str(view.state),
        "fields": dict(view.fields),
    }


def listed(
    laptop: Laptop,
    record_type: str,
    project_id: str | None,
    under: Sequence[str],
    most: int | None = None,
) -> tuple[list[RecordView], int]:
    """Return the first live records in the order people count, and how many there are."""
    kind, store = TYPES[record_type], laptop.store
    if most is None or len(kind.key) > 1 or kind.called:
        every = _in_order(laptop, store.records(record_type, project_id, under))
        return every[:most], len(every)
    # Their name is their key: those that are not shown are not read.
    keys = store.keys(record_type, project_id, under)
    ids = [name for name, _ in sorted(keys, key=lambda one: natural_order(one[1]))]
    return store.in_this_order(ids[:most]), len(ids)


def deleted(
    laptop: Laptop, record_type: str, project_id: str | None, most: int | None = None
) -> tuple[list[RecordView], int]:
    """Return the first deleted records in the order people count, and how many there are."""
    every = _in_order(laptop, laptop.store.deleted(record_type, project_id))
    return every[:most], len(every)


def _in_order(laptop: Laptop, views: list[RecordView]) -> list[RecordView]:
    return sorted(views, key=lambda view: natural_order(label(laptop.store, view)))


def conflicts(laptop: Laptop) -> list[dict[str, Any]]:
    """Return each open conflict with the values side by side.

    `stood` is what stood when they met, `stands` what stands now: a person decides on
    that. None where the record is deleted. `other` is the value that met it, of `person`
    on `device`; `stands_by` says whose value stands where this laptop knows.
    """
    found: list[dict[str, Any]] = []
    for base in laptop.store.contested():
        view = laptop.store.record(base.id)
        name = label(laptop.store, view) if view else base.id
        who = {"record": base.id, "type": base.type, "name": name}
        still = undecided(base, laptop.store.changes(base.id))
        own, device = laptop.store.authors(base.id), laptop.store.setting(settings.NAME)
        for conflict in base.conflicts:
            here = [
                own[change] for change in conflict.get("stands", ()) if change in own
            ]
            found.append(
                {
                    **who,
                    "decided": conflict not in still,
                    **sides_as_told(conflict),
                    "stands": _standing(base, conflict),
                    "stands_by": {"person": here[0], "device": device}
                    if here
                    else None,
                }
            )
    return found


def _standing(base: BaseRow, conflict: Mapping[str, Any]) -> dict[str, Any] | None:
    if base.deleted:
        return None
    names = dict.fromkeys([*conflict["theirs"], *conflict["ours"]])
    return {name: base.fields.get(name) for name in names}


def stocks(
    laptop: Laptop, project_id: str | None, plot: str | None
) -> dict[str, list[dict[str, Any]]]:
    """Return stocks of points, changes and trends of plots, as the server wrote them."""
    points = [
        _object(point)
        for base in laptop.store.bases("stock", project_id)
        for point in base.fields.get("points", ())
    ]
    changes, trends = (
        [
            _object(base.fields[kind])
            for base in laptop.store.bases(kind, project_id)
            if base.fields.get(kind)
        ]
        for kind in ("change", "trend")
    )
    found = {"stocks": points, "changes": changes, "trends": trends}
    return {
        name: sorted(
            (row for row in rows if plot in {None, row.get("plot")}), key=_place
        )
        for name, rows in found.items()
    }


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON, as text or parsed
    parsed: Any = json.loads(value) if isinstance(value, str) else value
    return dict(parsed)


def _place(row: Mapping[str, Any]) -> list[Any]:
    parts = (
        "plot",
        "campaign",
        "from_campaign",
        "to_campaign",
        "point",
        "depth_cm",
    )
    return natural_order("/".join(str(row.get(part, "")) for part in parts))
