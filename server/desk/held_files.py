"""A file that a page looked at, on its way back with the form that takes it in.

Nothing of it is kept on the server between the two: the page holds it, packed.
"""

import base64
import binascii
import zlib
from typing import Final

from schemas import limits
from server.desk.frame import SentFile
from server.desk.sent import MOST_BYTES
from server.errors import RefusedError

#: What the page that holds a file says besides.
_ROOM_BYTES: Final = 2**16


def packed(content: bytes) -> str:
    """Return a file as the text of a form.

    Raises
    ------
    RefusedError
        If it is too large to come back in a form.
    """
    found = base64.b85encode(zlib.compress(content)).decode()
    if len(found) > MOST_BYTES - _ROOM_BYTES:
        raise RefusedError(
            "the file is too large for a page",
            [],
            "type: permille-server lab import FILE",
        )
    return found


def unpacked(name: str, text: str) -> SentFile:
    """Return a file from the text of a form.

    Raises
    ------
    RefusedError
        If it is none, or unfolds to more than may be read.
    """
    reader = zlib.decompressobj()
    try:
        content = reader.decompress(base64.b85decode(text), limits.IMPORT_FILE_BYTES)
    except (ValueError, binascii.Error, zlib.error):
        content = b""
    if not content or not reader.eof:
        raise RefusedError("no file came", [], "choose the file again")
    return SentFile(name, content)
