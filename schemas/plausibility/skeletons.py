"""What a code comes to for a reader in a hurry: case, blanks, zeros, other scripts."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

#: Letters of other scripts, and digits, by the Latin letter that they are taken for, all
#: in lower case (Unicode Technical Standard 39, the part that keyboards and labels meet).
_CYRILLIC: Final = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u043a\u043c"
    "\u043d\u0442\u0432\u0501\u0455\u0458\u04bb\u051b\u051d\u0491"
)
_GREEK: Final = (
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf"
    "\u03c1\u03c4\u03c5\u03c7"
)
_DASHES: Final = "_\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_READ_AS: Final = str.maketrans(
    _CYRILLIC + _GREEK + _DASHES + "0|1l",
    "aeopcyxikmhtbdsjhqwr" + "abezhikmnoptyx" + "-" * len(_DASHES) + "oiii",
)
_BLANKS: Final = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+")
#: Zeros in front of a number; those behind a decimal sign count.
_ZEROS: Final = re.compile(r"(?<![0-9.,])0+(?=[0-9])")
#: What spreadsheets put behind a number.
_POINT_ZERO: Final = re.compile(r"(?<=[0-9])\.0+$")
#: What may be a letter in a number.
_LETTERS: Final = re.compile(r"[lI|oO]")
_ONE: Final = re.compile(r"[lI|](?=[0-9])|(?<=[0-9])[lI|]")
_ZERO: Final = re.compile(r"(?<=[0-9])[oO]")

#: The field that names a record among its kind, and within what it has to be told apart.
CODES: Final[Mapping[str, tuple[str, str]]] = {
    "organisation": ("code", ""),
    "project": ("code", ""),
    "plot": ("code", ""),
    "point": ("code", "plot_id"),
    "campaign": ("name", ""),
    "sample": ("sample_code", ""),
}


def skeleton(text: str) -> str:
    r"""Return what a code comes to for a reader in a hurry.

    >>> skeleton("OV-1") == skeleton("ov-1") == skeleton("0V - 1")
    True
    >>> (
    ...     skeleton("0071") == skeleton("71"),
    ...     skeleton("P1") == skeleton("\N{CYRILLIC CAPITAL LETTER ER}1"),
    ... )
    (True, True)
    >>> skeleton("P1") == skeleton("P2"), skeleton("A10") == skeleton("A1")
    (False, False)
    """
    plain = text
    if not text.isascii():
        plain = unicodedata.normalize("NFKC", text)
        plain = "".join(str(unicodedata.digit(c, c)) for c in plain)
    if " " in plain or not plain.isprintable():
        plain = _BLANKS.sub("", plain)
    if _LETTERS.search(plain):
        plain = _ZERO.sub("0", _ONE.sub("1", plain))
    if "0" in plain:
        plain = _ZEROS.sub("", _POINT_ZERO.sub("", plain))
    return plain.casefold().translate(_READ_AS)


def code_skeleton(record_type: str, fields: Mapping[str, Any]) -> str | None:
    """Return what the code of a record comes to; None where its type has no code."""
    field, _ = CODES.get(record_type, ("", ""))
    code = fields.get(field)
    return skeleton(code) if isinstance(code, str) else None
