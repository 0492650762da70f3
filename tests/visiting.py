"""Somebody who visits the page of a laptop with a browser that runs no scripts."""

from contextlib import asynccontextmanager
from io import BytesIO

from aiohttp import ClientSession, CookieJar, FormData, web

from collector.clock import Clock
from collector.config import Home
from collector.laptop.open import opened
from collector.web.app import build_app
from collector.web.door import DOOR
from collector.web.work import LaptopThread


class Visitor:
    """Somebody with a browser that runs no scripts."""

    def __init__(self, session, base):
        self.session, self.base = session, base

    async def get(self, path, status=200):
        async with self.session.get(self.base + path) as answer:
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def post(self, path, status=200, **form):
        """Send a form as a browser does; return the page that it leads to."""
        headers = {"Origin": self.base, "Referer": f"{self.base}{path}"}
        async with self.session.post(
            self.base + path, data=form, headers=headers
        ) as answer:
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def send(self, path, files, status=200, **form):
        """Send a form with files, as (field, name, content); return what it leads to."""
        data = FormData(quote_fields=False, default_to_multipart=True)
        for name, value in form.items():
            data.add_field(name, value)
        for field, name, content in files:
            data.add_field(field, BytesIO(content), filename=name)
        return await self.post_data(path, data, status)

    async def post_data(self, path, data, status=200, **headers):
        """Send a body; return the page that it leads to."""
        own = {"Origin": self.base, "Referer": f"{self.base}{path}", **headers}
        async with self.session.post(self.base + path, data=data, headers=own) as said:
            assert said.status == status, await said.text()
            return await said.text()


@asynccontextmanager
async def visiting(laptop):
    held = LaptopThread(lambda: opened(Home(laptop.home), Clock(), lambda: ""))
    app = build_app(held, Clock())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    app[DOOR].open_at(port)
    base = f"http://127.0.0.1:{port}"
    try:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            visitor = Visitor(session, base)
            await visitor.get(f"/open?token={app[DOOR].new_token()}")
            yield visitor
    finally:
        await runner.cleanup()
