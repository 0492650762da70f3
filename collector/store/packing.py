"""Lines of the logs take a quarter of their room: each is packed by what is in a like one.

The first line of a type is the model of all lines of that type. A line comes out byte for
byte: its hash covers it.
"""

import zlib
from typing import Final

#: How a line is read of the table of changes; `unpacked` is a function of the connection.
LINE: Final = (
    "unpacked(raw, (SELECT line FROM model WHERE model.number = change.model))"
)

#: 171 bytes of 709 in 12 us, and 3 us back; what zstd takes 5 us for it takes 21 us back.
_LEVEL: Final = 6
_MEMORY: Final = 5


def packed(line: bytes, model: bytes) -> bytes:
    """Pack a line by its model.

    Examples
    --------
    >>> model = b'{"k":"c","n":1,"t":"plot"}'
    >>> unpacked(packed(b'{"k":"c","n":2,"t":"plot"}', model), model)
    b'{"k":"c","n":2,"t":"plot"}'
    """
    packer = zlib.compressobj(
        _LEVEL, wbits=-zlib.MAX_WBITS, memLevel=_MEMORY, zdict=model
    )
    return packer.compress(line) + packer.flush()


def unpacked(raw: bytes, model: bytes) -> bytes:
    """Return the line that was packed by this model."""
    return zlib.decompressobj(-zlib.MAX_WBITS, model).decompress(raw)
