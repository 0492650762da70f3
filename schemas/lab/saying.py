"""What a person may say of a laboratory's tables, checked: the same on both sides."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from schemas.lab.check import pairs
from schemas.lab.layout import COLUMN_ROLES, LabHabits
from schemas.lab.words import ANALYTES
from schemas.tables.head import unit_of
from schemas.typed import read_number
from schemas.vocabulary import BULK_DENSITY_DEFINITION, LAB_METHOD

DEFINITIONS: Final = tuple(BULK_DENSITY_DEFINITION.codes)


class SayingError(ValueError):
    """What was said of a table cannot be understood; `hint` says what can."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text, self.hint = text, hint


def read_saying(
    columns: Sequence[str],
    units: Sequence[str],
    methods: Sequence[str],
    density_definition: str | None,
    references: Sequence[str] = (),
) -> LabHabits:
    """Return what was said by pairs NAME=VALUE.

    Raises
    ------
    SayingError
        If a pair is none, or names what does not exist.
    """
    meanings = {*COLUMN_ROLES, *ANALYTES}
    found_units = {
        name: unit_of(unit) or unit for name, unit in _pairs("unit", units).items()
    }
    said = LabHabits(
        _pairs("column", columns),
        found_units,
        _pairs("method", methods),
        density_definition,
        _certified(references),
    )
    _check("column", said.columns.values(), meanings)
    _check("unit", said.units, ANALYTES)
    _check("unit", (u for u in said.units.values() if unit_of(u) is None), ())
    _check("method", said.methods, ANALYTES)
    _check("method", said.methods.values(), LAB_METHOD.codes)
    return said


def _certified(references: Sequence[str]) -> dict[str, float]:
    found = {}
    for code, text in _pairs("reference", references).items():
        value = read_number(text)
        if isinstance(value, str) or value <= 0.0:
            raise SayingError(
                f"--reference {code}={text} has no value",
                "give its certified value in the unit of the table, such as CRM-A=2.31",
            )
        found[code] = value
    return found


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    try:
        return pairs(texts)
    except ValueError as error:
        raise SayingError(
            f"--{option} {error} says nothing", f"write it as --{option} NAME=VALUE"
        ) from None


def _check(option: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            hint = f"one of: {', '.join(sorted(known))}" if known else "such as g_kg"
            raise SayingError(f"--{option}: {name} is not known", hint)
