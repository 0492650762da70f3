"""What becomes of the controls of a table: new, here already, or otherwise than here."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final, NamedTuple

from schemas.additions import Addition
from schemas.lab.matching import LabLine, refused
from schemas.lab.quality import written
from schemas.lab.readings import Standing
from schemas.plausibility.records import Fields
from schemas.records import TYPES
from schemas.rules import TO_G_KG
from schemas.tables.differing import Differing
from schemas.validate import errors, load_record

_SAME: Final = 1e-6
#: The values of a control that are compared with the one that is here.
_COMPARED: Final = ("value", "detection_limit", "certified_value", "first_value")


class ControlLine(NamedTuple):
    """A control, and what becomes of it; `patch` is what the one that is here lacks."""

    standing: Standing
    line: LabLine
    fields: Fields
    record_id: str | None = None
    why: str = ""
    here: str = ""
    patch: Mapping[str, Any] | None = None

    def wanted(self, how: Differing) -> Addition | None:
        """Return what is to be kept of the control."""
        if self.standing is Standing.NEW:
            return Addition("lab_control", None, self.fields)
        if self.patch:
            return Addition("lab_control", self.record_id, self.patch)
        if self.standing is not Standing.DIFFERS or how is Differing.KEEP:
            return None
        if how is Differing.REPLICATE:
            return Addition("lab_control", None, self.fields)
        values = {n: v for n, v in self.fields.items() if n not in _NAMED}
        return Addition("lab_control", self.record_id, _EMPTIED | values)


_NAMED: Final = TYPES["lab_control"].key
#: A value that replaces another one empties what it does not say.
_EMPTIED: Final = dict.fromkeys(("value", "censored", "detection_limit"))


def judged(
    own: Sequence[tuple[LabLine, Fields]], here: Sequence[tuple[str, Fields]]
) -> Iterator[ControlLine]:
    """Judge the controls of one label; those that are here answer one each."""
    left = list(here)
    others = []
    for line, fields in own:
        same = next((each for each in left if _is_same(fields, each[1])), None)
        if same is None:
            others.append((line, fields))
        else:
            left.remove(same)
            yield _equal(line, fields, *same)
    free = _free({int(fields["number"]) for _, fields in here})
    for line, fields in others:
        numbered = {**fields, "number": next(free)}
        problems = errors(load_record("lab_control", numbered)[1])
        if problems:
            judged_line = refused(line, problems[0])
            standing, why = judged_line.standing, judged_line.why
            yield ControlLine(standing, line, numbered, why=why)
        elif left:
            yield _differing(line, numbered, *left.pop(0))
        else:
            yield ControlLine(Standing.NEW, line, numbered)


def _equal(line: LabLine, fields: Fields, name: str, known: Fields) -> ControlLine:
    """Return a control that is here, with what only the table says of it."""
    said = _in_unit(fields, known["unit"])
    patch = {n: v for n, v in said.items() if known.get(n) is None}
    whole = {**known, **patch}
    return ControlLine(Standing.EQUAL, line, whole, name, patch=patch or None)


def _differing(
    line: LabLine, fields: dict[str, Any], name: str, known: Fields
) -> ControlLine:
    certified = _in_unit(known, fields["unit"]).get("certified_value")
    if certified is not None:
        fields.setdefault("certified_value", certified)
    why = "another batch? say --batch NAME; corrected? --differing replace"
    return ControlLine(Standing.DIFFERS, line, fields, name, why, written(known))


def _in_unit(fields: Fields, unit: str) -> dict[str, Any]:
    """Return the fields of a control with its values in another unit."""
    own, other = TO_G_KG.get(fields["unit"], 1.0), TO_G_KG.get(unit, 1.0)
    values = {n: v for n in _COMPARED if (v := fields.get(n)) is not None}
    if own == other:
        return {**fields}
    return {**fields, **{n: v * own / other for n, v in values.items()}, "unit": unit}


def _free(taken: set[int]) -> Iterator[int]:
    return (number for number in count(1) if number not in taken)


def _is_same(one: Fields, other: Fields) -> bool:
    """Return whether two controls say the same, compared in one unit.

    What one of them does not say is no difference, but for its value.
    """
    scales = [TO_G_KG.get(each["unit"], 1.0) for each in (one, other)]
    if (one.get("value") is None) != (other.get("value") is None):
        return False
    for name in _COMPARED:
        first, second = one.get(name), other.get(name)
        if first is None or second is None:
            continue
        first, second = first * scales[0], second * scales[1]
        if abs(first - second) > _SAME * max(abs(second), _SAME):
            return False
    return True
