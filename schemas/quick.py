"""Load what is as it should be by functions that are written from the schemas.

marshmallow stays the one truth. Data that passes every look of a table is what
marshmallow would give, at a twentieth of the cost. Anything else goes to marshmallow, which
alone finds problems and words them (schemas/judging.py); it costs 60 ms to import, and
most commands never need it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.fields import FieldError, PlainField
from schemas.quick_checks import Look, look_of

#: Sets of names whose function is remembered.
_FUNCTIONS: Final = 500

#: Gives clean data of one set of names, or raises a fault.
_Clean = Callable[[Mapping[str, Any]], dict[str, Any]]


class SurpriseError(Exception):
    """The data is for marshmallow to judge."""


class Entry(NamedTuple):
    """One field: how its value is looked at, and what stands for one that is absent."""

    name: str
    look: Look
    takes_null: bool
    is_required: bool
    default: Callable[[], Any] | None = None


class QuickTable:
    """The looks of one kind of data; `faults` are what its own checks raise."""

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
        self._functions: dict[tuple[object, ...], _Clean | None] = {}

    def clean(self, data: object, *, partial: bool = False) -> dict[str, Any] | None:
        """Return clean data; None where marshmallow is to judge."""
        if not isinstance(data, Mapping):
            return None
        names = (partial, *data)
        try:
            function = self._functions[names]
        except KeyError:
            function = self._remembered(names, data)
        if function is None:
            return None
        try:
            return function(data)
        except self._faults:
            return None  # marshmallow finds every problem, not only the first

    def _remembered(
        self, names: tuple[object, ...], data: Mapping[str, Any]
    ) -> _Clean | None:
        """Return how data of these names is read: the same few sets come again and again."""
        if len(self._functions) >= _FUNCTIONS:
            self._functions.clear()  # a stranger may send any names
        plan = self._planned(data, partial=bool(names[0]))
        found = self._functions[names] = None if plan is None else _function(plan)
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


def _function(plan: Iterable[Entry]) -> _Clean:
    """Write a function that reads data of known names, one look after the other."""
    uses: dict[str, object] = {}
    lines, clean = [], []
    for place, entry in enumerate(plan):
        value = f"value_{place}"
        clean.append(f"{entry.name!r}: {value}")
        if entry.default:
            uses[f"default_{place}"] = entry.default
            lines.append(f"{value} = default_{place}()")
            continue
        unless = f"None if {value} is None else " if entry.takes_null else ""
        lines.append(f"{value} = data[{entry.name!r}]")
        lines.append(f"{value} = {unless}{_looked_at(entry.look, value, place, uses)}")
    lines.append(f"return {{{', '.join(clean)}}}")
    function: _Clean = _written("data", lines, uses)
    return function


def check_of(look: Look) -> Callable[[Any], Any]:
    """Return a function of one value that gives the clean value, or raises."""
    uses: dict[str, object] = {}
    said = _looked_at(look, "value", 0, uses)
    check: Callable[[Any], Any] = _written("value", [f"return {said}"], uses)
    return check


def _looked_at(look: Look, value: str, place: int, uses: dict[str, object]) -> str:
    """Return the expression of a clean value, and add what it uses, named by its place."""
    names = {name: f"{name}_{place}" for name in look.uses}
    uses |= {names[name]: used for name, used in look.uses.items()}
    uses[f"own_{place}"] = look.own
    passes = look.passes.format(value=value, **names)
    gives = look.gives.format(value=value, **names)
    return f"{gives} if {passes} else own_{place}({value})"


def _written(argument: str, lines: Sequence[str], uses: dict[str, object]) -> Any:  # noqa: ANN401 - a function
    """Return a function of these lines: all names in them are our own fields'."""
    exec(f"def read({argument}):\n  " + "\n  ".join(lines), uses)  # noqa: S102
    return uses["read"]


def table_of(fields: Mapping[str, PlainField]) -> QuickTable:
    """Return the table of a record's fields."""
    entries = (
        Entry(name, look_of(field), field.allow_none, field.required)
        for name, field in fields.items()
    )
    return QuickTable(entries, (FieldError,))
