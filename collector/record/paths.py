"""Records by their paths: a name that begins with those of others, such as PLOT/POINT."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from collector.record.labels import samples_called
from collector.rules.keys import splits
from collector.rules.overlay import RecordView
from collector.store.port import Store
from schemas.ids import join_key
from schemas.records import TYPES


def by_path(
    store: Store, record_type: str, name: str, project_id: str | None
) -> list[RecordView]:
    """Return the live records that a path may mean."""
    finder = _FINDERS.get(record_type)
    if finder is not None:
        return finder(store, name, project_id)
    # No part of the name is another record.
    return [
        view
        for key in map(join_key, splits(name, len(TYPES[record_type].key)))
        for view in store.find(record_type, project_id, key)
    ]


def _of_plot(
    record_type: str, store: Store, name: str, project_id: str | None
) -> list[RecordView]:
    return [
        found
        for plot_code, own in splits(name, 2)
        for plot in store.find("plot", project_id, plot_code)
        for found in store.find(record_type, project_id, join_key([plot.id, own]))
    ]


def _skips(store: Store, name: str, project_id: str | None) -> list[RecordView]:
    return [
        skip
        for point, campaign in _visits(store, splits(name, 2), project_id)
        for skip in store.find("skip", project_id, join_key([point.id, campaign.id]))
    ]


def _custody_events(
    store: Store, name: str, project_id: str | None
) -> list[RecordView]:
    return [
        event
        for code, step, at in splits(name, 3)
        for sample in samples_called(store, code, project_id)
        for event in store.find(
            "custody_event", project_id, join_key([sample.id, step, at])
        )
    ]


def _forms(store: Store, name: str, project_id: str | None) -> list[RecordView]:
    return [
        form
        for parts in splits(name, 2)
        for form in store.records("question_form", project_id)
        if [form.fields.get("asked_of"), str(form.fields.get("number"))] == [*parts]
    ]


def _answers(store: Store, name: str, project_id: str | None) -> list[RecordView]:
    return [
        answer
        for about, question in splits(name, 2)
        for kind in ("plot", "point", "core", "sample")
        for view in by_path(store, kind, about, project_id)
        for answer in store.referring(f"{kind}_id", [view.id])
        if answer.type == "answer" and answer.fields.get("question") == question
    ]


def _practices(store: Store, name: str, project_id: str | None) -> list[RecordView]:
    return [
        practice
        for plot_code, what in splits(name, 2)
        for plot in store.find("plot", project_id, plot_code)
        for practice in store.records("practice", plot.project_id, [plot.id])
        if practice.fields.get("what") == what
    ]


def _cores(store: Store, name: str, project_id: str | None) -> list[RecordView]:
    found = []
    for point_name, campaign_name, number in [
        *splits(name, 3),
        *((path, campaign, "1") for path, campaign in splits(name, 2)),
    ]:
        parts = [(point_name, campaign_name)]
        for point, campaign in _visits(store, parts, project_id):
            key = join_key([point.id, campaign.id, number])
            found += store.find("core", project_id, key)
    return found


def _visits(
    store: Store, parts: Iterable[Sequence[str]], project_id: str | None
) -> Iterator[tuple[RecordView, RecordView]]:
    """Find points and campaigns by their names."""
    for point_name, campaign_name in parts:
        for point in by_path(store, "point", point_name, project_id):
            for campaign in store.find("campaign", point.project_id, campaign_name):
                yield point, campaign


def _results(store: Store, name: str, project_id: str | None) -> list[RecordView]:
    found = []
    for code, analyte, replicate in [
        *splits(name, 3),
        *((code, analyte, "1") for code, analyte in splits(name, 2)),
    ]:
        for sample in samples_called(store, code, project_id):
            key = join_key([sample.id, analyte, replicate])
            found += store.find("result", project_id, key)
    return found


#: How records are found of which the name begins with that of another one.
_FINDERS: Final[Mapping[str, Callable[[Store, str, str | None], list[RecordView]]]] = {
    "design": partial(_of_plot, "design"),
    "point": partial(_of_plot, "point"),
    "core": _cores,
    "sample": samples_called,
    "question_form": _forms,
    "answer": _answers,
    "skip": _skips,
    "custody_event": _custody_events,
    "result": _results,
    "practice": _practices,
}
