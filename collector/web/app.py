"""The application of the page: its addresses, and how each is answered."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from importlib.resources import files
from typing import Final

from aiohttp import web

from collector.clock import Clock
from collector.errors import PermilleError, RefusedError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.web import odd, streaming
from collector.web.door import DOOR, Door, guard
from collector.web.languages import speech
from collector.web.once import SENT_FORMS, SentForms
from collector.web.page import Asked, GoTo, Page, ProjectChoice, Show, drawn, refusal_of
from collector.web.pages import (
    bags,
    core,
    help,  # noqa: A004 - the page
    plan,
    plot,
    plot_forms,
    questions,
    stocks,
    sync,
    today,
)
from collector.web.photos import SMALL, SmallPictures, photo
from collector.web.positioning import POSITIONING, Positioning
from collector.web.streaming import CLOCK
from collector.web.syncing import SYNCING, Syncing
from collector.web.tiles import TILES, Tiles, tile
from collector.web.uploads import NOTHING_SENT, SentForm, sent_by
from collector.web.where import choose, projects_of
from collector.web.work import LAPTOP, LaptopThread
from schemas.page import STYLE_SHEET
from schemas.speech.languages import LANGUAGES, best_of
from schemas.speech.pages import accepted

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: What a form without files may send; those with files have limits of their own.
_FORM_BYTES: Final = 2**20
_SAID: Final = "permille-said"
#: A browser drops a cookie of more than 4,096 characters.
_SAID_BYTES: Final = 1_500
#: The pages that are drawn, by address.
PAGES: Final[dict[str, Show]] = {
    "/": today.show,
    "/core": core.show,
    "/plan": plan.show,
    "/plot": plot.show,
    "/answers": questions.show,
    "/bags": bags.show,
    "/stocks": stocks.show,
    "/help": help.show,
}
#: What forms send, by address.
FORMS: Final[dict[str, Show]] = {
    "/core": core.save,
    "/explain": odd.explain,
    "/plot/attach": plot_forms.attach,
    "/plot/boundary": plot_forms.boundary,
    "/plot/practice": plot_forms.practice,
    "/answers": questions.save,
    "/undo": today.undo,
    "/sync/decide": sync.decide,
    "/sync/fix": sync.fix,
    "/sync/relabel": sync.relabel,
}


def build_app(laptop: LaptopThread, clock: Clock) -> web.Application:
    """Put the page together."""
    app = web.Application(middlewares=[guard], client_max_size=_FORM_BYTES)
    app[DOOR], app[LAPTOP] = Door(clock), laptop
    app[SYNCING], app[POSITIONING] = Syncing(laptop), Positioning(clock)
    app[CLOCK], app[TILES], app[SENT_FORMS] = clock, Tiles(), SentForms()
    app[SMALL] = SmallPictures()
    app.router.add_get("/open", _open)
    app.router.add_get("/photo/{sha256:[0-9a-f]{64}}", photo)
    app.router.add_get(r"/tiles/{z:\d{1,2}}/{x:\d{1,8}}/{y:\d{1,8}}", tile)
    app.router.add_get("/static/style.css", _style)
    app.router.add_static("/static/", str(files("collector.web").joinpath("static")))
    app.router.add_post("/language", _language)
    app.router.add_post("/project", _project)
    app.router.add_get("/sync/state", _sync_state)
    app.router.add_post("/sync", _start_sync)
    app.router.add_post("/position", streaming.start)
    app.router.add_get("/position/stream", streaming.stream)
    app.router.add_get("/sync", _sync)
    for path, show in PAGES.items():
        app.router.add_get(path, partial(_answer, show))
    for path, show in FORMS.items():
        app.router.add_post(path, partial(_answer, show))
    app.on_cleanup.append(_close)
    return app


async def _style(request: web.Request) -> web.StreamResponse:  # noqa: ARG001 - a route
    """Return the style sheet, which the desk of a server has too."""
    return web.Response(text=STYLE_SHEET.read_text("utf-8"), content_type="text/css")


async def _close(app: web.Application) -> None:
    app[POSITIONING].stop()
    await app[SYNCING].stop()
    await app[LAPTOP].close()
    app[TILES].close()


async def _open(request: web.Request) -> web.StreamResponse:
    """Turn the token of the printed address into a session; the address forgets it."""
    door = request.app[DOOR]
    session = door.enter(request.query.get("token", ""))
    if session is None:
        if door.is_known(request.cookies.get(door.cookie, "")):
            raise web.HTTPSeeOther("/")
        return web.Response(
            status=403,
            text="This address was used already. Type: permille ui",
        )
    answer = web.HTTPSeeOther("/")
    answer.set_cookie(door.cookie, session, httponly=True, samesite="Strict", path="/")
    raise answer


async def _answer(show: Show, request: web.Request) -> web.StreamResponse:
    """Do what a page does with the laptop, and draw what comes of it."""
    found: Page | GoTo | PermilleError
    try:
        asked = await asked_of(request, await sent_by(request))
    except PermilleError as error:
        asked, found = await asked_of(request), error
    else:
        found = await request.app[LAPTOP].run(partial(_done, show, asked))
    if isinstance(found, PermilleError):
        facts = {"refusal": refusal_of(found), "back": _back(request)}
        found = Page("refused.html.j2", "permille --help", facts, 422)
    return await respond(request, asked, found)


def _done(show: Show, asked: Asked, laptop: Laptop) -> Page | GoTo | PermilleError:
    try:
        return show(laptop, asked)
    except PermilleError as error:
        return error


async def respond(
    request: web.Request, asked: Asked, found: Page | GoTo
) -> web.StreamResponse:
    """Draw a page, or go to another one that says what was done."""
    if isinstance(found, GoTo):
        onward = web.HTTPSeeOther(found.path)
        if found.said:
            said = found.said.encode()[:_SAID_BYTES].hex()
            onward.set_cookie(_SAID, said, httponly=True, samesite="Strict")
        raise onward
    before = _said(request)
    text = await asyncio.to_thread(drawn, found, asked, before)
    answer = web.Response(text=text, content_type="text/html", status=found.status)
    if before:
        answer.del_cookie(_SAID)
    return answer


async def asked_of(request: web.Request, sent: SentForm = NOTHING_SENT) -> Asked:
    """Return what a browser asked for."""
    chosen, projects = await request.app[LAPTOP].run(_known)
    read = [chosen] if chosen else accepted(request.headers.get("Accept-Language", ""))
    return Asked(
        request.path,
        dict(request.query),
        sent.texts,
        speech(best_of(read)),
        request.app[POSITIONING],
        request.app[TILES],
        request.app[SENT_FORMS],
        projects,
        sent.files,
    )


def _known(laptop: Laptop) -> tuple[str | None, list[ProjectChoice]]:
    return laptop.store.setting(settings.LANGUAGE), projects_of(laptop)


async def _project(request: web.Request) -> web.StreamResponse:
    """Remember which project the pages of this laptop are about."""
    chosen = str((await request.post()).get("project", ""))

    def work(laptop: Laptop) -> None:
        with suppress(RefusedError):  # it went meanwhile: the page asks again
            choose(laptop, chosen)

    await request.app[LAPTOP].run(work)
    raise web.HTTPSeeOther(_back(request))


async def _language(request: web.Request) -> web.StreamResponse:
    """Remember the language of the page on this laptop."""
    code = str((await request.post()).get("code", ""))
    if code in LANGUAGES:
        await request.app[LAPTOP].run(
            lambda laptop: laptop.store.set_settings({settings.LANGUAGE: code})
        )
    raise web.HTTPSeeOther(_back(request))


async def _sync(request: web.Request) -> web.StreamResponse:
    asked = await asked_of(request)
    state = request.app[SYNCING].state
    found = await request.app[LAPTOP].run(partial(sync.show, asked=asked, state=state))
    return await respond(request, asked, found)


async def _start_sync(request: web.Request) -> web.StreamResponse:
    request.app[SYNCING].start()
    raise web.HTTPSeeOther("/sync")


async def _sync_state(request: web.Request) -> web.StreamResponse:
    return web.json_response(request.app[SYNCING].state.as_data())


def _said(request: web.Request) -> str:
    """Return what the page before has done, told once."""
    try:
        return bytes.fromhex(request.cookies.get(_SAID, "")).decode(errors="ignore")
    except ValueError:
        return ""


def _back(request: web.Request) -> str:
    """Return the page that a form was on, without what names another machine."""
    referrer = request.headers.get("Referer", "")
    door = request.app[DOOR]
    for path in sorted((*PAGES, "/sync"), reverse=True):
        if any(referrer.startswith(f"http://{host}{path}") for host in door.hosts):
            return path
    return "/"
