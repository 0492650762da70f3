"""Bad links: real laptop processes sync through a proxy that does harm.

Whatever the link does, in the end the server and every laptop hold the same rows,
each change has its one verdict, and little was sent twice.
"""

import signal
import time
from random import Random

import pytest

from schemas import limits
from tests.faults.homes import (
    check_all_have_all,
    enrolled,
    init_server,
    record_layers,
    record_project,
    write_table,
)
from tests.faults.proxy import PLAIN, Treatment, serve_proxy
from tests.processes import server_process

pytestmark = pytest.mark.timeout(240)

SEED = 5
#: About what a push of 90 changes, and its answer, weigh in bytes with their heads.
PUSH_BYTES, ANSWER_BYTES = 6_000, 4_000
#: A link of 64 kbit/s that breaks every 30 s carries this much between two breaks.
#: Counted in bytes, a test needs no 30 s: how fast the bytes come changes nothing.
CUT_EVERY_BYTES = 64_000 // 8 * 30
#: A hundred times as fast as the real link, for a test that does look at the rate.
FAST_BITS_S = 6_400_000

CUTS = {
    "cut_up": lambda rng: Treatment(up_bytes=rng.randrange(1, PUSH_BYTES)),
    "cut_down": lambda rng: Treatment(down_bytes=rng.randrange(1, ANSWER_BYTES)),
    "reset_up": lambda rng: Treatment(
        up_bytes=rng.randrange(1, PUSH_BYTES), how="reset"
    ),
    "reset_down": lambda rng: Treatment(
        down_bytes=rng.randrange(1, ANSWER_BYTES), how="reset"
    ),
    "half_up": lambda rng: Treatment(up_bytes=rng.randrange(1, PUSH_BYTES), how="half"),
}
OTHERS = {
    "half_down": lambda rng: Treatment(
        down_bytes=rng.randrange(1, ANSWER_BYTES), how="half"
    ),
    "stall_up": lambda rng: Treatment(
        up_bytes=rng.randrange(1, PUSH_BYTES), how="stall", stall_s=1
    ),
    "stall_down": lambda rng: Treatment(
        down_bytes=rng.randrange(1, ANSWER_BYTES), how="stall", stall_s=1
    ),
    "slow": lambda _: Treatment(bits_s=FAST_BITS_S / 100 * 5),
    "again": lambda _: Treatment(again=True),
    "late": lambda _: Treatment(late=True),
}


def sync_through(path, seed, faults, rounds):
    """Sync through each fault some rounds; return how many connections it met."""
    rng = Random(seed)
    data = path / "server"
    init_server(data)
    with server_process(data) as url, serve_proxy(url) as proxy:
        laptop = enrolled(path / "one", data, proxy.url)
        for name, treat in faults.items():
            before = proxy.treated
            for number in range(rounds):
                record_layers(laptop, path / "t.csv", f"{name}{number}", 20)
                sync_once_through(laptop, proxy, treat(rng))
            assert proxy.treated >= before + rounds, f"{name} met no connection"
        proxy.rule = lambda _: PLAIN
        other = enrolled(path / "two", data, proxy.url)
        laptop.json("sync")
        check_all_have_all(laptop, other, laptop.accepted(), data)
        return proxy.treated


def sync_once_through(laptop, proxy, treatment):
    """Sync in a process whose first connection is treated badly; all must arrive."""
    first = proxy.connections
    proxy.rule = lambda number: treatment if number == first else PLAIN
    for _ in range(3):
        done = laptop.run("sync")
        assert done.returncode in {0, 3}, done
        assert "Traceback" not in done.stderr
        if done.returncode == 0:
            break
    assert laptop.json("status")["pending"] == 0
    laptop.check_log()


@pytest.mark.parametrize("faults", [CUTS, OTHERS], ids=["cuts", "others"])
def test_laptops_and_server_agree_whatever_the_link_does(tmp_path, faults):
    assert sync_through(tmp_path, SEED, faults, 1) >= len(faults)


def test_a_sync_that_hangs_can_be_stopped_and_loses_nothing(tmp_path):
    data = tmp_path / "server"
    init_server(data)
    with server_process(data) as url, serve_proxy(url) as proxy:
        laptop = enrolled(tmp_path / "one", data, proxy.url)
        waiting = record_layers(laptop, tmp_path / "t.csv", "A", 20)
        proxy.rule = lambda _: Treatment(down_bytes=1, how="stall", stall_s=60)
        process = laptop.start("sync")
        for _ in range(500):
            if proxy.bytes_down > 0 and proxy.treated:
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "what was saved before is kept" in errors
        proxy.rule = lambda _: PLAIN
        assert laptop.json("sync")["accepted"] == waiting
        assert laptop.accepted() == waiting


def bytes_of_sync(laptop, proxy, cut_every_bytes):
    """Sync to the end, again and again; return the bytes each way, and the cuts."""
    up, down, cuts = proxy.bytes_up, proxy.bytes_down, proxy.cuts
    proxy.cut_every_bytes = cut_every_bytes
    for _ in range(30):
        done = laptop.run("sync")
        assert done.returncode in {0, 3}, done
        if done.returncode == 0:
            break
    else:
        raise AssertionError("the sync did not come to its end")
    proxy.cut_every_bytes = None
    return proxy.bytes_up - up, proxy.bytes_down - down, proxy.cuts - cuts


def push_over_breaking_link(path, layers):
    """Push without and with breaks; return how much more was carried, and the breaks."""
    data = path / "server"
    init_server(data)
    with server_process(data) as url, serve_proxy(url) as proxy:
        laptop = enrolled(path / "one", data, proxy.url)
        record_project(laptop, path / "t.csv", "Q1", layers)
        whole, _, _ = bytes_of_sync(laptop, proxy, None)
        record_project(laptop, path / "t.csv", "Q2", layers)
        broken, _, cuts = bytes_of_sync(laptop, proxy, CUT_EVERY_BYTES)
        laptop.accepted()
    return broken / whole, cuts


def pull_over_breaking_link(path, layers):
    """Pull without and with breaks; return how much more was carried, and the breaks."""
    data = path / "server"
    init_server(data)
    with server_process(data) as url, serve_proxy(url) as proxy:
        laptop = enrolled(path / "one", data, proxy.url)
        record_project(laptop, path / "t.csv", "Q", layers)
        laptop("sync")
        two = enrolled(path / "two", data, proxy.url, ["Q"], sync=False)
        _, whole, _ = bytes_of_sync(two, proxy, None)
        three = enrolled(path / "three", data, proxy.url, ["Q"], sync=False)
        _, broken, cuts = bytes_of_sync(three, proxy, CUT_EVERY_BYTES)
        assert two.rows() == three.rows()
    return broken / whole, cuts


def prose(rng):
    """Return a way to write notes that pack to half their length, as prose does."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randrange(2, 11))) for _ in range(3000)]

    def write():
        return " ".join(rng.choices(words, k=limits.NOTE_CHARS // 11))[:-1]

    return write


def test_the_longest_notes_pass_a_link_that_breaks_every_30_s(tmp_path):
    data = tmp_path / "server"
    init_server(data)
    with server_process(data) as url, serve_proxy(url) as proxy:
        laptop = enrolled(tmp_path / "one", data, proxy.url)
        laptop(*write_table(tmp_path / "t.csv", "A", 300, prose(Random(SEED))))
        up, _, cuts = bytes_of_sync(laptop, proxy, CUT_EVERY_BYTES)
        assert up > CUT_EVERY_BYTES
        assert cuts >= 1
        other = enrolled(tmp_path / "two", data, proxy.url, sync=False)
        _, down, cuts = bytes_of_sync(other, proxy, CUT_EVERY_BYTES)
        assert down > CUT_EVERY_BYTES
        assert cuts >= 1
        check_all_have_all(laptop, other, laptop.accepted(), data)


def test_a_link_of_64_kbit_s_that_breaks_every_30_s_carries_little_twice(tmp_path):
    share, cuts = push_over_breaking_link(tmp_path, 1_500)
    assert cuts >= 1
    assert share <= 1.3
