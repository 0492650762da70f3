"""What a header says: an analyte with unit, method, layer and replicate, or a role."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any, Final, NamedTuple

from schemas.lab.words import (
    ANALYTES,
    analyte_of,
    is_beside,
    is_preposition,
    is_summary,
    method_of,
    replicate_of,
    role_of,
)
from schemas.tables.head import unit_of

Depths = tuple[float, float]

_DEPTHS: Final = re.compile(
    r"(?P<top>[0-9]+(?:[.,][0-9]+)?) *[-_\u2013] *(?P<bottom>[0-9]+(?:[.,][0-9]+)?) *(?:cm)?",
    re.IGNORECASE,
)
_BRACKETS: Final = re.compile(r"[(\[]([^()\[\]]*)[)\]]|[\r\n]+")
_BETWEEN: Final = " _,;:-"
#: Unit, layer, replicate, method: no more stands behind a name.
_MOST_ENDS: Final = 4
_MOST_NAMES: Final = 3


class Said(NamedTuple):
    """What the header of a column says; `meaning` is an analyte or a role.

    It is certain where a person said it. `names` is what is left of it.
    """

    meaning: str | None = None
    unit: str | None = None
    method: str | None = None
    depths_cm: Depths | None = None
    replicate: int | None = None
    names: tuple[str, ...] = ()
    is_summary: bool = False
    is_certain: bool = False

    @property
    def is_known(self) -> bool:
        """Return whether something was understood of it."""
        return self != Said(names=self.names)

    @property
    def analyte(self) -> str | None:
        """Return what was measured in the column, if something was."""
        return self.meaning if self.meaning in ANALYTES else None


def said_by(texts: Sequence[str], columns: Mapping[str, str]) -> Said:
    """Return what the texts of one column say, from the top; `columns` a person said.

    >>> said_by(["SOC (g/kg)"], {})[:2], said_by(["SOC", "[%]", "ISO 10694"], {})[:3]
    (('soc', 'g_kg'), ('soc', 'pct', 'dry_combustion'))
    >>> said_by(["TOC 10 - 30 cm, rep 2"], {})[:5]
    ('soc', None, None, (10.0, 30.0), 2)
    >>> said_by(["Carbon", "organic"], {}).meaning, said_by(["pH CaCl2"], {}).meaning
    ('soc', None)
    >>> said_by(["Labor-Nr"], {}).meaning, said_by(["SOC", "Mean"], {}).meaning
    ('number', None)
    """
    said = Said()
    for text in texts:
        for piece in _pieces(text):
            said = _with(said, piece)
    called = (" ".join(texts), *texts)
    told = next((columns[name] for name in called if name in columns), None)
    if told:
        return said._replace(meaning=told, is_certain=True)
    if said.is_summary:
        return said
    if not said.names:
        # LOI is what was done and what came out of it.
        is_loss = said.method == "loss_on_ignition"
        return said._replace(meaning="organic_matter") if is_loss else said
    return said._replace(meaning=_meaning(said.names))


def _meaning(names: Sequence[str]) -> str | None:
    """Return what names together mean, or what all of them mean."""
    if len(names) <= _MOST_NAMES:
        joined = [" ".join(those) for those in permutations(names)]
        for known in (analyte_of, role_of):
            whole = next(filter(None, map(known, joined)), None)
            if whole:
                return whole
    every = {_named(name) for name in names}
    return every.pop() if len(every) == 1 else None


def _named(name: str) -> str | None:
    return analyte_of(name) or role_of(name)


def _pieces(text: str) -> Iterator[str]:
    """Yield a text, then what it says in brackets; pH (H2O) is one name."""
    if _named(text):
        yield text
        return
    yield " ".join(_BRACKETS.sub(" ", text).split())
    yield from (found[1] for found in _BRACKETS.finditer(text) if found[1])


def _with(said: Said, piece: str) -> Said:
    """Return what was said before with one piece more."""
    more = None if _is_symbol(piece) else _simple(piece)
    if more is None and not _named(piece):
        more = _ended(piece)
    if more is None:
        more = Said(names=(piece,))
    return said._replace(**_given(more), names=(*said.names, *more.names))


def _is_symbol(piece: str) -> bool:
    """Return whether a piece is a name that reads like something else: N, not n; LOI."""
    return _named(piece) is not None and method_of(piece) is None


def _given(said: Said) -> dict[str, Any]:
    return {n: v for n, v in said._asdict().items() if v and n != "names"}


def _simple(piece: str) -> Said | None:
    """Return what a piece says that is no name."""
    text = piece.strip(f"{_BETWEEN}*")
    if found := _DEPTHS.fullmatch(text):
        return _layer(found)
    if unit := unit_of(text):
        return Said(unit=unit)
    if is_beside(text):
        return Said()
    if is_summary(text):
        return Said(is_summary=True)
    found_of = Said(replicate=replicate_of(text), method=method_of(text))
    return found_of if found_of.is_known else None


def _layer(found: re.Match[str]) -> Said | None:
    top, bottom = (float(found[part].replace(",", ".")) for part in ("top", "bottom"))
    return Said(depths_cm=(top, bottom)) if top < bottom else None


def _ended(piece: str) -> Said | None:
    """Return a name with what stands around it without brackets: % SOC, SOC_0-10, SOC2."""
    said, rest = Said(), piece.strip()
    if rest.startswith("%"):
        said, rest = said._replace(unit="pct"), rest[1:].strip()
    for _ in range(_MOST_ENDS):
        if _named(rest):
            return said._replace(names=(rest,))
        cut = _cut(rest)
        if cut is None:
            return None
        rest, more = cut
        said = said._replace(**_given(more))
        before, _, last = rest.rpartition(" ")
        rest = before if is_preposition(last) else rest
    return said._replace(names=(rest,)) if _named(rest) else None


def _cut(text: str) -> tuple[str, Said] | None:
    """Return a text without the longest end that says something, and what that says."""
    for at in range(1, len(text)):
        if _may_begin(text, at):
            end = text[at:].strip(_BETWEEN)
            more = None if _is_symbol(end) else _simple(end)
            if more is not None:
                return text[:at].rstrip(_BETWEEN), more
    return None


def _may_begin(text: str, at: int) -> bool:
    """Return whether a text may be cut in two before a letter."""
    before, here = text[at - 1], text[at]
    if here in _BETWEEN:
        return False
    is_digit = here.isdecimal() and not before.isdecimal() and before not in ".,/"
    return before in _BETWEEN or here == "%" or is_digit
