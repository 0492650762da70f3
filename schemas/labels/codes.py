"""Codes of labels: a block, a number in it, and a character that finds errors of typing.

A block is handed out by the server, once and for all, so that two laptops never print
the same code. It begins with a letter and has a digit: no spreadsheet takes a code for a
number or a date, and none spells a word. The check character is that of ISO 7064's pure
systems with radix 2, over an alphabet of 23 characters, which is prime: it finds every
single error and every swap of two neighbours (docs/decisions/0032).
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import Final

#: Nothing that people confuse, and nothing that a keyboard of another country moves.
ALPHABET: Final = "0123456789CDEFGHJKNPRTX"
LETTERS: Final = ALPHABET[10:]
BLOCK_CHARS: Final = 3
#: Numbers of a block: 1 to 9999.
NUMBERS: Final = 9_999

BLOCK_PATTERN: Final = f"[{LETTERS}](?:[0-9][{ALPHABET}]|[{LETTERS}][0-9])"
_BLOCK: Final = re.compile(BLOCK_PATTERN)
_CODE: Final = re.compile(rf"({BLOCK_PATTERN})([0-9]{{4}})([{ALPHABET}])")
_GAPS: Final = re.compile(r"[\s\u00ad\u2010-\u2015\u2212\ufeff-]+")


def is_block(text: str) -> bool:
    """Return whether a text is a block, whether it was handed out or not.

    Examples
    --------
    >>> is_block("K7F"), is_block("7KF"), is_block("KFF"), is_block("k7f")
    (True, False, False, False)
    """
    return _BLOCK.fullmatch(text) is not None


def every_block() -> Iterator[str]:
    """Return every block, in the order of the alphabet.

    Examples
    --------
    >>> len(list(every_block()))
    4680
    """
    found = map("".join, product(LETTERS, ALPHABET, ALPHABET))
    return filter(is_block, found)


def label_code(block: str, number: int) -> str:
    """Return the code of a number of a block, with its check character.

    Examples
    --------
    >>> label_code("K7F", 421)
    'K7F04211'
    """
    from stdnum.iso7064 import mod_37_2  # noqa: PLC0415 - 10 ms, for labels alone

    assert is_block(block), block
    assert 1 <= number <= NUMBERS, number
    text = f"{block}{number:04d}"
    return text + str(mod_37_2.calc_check_digit(text, ALPHABET))


def is_label(code: str) -> bool:
    """Return whether a code is that of a label, and fits its check character.

    Examples
    --------
    >>> is_label("K7F04211"), is_label("K7F04121"), is_label("K7F-0421-1")
    (True, False, False)
    """
    found = _CODE.fullmatch(code)
    if found is None or int(found.group(2)) == 0:
        return False
    return label_code(found.group(1), int(found.group(2))) == code


def following(code: str, count: int) -> list[str]:
    """Return the codes that follow a label in its block, so many or what is left of it.

    Examples
    --------
    >>> following("K7F04211", 2), following(label_code("K7F", 9999), 2)
    (['K7F0422X', 'K7F0423R'], [])
    """
    block, number = code[:BLOCK_CHARS], int(code[BLOCK_CHARS:-1])
    last = min(number + count, NUMBERS)
    return [label_code(block, each) for each in range(number + 1, last + 1)]


def compact(text: str) -> str:
    """Return a text as codes are kept: without blanks and hyphens, in capitals.

    Examples
    --------
    >>> compact(" k7f-0421 - 1")
    'K7F04211'
    """
    return _GAPS.sub("", text).upper()


def read_label(text: str) -> str | None:
    """Return the code that was typed in any form; None where it is none.

    Examples
    --------
    >>> read_label("k7f-0421-1"), read_label("HF-1")
    ('K7F04211', None)
    """
    code = compact(text)
    return code if is_label(code) else None


def printed(code: str) -> str:
    """Return a code as labels show it to people.

    Examples
    --------
    >>> printed("K7F04211"), printed("HF-1")
    ('K7F-0421-1', 'HF-1')
    """
    found = _CODE.fullmatch(code)
    return "-".join(found.groups()) if found else code
