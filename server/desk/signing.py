"""Signing in by a link that opens once, signing out, and the language of a browser."""

from typing import Final

from aiohttp import web

from schemas.speech.languages import LANGUAGES
from server.access.sessions import bounds_of, sign_in, sign_out
from server.desk.door import forget, remember, who_asks
from server.desk.frame import DeskPage
from server.desk.sent import first_of, sent_by
from server.desk.showing import LANGUAGE, go_to, page
from server.http.guards import CLOCK
from server.http.keys import SPEAKERS, STORE

_LINK: Final = "permille-server person link NAME"
_YEAR_S: Final = 365 * 24 * 3600


async def ask_to_open(request: web.Request) -> web.StreamResponse:
    """Ask who followed a link whether to sign in: a program that looks at links uses none up."""
    facts = {"link": request.query.get("link", "")}
    return page(request, DeskPage("open.html.j2", _LINK, facts))


async def open_once(request: web.Request) -> web.StreamResponse:
    """Use a link up, and begin a session in this browser.

    Raises
    ------
    RequestError
        403 for a link that was used, has ended or never was; 429 after too many of them.
    """
    app, link = request.app, first_of(await sent_by(request), "link")
    browser = request.headers.get("User-Agent", "")
    secret = await app[SPEAKERS].guess(
        request, lambda: sign_in(app[STORE], app[CLOCK], link, browser)
    )
    answer = go_to("/")
    remember(request, answer, secret)
    return answer


async def leave(request: web.Request) -> web.StreamResponse:
    """End the session of this browser."""
    app = request.app
    who = await who_asks(request, bounds_of(app[SPEAKERS].limits))
    if who is not None:
        await sign_out(app[STORE], app[CLOCK], who.person.id, who.session.id)
    answer = page(request, DeskPage("sign_in.html.j2", _LINK, {"has_left": True}))
    forget(request, answer)
    return answer


async def take_language(request: web.Request) -> web.StreamResponse:
    """Remember the language of this browser, and go back to the page it was chosen on."""
    found = await sent_by(request)
    back = first_of(found, "back") or "/"
    # A path of this server, and no other machine: `//other` names one.
    is_own = back.startswith("/") and not back.startswith(("//", "/\\"))
    answer = go_to(back if is_own and back.isprintable() else "/")
    code = first_of(found, "code")
    if code in LANGUAGES:
        answer.set_cookie(
            LANGUAGE, code, max_age=_YEAR_S, samesite="Lax", httponly=True
        )
    return answer
