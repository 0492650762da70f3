"""Who may see the page: the person who started it, in a browser of this machine.

The address that is printed holds a token that opens once; it becomes a cookie, and leaves
the address bar. Requests of other pages are refused by their Host and Origin.
"""

from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Final

from aiohttp import web

from collector.clock import Clock
from schemas.page import HEADERS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_BITS: Final = 192


class Door:
    """Hands out tokens that open once, and knows the sessions they became."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: set[str] = set()
        self._sessions: set[str] = set()
        self._port = 0

    def open_at(self, port: int) -> None:
        """Note the port that the page is served at."""
        self._port = port

    @property
    def cookie(self) -> str:
        """Return the name of the cookie: cookies do not tell ports apart."""
        return f"permille-{self._port}"

    def new_token(self) -> str:
        """Return a token that opens the page once."""
        token = f"{self._clock.random_bits(_BITS):048x}"
        self._tokens.add(token)
        return token

    def enter(self, token: str) -> str | None:
        """Return a session for a token, which is used up; None if it opens nothing."""
        if token not in self._tokens:
            return None
        self._tokens.discard(token)
        session = f"{self._clock.random_bits(_BITS):048x}"
        self._sessions.add(session)
        return session

    def is_known(self, session: str) -> bool:
        """Return whether a session was begun with a token."""
        return any(compare_digest(session, one) for one in self._sessions)

    def is_own(self, origin: str) -> bool:
        """Return whether an origin is that of this page."""
        return origin in {f"http://{host}" for host in self.hosts}

    def is_addressed(self, host: str) -> bool:
        """Return whether a request names this page: not a name that points here."""
        return host in self.hosts

    @property
    def hosts(self) -> tuple[str, str]:
        """Return how this page is addressed."""
        return (f"127.0.0.1:{self._port}", f"localhost:{self._port}")


DOOR: Final[web.AppKey[Door]] = web.AppKey("door", Door)
#: What anybody may ask for: it says nothing of this laptop.
_OPEN: Final = ("/open", "/static/")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse who has no session and what other pages send; add the headers."""
    refusal = _refusal(request, request.app[DOOR])
    if refusal is not None:
        answer: web.StreamResponse = web.Response(status=refusal[0], text=refusal[1])
    else:
        try:
            answer = await handler(request)
        except web.HTTPException as error:
            error.headers.update(HEADERS)
            raise
        except Exception as error:  # noqa: BLE001 - the edge: a bug, told in words
            said = f"A defect of the program: {type(error).__name__}: {error}"
            answer = web.Response(status=500, text=f"{said}\nNothing was half saved.")
    answer.headers.update(HEADERS)
    return answer


def _refusal(request: web.Request, door: Door) -> tuple[int, str] | None:
    if not door.is_addressed(request.host):
        return 421, "This page is at 127.0.0.1 alone."
    if not _is_from_here(request, door):
        return 403, "Only this page may ask for that."
    if request.path.startswith(_OPEN):
        return None
    if not door.is_known(request.cookies.get(door.cookie, "")):
        return 403, "This page opens with the address that `permille ui` printed."
    return None


def _is_from_here(request: web.Request, door: Door) -> bool:
    """Return whether a request is of this page itself, or typed into the address bar."""
    if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        # A browser names the page of a form; who is no browser has no business here.
        return request.method == "GET"
    return door.is_own(origin)
