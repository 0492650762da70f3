"""Text on one line, as people type it and messages carry it."""

import re
from typing import Final

#: What no line of text in a message may hold.
UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def one_line(value: str, most: int) -> str:
    """Return what a person typed as the one line that a message carries.

    Raises
    ------
    ValueError
        If it is blank or too long, or holds what cannot be stored.
    """
    line = " ".join(value.split())
    if not line:
        raise ValueError("it is blank")
    if len(line) > most:
        raise ValueError(f"{len(line)} characters, {most} fit")
    if UNSAFE.search(line):
        raise ValueError("it holds control characters")
    return line
