"""Who reads: a token of an analyst or of a laptop, and where links to them lead."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from aiohttp import web
from yarl import URL

from server.access.read_tokens import Who, who_reads
from server.errors import RequestError, refuse
from server.http.addresses import is_among
from server.http.guards import CLOCK
from server.http.keys import READ_COPY, READS, SPEAKERS, STORE
from server.http.speakers import credentials
from server.reading.port import ReadCopy

T = TypeVar("T")

#: How a program may send its token, in one header.
_CHALLENGE: Final = 'Bearer realm="permille", Basic realm="permille", charset="UTF-8"'


async def reader_of(request: web.Request) -> Who:
    """Return who reads: a token is a Bearer, or the password of any name (Basic).

    Raises
    ------
    RequestError
        401 without a live token, saying how to send one; 429 as for devices.
    """
    speakers, now = request.app[SPEAKERS], request.app[CLOCK].stamp()
    token = credentials(request, "bearer") or _password(request)
    try:
        if not token:
            raise refuse("no_read_token")
        who = await speakers.asked(
            request, token, lambda: who_reads(request.app[STORE], token, now)
        )
    except RequestError as error:
        if error.status == web.HTTPUnauthorized.status_code:
            error.headers["WWW-Authenticate"] = _CHALLENGE
        raise
    speakers.begin(request, who, speakers.limits.requests_per_reader)
    return who


async def read(
    request: web.Request, who: Who, ask: Callable[[ReadCopy], Awaitable[T]]
) -> T:
    """Ask the read copy, as one of a few at once."""
    async with request.app[READS].hold(1):
        return await request.app[READ_COPY].read(who.heads, ask)


def unasked(who: Who, table: str) -> frozenset[str]:
    """Return the columns of a table by whose value somebody may not look."""
    return who.veil.unasked(table) if who.veil else frozenset()


def base_of(request: web.Request) -> URL:
    """Return the address of the server as who speaks wrote it, for links.

    A trusted proxy says in `X-Forwarded-Proto` that it speaks https, and in
    `X-Forwarded-Host` how it is called.
    """
    scheme, host = request.scheme, request.host
    if is_among(request.remote or "", request.app[SPEAKERS].trusted):
        scheme = _forwarded(request, "Proto") or scheme
        host = _forwarded(request, "Host") or host
    try:
        return URL(f"{'https' if scheme == 'https' else 'http'}://{host}").origin()
    except ValueError:
        raise refuse("bad_header", "Host: the name of a machine") from None


def _forwarded(request: web.Request, name: str) -> str:
    said = request.headers.get(f"X-Forwarded-{name}", "")
    return said.partition(",")[0].strip().lower()


def _password(request: web.Request) -> str:
    try:
        raw = base64.b64decode(credentials(request, "basic"), validate=True)
        return raw.decode().partition(":")[2].strip()
    except (binascii.Error, ValueError):
        return ""
