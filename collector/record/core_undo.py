"""The last core of the day is taken back, with its bags."""

from typing import NamedTuple

from collector.errors import NotFoundError
from collector.laptop.laptop import Laptop
from collector.record import names
from collector.record.field_place import FieldPoint
from collector.record.local_day import day_of
from collector.record.undo import Selection, Undoing, look, undo
from collector.rules.overlay import RecordView
from schemas.operations import Operation, OperationKind, operation
from schemas.phrases import _


class CoreToUndo(NamedTuple):
    """A core that may be taken back, its bags, and what that takes."""

    core: RecordView
    name: str
    bags: list[RecordView]
    undoing: Undoing


def last_core(
    laptop: Laptop, project_id: str, point: FieldPoint | None = None
) -> CoreToUndo:
    """Return the core that this laptop recorded last today, perhaps at one point.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    store = laptop.store
    since_ms, until_ms = day_of(laptop.clock, "").bounds_ms
    made = store.made_between(since_ms, until_ms, ["core"])
    views = store.views([one.id for one in made])
    for one in reversed(made):
        core = views.get(one.id)
        if core is None or core.deleted or core.project_id != project_id:
            continue
        if point is None or core.fields.get("point_id") == point.id:
            return _with_bags(laptop, core)
    raise NotFoundError(
        _("no core was recorded at {point} on this laptop today", point=point.label)
        if point
        else _("no core was recorded on this laptop today"),
        _("an older one: permille undo --since yesterday; see: permille core list"),
    )


def _with_bags(laptop: Laptop, core: RecordView) -> CoreToUndo:
    bags = laptop.store.records("sample", core.project_id, [core.id])
    answers = laptop.store.records("answer", core.project_id, [core.id])
    which = Selection(records=[one.id for one in (core, *bags, *answers)])
    name = names.label(laptop.store, core)
    return CoreToUndo(core, name, bags, look(laptop, core.project_id, which))


def take_back(laptop: Laptop, found: CoreToUndo) -> Operation:
    """Take a core back as was looked at; return the operation, which can be undone."""
    what = f"of core {found.name}"
    done = operation(OperationKind.UNDO, laptop.clock.new_id(), what)
    undo(laptop, found.undoing, done, _silent)
    return done


def _silent(_done: int, _of: int) -> None:
    pass
