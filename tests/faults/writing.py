"""Processes that write to one server at once, and one that polls it meanwhile."""

import asyncio
import json
import multiprocessing
import random
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp

from server.access import enrolment
from server.access.enrolment import Enrolment, enrol, issue_code
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project
from server.data import open_store
from server.errors import StorageError
from server.intake.answer import answer_of
from server.intake.push import sync
from server.intake.request import read_push
from tests.laptop import TestLaptop, read_answer

WRITERS = 4
#: Logs of one process: what they push at one time goes into one commit.
LOGS = 3
PROJECT_IDS = 3
#: Spawned, not forked: nothing of a test's threads and databases is shared.
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Given:
    """What a laptop process needs; without a URL it opens the server's store itself."""

    url: str
    folder: str
    token: str
    log: str
    secret: str
    project_ids: tuple[str, ...]


class DirectLaptop(TestLaptop):
    """A laptop without a wire: the service's own steps on a store of this process."""

    store = None

    async def post(self, body, **headers):
        del headers
        push, clock = read_push(body), Clock()
        device = await enrolment.device_of(self.store, self.token)
        accepted, pulled = await sync(self.store, clock, device, push)
        return 200, answer_of(accepted, pulled, push, clock.stamp())


async def prepared(data, laptops):
    """Make projects on a new server, and enrol laptops for all of them."""
    store = open_store(data)
    project_ids, given = [], []
    for number in range(PROJECT_IDS):
        project = {"code": f"P{number}", "title": f"Project {number}"}
        project_ids.append(await add_project(store, Clock(), project, {}))
    for number in range(laptops):
        laptop = TestLaptop("", "", project_ids[0])
        name = f"laptop-{number}"
        code, _ = await issue_code(store, Clock(), tuple(project_ids), name)
        asked = Enrolment(code, name, laptop.log, laptop.public_key)
        _, token = await enrol(store, Clock(), asked)
        secret = laptop.secret.hex()
        given.append(
            Given("", str(data.path), token, laptop.log, secret, tuple(project_ids))
        )
    store.close()
    return given


@contextmanager
def laptops_of(given):
    """Open the laptops of a process, over HTTP or on the database itself."""
    data = DataDirectory(Path(given[0].folder))
    store = None if given[0].url else open_store(data)
    try:
        made = []
        for one in given:
            kind = TestLaptop if one.url else DirectLaptop
            laptop = kind(one.url, one.token, one.project_ids[0], one.log)
            laptop.store, laptop.secret = store, bytes.fromhex(one.secret)
            made.append(laptop)
        yield made
    finally:
        if store is not None:
            store.close()


def write(given, pushes, seed, has_read, told):
    """Push from several logs at once; tell what was acknowledged.

    Half the pushes wait until the poller has read rows: it reads while others write.
    """
    with laptops_of(given) as laptops:
        acknowledged = asyncio.run(_write_all(laptops, given, pushes // 2, seed))
        assert has_read.wait(60), "the poller read nothing"
        rest = pushes - pushes // 2
        acknowledged += asyncio.run(_write_all(laptops, given, rest, seed + 1))
    Path(told).write_text(json.dumps(acknowledged), "utf-8")


async def _write_all(laptops, given, pushes, seed):
    found = await asyncio.gather(
        *(
            _write(
                laptop, given[0].project_ids, pushes, random.Random(f"{seed} {number}")
            )
            for number, laptop in enumerate(laptops)
        )
    )
    return [line for own in found for line in own]


async def _write(laptop, project_ids, pushes, chance):
    acknowledged = []
    for _ in range(pushes):
        for _ in range(chance.randint(1, 8)):
            laptop.project_id = chance.choice(project_ids)
            _draft(laptop, chance)
        while laptop.acked < len(laptop.lines):
            acknowledged += await _push(laptop)
    return acknowledged


def _draft(laptop, chance):
    """Record a plot, or describe one of this laptop's again: rows move in their project."""
    known = [line for line in map(json.loads, laptop.lines) if "code" in line["f"]]
    mine = [line for line in known if line["s"] == laptop.project_id]
    if mine and chance.random() < 0.3:
        record = chance.choice(mine)["r"]
        laptop.draft("plot", record, {"note": f"note {len(laptop.lines)}"})
    else:
        code = f"{laptop.log[-6:]}-{len(laptop.lines)}"
        laptop.add("plot", {"code": code})


async def _push(laptop):
    """Push what waits; return log, place and number of each acknowledged change."""
    first = laptop.acked
    try:
        # Writers want few rows: the poller reads.
        status, raw = await laptop.post(laptop.body(want=1))
    except (StorageError, aiohttp.ClientError):
        await asyncio.sleep(0.05)  # busy: nothing was acknowledged
        return []
    if status == 503:
        await asyncio.sleep(0.05)
        return []
    assert status == 200, raw
    verdicts = read_answer(raw).verdicts
    laptop.acked = len(laptop.lines)
    assert [verdict["n"] for verdict in verdicts] == list(
        range(first + 1, laptop.acked + 1)
    )
    return [[laptop.log, v["n"], v["r"], v["q"]] for v in verdicts]


def poll(given, seed, begun, has_read, stopped, told):
    """Pull by cursor like a laptop, until nothing is written any more; tell every row."""
    with laptops_of([given]) as (laptop,):
        begun.set()
        rows = asyncio.run(_poll(laptop, random.Random(seed), has_read, stopped))
    Path(told).write_text(json.dumps(rows), "utf-8")


async def _poll(laptop, chance, has_read, stopped):
    rows, ended = {}, False
    while not ended:
        was_stopped = stopped.is_set()
        body = laptop.body(want=chance.choice([1, 7, 50, 2000]))
        try:
            status, raw = await laptop.post(body)
        except (StorageError, aiohttp.ClientError):
            continue
        if status == 503:
            continue
        assert status == 200, raw
        answer = read_answer(raw)
        for row in answer.rows:
            rows[row["r"]] = [row["s"], row["q"]]
            has_read.set()
        laptop.cursors |= {s: tuple(c) for s, c in answer.end["cursors"].items()}
        ended = was_stopped and not answer.end["more"] and not answer.rows
    return rows


def run_writers(folder, given, pushes, seed):
    """Run writers and a poller at once; return what was acknowledged, what was read."""
    begun, has_read, stopped = SPAWN.Event(), SPAWN.Event(), SPAWN.Event()
    poller = SPAWN.Process(
        target=poll,
        args=(given[-1], seed, begun, has_read, stopped, folder / "polled.json"),
    )
    writers = [
        SPAWN.Process(
            target=write,
            args=(
                given[number * LOGS : (number + 1) * LOGS],
                pushes,
                seed * 100 + number,
                has_read,
                folder / f"written-{number}.json",
            ),
        )
        for number in range(WRITERS)
    ]
    every = [poller, *writers]
    try:
        poller.start()
        assert begun.wait(60), "the poller did not begin"
        for process in writers:
            process.start()
        for process in writers:
            process.join(200)
        stopped.set()
        poller.join(60)
        codes = [process.exitcode for process in every]
        assert codes == [0] * len(every), codes
    finally:
        for process in every:
            if process.is_alive():
                process.kill()
                process.join()
    acknowledged = [
        line
        for number in range(WRITERS)
        for line in json.loads((folder / f"written-{number}.json").read_text("utf-8"))
    ]
    return acknowledged, json.loads((folder / "polled.json").read_text("utf-8"))


def over_http(given, url):
    """Return the same laptops, for a server process at a URL."""
    return [Given(**asdict(one) | {"url": url}) for one in given]
