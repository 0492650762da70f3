"""What all requests of the laptop have in common.

Connections with their timeouts, few headers, answers read in bounds, bytes counted.
Every failure between here and the server's answer is an UnreachableError: what was
sent may or may not have arrived, and sending it again is harmless. An answer that
refuses is a RefusedError with the server's own words.
"""

import json
import os
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from backports import zstd

from collector.client import between
from collector.client.between import CERTIFICATES_VARIABLE, RETRY
from collector.client.retry import LONGEST_S, delays
from collector.client.traffic import Traffic
from collector.clock import Clock
from collector.errors import RefusedError, UnreachableError, UsageError
from collector.rules.reply import problem_of
from schemas import limits
from schemas.phrases import _, duration

#: A satellite link opens within seconds.
_CONNECT_S: Final = 20.0
Headers = Mapping[str, str]


class HttpClient:
    """Connections to one server, under a device's token where there is one."""

    #: For how long a server may say nothing: it answers a batch in well under a minute.
    silence_s: ClassVar[float] = 90.0

    def __init__(
        self, server: str, token: str | None = None, clock: Clock | None = None
    ) -> None:
        self.server = address_of(server)
        self.traffic = Traffic()
        #: What is to be told of this laptop's clock, by what was answered last.
        self.clock_words = ""
        self._clock = clock or Clock()
        self._authority = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection pool, through the proxy of the environment if it names one."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls(self.server)),
            # Not trust_env: it asks .netrc in a thread, for a password that is not wanted.
            proxy=proxy_url(self.server),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=_CONNECT_S, sock_read=self.silence_s
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

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        headers: Headers,
        body: bytes | AsyncIterator[bytes] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request; whatever cuts it until its answer is read ends it.

        A redirect is never followed: what was meant for the server goes to it alone.
        """
        assert self._session is not None
        try:
            async with self._session.request(
                method,
                self.server + path,
                data=body,
                headers={**headers, **self._authority},
                allow_redirects=False,
            ) as response:
                self._count_heads(response)
                now = self._clock.now()
                self.clock_words = clock_words(response.headers, now)
                yield response
        except aiohttp.InvalidURL:
            raise UsageError(f"{self.server} is not a server address") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise between.failed(
                self.server, error, self._clock.now(), proxy_of(self.server)
            ) from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the whole answer, unpacked."""
        is_packed = response.headers.get("Content-Encoding", "identity") == "zstd"
        unpacker = zstd.ZstdDecompressor() if is_packed else None
        pieces, size = [], 0
        async for part in self._parts(response):
            for piece in _unpack(unpacker, part):
                size += len(piece)
                if size > limits.ANSWER_BYTES:
                    raise UnreachableError("the server's answer is too large", RETRY)
                pieces.append(piece)
        if unpacker is not None and not unpacker.eof:
            raise UnreachableError("the server's answer was cut", RETRY)
        return b"".join(pieces)

    async def _parts(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        """Return what arrives of an answer, counted."""
        async for part, ends_chunk in response.content.iter_chunks():
            if not part and response.content.at_eof():
                return  # what has no body ends anew for ever
            self.traffic.bytes_received += len(part)
            if ends_chunk and "Content-Length" not in response.headers:
                # Length line and line ends around a chunk.
                self.traffic.bytes_received += len(f"{len(part):x}") + 4
            yield part

    async def _refusal(
        self, response: aiohttp.ClientResponse
    ) -> UnreachableError | RefusedError:
        """Return the error that an answer speaks of: the server's, or of what is between."""
        is_refusal = response.status >= 400
        document = document_of(await self._read(response)) if is_refusal else {}
        error: UnreachableError | RefusedError
        if isinstance(document.get("code"), str) or is_bare_problem(response):
            error = _refusal(response.status, document, response.headers)
        else:
            path = response.request_info.url.raw_path_qs
            error = between.answered(
                self.server, path, response.status, response.headers
            )
        if self.clock_words:
            error.hint = "; ".join(filter(None, (error.hint, self.clock_words)))
        return error

    def _count_heads(self, response: aiohttp.ClientResponse) -> None:
        info = response.request_info
        line = f"{info.method} {info.url.raw_path_qs} HTTP/1.1\r\n\r\n"
        sent = sum(len(f"{k}: {v}\r\n".encode()) for k, v in info.headers.items())
        body_bytes = int(info.headers.get("Content-Length", 0))
        got = sum(len(k) + len(v) + 4 for k, v in response.raw_headers)
        status = f"HTTP/1.1 {response.status} {response.reason}\r\n\r\n"
        self.traffic.requests += 1
        self.traffic.bytes_sent += len(line) + sent + body_bytes
        self.traffic.bytes_received += len(status) + got


def is_bare_problem(response: aiohttp.ClientResponse) -> bool:
    """Return whether the server refused without a body, as it answers a HEAD."""
    return response.content_type == "application/problem+json"


def document_of(raw: bytes) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one when it is none."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _refusal(
    status: int, document: Mapping[str, Any], headers: Headers
) -> UnreachableError | RefusedError:
    """Turn a problem document into the error of a command."""
    code = str(document.get("code") or status)
    title = str(document.get("title") or f"the server answered {status}")
    detail = str(document.get("detail") or "")
    text = f"{title}: {detail}" if detail and detail != title else title
    if status in {429, 503}:
        return _busy(status, text, document, headers)
    if status >= 500 or status == 408:
        return UnreachableError(f"the server failed: {text}", RETRY, code=code)
    known = problem_of(document)
    hint = str(document.get("hint") or (known.hint if known else ""))
    if status == 401:
        hint = f"{hint}; nothing on this laptop was deleted".removeprefix("; ")
    error = RefusedError(text, hint, code=code)
    error.document = document
    return error


def _busy(
    status: int, text: str, document: Mapping[str, Any], headers: Headers
) -> UnreachableError:
    """Return the error of a server that asks to wait."""
    busy = UnreachableError(f"the server is busy: {text}", RETRY, code="server_busy")
    busy.retry_after_s = _seconds(headers.get("Retry-After"))
    if status == 429:
        busy.text, busy.code = text, str(document.get("code") or "server_busy")
        busy.hint = str(document.get("hint") or RETRY)
        if busy.retry_after_s:
            busy.hint = f"wait {busy.retry_after_s:.0f} s, then try again"
            busy.is_lasting = busy.retry_after_s > LONGEST_S
    return busy


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


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdigit() else None


class Patience:
    """Waits after each failure: a little, or for as long as a busy server asks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._chance = clock.random_bits(16) / 2**16
        self._waits: Iterator[float] | None = None

    def renew(self) -> None:
        """Begin to count anew."""
        self._waits = None

    async def wait(self, error: UnreachableError) -> None:
        """Wait before the next try.

        Raises
        ------
        UnreachableError
            The last one, when it was tried often enough.
        """
        if self._waits is None:
            self._waits = delays(error.retry_after_s, self._chance)
        wait = next(self._waits, None)
        if wait is None or error.is_lasting:
            raise error
        await self._clock.pause(wait)


#: What a server of ours answers with; anything else is somebody's page.
_OURS: Final = ("application/", "text/event-stream")


def address_of(server: str) -> str:
    """Return the address of a server as it is kept.

    Raises
    ------
    UsageError
        If it is none.
    """
    if not server.startswith(("http://", "https://")):
        raise UsageError(
            f"{server} is not a server address", "such as https://soil.example.org"
        )
    return server.rstrip("/")


def is_page(headers: Mapping[str, str]) -> bool:
    """Return whether an answer is a page for people, which no server of ours sends."""
    said = headers.get("Content-Type", "").strip().lower()
    return bool(said) and not said.startswith(_OURS)


def tls(server: str) -> ssl.SSLContext | bool:
    """Return whom to trust: the issuers of this machine, or those of SSL_CERT_FILE.

    aiohttp has made the context of this machine already; another one takes 20 ms.

    Raises
    ------
    UsageError
        If the variable names no file of certificates.
    """
    named = os.environ.get(CERTIFICATES_VARIABLE)
    if not named or not server.startswith("https://"):
        return True
    if not Path(named).is_file():
        raise UsageError(
            f"{CERTIFICATES_VARIABLE} names {named}, which is no file",
            "correct or unset it",
        )
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509"]:
        try:
            context.load_verify_locations(named)
        except ssl.SSLError:
            raise UsageError(
                f"{CERTIFICATES_VARIABLE} names {named}, which holds no certificates",
                "a file of certificates in PEM form is needed",
            ) from None
    return context


def proxy_url(server: str) -> str | None:
    """Return the proxy that requests to a server go through, as the environment has it.

    Raises
    ------
    UsageError
        If the variable holds no address.
    """
    parts = urlsplit(server)
    found = getproxies().get(parts.scheme)
    if not found or (parts.hostname and proxy_bypass(parts.hostname)):
        return None
    proxy = urlsplit(found)
    if proxy.scheme not in {"http", "https"} or not proxy.hostname:
        raise UsageError(
            f"{parts.scheme.upper()}_PROXY holds no address of a proxy",
            "such as http://proxy.example.org:3128",
        )
    return found


def proxy_of(server: str) -> str | None:
    """Return the name of the proxy to a server, without its password."""
    found = proxy_url(server)
    if found is None:
        return None
    proxy = urlsplit(found)
    return f"{proxy.hostname}:{proxy.port or 80}"


def clock_words(headers: Mapping[str, str], now: datetime) -> str:
    """Return what is to be told of this laptop's clock, by the Date of an answer."""
    skew_s = skew_of(headers, now)
    if skew_s is None or abs(skew_s) <= limits.CLOCK_SKEW_WARN_S:
        return ""
    off = duration(abs(skew_s))
    if skew_s > 0:
        return _("this laptop's clock is {off} ahead of the server's", off=off)
    return _("this laptop's clock is {off} behind the server's", off=off)


def skew_of(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return by how many seconds this laptop is ahead of who answered; None if unknown."""
    try:
        there = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    if there.tzinfo is None:
        there = there.replace(tzinfo=UTC)
    return (now - there).total_seconds()
