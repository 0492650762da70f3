"""A peer that cannot be had is named, and the run goes on without it."""

import os
import re

import pytest

from benchmarks.peers import install
from benchmarks.peers.taking_part import taking_part
from benchmarks.stage import World


@pytest.fixture
def no_network(tmp_path, monkeypatch):
    """Have npm and pip fail as they do without a network, without asking any."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("node", "npm"):
        program = programs / name
        program.write_text("#!/bin/sh\necho 'npm error no network' >&2\nexit 1\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return tmp_path / "cache"


def test_a_failure_says_why_and_is_tried_again_next_time(no_network):
    for _ in range(2):
        with pytest.raises(install.NotHereError, match="npm error no network"):
            install.pouchdb(no_network)


def test_a_machine_without_node_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(install.NotHereError, match="there is no node on this machine"):
        install.pouchdb(tmp_path / "cache")


def test_versions_of_peers_are_exact():
    pins = (install.HERE / "kinto.txt").read_text("utf-8").splitlines()
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []
    packages = (install.HERE / "package.json").read_text("utf-8")
    assert re.findall(r'": "([\^~*<>=][^"]*)"', packages) == []


def test_who_cannot_be_had_is_named_and_the_others_take_part(no_network, capsys):
    world = World(no_network, 10)
    found = taking_part(("pouchdb", "executemany"), no_network, world)
    assert found.names == ["permille", "executemany"]
    assert found.missing == {
        "pouchdb": "npm: npm error no network",
        "kinto": "not asked for",
    }
    assert "NOT MEASURED: pouchdb: npm: npm error no network" in capsys.readouterr().err
