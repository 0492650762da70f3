"""The same pushes through the quick way and the plain one: two servers, told the same.

The plain way reads each line by json alone, has marshmallow judge each message and each
record, decides on all of what a first word may meet, and spells each digest by json. All
else is the same code.
"""

import asyncio
import json
import random
import shutil
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from unittest import mock

from schemas import chain, digest, strict_json
from schemas.quick import QuickTable
from schemas.records import record_id
from schemas.version import SCHEMA_VERSION
from server.access import enrolment
from server.access.enrolment import Enrolment, enrol, issue_code
from server.custody.own_log import add_project
from server.errors import RequestError
from server.intake.answer import answer_of
from server.intake.push import sync
from server.intake.request import read_push
from server.merge import merge
from server.store.sqlite import SqliteStore, create
from tests.laptop import TestLaptop, read_answer
from tests.stateful.ticks import ServerTime, Ticks

LAPTOPS = 4
VERSION = b'"v":%d' % SCHEMA_VERSION
#: Written in ways that say the same, or nearly: what is read is what was meant.
SPELLINGS = (
    lambda raw: raw,
    lambda raw: raw.replace(b'":', b'": ', 3),
    lambda raw: raw.replace(b".0,", b".00,", 1),
    lambda raw: raw.replace(b"P", b"\\u0050", 1),
    lambda raw: raw.replace(VERSION, VERSION + b',"later":1', 1),
    lambda raw: raw.replace(VERSION, VERSION + b"," + VERSION, 1),
    lambda raw: raw.replace(b'"h":', b'"h":-', 1),
)


@contextmanager
def plain_form():
    """Take the plain way for as long as the block lasts."""

    def spelled(fields):
        said = {k: digest._plain(v) for k, v in fields.items() if v is not None}
        return digest._encode(said).encode()

    with (
        mock.patch.object(QuickTable, "clean", return_value=None),
        mock.patch.object(strict_json, "read_as_written", return_value=None),
        mock.patch.object(digest, "_canonical", spelled),
        mock.patch.object(merge, "_is_first_word", return_value=False),
    ):
        yield


class Server:
    """One of the two servers, with a course of time of its own."""

    def __init__(self, path, ticks):
        self.clock = ServerTime(copy(ticks))
        self.store = SqliteStore(path)

    async def serve(self, token, body):
        """Answer as the service does; a refusal is its problem."""
        try:
            push = read_push(body)
            device = await enrolment.device_of(self.store, token)
            accepted, pulled = await sync(self.store, self.clock, device, push)
        except RequestError as error:
            return repr((error.problem, error.more)).encode()
        return answer_of(accepted, pulled, push, self.clock.stamp())

    async def content(self):
        """Return every row of every table."""

        def job(tx):
            names = tx.connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
            ).fetchall()
            return {
                name: tx.connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608
                for (name,) in names
            }

        return await self.store.read(job)


class Crew(TestLaptop):
    """A laptop that says whatever comes to its mind."""

    def __init__(self, number, chance):
        super().__init__("", "", "", log=f"0190a000-0000-7000-8000-{number:012d}")
        self.secret = number.to_bytes(32, "big")
        self.chance = chance
        self._acknowledged = (0, chain.START)

    def digest(self, n):
        """Return the chain hash after n lines, from what is acknowledged on."""
        place, found = self._acknowledged
        for line in self.lines[place:n]:
            found = chain.link(found, line)
        return found

    def acknowledge(self):
        """Count all lines as acknowledged."""
        self.acked = len(self.lines)
        self._acknowledged = (self.acked, self.digest(self.acked))

    def say_something(self, known):
        """Add a line; `known` holds the records that anybody has made, by type."""
        chance = self.chance
        kind = chance.choice(("plot", "plot", "point", "campaign", "core", "sample"))
        fields = self._fields(kind, known)
        mine = known.setdefault(kind, [])
        if mine and chance.random() < 0.3:
            record = chance.choice(mine)
            op = chance.choice(("put", "put", "put", "del", "undel"))
            keys = chance.sample(sorted(fields), min(2, len(fields)))
            patch = {name: fields[name] for name in keys} if op == "put" else {}
            base = chance.choice((None, *map(list, self.cursors.values())))
            self.draft(kind, record, patch, op=op, base=base)
        else:
            record = record_id(self.project_id, kind, fields)
            self.draft(kind, record, fields)
            mine.append(record)
        # Mostly without an id of its own, as laptops write; now and then oddly.
        line = json.loads(self.lines[-1])
        if chance.random() < 0.9:
            del line["i"]
        if chance.random() < 0.05:
            line["f"][chance.choice(("note", "no such field"))] = chance.choice(
                ("", 7, None, "é", "a\nb", [1], 1e-5)
            )
        raw = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
        spell = chance.choice(SPELLINGS) if chance.random() < 0.1 else SPELLINGS[0]
        self.lines[-1] = spell(raw)

    def _fields(self, kind, known):
        chance, number = self.chance, self.chance.randint(1, 400)

        def one(of):
            return chance.choice(
                known.get(of) or ["0190a000-0000-7000-8000-00000000ffff"]
            )

        depth = float(chance.randint(0, 60))
        return {
            "plot": {"code": f"P{number}", "area_ha": number / 8, "note": f"n{number}"},
            "point": {
                "plot_id": one("plot"),
                "code": str(number),
                "lat": number / 7,
                "lon": chance.choice((number / 7, 0.00005, -3e-7)),
            },
            "campaign": {"name": f"C{number % 9}", "purpose": "baseline"},
            "core": {
                "point_id": one("point"),
                "campaign_id": one("campaign"),
                "number": number % 5,
                "sampled_at": "2026-05-03T10:00:00+02:00",
            },
            "sample": {
                "core_id": one("core"),
                "sample_code": f"B-{number}",
                "depth_top_cm": depth,
                "depth_bottom_cm": depth + chance.choice((10.0, 0.5, -5.0, 1e-5)),
                "field_mass_g": number * 1.37,
                "bulk_density_g_cm3": chance.choice((1.3, 0.00005, 2.6, None)),
                "bulk_density_definition": chance.choice(("whole", "fine", None)),
            },
        }[kind]


async def _begun(path, clock, laptops):
    """Make a server's database with a project, and enrol laptops for it."""
    create(path, clock)
    store = SqliteStore(path)
    fields = {"code": "P", "title": "Project"}
    project_id = await add_project(store, clock, fields, {})
    for number, laptop in enumerate(laptops):
        name = f"laptop-{number}"
        code, _ = await issue_code(store, clock, (project_id,), name)
        asked = Enrolment(code, name, laptop.log, laptop.public_key)
        laptop.project_id = project_id
        _, laptop.token = await enrol(store, clock, asked)
    store.close()


async def push_both_ways(folder, pushes, seed):
    """Push at random; hold what both servers say and keep against each other."""
    chance, ticks = random.Random(seed), Ticks()
    laptops = [Crew(number + 1, chance) for number in range(LAPTOPS)]
    paths = [Path(folder) / name for name in ("quick.db", "plain.db")]
    await _begun(paths[0], ServerTime(ticks), laptops)
    shutil.copy(*paths)
    quick, plain = (Server(path, ticks) for path in paths)
    try:
        known = {}
        outcomes = set()
        for _ in range(pushes):
            laptop = chance.choice(laptops)
            for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
                laptop.say_something(known)
            outcomes |= await _push(laptop, quick, plain)
        assert {"accepted", "merged", "conflict", "held", "quarantined"} <= outcomes
        here, there = await quick.content(), await plain.content()
        for name in here:
            assert here[name] == there[name], name
        return len(here["change_row"])
    finally:
        quick.store.close()
        plain.store.close()


async def _push(laptop, quick, plain):
    """Push to both; return the outcomes. A body that is refused is put right."""
    body = laptop.body(want=laptop.chance.choice((1, 50, 2000)))
    answer = await quick.serve(laptop.token, body)
    with plain_form():
        assert answer == await plain.serve(laptop.token, body)
    if not answer.startswith(b"{"):
        del laptop.lines[laptop.acked :]
        return {"refused"}
    found = read_answer(answer)
    laptop.acknowledge()
    laptop.cursors |= {s: tuple(c) for s, c in found.end["cursors"].items()}
    return set(found.outcomes)


def both_ways(folder, pushes, seed):
    """Run it; return how many changes both servers keep."""
    return asyncio.run(push_both_ways(folder, pushes, seed))
