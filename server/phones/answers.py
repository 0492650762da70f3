"""What the answers of a form become: records, and the files that belong to them. Pure.

Nothing is judged here. What is no number stays as it was written, and a question that
nobody knows becomes a field that no record has: the merge says what is wrong with both.
"""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from xml.etree.ElementTree import Element

from schemas import limits
from schemas.fields import PlainField
from schemas.ids import natural_id
from schemas.one_line import one_line
from schemas.places.safe_xml import child, said
from schemas.problems import Problem
from schemas.records import TYPES, record_id
from server.phones.filled import FilledForm, FormError, answers_in
from server.phones.names import (
    CORE_FORM,
    LAYER,
    PERSON,
    PHOTO,
    PHOTOS,
    PLACE,
    PLOT,
    POINT,
    SAMPLE_CODE,
    SAMPLED_AT,
    TYPED_CODE,
)

#: Older versions of Collect leave out the minutes of an offset.
_SHORT_OFFSET: Final = re.compile(r"(.*T.*[+-][0-9]{2})([0-9]{2})?")
#: Latitude, longitude, altitude, accuracy; the last two may be missing.
_PLACE_PARTS: Final = (2, 3, 4)
#: Fields that no answer gives.
_SAID_HERE: Final = frozenset({"core_id", "attachments", "explained"})
#: Makes of a label that was scanned or typed the code that is kept.
ReadLabel = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class AnsweredRecord:
    """A record, or fields of one, that a form speaks of.

    `photos` names the files that belong to it; `problem` is why it waits whatever the
    merge says.
    """

    type: str
    id: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    photos: Sequence[str] = ()
    problem: Problem | None = None

    @property
    def is_of_files(self) -> bool:
        """Return whether it says nothing but which files a record has."""
        return self.fields.keys() == {"attachments"}


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change that is to be written; `seen` is the row whose files it adds to, if any."""

    record: AnsweredRecord
    seen: int | None = None

    def because(self, problem: Problem | None) -> "PlannedChange":
        """Return the change with why it waits, unless it waits for another reason."""
        if problem is None or self.record.problem is not None:
            return self
        return replace(self, record=replace(self.record, problem=problem))


def person_of(filled: FilledForm) -> str | None:
    """Return who filled the form in, where it says so in a line that can be kept."""
    try:
        return one_line(said(child(filled.root, PERSON)), limits.NAME_CHARS)
    except ValueError:
        return None


def records_of(
    project_id: str, filled: FilledForm, read_label: ReadLabel
) -> list[AnsweredRecord]:
    """Return what a form becomes, parents first.

    Raises
    ------
    FormError
        If it has more layers than a form may have.
    """
    if filled.form_id == CORE_FORM:
        return list(_core(project_id, filled, read_label))
    return list(_photographed(filled))


def files_of(records: Sequence[AnsweredRecord]) -> list[str]:
    """Return the names of the files that a form has, each once."""
    return list(dict.fromkeys(name for one in records for name in one.photos))


def _core(
    project_id: str, filled: FilledForm, read_label: ReadLabel
) -> Iterator[AnsweredRecord]:
    core = _read(filled.root, "core", (PERSON, PLOT, PLACE, SAMPLED_AT))
    if SAMPLED_AT in core.apart:
        core.fields[SAMPLED_AT] = _instant(core.apart[SAMPLED_AT])
    if PLACE in core.apart:
        core.fields |= _place(core.apart[PLACE])
    layers = core.groups.get(LAYER, [])
    if len(layers) > limits.FORM_LAYERS:
        raise FormError(f"it has {len(layers)} layers; {limits.FORM_LAYERS} fit")
    core_id = record_id(project_id, "core", core.fields)
    photos = _photos_in(core)
    yield AnsweredRecord("core", core_id, core.fields, photos)
    bags = []
    for place, layer in enumerate(layers, start=1):
        bag = _read(layer, "sample", (PHOTO, TYPED_CODE, SAMPLE_CODE))
        bag.fields |= {"core_id": core_id, **_label_of(bag, read_label)}
        # Without a label there is nothing by which two bags would meet.
        bag_id = (
            record_id(project_id, "sample", bag.fields)
            if SAMPLE_CODE in bag.fields
            else natural_id(project_id, "sample", [core_id, filled.instance_id, place])
        )
        names = [bag.apart[PHOTO]] if PHOTO in bag.apart else []
        bags.append(AnsweredRecord("sample", bag_id, bag.fields, names))
        for name, text in (*bag.unknown.items(), *_nested(bag)):
            core.add_unknown(f"{LAYER} {place} {name}", text)
    yield from _told_twice(bags)
    if core.unknown:
        yield AnsweredRecord("core", core_id, core.unknown)


def _label_of(bag: "_Answers", read_label: ReadLabel) -> dict[str, str]:
    """Return the label of a bag as it was scanned, or else as it was typed."""
    for name in (SAMPLE_CODE, TYPED_CODE):
        if name in bag.apart:
            return {SAMPLE_CODE: read_label(bag.apart[name])}
    return {}


def _told_twice(bags: Sequence[AnsweredRecord]) -> Iterator[AnsweredRecord]:
    """Return bags; one whose label another layer of the form has already waits."""
    first: dict[str, int] = {}
    for place, bag in enumerate(bags, start=1):
        before = first.setdefault(bag.id, place)
        if before == place:
            yield bag
            continue
        code = bag.fields["sample_code"]
        detail = f"layers {before} and {place} of the form"
        problem = Problem("label_twice", "sample_code", code, detail)
        yield AnsweredRecord(bag.type, bag.id, bag.fields, bag.photos, problem)


def _photographed(filled: FilledForm) -> Iterator[AnsweredRecord]:
    """Return the plot or point that photos are of."""
    found = _read(filled.root, "point", (PERSON, PLOT, POINT))
    kind = "point" if POINT in found.apart else "plot"
    target = found.apart.get(POINT) or found.apart.get(PLOT, "")
    photos = _photos_in(found)
    yield AnsweredRecord(kind, target, {}, photos)
    unknown = {**found.fields, **found.unknown}
    for place, layer in enumerate(found.groups.get(LAYER, ()), start=1):
        unknown[f"{LAYER} {place}"] = _all_of(layer)
    if unknown:
        yield AnsweredRecord(kind, target, unknown)


@dataclass(slots=True)
class _Answers:
    """Answers of one group: fields of its record, what is read apart, what nobody knows."""

    fields: dict[str, Any] = field(default_factory=dict)
    apart: dict[str, str] = field(default_factory=dict)
    groups: dict[str, list[Element]] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    def add_unknown(self, name: str, text: str) -> None:
        """Keep an answer that nobody knows, beside others of its name."""
        number, place = 1, name
        while place in self.unknown:
            number += 1
            place = f"{name} ({number})"
        self.unknown[place] = text


def _read(element: Element, record_type: str, apart: Collection[str]) -> _Answers:
    """Return the answers below an element; a second one to a question nobody knows."""
    found, known = _Answers(), TYPES[record_type].fields
    for name, text, each in answers_in(element):
        if name in {LAYER, PHOTOS}:
            found.groups.setdefault(name, []).append(each)
            if text:
                found.add_unknown(name, text)
        elif len(each) or name in found.apart or name in found.fields:
            found.add_unknown(name, _all_of(each))
        elif name in apart:
            found.apart[name] = text
        elif name in known and name not in _SAID_HERE:
            found.fields[name] = _value(known[name], text)
        else:
            found.add_unknown(name, text)
    return found


def _photos_in(found: _Answers) -> list[str]:
    """Return the names of the files of photos; what else is beside them nobody knows."""
    names = []
    for repeat in found.groups.get(PHOTOS, ()):
        for name, text, element in answers_in(repeat):
            if name == PHOTO and not len(element):
                names.append(text)
            else:
                found.add_unknown(name, _all_of(element))
    return names


def _nested(bag: _Answers) -> Iterator[tuple[str, str]]:
    """Return what stands below a bag where no repeat belongs."""
    for name, elements in bag.groups.items():
        yield name, " ".join(map(_all_of, elements))


def _place(text: str) -> dict[str, Any]:
    """Return the fields of a position: latitude, longitude, altitude and accuracy in m.

    A point that was chosen on a map comes with an accuracy of 0.

    Examples
    --------
    >>> _place("48.8 2.3 100.0 4.5")
    {'lat': 48.8, 'lon': 2.3, 'accuracy_m': 4.5, 'position_source': 'phone'}
    >>> _place("48.8 2.3 0 0"), _place("here")
    ({'lat': 48.8, 'lon': 2.3, 'position_source': 'map'}, {'lat': 'here'})
    """
    parts = text.split()
    if len(parts) not in _PLACE_PARTS:
        return {"lat": text}
    fields, number = TYPES["core"].fields, {}
    for name, said_of_it in zip(("lat", "lon"), parts, strict=False):
        number[name] = _value(fields[name], said_of_it)
    accuracy = _value(fields["accuracy_m"], parts[3]) if len(parts) == 4 else 0.0
    if accuracy == 0.0:
        return {**number, "position_source": "map"}
    return {**number, "accuracy_m": accuracy, "position_source": "phone"}


def _value(kind: PlainField, text: str) -> object:
    """Return an answer as a value; a number that is none to a computer stays text."""
    value = kind.read(text)
    is_endless = isinstance(value, float) and not math.isfinite(value)
    return text if is_endless else value


def _instant(text: str) -> str:
    """Return a time with the minutes of its offset.

    Examples
    --------
    >>> _instant("2026-05-04T10:15:00.000+02"), _instant("2026-05-04T10:15:00+0530")
    ('2026-05-04T10:15:00.000+02:00', '2026-05-04T10:15:00+05:30')
    >>> _instant("2026-05-04T10:15:00Z"), _instant("noon")
    ('2026-05-04T10:15:00Z', 'noon')
    """
    found = _SHORT_OFFSET.fullmatch(text)
    return f"{found[1]}:{found[2] or '00'}" if found else text


def _all_of(element: Element) -> str:
    """Return the text of an answer and of all below it."""
    return " ".join(" ".join(element.itertext()).split())
