"""Servers with their laptops enrolled, made once and copied for each world."""

import asyncio
import atexit
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from collector.config import Home
from collector.laptop import settings
from collector.laptop.keys import public_key
from collector.laptop.laptop import Laptop
from collector.store.sqlite import LaptopStore
from collector.store.vault import Vault
from server.access.enrolment import Enrolment, enrol, issue_code
from server.custody.own_log import add_project
from server.intake.receipts import own_device
from server.store.sqlite import SqliteStore as ServerStore
from server.store.sqlite import create
from tests.stateful.ticks import LaptopTime, ServerTime, Ticks

KEY = bytes(range(32))


class Template:
    """A server with its laptops enrolled, made once and copied for each world."""

    def __init__(self, laptops):
        self.folder = Path(mkdtemp(prefix="world-"))
        atexit.register(rmtree, self.folder, ignore_errors=True)
        self.project_ids, self.ticks = [], Ticks()
        asyncio.run(self._make(laptops))

    async def _make(self, laptops):
        ticks = self.ticks
        clock = ServerTime(ticks)
        path = self.folder / "server" / "permille.db"
        create(path, clock)
        server = ServerStore(path)
        for code in ("P1", "P2"):
            project = {"code": code, "title": f"Project {code}"}
            self.project_ids.append(await add_project(server, clock, project, {}))
        own = await server.read(own_device)
        for number in range(laptops):
            await self._enrol(server, clock, number, own.public_key, ticks)
        server.close()

    async def _enrol(self, server, clock, number, server_key, ticks):
        name = f"laptop-{number}"
        home = Home(self.folder / name)
        home.path.mkdir()
        store = LaptopStore(home.database, KEY)
        store.begin_log(LaptopTime(ticks).new_id())
        laptop = Laptop(home, store, LaptopTime(ticks), Vault(home.attachments, KEY))
        code, _ = await issue_code(server, clock, tuple(self.project_ids), name)
        asked = Enrolment(code, name, store.head().id, public_key(laptop))
        device, _ = await enrol(server, clock, asked)
        store.set_settings(
            {
                settings.NAME: name,
                settings.SERVER_KEY: server_key,
                settings.DEVICE: device.id,
                # The second one has a bad link: its syncs take many requests.
                settings.BATCH_BYTES: "1024" if number == 1 else None,
            }
        )
        store.close()


@cache
def template_of(laptops):
    """Return the template for so many laptops; it is made once."""
    return Template(laptops)
