"""What tests of the desk share: people, signing in, forms, and what a page says."""

import re
from contextlib import asynccontextmanager
from html import unescape

from aiohttp import ClientSession, CookieJar

from server.access.people import NewPerson, add_person
from server.access.rights import EVERYWHERE, Role
from server.access.sessions import make_link
from server.clock import Clock


async def add(server, name, *roles, where=None):
    """Add a person with roles in projects; in that of the server where none is named."""
    asked = NewPerson(name, [Role(one) for one in roles], where or [server.project_id])
    return await server.ask(lambda store: add_person(store, Clock(), asked))


async def link_for(server, name):
    """Return the secret of a link that signs somebody in."""
    _, secret, _ = await server.ask(lambda store: make_link(store, Clock(), name, 30))
    return secret


class Browser:
    """A browser without a window: it keeps cookies, and sends what a real one sends."""

    def __init__(self, session, url):
        self.session, self.url = session, url

    async def get(self, path, **headers):
        """Return the status and the text of a page."""
        async with self.session.get(self.url + path, headers=headers) as answer:
            body = await answer.read()
            self.headers = answer.headers
            return answer.status, body.decode(errors="replace")

    async def bytes(self, path):
        """Return a file."""
        async with self.session.get(self.url + path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()

    async def send(self, path, *, origin=None, follow=True, **form):
        """Send a form of the desk; return the status and the page that comes of it."""
        headers = {"Origin": origin or self.url, "Sec-Fetch-Site": "same-origin"}
        async with self.session.post(
            self.url + path, data=form, headers=headers, allow_redirects=follow
        ) as answer:
            body = await answer.read()
            self.headers = answer.headers
            return answer.status, body.decode(errors="replace")

    async def enter(self, secret):
        """Sign in by a link."""
        return await self.send("/desk/open", link=secret)


@asynccontextmanager
async def browser(server, name=None):
    """Return a browser in which somebody signed in, or nobody."""
    # Cookies of addresses are kept: the server of a test has no name.
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        found = Browser(session, server.url)
        if name is not None:
            status, page = await found.enter(await link_for(server, name))
            assert status == 200, page
        yield found


def words(page):
    """Return what a page says, without its markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


ALL = [EVERYWHERE]
