"""What becomes of a feature: the plot or point that it is, and how it stands to what is here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from schemas.additions import Addition
from schemas.places.feature import Feature
from schemas.plausibility.planar import area_ha, centre, distance_m, polygons
from schemas.told import told


class PlaceStanding(StrEnum):
    """How a feature stands to what is here."""

    NEW = "new"
    FILLS = "fills in"  # what is empty here; nothing is replaced
    HERE = "already here"
    DIFFERS = "differs"
    SEVERAL = "several plots"
    REFUSED = "refused"


#: What needs a person.
OPEN: Final = (PlaceStanding.SEVERAL, PlaceStanding.REFUSED, PlaceStanding.DIFFERS)


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that is here with another value than in the file, both in words."""

    field: str
    here: str
    in_file: str

    def __str__(self) -> str:
        return (
            f"{self.field} is {self.here or 'empty'} here, {self.in_file} in the file"
        )


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A feature, the record that it is, and what becomes of it.

    `spelled` is the code of its plot where the file writes it otherwise.
    """

    standing: PlaceStanding
    feature: Feature
    kind: str
    name: str = ""
    why: str = ""
    hint: str = ""
    spelled: str = ""
    differences: Sequence[FieldDifference] = ()
    addition: Addition | None = None
    new_id: str = ""  # what a new record is called by until it is kept

    def spelled_as(self, spelled: str) -> "PlaceLine":
        """Return the line with the code of its plot as the file writes it."""
        return replace(self, spelled=spelled)


def compared(
    feature: Feature,
    kind: str,
    name: str,
    record: tuple[str, Mapping[str, Any]],
    patch: Mapping[str, Any],
) -> PlaceLine:
    """Return how a feature stands to a record that is here; the patch is what differs."""
    record_id, here = record
    if not patch:
        return PlaceLine(PlaceStanding.HERE, feature, kind, name)
    found = differences_of(here, patch)
    is_empty = all(here.get(field) is None for field in patch)
    standing = PlaceStanding.FILLS if is_empty else PlaceStanding.DIFFERS
    return PlaceLine(
        standing,
        feature,
        kind,
        name,
        "; ".join(map(str, found)),
        "" if is_empty else "--differing replace takes what the file says",
        differences=found,
        addition=Addition(kind, record_id, patch),
    )


def differences_of(
    here: Mapping[str, Any], patch: Mapping[str, Any]
) -> list[FieldDifference]:
    """Return in words how a record differs; longitude and latitude are one place."""
    if "lon" in patch:
        return [
            FieldDifference("place", _place(here), _place(patch) + _apart(here, patch))
        ]
    called = {"geometry": "boundary", "area_ha": "area-ha"}
    return [
        FieldDifference(
            called.get(name, name),
            _said(here.get(name)),
            _said(value) + _moved(here.get(name), value),
        )
        for name, value in patch.items()
    ]


def _said(value: object) -> str:
    if not isinstance(value, dict):
        return told(value)
    corners = sum(len(ring) - 1 for polygon in polygons(value) for ring in polygon)
    return f"{area_ha(value):.4g} ha with {corners} corners"


def _moved(here: object, value: object) -> str:
    """Return how far the middle of a boundary is from where it is here."""
    if not isinstance(here, dict) or not isinstance(value, dict):
        return ""
    return f" ({distance_m(centre(here), centre(value)):.1f} m away)"


def _place(fields: Mapping[str, Any]) -> str:
    if fields.get("lon") is None or fields.get("lat") is None:
        return ""
    return f"{fields['lon']:.7g}, {fields['lat']:.7g}"


def _apart(here: Mapping[str, Any], patch: Mapping[str, Any]) -> str:
    if not _place(here):
        return ""
    metres = distance_m((here["lon"], here["lat"]), (patch["lon"], patch["lat"]))
    return f" ({metres:.1f} m away)"
