"""One delivery on the wire: signed, to a checked address, bounded in time and memory."""

import asyncio
import hashlib
import hmac
import ipaddress
import socket
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from server.store.webhook_values import Delivery, Webhook
from server.webhooks.hosts import AddressError, is_public

EVENT_HEADER: Final = "Permille-Event"
TIMESTAMP_HEADER: Final = "Permille-Timestamp"
SIGNATURE_HEADER: Final = "Permille-Signature"
_AGENT: Final = "Permille-Webhook/1"
#: A receiver that takes longer is asked again: it is to note what came and answer.
_TOTAL_S: Final = 10.0
_CONNECT_S: Final = 5.0
#: Of an answer only the first line and its headers are read, and these are bounded.
_HEADER_BYTES: Final = 8_190


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending: `error` is None where the receiver answered 2xx."""

    error: str | None = None


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header that signs a body.

    Examples
    --------
    >>> signature("secret", 1, b"{}")[:19]
    'sha256=1122767b1931'
    """
    text = b"%d.%b" % (timestamp, body)
    return f"sha256={hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()}"


class CheckedResolver(AbstractResolver):
    """Looks a name up once; the connection goes to what was checked, whatever DNS says later."""

    def __init__(self, *, may_be_local: bool) -> None:
        self._may_be_local = may_be_local

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host, if all of them are public.

        Raises
        ------
        AddressError
            If one is not.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family
        )
        for *_, place in found:
            check_address(host, str(place[0]), may_be_local=self._may_be_local)
        return [
            ResolveResult(
                hostname=host,
                host=str(place[0]),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, place in found
        ]

    async def close(self) -> None:
        """Do nothing: nothing is held."""


def check_address(host: str, address: str, *, may_be_local: bool) -> None:
    """Refuse an address that is not public.

    Raises
    ------
    AddressError
        If it is not.
    """
    if not may_be_local and not is_public(address):
        raise AddressError(f"{host} is at {address}, which is no public address")


async def send(
    hook: Webhook, delivery: Delivery, now_ms: int, *, may_be_local: bool = False
) -> Sent:
    """Send a delivery once; a repeat has the same event id, and another signature.

    `may_be_local` is for tests alone, whose receivers are on this machine and without TLS:
    no setting and no command reaches it.
    """
    url = URL(hook.url, encoded=True)
    try:
        _check_url(url, may_be_local=may_be_local)
        return await _post(hook, delivery, now_ms // 1000, may_be_local=may_be_local)
    except AddressError as error:
        return Sent(str(error))
    except TimeoutError:
        return Sent(f"no answer within {_TOTAL_S:g} s")
    except aiohttp.ClientConnectorCertificateError:
        return Sent("the certificate is not valid for the host")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Sent(_short(error))


def _check_url(url: URL, *, may_be_local: bool) -> None:
    """Check how it is sent, and a host that is an IP address: it is looked up nowhere."""
    if url.scheme != "https" and not may_be_local:
        raise AddressError("nothing is sent but by https")
    host = url.host or ""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return
    check_address(host, host, may_be_local=may_be_local)


async def _post(
    hook: Webhook, delivery: Delivery, timestamp: int, *, may_be_local: bool
) -> Sent:
    body = delivery.body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _AGENT,
        EVENT_HEADER: delivery.event_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: signature(hook.secret, timestamp, body),
    }
    connector = aiohttp.TCPConnector(
        resolver=CheckedResolver(may_be_local=may_be_local),
        use_dns_cache=False,
        force_close=True,
        limit=1,
    )
    # No proxy of the environment: it would look names up by itself, unchecked.
    async with aiohttp.ClientSession(
        connector=connector,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=_TOTAL_S, connect=_CONNECT_S),
        max_line_size=_HEADER_BYTES,
        max_field_size=_HEADER_BYTES,
        read_bufsize=_HEADER_BYTES,
    ) as session:
        answer = await session.post(
            URL(hook.url, encoded=True),
            data=body,
            headers=headers,
            allow_redirects=False,
        )
        # The body of the answer is not read: it may have no end.
        answer.close()
    return _judged(answer.status)


def _judged(status: int) -> Sent:
    if 200 <= status < 300:
        return Sent()
    if 300 <= status < 400:
        return Sent(f"answered {status}; redirects are not followed")
    return Sent(f"answered {status}")


def _short(error: Exception) -> str:
    """Return what was wrong on one short line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:200]
