"""Whatever is asked by whomever: an answer in time that says what to do, and nothing of others.

What is asked follows from the document of the API, from the pages of the desk, and from
bodies that laptops and phones send. `make soak` asks more often.
"""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, contextmanager

import pytest
from aiohttp import ClientSession, DummyCookieJar
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from yarl import URL

from server.app import Listening
from server.config import DATABASE_VARIABLE, DataDirectory
from server.http.addresses import LOOPBACK, networks
from tests.conftest import running_with_project
from tests.fuzz.answers import faults_of
from tests.fuzz.asked import documented, elsewhere
from tests.fuzz.forms import all_forms, pages, sent_forms
from tests.fuzz.marked import marked
from tests.fuzz.pushes import submissions, syncs

REQUESTS = 5_000
ON_POSTGRES = 1_000
#: No answer may take longer.
PATIENCE_S = 30
_ADDRESS = 8_000
#: Of a thousand requests of a family, so many at least are done: others would try little.
LEAST_DONE = {"document": 50, "page": 200, "form": 50, "sync": 80, "phone": 200}
ANYWHERE = Listening("127.0.0.1", 0, networks(LOOPBACK))
LIMITS = {"wrong_guesses": 1_000, "laptop_logs": 10**6, "laptop_waiting": 10**7}


class Asker:
    """Sends requests to a server and looks at each answer."""

    def __init__(self, world, session):
        self.world, self.session, self.sent = world, session, 0
        self.statuses = Counter()

    async def ask(self, request):
        """Send a request; fail where its answer is not as it must be."""
        caller = self.world.callers[request.caller]
        self.sent += 1
        # Everybody guesses from an address of their own.
        place = f"10.{self.sent >> 16 & 255}.{self.sent >> 8 & 255}.{self.sent & 255}"
        headers = {"X-Forwarded-For": place, **caller.headers, **request.headers}
        # An address that is too long is refused unread, with a body for HEAD too.
        path = request.path[:_ADDRESS] if request.method == "HEAD" else request.path
        url = URL(self.world.server.url + path, encoded=True)
        async with (
            asyncio.timeout(PATIENCE_S),
            self.session.request(
                request.method,
                url,
                headers=headers,
                data=request.body,
                allow_redirects=False,
                skip_auto_headers=("Content-Type",),
            ) as answer,
        ):
            body = await answer.read()
        self.statuses[request.family, answer.status] += 1
        found = faults_of(request, caller, answer.status, answer.headers, body)
        assert not found, f"{found}\n{request}\n{answer.status} {body[:600]!r}"

    def done(self, family):
        """Return how many of a thousand requests of a family were done."""
        every = {s: n for (name, s), n in self.statuses.items() if name == family}
        done = sum(n for status, n in every.items() if status < 400)
        return 1_000 * done // max(sum(every.values()), 1)


@asynccontextmanager
async def asking(path):
    """Serve marked projects; return what asks there, and the forms of the desk."""
    data = DataDirectory(path / "server")
    async with running_with_project(data, ANYWHERE, **LIMITS) as server:
        world = await marked(server)
        async with ClientSession(cookie_jar=DummyCookieJar()) as session:
            yield Asker(world, session), await all_forms(world)


@contextmanager
def in_turns(served):
    """Enter what serves; return it with what lets it go on for as long as a task takes."""
    with asyncio.Runner() as runner:
        found = runner.run(served.__aenter__())
        try:
            yield found, runner.run
        finally:
            runner.run(served.__aexit__(None, None, None))


def families(world, forms):
    """Return a strategy of all that is asked."""
    return st.one_of(
        documented(world),
        documented(world),
        elsewhere(world),
        pages(world),
        sent_forms(world, forms),
        syncs(world),
        submissions(world),
    )


def fuzz(path, first, requests):
    """Ask so many requests that follow from a seed; return how many were asked."""
    with in_turns(asking(path)) as ((asker, forms), run):
        requests_of = families(asker.world, forms)

        @seed(first)
        @settings(
            max_examples=requests,
            derandomize=False,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=[*HealthCheck],
        )
        @given(request=requests_of)
        def ask(request):
            run(asker.ask(request))

        ask()
        told = {family: asker.done(family) for family in LEAST_DONE}
        assert all(told[name] >= least for name, least in LEAST_DONE.items()), told
        return asker.sent


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("database", "requests"), [("sqlite", REQUESTS), ("postgres", ON_POSTGRES)]
)
def test_whatever_is_asked_is_answered_in_words_and_tells_nothing_of_others(
    request, monkeypatch, tmp_path, database, requests
):
    if database == "postgres":
        address = request.getfixturevalue("empty_postgres")()
        monkeypatch.setenv(DATABASE_VARIABLE, address)
    assert fuzz(tmp_path, 1, requests) >= requests
