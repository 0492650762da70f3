"""Strict fields that hold many: sets of names, areas of strata, depths of layers."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from schemas import limits
from schemas.fields import Code, FieldError, Number, PlainField, fail
from schemas.typed import TYPED, Notation, read_areas, read_number, split


class NameSet(PlainField):
    """A set of short names, written as a sorted list without repetition."""

    def read(self, text: str, notation: Notation = TYPED) -> object:
        """Return the names that were typed in one text."""
        return split(text, notation) or text

    def read_items(self, items: Sequence[str]) -> object:
        """Return the names that were typed one by one."""
        return list(items)

    def check(self, value: object) -> list[str]:
        """Refuse repetitions, blanks and endless lists."""
        if not isinstance(value, list):
            raise fail("not_a_list", value)
        if len(value) > limits.SET_ITEMS:
            raise fail("too_many", len(value), f"{limits.SET_ITEMS} at most")
        item = Code()
        names = [item.check(name) for name in value]
        if len(set(names)) != len(names):
            raise fail("repeated", value)
        return sorted(names)

    def bounds(self) -> dict[str, Any]:
        """Return how many names fit, and how long they may be."""
        return {"items": limits.SET_ITEMS, "most": limits.CODE_CHARS}


class StratumAreas(PlainField):
    """Areas in ha by the name of the stratum, written in the order of the names."""

    def read(self, text: str, notation: Notation = TYPED) -> object:
        """Return the areas that were typed in one text."""
        return read_areas(split(text, notation), notation)

    def read_items(self, items: Sequence[str]) -> object:
        """Return the areas that were typed one by one."""
        return read_areas(items)

    def check(self, value: object) -> dict[str, float]:
        """Refuse what names no stratum, and areas that are none."""
        if not isinstance(value, dict) or not value:
            raise fail("bad_areas", value)
        if len(value) > limits.SET_ITEMS:
            raise fail("too_many", len(value), f"{limits.SET_ITEMS} at most")
        areas = {
            _STRATUM.check(name): _area(name, area) for name, area in value.items()
        }
        if len(areas) != len(value):
            raise fail("repeated", list(value))
        return dict(sorted(areas.items()))

    def bounds(self) -> dict[str, Any]:
        """Return how many strata fit, how long their names and large their areas are."""
        return {
            "items": limits.SET_ITEMS,
            "most": limits.CODE_CHARS,
            "area": _AREA.bounds(),
        }


class Depths(PlainField):
    """The lower ends of layers in cm, from the surface down.

    >>> Depths().read("10 20,5 30")
    [10.0, 20.5, 30.0]
    """

    def read(self, text: str, notation: Notation = TYPED) -> object:
        """Return the depths that were typed in one text."""
        return [read_number(one, notation) for one in re.split(r"[\s;]+", text.strip())]

    def check(self, value: object) -> list[float]:
        """Refuse depths that do not grow."""
        if not isinstance(value, list) or not value:
            raise fail("not_depths", value)
        if len(value) > limits.SET_ITEMS:
            raise fail("too_many", len(value), f"{limits.SET_ITEMS} at most")
        depths = [_depth(one) for one in value]
        if any(below <= above for above, below in pairwise(depths)):
            raise fail("not_depths", value, "each deeper than the one before")
        return depths

    def bounds(self) -> dict[str, Any]:
        """Return how many layers fit, and how deep they may go."""
        return {"items": limits.SET_ITEMS, "depth": _DEPTH.bounds()}


_STRATUM: Final = Code()
_DEPTH: Final = Number(0, limits.DEPTH_MAX_CM, low_open=True)
_AREA: Final = Number(0, limits.AREA_MAX_HA, low_open=True)


def _area(name: str, area: object) -> float:
    try:
        return _AREA.check(area)
    except FieldError:
        detail = f"{name}: ha, {_AREA.range_text}"
        raise fail("bad_areas", area, detail) from None


def _depth(value: object) -> float:
    try:
        return _DEPTH.check(value)
    except FieldError:
        raise fail("not_depths", value, f"cm, {_DEPTH.range_text}") from None
