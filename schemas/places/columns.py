"""Which column is the code, the plot, the name and the area: guessed, to be shown first."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.places.feature import Feature
from schemas.typed import TYPED, Notation

_PLOT: Final = (
    r"(?:(?:soil|sampling|sample)?plots?|parcels?|fields?|felde?r?|schl(?:a|ä|ae)ge?"
    r"|flurst(?:ue|ü)cke?|parzellen?|parcelles?|[iî]lots?|champs?|parcelas?|lotes?"
    r"|talh[aã]o|campos?|percelen|perceel|paddocks?|blocks?|units?)"
)
_POINT: Final = (
    r"(?:(?:sampling|sample|soil)?points?|(?:mess|probe|probenahme)?punkte?|waypoints?"
    r"|stations?|sites?|samples?|stellen?|puntos?|pontos?|pts?|cores?|locations?|wpt)"
)
_MARK: Final = (
    r"(?:code|ids?|no|nr|num|number|nummer|num[eé]ro|n[uú]mero|ref|key|label|kennung)"
)
_LABELS: Final = "name|label|title|nom|nombre|nome|naam|bezeichnung"
#: What ODK Central names its own columns by; people have theirs beside them.
_OF_PROGRAMS: Final = "__"
_ROW_NUMBERS: Final = "fid|objectid|gid|ogcfid"


def _order(noun: str) -> tuple[re.Pattern[str], ...]:
    """Return what names the code of a kind, the surest first."""
    texts = (
        f"code|{noun}code|permillecode",
        f"{noun}{_MARK}|{_MARK}{noun}",
        noun,
        "id|identifier|kennung",
        f"{_LABELS}|{noun}(?:{_LABELS})",
        "no|nr|num|number|nummer|ref|key|n",
        _ROW_NUMBERS,
    )
    return tuple(re.compile(text) for text in texts)


_CODES: Final = {"plot": _order(_PLOT), "point": _order(_POINT)}
#: A column of points that says their plot: by its name alone, or if it names plots.
_SURE: Final = re.compile(rf"plots?(?:{_MARK}|name)?")
_PERHAPS: Final = re.compile(rf"{_PLOT}(?:{_MARK}|{_LABELS})?")
_NAMES: Final = (
    re.compile(rf"{_PLOT}(?:{_LABELS})|(?:{_LABELS}){_PLOT}"),
    re.compile(_LABELS),
)
_SIZE: Final = (
    r"(?:area|fl(?:ae|ä)che|superficie|surface|size|gr(?:oe|ö)sse|oppervlakte|[aá]rea)"
)
_HECTARES: Final = re.compile(
    rf"(?:{_SIZE}(?:in)?)?(?:ha|hectares?|hektar|hect[aá]reas?)"
)
_SQUARE_METRES: Final = re.compile(rf"(?:{_SIZE}(?:in)?)?(?:m2|sqm|qm)")


@dataclass(frozen=True, slots=True)
class PlaceColumns:
    """What the columns of one kind of place mean; `area_unit_ha` is one unit in ha.

    `every_plot` is the code of the plot that all points are of, where no column says it.
    """

    code: str | None = None
    plot: str | None = None
    name: str | None = None
    area: str | None = None
    area_unit_ha: float = 1.0
    notation: Notation = TYPED
    every_plot: str | None = None

    def as_data(self) -> dict[str, str]:
        """Return the column by what it means."""
        every = {
            "code": self.code,
            "plot": self.plot,
            "name": self.name,
            "area": self.area,
            "plot of all": self.every_plot,
        }
        return {meaning: column for meaning, column in every.items() if column}


def plain(name: str) -> str:
    """Return a name of a column without case, blanks and signs.

    >>> plain("Fläche [m²]"), plain("Plot_ID")
    ('flächem2', 'plotid')
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in text if char.isalnum())


def find(wanted: Iterable[str], names: Collection[str]) -> str | None:
    """Return the first column that is called as is wanted."""
    by_plain = {plain(name): name for name in names}
    return next(
        (by_plain[plain(one)] for one in wanted if plain(one) in by_plain), None
    )


def text_of(value: object) -> str:
    """Return what a cell says as a code; nothing for what is none.

    >>> text_of(12.0), text_of(" A-1 "), text_of(7), text_of(None), text_of([1])
    ('12', 'A-1', '7', '', '')
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return unicodedata.normalize("NFC", str(value).strip())


def guess_code(
    kind: str,
    columns: Sequence[str],
    features: Sequence[Feature],
    known: Collection[str],
) -> str | None:
    """Return the column with the codes of plots or points.

    Of those that may be it, one with codes that are here comes first; then one that is
    filled, and for plots says everything once.
    """
    found = [
        column
        for order in _CODES[kind]
        for column in columns
        if order.fullmatch(plain(column)) and not column.startswith(_OF_PROGRAMS)
    ]

    def worth(column: str) -> tuple[int, bool, bool]:
        texts = [text_of(each.properties.get(column)) for each in features]
        filled = [text for text in texts if text]
        is_once = kind != "plot" or len(set(filled)) == len(filled)
        here = sum(text in known for text in filled) if known else 0
        return here, len(filled) == len(texts) and is_once, bool(filled)

    # Of equals, max takes the first.
    best = max(found, key=worth, default=None)
    return best if best is not None and worth(best)[2] else None


def guess_plot(
    columns: Sequence[str], features: Sequence[Feature], known: Collection[str]
) -> str | None:
    """Return the column of points that says the plot each is of."""
    for pattern, is_sure in ((_SURE, True), (_PERHAPS, False)):
        for column in columns:
            texts = {text_of(each.properties.get(column)) for each in features} - {""}
            if pattern.fullmatch(plain(column)) and (
                (texts and is_sure) or not texts.isdisjoint(known)
            ):
                return column
    return None


def guess_name(columns: Sequence[str], code: str | None) -> str | None:
    """Return the column with the name that people use of a plot."""
    for pattern in _NAMES:
        for column in columns:
            if column != code and pattern.fullmatch(plain(column)):
                return column
    return None


def guess_area(columns: Sequence[str]) -> str | None:
    """Return the column with the area; one that does not say its unit is none."""
    for column in columns:
        text = plain(column)
        if _HECTARES.fullmatch(text) or _SQUARE_METRES.fullmatch(text):
            return column
    return None


def area_unit_ha(column: str | None) -> float:
    """Return what one unit of a column of areas is in hectares.

    >>> area_unit_ha("area_m2"), area_unit_ha("Fläche")
    (0.0001, 1.0)
    """
    is_small = column is not None and _SQUARE_METRES.fullmatch(plain(column))
    return 1e-4 if is_small else 1.0


def said_of(feature: Feature, column: str | None) -> Any:  # noqa: ANN401 - any value
    """Return what a feature says in a column."""
    return None if column is None else feature.properties.get(column)
