"""One request takes bounded memory of the server, whatever it holds or waits (I13)."""

import gzip
import zlib
from pathlib import Path

import pytest
from backports import zstd

from schemas import limits
from schemas.chain import START, link
from server.access.enrolment import Enrolment, enrol, issue_code
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project
from server.store.sqlite import SqliteStore, create
from tests.laptop import TestLaptop
from tests.processes import start_server, stop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

GROWTH_MIB = 64.0
PENDING = 20_000


@pytest.fixture
async def served(tmp_path):
    """A server process, and a laptop that has talked to it once."""
    data = DataDirectory(tmp_path / "server")
    create(data.database, Clock())
    store = SqliteStore(data.database)
    project_id = await add_project(
        store, Clock(), {"code": "HF", "title": "Highfield"}, {}
    )
    laptop = TestLaptop("", "", project_id)
    code, _ = await issue_code(store, Clock(), (project_id,), "a")
    asked = Enrolment(code, "a", laptop.log, laptop.public_key)
    _, laptop.token = await enrol(store, Clock(), asked)
    store.close()
    process, laptop.url = start_server(data.path)
    try:
        laptop.add("plot", {"code": "WARM"})
        await laptop.sync()
        yield process.pid, laptop
    finally:
        stop(process)


class Grown:
    """How much more memory a process held at most, in MiB, than at the beginning."""

    def __init__(self, pid):
        self.status = Path(f"/proc/{pid}/status")
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
        self.held = self._mib("VmRSS")

    def mib(self):
        return self._mib("VmHWM") - self.held

    def _mib(self, name):
        lines = self.status.read_text(encoding="ascii").splitlines()
        found = dict(line.split(":", 1) for line in lines)
        return int(found[name].split()[0]) / 1024


async def test_20000_waiting_changes_take_no_more_than_a_few(served):
    pid, laptop = served
    grown = Grown(pid)
    note = "stone hit at 8 cm, second try 30 cm to the east of the point " * 5
    # The chain is kept as it grows: TestLaptop would hash 20,000 lines per request.
    for number in range(PENDING):
        laptop.add("plot", {"code": f"P{number}", "note": note})
    laptop.digest = chained(laptop)
    while laptop.acked < len(laptop.lines):
        answer = await laptop.sync()
        assert set(answer.outcomes) == {"accepted"}
    assert grown.mib() < GROWTH_MIB


def chained(laptop):
    """Return the hashes of a log that does not grow any more."""
    links = [START]
    for line in laptop.lines:
        links.append(link(links[-1], line))
    return links.__getitem__


#: How a body is packed, and bytes of each change: below what is taken, packed or not.
PACKED = {
    "identity": (bytes, 4_000),
    "zstd": (zstd.compress, 7_800),
    "gzip": (gzip.compress, 7_800),
}


@pytest.mark.parametrize("name", PACKED)
async def test_bodies_at_their_limits_are_bounded(served, name):
    pid, laptop = served
    pack, size = PACKED[name]
    for number in range(limits.BODY_BYTES // 4_300):
        laptop.add("plot", {"code": f"P{number}", "note": "x" * size})
    body = pack(laptop.body())
    grown = Grown(pid)
    for _ in range(3):
        status, _ = await laptop.post(body, **{"Content-Encoding": name})
        assert status == 200
    assert grown.mib() < GROWTH_MIB


BOMBS = {
    "zstd": lambda: zstd.compress(bytes(512 * 1024 * 1024)),
    "gzip": lambda: zlib.compress(bytes(256 * 1024 * 1024), wbits=31),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_put_out_before_it_unpacks(served, name):
    pid, laptop = served
    bomb = BOMBS[name]()
    grown = Grown(pid)
    for _ in range(3):
        status, _ = await laptop.post(bomb, **{"Content-Encoding": name})
        assert status == 413
    assert grown.mib() < GROWTH_MIB
