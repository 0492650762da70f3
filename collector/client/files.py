"""Attached files over HTTP: how much is there, the next piece, and back again.

Errors are those of collector.client.sync: not reached may be tried again, refused may not.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from collector.client.sync import CONNECT_S, RETRY, refusal
from collector.errors import RefusedError, UnreachableError
from schemas import limits

#: What is sent between two looks at the clock when the rate is bounded.
_SIP_BYTES: Final = 4 * 1024
_OCTETS: Final = "application/octet-stream"
_ANSWER_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class UploadState:
    """How much of a file the server has; complete means that its hash was checked."""

    offset: int
    complete: bool


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open connections that are patient: a piece may take minutes on a bad link."""
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=CONNECT_S, sock_read=limits.BODY_TIMEOUT_S
    )
    async with aiohttp.ClientSession(
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        timeout=timeout,
    ) as opened:
        yield opened


class BlobClient:
    """The files of one server, as this device may see them."""

    def __init__(
        self,
        server: str,
        token: str,
        opened: aiohttp.ClientSession,
        rate_kbit: int | None = None,
    ) -> None:
        self._server = server.rstrip("/")
        self._authority = {"Authorization": f"Bearer {token}"}
        self._session = opened
        self._bytes_per_s = None if rate_kbit is None else rate_kbit * 1000 / 8

    @property
    def piece_bytes(self) -> int:
        """Return how much to send at once: a minute of a bounded rate at most."""
        if self._bytes_per_s is None:
            return limits.BLOB_PIECE_BYTES
        return min(limits.BLOB_PIECE_BYTES, int(60 * self._bytes_per_s))

    async def head(self, sha256: str) -> UploadState:
        """Ask how much of a file the server has.

        Raises
        ------
        UnreachableError
            If no answer came.
        RefusedError
            If this device may not send the file.
        """
        async with self._asked("HEAD", sha256, {}) as response:
            if response.status == 404:
                return UploadState(0, complete=False)
            if response.status == 403:
                raise RefusedError(
                    "no record on the server names the file",
                    "see: permille fix",
                    code="blob_foreign",
                )
            return await _there(response)

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
        async with self._asked("PATCH", sha256, headers, self._paced(data)) as response:
            return await _there(response)

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
        async with self._asked("GET", sha256, headers) as response:
            if response.status != 206:
                raise await _refused(response)
            async for part in response.content.iter_any():
                take(part)

    @asynccontextmanager
    async def _asked(
        self,
        method: str,
        sha256: str,
        headers: dict[str, str],
        body: AsyncIterator[bytes] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self._session.request(
                method,
                f"{self._server}/v1/blobs/{sha256}",
                headers=headers | self._authority,
                data=body,
            ) as response:
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            words = str(error) or type(error).__name__
            raise UnreachableError(
                f"the server {self._server} was not reached: {words}", RETRY
            ) from None

    async def _paced(self, data: bytes) -> AsyncIterator[bytes]:
        if self._bytes_per_s is None:
            yield data
            return
        for place in range(0, len(data), _SIP_BYTES):
            sip = data[place : place + _SIP_BYTES]
            yield sip
            await asyncio.sleep(len(sip) / self._bytes_per_s)


async def _there(response: aiohttp.ClientResponse) -> UploadState:
    offset = response.headers.get("Upload-Offset", "")
    if response.status not in {200, 204, 409} or not offset.isdigit():
        raise await _refused(response)
    return UploadState(int(offset), response.headers.get("Upload-Complete") == "?1")


async def _refused(
    response: aiohttp.ClientResponse,
) -> UnreachableError | RefusedError:
    raw = await response.content.read(_ANSWER_BYTES)
    try:
        document: Any = json.loads(raw)
    except (ValueError, RecursionError):
        document = {}
    if not isinstance(document, dict):
        document = {}
    return refusal(response.status, document, response.headers)
