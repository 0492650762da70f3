"""Records around one record, and what is odd between them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from collector.laptop.laptop import Laptop
from collector.rules.overlay import RecordView
from schemas.plausibility.every import every_warning
from schemas.plausibility.records import Fields, Records, Warned
from schemas.plausibility.skeletons import code_skeleton
from schemas.records import TYPES

#: What lies on a record, directly or through others, and may be odd beside it.
_BELOW: Final[Mapping[str, Sequence[str]]] = {
    "plot": ("point", "core"),
    "campaign": ("core",),
    "point": ("core",),
    "core": ("sample", "result"),
    "sample": ("result",),
}
#: What else of the plot, or of the project, a record is held against.
_BESIDE: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "project": ("", ("plot",)),
    "plot": ("", ("plot",)),
    "point": ("", ("plot", "point")),
    "core": ("plot", ("point", "core")),
    "sample": ("plot", ("core", "point", "sample", "result")),
    "result": ("plot", ("core", "point", "sample", "result")),
}
_EVERYWHERE: Final = frozenset({"organisation", "project"})
#: So many are enough to hold one record against.
_MOST: Final = 5_000


def warnings_about(laptop: Laptop, view: RecordView) -> list[Warned]:
    """Return what is odd about a record, in itself and beside the records around it."""
    if view.deleted:
        return []
    around = {each.id: each for each in _around(laptop, view)} | {view.id: view}
    found = every_warning(Records(_parts(around.values())), laptop.clock.now())
    return [one for one in found if view.id in one.ids]


def warnings_in(laptop: Laptop, project_id: str) -> list[Warned]:
    """Return every warning about the records of a project, explained or not."""
    return list(every_warning(records_of(laptop, project_id), laptop.clock.now()))


def records_of(
    laptop: Laptop, project_id: str, more: Iterable[tuple[str, str, Fields]] = ()
) -> Records:
    """Return every live record of a project, and more that are to be added."""
    store = laptop.store
    views = (view for kind in TYPES for view in store.records(kind, project_id))
    return Records(chain(_parts(views), more))


def _parts(views: Iterable[RecordView]) -> Iterator[tuple[str, str, Fields]]:
    return ((view.type, view.id, view.fields) for view in views)


def _around(laptop: Laptop, view: RecordView) -> Iterator[RecordView]:
    """Yield what a record lies on, what lies on it, what it is held against."""
    store = laptop.store
    project = store.record(view.project_id)
    if project is not None:
        yield project
    above = {each.type: each for each in _above(laptop, view)}
    yield from above.values()
    for kind in _BELOW.get(view.type, ()):
        yield from store.records(kind, view.project_id, [view.id], _MOST)
    home, kinds = _BESIDE.get(view.type, ("", ()))
    under = [above[home].id] if home in above else []
    for kind in kinds if under or not home else ():
        yield from store.records(kind, view.project_id, under, _MOST)
    code = code_skeleton(view.type, view.fields)
    if code is not None:
        # Codes of organisations and projects are told apart on the whole laptop.
        scope = None if view.type in _EVERYWHERE else view.project_id
        yield from store.alike(view.type, scope, code)


def _above(laptop: Laptop, view: RecordView) -> Iterator[RecordView]:
    for name in TYPES[view.type].references:
        # A point that revisits another one does not lie on it.
        target = name != "revisits_point_id" and view.fields.get(name)
        found = laptop.store.record(target) if target else None
        if found is not None and not found.deleted:
            yield found
            yield from _above(laptop, found)
