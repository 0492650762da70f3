"""Read a request body that may be hostile: bounded before and after unpacking, and in time.

aiohttp's own reader passes a cut zstd body as empty, answers garbage with 500,
lets unknown encodings through and has no time bound; so its decompression is
switched off and this reader is used instead.
"""

import asyncio
import zlib
from collections.abc import Callable
from typing import Protocol

from aiohttp import ClientPayloadError, web
from backports import zstd

from schemas import limits
from server.errors import refuse


class _Unpacker(Protocol):
    """One compressed stream: bounded output, and whether it ended."""

    def feed(self, data: bytes, most: int) -> bytes:
        """Unpack data, giving more than `most` bytes only if it is too large."""

    def ended(self) -> bool:
        """Return whether the stream came to its proper end."""


class _Identity:
    def feed(self, data: bytes, most: int) -> bytes:  # noqa: ARG002 - one shape for all
        return data

    def ended(self) -> bool:
        return True


class _Gzip:
    def __init__(self) -> None:
        self._project_id = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes, most: int) -> bytes:
        if self._project_id.eof:
            raise refuse("bad_encoding", "data after the end of the gzip stream")
        unpacked = self._project_id.decompress(data, most + 1)
        if self._project_id.unused_data:
            raise refuse("bad_encoding", "data after the end of the gzip stream")
        return unpacked

    def ended(self) -> bool:
        return self._project_id.eof


class _Zstd:
    def __init__(self) -> None:
        self._project_id = zstd.ZstdDecompressor()

    def feed(self, data: bytes, most: int) -> bytes:
        if self._project_id.eof:
            raise refuse("bad_encoding", "data after the end of the zstd frame")
        unpacked = self._project_id.decompress(data, most + 1)
        if self._project_id.unused_data:
            raise refuse("bad_encoding", "data after the end of the zstd frame")
        return unpacked

    def ended(self) -> bool:
        return self._project_id.eof


_UNPACKERS: dict[str, Callable[[], _Unpacker]] = {
    "": _Identity,
    "identity": _Identity,
    "gzip": _Gzip,
    "zstd": _Zstd,
}


async def read_body(
    request: web.Request,
    *,
    packed_most: int = limits.BODY_BYTES,
    unpacked_most: int = limits.UNPACKED_BYTES,
    timeout_s: float = limits.BODY_TIMEOUT_S,
) -> bytes:
    """Read and unpack a body.

    Raises
    ------
    RequestError
        408 too slow, 413 too large packed or unpacked, 415 unknown encoding,
        400 cut or garbled.
    """
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    make = _UNPACKERS.get(encoding)
    if make is None:
        raise refuse("unknown_encoding", encoding[:40])
    if request.content_length is not None and request.content_length > packed_most:
        raise refuse("too_large", f"{packed_most} bytes fit")
    try:
        async with asyncio.timeout(timeout_s):
            return await _read(request, make(), packed_most, unpacked_most)
    except TimeoutError:
        raise refuse("too_slow", f"more than {timeout_s:.0f} s") from None
    except (zlib.error, zstd.ZstdError) as error:
        raise refuse("bad_encoding", str(error)[:100]) from None
    except (ClientPayloadError, ConnectionError):
        raise refuse("cut_body", "the connection ended") from None


async def _read(
    request: web.Request, unpacker: _Unpacker, packed_most: int, unpacked_most: int
) -> bytes:
    packed, body = 0, bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        packed += len(chunk)
        if packed > packed_most:
            raise refuse("too_large", f"{packed_most} bytes fit")
        body += unpacker.feed(chunk, unpacked_most - len(body))
        if len(body) > unpacked_most:
            raise refuse("too_large", f"{unpacked_most} bytes fit unpacked")
    if packed and not unpacker.ended():
        raise refuse("cut_body", "the compressed stream has no end")
    return bytes(body)
