"""Rounds go on when a peer fails, and never without saying so."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from benchmarks.peers import run
from benchmarks.peers.sides import SideFailedError
from benchmarks.peers.taking_part import TakingPart


@dataclass
class Named:
    name: str
    fails_in: int | None = None
    is_on_disk: bool = True


def measured(side, this):
    if side.fails_in == this.number:
        raise SideFailedError("socket hang up")
    return {"push_time": float(this.number)}


@pytest.fixture
def rounds(monkeypatch):
    monkeypatch.setattr(run, "MEASURES", {"push": measured, "disk": measured})

    def taken(*sides, measure="push"):
        part = TakingPart(sides, (), {}, {}, has_bare=False)
        found = run._rounds(measure, part, SimpleNamespace(), 3)
        return [list(each) for each in found], part.missing

    return taken


def test_a_peer_that_fails_in_one_round_is_in_none_and_is_named(rounds, capsys):
    found, missing = rounds(
        Named("permille"), Named("pouchdb", fails_in=1), Named("kinto")
    )
    assert found == [["permille", "kinto"]] * 3
    assert missing == {"pouchdb, push": "socket hang up"}
    assert "NOT MEASURED: pouchdb, push: socket hang up" in capsys.readouterr().err


def test_what_fails_of_ours_ends_the_run(rounds):
    with pytest.raises(SideFailedError):
        rounds(Named("permille", fails_in=0), Named("kinto"))


def test_who_keeps_nothing_on_a_disk_has_no_figure_for_it(rounds):
    found, missing = rounds(
        Named("permille"), Named("kinto", is_on_disk=False), measure="disk"
    )
    assert found == [["permille"]] * 3
    assert missing == {}
