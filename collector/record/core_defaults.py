"""What goes without saying of a core in the field, and where it was taken from."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from collector.laptop.laptop import Laptop
from collector.record.holes import CountedHoles
from collector.rules.overlay import RecordView
from schemas.phrases import _

#: Fields that a core takes over from the one before it.
CARRIED: Final = ("tool", "inner_diameter_mm", "cores_composited")
#: What the project calls them.
_USUAL: Final = {"tool": "usual_tool", "inner_diameter_mm": "usual_diameter_mm"}

OF_LAST_CORE: Final = _("as in your last core")
_OF_PROJECT: Final = _("as usual in the project")
_OF_HOLES: Final = _("as many holes were counted")


class FilledIn(NamedTuple):
    """A field that was not typed, its value, and where that is from."""

    field: str
    value: Any
    source: str


def defaults_of(
    laptop: Laptop, project: RecordView, campaign: RecordView
) -> list[FilledIn]:
    """Return tool, diameter and number of cores that a core has where nobody says more."""
    last = laptop.store.last_own("core", "campaign_id", campaign.id)
    usual = {name: project.fields.get(field) for name, field in _USUAL.items()}
    return list(_carried(last.fields if last else {}, usual))


def _carried(last: Mapping[str, Any], usual: Mapping[str, Any]) -> Iterator[FilledIn]:
    for name in CARRIED:
        if last.get(name) is not None:
            yield FilledIn(name, last[name], OF_LAST_CORE)
        elif usual.get(name) is not None and _is_of_tool(last, usual):
            yield FilledIn(name, usual[name], _OF_PROJECT)


def _is_of_tool(last: Mapping[str, Any], usual: Mapping[str, Any]) -> bool:
    """Return whether what is usual is of the tool that was used last."""
    return last.get("tool") in {None, usual.get("tool")}


def filled_in(
    given: Mapping[str, Any], defaults: list[FilledIn], holes: CountedHoles | None
) -> list[FilledIn]:
    """Return what of a core is filled in beside what was given.

    A diameter belongs to its tool: with another tool it is not taken over.

    >>> usual = [FilledIn("tool", "auger", ""), FilledIn("inner_diameter_mm", 50.0, "")]
    >>> [one.field for one in filled_in({"tool": "ring"}, usual, None)]
    []
    """
    tool = next((one.value for one in defaults if one.field == "tool"), None)
    other_tool = given.get("tool") not in {None, tool}
    found = []
    if holes is not None and given.get("cores_composited") is None:
        found.append(FilledIn("cores_composited", holes.in_all, _OF_HOLES))
    known = {*given, *(one.field for one in found)}
    if other_tool:
        known.add("inner_diameter_mm")
    return [*found, *(one for one in defaults if one.field not in known)]
