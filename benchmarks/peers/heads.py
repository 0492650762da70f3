"""Count the requests of a connection by reading HTTP/1.1 as it passes. No I/O."""

import re
from typing import Final

_LINE_END: Final = b"\r\n"
_HEAD_END: Final = b"\r\n\r\n"
_REQUEST: Final = re.compile(rb"[A-Z]+ \S+ HTTP/1\.[01]\Z")
_LENGTH: Final = re.compile(
    rb"^content-length:[ \t]*(\d+)[ \t]*\r$", re.IGNORECASE | re.MULTILINE
)
_CHUNKED: Final = re.compile(
    rb"^transfer-encoding:.*\bchunked[ \t]*\r$", re.IGNORECASE | re.MULTILINE
)


class RequestCounter:
    """Counts request heads in what one client sends, wherever the pieces are cut."""

    def __init__(self) -> None:
        self.requests = 0
        self._held = bytearray()
        self._left = 0
        self._chunked = False
        self._trailing = False

    def feed(self, piece: bytes) -> None:
        """Read what came next.

        Raises
        ------
        ValueError
            If a request cannot begin so.
        """
        self._held += piece
        while self._held and self._step():
            pass

    def _step(self) -> bool:
        """Read one part; return whether another one may follow."""
        if self._left:
            passed = min(self._left, len(self._held))
            del self._held[:passed]
            self._left -= passed
            return True
        if self._trailing:
            return self._trailer()
        return self._chunk() if self._chunked else self._head()

    def _head(self) -> bool:
        head = self._until(_HEAD_END)
        if head is None:
            return False
        first, _, _ = head.partition(_LINE_END)
        if not _REQUEST.match(first):
            raise ValueError(f"not the first line of a request: {first[:80]!r}")
        self.requests += 1
        self._chunked = _CHUNKED.search(head) is not None
        if not self._chunked and (length := _LENGTH.search(head)):
            self._left = int(length[1])
        return True

    def _chunk(self) -> bool:
        line = self._until(_LINE_END)
        if line is None:
            return False
        size, _, _ = line.partition(b";")
        self._left = int(size, 16) + len(_LINE_END)
        if self._left == len(_LINE_END):
            # The last chunk has no bytes; lines may follow it, then an empty one.
            self._left, self._chunked, self._trailing = 0, False, True
        return True

    def _trailer(self) -> bool:
        line = self._until(_LINE_END)
        self._trailing = line != b""
        return line is not None

    def _until(self, end: bytes) -> bytes | None:
        """Return and drop what stands before an end, with it; None if that is not there yet."""
        place = self._held.find(end)
        if place < 0:
            return None
        found = bytes(self._held[: place + len(end)])
        del self._held[: len(found)]
        # A line is returned without its end; a head keeps that of its last line.
        return found[: -len(_LINE_END)]
