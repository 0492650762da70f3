"""What lies between the laptop and its server, in words: what happened, what to do.

A proxy, a login page, a certificate, a name, a clock: whatever keeps a request from the
server, or answers in its place. Nothing of it loses anything.
"""

import errno
import socket
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp

from collector.errors import UnreachableError
from schemas.phrases import Phrase, _, followed, named

RETRY: Final = _("nothing is lost; run: permille sync")
CERTIFICATES_VARIABLE: Final = "SSL_CERT_FILE"

_MOVED: Final = frozenset({301, 308})

_LET_THROUGH: Final = _(
    "ask the administrator to let the proxy take 1 MiB, or carry the changes:"
    " permille bundle export FILE"
)
#: Answers of proxies and portals, where the server itself says nothing: what it means,
#: what to do, whether trying again at once may help.
_ANSWERS: Final[Mapping[int, tuple[Phrase, Phrase, bool]]] = MappingProxyType(
    {
        401: (
            _("something before the server asks for a name and a password (401)"),
            _("ask who runs the server: its address may be meant for people only"),
            False,
        ),
        403: (
            _("a firewall, a filter or a portal forbids the way to the server (403)"),
            _("ask who runs this network to let it through, or take another network"),
            False,
        ),
        404: (
            _("there is no Permille server at this address (404)"),
            _("check the address, and ask the administrator for it"),
            False,
        ),
        407: (
            _("the proxy of this network asks for a name and a password (407)"),
            _("set HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT"),
            False,
        ),
        408: (_("a proxy did not wait for all that was sent (408)"), RETRY, True),
        413: (
            _(
                "something between here and the server takes no message of this size (413)"
            ),
            _LET_THROUGH,
            False,
        ),
        429: (
            _(
                "something between here and the server asks to be tried less often (429)"
            ),
            _("wait a while; nothing is lost; run: permille sync"),
            False,
        ),
        502: (
            _("a proxy was reached and the server behind it was not (502)"),
            _("nothing is lost; try again in some minutes: permille sync --wait"),
            True,
        ),
        503: (
            _("the server is busy, or away behind a proxy (503)"),
            _("nothing is lost; try again in some minutes: permille sync --wait"),
            True,
        ),
        504: (
            _(
                "a proxy was reached, and the server behind it gave no answer in time (504)"
            ),
            _("nothing is lost; try again in some minutes: permille sync --wait"),
            True,
        ),
        511: (
            _("this network wants a login first (511)"),
            _("open a web browser, log in to the network, then: permille sync"),
            False,
        ),
    }
)


_LOG_IN: Final = _("open a web browser, log in to the network, then: permille sync")


def answered(
    server: str, path: str, status: int, headers: Mapping[str, str]
) -> UnreachableError:
    """Return the error for an answer that is not the server's own."""
    if 300 <= status < 400 and (location := headers.get("Location")):
        return _redirected(server, path, status, location)
    if status < 400:
        text = _(
            "a web page answered instead of the server: this network wants a login, or"
            " the address is wrong"
        )
        return _error(named(server, text), _LOG_IN, "page")
    found = _ANSWERS.get(status)
    if found is None:
        words = _(
            "something between here and the server answered {status}", status=status
        )
        found = (words, followed(_("check the address"), RETRY), status >= 500)
    text, hint, may_help = found
    code = "server_busy" if status == 503 else f"between_{status}"
    error = _error(named(server, text), hint, code, is_lasting=not may_help)
    error.retry_after_s = _seconds(headers.get("Retry-After"))
    return error


def _redirected(server: str, path: str, status: int, location: str) -> UnreachableError:
    """Return the error for a redirect: it is told and never followed."""
    there = urljoin(server + path, location)
    base = there.removesuffix(path).rstrip("/")
    if status in _MOVED and there.endswith(path) and base != server:
        return _error(
            _(
                "the server {server} has moved to {base}; nothing was sent there",
                server=server,
                base=base,
            ),
            _(
                "ask the administrator whether that is right, and for a code, then:"
                " permille enrol --another-server {base} CODE",
                base=base,
            ),
            "moved",
        )
    host = urlsplit(there).netloc or there
    return _error(
        _(
            "{server}: instead of an answer this network sends to {host} ({status}), as a"
            " login page does; it was not followed",
            server=server,
            host=host,
            status=status,
        ),
        _LOG_IN,
        "redirected",
    )


def failed(
    server: str, error: BaseException, now: datetime, proxy: str | None
) -> UnreachableError:
    """Return the error for a request that got no answer; `proxy` names one on the way."""
    match error:
        case aiohttp.ClientHttpProxyError():
            found = answered(
                _("the proxy {proxy}", proxy=proxy),
                "",
                error.status,
                error.headers or {},
            )
        case aiohttp.ClientProxyConnectionError():
            found = _error(
                _(
                    "the proxy {proxy} was not reached: {why}",
                    proxy=proxy,
                    why=_words(error),
                ),
                _(
                    "check HTTPS_PROXY (HTTP_PROXY for plain http); where no proxy is"
                    " needed, unset it"
                ),
                "proxy_away",
            )
        case aiohttp.ClientConnectorCertificateError():
            found = _certificate(server, error.certificate_error, now)
        case aiohttp.ClientConnectorSSLError():
            found = _error(
                _(
                    "{server} does not speak TLS as it must: {why}",
                    server=server,
                    why=_words(error),
                ),
                _(
                    "check the address (http or https, the port); a proxy may be in the"
                    " way"
                ),
                "tls",
            )
        case (
            aiohttp.ClientConnectorDNSError()
            | aiohttp.ClientConnectorError(os_error=socket.gaierror())
        ):
            found = _error(
                _(
                    "the name of the server {name} was not found",
                    name=urlsplit(server).hostname,
                ),
                followed(_("check the network, then the address"), RETRY),
                is_lasting=False,
            )
        case _:
            found = _error(
                _(
                    "the server {server} was not reached: {why}",
                    server=server,
                    why=_words(error),
                ),
                RETRY,
                is_lasting=False,
            )
    return found


#: Numbers of OpenSSL for what is wrong with a certificate.
_NOT_YET, _EXPIRED, _SELF_SIGNED = 9, 10, 18
_WRONG_NAME: Final = frozenset({62, 64})


def _certificate(server: str, error: BaseException, now: datetime) -> UnreachableError:
    code = getattr(error, "verify_code", 0)
    host = urlsplit(server).hostname
    said = {"server": server, "host": host, "now": f"{now:%Y-%m-%d %H:%M}"}
    if code in {_NOT_YET, _EXPIRED}:
        text = (
            _(
                "the certificate of {server} is not valid yet; this laptop's clock says"
                " {now} UTC",
                **said,
            )
            if code == _NOT_YET
            else _(
                "the certificate of {server} has expired; this laptop's clock says"
                " {now} UTC",
                **said,
            )
        )
        hint = _("put the clock right if it is wrong; else tell the administrator")
    elif code in _WRONG_NAME:
        text = _("the certificate at {server} is for another name than {host}", **said)
        hint = _("check the address; a login page of the network may be in the way")
    else:
        text = (
            _(
                "the certificate of {server} is signed by itself: who answers cannot be"
                " known",
                **said,
            )
            if code == _SELF_SIGNED
            else _(
                "the certificate of {server} is of an issuer unknown here: who answers"
                " cannot be known",
                **said,
            )
        )
        hint = _(
            "ask the administrator for the issuer's certificate, and name its file:"
            " {variable}=FILE; in a hotel or an office: log in to the network first, or"
            " ask who runs it",
            variable=CERTIFICATES_VARIABLE,
        )
    return _error(text, followed(hint, _("nothing was sent")), "certificate")


_NO_NETWORK: Final = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}
)


def _words(error: BaseException) -> str:
    cause = getattr(error, "os_error", error)
    number = getattr(cause, "errno", None)
    if isinstance(error, TimeoutError):
        return _("no answer in time")
    if number == errno.ECONNREFUSED:
        return _("Connection refused, nothing listens there")
    if number in _NO_NETWORK:
        return _("there is no network that leads there")
    if number in {errno.ECONNRESET, errno.EPIPE} or isinstance(
        error, aiohttp.ServerDisconnectedError
    ):
        return _("the connection was broken off")
    said = getattr(cause, "reason", None) or getattr(cause, "strerror", None)
    return str(said or cause) or type(error).__name__


def _error(
    text: str, hint: str, code: str = "", *, is_lasting: bool = True
) -> UnreachableError:
    error = UnreachableError(text, hint, code=code)
    error.is_lasting = is_lasting
    return error


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdigit() else None
