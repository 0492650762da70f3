"""Records around one record, and what is odd between them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from collector.laptop.laptop import Laptop
from collector.rules.overlay import RecordView
from schemas.plausibility.answers import ABOUT
from schemas.plausibility.every import (
    every_warning,
    warnings_between,
    warnings_within,
)
from schemas.plausibility.records import Fields, Records, Warned
from schemas.plausibility.skeletons import code_skeleton
from schemas.records import TYPES

#: What lies on a record, directly or through others, and may be odd beside it.
_BELOW: Final[Mapping[str, Sequence[str]]] = {
    "plot": ("point", "core", "answer"),
    "campaign": ("core",),
    "point": ("core", "answer"),
    "core": ("sample", "result", "answer"),
    "sample": ("result", "answer"),
}
#: What else of the plot, or of the project, a record is held against.
_BESIDE: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "project": ("", ("plot",)),
    "plot": ("", ("plot",)),
    "point": ("", ("plot", "point")),
    "core": ("plot", ("point", "core")),
    "skip": ("point", ("core",)),
    "sample": ("plot", ("core", "point", "sample", "result")),
    "result": ("plot", ("core", "point", "sample", "result")),
}
#: What on a plot a new core and its bags are held against.
_NEIGHBOURS: Final = ("point", "core", "sample")
_ON_PLOT: Final = (*_NEIGHBOURS, "result", "answer")
#: What belongs to no plot, and everything of a project may be held against.
_OF_PROJECT: Final = ("question_form",)
_EVERYWHERE: Final = frozenset({"organisation", "project"})
#: So many are enough to hold one record against.
_MOST: Final = 5_000


def warnings_about(laptop: Laptop, view: RecordView) -> list[Warned]:
    """Return what is odd about a record, in itself and beside the records around it."""
    if view.deleted:
        return []
    around = {each.id: each for each in _around(laptop, view)} | {view.id: view}
    records = Records(_parts(around.values()))
    found = every_warning(records, laptop.clock.now(), laptop.store.known_blocks())
    return [one for one in found if view.id in one.ids]


def warnings_on_plot(
    laptop: Laptop,
    plot: RecordView,
    new: Sequence[tuple[str, str, Fields]],
    more: Iterable[RecordView] = (),
) -> list[Warned]:
    """Return what is odd about records that are to be added on a plot.

    They are looked at beside all of the plot at once; `more` are others that they lie on.
    """
    around = {each.id: each for each in (plot, *more)}
    around |= _on_plots(laptop, plot.project_id, [plot], _NEIGHBOURS)
    around |= _read_alike(laptop, plot.project_id, new)
    added = {record_id for _, record_id, _ in new}
    known = (each for each in around.values() if each.id not in added)
    found = _looked_at(laptop, new, _parts(known))
    return [one for one in found if added.intersection(one.ids)]


def warnings_of(
    laptop: Laptop,
    plots: Sequence[RecordView],
    asked: Sequence[RecordView],
    more: Iterable[RecordView] = (),
) -> list[Warned]:
    """Return what is odd about records on some plots, looked at together."""
    if not asked:
        return []
    project_id = asked[0].project_id
    around = {each.id: each for each in (*plots, *more)}
    around |= _on_plots(laptop, project_id, plots, _ON_PLOT)
    around |= _read_alike(laptop, project_id, list(_parts(asked)))
    ids = {each.id for each in asked}
    beside = (each for each in around.values() if each.id not in ids)
    found = _looked_at(laptop, list(_parts(asked)), _parts(beside))
    return [one for one in found if one.record_id in ids]


def _looked_at(
    laptop: Laptop,
    asked: Sequence[tuple[str, str, Fields]],
    beside: Iterable[tuple[str, str, Fields]],
) -> Iterator[Warned]:
    """Return what is odd about records in themselves, and about all of them together."""
    yield from warnings_within(Records(asked))
    every = Records(chain(beside, asked))
    yield from warnings_between(every, laptop.clock.now())


def _on_plots(
    laptop: Laptop, project_id: str, plots: Iterable[RecordView], kinds: Sequence[str]
) -> dict[str, RecordView]:
    """Return a project with its forms, and what lies on plots of it."""
    project = laptop.store.record(project_id)
    found = [project] if project is not None else []
    found += _forms(laptop, project_id)
    for plot in plots:
        for kind in kinds:
            found += laptop.store.records(kind, project_id, [plot.id], _MOST)
    return {each.id: each for each in found}


def _read_alike(
    laptop: Laptop, project_id: str, records: Iterable[tuple[str, str, Fields]]
) -> dict[str, RecordView]:
    """Return records whose codes read like those of others."""
    codes: dict[str, set[str]] = {}
    for kind, _, fields in records:
        code = code_skeleton(kind, fields)
        if code is not None:
            codes.setdefault(kind, set()).add(code)
    return {
        each.id: each
        for kind, asked in codes.items()
        for each in laptop.store.alike_any(kind, project_id, asked)
    }


def warnings_in(laptop: Laptop, project_id: str) -> list[Warned]:
    """Return every warning about the records of a project, explained or not."""
    records, now = records_of(laptop, project_id), laptop.clock.now()
    return list(every_warning(records, now, laptop.store.known_blocks()))


def records_of(
    laptop: Laptop, project_id: str, more: Iterable[tuple[str, str, Fields]] = ()
) -> Records:
    """Return every live record of a project, and more that are to be added."""
    store = laptop.store
    views = (view for kind in TYPES for view in store.records(kind, project_id))
    return Records(chain(_parts(views), more))


def _parts(views: Iterable[RecordView]) -> Iterator[tuple[str, str, Fields]]:
    return ((view.type, view.id, view.fields) for view in views)


def _beside_answer(laptop: Laptop, answer: RecordView) -> Iterator[RecordView]:
    """Yield the other answers about the same record."""
    about = [answer.fields[name] for name in ABOUT.values() if answer.fields.get(name)]
    yield from laptop.store.records("answer", answer.project_id, about[:1], _MOST)


def _forms(laptop: Laptop, project_id: str) -> Iterator[RecordView]:
    for kind in _OF_PROJECT:
        yield from laptop.store.records(kind, project_id)


def _around(laptop: Laptop, view: RecordView) -> Iterator[RecordView]:
    """Yield what a record lies on, what lies on it, what it is held against."""
    store = laptop.store
    project = store.record(view.project_id)
    if project is not None:
        yield project
    yield from _forms(laptop, view.project_id)
    above = {each.type: each for each in _above(laptop, view)}
    yield from above.values()
    if view.type == "answer":
        yield from _beside_answer(laptop, view)
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
