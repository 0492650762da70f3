"""Load what is as it should be from a table of checks.

marshmallow stays the one truth. Data that passes every check of a table is what
marshmallow would give, at a tenth of the cost. Anything else goes to marshmallow, which
alone finds problems and words them (schemas/judging.py); it costs 60 ms to import, and
most commands never need it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from schemas.fields import FieldError, PlainField
from schemas.quick_checks import Check, quick_check

#: Sets of names whose reading is remembered.
_PLANS: Final = 500


class SurpriseError(Exception):
    """The data is for marshmallow to judge."""


class Entry(NamedTuple):
    """One field: how its value is checked, and what stands for one that is absent."""

    name: str
    check: Check
    takes_null: bool
    is_required: bool
    default: Callable[[], Any] | None = None


class QuickTable:
    """The checks of one kind of data; `faults` are what they raise."""

    def __init__(
        self,
        entries: Iterable[Entry],
        faults: tuple[type[Exception], ...],
        *,
        takes_unknown: bool = False,
    ) -> None:
        self._entries = list(entries)
        self._faults: tuple[type[Exception], ...] = (SurpriseError, *faults)
        self._takes_unknown = takes_unknown
        self._plans: dict[tuple[object, ...], list[Entry] | None] = {}

    def clean(self, data: object, *, partial: bool = False) -> dict[str, Any] | None:
        """Return clean data; None where marshmallow is to judge."""
        if not isinstance(data, Mapping):
            return None
        plan = self._plan(data, partial=partial)
        if plan is None:
            return None
        try:
            return {
                step.name: step.default()
                if step.default
                else None
                if (value := data[step.name]) is None and step.takes_null
                else step.check(value)
                for step in plan
            }
        except self._faults:
            return None  # marshmallow finds every problem, not only the first

    def _plan(self, data: Mapping[str, Any], *, partial: bool) -> list[Entry] | None:
        """Return how data of these names is read: the same few sets come again and again."""
        names = (partial, *data)
        try:
            return self._plans[names]
        except KeyError:
            if len(self._plans) >= _PLANS:
                self._plans.clear()  # a stranger may send any names
            found = self._plans[names] = self._planned(data, partial=partial)
            return found

    def _planned(self, data: Mapping[str, Any], *, partial: bool) -> list[Entry] | None:
        """Return the fields in order: those with a default are the ones that data leaves out."""
        said = [entry for entry in self._entries if entry.name in data]
        if len(said) < len(data) and not self._takes_unknown:
            return None
        if partial:
            return [entry._replace(default=None) for entry in said]
        unsaid = [entry for entry in self._entries if entry.name not in data]
        if any(entry.is_required for entry in unsaid):
            return None
        return self._in_order(said, unsaid)

    def _in_order(self, said: list[Entry], unsaid: list[Entry]) -> list[Entry]:
        steps = {entry.name: entry._replace(default=None) for entry in said}
        steps |= {entry.name: entry for entry in unsaid if entry.default}
        return [steps[e.name] for e in self._entries if e.name in steps]


def table_of(fields: Mapping[str, PlainField]) -> QuickTable:
    """Return the table of a record's fields."""
    entries = (
        Entry(name, quick_check(field), field.allow_none, field.required)
        for name, field in fields.items()
    )
    return QuickTable(entries, (FieldError,))
