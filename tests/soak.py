"""The long variants of the fault tests: many seeds, a line per kind.

    python -m tests.soak --seeds 10
    python -m tests.soak --seeds 3 --only "bit flips" --first-seed 40

Each seed is one run of a kind. A run that finds something lost says so, with its seed,
and leaves its folder to look into; the program then ends with exit code 1.
"""

import argparse
import asyncio
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from demo.postgres import SAFE, cluster
from server.clock import Clock
from server.config import DATABASE_VARIABLE, DataDirectory
from server.data import init_data
from tests.databases import on_cluster
from tests.faults import (
    test_bad_disks,
    test_bad_links,
    test_bit_flips,
    test_crowd,
    test_kill_attachments,
    test_kill_derivation,
    test_kill_laptop,
    test_kill_server,
    test_power_loss,
    test_server_bit_flips,
    test_writers,
)
from tests.faults.day import live_a_day
from tests.faults.disk import why_no_strace
from tests.fuzz import test_requests
from tests.stateful.forms import both_ways

KILLS = 20
IMAGES = 25
FLIPS = 30
LAYERS = 4_000
SEASONS = 500
EXAMPLES = 1_000
PUSHES = 150
EDITS = 2_000
FUZZED = 2_000
#: Requests of one run: ten runs ask 100,000 times.
ASKED = 10_000
#: Of so many seeds one asks a server on PostgreSQL.
ON_POSTGRES_EACH = 5
IDLE = 2_000
MANY_CHANGES = 1_000_000
#: Changes of one run: ten runs come to a million.
BOTH_WAYS = 100_000


@dataclass(frozen=True)
class Kind:
    """One kind of fault: a run takes an empty folder and a seed.

    It raises AssertionError when something was lost, and gives how often it tried.
    """

    name: str
    run: Callable[[Path, int], int]
    #: What `Kind.run` counts.
    unit: str
    needs_strace: bool = False


def kill_imports(path: Path, seed: int) -> int:
    return len(test_kill_laptop.kill_imports(path, seed, KILLS))


def kill_syncs(path: Path, seed: int) -> int:
    return len(test_kill_laptop.kill_syncs(path, seed, KILLS))


def kill_servers(path: Path, seed: int) -> int:
    asyncio.run(test_kill_server.kill_servers(path, seed, KILLS))
    return KILLS


def kill_attaching(path: Path, seed: int) -> int:
    test_kill_attachments.kill_attaching(path, seed, KILLS)
    return KILLS


def kill_sending(path: Path, seed: int) -> int:
    test_kill_attachments.kill_sending(path, seed, KILLS)
    return KILLS


def kill_derivations(path: Path, seed: int) -> int:
    asyncio.run(test_kill_derivation.kill_derivations(path, seed, KILLS))
    return KILLS


def lose_power_of_laptops(path: Path, seed: int) -> int:
    for broken in (False, True):
        test_power_loss.lose_power_of_laptop(
            path / f"{broken}", seed, IMAGES, after_failed_fsync=broken
        )
    return 2 * IMAGES


def lose_power_of_servers(path: Path, seed: int) -> int:
    for broken in (False, True):
        test_power_loss.lose_power_of_server(
            path / f"{broken}", seed, IMAGES, after_failed_fsync=broken
        )
    return 2 * IMAGES


def flip_bits(path: Path, seed: int) -> int:
    missed = test_bit_flips.flip_laptop_bits(path, seed, FLIPS)
    assert not missed, f"not found: {missed}"
    return FLIPS


def flip_server_bits(path: Path, seed: int) -> int:
    missed = test_server_bit_flips.flip_server_bits(path, seed, FLIPS)
    assert not missed, f"not found: {missed}"
    return FLIPS


def break_laptop_disks(path: Path, seed: int) -> int:
    for fault in test_bad_disks.LAPTOP_FAULTS:
        test_bad_disks.break_laptop_disk(path, seed, fault)
    return len(test_bad_disks.LAPTOP_FAULTS)


def break_server_disks(path: Path, seed: int) -> int:
    del seed
    test_bad_disks.break_server_disk(path, test_bad_disks.SERVER_FAULTS)
    return len(test_bad_disks.SERVER_FAULTS)


def sync_over_bad_links(path: Path, seed: int) -> int:
    faults = test_bad_links.CUTS | test_bad_links.OTHERS
    return test_bad_links.sync_through(path, seed, faults, rounds=2)


def push_over_breaking_links(path: Path, seed: int) -> int:
    del seed
    share, cuts = test_bad_links.push_over_breaking_link(path, LAYERS)
    assert share <= 1.3, share
    return cuts


def pull_over_breaking_links(path: Path, seed: int) -> int:
    del seed
    share, cuts = test_bad_links.pull_over_breaking_link(path, LAYERS)
    assert share <= 1.3, share
    return cuts


def push_both_ways(path: Path, seed: int) -> int:
    """Push pair by pair of servers, until a tenth of a million changes are kept."""
    changes = pair = 0
    while changes < BOTH_WAYS:
        folder = path / str(pair)
        folder.mkdir()
        changes += both_ways(folder, PUSHES, seed * 10_000 + pair)
        shutil.rmtree(folder)
        pair += 1
    return changes


def write_to_one_database(path: Path, seed: int) -> int:
    data = DataDirectory(path / "server")
    init_data(data, Clock())
    return test_writers.write_to_one_database(data, path, seed, PUSHES)


def write_to_one_server(path: Path, seed: int) -> int:
    data = DataDirectory(path / "server")
    init_data(data, Clock())
    return test_writers.write_to_one_server(data, path, seed, PUSHES)


def write_to_four_on_postgres(path: Path, seed: int) -> int:
    with cluster() as own:
        data = on_cluster(own, path)
        return test_writers.write_to_two_pairs(data, path, seed, PUSHES)


def write_while_postgres_restarts(path: Path, seed: int) -> int:
    with cluster(SAFE) as own:
        data = on_cluster(own, path)
        restart = partial(test_writers.restart_in_mid_course, own)
        return test_writers.write_to_two_pairs(data, path, seed, PUSHES, restart)


def write_while_a_standby_is_promoted(path: Path, seed: int) -> int:
    with cluster(SAFE) as own, cluster(SAFE, own) as standby:
        data = on_cluster(own, path, partial(test_writers.of_either, own, standby))
        promote = partial(test_writers.promote_in_mid_course, own, standby)
        return test_writers.write_to_two_pairs(data, path, seed, PUSHES, promote)


def live_seven_laptop_days(path: Path, seed: int) -> int:
    told = live_a_day(path, seed, EDITS)
    print(told, flush=True)
    assert not told.faults, "\n".join(told.faults)
    return told.edits


def live_seasons(path: Path, seed: int) -> int:
    return draw(path, seed, SEASONS, "tests/stateful/test_machine.py")


def try_properties(path: Path, seed: int) -> int:
    folders = ("tests/unit", "tests/science", "tests/contract")
    return draw(path, seed, EXAMPLES, "-m", "hypothesis", "--timeout", "0", *folders)


def draw(path: Path, seed: int, examples: int, *tests: str) -> int:
    """Run tests on so many examples that a seed draws."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-n", "2"),
            f"--hypothesis-seed={seed}",
            *tests,
        ],
        env={**os.environ, "PERMILLE_EXAMPLES": str(examples), "PERMILLE_SHRINK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    (path / "output.txt").write_text(done.stdout, "utf-8")
    assert done.returncode == 0, done.stdout[-3000:]
    return examples


def fuzz_servers(path: Path, seed: int) -> int:
    return test_crowd.fuzz(path, seed, FUZZED)


def ask_anything(path: Path, seed: int) -> int:
    if seed % ON_POSTGRES_EACH:
        return test_requests.fuzz(path, seed, ASKED)
    with cluster() as own:
        os.environ[DATABASE_VARIABLE] = own.new_database("template1")
        try:
            return test_requests.fuzz(path, seed, ASKED)
        finally:
            del os.environ[DATABASE_VARIABLE]


def sync_beside_idle_connections(path: Path, seed: int) -> int:
    quiet_s, crowded_s = test_crowd.crowd(path, seed, IDLE)
    print(f"p95 {quiet_s:.3f} s quiet, {crowded_s:.3f} s beside them", flush=True)
    return IDLE


def start_large_servers(path: Path, seed: int) -> int:
    late_s = test_crowd.start_large(path, seed, MANY_CHANGES)
    print(f"{late_s:+.2f} s later than an empty server", flush=True)
    return MANY_CHANGES


KINDS = (
    Kind("simulated seasons", live_seasons, "seasons"),
    Kind("properties", try_properties, "examples of each"),
    Kind("seven-laptop day", live_seven_laptop_days, "edits"),
    Kind("kill imports", kill_imports, "kills"),
    Kind("kill syncs", kill_syncs, "kills"),
    Kind("kill servers", kill_servers, "kills"),
    Kind("kill attaching", kill_attaching, "kills"),
    Kind("kill sending of files", kill_sending, "kills"),
    Kind("kill derivations", kill_derivations, "kills"),
    Kind("quick and plain pushes", push_both_ways, "changes"),
    Kind("writers on one database", write_to_one_database, "changes"),
    Kind("writers at one server", write_to_one_server, "changes"),
    Kind("writers on postgres", write_to_four_on_postgres, "changes"),
    Kind("postgres restarts", write_while_postgres_restarts, "changes"),
    Kind("postgres fails over", write_while_a_standby_is_promoted, "changes"),
    Kind("laptop power loss", lose_power_of_laptops, "images", needs_strace=True),
    Kind("server power loss", lose_power_of_servers, "images", needs_strace=True),
    Kind("laptop bit flips", flip_bits, "flips"),
    Kind("server bit flips", flip_server_bits, "flips"),
    Kind("laptop disk faults", break_laptop_disks, "faults", needs_strace=True),
    Kind("server disk faults", break_server_disks, "faults", needs_strace=True),
    Kind("bad links", sync_over_bad_links, "connections"),
    Kind("fuzzed requests", fuzz_servers, "requests"),
    Kind("anything asked", ask_anything, "requests"),
    Kind("idle connections", sync_beside_idle_connections, "connections"),
    Kind("start after a kill", start_large_servers, "changes"),
    Kind("push over a breaking link", push_over_breaking_links, "breaks"),
    Kind("pull over a breaking link", pull_over_breaking_links, "breaks"),
)


def soak(kind: Kind, seeds: range, folder: Path) -> int:
    """Run a kind with each seed and print its line; return how many runs lost."""
    why_not = why_no_strace() if kind.needs_strace else None
    if why_not:
        print(f"{kind.name}: skipped, {why_not}", flush=True)
        return 0
    began, tried, lost = time.monotonic(), 0, []
    for seed in seeds:
        path = folder / f"{kind.name} {seed}".replace(" ", "-")
        path.mkdir(parents=True)
        try:
            tried += kind.run(path, seed)
        except Exception:  # noqa: BLE001 - told with its seed; the next seed goes on
            lost.append(seed)
            traceback.print_exc()
        else:
            shutil.rmtree(path)
    took_s = time.monotonic() - began
    said = f"lost with seeds {lost}, see {folder}" if lost else "nothing lost"
    print(
        f"{kind.name}: {tried} {kind.unit}, {len(seeds)} seeds from {seeds.start},"
        f" {took_s:.0f} s: {said}",
        flush=True,
    )
    return len(lost)


def main() -> int:
    """Run the kinds that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--seeds", type=int, default=10, help="runs of each kind")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument(
        "--only", action="append", choices=[kind.name for kind in KINDS], help="a kind"
    )
    asked = parser.parse_args()
    # Servers that run in this process say what they do: here only results count.
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet)
    folder = Path(tempfile.mkdtemp(prefix="permille-soak-"))
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    kinds = [kind for kind in KINDS if not asked.only or kind.name in asked.only]
    lost = sum(soak(kind, seeds, folder) for kind in kinds)
    if not lost:
        shutil.rmtree(folder)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
