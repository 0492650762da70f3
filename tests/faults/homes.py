"""What the fault tests share: homes of laptops, tables to import, a server's data."""

import json
import os
import signal
import subprocess
import time

from click.testing import CliRunner

from collector.cli.root import cli
from collector.rules.overlay import ChangeStatus
from collector.store.sqlite import LaptopStore
from schemas import chain, limits
from tests.processes import PERMILLE, run, typed

BATCH = limits.IMPORT_BATCH_LAYERS

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
note = "{note}"
[[result]]
analyte = "soc"
value = "{soc}"
unit = "pct"
method = "dry_combustion"
"""


def write_table(path, plot, layers, note=lambda: "dry"):
    """Write a laboratory's table; return it with its mapping as words of a command."""
    rows = ["plot,point,date,top,bottom,soc,note"]
    rows += [
        f"{plot},{i // 10},2026-05-03,{i % 10 * 5},{i % 10 * 5 + 5},1.{i % 90 + 10},"
        + note()
        for i in range(layers)
    ]
    path.write_text("\n".join(rows) + "\n")
    mapping = path.with_suffix(".toml")
    mapping.write_text(MAPPING)
    return ["import", "layers", path, "--mapping", mapping, "--write"]


def told_as_kept(said):
    """Return how many layers an import said that it kept."""
    lines = [line for line in said.splitlines() if line.startswith("kept ")]
    return int(lines[-1].split()[1]) if lines else 0


class Laptop:
    """A home, typed into from this process; killed ones run in their own."""

    def __init__(self, home, *, init=True):
        self.home = home
        self.checked, self.last, self.made = 0, chain.START, set()
        if init:
            self("init", "--name", home.name)

    def __call__(self, *words, code=0):
        done = CliRunner().invoke(cli, ["--home", str(self.home), *map(str, words)])
        assert done.exit_code == code, (words, done.output)
        return done.stdout

    def json(self, *words, code=0):
        return json.loads(self(*words, "--json", code=code))

    def command(self, *words):
        """Return the command line of a process of its own."""
        return [*PERMILLE, "--home", str(self.home), *map(str, words)]

    def run(self, *words, **kwargs):
        """Run a command as a process of its own, to its end."""
        return run(self.command(*words), **kwargs)

    def start(self, *words):
        return subprocess.Popen(
            self.command(*words),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def time_whole(self, *words):
        """Return the seconds that a command takes as a process of its own."""
        began = time.monotonic()
        self.run(*words, check=0)
        return time.monotonic() - began

    def store(self):
        key = bytes.fromhex((self.home / "key").read_text().strip())
        return LaptopStore(self.home / "permille.db", key)

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
                self.checked = n
                record = json.loads(raw)["r"]
                assert record not in self.made
                assert store.record(record) is not None
                self.made.add(record)
            assert store.head().hash == self.last
            return store.count_records().get("sample", 0)
        finally:
            store.close()

    def rows(self):
        """Return every record as the server sent or took it."""
        store = self.store()
        try:
            kinds = ("project", "plot", "point", "campaign", "core", "sample", "result")
            return {
                base.id: base.fields for kind in kinds for base in store.bases(kind)
            }
        finally:
            store.close()

    def accepted(self):
        """Return how many changes there are, all of them accepted."""
        store = self.store()
        try:
            counts = store.count_changes()
            assert set(counts) == {ChangeStatus.ACCEPTED}, counts
            return counts[ChangeStatus.ACCEPTED]
        finally:
            store.close()


def kill(process):
    """Kill a process by its id; tell whether it was still at work."""
    was_alive = process.poll() is None
    if was_alive:
        os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    return was_alive and process.returncode == -signal.SIGKILL


def init_server(data):
    """Make a server's data directory with the project P."""
    typed(data, "init")
    admin(data, "project", "add", "--code", "P", "--title", "P")


def admin(data, *words):
    """Run a command of the administrator; return what it prints."""
    return typed(data, *words).stdout


def enrolled(home, data, url, projects=("P",), *, sync=True):
    """Return a laptop that a server knows, and that has read its projects."""
    laptop = Laptop(home)
    named = [word for code in projects for word in ("--project", code)]
    text = admin(data, "device", "code", *named, "--may-begin-projects", "--json")
    laptop("enrol", url, json.loads(text)["code"])
    if sync:
        laptop.json("sync")
    return laptop


def record_layers(laptop, table, plot, layers):
    """Import layers of a new plot; return how many changes wait then."""
    laptop(*write_table(table, plot, layers))
    return laptop.json("status")["pending"]


def record_project(laptop, table, code, layers):
    """Begin a project on the laptop; return how many changes wait then."""
    laptop("project", "add", "--code", code, "--title", code)
    laptop(*write_table(table, "A", layers), "--project", code)
    return laptop.json("status")["pending"]


def check_all_have_all(laptop, other, pushed, data):
    """Check that two laptops and the server hold every pushed change just once."""
    mine, theirs = laptop.rows(), other.rows()
    # The first project was opened by the administrator.
    mine = {key: fields for key, fields in mine.items() if fields.get("code") != "P"}
    theirs = {key: f for key, f in theirs.items() if f.get("code") != "P"}
    assert mine == theirs
    assert len(mine) == pushed
    assert laptop.accepted() == pushed
    stats = json.loads(admin(data, "stats", "--json"))
    assert sum(stats["records"].get(kind, 0) for kind in KINDS) == pushed + 1
    assert stats["verdicts"] == {"accepted": pushed + 1}


KINDS = ("project", "plot", "point", "campaign", "core", "sample", "result")
