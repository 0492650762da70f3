"""What many tests need: a running server, and laptops of a test."""

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
from aiohttp import ClientSession
from hypothesis import settings

from schemas.signing import enrolment_text, sign
from server.access.devices import laptops
from server.access.enrolment import issue_code
from server.access.limits import move_limits
from server.access.projects import known_projects
from server.app import Listening, serve
from server.clock import Clock
from server.config import DataDirectory
from server.custody import conflicts, quarantine
from server.custody.own_log import add_project
from server.data import init_data, open_store
from server.derivation.worker import derive_beside
from tests.laptop import TestLaptop

pytest_plugins = ("tests.databases",)

# What commands say is tested in English, whatever the machine speaks.
os.environ["LANGUAGE"] = "en"

# The same examples for everybody, however slow the machine; soak draws others, and more.
settings.register_profile(
    "permille",
    max_examples=int(os.environ.get("PERMILLE_EXAMPLES", "50")),
    deadline=None,
    derandomize="PERMILLE_EXAMPLES" not in os.environ,
    database=None,
    print_blob=True,
)
settings.load_profile("permille")

REPORTS = {
    "quarantine": lambda tx, project_id: quarantine.listed(tx, project_id, ("open",)),
    "conflicts": lambda tx, project_id: conflicts.listed(tx, project_id, "open"),
    "projects": known_projects,
    "devices": laptops,
    "stats": lambda tx: asdict(tx.stats()),
    "digest": lambda tx, project_id: tx.project_heads([project_id])[project_id].digest,
}


LOOPBACK = Listening("127.0.0.1", 0)


#: Folders whose tests are all slow.
SLOW = tuple(Path(__file__).parent / name for name in ("stateful", "faults", "fuzz"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark simulated seasons, faults and fuzz as slow before tests are chosen by that."""
    for item in items:
        if item.path.parent in SLOW:
            item.add_marker("slow")


class RunningServer:
    """A real server on loopback with one project."""

    def __init__(self, data, url, project_id):
        self.data, self.url, self.project_id = data, url, project_id

    async def ask(self, job):
        """Run a job of the port on the server's database."""
        store = open_store(self.data)
        try:
            return await job(store)
        finally:
            store.close()

    async def report(self, what, *arguments):
        """Return what an administrator is told, or what the store says of it."""
        told = REPORTS.get(what)
        return await self.ask(
            lambda store: store.read(
                lambda tx: (
                    told(tx, *arguments) if told else getattr(tx, what)(*arguments)
                )
            )
        )

    async def laptop(
        self, name="laptop", project_ids=None, log=None, secret=None, *, may_begin=False
    ):
        """Enrol a laptop of the tests."""
        projects = tuple(project_ids or [self.project_id])
        code, _ = await self.ask(
            lambda s: issue_code(s, Clock(), projects, name, may_begin=may_begin)
        )
        laptop = TestLaptop(self.url, "", self.project_id, log)
        laptop.secret = secret or laptop.secret
        body = {
            "code": code,
            "name": name,
            "log": laptop.log,
            "public_key": laptop.public_key,
            "proof": sign(laptop.secret, enrolment_text(code)),
        }
        async with (
            ClientSession() as session,
            session.post(f"{self.url}/v1/enrol", json=body) as answer,
        ):
            assert answer.status == 200, await answer.text()
            laptop.token = (await answer.json())["token"]
        return laptop

    async def row(self, record):
        """Return a record as a new laptop receives it."""
        answer = await (await self.laptop("reader")).sync()
        return next(row for row in answer.rows if row["r"] == record)

    async def seen(self, record):
        """Return the base of a change whose author has just seen the record."""
        return [await self.report("epoch"), (await self.row(record))["q"]]

    async def derived(self):
        """Wait until no plot waits to be derived."""
        for _ in range(200):
            if not await self.report("waiting_jobs"):
                return
            await asyncio.sleep(0.02)
        raise AssertionError("plots still wait to be derived")


@asynccontextmanager
async def running(data, at=LOOPBACK):
    """Serve a data directory on a free loopback port; return its URL.

    Plots are derived in this process: of its own, as for the command, it takes a second
    to start.
    """
    stop, url = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(data, at, url.set_result, stop, derive_beside))
    waited, _ = await asyncio.wait([url, task], return_when=asyncio.FIRST_COMPLETED)
    if task in waited:
        await task
    try:
        yield await url
    finally:
        stop.set()
        await task


@pytest.fixture
async def server(tmp_path):
    """A running server with one project."""
    async with running_with_project(DataDirectory(tmp_path / "server")) as found:
        yield found


@asynccontextmanager
async def running_with_project(data, at=LOOPBACK, **moved):
    """Make a data directory with one project, and serve it within these limits."""
    init_data(data, Clock())
    found = RunningServer(data, "", "")
    await found.ask(lambda store: store.write(lambda tx: move_limits(tx, moved)))
    async with running(data, at) as found.url:
        fields = {
            "code": "HF",
            "title": "Highfield",
            "reference_depth_cm": 30.0,
            "stock_method_profile": "fixed_depth",
        }
        found.project_id = await found.ask(
            lambda s: add_project(s, Clock(), fields, {})
        )
        yield found
