"""The bare yardstick: the rows of a push into one SQLite table, under our own pragmas."""

from benchmarks.peers.measures import Found, Round
from benchmarks.recording import lines_of
from benchmarks.yardsticks import bare_table
from schemas import limits

NAME = "executemany"


def push(this: Round) -> Found:
    """Insert the bags, as many in one transaction as a body of ours holds."""
    world = this.world
    lines = lines_of(world.samples)
    with bare_table(world.folder / "bare-push", encrypted=False) as bare:
        took = bare.insert(lines, limits.BATCH_CHANGES)
    each_us = 1e6 / world.n
    return {
        "push_rate": world.n / took.seconds,
        "push_server_cpu": took.cpu_s * each_us,
        "push_server_cpu_rested": took.cpu_s * each_us,
        "push_cpu": took.cpu_s * each_us,
    }
