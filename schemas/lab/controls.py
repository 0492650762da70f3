"""Controls among a laboratory's readings: of which kind each is, and what it adds to what is here."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.lab.bags import Bags
from schemas.lab.control_lines import ControlLine, judged
from schemas.lab.layout import LabHabits
from schemas.lab.matching import LabLine, code_of, to_say
from schemas.lab.readings import Reading, Standing
from schemas.lab.words import CONTROL
from schemas.plausibility.records import Fields, Records
from schemas.rules import TO_G_KG
from schemas.tables.differing import Differing
from schemas.vocabulary import ANALYTE

_BLANK: Final = re.compile(r"(blank|blk|leer|blanc|blanco)", re.IGNORECASE)
#: A label that says of which bag it is a second reading: DUP P1-4, P1-4 dup 2.
_SECOND_OF: Final = re.compile(
    r"(?:duplicate|dup|doppel)[ _./-]+(?P<behind>.+)"
    r"|(?P<before>.+?)[ _./-]+(?:duplicate|dup|doppel)[ _.-]*[0-9]*",
    re.IGNORECASE,
)


def as_controls(
    readings: Iterable[tuple[str, Reading]],
    bags: Bags,
    habits: LabHabits,
    keys: Mapping[str, str],
    duplicates: Mapping[str, str],
) -> Iterator[tuple[str, Reading]]:
    """Return readings; those of references and second readings are known as controls.

    A label of a bag of ours is that bag, whatever it reads like. `keys` has labels by the
    laboratory's numbers, `duplicates` the bag of the same soil by the label of its twin.
    """
    for name, reading in readings:
        code = code_of(reading, keys)
        second_of = reading.duplicate_of or duplicates.get(code)
        found = reading._replace(duplicate_of=second_of)
        meant = bags.meant(code, reading.depths_cm) if code else []
        if code and not meant:
            yield name, _known(found, code, bags, habits)
        elif found.standing in _BY_LABEL and code in map(bags.label, meant):
            yield name, found._replace(standing=None)
        else:
            yield name, found


#: What a label alone says of its row, unless it is that of a bag.
_BY_LABEL: Final = frozenset({Standing.CONTROL, Standing.SUMMARY})


def _known(reading: Reading, code: str, bags: Bags, habits: LabHabits) -> Reading:
    """Return the reading of a label that is no bag of ours; as a control if it is one."""
    named = reading._replace(code=code)
    second_of = reading.duplicate_of or _said_second_of(code, bags)
    if second_of or CONTROL.fullmatch(code) or _is_reference(named, habits):
        standing = reading.standing or Standing.CONTROL
        return named._replace(duplicate_of=second_of, standing=standing)
    return reading


def _said_second_of(code: str, bags: Bags) -> str | None:
    """Return the bag that a label says it is a second reading of, where there is one."""
    said = _SECOND_OF.fullmatch(code)
    rest = said and (said["behind"] or said["before"])
    meant = bags.meant(rest.strip()) if rest else []
    return bags.label(meant[0]) if len(meant) == 1 else None


def blind_duplicates(records: Records) -> dict[str, str]:
    """Return the bag of the same soil by the label of each bag that is a duplicate."""
    return {
        sample["sample_code"]: sample["duplicate_of"]
        for sample in records.of_type("sample").values()
        if sample.get("duplicate_of")
    }


def _is_reference(reading: Reading, habits: LabHabits) -> bool:
    """Return whether a row is of a material that somebody knows a certified value of."""
    names = {reading.code, f"{reading.code}/{reading.analyte}"}
    return reading.certified is not None or not names.isdisjoint(habits.references)


class _Desk(NamedTuple):
    """What controls are read with."""

    bags: Bags
    references: Mapping[str, float]
    lab: str
    lines: Sequence[LabLine]
    is_of_one_analyte: bool
    differing: Differing

    def certified(self, reading: Reading) -> float | None:
        """Return the certified value of a reference: by its row, else as it was said.

        One that was said without its analyte is that of SOC, or of the only analyte.
        """
        if reading.certified is not None:
            return reading.certified
        named = self.references.get(f"{reading.code}/{reading.analyte}")
        if named is not None:
            return named
        is_meant = reading.analyte == "soc" or self.is_of_one_analyte
        return self.references.get(reading.code) if is_meant else None


def controls_of(
    lines: Sequence[LabLine],
    bags: Bags,
    references: Mapping[str, float],
    lab: str,
    differing: Differing,
) -> list[ControlLine]:
    """Return the controls among the lines of a laboratory, each against what is here.

    `differing` says what becomes of values that are here otherwise: one that is added to
    another of its batch makes a pair with it.
    """
    analytes = {line.reading.analyte for line in lines}
    desk = _Desk(bags, references, lab, lines, len(analytes) == 1, differing)
    groups: dict[tuple[object, ...], list[tuple[LabLine, Fields]]] = defaultdict(list)
    open_lines = []
    for line, fields in _raw(desk):
        if line.reading.batch is None or fields.get("unit") is None:
            open_lines.append(_unsaid(line, fields))
        else:
            groups[_place(fields)].append((line, fields))
    here = _here(bags.records, lab)
    controls = [
        control
        for place, own in groups.items()
        for control in judged(own, here.get(place, []))
    ]
    return [*controls, *open_lines]


def _place(fields: Fields) -> tuple[object, ...]:
    return tuple(fields[n] for n in ("lab_batch", "analyte", "kind", "code"))


def _here(
    records: Records, lab: str
) -> dict[tuple[object, ...], list[tuple[str, Fields]]]:
    found: dict[tuple[object, ...], list[tuple[str, Fields]]] = defaultdict(list)
    for name, fields in records.of_type("lab_control").items():
        if fields["lab"] == lab:
            found[_place(fields)].append((name, fields))
    for own in found.values():
        own.sort(key=lambda each: int(each[1]["number"]))
    return found


def _unsaid(line: LabLine, fields: Fields) -> ControlLine:
    analyte = line.reading.analyte
    if fields.get("unit") is None:
        why = to_say(Standing.NO_UNIT, analyte)
        return ControlLine(Standing.NO_UNIT, line, fields, why=why)
    return ControlLine(Standing.NO_BATCH, line, fields, why="say --batch NAME")


def _raw(desk: _Desk) -> Iterator[tuple[LabLine, Fields]]:
    """Yield the fields of every control, as yet without a number."""
    limits_ = _detection_limits(desk.lines)
    firsts = _firsts(desk.lines)
    seen: dict[tuple[str | None, ...], LabLine] = {}
    for line in desk.lines:
        reading = line.reading
        if reading.analyte not in ANALYTE:
            continue
        if reading.standing is Standing.CONTROL:
            found = _of_row(line, desk, firsts)
        else:
            found = _of_bag(line, desk, firsts, seen)
        if found is None:
            continue
        if "detection_limit" not in found:
            limit = reading.lod or limits_.get(_column(reading))
            found |= {"detection_limit": limit} if limit else {}
        yield line, found


def _of_row(line: LabLine, desk: _Desk, firsts: "_Firsts") -> dict[str, Any] | None:
    """Return the fields of a row that is a control alone; None where it says nothing."""
    reading = line.reading
    if reading.value is None and reading.limit is None:
        return None
    if reading.duplicate_of:
        return _duplicate(line, reading.duplicate_of, desk, firsts)
    if _BLANK.match(reading.code):
        return _fields(line, desk.lab, "blank")
    if _unknown_second(reading.code):
        return None
    certified = desk.certified(reading)
    more = {} if certified is None else {"certified_value": certified}
    return _fields(line, desk.lab, "reference") | more


def _unknown_second(code: str) -> bool:
    """Return whether a label speaks of a second reading, of nobody knows which bag."""
    return re.match(r"(dup|blind|doppel)", code, re.IGNORECASE) is not None


#: What becomes of readings whose bag is known, and whose value can be kept.
_OF_A_BAG: Final = frozenset({Standing.NEW, Standing.EQUAL, Standing.DIFFERS})


def _of_bag(
    line: LabLine,
    desk: _Desk,
    firsts: "_Firsts",
    seen: dict[tuple[str | None, ...], LabLine],
) -> dict[str, Any] | None:
    """Return the pair that a bag's reading makes: with its first one, or with its twin."""
    reading = line.reading
    if reading.value is None or line.standing not in _OF_A_BAG:
        return None
    if reading.duplicate_of and reading.duplicate_of != line.bag:
        return _duplicate(line, reading.duplicate_of, desk, firsts)
    # By another method it is another question, not a second reading.
    key = (line.bag, reading.analyte, reading.batch, reading.method)
    first = seen.setdefault(key, line)
    if first is not line:
        return _pair(line, desk.lab, line.bag, first.reading)
    if (
        line.standing is not Standing.DIFFERS
        or desk.differing is not Differing.REPLICATE
    ):
        return None
    here = _first_here(desk, desk.bags.meant(line.bag), reading, is_of_batch=True)
    return None if here is None else _pair(line, desk.lab, line.bag, here)


#: The first reading with a value of each bag and analyte, by batch and in any batch.
_Firsts = Mapping[tuple[str, str, str | None], Reading]


def _firsts(lines: Iterable[LabLine]) -> _Firsts:
    found: dict[tuple[str, str, str | None], Reading] = {}
    for line in lines:
        reading = line.reading
        if line.standing in _OF_A_BAG and reading.value is not None:
            found.setdefault((line.bag, reading.analyte, reading.batch), reading)
            found.setdefault((line.bag, reading.analyte, None), reading)
    return found


def _duplicate(
    line: LabLine, of: str, desk: _Desk, firsts: _Firsts
) -> dict[str, Any] | None:
    """Return the pair of a blind duplicate and the bag of the same soil."""
    reading = line.reading
    meant = desk.bags.meant(of)
    label = desk.bags.label(meant[0]) if len(meant) == 1 else of
    first = firsts.get((label, reading.analyte, reading.batch)) or firsts.get(
        (label, reading.analyte, None)
    )
    if first is None:
        first = _first_here(desk, meant, reading)
    if first is None or reading.value is None:
        return None
    return _pair(line, desk.lab, label, first)


def _first_here(
    desk: _Desk, meant: Sequence[str], like: Reading, *, is_of_batch: bool = False
) -> Reading | None:
    """Return the first result that is here of a bag, by the same laboratory or batch."""
    for sample_id in meant:
        for _, result in desk.bags.results(sample_id, like.analyte):
            same = result.get("lab") == desk.lab and (
                not is_of_batch or result.get("lab_batch") == like.batch
            )
            if same and result.get("value") is not None:
                return like._replace(value=result["value"], unit=result["unit"])
    return None


def _pair(line: LabLine, lab: str, label: str, first: Reading) -> dict[str, Any] | None:
    """Return a duplicate, its first reading brought to the unit of the second."""
    reading = line.reading
    value = first.value
    if value is None:
        return None
    if first.unit != reading.unit:
        own, other = (TO_G_KG.get(one.unit or "") for one in (reading, first))
        if own is None or other is None:
            return None
        value *= other / own
    found = _fields(line, lab, "duplicate")
    return found | {"first_value": value, "duplicate_of": label}


def _fields(line: LabLine, lab: str, kind: str) -> dict[str, Any]:
    reading = line.reading
    said = {
        "lab": lab,
        "lab_batch": reading.batch,
        "analyte": reading.analyte,
        "kind": kind,
        "code": line.bag or reading.code or reading.number,
        "value": reading.value,
        "unit": reading.unit,
        "censored": "<" if reading.limit is not None else None,
        "detection_limit": reading.limit,
        "analysed_on": reading.analysed_on,
    }
    return {name: value for name, value in said.items() if value is not None}


#: Batch, analyte and unit: what values with one detection limit have in common.
_Column = tuple[str | None, str, str | None]


def _column(reading: Reading) -> _Column:
    return reading.batch, reading.analyte, reading.unit


def _detection_limits(lines: Iterable[LabLine]) -> dict[_Column, float]:
    """Return the lowest limit that values of a batch are said to be below."""
    found: dict[_Column, float] = {}
    for line in lines:
        limit = line.reading.limit
        if limit:
            place = _column(line.reading)
            found[place] = min(found.get(place, limit), limit)
    return found
