"""The records that the rows of a file name: judged once each, and looked up together.

Rows repeat their plot, point, campaign and core, and what is on the laptop is asked for
type by type, for all rows at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from collector.tables.layers import TableLayer
from collector.tables.mapping import CHAIN
from schemas.problems import Problem
from schemas.records import key_text
from schemas.validate import errors, load_record, warnings

_REFERS: Final = {
    "plot": {},
    "point": {"plot_id": "plot"},
    "campaign": {},
    "core": {"point_id": "point", "campaign_id": "campaign"},
    "sample": {"core_id": "core"},
    "result": {"sample_id": "sample"},
}


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record that is here, or is about to be; `line` when it is of this file."""

    id: str
    fields: Mapping[str, Any]
    line: int | None = None


@dataclass(slots=True)
class NamedRecord:
    """A record as rows of a file say it, and the one that is here under its key.

    `id` is that of the record that is here, else the one it gets when it is added; what
    is wrong has neither key nor id.
    """

    type: str
    fields: dict[str, Any]
    errors: Sequence[Problem]
    warnings: Sequence[Problem]
    key: str = ""
    id: str = ""
    here: KnownRecord | None = None


class ExistingRecords(Protocol):
    """What is on the laptop."""

    def find_all(
        self, record_type: str, keys: Iterable[str]
    ) -> Mapping[str, KnownRecord]:
        """Return the live records with these natural keys, by key."""

    def mint(
        self, record_type: str, every: Sequence[Mapping[str, Any]]
    ) -> Sequence[str]:
        """Return for each record the id every laptop would give, or a fresh one."""


class _Given(NamedTuple):
    """A record as the row of a line says it, with what it refers to."""

    line: int
    values: Mapping[str, Any]
    above: tuple[str, ...]

    @property
    def key(self) -> tuple[object, ...]:
        """Return what is one and the same where rows share the values of a record."""
        return id(self.values), *self.above


def named_records(
    existing: ExistingRecords, layers: Sequence[TableLayer]
) -> dict[int, list[NamedRecord]]:
    """Return the records of each layer by its line, parents first.

    What belongs to a record that is wrong cannot be named, and is left out.
    """
    found: dict[int, list[NamedRecord]] = {layer.line: [] for layer in layers}
    ids: dict[int, dict[str, str]] = {layer.line: {} for layer in layers}
    for record_type in (*CHAIN, "result"):
        kinds = _REFERS[record_type].values()
        given = [
            _Given(layer.line, each, tuple([above[kind] for kind in kinds]))
            for layer in layers
            if (above := ids.get(layer.line)) is not None
            for each in _of_type(layer, record_type)
        ]
        named = _named(existing, record_type, given)
        for (line, _, _), record in zip(given, named, strict=True):
            found[line].append(record)
            if record.errors:
                ids.pop(line, None)
            elif line in ids:
                ids[line][record_type] = record.id
    return found


def _of_type(layer: TableLayer, record_type: str) -> Sequence[Mapping[str, Any]]:
    return layer.results if record_type == "result" else (layer.records[record_type],)


def _named(
    existing: ExistingRecords, record_type: str, given: Sequence[_Given]
) -> list[NamedRecord]:
    """Judge records of one type, what rows share once, and look them up."""
    places = [each.key for each in given]
    judged = {
        place: _judged(record_type, each)
        for place, each in dict(zip(places, given, strict=True)).items()
    }
    keys = {
        place: key_text(record_type, record.fields)
        for place, record in judged.items()
        if not record.errors
    }
    found = existing.find_all(record_type, keys.values())
    new = [place for place, key in keys.items() if key not in found]
    minted = existing.mint(record_type, [judged[place].fields for place in new])
    new_ids = dict(zip(new, minted, strict=True))
    for place, key in keys.items():
        record, here = judged[place], found.get(key)
        record.key, record.here = key, here
        record.id = here.id if here else new_ids[place]
    return [judged[place] for place in places]


def _judged(record_type: str, given: _Given) -> NamedRecord:
    refers = dict(zip(_REFERS[record_type], given.above, strict=True))
    fields, problems = load_record(record_type, {**given.values, **refers})
    return NamedRecord(record_type, fields, errors(problems), warnings(problems))
