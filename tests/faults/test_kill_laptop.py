"""kill -9 of real laptop processes, at seeded moments, again and again.

What was told to be kept is there, nothing is there twice or by halves, and the
next run simply goes on.
"""

import time
from pathlib import Path
from random import Random

import pytest

from tests.faults.homes import (
    BATCH,
    Laptop,
    admin,
    check_all_have_all,
    enrolled,
    init_server,
    kill,
    record_project,
    write_table,
)
from tests.processes import server_process

SEED = 4
CYCLES = 10
LAYERS = 4 * BATCH


def kill_after_lines(process, lines, wait_s):
    """Kill after that many progress lines and a moment; return the last count told."""
    told = 0
    for _ in range(lines):
        line = process.stderr.readline()
        if not line:
            break
        told = int(line.split()[1])
    time.sleep(wait_s)
    killed = kill(process)
    # What was still in the pipe had been told as well.
    for line in process.stderr:
        if line.startswith("kept "):
            told = int(line.split()[1])
    process.stderr.close()
    return told, killed


def with_project(home):
    """Return a laptop that has the project P."""
    laptop = Laptop(home)
    laptop("project", "add", "--code", "P", "--title", "P")
    return laptop


def kill_imports(path, seed, cycles):
    """Kill imports and run them again; return how many layers each kill had left."""
    rng = Random(seed)
    words = write_table(path / "t.csv", "A", LAYERS)
    killed_at, killed = [], 0
    whole_s = with_project(path / "whole").time_whole(*words)
    for cycle in range(cycles):
        laptop = with_project(path / f"home{cycle}")
        process = laptop.start(*words)
        lines = rng.randrange(4)
        # Before the first line the program starts and checks for half of its time.
        wait = rng.uniform(0, 0.05) if lines else rng.uniform(0.2, 0.7)
        told, was_killed = kill_after_lines(process, lines, wait * whole_s)
        killed += was_killed
        found = laptop.check_log()
        assert found >= told, f"cycle {cycle}: told {told}, found {found}"
        assert found % BATCH == 0, f"cycle {cycle}: half a batch"
        killed_at.append(found)
        again = laptop.json(*words)
        assert again["kept"] == LAYERS - found
        assert again["already_here"] == found
        assert laptop.check_log() == LAYERS
    assert killed > cycles // 2
    return killed_at


@pytest.mark.timeout(300)
def test_an_import_killed_at_any_moment_keeps_what_it_told_and_is_run_again(tmp_path):
    killed_at = kill_imports(tmp_path, SEED, CYCLES)
    assert len(set(killed_at)) >= 3, "the kills did not spread over the write phase"


def kill_syncs(path, seed, cycles):
    """Kill syncs and run them again; return the share that was pending after each."""
    data = path / "server"
    init_server(data)
    # Each cycle begins a project.
    admin(data, "limits", "--set", f"laptop_projects={cycles + 1}")
    with server_process(data) as url:
        return _kill_syncs(path, seed, cycles, data, url)


def _kill_syncs(path, seed, cycles, data, url):
    rng = Random(seed)
    laptop, table = enrolled(path / "one", data, url), path / "t.csv"
    pushed = record_project(laptop, table, "Q", 40)
    critical_s = laptop.time_whole("sync")
    left = []
    for cycle in range(cycles):
        # Every eighth sync needs two requests: 530 changes.
        layers = 40 if cycle % 8 else 240
        before = record_project(laptop, table, f"Q{cycle}", layers)
        process = laptop.start("sync")
        time.sleep(rng.uniform(0.8, 1.1) * critical_s)
        kill(process)
        process.stderr.close()
        laptop.check_log()
        pending = laptop.json("status")["pending"]
        left.append(pending / before)
        # Close in on the moment between nothing and everything acknowledged, however
        # fast this machine is just now.
        critical_s *= 1.15 if pending == before else 0.85
        report = laptop.json("sync")
        assert report["pushed"] == pending
        assert report["pending"] == 0
        assert report["conflicts"] == report["quarantined"] == 0
        pushed += before
    codes = ["Q", *(f"Q{cycle}" for cycle in range(cycles))]
    check_all_have_all(laptop, enrolled(path / "two", data, url, codes), pushed, data)
    return left


@pytest.mark.timeout(300)
def test_a_sync_killed_at_any_moment_loses_and_doubles_nothing(tmp_path):
    left = kill_syncs(tmp_path, SEED, CYCLES)
    assert {0, 1} <= set(left), "the kills did not spread over the sync"


def test_the_progress_lines_of_a_whole_import_add_up(tmp_path):
    laptop = with_project(tmp_path / "home")
    words = write_table(tmp_path / "t.csv", "A", 2 * BATCH + BATCH // 2)
    done = laptop.run(*words, check=0, cwd=Path(tmp_path))
    lines = [line for line in done.stderr.splitlines() if line.startswith("kept")]
    assert lines == [
        "kept 500 of 1250 layers",
        "kept 1000 of 1250 layers",
        "kept 1250 of 1250 layers",
    ]
