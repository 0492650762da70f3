"""One way for every request of the desk: who asks, whether they may, what is shown."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from aiohttp import web

from schemas.page import HEADERS, STYLE_SHEET
from server.access.audit_log import Act, AuditedStore
from server.access.projects import projects
from server.access.sessions import SignedIn, bounds_of
from server.desk.door import is_from_here, who_asks
from server.desk.frame import (
    Asked,
    Desk,
    DeskPage,
    Download,
    Found,
    GoTo,
    ProjectChoice,
    Tab,
)
from server.desk.routes import ROUTES, DeskRoute, Scope
from server.desk.sent import FORMS, ROOM_BYTES, SentForm, sent_by
from server.desk.showing import go_to, keep, page, refused, speech_for
from server.desk.signing import ask_to_open, leave, open_once, take_language
from server.errors import RefusedError, RequestError, ServerError, refuse
from server.http.body import Work
from server.http.guards import CLOCK
from server.http.keys import SPEAKERS, STORE
from server.http.readers import base_of

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HELP: Final = "permille-server person link NAME"
#: Fields of forms that are no part of what the audit log says: secrets, and texts of files.
_UNSAID: Final = frozenset({"link", "held"})
#: What the audit log keeps of one field of a form.
_SAID_CHARS: Final = 500


def add_desk(app: web.Application) -> None:
    """Add every address of the desk."""
    app[FORMS] = Work(ROOM_BYTES)
    app.router.add_get("/desk/style.css", _style)
    app.router.add_get("/desk/open", partial(_in_words, ask_to_open))
    app.router.add_post("/desk/open", partial(_in_words, open_once))
    app.router.add_post("/desk/leave", partial(_in_words, leave))
    app.router.add_post("/desk/language", partial(_in_words, take_language))
    for route in ROUTES:
        answer = partial(_in_words, partial(_answer, route))
        app.router.add_route(route.method, route.path, answer)
    app.router.add_get("/desk/{rest:.*}", partial(_in_words, _nothing))


async def _style(request: web.Request) -> web.StreamResponse:  # noqa: ARG001 - a route
    """Return the style sheet, which the page of a laptop has too."""
    return web.Response(text=STYLE_SHEET.read_text("utf-8"), content_type="text/css")


async def _nothing(request: web.Request) -> web.StreamResponse:
    raise refuse("not_found", request.path)


async def _in_words(answer: Answer, request: web.Request) -> web.StreamResponse:
    """Answer with a page, whatever goes wrong, and say what a browser may load."""
    try:
        if not is_from_here(request):
            raise refuse("foreign_page")
        found = await answer(request)
    except (ServerError, RequestError) as error:
        found = refused(request, error)
    found.headers.update(HEADERS)
    return found


async def _answer(route: DeskRoute, request: web.Request) -> web.StreamResponse:
    """Do what an address does, for who may, and show what comes of it."""
    speakers = request.app[SPEAKERS]
    who = await who_asks(request, bounds_of(speakers.limits))
    if who is None:
        return page(request, DeskPage("sign_in.html.j2", _HELP, status=401))
    speakers.begin(request, who.person, speakers.limits.requests_per_reader)
    asked = await _asked(route, request, who)
    try:
        _check_right(route, asked)
        asked = _choosing(asked, request.query.get("project", ""))
        asked = _with_form(asked, await sent_by(request))
        if route.scope is Scope.ONE and asked.chosen is None:
            raise RefusedError("no project is chosen", [], "choose one of them first")
        found = await route.show(_desk(route, request, asked), asked)
    except (ServerError, RequestError) as error:
        return refused(request, error, asked, _tabs(asked))
    return _shown(request, found, asked)


def _check_right(route: DeskRoute, asked: Asked) -> None:
    """Refuse who may not do this in any project, or not in all where it is of all.

    Raises
    ------
    RequestError
        403.
    """
    if asked.held.may(route.right):
        return
    if route.scope is Scope.ALL or not asked.projects:
        raise refuse("not_allowed", route.right.value)


async def _asked(route: DeskRoute, request: web.Request, who: SignedIn) -> Asked:
    known = [
        ProjectChoice(one["id"], one["name"], one["title"] or "")
        for one in await projects(request.app[STORE])
        if who.held.may(route.right, one["id"])
    ]
    return Asked(
        path=request.path,
        query=dict(request.query),
        form={},
        files={},
        person=who.person,
        held=who.held,
        session_id=who.session.id,
        projects=known,
        chosen=known[0] if len(known) == 1 else None,
        speech=speech_for(request),
    )


def _with_form(asked: Asked, sent: SentForm) -> Asked:
    asked = replace(asked, form=sent.texts, files=sent.files)
    return _choosing(asked, asked.said("project"))


def _choosing(asked: Asked, name: str) -> Asked:
    """Return what was asked, about the project that it names, if it names one.

    Raises
    ------
    RequestError
        404, for a project that is not there or that they may not know: both are one.
    """
    if not name:
        return asked
    for one in asked.projects:
        if name in {one.id, one.name}:
            return replace(asked, chosen=one)
    raise refuse("no_such_project", name)


def _desk(route: DeskRoute, request: web.Request, asked: Asked) -> Desk:
    """Return what the page works with; what it writes is noted in the audit log."""
    clock = request.app[CLOCK]
    act = Act(
        clock.new_id(),
        asked.person.name,
        "desk",
        f"{route.method} {route.path}",
        _said(asked.form if route.method == "POST" else {}),
    )
    store = AuditedStore(request.app[STORE], clock, act)
    store.about([asked.chosen.id] if asked.chosen else [])
    speakers = request.app[SPEAKERS]
    return Desk(
        store,
        clock,
        speakers.limits,
        str(base_of(request)),
        speakers.waiting_addresses(),
    )


def _said(form: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return a form as the audit log keeps it."""
    return {
        name: values[0][:_SAID_CHARS] if len(values) == 1 else [*values]
        for name, values in form.items()
        if name not in _UNSAID
    }


def _shown(request: web.Request, found: Found, asked: Asked) -> web.StreamResponse:
    match found:
        case GoTo():
            said = asked.speech.said(found.said) if found.said else ""
            return go_to(found.path, said)
        case Download():
            return keep(found)
        case DeskPage():
            return page(request, found, asked, _tabs(asked))


def _tabs(asked: Asked) -> list[Tab]:
    """Return the pages that somebody may open."""
    rights = frozenset().union(
        *(asked.held.rights_in(project) for project in asked.held.roles)
    )
    return [
        Tab(route.path, route.name)
        for route in ROUTES
        if route.name and route.right in rights
    ]
