"""The ways that docs/contributing/where-things-live.md lists are the ways that are gone."""

import json
import sys
import threading
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from click.testing import CliRunner

from collector.cli.root import cli
from server.app import build_app
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project
from server.data import init_data, open_read_copy, open_store
from server.files.upload import Blobs
from tests.conftest import RunningServer
from tests.processes import PERMILLE_SERVER, run, server_process
from tests.ways import ROOT, steps_of

PLOT = {"code": "P1", "area_ha": 2.5}


class Recorder:
    """Notes the modules of a package whose functions run, in the order of the first."""

    def __init__(self, package, first, last):
        self.package, self.first, self.last = f"{ROOT / package}/", first, last
        self.is_on, self.is_over, self.seen = False, False, {}

    def __call__(self, frame, event, argument):
        name = frame.f_code.co_filename
        # A coroutine that goes on is called again, in the middle.
        begins = event == "call" and frame.f_lineno == frame.f_code.co_firstlineno
        if not begins or not name.startswith(self.package):
            return
        name = Path(name).relative_to(ROOT).as_posix()
        place = (name, frame.f_code.co_name)
        self.is_over = self.is_over or (self.is_on and place == self.last)
        self.is_on = not self.is_over and (self.is_on or place == self.first)
        # What is right below the package is no room: clock, errors, the service.
        if self.is_on and name.count("/") > 1:
            self.seen.setdefault(name)

    def begin_again(self):
        self.is_on, self.is_over, self.seen = False, False, {}


@pytest.fixture
def record():
    """Record from one function on up to another one, in threads to come too."""
    before = sys.getprofile()

    def begin(package, first, last):
        recorder = Recorder(package, first, last)
        threading.setprofile(recorder)
        sys.setprofile(recorder)
        return recorder

    yield begin
    threading.setprofile(None)
    sys.setprofile(before)


@asynccontextmanager
async def without_derivation(path):
    """Serve a project without the task that derives in the background."""
    data, clock = DataDirectory(path), Clock()
    init_data(data, clock)
    store = open_store(data)
    app = build_app(store, Blobs(data.blobs), clock, open_read_copy(data))
    app.cleanup_ctx.clear()
    server = TestServer(app)
    await server.start_server(auto_decompress=False)
    try:
        project_id = await add_project(store, clock, {"code": "HF", "title": "HF"}, {})
        yield RunningServer(data, str(server.make_url("")).rstrip("/"), project_id)
    finally:
        await server.close()
        store.close()


async def test_a_push_passes_the_modules_that_the_page_lists(tmp_path, record):
    recorder = record(
        "server",
        ("server/http/body.py", "body"),
        ("server/intake/pull.py", "pull"),
    )
    async with without_derivation(tmp_path / "server") as server:
        north, south = await server.laptop("north"), await server.laptop("south")
        plot = north.add("plot", PLOT)
        await north.sync()
        base = await server.seen(plot)
        south.draft("plot", plot, {"area_ha": 3.0}, base=base)
        await south.sync()
        recorder.begin_again()
        north.draft("plot", plot, {"area_ha": 4.0}, base=base)
        north.add("point", {"plot_id": plot, "code": "1"})
        assert (await north.sync()).outcomes == ["conflict", "accepted"]
    assert sorted(recorder.seen) == sorted(steps_of("The way of a push"))


def test_a_sync_passes_the_files_that_the_page_lists(tmp_path, record):
    def laptop(*words):
        done = CliRunner().invoke(cli, ["--home", str(tmp_path / "laptop"), *words])
        assert done.exit_code == 0, (words, done.output)

    data = tmp_path / "data"
    admin = partial(run, PERMILLE_SERVER, "--data", data, check=0)
    admin("init")
    admin("project", "add", "--code", "HF", "--title", "HF")
    with server_process(data) as url:
        told = admin("device", "code", "--project", "HF", "--json").stdout
        code = json.loads(told)["code"]
        laptop("init", "--name", "north", "--person", "Ada")
        laptop("enrol", url, code)
        laptop("sync")
        laptop("plot", "add", "--code", "P1")
        recorder = record(
            "collector",
            ("collector/sync/session.py", "sync"),
            ("collector/cli/sync.py", "files_after"),
        )
        laptop("sync")
    # The command waits and shows progress meanwhile; it is not on the way.
    passed = [name for name in recorder.seen if "/cli/" not in name]
    assert sorted(passed) == sorted(steps_of("The way of a sync"))
