"""Custody of bags: what happened to each, where it is now, what is to be handed over."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from collector.errors import NotFoundError, RefusedError
from collector.laptop.laptop import Laptop
from collector.record import entry, names
from collector.record.labels import as_meant, samples_called
from collector.rules.keys import natural_order
from collector.rules.overlay import RecordView
from schemas.labels.codes import printed
from schemas.phrases import _, joined
from schemas.told import told
from schemas.vocabulary import CUSTODY_STEP

#: Steps of a bag that is still with those who took it.
HERE: Final = ("bagged", "boxed")
HANDED_OVER: Final = "handed_over"

#: Each step in words.
STEPS: Final = MappingProxyType(
    {
        "bagged": _("bagged"),
        "boxed": _("boxed"),
        "handed_over": _("handed over"),
        "received": _("received"),
        "dried": _("dried"),
        "sieved": _("sieved"),
        "archived": _("archived"),
    }
)


@dataclass(frozen=True, slots=True)
class Bag:
    """A bag with its story, oldest step first."""

    sample: RecordView
    events: Sequence[RecordView]

    @property
    def code(self) -> str:
        """Return its code as it is kept."""
        return str(self.sample.fields["sample_code"])

    @property
    def last(self) -> RecordView | None:
        """Return its last step, where there is one."""
        return self.events[-1] if self.events else None

    @property
    def step(self) -> str | None:
        """Return what happened to it last."""
        return self.last.fields["step"] if self.last else None

    def latest(self, name: str) -> str | None:
        """Return what the latest step says of a field, of those that say anything."""
        said = (event.fields.get(name) for event in reversed(self.events))
        return next((str(text) for text in said if text), None)

    @property
    def now(self) -> str:
        """Return where it is now, in words."""
        if self.last is None:
            return _("no step is recorded")
        fields = self.last.fields
        parts: list[str] = [STEPS[fields["step"]]]
        if fields.get("to_whom"):
            parts.append(_("to {whom}", whom=fields["to_whom"]))
        if box := self.latest("box"):
            parts.append(_("in box {box}", box=box))
        if fields.get("place"):
            parts.append(_("at {place}", place=fields["place"]))
        return joined([joined(parts, " "), fields["at"], fields["who"]])


def bags(laptop: Laptop, project_id: str | None) -> list[Bag]:
    """Return every bag with its story, in the order people count."""
    stories: dict[str, list[RecordView]] = {}
    for event in laptop.store.records("custody_event", project_id):
        stories.setdefault(event.fields["sample_id"], []).append(event)
    samples = laptop.store.records("sample", project_id)
    found = (Bag(one, _in_order(stories.get(one.id, ()))) for one in samples)
    return sorted(found, key=lambda bag: natural_order(bag.code))


def bag_called(laptop: Laptop, code: str, project_id: str | None) -> Bag | None:
    """Return the bag that a code means as it was typed or scanned; None for no bag.

    Raises
    ------
    RefusedError
        If several projects have it.
    """
    meant = as_meant(laptop, code).text.strip()
    found = samples_called(laptop.store, meant, project_id)
    if not found:
        return None
    sample = names.one("sample", meant, found, laptop.store)
    events = laptop.store.records("custody_event", sample.project_id, [sample.id])
    return Bag(sample, _in_order(events))


def in_box(laptop: Laptop, box: str, project_id: str | None) -> list[Bag]:
    """Return the bags that were ever in a box."""
    return [
        bag
        for bag in bags(laptop, project_id)
        if any(event.fields.get("box") == box for event in bag.events)
    ]


def add_step(
    laptop: Laptop, bag: Bag, step: str, said: Mapping[str, Any]
) -> entry.Saved:
    """Keep that something happened to a bag; who is the person at work.

    Raises
    ------
    RefusedError
        If nobody is named as being at work, or what is said cannot be kept.
    """
    who = laptop.person
    if not who:
        raise RefusedError(
            _("nobody is at work on this laptop"),
            _('say who: permille person "Ada Diallo"'),
        )
    fields = {"sample_id": bag.sample.id, "step": step, "who": who, **said}
    return entry.add(laptop, "custody_event", fields, bag.sample.project_id)


def to_hand_over(
    laptop: Laptop, project_id: str, box: str | None, campaign_id: str | None = None
) -> list[Bag]:
    """Return the bags that are still here: bagged or boxed, or of no step and no result.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    under = [campaign_id] if campaign_id else []
    wanted = {one.id for one in laptop.store.records("sample", project_id, under)}
    results = laptop.store.records("result", project_id)
    measured = {one.fields["sample_id"] for one in results}
    found = [
        bag
        for bag in bags(laptop, project_id)
        if bag.sample.id in wanted
        and _is_here(bag, measured)
        and box in {None, bag.latest("box")}
    ]
    if not found:
        raise NotFoundError(
            _("no bag in box {box} waits to be handed over", box=box)
            if box
            else _("no bag waits to be handed over"),
            _("see: permille where CODE"),
        )
    return sorted(found, key=_by_box)


def _is_here(bag: Bag, measured: Container[str]) -> bool:
    """Return whether a bag is still with those who took it, as far as is known."""
    return bag.step in HERE or (bag.step is None and bag.sample.id not in measured)


def _by_box(bag: Bag) -> tuple[list[Any], list[Any]]:
    return natural_order(bag.latest("box") or ""), natural_order(bag.code)


def core_of(laptop: Laptop, bag: Bag) -> str:
    """Return the name of the core that a bag is of."""
    core = laptop.store.record(str(bag.sample.fields.get("core_id")))
    return names.label(laptop.store, core) if core else ""


def depths_of(fields: Mapping[str, Any]) -> str:
    """Return the depths of a bag.

    Examples
    --------
    >>> depths_of({"depth_top_cm": 0.0, "depth_bottom_cm": 30.0})
    '0-30 cm'
    """
    top, bottom = fields.get("depth_top_cm"), fields.get("depth_bottom_cm")
    return "" if top is None or bottom is None else f"{top:g}-{bottom:g} cm"


def as_data(laptop: Laptop, bag: Bag) -> dict[str, Any]:
    """Return a bag with its story, its core and its results as one JSON object."""
    results = laptop.store.records("result", bag.sample.project_id, [bag.sample.id])
    return {
        "code": bag.code,
        "printed": printed(bag.code),
        "core": core_of(laptop, bag),
        "depths": depths_of(bag.sample.fields),
        "step": bag.step,
        "box": bag.latest("box"),
        "now": bag.now,
        "story": [_said(event, _STORY) for event in bag.events],
        "results": [_said(result, _RESULT) for result in results],
    }


_STORY: Final = ("at", "step", "who", "to_whom", "box", "place", "note")
_RESULT: Final = ("analyte", "value", "unit", "method", "lab", "lab_batch")


def _said(view: RecordView, parts: Iterable[str]) -> dict[str, Any]:
    return {name: view.fields.get(name) for name in parts}


def lines_of_story(story: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    """Return the steps of a bag as rows of a table."""
    for step in story:
        yield [told(step.get(name)) for name in _STORY[:-1]]


def _in_order(events: Iterable[RecordView]) -> list[RecordView]:
    from datetime import datetime  # noqa: PLC0415 - for few

    steps = {code: place for place, code in enumerate(CUSTODY_STEP.codes)}
    return sorted(
        events,
        key=lambda one: (
            datetime.fromisoformat(one.fields["at"]),
            steps.get(one.fields["step"], 0),
        ),
    )
