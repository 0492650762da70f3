"""Two clients of one project, and the server that they speak to."""

from dataclasses import dataclass

from server.access.enrolment import issue_code
from server.clock import Clock
from tests.laptop import new_id
from tests.protocol.client import Client

#: An id that nothing has.
UNKNOWN = "0190a000-0000-7000-8000-00000000dead"


@dataclass
class Pair:
    """Two clients of one project, and the server itself."""

    server: object
    me: Client
    other: Client
    monkeypatch: object

    @property
    def project_id(self):
        return self.server.project_id

    async def client(self, name="foreign", project_ids=None, secret=None, log=None):
        return await enrolled(self.server, name, project_ids, secret, log)

    async def send(self, body, **headers):
        return await self.me.send(body, **headers)

    async def write(self, sql, *values):
        return await self.server.ask(
            lambda store: store.write(
                lambda tx: tx.connection.execute(sql, values).fetchall()
            )
        )

    async def plot(self, code="P1", **fields):
        """Record a plot that both have; return its id."""
        name = self.me.create(self.project_id, "plot", {"code": code, **fields})
        await self.me.sync()
        await self.other.sync()
        return name


async def code_for(server, project_ids=None):
    projects = tuple(project_ids or [server.project_id])
    code, _ = await server.ask(lambda s: issue_code(s, Clock(), projects, ""))
    return code


async def enrolled(server, name="foreign", project_ids=None, secret=None, log=None):
    """Enrol a client."""
    client = Client(server.url, secret or Clock().key(), log or new_id())
    await client.enrol(await code_for(server, project_ids), name)
    return client
