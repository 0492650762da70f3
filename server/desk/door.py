"""The door of the desk: who signed in, from which page a form came, what may be loaded."""

from typing import Final

from aiohttp import web

from server.access.sessions import SessionBounds, SignedIn, signed_in
from server.http.guards import CLOCK
from server.http.keys import STORE
from server.http.readers import base_of

_NAME: Final = "permille-desk"


async def who_asks(request: web.Request, bounds: SessionBounds) -> SignedIn | None:
    """Return who signed in, in this browser; None where nobody did, or it has ended."""
    secret = request.cookies.get(cookie_of(request), "")
    if not secret:
        return None
    return await signed_in(request.app[STORE], request.app[CLOCK], secret, bounds)


def is_from_here(request: web.Request) -> bool:
    """Return whether a request is of the desk itself, or typed, or a link that was followed."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if request.method in {"GET", "HEAD"}:
        is_followed = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        return site in {"none", "same-origin"} or is_followed
    origin = request.headers.get("Origin")
    # A browser names the page of a form; who is no browser has no business here.
    return site in {"none", "same-origin"} and origin == str(base_of(request))


def cookie_of(request: web.Request) -> str:
    """Return the name of the cookie: by https one that no other machine can set."""
    return f"__Host-{_NAME}" if is_secure(request) else _NAME


def is_secure(request: web.Request) -> bool:
    """Return whether the browser speaks https."""
    return base_of(request).scheme == "https"


def remember(request: web.Request, answer: web.StreamResponse, secret: str) -> None:
    """Have the browser keep a session."""
    answer.set_cookie(
        cookie_of(request),
        secret,
        httponly=True,
        secure=is_secure(request),
        samesite="Lax",
        path="/",
    )


def forget(request: web.Request, answer: web.StreamResponse) -> None:
    """Have the browser drop its session."""
    answer.del_cookie(
        cookie_of(request), path="/", secure=is_secure(request), httponly=True
    )
