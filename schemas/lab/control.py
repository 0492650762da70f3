"""Quality control of a laboratory's table: blanks, reference materials, second readings.

Limits are the usual ones of soil laboratories: a reference is found to 95 to 105 %, two
readings of a bag differ by a tenth at most (by a fifth below 10 g/kg), a blank holds less
than half a gram a kilogram, and one bag in twenty is read twice.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from schemas.lab.matching import LabLine
from schemas.lab.readings import Reading, Standing
from schemas.rules import TO_G_KG

RECOVERY: Final = (0.95, 1.05)
DIFFERENCE: Final = 0.10
DIFFERENCE_LOW: Final = 0.20
LOW_G_KG: Final = 10.0
BLANK_G_KG: Final = 0.5
PAIRED_SHARE: Final = 0.05
#: So many bags are read before the share of second readings says anything.
_FEWEST_BAGS: Final = 20
_BLANK: Final = re.compile(r"(blank|blk|leer|blanc|blanco)", re.IGNORECASE)


class Check(NamedTuple):
    """One thing that was looked at: what it came to, and whether it is within its limits."""

    batch: str
    analyte: str
    what: str
    found: str
    within: bool


def checks(
    lines: Iterable[LabLine], references: Mapping[str, float]
) -> Iterator[Check]:
    """Return what the controls of a table say, batch by batch.

    `references` has the certified value of each reference material, in the unit in which
    the table gives it.
    """
    groups: dict[tuple[str, str], list[LabLine]] = defaultdict(list)
    for line in lines:
        reading = line.reading
        groups[reading.batch or reading.sheet, reading.analyte].append(line)
    for (batch, analyte), own in groups.items():
        for said in _of_batch(own, references):
            yield Check(batch, analyte, *said)


def _of_batch(
    lines: Sequence[LabLine], references: Mapping[str, float]
) -> Iterator[tuple[str, str, bool]]:
    """Return what was looked at in one batch, what was found, and if it is within limits."""
    for line in lines:
        if line.standing is Standing.CONTROL:
            found = _control(line.reading, references)
            if found is not None:
                yield found
    pairs = list(_pairs(lines))
    for bag, first, second in pairs:
        yield (f"bag {bag} twice", *_apart(first, second))
    bags = {one.bag for one in lines if one.reading.value is not None and one.bag}
    if len(bags) >= _FEWEST_BAGS:
        share = len({bag for bag, _, _ in pairs}) / len(bags)
        yield "read twice", f"{share:.0%} of the bags", share >= PAIRED_SHARE


def _control(
    reading: Reading, references: Mapping[str, float]
) -> tuple[str, str, bool] | None:
    """Judge a blank, or a reference whose value is known."""
    certified = references.get(reading.code)
    if certified:
        if reading.value is None:
            return f"reference {reading.code}", reading.text, False
        recovery = reading.value / certified
        low, high = RECOVERY
        said = f"{reading.value:g}, {recovery:.1%} of {certified:g}"
        return f"reference {reading.code}", said, low <= recovery <= high
    if not _BLANK.match(reading.code):
        return None
    held_g_kg = (reading.value or 0.0) * TO_G_KG.get(reading.unit or "", 1.0)
    return f"blank {reading.code}", reading.text, held_g_kg <= BLANK_G_KG


def _pairs(lines: Sequence[LabLine]) -> Iterator[tuple[str, Reading, Reading]]:
    """Yield each further reading of a bag beside its first."""
    first: dict[str, Reading] = {}
    for line in lines:
        if line.bag and line.reading.value is not None:
            known = first.setdefault(line.bag, line.reading)
            if known is not line.reading:
                yield line.bag, known, line.reading


def _apart(first: Reading, second: Reading) -> tuple[str, bool]:
    """Return how far two readings are apart, relative to their mean, and if that is little."""
    values = [
        (one.value or 0.0) * TO_G_KG.get(one.unit or "", 1.0) for one in (first, second)
    ]
    mean = sum(values) / 2.0
    apart = abs(values[0] - values[1]) / mean if mean else 0.0
    most = DIFFERENCE_LOW if mean < LOW_G_KG else DIFFERENCE
    return f"{first.text} and {second.text}, {apart:.1%} apart", apart <= most
