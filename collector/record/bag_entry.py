"""The bags of one core, judged together: each stands or falls by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.laptop.laptop import Laptop
from collector.record import entry, names
from collector.record.core_outcome import RefusedBag, SavedBag, bag_command
from collector.record.typed_layers import ReadLayer
from collector.rules.overlay import RecordView
from collector.store.port import Store
from schemas import limits
from schemas.explained import explained_with
from schemas.plausibility.records import Fields, Warned
from schemas.problems import Problem
from schemas.validate import errors, load_record


@dataclass(frozen=True, slots=True)
class JudgedBags:
    """Bags that can be saved, and those that cannot."""

    good: Sequence[SavedBag]
    refused: Sequence[RefusedBag]


def judged_bags(
    laptop: Laptop,
    project_id: str,
    core_id: str,
    core_name: str,
    core: Fields,
    layers: Sequence[ReadLayer],
) -> JudgedBags:
    """Judge the bags of a core: fields, depths, and whether their labels are free."""
    codes = [str(one.fields["sample_code"]) for one in layers]
    taken = laptop.store.find_all("sample", project_id, codes)
    first: dict[str, int] = {}
    good: list[dict[str, Any]] = []
    refused = []
    for layer in layers:
        fields, problems = _judged(core_id, core, layer)
        code = str(fields.get("sample_code", ""))
        problems += _label_problems(laptop.store, code, taken, first)
        first.setdefault(code, layer.number)
        if problems:
            command = bag_command(core_name, layer, problems)
            refused.append(RefusedBag(layer, problems, command))
        else:
            good.append(fields)
    ids = entry.mint_all(laptop, project_id, "sample", good)
    saved = [SavedBag(name, fields) for name, fields in zip(ids, good, strict=True)]
    return JudgedBags(saved, refused)


def with_reasons(
    new: Sequence[tuple[str, str, Fields]],
    odd: Sequence[Warned],
    because: str,
    person: str | None,
) -> list[tuple[str, str, Fields]]:
    """Return records with why what is odd about each is right."""
    found: list[tuple[str, str, Fields]] = []
    for kind, record_id, fields in new:
        own = [one.warning for one in odd if one.record_id == record_id]
        said = explained_with((), own[: limits.EXPLANATIONS], because, person)
        more = {"explained": said} if said else {}
        found.append((kind, record_id, {**fields, **more}))
    return found


def _judged(
    core_id: str, core: Fields, layer: ReadLayer
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the clean fields of a bag, and what refuses it."""
    fields, found = load_record("sample", {"core_id": core_id, **layer.fields})
    known = {problem.path for problem in layer.problems}
    others = [one for one in errors(found) if one.path not in known]
    problems = [*layer.problems, *others]
    if not problems:
        problems = entry.depth_problems(core, fields)
    return fields, problems


def _label_problems(
    store: Store, code: str, taken: Mapping[str, RecordView], first: Mapping[str, int]
) -> list[Problem]:
    """Return that a label is on another bag already, and where that is."""
    other = taken.get(code)
    if other is not None:
        top, bottom = other.fields["depth_top_cm"], other.fields["depth_bottom_cm"]
        core = store.record(str(other.fields["core_id"]))
        where = names.label(store, core) if core else "a core that is not here"
        detail = f"the bag {top:g} to {bottom:g} cm of {where}"
        return [Problem("key_taken", "sample_code", code, detail)]
    if code in first:
        detail = f"layer {first[code]} of this core has it"
        return [Problem("key_taken", "sample_code", code, detail)]
    return []
