"""How what a page found becomes an answer."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from schemas.speech.languages import best_of
from schemas.speech.pages import PageSpeech, accepted
from server.desk.frame import (
    Asked,
    DeskPage,
    Download,
    Tab,
    drawn,
    refusal_of,
    speech_of,
)
from server.errors import RequestError, ServerError
from server.http.guards import CODE

LANGUAGE: Final = "permille-language"
_SAID: Final = "permille-said"
#: A browser drops a cookie of more than 4,096 characters.
_SAID_BYTES: Final = 1_500
_REFUSED: Final = 422


def speech_for(request: web.Request) -> PageSpeech:
    """Return the language that was chosen in this browser, or that it asks for."""
    chosen = request.cookies.get(LANGUAGE)
    liked = accepted(request.headers.get("Accept-Language", ""))
    return speech_of(best_of([chosen] if chosen else liked))


def page(
    request: web.Request,
    found: DeskPage,
    asked: Asked | None = None,
    tabs: Sequence[Tab] = (),
) -> web.Response:
    """Answer with a page, which says what the one before has done."""
    said = _said(request)
    text = drawn(found, speech_for(request), asked, tabs, said)
    answer = web.Response(text=text, content_type="text/html", status=found.status)
    if said:
        answer.del_cookie(_SAID)
    return answer


def refused(
    request: web.Request,
    error: ServerError | RequestError,
    asked: Asked | None = None,
    tabs: Sequence[Tab] = (),
) -> web.Response:
    """Answer with a page that says why something was not done, and what to do."""
    status = error.status if isinstance(error, RequestError) else _REFUSED
    if isinstance(error, RequestError):
        request[CODE] = error.problem.code
    facts = {"refusal": refusal_of(error)}
    found = DeskPage("refused.html.j2", "permille-server --help", facts, status)
    answer = page(request, found, asked, tabs)
    if isinstance(error, RequestError):
        answer.headers.update(error.headers)
    return answer


def go_to(path: str, said: str = "") -> web.Response:
    """Answer with another page to go to, which says what was done."""
    answer = web.Response(status=303, headers={"Location": path})
    if said:
        kept = said.encode()[:_SAID_BYTES].hex()
        answer.set_cookie(_SAID, kept, httponly=True, samesite="Strict")
    return answer


def keep(found: Download) -> web.Response:
    """Answer with a file for the browser to keep."""
    return web.Response(
        body=found.content,
        content_type=found.kind,
        headers={"Content-Disposition": f'attachment; filename="{found.name}"'},
    )


def _said(request: web.Request) -> str:
    """Return what the page before has done, told once."""
    try:
        return bytes.fromhex(request.cookies.get(_SAID, "")).decode(errors="ignore")
    except ValueError:
        return ""
