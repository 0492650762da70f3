"""What a scanner, or a person, typed that was meant to be the code of a label.

A scanner is a keyboard of the United States. Where the laptop expects another one, the
keys of the digits say something else, and so does that of the hyphen; with caps lock on,
letters change their case. Each layout gives a candidate, and the check character says
which of them was meant.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from schemas.labels.codes import (
    ALPHABET,
    BLOCK_CHARS,
    compact,
    is_block,
    is_label,
    label_code,
    printed,
    read_label,
)
from schemas.phrases import Phrase, _, named

_DIGITS: Final = "1234567890"
#: What the keys of the digits say on AZERTY: of France, of Belgium and on Macs; with what
#: they say in capitals.
_FRENCH: Final = ("&é\"'(-è_çà", "&É\"'(-È_ÇÀ")
_BELGIAN: Final = ("&é\"'(§è!çà", "&É\"'(§È!ÇÀ")
#: What the key of the hyphen says elsewhere: AZERTY, QWERTZ, Switzerland with Italy and
#: Spain, the north.
_HYPHENS: Final = (")°", "ßẞ?", "'", "+")
#: What is taken for a character of labels, and is none of them.
_TAKEN_FOR: Final = str.maketrans("OQILSBZ", "0011582")
#: So many codes are named that a wrong one may be.
_NAMED: Final = 3
_LENGTH: Final = 8


class Scan(NamedTuple):
    """What was typed: the text to go on with, the code of a label, what is to be said."""

    text: str
    code: str | None = None
    words: str = ""


def read_scan(text: str, blocks: Collection[str] = ()) -> Scan:
    """Return the code that was meant, or the text as it stands where that is not clear.

    Only what begins with a block that is known is judged, so that codes of other systems
    stay as they are; but nobody means the signs of another keyboard, so what becomes a
    whole code by them is one of any block.

    Examples
    --------
    >>> read_scan("kèfà'é&&").text, read_scan("k7f-0421-1", {"K7F"}).text
    ('K7F04211', 'K7F04211')
    >>> read_scan("HF-1"), read_scan("k7f-0421-1").text
    (Scan(text='HF-1', code=None, words=''), 'k7f-0421-1')
    >>> read_scan("k7f-0421-1").words
    'k7f-0421-1 stays as it is: K7F is no block that is known here'
    """
    typed = text.strip()
    found = sorted({code for code in _labels(typed) if _counts(code, typed, blocks)})
    if len(found) > 1:
        said = {"typed": typed, "codes": _one_of(found)}
        words = _("{typed} may be {codes}; type the one that is meant", **said)
        return Scan(text, None, words)
    if found:
        return _read_as(found[0], typed)
    return Scan(text, None, _why_not(typed, blocks))


def _read_as(code: str, typed: str) -> Scan:
    """Return a label, and that it was typed otherwise, where it was."""
    if code == compact(typed):
        return Scan(code, code)
    said = _("{typed} is read as {code}", typed=typed, code=printed(code))
    return Scan(code, code, said)


def _why_not(typed: str, blocks: Collection[str]) -> str:
    """Return what is to be said of a text that is no label; nothing of most."""
    for each in _texts(typed):
        wrong = why_no_label(each, blocks)
        if wrong:
            return named(typed, wrong)
    whole = read_label(typed)
    if whole is None or whole == typed:
        return ""
    return _(
        "{typed} stays as it is: {block} is no block that is known here",
        typed=typed,
        block=whole[:BLOCK_CHARS],
    )


def why_no_label(code: str, blocks: Collection[str]) -> str:
    """Return why a code that begins as labels of known blocks do is none; empty for others.

    Examples
    --------
    >>> why_no_label("K7F-0412-1", {"K7F"})
    'its check character does not fit, it may be K7F-0421-1 or K7F-0412-3'
    >>> why_no_label("K7F-042", {"K7F"})
    'a label has 8 characters, this has 6'
    >>> why_no_label("HF-1", {"K7F"}), why_no_label("K7F-north", {"K7F"})
    ('', '')
    """
    text = compact(code)
    block, number = text[:BLOCK_CHARS], text[BLOCK_CHARS:]
    if block not in blocks or not number[:1].isdigit() or is_label(text):
        return ""
    if len(text) != _LENGTH:
        return _(
            "a label has {length} characters, this has {num}",
            length=_LENGTH,
            num=len(text),
        )
    likely = may_be(text)
    if not likely:
        return _("its check character does not fit")
    return _(
        "its check character does not fit, it may be {codes}", codes=_one_of(likely)
    )


def _one_of(codes: Sequence[str]) -> Phrase:
    """Return codes as people say them, of which one is meant."""
    first, *others = map(printed, codes)
    said = Phrase(first)
    for code in others:
        said = _("{codes} or {code}", codes=said, code=code)
    return said


def may_be(text: str) -> list[str]:
    """Return the codes that a wrong one may be, the likeliest first.

    Examples
    --------
    >>> may_be("K7FO4211")
    ['K7F04211']
    """
    read = text.translate(_TAKEN_FOR)
    if is_label(read):
        return [read]
    found = [swapped for swapped in _swapped(read) if is_label(swapped)]
    block, number = read[:BLOCK_CHARS], read[BLOCK_CHARS:-1]
    if is_block(block) and number.isdecimal() and int(number):
        found.append(label_code(block, int(number)))
    return found[:_NAMED]


def _swapped(text: str) -> Iterator[str]:
    """Return a text with two neighbours swapped, for each two."""
    for place, (left, right) in enumerate(pairwise(text)):
        if left != right:
            yield text[:place] + right + left + text[place + 2 :]


def _labels(typed: str) -> Iterator[str]:
    for text in _texts(typed):
        code = read_label(text)
        if code is not None:
            yield code


def _counts(code: str, typed: str, blocks: Collection[str]) -> bool:
    """Return whether what became a code was meant as one."""
    plain = all(sign in ALPHABET for sign in compact(typed))
    return code[:BLOCK_CHARS] in blocks or not plain


def _texts(typed: str) -> Iterator[str]:
    """Return what the keys would have said on a keyboard of the United States."""
    yield typed
    for signs in _HYPHENS:
        if any(sign in typed for sign in signs):
            yield typed.translate(dict.fromkeys(map(ord, signs), "-"))
    # Who has signs for digits has no digits; but with caps lock, and then no signs.
    if any(sign in _DIGITS for sign in typed):
        return
    for rows in (_FRENCH, _BELGIAN):
        said = {
            sign: digit
            for row in rows
            for sign, digit in zip(row, _DIGITS, strict=True)
        }
        said |= dict.fromkeys(_HYPHENS[0], "-")
        yield typed.translate({ord(sign): meant for sign, meant in said.items()})
