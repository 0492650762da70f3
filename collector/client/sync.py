"""The sync client: one POST per round, few headers, answers read in bounds.

Every failure between here and the server's answer is an UnreachableError: what
was sent may or may not have arrived, and sending it again is harmless. An answer
that refuses is a RefusedError with the server's own words.
"""

import json
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from backports import zstd

from collector.client.traffic import Traffic
from collector.errors import RefusedError, UnreachableError, UsageError
from collector.rules.reply import (
    CutReplyError,
    Message,
    Reply,
    problem_of,
    read_reply,
    read_rows,
)
from schemas import limits
from schemas.messages import NDJSON, MessageError, decode_body

#: A satellite link opens within seconds; a server answers a batch in well under
#: a minute, and says nothing while it commits.
CONNECT_S: Final = 20.0
SILENCE_S: Final = 90.0
#: What saying that a body is packed costs.
SAYING_SO_BYTES: Final = len("Content-Encoding: zstd\r\n")
#: 500 changes of 700 bytes: 62 bytes each in 5 ms; level 1 makes 69 of them, level 19
#: makes 58 and takes 150 ms.
ZSTD_LEVEL: Final = 12
RETRY: Final = "nothing is lost; run: permille sync"


class Client:
    """A connection to one server."""

    def __init__(self, server: str, token: str | None = None) -> None:
        if not server.startswith(("http://", "https://")):
            raise UsageError(
                f"{server} is not a server address", "such as https://soil.example.org"
            )
        self.server = server.rstrip("/")
        self.traffic = Traffic()
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept"),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S
            ),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        assert self._session is not None
        await self._session.close()

    async def sync(self, body: bytes, asked_epoch: str = "") -> Reply:
        """Send one sync request, which names a timeline or none, and read its answer.

        Raises
        ------
        UnreachableError
            If no whole answer came.
        RefusedError
            If the server refused the request.
        """
        headers = {"Content-Type": NDJSON, "Accept-Encoding": "zstd"}
        packed = zstd.compress(body, ZSTD_LEVEL)
        if pays(packed, body):
            headers["Content-Encoding"] = "zstd"
        else:
            packed = body
        raw = await self._post("/v1/sync", packed, headers)
        try:
            return read_reply(raw.split(b"\n"), asked_epoch)
        except CutReplyError as error:
            raise UnreachableError(str(error), RETRY, code="cut_reply") from None

    async def enrol(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Trade an enrolment code for a device token.

        Raises
        ------
        UnreachableError
            If no whole answer came.
        RefusedError
            If the server refused the code.
        """
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        body = json.dumps(request, ensure_ascii=False).encode()
        raw = await self._post("/v1/enrol", body, headers)
        try:
            return decode_body("enrolled", raw)
        except MessageError as error:
            raise UnreachableError(
                f"the answer is not one of a Permille server: {error}",
                "check the address",
            ) from None

    async def buckets(self, project_id: str) -> Mapping[str, list[int | str]]:
        """Ask for the digest of each bucket of a project.

        Raises
        ------
        UnreachableError
            If no whole answer came.
        """
        raw = await self._get(f"/v1/streams/{project_id}/buckets")
        return dict(_document(raw).get("buckets", {}))

    async def rows_in(
        self, project_id: str, buckets: list[str]
    ) -> tuple[str, list[Message]]:
        """Ask for the rows of some buckets, with the server's epoch.

        Raises
        ------
        UnreachableError
            If no whole answer came.
        """
        raw = await self._get(f"/v1/streams/{project_id}/rows?in={','.join(buckets)}")
        try:
            return read_rows(raw.split(b"\n"))
        except CutReplyError as error:
            raise UnreachableError(str(error), RETRY, code="cut_reply") from None

    async def _get(self, path: str) -> bytes:
        return await self._ask("GET", path, None, {"Accept-Encoding": "zstd"})

    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        return await self._ask("POST", path, body, headers)

    async def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> bytes:
        assert self._session is not None
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            async with self._session.request(
                method, self.server + path, data=body, headers=headers
            ) as response:
                self._count_heads(response, len(body or b""))
                return await self._read(response)
        except aiohttp.InvalidURL:
            raise UsageError(f"{self.server} is not a server address") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnreachableError(
                f"the server {self.server} was not reached: {_words(error)}", RETRY
            ) from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        raw = b"".join([part async for part in self._unpacked(response)])
        if response.status < 300:
            return raw
        raise refusal(response.status, _document(raw), response.headers)

    async def _unpacked(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        packed = response.headers.get("Content-Encoding", "identity") == "zstd"
        unpacker = zstd.ZstdDecompressor() if packed else None
        size = 0
        async for part, ends_chunk in response.content.iter_chunks():
            self.traffic.bytes_received += len(part)
            if ends_chunk and "Content-Length" not in response.headers:
                # Length line and line ends around a chunk.
                self.traffic.bytes_received += len(f"{len(part):x}") + 4
            for piece in _unpack(unpacker, part):
                size += len(piece)
                if size > limits.ANSWER_BYTES:
                    raise UnreachableError("the server's answer is too large", RETRY)
                yield piece
        if unpacker is not None and not unpacker.eof:
            raise UnreachableError("the server's answer was cut", RETRY)

    def _count_heads(self, response: aiohttp.ClientResponse, body_bytes: int) -> None:
        info = response.request_info
        line = f"{info.method} {info.url.raw_path_qs} HTTP/1.1\r\n\r\n"
        sent = sum(len(f"{k}: {v}\r\n".encode()) for k, v in info.headers.items())
        got = sum(len(k) + len(v) + 4 for k, v in response.raw_headers)
        status = f"HTTP/1.1 {response.status} {response.reason}\r\n\r\n"
        self.traffic.requests += 1
        self.traffic.bytes_sent += len(line) + sent + body_bytes
        self.traffic.bytes_received += len(status) + got


def pays(packed: bytes, body: bytes) -> bool:
    """Return whether packing a body saves bytes on the wire."""
    return len(packed) + SAYING_SO_BYTES < len(body)


def refusal(
    status: int, document: Mapping[str, Any], headers: Mapping[str, str]
) -> UnreachableError | RefusedError:
    """Turn a problem document into the error of a command."""
    code = str(document.get("code") or status)
    title = str(document.get("title") or f"the server answered {status}")
    detail = str(document.get("detail") or "")
    text = f"{title}: {detail}" if detail and detail != title else title
    if status == 503:
        busy = UnreachableError(
            f"the server is busy: {text}", RETRY, code="server_busy"
        )
        busy.retry_after_s = _seconds(headers.get("Retry-After"))
        return busy
    if status >= 500 or status == 408:
        return UnreachableError(f"the server failed: {text}", RETRY, code=code)
    known = problem_of(document)
    hint = str(document.get("hint") or (known.hint if known else ""))
    if status == 401:
        hint = f"{hint}; nothing on this laptop was deleted".removeprefix("; ")
    error = RefusedError(text, hint, code=code)
    error.document = document
    return error


def _unpack(unpacker: zstd.ZstdDecompressor | None, part: bytes) -> list[bytes]:
    if unpacker is None:
        return [part]
    pieces = []
    try:
        while not unpacker.eof and (part or not unpacker.needs_input):
            pieces.append(unpacker.decompress(part, limits.LINE_BYTES))
            part = b""
    except zstd.ZstdError:
        raise UnreachableError("the server's answer is garbled", RETRY) from None
    return pieces


def _document(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdigit() else None


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or str(error.os_error)
    return str(error) or type(error).__name__
