"""Text of PDFs: in the fonts that every reader has, cut or made smaller so that it fits."""

from typing import Final

from reportlab.pdfbase.pdfmetrics import stringWidth

PLAIN: Final = "Helvetica"
BOLD: Final = "Helvetica-Bold"
#: The characters that these fonts have.
_HAS: Final = "cp1252"
_CUT: Final = "…"
#: So much of a width is filled, whatever rounding does.
_WITHIN: Final = 0.995
#: Behind these a word may be broken.
_BREAKS: Final = "/-_"


def printable(text: str) -> str:
    """Return a text with a question mark for each character that the fonts lack.

    Examples
    --------
    >>> printable("Forêt, Łódź")
    'Forêt, ?ód?'
    """
    return text.encode(_HAS, "replace").decode(_HAS)


def size_that_fits(
    text: str, font: str, width_pt: float, most_pt: float, least_pt: float
) -> float:
    """Return the largest size of a text that fits into a width, within bounds."""
    at_one = stringWidth(text, font, 1.0)
    fits = _WITHIN * width_pt / at_one if at_one else most_pt
    return max(least_pt, min(most_pt, fits))


def wrapped(
    text: str, font: str, size_pt: float, width_pt: float, most_lines: int
) -> list[str]:
    """Return a text on some lines; what does not fit on the last is cut, and says so."""
    words, lines = printable(text).split(), list[str]()
    while words and len(lines) < most_lines:
        line = words.pop(0)
        while words and stringWidth(f"{line} {words[0]}", font, size_pt) <= width_pt:
            line = f"{line} {words.pop(0)}"
        if len(lines) == most_lines - 1:
            rest = " ".join([line, *words])
            return [*lines, _cut(rest, font, size_pt, width_pt)]
        if stringWidth(line, font, size_pt) > width_pt:
            line, begun = _broken(line, font, size_pt, width_pt)
            words.insert(0, begun)
        lines.append(line)
    return lines


def _cut(text: str, font: str, size_pt: float, width_pt: float) -> str:
    if stringWidth(text, font, size_pt) <= width_pt:
        return text
    while text and stringWidth(text + _CUT, font, size_pt) > width_pt:
        text = text[:-1]
    return text.rstrip() + _CUT


def _broken(word: str, font: str, size_pt: float, width_pt: float) -> tuple[str, str]:
    """Return a word that is too long in two parts, the first as long as fits."""
    place = len(word)
    while place > 1 and stringWidth(word[:place], font, size_pt) > width_pt:
        place -= 1
    sign = max(map(word[:place].rfind, _BREAKS)) + 1
    place = sign or place
    return word[:place], word[place:]
