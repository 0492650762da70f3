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
from schemas.columns import fold
from schemas.messages import NDJSON, decode_response, encode
from schemas.records import record_id
from schemas.signing import public_key, push_text, sign
from schemas.version import PROTOCOL, SCHEMA_VERSION
from server.clock import Clock

new_id = Clock().new_id


@dataclass
class Answer:
    """A response, sorted by kind of line."""

    hello: dict
    end: dict
    verdicts: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    gone: list = field(default_factory=list)
    scope: list | None = None
    resets: list = field(default_factory=list)
    purged: list = field(default_factory=list)

    @property
    def outcomes(self):
        return [verdict["r"] for verdict in self.verdicts if "n" in verdict]

    @property
    def late(self):
        return {v["i"]: v["r"] for v in self.verdicts if "l" in v}


class TestLaptop:
    """One log and its cursors; `schema` is the version its lines are written in."""

    __test__ = False
    _stamps = itertools.count(1)

    def __init__(self, url, token, project_id, log=None, schema=SCHEMA_VERSION):
        self.url, self.token, self.project_id = url, token, project_id
        self.log, self.parent, self.closed = log or new_id(), None, False
        self.secret = Clock().key()
        self.late, self.protocol = None, PROTOCOL
        self.schema = schema
        self.lines: list[bytes] = []
        self.acked = 0
        self.cursors: dict[str, tuple[str, int]] = {}

    def draft(self, record_type, record, fields, *, op="put", base=None, **more):
        """Append a change to the log; return its id."""
        change = {
            "k": "c",
            "n": len(self.lines) + 1,
            "i": new_id(),
            "h": next(self._stamps),
            "s": self.project_id,
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
        """Append a new record with the id every laptop would mint; return that id."""
        name = record_id(self.project_id, record_type, fields)
        self.draft(record_type, name, fields, **more)
        return name

    @property
    def public_key(self):
        return public_key(self.secret)

    def change_id(self, n):
        """Return the id that follows from the chain for a line without one."""
        return chain.change_id(self.digest(n))

    def digest(self, n):
        """Return the chain hash after n lines."""
        found = chain.START
        for line in self.lines[:n]:
            found = chain.link(found, line)
        return found

    def hello(self, **more):
        """Return the first line of a request."""
        log = {"id": self.log}
        if self.parent:
            name, n, digest = self.parent
            log |= {"parent": [name, n], "parent_hash": digest.hex()}
        if self.closed:
            log["closed"] = True
        line = {
            "k": "hello",
            "protocol": PROTOCOL,
            "schema": self.schema,
            "app": "test",
            "log": log,
            "head": len(self.lines),
            "acked": {"n": self.acked, "hash": self.digest(self.acked).hex()},
            "wall": Clock().stamp(),
            "want": 2000,
            "cursors": {s: list(c) for s, c in self.cursors.items()},
        }
        return line | ({"late": self.late} if self.late else {}) | more

    def body(self, most=500, *, protocol=PROTOCOL, **more):
        """Return the request body for what is not acknowledged, by columns in protocol 2."""
        sent = self.lines[self.acked : self.acked + most]
        n = self.acked + len(sent)
        digest = self.digest(n)
        signature = sign(self.secret, push_text(self.log, n, digest))
        last = {"k": "end", "n": n, "hash": digest.hex(), "sig": signature}
        folded = fold(sent) if protocol != PROTOCOL else None
        changes = sent if folded is None else [folded]
        hello = encode(self.hello(protocol=protocol, **more))
        return b"\n".join([hello, *changes, encode(last)]) + b"\n"

    async def post(self, body, **headers):
        """Send a body as it is; return status and bytes."""
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
        sent = len(self.lines[self.acked : self.acked + most])
        status, raw = await self.post(self.body(most, protocol=self.protocol))
        assert status == 200, (status, raw)
        answer = read_answer(raw)
        self.protocol = answer.hello.get("speaks", self.protocol)
        if answer.hello["need_from"] is None:
            self.acked += sent
        late = [v["l"] for v in answer.verdicts if "l" in v]
        if late:
            self.late = [answer.hello["epoch"], max(late)]
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
            case "reset":
                answer.resets.append(line["s"])
            case "purged":
                answer.purged += line["r"]
    return answer


def problem(raw):
    """Read a problem document."""
    return json.loads(raw)
