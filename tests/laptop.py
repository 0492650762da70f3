"""A laptop of the tests: writes real change lines and speaks the real protocol.

It keeps no database, so that tests can say exactly what travels. The real laptop
is tested in its own modules and in the faults.
"""

import io
import itertools
import json
from dataclasses import dataclass, field

import aiohttp

from schemas import chain
from schemas.messages import NDJSON, decode_response, encode, hello
from schemas.records import record_id
from schemas.version import SCHEMA_VERSION
from server.clock import Clock

fresh_id = Clock().fresh_id


@dataclass
class Answer:
    """A response, sorted by kind of line."""

    hello: dict
    end: dict
    verdicts: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    gone: list = field(default_factory=list)
    scope: list | None = None

    @property
    def outcomes(self):
        return [verdict["r"] for verdict in self.verdicts]


class TestLaptop:
    """One log and its cursors; `schema` is the version its lines are written in."""

    __test__ = False
    _stamps = itertools.count(1)

    def __init__(self, url, token, stream, log=None, schema=SCHEMA_VERSION):
        self.url, self.token, self.stream = url, token, stream
        self.log = log or fresh_id()
        self.schema = schema
        self.lines: list[bytes] = []
        self.acked = 0
        self.cursors: dict[str, tuple[str, int]] = {}

    def draft(self, record_type, record, fields, *, op="put", base=None, **more):
        """Append a change to the log; give its id."""
        change = {
            "k": "c",
            "n": len(self.lines) + 1,
            "i": fresh_id(),
            "h": next(self._stamps),
            "s": self.stream,
            "t": record_type,
            "r": record,
            "o": op,
            "b": base,
            "v": self.schema,
            "f": fields,
        } | more
        self.lines.append(encode(change))
        return change["i"]

    def add(self, record_type, fields, **more):
        """Append a new record with the id every laptop would mint; give that id."""
        name = record_id(self.stream, record_type, fields)
        self.draft(record_type, name, fields, **more)
        return name

    def digest(self, n):
        """Give the chain hash after n lines."""
        found = chain.START
        for line in self.lines[:n]:
            found = chain.link(found, line)
        return found

    def body(self, most=500):
        """Give the request body for what is not acknowledged."""
        sent = self.lines[self.acked : self.acked + most]
        n = self.acked + len(sent)
        first = hello(
            log_id=self.log,
            head=len(self.lines),
            acked_n=self.acked,
            acked_hash=self.digest(self.acked),
            wall="2026-05-01T12:00:00Z",
            cursors=self.cursors,
            app="test",
            schema=self.schema,
        )
        last = {"k": "end", "n": n, "hash": self.digest(n).hex()}
        return b"\n".join([encode(first), *sent, encode(last)]) + b"\n"

    async def post(self, body, **headers):
        """Send a body as it is; give status and bytes."""
        sent = {"Content-Type": NDJSON, "Authorization": f"Bearer {self.token}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{self.url}/v1/sync", data=io.BytesIO(body), headers=sent | headers
            ) as got,
        ):
            return got.status, await got.read()

    async def sync(self, most=500):
        """Push, pull, and believe the answer."""
        body = self.body(most)
        status, raw = await self.post(body)
        assert status == 200, (status, raw)
        answer = read_answer(raw)
        self.acked = answer.hello["have"]["n"]
        self.cursors |= {s: tuple(c) for s, c in answer.end["cursors"].items()}
        return answer


def read_answer(raw):
    """Sort the lines of a response."""
    lines = [decode_response(line) for line in raw.splitlines()]
    assert lines[0]["k"] == "hello"
    assert lines[-1]["k"] == "end"
    answer = Answer(lines[0], lines[-1])
    for line in lines[1:-1]:
        match line["k"]:
            case "v":
                answer.verdicts.append(line)
            case "row":
                answer.rows.append(line)
            case "gone":
                answer.gone.append(line)
            case "scope":
                answer.scope = line["streams"]
    return answer


def problem(raw):
    """Read a problem document."""
    return json.loads(raw)
