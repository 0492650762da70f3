"""Cells of a table: strict reading of one text, with a reason for a refusal.

Nothing is guessed and nothing is repaired: a cell is a value, missing, or refused.
"""

import re
import sys
from dataclasses import dataclass
from typing import Final

from schemas import limits, typed
from schemas.tables.refusal import Refusal
from schemas.typed import Notation

#: One decimal sign, and no other.
STRICT: Final = Notation()
_NO_VALUE: Final = frozenset(
    {"nan", "inf", "infinity", "na", "n/a", "#n/a", "null", "none"}
)
#: What laboratories write where a value is still to come, or never will.
_NO_VALUE_YET: Final = frozenset(
    (
        "pending",
        "to follow",
        "tbd",
        "in progress",
        "not determined",
        "not measured",
        "n.d.",
        "nd",
        "n.d",
        "n.b.",
        "nb",
        "n.a.",
        "n.n.",
        "k.a.",
        "k. a.",
        "n. b.",
        "ausstehend",
        "folgt",
        "in bearbeitung",
        "nicht bestimmt",
        "en cours",
        "en attente",
        "non déterminé",
        "pendiente",
        "non mesur\u00e9",
        "no determinado",
        "n\u00e3o determinado",
        "non determinato",
        "niet bepaald",
        "n.r.",
        "n. d.",
        "n.m.",
        "-",
        "--",
        "\u2013",
        "\u2014",
        "?",
        "missing",
        "lost",
        "insufficient",
        "insufficient sample",
        "no sample",
        "failed",
    )
)
#: What laboratories write for a value below a limit that they do not repeat.
_BELOW: Final = frozenset(
    ("lod", "loq", "dl", "mdl", "rl", "bg", "nwg", "ng", "ld", "lq", "limit")
)
_BELOW_WORDS: Final = frozenset(
    (
        "bdl",
        "blod",
        "bql",
        "below detection",
        "below detection limit",
        "traces",
        "tr.",
        "trace",
        "u.n.g.",
        "u.b.g.",
        "<",
    )
)
#: Months in languages of spreadsheets, by their first letters.
_MONTH: Final = (
    r"(?:jan|ene|gen|f[eé][bv]|m[aä]r|mr[tz]|a[pb]r|avr|ma[yijg]|jun|jui|giu|jul|lug"
    r"|aug|ago|ao[uû]|sep|set|o[ck]t|out|ott|nov|d[eé][cz]|dic)[^\W\d_]*\.?"
)
_SPREADSHEET_DATE: Final = re.compile(
    rf"[0-9]{{1,2}}[-/. ]{{1,2}}{_MONTH}([-/. ][0-9]{{2,4}})?"
    rf"|{_MONTH}[-/. ][0-9]{{1,4}}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}.*"
    r"|[0-9]{1,2}[-./][0-9]{1,2}[-./][0-9]{2,4}",
    re.IGNORECASE,
)
_THOUSANDS: Final = re.compile(
    r"[-+]?[0-9]{1,3}(?:[.,' \u00a0\u202f][0-9]{3})+([.,][0-9]+)?"
)
#: A number with a decimal point.
_POINTED: Final = re.compile(r"[-+]?[0-9]*\.[0-9]+([eE][-+]?[0-9]+)?")
_RESTORE: Final = (
    "restore it from the original, format the column as text and export once more"
)
_DEPTH: Final = r"([0-9]+(?:[.,][0-9]+)?)"
_DEPTHS: Final = re.compile(rf"{_DEPTH}\s*(?:-|\u2013|\u2014|to|_)\s*{_DEPTH}")
#: As spreadsheets write them, never in capitals.
_SHORT_MONTH: Final = (
    r"(?:(?:[Jj]an|[Ff]eb|[Mm]ar|[Aa]pr|[Mm]ay|[Jj]un|[Jj]ul|[Aa]ug|[Ss]ept?|[Oo]ct|[Nn]ov"
    r"|[Dd]ec|[Mm]rz|[Mm]ai|[Oo]kt|[Dd]ez|janv|f\u00e9vr?|mars|avr|juin|juil|ao\u00fbt"
    r"|d\u00e9c|ene|abr|ago|dic|gen|mag|giu|lug|set|ott))"
)
#: A code that a spreadsheet took for a number, a date or a formula.
_CHANGED_CODE: Final = re.compile(
    r"[-+]?[0-9](?:[.,][0-9]+)?[Ee][+-][0-9]{2,3}"
    rf"|[0-9]{{1,2}}[-. ]{_SHORT_MONTH}\.?(?:[-. ](?:[0-9]{{2}}){{1,2}})?"
    rf"|{_SHORT_MONTH}\.?[-. ][0-9]{{2}}"
    r"|[0-9]{1,2}[./][0-9]{1,2}[./](?:[0-9]{2}){1,2}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]00:00(?::00)?"
    r"|#(?:NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|N/A|WERT!|BEZUG!|NOM\?|VALEUR!|#+)"
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Closed limits of a number; `below_high` excludes the upper one."""

    low: float
    high: float
    unit: str
    below_high: bool = False

    def refuse(self, value: float) -> Refusal | None:
        """Refuse a value outside the range."""
        above = value >= self.high if self.below_high else value > self.high
        if self.low <= value and not above:
            return None
        upper = "below" if self.below_high else "to"
        return Refusal(
            "out_of_range",
            f"outside {self.low:g} {upper} {self.high:g} {self.unit}",
            "check the value and its unit",
        )


#: Any number that is kept as one: 1e999 is not.
ANY: Final = Bounds(-sys.float_info.max, sys.float_info.max, "")
_DEPTH_CM: Final = Bounds(0.0, limits.DEPTH_MAX_CM, "cm")


def read_number(
    text: str, notation: Notation = STRICT, bounds: Bounds = ANY
) -> float | Refusal:
    """Read a plain number within its bounds.

    >>> read_number("12.5"), read_number("12,5", Notation(decimal=","))
    (12.5, 12.5)
    >>> read_number("12,5").code, read_number("1e999").code
    ('decimal_comma', 'out_of_range')
    """
    value = typed.read_number(text, notation)
    if isinstance(value, str):
        return refuse_number(text, notation)
    return bounds.refuse(value) or value


def refuse_code(text: str, *, may_be_month: bool = False) -> Refusal | None:
    """Refuse a code that a spreadsheet changed; a campaign may well be called May-26.

    >>> [
    ...     refuse_code(t) is None
    ...     for t in ("1.00E+05", "#NAME?", "10-May", "HF-1", "1E5a")
    ... ]
    [False, False, False, True, True]
    """
    is_month = may_be_month and text[:1].isalpha()
    if is_month or not _CHANGED_CODE.fullmatch(text):
        return None
    return Refusal(
        "spreadsheet_code",
        "a spreadsheet changed this code: it took it for a number, a date or a formula",
        _RESTORE,
    )


def is_no_value(text: str) -> bool:
    """Return whether a cell says that there is no value.

    >>> is_no_value("pending"), is_no_value("n.d."), is_no_value("1.5")
    (True, True, False)
    """
    plain = text.strip().casefold()
    return plain in _NO_VALUE_YET or plain in _NO_VALUE


def is_below_detection(text: str) -> bool:
    """Return whether a cell says that a value lies below a limit without a number.

    >>> (
    ...     is_below_detection("<LOD"),
    ...     is_below_detection("bdl"),
    ...     is_below_detection("<0.1"),
    ... )
    (True, True, False)
    """
    plain = text.strip().casefold()
    below = plain.removeprefix("<").strip()
    return plain in _BELOW_WORDS or (plain.startswith("<") and below in _BELOW)


def read_limit(
    text: str, notation: Notation = STRICT, bounds: Bounds = ANY
) -> float | Refusal:
    """Read the detection limit of a value below it, such as `<0.5`.

    >>> read_limit("< 0.5"), read_limit("<0").code, read_limit("<low").code
    (0.5, 'out_of_range', 'not_a_number')
    """
    limit = text.removeprefix("<").strip()
    value = read_number(limit, notation, bounds) if limit else 0.0
    if isinstance(value, Refusal) or value > 0:
        return value
    reason = "a detection limit above zero is needed behind <"
    return Refusal("out_of_range", reason, "write it as <0.5, or leave the cell empty")


def read_depth(text: str | None, notation: Notation = STRICT) -> float | Refusal:
    """Read one depth of either sign, in any unit; it may not be missing.

    >>> read_depth("7.5"), read_depth("10-May").code, read_depth("5-10").code
    (7.5, 'spreadsheet_date', 'depth_range')
    """
    if text is None:
        return Refusal("required", "a depth is required", "enter the depth")
    if _DEPTHS.fullmatch(text):
        return Refusal(
            "depth_range",
            "one depth was expected, not a range",
            "put the upper and the lower depth into columns of their own",
        )
    return read_number(text, notation)


def read_depths(
    text: str | None, notation: Notation = STRICT
) -> tuple[float, float] | Refusal:
    """Read a label of two depths.

    >>> read_depths("0 - 7.5 cm"), read_depths("topsoil").code
    ((0.0, 7.5), 'not_a_depth')
    >>> read_depths("0-7,5").code, read_depths("0-7,5", Notation(decimal=","))
    ('decimal_comma', (0.0, 7.5))
    """
    if text is None:
        return Refusal("required", "a depth is required", "enter it, such as 0-23")
    found = _DEPTHS.fullmatch(text.removesuffix("cm").strip())
    if found:
        first, second = (read_number(part, notation) for part in found.groups())
        if isinstance(first, Refusal):
            return first
        return second if isinstance(second, Refusal) else (first, second)
    damage = _refuse_date(text)
    return damage or Refusal("not_a_depth", "not a depth", "write it as 0-23")


def refuse_depth(depth_cm: float) -> Refusal | None:
    """Refuse a depth that is above the ground or deeper than soil."""
    if depth_cm < 0:
        return Refusal(
            "negative_depth",
            "depths grow downward from 0 at the surface",
            "write depths without the minus sign; a mapping may say that they count"
            ' the other way: downward = "negative"',
        )
    return _DEPTH_CM.refuse(depth_cm)


def refuse_number(text: str, notation: Notation = STRICT) -> Refusal:
    """Return why a text is no number, by what people and spreadsheets write instead."""
    point = notation.decimal
    if text.lower().lstrip("+-") in _NO_VALUE:
        hint = "leave a missing value empty, or write * or NA"
        return Refusal("not_finite", "no value where a number was expected", hint)
    if text[:1] in {"<", ">"}:
        return Refusal(
            "censored",
            "a limit is not a value",
            "leave the cell empty; only a result may be below detection, as in <0.5",
        )
    return _refuse_date(text) or _refuse_sign(text, point) or _no_number(text, point)


def _no_number(text: str, point: str) -> Refusal:
    grouped = _THOUSANDS.fullmatch(text)
    hint = "without spaces or marks between thousands" if grouped else "without a unit"
    return Refusal(
        "not_a_number", "a number was expected", f"write it as 12{point}5, {hint}"
    )


def _refuse_sign(text: str, point: str) -> Refusal | None:
    """Return what is wrong with a number that has the other decimal sign."""
    if point == "," and _POINTED.fullmatch(text):
        return _ask_about_point(text)
    if point == "." and "," in text:
        return Refusal(
            "decimal_comma",
            "a comma in a number of a file with decimal points",
            "write 12.5 and 1300; or separate all columns by semicolons, with decimal"
            " commas, and say so in the mapping where there is one",
        )
    return None


def _ask_about_point(text: str) -> Refusal:
    """Return the question what a point means in a file of decimal commas."""
    with_comma = text.replace(".", ",")
    choices = f"is it {with_comma}"
    if _THOUSANDS.fullmatch(text):
        choices += f" or {text.replace('.', '')}"
    return Refusal(
        "decimal_point",
        f"a point in a number of a file with decimal commas: {choices}?",
        "write the cell as it is meant; if all columns have points, say so in the mapping:"
        ' decimal = "."',
    )


def _refuse_date(text: str) -> Refusal | None:
    if not _SPREADSHEET_DATE.fullmatch(text):
        return None
    return Refusal(
        "spreadsheet_date",
        "a spreadsheet turned this into a date",
        f"10-May was 5-10: {_RESTORE}",
    )
