"""Work of a server on SQLite and on PostgreSQL, by one process and by two, in turn.

Two laptops push at once, each to a project of its own. What they send is made and signed
before the clock starts, so that nearly all CPU is the server's and the database's. Plots are
derived by `permille-server derive --once`, less what it takes where nothing waits.
"""

import argparse
import asyncio
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
from backports import zstd

from benchmarks.circumstances import circumstances
from benchmarks.deriving_all import records_of
from benchmarks.figures import say
from benchmarks.soil import Entry, survey
from benchmarks.stage import process
from demo.postgres import Cluster, cluster
from schemas import chain, limits
from schemas.changes import Draft, write_change
from schemas.messages import NDJSON, encode
from schemas.records import DERIVED
from schemas.signing import public_key, push_text, sign
from schemas.version import PROTOCOL, SCHEMA_VERSION
from server.access.enrolment import Enrolment, enrol, issue_code
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project
from server.data import init_data, open_store
from server.store.rows import record_row
from server.store.save import put_records

#: Laptops that push at once, each to a project of its own.
LAPTOPS: Final = 2
#: What is measured: the database, and how many processes serve.
KINDS: Final = (("sqlite", 1), ("postgres", 1), ("postgres", 2))
_EXAMPLE: Final = """example:
  make bench-databases BENCH_ARGS="--bags 4000 --rounds 3"

PostgreSQL commits to the disk of --scratch, as SQLite does.
"""


@dataclass(frozen=True, slots=True)
class Sending:
    """A laptop: its token, and its requests, ready to be sent."""

    token: str
    plan: list[bytes]
    bags: list[bytes]


def main(words: Sequence[str] | None = None) -> int:
    """Measure every kind in every round; print medians, and ratios within a round."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.databases",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bags", type=int, default=4_000, help="of each laptop")
    parser.add_argument("--plots", type=int, default=2_000, help="that are derived")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scratch", type=Path, help="folder whose disk is used")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args(words)
    began = circumstances()
    rounds, derived = list[dict[str, float]](), list[dict[str, float]]()
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        # PostgreSQL does not run as root: another user has a folder in it.
        Path(scratch).chmod(0o711)
        for number in range(given.rounds):
            say(f"round {number + 1} of {given.rounds} ...")
            turned = KINDS[number % len(KINDS) :] + KINDS[: number % len(KINDS)]
            with cluster({}, within=Path(scratch)) as own:
                clusters = {"sqlite": None, "postgres": own}
                rounds.append(
                    {
                        f"{name} {count}": _pushed(
                            Path(scratch), clusters[name], count, given.bags
                        )
                        for name, count in turned
                    }
                )
                derived.append(_derived(Path(scratch), own, given.plots, number))
    rates = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
    plots = {name: statistics.median(r[name] for r in derived) for name in derived[0]}
    found = {
        "began": began,
        "changes_per_s": rates,
        "postgres_by_sqlite": _ratio(rounds, "postgres 1", "sqlite 1"),
        "two_processes_by_one": _ratio(rounds, "postgres 2", "postgres 1"),
        "plots_per_s": plots,
        "two_derive_by_one": _ratio(derived, "derived by 2", "derived by 1"),
    }
    if given.json:
        print(json.dumps(found))
        return 0
    for name, rate in rates.items():
        print(f"{name:12} {rate:8,.0f} changes/s")
    for name, rate in plots.items():
        print(f"{name:12} {rate:8,.0f} plots/s")
    for name in ("postgres_by_sqlite", "two_processes_by_one", "two_derive_by_one"):
        median, least, most = found[name]
        print(f"{name.replace('_', ' '):22} {median:.2f} ({least:.2f} to {most:.2f})")
    return 0


def _ratio(
    rounds: Sequence[dict[str, float]], one: str, other: str
) -> tuple[float, float, float]:
    found = [each[one] / each[other] for each in rounds]
    return statistics.median(found), min(found), max(found)


def _pushed(scratch: Path, own: Cluster | None, processes: int, bags: int) -> float:
    """Return how many changes a server takes in a second."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    data = DataDirectory(folder, own.new_database() if own else None)
    init_data(data, Clock())
    laptops = asyncio.run(_laptops(data, bags))
    words = ("--port", "0", "--workers", str(processes))
    with process("server", "--data", str(folder), "run", *words) as (_, url):
        asyncio.run(_push(url, laptops, lambda laptop: laptop.plan))
        began_s = time.perf_counter()
        asyncio.run(_push(url, laptops, lambda laptop: laptop.bags))
        took_s = time.perf_counter() - began_s
    shutil.rmtree(folder)
    return len(laptops) * bags / took_s


def _derived(scratch: Path, own: Cluster, plots: int, turn: int) -> dict[str, float]:
    """Return how many plots one process and two derive in a second, with the same digests."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    data = DataDirectory(folder, own.new_database())
    init_data(data, Clock())
    store = open_store(data)
    fields = {"code": "D", "title": "Derived", "reference_depth_cm": 30.0}
    project_id = asyncio.run(add_project(store, Clock(), fields, {}))
    rows = [record_row(record) for record in records_of(project_id, plots)]
    _ask(store.write, lambda tx: _put(tx, project_id, rows))
    rates, digests = {}, set[str]()
    for workers in (1, 2) if turn % 2 == 0 else (2, 1):
        start_s = _run_derive(folder, workers)
        _ask(store.write, lambda tx: _forget_figures(tx, project_id))
        rates[f"derived by {workers}"] = plots / (
            _run_derive(folder, workers) - start_s
        )
        digests.add(_ask(store.read, lambda tx: _figures(tx, project_id)))
    store.close()
    assert len(digests) == 1, "one process and two derived the same"
    shutil.rmtree(folder)
    return rates


def _ask(asked: Callable[..., Awaitable[Any]], job: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    async def run() -> Any:  # noqa: ANN401
        return await asked(job)

    return asyncio.run(run())


def _run_derive(folder: Path, workers: int) -> float:
    began_s = time.perf_counter()
    words = ("--data", str(folder), "derive", "--once", "--workers", str(workers))
    subprocess.run(
        [sys.executable, "-m", "server", *words], check=True, capture_output=True
    )
    return time.perf_counter() - began_s


async def _laptops(data: DataDirectory, bags: int) -> list[Sending]:
    """Enrol laptops, each for a project of its own, and make what they send."""
    store, clock = open_store(data), Clock()
    found = []
    try:
        for number in range(LAPTOPS):
            fields = {"code": f"P{number}", "title": f"Project {number}"}
            project_id = await add_project(store, clock, fields, {})
            secret, log = clock.key(), clock.new_id()
            code, _ = await issue_code(store, clock, (project_id,), f"laptop {number}")
            asked = Enrolment(code, f"laptop {number}", log, public_key(secret))
            _, token = await enrol(store, clock, asked)
            records = survey(project_id, bags)
            epoch = await store.read(lambda tx: tx.epoch())
            log_of = _Log(project_id, log, secret, epoch)
            found.append(
                Sending(
                    token,
                    log_of.requests(records.plan),
                    log_of.requests(records.samples),
                )
            )
    finally:
        store.close()
    return found


class _Log:
    """Writes the requests of a laptop that is never told anything."""

    def __init__(self, project_id: str, log: str, secret: bytes, epoch: str) -> None:
        self.project_id, self.log, self.secret, self.epoch = (
            project_id,
            log,
            secret,
            epoch,
        )
        self._n, self._hash = 0, chain.START
        self._stamp = Clock().now_ms() << 16

    def requests(self, entries: Sequence[Entry]) -> list[bytes]:
        """Return requests with these records, packed."""
        size = limits.BATCH_CHANGES // 4
        return [
            self._request(entries[start : start + size])
            for start in range(0, len(entries), size)
        ]

    def _request(self, entries: Sequence[Entry]) -> bytes:
        acked = {"n": self._n, "hash": self._hash.hex()}
        lines = []
        for entry in entries:
            self._n += 1
            draft = Draft(self.project_id, entry.type, entry.id, fields=entry.fields)
            line = write_change(draft, self._n, self._stamp + self._n, "Ada Diallo")
            self._hash = chain.link(self._hash, line)
            lines.append(line)
        hello = {
            "k": "hello",
            "protocol": PROTOCOL,
            "schema": SCHEMA_VERSION,
            "app": "benchmark",
            "log": {"id": self.log, "parent": None},
            "head": self._n,
            "acked": acked,
            "wall": Clock().stamp(),
            "want": 1,
            "epoch": self.epoch,
            "cursors": {self.project_id: [self.epoch, 1]},
        }
        signed = sign(self.secret, push_text(self.log, self._n, self._hash))
        end = {"k": "end", "n": self._n, "hash": self._hash.hex(), "sig": signed}
        return zstd.compress(b"\n".join([encode(hello), *lines, encode(end)]), level=3)


async def _push(
    url: str, laptops: Sequence[Sending], of: Callable[[Sending], list[bytes]]
) -> None:
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(
            *(_send(session, url, laptop.token, of(laptop)) for laptop in laptops)
        )


async def _send(
    session: aiohttp.ClientSession, url: str, token: str, bodies: Sequence[bytes]
) -> None:
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": NDJSON,
        "Content-Encoding": "zstd",
    }
    for body in bodies:
        async with session.post(f"{url}/v1/sync", data=body, headers=headers) as got:
            said = await got.read()
            assert got.status == 200, said
            assert b'"quarantined"' not in said
            assert b'"held"' not in said


def _put(tx: Any, project_id: str, rows: Sequence[Sequence[Any]]) -> None:  # noqa: ANN401
    put_records(tx.connection, rows)
    head = max(row[3] for row in rows)
    tx.connection.execute(
        "UPDATE project SET head = ? WHERE project_id = ?", (head, project_id)
    )


def _forget_figures(tx: Any, project_id: str) -> None:  # noqa: ANN401
    """Derive everything as if for the first time."""
    for table in ("derived_version", "reference_mass"):
        tx.connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants
    tx.connection.execute(
        "DELETE FROM record_row WHERE type IN ('stock', 'change', 'trend')"
    )
    tx.ask_for(project_id)


def _figures(tx: Any, project_id: str) -> str:  # noqa: ANN401
    """Return what all figures say, whatever their numbers are."""
    said = sorted(
        str(record.fields["digest"])
        for kind in DERIVED
        for record in tx.records(project_id, kind)
    )
    return hashlib.sha256("".join(said).encode()).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
