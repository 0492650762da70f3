"""A laptop of one test: a home of its own, a clock that stands still, no network."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from collector.cli.app import App
from collector.cli.root import cli
from collector.clock import Clock
from collector.store.port import Timestamp
from collector.store.sqlite import LaptopStore

KEY = bytes(range(32))


class StoppedClock(Clock):
    """Time moves one millisecond per look, and by each wait; chance comes from a counter."""

    def __init__(self):
        self.at = datetime(2026, 6, 1, 12, tzinfo=UTC)
        self.drawn = 0

    def now(self):
        self.at += timedelta(milliseconds=1)
        return self.at

    async def pause(self, seconds):
        self.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def random_bits(self, count):
        self.drawn += 0x9E3779B97F4A7C15
        return self.drawn % (1 << count)


@dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def data(self):
        return json.loads(self.out)


class Typist:
    """Types commands, as a person would."""

    def __init__(self, home):
        self.home = home
        self.app = App(clock=StoppedClock())

    def __call__(self, *words, code=0, **options):
        given = ["--home", str(self.home), *map(str, words)]
        done = CliRunner().invoke(cli, given, obj=self.app, **options)
        found = Outcome(done.exit_code, done.stdout, done.stderr)
        assert "Traceback" not in found.out + found.err
        assert code is None or found.code == code, (words, found)
        return found

    def json(self, *words, code=0, **options):
        return self(*words, "--json", code=code, **options).data

    def open_store(self):
        return LaptopStore(
            self.home / "permille.db",
            bytes.fromhex((self.home / "key").read_text().strip()),
        )


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A person without a laptop database."""
    for name in ("PERMILLE_HOME", "PERMILLE_PASSPHRASE", "PERMILLE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Typist(tmp_path / "home")


@pytest.fixture
def permille(bare):
    """A laptop that is set up, with a project and what a sample needs."""
    bare("init", "--name", "lap-1", "--person", "Ada")
    bare("project", "add", "--code", "P1", "--title", "Valley")
    return bare


@pytest.fixture
def field(permille):
    """A laptop with one core at HF/1 in 2026."""
    permille("plot", "add", "--code", "HF", "--land-use", "cropland")
    permille("point", "add", "--plot", "HF", "--code", "1")
    permille(
        *[
            "campaign",
            "add",
            "--name",
            "2026",
            "--purpose",
            "baseline",
            "--start-date",
            "2026-05-01",
        ]
    )
    permille(
        *[
            "core",
            "add",
            "--plot",
            "HF",
            "--point",
            "1",
            "--campaign",
            "2026",
            "--sampled-at",
            "2026-05-03",
        ]
    )
    return permille


@pytest.fixture
def store(tmp_path):
    found = LaptopStore(tmp_path / "laptop.db", KEY)
    found.begin_log("0190a000-0000-7000-8000-00000000000a")
    yield found
    found.close()


@pytest.fixture
def moment():
    return Timestamp(1_780_000_000_000, "2026-05-28T20:26:40.000+00:00")
