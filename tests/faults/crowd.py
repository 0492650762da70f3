"""A server process with many laptops, and what strangers and liars do to it."""

import asyncio
import json
import random
import resource
import time
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from backports import zstd

from schemas import limits
from schemas.chain import START, link
from schemas.messages import NDJSON, encode
from schemas.version import NEWEST_PROTOCOL, PROTOCOL
from server.access.enrolment import Enrolment, enrol, issue_code
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project
from server.store.sqlite import SqliteStore, create
from tests.laptop import TestLaptop, new_id
from tests.processes import start_server, stop

PLOT = {"code": "P", "area_ha": 2.5, "note": "stone hit at 8 cm"}


async def prepared(path, laptops):
    """Make a server's data with a project, and enrol laptops."""
    data = DataDirectory(path / "server")
    create(data.database, Clock())
    store = SqliteStore(data.database)
    project_id = await add_project(store, Clock(), {"code": "HF", "title": "HF"}, {})
    made = []
    for number in range(laptops):
        laptop = TestLaptop("", "", project_id)
        code, _ = await issue_code(store, Clock(), (project_id,), f"l{number}")
        asked = Enrolment(code, f"l{number}", laptop.log, laptop.public_key)
        _, laptop.token = await enrol(store, Clock(), asked)
        made.append(laptop)
    store.close()
    return data, made


@asynccontextmanager
async def served(path, laptops):
    """Serve a project in a process of its own; return its id and the laptops."""
    data, made = await prepared(path, laptops)
    process, url = start_server(data.path)
    for laptop in made:
        laptop.url = url
    try:
        yield process.pid, data, made
    finally:
        stop(process)


def with_open_files(wanted):
    """Raise the bound on open files of this process and of those that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


# Idle connections --------------------------------------------------------------------


async def syncs_beside_idle(path, seed, idle, laptops, rounds):
    """Sync beside idle connections, and before them; return p95 of both, in s."""
    with_open_files(idle + 1_000)
    async with served(path, laptops) as (_, _, made):
        place = urlsplit(made[0].url)
        quiet_s = await _p95(made, rounds, seed)
        waiting = []
        for number in range(idle):
            _, writer = await asyncio.open_connection(place.hostname, place.port)
            writer.write(b"POST /v1/sync HTTP/1.1\r\n" if number % 2 else b"")
            waiting.append(writer)
        crowded_s = await _p95(made, rounds, seed + 1)
        for writer in waiting:
            writer.close()
    return quiet_s, crowded_s


async def _p95(laptops, rounds, seed):
    took_s = []

    async def sync(laptop):
        for number in range(rounds):
            laptop.add("plot", PLOT | {"code": f"{seed}-{laptop.log[-6:]}-{number}"})
            began = time.monotonic()
            assert (await laptop.sync()).outcomes == ["accepted"]
            took_s.append(time.monotonic() - began)

    await asyncio.gather(*map(sync, laptops))
    return sorted(took_s)[int(len(took_s) * 0.95)]


# Hostile bodies ----------------------------------------------------------------------


def hostile_bodies():
    """Return bodies that are small on the wire and large when they are built."""
    head = (
        b'{"k":"hello","protocol":1,"schema":1,"log":{"id":"%b"},"acked":'
        % new_id().encode()
    )
    lists = b"[" + b"[]," * (limits.UNPACKED_BYTES // 3 - 10) + b"[]]"
    line = b'{"k":"c","n":1,"s":"%b","f":{"x":[' % new_id().encode()
    many = (line + b"[]," * 19_000 + b"[]]}}\n") * 5
    shape = b'{"k":["c"],"n":[1],"h":[1],"s":["%b"],"f":{"x":["%b"]}}' % (
        new_id().encode(),
        b"x" * 300_000,
    )
    folded = b'{"k":"cs","at":[%b0],"of":[%b]}' % (b"0," * 499, shape)
    second = head.replace(b'"protocol":1', b'"protocol":2')
    hello = second + b'{"n":0,"hash":"%b"}}\n' % (b"0" * 64)
    wide = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 23})
    return [
        zstd.compress(lists),
        zstd.compress(head + lists),
        zstd.compress(b'{"a":' * (limits.UNPACKED_BYTES // 5)),
        zstd.compress(many),
        zstd.compress(hello + folded + b'\n{"k":"end"}'),
        zstd.compress(b'"' + b"\\" * (limits.UNPACKED_BYTES - 2)),
        zstd.compress(bytes(512 * 1024 * 1024)),
        wide.compress(b"x" * limits.UNPACKED_BYTES) + wide.flush(),
    ]


async def send_at_once(laptops, bodies, each):
    """Send hostile bodies from all laptops at once; return the statuses."""

    async def send(session, laptop, body):
        said = {"Authorization": f"Bearer {laptop.token}", "Content-Type": NDJSON}
        said["Content-Encoding"] = "zstd"
        async with session.post(
            f"{laptop.url}/v1/sync", data=body, headers=said
        ) as got:
            await got.read()
            return got.status

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        return await asyncio.gather(
            *(
                send(session, laptop, bodies[(place + number) % len(bodies)])
                for place, laptop in enumerate(laptops)
                for number in range(each)
            )
        )


# Fuzz --------------------------------------------------------------------------------


class Fuzz:
    """Sends requests of which many carry changes that stand, and the others lies."""

    def __init__(self, laptops, seed):
        self.rng, self.laptops = random.Random(seed), laptops
        self.applied, self.sent, self.statuses = 0, 0, {}
        self.hashes = {laptop.log: [START] for laptop in laptops}

    async def run(self, requests):
        """Send so many requests, one after the other, from laptops in turn."""
        for number in range(requests):
            laptop = self.laptops[number % len(self.laptops)]
            await (self._lie(laptop) if self.rng.random() < 0.5 else self._push(laptop))

    async def _push(self, laptop):
        for _ in range(self.rng.randint(1, 4)):
            self._draft(laptop)
        protocol = self.rng.choice([PROTOCOL, NEWEST_PROTOCOL])
        status, raw = await self._post(laptop, self._body(laptop, protocol=protocol))
        assert status == 200, (status, raw)
        lines = [json.loads(line) for line in raw.splitlines()]
        verdicts = [line["r"] for line in lines if line["k"] == "v" and "n" in line]
        laptop.acked = len(laptop.lines)
        self.applied += bool({"accepted", "merged", "conflict"} & {*verdicts})

    def _draft(self, laptop):
        """Append a change: mostly one that stands, with some odd value beside it."""
        rng = self.rng
        code = f"P{rng.randrange(40)}"
        values = [
            PLOT | {"code": code},
            {"code": code, "area_ha": rng.random() * 9 + 0.1},
        ]
        odd = [{"code": code, "area_ha": -1}, {"code": code, "note": "\u202e\x1b[31m"}]
        odd += [{"code": rng.choice([7, None, "", "x" * 999])}, {"nothing": [1]}]
        laptop.add("plot", rng.choice(values * 4 + odd)) if rng.random() < 0.9 else (
            laptop.draft(
                rng.choice(["plot", "point", "project", "nothing"]),
                new_id(),
                {"code": code},
                op=rng.choice(["put", "del", "undel", "resolve", "erase"]),
                h=rng.choice([0, 1, 2**62]),
            )
        )

    def _body(self, laptop, **more):
        hashes = self.hashes[laptop.log]
        for line in laptop.lines[len(hashes) - 1 :]:
            hashes.append(link(hashes[-1], line))
        laptop.digest = hashes.__getitem__
        return laptop.body(**more)

    async def _lie(self, laptop):
        """Send what is no request, or one that claims what is not so."""
        rng = self.rng
        for _ in range(rng.randint(0, 2)):
            self._draft(laptop)
        body = self._body(laptop, protocol=rng.choice([PROTOCOL, NEWEST_PROTOCOL]))
        claims = {
            "cursors": {laptop.project_id: [new_id(), 2**40]},
            "late": [new_id(), 2**62],
            "want": rng.choice([0, -1, 2**70, "x"]),
            "schema": rng.choice([0, 99, None]),
            "stood": {"1": [[new_id(), 3]]},
            "receipt": {"raw": "{}", "sig": "x"},
            "log": {"id": new_id(), "parent": [new_id(), 3]},
        }
        name = rng.choice([*claims])
        place = rng.randrange(len(body))
        lies = [
            self._body(laptop, **{name: claims[name]}),
            body[:place],
            body[:place] + rng.randbytes(4) + body[place:],
            bytes(
                [
                    *body[:place],
                    body[place] ^ (1 << rng.randrange(8)),
                    *body[place + 1 :],
                ]
            ),
            rng.randbytes(rng.randrange(200)),
            encode({"k": rng.choice(["hello", "c", "end", 7])}),
            b"[" * rng.randrange(1, 1000),
        ]
        headers = rng.choice(
            [{}, {"Content-Encoding": "zstd"}, {"Content-Type": "text/x"}]
        )
        await self._post(laptop, rng.choice(lies), **headers)

    async def _post(self, laptop, body, **headers):
        self.sent += 1
        async with asyncio.timeout(20):
            status, raw = await laptop.post(body, **headers)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        assert status < 500, (status, raw, body[:300])
        return status, raw


# A large database --------------------------------------------------------------------


async def fill(path, changes):
    """Make a server's data with so many changes; they are pushed as laptops push."""
    data, (laptop,) = await prepared(path, 1)
    process, laptop.url = start_server(data.path)
    hashes = [START]
    laptop.digest = hashes.__getitem__
    try:
        for first in range(0, changes, limits.BATCH_CHANGES):
            for number in range(first, first + limits.BATCH_CHANGES):
                laptop.add("plot", {"code": f"P{number}", "area_ha": 1.0})
                hashes.append(link(hashes[-1], laptop.lines[-1]))
            await laptop.sync()
    finally:
        process.kill()
        stop(process)
    return data


def start_s(data):
    """Start a server, kill it; return after how long it served."""
    began = time.monotonic()
    process, _ = start_server(data.path)
    took_s = time.monotonic() - began
    process.kill()
    stop(process)
    return took_s
