"""Which bag a reading is of, and what it adds to what is here."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.additions import Addition
from schemas.lab.bags import Bags
from schemas.lab.layout import LabHabits
from schemas.lab.readings import Reading, Standing
from schemas.plausibility.records import Fields
from schemas.problems import Problem
from schemas.rules import TO_G_KG
from schemas.validate import errors, load_record

#: Values that differ by less are one value, printed otherwise.
_SAME: Final = 1e-6
_DENSITY: Final = "bulk_density_g_cm3"
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DENSITY_UNITS: Final = frozenset({"g_cm3", "kg_m3"})


class LabLine(NamedTuple):
    """A reading, the bag it is of, and what becomes of it.

    `here` is the value that the record has already, `spelled` the label of the bag where
    the laboratory writes it otherwise.
    """

    standing: Standing
    reading: Reading
    bag: str = ""
    why: str = ""
    here: str = ""
    spelled: str = ""
    addition: Addition | None = None


def match(
    readings: Iterable[Reading],
    bags: Bags,
    habits: LabHabits,
    lab: str,
    keys: Mapping[str, str],
) -> list[LabLine]:
    """Return what becomes of each reading, in their order.

    Parameters
    ----------
    readings
        The cells of the laboratory's tables.
    bags
        What is here.
    habits
        What a person said of this laboratory.
    lab
        The name of the laboratory, kept with each result.
    keys
        The label of a bag by the laboratory's own number.
    """
    lines: list[LabLine] = []
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for reading in readings:
        line, sample_id = _found(reading, bags, keys)
        if sample_id:
            groups[sample_id, reading.analyte].append(len(lines))
        lines.append(line)
    for (sample_id, analyte), places in groups.items():
        own = [lines[place] for place in places]
        if analyte == _DENSITY:
            judged = _densities(own, bags, sample_id, habits)
        else:
            judged = list(_results(own, bags, sample_id, lab))
        for place, line in zip(places, judged, strict=True):
            lines[place] = line
    return lines


def _found(
    reading: Reading, bags: Bags, keys: Mapping[str, str]
) -> tuple[LabLine, str]:
    """Return the line of a reading, and the id of its bag where it is to be judged."""
    if reading.standing is not None:
        return LabLine(reading.standing, reading, why=reading.why), ""
    code = code_of(reading, keys)
    meant = bags.meant(code, reading.depths_cm) if code else []
    if len(meant) != 1:
        return _nobody(reading, code, sorted(map(bags.label, meant)), keys), ""
    (sample_id,) = meant
    label = bags.label(sample_id)
    is_same = code == label or reading.depths_cm is not None
    line = LabLine(Standing.NEW, reading, label, spelled="" if is_same else code)
    missing = _missing(reading)
    if missing is None:
        return line, sample_id
    return line._replace(standing=missing, why=to_say(missing, reading.analyte)), ""


def to_say(missing: Standing, analyte: str) -> str:
    """Return what to type where a table does not say the unit or the method of a value.

    >>> to_say(Standing.NO_UNIT, "soc"), to_say(Standing.NO_METHOD, "soc")
    ('say --unit soc=g_kg or soc=pct', 'say --method soc=dry_combustion')
    """
    if missing is Standing.NO_METHOD:
        return f"say --method {analyte}={_USUAL_METHOD.get(analyte, 'dry_combustion')}"
    first, second = ("g_cm3", "kg_m3") if analyte == _DENSITY else ("g_kg", "pct")
    return f"say --unit {analyte}={first} or {analyte}={second}"


#: What most laboratories do, as an example of what to say.
_USUAL_METHOD: Final = {
    "inorganic_carbon": "calcimeter",
    "calcium_carbonate": "calcimeter",
    "organic_matter": "loss_on_ignition",
    "water_content": "oven",
    "clay": "other",
}


def code_of(reading: Reading, keys: Mapping[str, str]) -> str:
    """Return the label of a reading: its own, else that of its number."""
    return (
        reading.code or keys.get(reading.number) or keys.get(_bare(reading.number), "")
    )


def _bare(number: str) -> str:
    """Return a number without zeros in front, as spreadsheets leave it."""
    return number.lstrip("0")


def _missing(reading: Reading) -> Standing | None:
    """Return what the table does not say of a value."""
    if reading.unit is None:
        return Standing.NO_UNIT
    if reading.analyte == _DENSITY and reading.unit not in _DENSITY_UNITS:
        return Standing.NO_UNIT
    needs_method = reading.method is None and reading.analyte != _DENSITY
    return Standing.NO_METHOD if needs_method else None


def _nobody(
    reading: Reading, code: str, labels: Sequence[str], keys: Mapping[str, str]
) -> LabLine:
    """Return the line of a reading that is of no bag, or of one of several."""
    if labels:
        why = f"it may be {' or '.join(labels)}"
        return LabLine(Standing.AMBIGUOUS, reading, code, why)
    why = "no bag has this label"
    if not code:
        why = "no bag is named; write its label into the row"
    if _DAY.fullmatch(code):
        why += "; a spreadsheet may have made a date of it: restore it as text"
    if code and reading.depths_cm is not None:
        top_cm, bottom_cm = reading.depths_cm
        why = f"no core there has a bag of {top_cm:g} to {bottom_cm:g} cm"
    if not code and reading.number:
        why = (
            f"the key has no bag for number {reading.number}"
            if keys
            else "a number of the laboratory: give a table of numbers and bags, too, by --key FILE"
        )
    return LabLine(Standing.UNKNOWN, reading, code or reading.number, why)


def _results(
    lines: Sequence[LabLine], bags: Bags, sample_id: str, lab: str
) -> Iterator[LabLine]:
    """Judge the readings of one analyte of one bag; several of a file are replicates."""
    here = bags.results(sample_id, lines[0].reading.analyte)
    equal = _equal(lines, here)
    confirmed = {name for name, _ in equal.values()}
    left = [each for each in here if each[0] not in confirmed]
    taken = {fields["replicate"] for _, fields in here}
    number = 0
    for place, line in enumerate(lines):
        if place in equal:
            addition = _batch_of_known(*equal[place], line.reading, lab)
            yield line._replace(standing=Standing.EQUAL, addition=addition)
            continue
        number = _next(taken, line.reading.replicate, number)
        fields = _fields(line.reading, sample_id, lab, number)
        problems = errors(load_record("result", fields)[1])
        if problems:
            yield refused(line, problems[0])
            continue
        taken.add(number)
        if not here:
            yield line._replace(addition=Addition("result", None, fields))
            continue
        yield _differing(line, fields, _replaced(left, line.reading.replicate), here)


def refused(line: LabLine, problem: Problem) -> LabLine:
    """Return a line whose value no record can hold."""
    is_out = problem.code == "out_of_range"
    return line._replace(
        standing=Standing.OUT_OF_RANGE if is_out else Standing.REFUSED,
        why=f"{problem.text}; {problem.hint}",
    )


def _replaced(
    left: list[tuple[str, Fields]], replicate: int | None
) -> tuple[str, Fields] | None:
    """Take out the result that a reading would replace: its replicate, else the first one.

    What the file itself says again is not among them.
    """
    same = (each for each in left if each[1]["replicate"] == replicate)
    found = next(same, left[0] if left else None)
    if found is not None:
        left.remove(found)
    return found


def _differing(
    line: LabLine,
    fields: Mapping[str, Any],
    replaced: tuple[str, Fields] | None,
    here: Sequence[tuple[str, Fields]],
) -> LabLine:
    """Return a reading that differs from what is here; without one left it is one more."""
    record_id, known = replaced or (None, here[0][1])
    return line._replace(
        standing=Standing.DIFFERS,
        here=_written(known),
        addition=Addition("result", record_id, fields),
    )


def _batch_of_known(
    result_id: str, known: Fields, reading: Reading, lab: str
) -> Addition | None:
    """Return the batch of a result that is here without one, so that it is judged by it."""
    if reading.batch is None or known.get("lab_batch") is not None:
        return None
    return Addition("result", result_id, {"lab": lab, "lab_batch": reading.batch})


def _equal(
    lines: Sequence[LabLine], here: list[tuple[str, Fields]]
) -> dict[int, tuple[str, Fields]]:
    """Return by their places the readings that are here already, each result once."""
    left = [(_comparable(fields), name, fields) for name, fields in here]
    equal = {}
    for place, line in enumerate(lines):
        reading = line.reading
        own = _comparable(
            {
                "value": reading.value,
                "detection_limit": reading.limit,
                "unit": reading.unit,
            }
        )
        same = next((each for each in left if _is_same(own, each[0])), None)
        if same is not None:
            left.remove(same)
            equal[place] = same[1:]
    return equal


def _comparable(fields: Fields) -> tuple[float | None, float | None]:
    """Return value and limit in one unit."""
    scale = TO_G_KG.get(fields["unit"], 1.0)
    value, limit = fields.get("value"), fields.get("detection_limit")
    return (
        None if value is None else value * scale,
        None if limit is None or value is not None else limit * scale,
    )


def _is_same(
    first: tuple[float | None, float | None], second: tuple[float | None, float | None]
) -> bool:
    for one, other in zip(first, second, strict=True):
        if (one is None) != (other is None):
            return False
        if (
            one is not None
            and other is not None
            and abs(one - other) > _SAME * abs(other)
        ):
            return False
    return True


def _next(taken: set[int], said: int | None, before: int) -> int:
    number = said if said is not None else before + 1
    while number in taken:
        number += 1
    return number


def _fields(
    reading: Reading, sample_id: str, lab: str, replicate: int
) -> dict[str, Any]:
    censored = "<" if reading.limit is not None else None
    fields = {
        "sample_id": sample_id,
        "analyte": reading.analyte,
        "replicate": replicate,
        "value": reading.value,
        "unit": reading.unit,
        "method": reading.method,
        "censored": censored,
        "detection_limit": reading.limit,
        "lab": lab,
        "lab_batch": reading.batch,
        "analysed_on": reading.analysed_on,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _densities(
    lines: Sequence[LabLine], bags: Bags, sample_id: str, habits: LabHabits
) -> list[LabLine]:
    """Judge the densities of a bag, which has one: of several, none is chosen."""
    values = {_in_g_cm3(line.reading) for line in lines}
    if len(values) > 1:
        numbers = ", ".join(str(line.reading.line) for line in lines)
        why = f"several densities of one bag, in lines {numbers}: give their mean in one row"
        return [line._replace(standing=Standing.REFUSED, why=why) for line in lines]
    first, *others = lines
    again = f"as in line {first.reading.line}"
    return [
        _density(first, bags, sample_id, habits),
        *(one._replace(standing=Standing.TWICE, why=again) for one in others),
    ]


def _in_g_cm3(reading: Reading) -> float | None:
    """Return a density in g/cm3."""
    if reading.value is None or reading.unit != "kg_m3":
        return reading.value
    return reading.value / 1000.0


def _density(line: LabLine, bags: Bags, sample_id: str, habits: LabHabits) -> LabLine:
    """Judge a bulk density, which is of the bag itself."""
    reading, sample = line.reading, bags.records.of_type("sample")[sample_id]
    definition = sample.get("bulk_density_definition") or habits.density_definition
    if definition is None:
        why = "which density is it? say --density-definition whole, fine_earth_only or fine_in_total"
        return line._replace(standing=Standing.NO_METHOD, why=why)
    value = _in_g_cm3(reading)
    known = sample.get(_DENSITY)
    patch = {_DENSITY: value, "bulk_density_definition": definition}
    problems = errors(load_record("sample", {**sample, **patch})[1])
    if problems or value is None:
        why = "a density is needed, not a limit"
        no_value = line._replace(standing=Standing.REFUSED, why=why)
        return refused(line, problems[0]) if problems else no_value
    if known is not None and abs(known - value) <= _SAME * known:
        return line._replace(standing=Standing.EQUAL)
    standing = line.standing if known is None else Standing.DIFFERS
    here = "" if known is None else f"{known:g} g_cm3"
    addition = Addition("sample", sample_id, patch)
    return line._replace(standing=standing, here=here, addition=addition)


def _written(fields: Fields) -> str:
    if fields.get("value") is None:
        return f"<{fields['detection_limit']:g} {fields['unit']}"
    return f"{fields['value']:g} {fields['unit']}"
