r"""What reaches a screen, a file or a pipe: nothing in it can command a terminal. Pure.

Names and notes of others may hold anything: ESC sequences that rewrite the screen or the
title, a carriage return that hides a line, characters that turn the order of letters
round. Each is written by its number, as in JSON: `\u001b`. So JSON stays JSON and says the
same.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

#: C0 but tab and line end, DEL and C1, marks and overrides of direction, separators of
#: lines, annotations, tags, halves of characters.
_COMMANDS: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]|\r(?!\n)"
)


def safe(text: str) -> str:
    r"""Write by its number whatever is a command and no letter.

    Examples
    --------
    >>> safe("P1\x1b[31m"), safe("\u202eabc"), safe("a\r\nb\tc")
    ('P1\\u001b[31m', '\\u202eabc', 'a\r\nb\tc')
    """
    return _COMMANDS.sub(_numbered, text)


def _numbered(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number <= 0xFFFF:
        return f"\\u{number:04x}"
    # JSON writes these as two halves.
    high, low = divmod(number - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


class SafeStream:
    """A stream of text on which everything that is written is safe.

    It has no `buffer`: nobody writes past it.
    """

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write a text; click tries bytes first, to see what a stream is."""
        self.raw.write(safe(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the stream has it
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self.raw, name)


@contextmanager
def safe_output() -> Iterator[None]:
    """Write nothing raw on either stream of a program."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = SafeStream(sys.stdout), SafeStream(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def raw_errors() -> TextIO:
    """Return the stream of errors as it is, for who draws on a terminal of their own words."""
    found: TextIO = getattr(sys.stderr, "raw", sys.stderr)
    return found
