"""Which batch a reading is of where its row does not say."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from schemas import limits
from schemas.lab.readings import Reading, Standing

Named = Sequence[tuple[str, Reading]]


class Batched(NamedTuple):
    """Readings by the name of their file, and those batches whose name is a guess."""

    readings: Named
    guessed: frozenset[str]


def batched(readings: Named, said: str | None) -> Batched:
    """Return readings with their batches.

    The batch of a row that names none is the one a person said, else the only one of its
    file, else, where the file has controls, the file itself: controls and results that came
    together are of one batch. A file without controls is left as it is.
    """
    if said is not None:
        return Batched([(n, _named(r, said)) for n, r in readings], frozenset())
    known = _only_batches(readings)
    with_controls = _files_with_controls(readings)
    found, guessed = [], set()
    for name, reading in readings:
        batch = known.get(name)
        if reading.batch is None and batch is None and name in with_controls:
            batch = _stem(name)
            guessed.add(batch)
        found.append((name, _named(reading, batch)))
    return Batched(found, frozenset(guessed))


def _named(reading: Reading, batch: str | None) -> Reading:
    return reading if reading.batch else reading._replace(batch=batch)


def _only_batches(readings: Named) -> Mapping[str, str | None]:
    """Return the batch of each file that has one alone; of one with several there is none."""
    said: dict[str, set[str]] = defaultdict(set)
    for name, reading in readings:
        if reading.batch:
            said[name].add(reading.batch)
    return {n: next(iter(own)) for n, own in said.items() if len(own) == 1}


def _files_with_controls(readings: Iterable[tuple[str, Reading]]) -> set[str]:
    """Return the files with rows of controls, or with a bag that stands twice.

    A file whose rows name several batches says itself what is of which.
    """
    found, times, several = set(), Counter[tuple[str, str, str]](), set()
    for name, reading in readings:
        if reading.standing is Standing.TWICE:
            continue
        times[name, reading.code or reading.number, reading.analyte] += 1
        if reading.standing is Standing.CONTROL or reading.duplicate_of:
            found.add(name)
        if reading.batch:
            several.add(name)
    found |= {name for (name, _, _), number in times.items() if number > 1}
    return found - several


def _stem(name: str) -> str:
    own = re.split(r"[/\\]", name)[-1]
    stem = (own.rpartition(".")[0] or own).strip()
    return stem[: limits.CODE_CHARS].strip() or "table"
