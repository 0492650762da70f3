"""Which bag a reading is of, and what it adds to what is here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from schemas.additions import Addition
from schemas.lab.layout import LabHabits
from schemas.lab.readings import Reading, Standing
from schemas.plausibility.lookalikes import skeleton
from schemas.plausibility.records import Fields, Records
from schemas.rules import TO_G_KG
from schemas.validate import errors, load_record

#: Values that differ by less are one value, printed otherwise.
_SAME: Final = 1e-6
_DENSITY: Final = "bulk_density_g_cm3"


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


class Bags:
    """The bags of a project by their labels, and what is known of each."""

    def __init__(self, records: Records) -> None:
        self._exact: dict[str, str] = {}
        self._loose: dict[str, list[str]] = defaultdict(list)
        self._layers: dict[tuple[str, float, float], list[str]] = defaultdict(list)
        self.records = records
        for sample_id, sample in records.of_type("sample").items():
            self._exact[sample["sample_code"]] = sample_id
            for form in _loose(sample["sample_code"]):
                self._loose[form].append(sample_id)
            for place in _places(records, sample):
                layer = (place.casefold(), *_layer(sample))
                self._layers[layer].append(sample_id)

    def meant(
        self, code: str, depths_cm: tuple[float, float] | None = None
    ) -> list[str]:
        """Return the bags a code may mean: just this one, else all that read the same.

        With depths the code is that of a place, and the bags are those of a layer there.
        """
        if depths_cm is not None:
            top_cm, bottom_cm = (round(depth, 1) for depth in depths_cm)
            return self._layers.get((code.casefold(), top_cm, bottom_cm), [])
        if code in self._exact:
            return [self._exact[code]]
        found = (self._loose.get(form, ()) for form in _loose(code))
        return list(dict.fromkeys(chain.from_iterable(found)))

    def label(self, sample_id: str) -> str:
        """Return the label of a bag."""
        return str(self.records.of_type("sample")[sample_id]["sample_code"])

    def results(self, sample_id: str, analyte: str) -> list[tuple[str, Fields]]:
        """Return the results of one analyte of a bag, by their replicates."""
        found = [
            each
            for each in self.records.below("result", sample_id)
            if each[1]["analyte"] == analyte
        ]
        return sorted(found, key=lambda each: int(each[1]["replicate"]))


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
            judged = [_density(line, bags, sample_id, habits) for line in own]
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
    code = reading.code or keys.get(reading.number, "")
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
    what, such = ("unit", "g_kg") if missing is Standing.NO_UNIT else _A_METHOD
    why = f"say --{what} {reading.analyte}={such}"
    return line._replace(standing=missing, why=why), ""


def _missing(reading: Reading) -> Standing | None:
    """Return what the table does not say of a value."""
    if reading.unit is None:
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
    why = "no bag has this label" if code else "no bag is named"
    if code and reading.depths_cm is not None:
        top_cm, bottom_cm = reading.depths_cm
        why = f"no core there has a bag of {top_cm:g} to {bottom_cm:g} cm"
    if not code and keys:
        why = f"the key has no bag for number {reading.number}"
    return LabLine(Standing.UNKNOWN, reading, code or reading.number, why)


_A_METHOD: Final = ("method", "dry_combustion")


def _results(
    lines: Sequence[LabLine], bags: Bags, sample_id: str, lab: str
) -> Iterator[LabLine]:
    """Judge the readings of one analyte of one bag; several of a file are replicates."""
    here = bags.results(sample_id, lines[0].reading.analyte)
    equal = _equal(lines, here)
    taken = {fields["replicate"] for _, fields in here}
    number = 0
    for place, line in enumerate(lines):
        if place in equal:
            yield line._replace(standing=Standing.EQUAL)
            continue
        number = _next(taken, line.reading.replicate, number)
        fields = _fields(line.reading, sample_id, lab, number)
        problems = errors(load_record("result", fields)[1])
        if problems:
            why = f"{problems[0].text}; {problems[0].hint}"
            yield line._replace(standing=Standing.REFUSED, why=why)
            continue
        taken.add(number)
        if not here:
            yield line._replace(addition=Addition("result", None, fields))
            continue
        result_id, known = here[0]
        yield line._replace(
            standing=Standing.DIFFERS,
            here=_written(known),
            addition=Addition("result", result_id, fields),
        )


def _equal(lines: Sequence[LabLine], here: list[tuple[str, Fields]]) -> set[int]:
    """Return the places of the readings that are here already, each result once."""
    left = [_comparable(fields) for _, fields in here]
    equal = set()
    for place, line in enumerate(lines):
        reading = line.reading
        own = _comparable(
            {
                "value": reading.value,
                "detection_limit": reading.limit,
                "unit": reading.unit,
            }
        )
        same = [other for other in left if _is_same(own, other)]
        if same:
            left.remove(same[0])
            equal.add(place)
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


def _density(line: LabLine, bags: Bags, sample_id: str, habits: LabHabits) -> LabLine:
    """Judge a bulk density, which is of the bag itself."""
    reading, sample = line.reading, bags.records.of_type("sample")[sample_id]
    definition = sample.get("bulk_density_definition") or habits.density_definition
    if definition is None:
        why = "which density is it? say --density-definition whole, fine_earth_only or fine_in_total"
        return line._replace(standing=Standing.NO_METHOD, why=why)
    value = reading.value
    if value is not None and reading.unit == "kg_m3":
        value /= 1000.0
    known = sample.get(_DENSITY)
    patch = {_DENSITY: value, "bulk_density_definition": definition}
    problems = errors(load_record("sample", {**sample, **patch})[1])
    if value is None or problems:
        why = (
            f"{problems[0].text}; {problems[0].hint}"
            if problems
            else "a density is needed"
        )
        return line._replace(standing=Standing.REFUSED, why=why)
    addition = Addition("sample", sample_id, patch)
    if known is None:
        return line._replace(addition=addition)
    if abs(known - value) <= _SAME * known:
        return line._replace(standing=Standing.EQUAL)
    return line._replace(
        standing=Standing.DIFFERS, here=f"{known:g} g_cm3", addition=addition
    )


def _written(fields: Fields) -> str:
    if fields.get("value") is None:
        return f"<{fields['detection_limit']:g} {fields['unit']}"
    return f"{fields['value']:g} {fields['unit']}"


def _loose(code: str) -> set[str]:
    """Return a code as it reads without its dashes: tubes come back without them."""
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return {skeleton(code).replace("-", ""), plain}


def _places(records: Records, sample: Fields) -> set[str]:
    """Return how the place of a bag may be called in a table with a column for each layer."""
    if records.get("core", sample["core_id"]) is None:
        return set()
    path = records.name("core", sample["core_id"])
    plot, point, campaign = [*path.split("/"), "", "", ""][:3]
    return {
        path,
        f"{plot}/{point}",
        f"{plot}-{point}",
        f"{plot}/{point}/{campaign}",
        f"{campaign}/{plot}/{point}",
    }


def _layer(sample: Fields) -> tuple[float, float]:
    return round(sample["depth_top_cm"], 1), round(sample["depth_bottom_cm"], 1)
