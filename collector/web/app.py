"""The application of the page: its addresses, and how each is answered."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from importlib.resources import files
from typing import Final

from aiohttp import web

from collector.clock import Clock
from collector.errors import PermilleError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.web import streaming
from collector.web.door import DOOR, Door, guard
from collector.web.languages import LANGUAGES, accepted, best_of, speech
from collector.web.page import Asked, GoTo, Page, Show, drawn, refusal_of
from collector.web.pages import (
    bags,
    core,
    help,  # noqa: A004 - the page
    plan,
    plot,
    questions,
    stocks,
    sync,
    today,
)
from collector.web.positioning import POSITIONING, Positioning
from collector.web.streaming import CLOCK
from collector.web.syncing import SYNCING, Syncing
from collector.web.work import LAPTOP, LaptopThread

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: What one form may send: a photo goes another way.
_FORM_BYTES: Final = 2**20
_SAID: Final = "permille-said"
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
    "/answers": questions.save,
    "/undo": today.undo,
    "/sync/decide": sync.decide,
    "/sync/fix": sync.fix,
}


def build_app(laptop: LaptopThread, clock: Clock) -> web.Application:
    """Put the page together."""
    app = web.Application(middlewares=[guard], client_max_size=_FORM_BYTES)
    app[DOOR], app[LAPTOP] = Door(clock), laptop
    app[SYNCING], app[POSITIONING] = Syncing(laptop), Positioning(clock)
    app[CLOCK] = clock
    app.router.add_get("/open", _open)
    app.router.add_static("/static/", str(files("collector.web").joinpath("static")))
    app.router.add_post("/language", _language)
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


async def _close(app: web.Application) -> None:
    app[POSITIONING].stop()
    await app[SYNCING].stop()
    await app[LAPTOP].close()


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
    asked = await asked_of(request)

    def work(laptop: Laptop) -> Page | GoTo | PermilleError:
        try:
            return show(laptop, asked)
        except PermilleError as error:
            return error

    found = await request.app[LAPTOP].run(work)
    if isinstance(found, PermilleError):
        facts = {"refusal": refusal_of(found), "back": _back(request)}
        found = Page("refused.html.j2", "permille --help", facts, 422)
    return await respond(request, asked, found)


async def respond(
    request: web.Request, asked: Asked, found: Page | GoTo
) -> web.StreamResponse:
    """Draw a page, or go to another one that says what was done."""
    if isinstance(found, GoTo):
        onward = web.HTTPSeeOther(found.path)
        if found.said:
            onward.set_cookie(
                _SAID, found.said.encode().hex(), httponly=True, samesite="Strict"
            )
        raise onward
    said = _said(request)
    text = await asyncio.to_thread(drawn, found, asked, said)
    answer = web.Response(text=text, content_type="text/html", status=found.status)
    if said:
        answer.del_cookie(_SAID)
    return answer


async def asked_of(request: web.Request) -> Asked:
    """Return what a browser asked for."""
    form = {}
    if request.method == "POST":
        form = {name: str(value) for name, value in (await request.post()).items()}
    chosen = await request.app[LAPTOP].run(_language_of)
    read = [chosen] if chosen else accepted(request.headers.get("Accept-Language", ""))
    return Asked(
        request.path,
        dict(request.query),
        form,
        speech(best_of(read)),
        request.app[POSITIONING],
    )


def _language_of(laptop: Laptop) -> str | None:
    return laptop.store.setting(settings.LANGUAGE)


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
        return bytes.fromhex(request.cookies.get(_SAID, "")).decode()
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
