"""The records that are looked at together, and what was found about one of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from schemas.explained import why
from schemas.problems import Problem
from schemas.records import TYPES
from schemas.validate import missing_fields

Fields = Mapping[str, Any]


class Warned(NamedTuple):
    """A warning about one record, with the ids of the others that it follows from."""

    record_type: str
    record_id: str
    warning: Problem
    others: tuple[str, ...] = ()
    explained: str | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of all records that the warning follows from."""
        return (self.record_id, *self.others)


class Records:
    """Live records by type and id, and what refers to what.

    One that lacks a required field is left out: it says too little to be odd.
    """

    def __init__(self, records: Iterable[tuple[str, str, Fields]]) -> None:
        self._of_type: dict[str, dict[str, Fields]] = {name: {} for name in TYPES}
        self._below: dict[tuple[str, str], list[str]] = defaultdict(list)
        for record_type, record_id, fields in records:
            if not missing_fields(record_type, fields):
                self._of_type[record_type][record_id] = fields
        for record_type, kept in self._of_type.items():
            for record_id, fields in kept.items():
                for name in TYPES[record_type].references:
                    if fields.get(name):
                        self._below[record_type, fields[name]].append(record_id)

    def of_type(self, record_type: str) -> Mapping[str, Fields]:
        """Return the records of a type by their ids."""
        return self._of_type[record_type]

    def get(self, record_type: str, record_id: str | None) -> Fields | None:
        """Return the fields of a record, or None when it is not here."""
        return self._of_type[record_type].get(record_id or "")

    def below(self, record_type: str, target: str) -> Iterator[tuple[str, Fields]]:
        """Return the records of a type that refer to another record."""
        kept = self._of_type[record_type]
        return (
            (name, kept[name]) for name in self._below.get((record_type, target), ())
        )

    def every(self) -> Iterator[tuple[str, str, Fields]]:
        """Return every record with its type and id."""
        for record_type, kept in self._of_type.items():
            for record_id, fields in kept.items():
                yield record_type, record_id, fields

    def name(self, record_type: str, record_id: str) -> str:
        """Return what people call a record: its own name behind those of its parents."""
        kind, fields = TYPES[record_type], self.get(record_type, record_id) or {}
        parts = [
            self.name(kind.references[part], fields[part])
            if part in kind.references
            else str(fields[part])
            for part in kind.name_fields
            if fields.get(part) is not None
        ]
        return "/".join(parts) or record_id

    def plot_of_core(self, core: Fields) -> tuple[str, Fields | None]:
        """Return the id and the fields of the plot that a core was taken on."""
        point = self.get("point", core.get("point_id")) or {}
        plot_id = str(point.get("plot_id") or "")
        return plot_id, self.get("plot", plot_id)

    def with_reasons(self, found: Iterable[Warned]) -> Iterator[Warned]:
        """Return warnings with why each is right all the same, where somebody said so."""
        for one in found:
            fields = self.get(one.record_type, one.record_id) or {}
            yield one._replace(
                explained=why(one.warning, fields.get("explained") or ())
            )
