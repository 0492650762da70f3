"""kill -9 of real laptop processes, at seeded moments, again and again.

What was told to be kept is there, nothing is there twice or by halves, and the
next run simply goes on.
"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from collector.cli import cli
from collector.core.overlay import Status
from collector.store.sqlite import SqliteStore
from schemas import chain, limits
from server.cli import main as server_cli
from tests.processes import PERMILLE, PERMILLE_SERVER, run, server_process

pytestmark = pytest.mark.slow

SEED = 4
CYCLES = 50
BATCH = limits.IMPORT_BATCH_LAYERS
LAYERS = 4 * BATCH

MAPPING = """
create = ["plot", "point", "campaign", "core", "sample", "result"]
[[date]]
value = "{date}"
[depth]
top = "{top}"
bottom = "{bottom}"
[plot]
code = "{plot}"
[point]
code = "{point}"
[campaign]
name = "2026"
[sample]
sample_code = "{plot}-{point}-{top}"
[[result]]
analyte = "soc"
value = "{soc}"
unit = "pct"
method = "dry_combustion"
"""


def write_table(path, plot, layers=LAYERS):
    rows = ["plot,point,date,top,bottom,soc"]
    rows += [
        f"{plot},{i // 10},2026-05-03,{i % 10 * 5},{i % 10 * 5 + 5},1.{i % 90 + 10}"
        for i in range(layers)
    ]
    path.write_text("\n".join(rows) + "\n")


class Laptop:
    """A home, typed into from this process; killed ones run in their own."""

    def __init__(self, home):
        self.home = home
        self.checked, self.last, self.made = 0, chain.START, set()
        self("init", "--name", home.name)

    def __call__(self, *words, code=0):
        done = CliRunner().invoke(cli, ["--home", str(self.home), *map(str, words)])
        assert done.exit_code == code, (words, done.output)
        return done.stdout

    def json(self, *words, code=0):
        return json.loads(self(*words, "--json", code=code))

    def start(self, *words):
        return subprocess.Popen(
            [*PERMILLE, "--home", str(self.home), *map(str, words)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def store(self):
        key = bytes.fromhex((self.home / "key").read_text().strip())
        return SqliteStore(self.home / "permille.db", key)

    def check_log(self):
        """Check chain, density and that each record was made once; count samples.

        What was checked before is not read again.
        """
        store = self.store()
        try:
            for n, raw in enumerate(
                store.tail(self.checked, 10**6), start=self.checked + 1
            ):
                self.last = chain.link(self.last, raw)
                self.checked += 1
                assert n == self.checked
                record = json.loads(raw)["r"]
                assert record not in self.made
                assert store.record(record) is not None
                self.made.add(record)
            assert store.head().hash == self.last
            return store.count_records().get("sample", 0)
        finally:
            store.close()


def kill(process):
    """Kill a process by its id; tell whether it was still at work."""
    was_alive = process.poll() is None
    if was_alive:
        os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    return was_alive and process.returncode == -signal.SIGKILL


def kill_after_lines(process, lines, wait_s):
    """Kill after that many progress lines and a moment; give the last count told."""
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


@pytest.mark.timeout(300)
def test_an_import_killed_at_any_moment_keeps_what_it_told_and_is_run_again(tmp_path):
    rng = Random(SEED)
    table, mapping = tmp_path / "t.csv", tmp_path / "t.toml"
    write_table(table, "A")
    mapping.write_text(MAPPING)
    words = ["import", "layers", table, "--mapping", mapping, "--write"]
    killed_at, killed = [], 0
    for cycle in range(CYCLES):
        laptop = Laptop(tmp_path / f"home{cycle}")
        laptop("project", "add", "--code", "P", "--title", "P")
        process = laptop.start(*words)
        lines = rng.randrange(4)
        # Before the first line the program starts and checks for about 0.5 s.
        wait_s = rng.uniform(0, 0.05) if lines else rng.uniform(0.2, 0.7)
        told, was_killed = kill_after_lines(process, lines, wait_s)
        killed += was_killed
        found = laptop.check_log()
        assert found >= told, f"cycle {cycle}: told {told}, found {found}"
        assert found % BATCH == 0, f"cycle {cycle}: half a batch"
        killed_at.append(found)
        again = laptop.json(*words)
        assert again["kept"] == LAYERS - found
        assert again["already_here"] == found
        assert laptop.check_log() == LAYERS
    assert killed > CYCLES // 2
    assert len(set(killed_at)) >= 4, "the kills did not spread over the write phase"


@pytest.fixture
def served(tmp_path):
    data = tmp_path / "server"
    run(PERMILLE_SERVER, "--data", data, "init", check=0)
    admin(data, "project", "add", "--code", "P", "--title", "P")
    with server_process(data) as url:
        yield data, url


def admin(data, *words):
    done = CliRunner().invoke(server_cli, ["--data", str(data), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def enrolled(home, served, projects=("P",)):
    data, url = served
    laptop = Laptop(home)
    named = [word for code in projects for word in ("--project", code)]
    text = admin(data, "device", "code", *named, "--json")
    laptop("enrol", url, json.loads(text)["code"])
    laptop.json("sync")
    return laptop


def rows_of(laptop):
    """Give every record with the place the server gave it."""
    store = laptop.store()
    try:
        kinds = ("project", "plot", "point", "campaign", "core", "sample", "result")
        return {base.id: base.fields for kind in kinds for base in store.bases(kind)}
    finally:
        store.close()


def check_both_have_all(laptop, other, pushed):
    mine, theirs = rows_of(laptop), rows_of(other)
    # The first project was opened by the administrator.
    mine = {key: fields for key, fields in mine.items() if fields.get("code") != "P"}
    assert mine == theirs
    assert len(mine) == pushed
    store = laptop.store()
    assert store.count_changes() == {Status.ACCEPTED: pushed}
    store.close()


def record_project(laptop, table, mapping, code, layers):
    """Begin a project on the laptop; give the number of its changes."""
    laptop("project", "add", "--code", code, "--title", code)
    write_table(table, "A", layers)
    words = ["--mapping", mapping, "--write", "--project", code]
    laptop("import", "layers", table, *words)
    return laptop.json("status")["pending"]


def time_whole_sync(laptop):
    """Give the seconds that a sync takes as a process of its own."""
    began = time.monotonic()
    process = laptop.start("sync")
    process.communicate(timeout=60)
    assert process.returncode == 0
    return time.monotonic() - began


@pytest.mark.timeout(300)
def test_a_sync_killed_at_any_moment_loses_and_doubles_nothing(tmp_path, served):
    rng = Random(SEED)
    laptop = enrolled(tmp_path / "one", served)
    mapping, table = tmp_path / "t.toml", tmp_path / "t.csv"
    mapping.write_text(MAPPING)
    pushed = record_project(laptop, table, mapping, "Q", 40)
    critical_s = time_whole_sync(laptop)
    left = []
    for cycle in range(CYCLES):
        # Every tenth sync needs two requests: 530 changes.
        layers = 40 if cycle % 10 else 240
        before = record_project(laptop, table, mapping, f"Q{cycle}", layers)
        process = laptop.start("sync")
        time.sleep(rng.uniform(0.8, 1.1) * critical_s)
        kill(process)
        process.stderr.close()
        laptop.check_log()
        pending = laptop.json("status")["pending"]
        left.append(pending / before)
        # Close in on the moment between nothing and everything acknowledged, however
        # fast this machine is just now.
        critical_s *= 1.1 if pending == before else 0.92
        report = laptop.json("sync")
        assert report["pushed"] == pending
        assert report["pending"] == 0
        assert report["conflicts"] == report["quarantined"] == 0
        pushed += before
    codes = ["Q", *(f"Q{cycle}" for cycle in range(CYCLES))]
    check_both_have_all(laptop, enrolled(tmp_path / "two", served, codes), pushed)
    assert {0, 1} <= set(left), "the kills did not spread over the sync"


def test_the_progress_lines_of_a_whole_import_add_up(tmp_path):
    table, mapping = tmp_path / "t.csv", tmp_path / "t.toml"
    write_table(table, "A", 250)
    mapping.write_text(MAPPING)
    laptop = Laptop(tmp_path / "home")
    laptop("project", "add", "--code", "P", "--title", "P")
    done = run(
        PERMILLE,
        "--home",
        laptop.home,
        *["import", "layers", table, "--mapping", mapping, "--write"],
        check=0,
        cwd=Path(tmp_path),
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("kept")]
    assert lines == [
        "kept 100 of 250 layers",
        "kept 200 of 250 layers",
        "kept 250 of 250 layers",
    ]
