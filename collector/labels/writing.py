"""Text of PDFs: in the fonts that every reader has, cut or made smaller so that it fits.

Letters beyond those of western Europe are drawn in Noto Sans, of which a PDF then carries
those that it needs. What that lacks, too, becomes a question mark, and is told.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFError, TTFont

PLAIN: Final = "Helvetica"
BOLD: Final = "Helvetica-Bold"
#: The characters that these fonts have.
_HAS: Final = "cp1252"
_WIDE: Final = "NotoSans"
_PACKAGE: Final = "fontpkg_noto_sans"
#: Letters whose form depends on those beside them are not written one by one.
_JOINED: Final = range(0x0900, 0x0980)
_CUT: Final = "…"
#: So much of a width is filled, whatever rounding does.
_WITHIN: Final = 0.995
#: Behind these a word may be broken.
_BREAKS: Final = "/-_"


def printable(text: str) -> str:
    """Return a text with a question mark for each character that no font has.

    Examples
    --------
    >>> printable("Forêt, \u4e2d")
    'Forêt, ?'
    """
    plain = unicodedata.normalize("NFC", text)
    return "".join(one if _can_print(one) else "?" for one in plain)


def not_printable(texts: Iterable[str]) -> str:
    """Return the letters that no font has, each once, in the order of their codes.

    >>> not_printable(["Forêt", "\u4e2d and \u4e2d"]) == "\u4e2d"
    True
    """
    every = set(unicodedata.normalize("NFC", "".join(texts)))
    return "".join(sorted(one for one in every if not _can_print(one)))


def in_words(letters: str) -> str:
    """Return that letters cannot be printed, and what is printed for them.

    >>> in_words("\u4e2d")[22:]
    '(CJK UNIFIED IDEOGRAPH-4E2D); ? stands for each of it'
    """
    named = ", ".join(unicodedata.name(one, "without a name") for one in letters[:3])
    more = ", ..." if len(letters) > 3 else ""
    said = f"no font here prints {' '.join(letters[:20])} ({named}{more})"
    lack = "" if has_wide_font() else "; more letters: pip install 'permille[labels]'"
    return f"{said}; ? stands for each of it{lack}"


def face(text: str, font: str) -> str:
    """Return the font that draws a printable text: the usual one where it has all of it."""
    try:
        text.encode(_HAS)
    except UnicodeEncodeError:
        return _WIDE
    return font


def draw_text(
    canvas: Any,  # noqa: ANN401 - untyped
    at_pt: tuple[float, float],
    text: str,
    font: str,
    size_pt: float,
) -> None:
    """Draw one line of a printable text."""
    canvas.setFont(face(text, font), size_pt)
    canvas.drawString(*at_pt, text)


def has_wide_font() -> bool:
    """Return whether the font for other letters is installed."""
    return _wide_font() is not None


def _can_print(one: str) -> bool:
    """Return whether a font has a character; controls and blanks of all kinds do no harm."""
    try:
        one.encode(_HAS)
    except UnicodeEncodeError:
        wide = _wide_font()
        has = wide is not None and ord(one) in wide.face.charToGlyph
        return has and ord(one) not in _JOINED
    return True


@lru_cache(1)
def _wide_font() -> Any:  # noqa: ANN401 - untyped
    """Return the font for other letters, known to the library; None where it is missing."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    for folder in spec.submodule_search_locations:
        for path in sorted(Path(folder, "files").glob("NotoSans[[]*.ttf")):
            try:
                font = TTFont(_WIDE, str(path))
            except (TTFError, OSError):
                continue
            pdfmetrics.registerFont(font)
            return font
    return None


def size_that_fits(
    text: str, font: str, width_pt: float, most_pt: float, least_pt: float
) -> float:
    """Return the largest size of a text that fits into a width, within bounds."""
    at_one = _width(text, font, 1.0)
    fits = _WITHIN * width_pt / at_one if at_one else most_pt
    return max(least_pt, min(most_pt, fits))


def wrapped(
    text: str, font: str, size_pt: float, width_pt: float, most_lines: int
) -> list[str]:
    """Return a text on some lines; what does not fit on the last is cut, and says so."""
    words, lines = printable(text).split(), list[str]()
    while words and len(lines) < most_lines:
        line = words.pop(0)
        while words and _width(f"{line} {words[0]}", font, size_pt) <= width_pt:
            line = f"{line} {words.pop(0)}"
        if len(lines) == most_lines - 1:
            rest = " ".join([line, *words])
            return [*lines, _cut(rest, font, size_pt, width_pt)]
        if _width(line, font, size_pt) > width_pt:
            line, begun = _broken(line, font, size_pt, width_pt)
            words.insert(0, begun)
        lines.append(line)
    return lines


def _cut(text: str, font: str, size_pt: float, width_pt: float) -> str:
    if _width(text, font, size_pt) <= width_pt:
        return text
    while text and _width(text + _CUT, font, size_pt) > width_pt:
        text = text[:-1]
    return text.rstrip() + _CUT


def _broken(word: str, font: str, size_pt: float, width_pt: float) -> tuple[str, str]:
    """Return a word that is too long in two parts, the first as long as fits."""
    place = len(word)
    while place > 1 and _width(word[:place], font, size_pt) > width_pt:
        place -= 1
    sign = max(map(word[:place].rfind, _BREAKS)) + 1
    place = sign or place
    return word[:place], word[place:]


def _width(text: str, font: str, size_pt: float) -> float:
    width: float = stringWidth(text, face(text, font), size_pt)
    return width
