"""Attached files over HTTP: how much is there, the next piece, and back again."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import ClassVar, Final

import aiohttp

from collector.client.http import HttpClient, is_bare_problem, is_page
from collector.clock import Clock
from collector.errors import RefusedError
from schemas import limits

#: What is sent between two looks at the clock when the rate is bounded.
_SIP_BYTES: Final = 4 * 1024
_OCTETS: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class UploadState:
    """How much of a file the server has; complete means that its hash was checked."""

    offset: int
    complete: bool


class BlobClient(HttpClient):
    """The files of one server, as this device may see them."""

    #: A piece may take minutes on a bad link.
    silence_s: ClassVar[float] = limits.BODY_TIMEOUT_S

    def __init__(
        self, server: str, token: str, clock: Clock, rate_kbit: int | None = None
    ) -> None:
        super().__init__(server, token, clock)
        #: So much is sent at once at most; less where something on the way asks for it.
        self.most_bytes = limits.BLOB_PIECE_BYTES
        self._bytes_per_s = None if rate_kbit is None else rate_kbit * 1000 / 8

    @property
    def piece_bytes(self) -> int:
        """Return how much to send at once: a minute of a bounded rate at most."""
        if self._bytes_per_s is None:
            return self.most_bytes
        return min(self.most_bytes, int(60 * self._bytes_per_s))

    async def head(self, sha256: str) -> UploadState:
        """Ask how much of a file the server has.

        Raises
        ------
        UnreachableError
            If no answer came.
        RefusedError
            If this device may not send the file.
        """
        async with self._request("HEAD", _path(sha256), {}) as response:
            if response.status == 404 and is_bare_problem(response):
                return UploadState(0, complete=False)
            if response.status == 403 and is_bare_problem(response):
                raise RefusedError(
                    "no record on the server names the file",
                    "see: permille fix",
                    code="blob_foreign",
                )
            return await self._there(response)

    async def patch(
        self, sha256: str, offset: int, length: int, data: bytes
    ) -> UploadState:
        """Send the bytes that begin at an offset; return how much the server has then.

        Raises
        ------
        UnreachableError
            If no answer came; some of the bytes may have arrived.
        RefusedError
            If the server does not take them.
        """
        headers = {
            "Content-Type": _OCTETS,
            "Content-Length": str(len(data)),
            "Upload-Offset": str(offset),
            "Upload-Length": str(length),
        }
        body = self._paced(data)
        async with self._request("PATCH", _path(sha256), headers, body) as response:
            return await self._there(response)

    async def get(
        self, sha256: str, offset: int, take: Callable[[bytes], None]
    ) -> None:
        """Return the bytes of a file from an offset to its end, as they come.

        Raises
        ------
        UnreachableError
            If the answer did not come or was cut.
        RefusedError
            If the server does not have the file, or does not show it.
        """
        headers = {"Range": f"bytes={offset}-", "Accept-Encoding": "identity"}
        async with self._request("GET", _path(sha256), headers) as response:
            if response.status != 206 or is_page(response.headers):
                raise await self._refusal(response)
            async for part in self._parts(response):
                take(part)

    async def _there(self, response: aiohttp.ClientResponse) -> UploadState:
        offset = response.headers.get("Upload-Offset", "")
        if response.status not in {200, 204, 409} or not offset.isdigit():
            raise await self._refusal(response)
        return UploadState(int(offset), response.headers.get("Upload-Complete") == "?1")

    async def _paced(self, data: bytes) -> AsyncIterator[bytes]:
        if self._bytes_per_s is None:
            yield data
            return
        for place in range(0, len(data), _SIP_BYTES):
            sip = data[place : place + _SIP_BYTES]
            yield sip
            await self._clock.pause(len(sip) / self._bytes_per_s)


def _path(sha256: str) -> str:
    return f"/v1/blobs/{sha256}"
