"""The runs beside peers, without the peers: what is counted comes out exactly."""

import json

import pytest

from benchmarks.peers.measures import MEASURES
from benchmarks.peers.metrics import METRICS
from benchmarks.peers.run import main

BAGS = 400


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_document_with_every_request_counted(tmp_path, capsys):
    # What takes long in processes and on a link counts nothing that the others do not.
    measures = [name for name in MEASURES if name not in {"bad-link", "crowd"}]
    only = [word for name in measures for word in ("--only", name)]
    words = ["--bags", str(BAGS), "--rounds", "1", *only]
    words += ["--peer", "executemany", "--json", "--scratch", str(tmp_path)]
    assert main(words) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    figures = {figure["name"]: figure["sides"] for figure in found["figures"]}
    assert found["bags"] == BAGS
    assert figures["noop_requests"]["permille"]["rounds"] == [1]
    assert figures["few_requests"]["permille"]["rounds"] == [1]
    ours = {name: side["permille"]["median"] for name, side in figures.items()}
    assert ours["few_up"] + ours["few_down"] <= 4_000
    assert ours["noop_bytes"] <= 600
    assert ours["push_up"] <= 67
    assert list(figures["push_rate"]) == ["permille", "executemany"]
    assert figures["push_rate"]["executemany"]["ours_by_theirs"]["median"] > 0
    left_out = ("bad_link", "crowd_")
    expected = {name for name in METRICS if not name.startswith(left_out)}
    assert set(figures) == expected
    assert set(found["does"]) == {"permille", "executemany"}
    assert "push, round 1 of 1: permille" in err
