"""Peak memory of both sides while everything is pushed, and pulled for the first time."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Figure, say
from benchmarks.machine import forget_peak, held_mib, peak_mib
from benchmarks.peak import MARK
from benchmarks.stage import Serving, World, laptop_at, serving
from benchmarks.yardsticks import json_mib

_PATIENCE_S: Final = 900.0


def memory(world: World) -> Iterator[Figure]:
    """Measure the growth: the peak of a large sync over that of one with nothing new."""
    text_mib = json_mib([entry.fields for entry in world.samples])
    for bench, state, who in (
        ("push", world.recorded, "crew"),
        ("pull", world.pushed, "reader"),
    ):
        server_mib, laptop_mib = _growth(world, state, who)
        for side, grown_mib in (("server", server_mib), ("laptop", laptop_mib)):
            yield Figure(
                f"memory_{bench}_{side}",
                world.n,
                grown_mib,
                "MiB",
                "the bags as JSON text",
                text_mib,
            )


def _growth(world: World, state: Path, who: str) -> tuple[float, float]:
    copy = world.copy(state)
    with serving(copy / "server") as server:
        with laptop_at(copy / "planner", server.url), laptop_at(copy / who, server.url):
            pass
        # The first sync warms the server up; who recorded nothing has little to say.
        sync_alone(copy / "planner")
        server.wait_until_derived()
        forget_peak(server.pid)
        held = held_mib(server.pid)
        busy, _ = sync_alone(copy / who)
        grown = _peak_when_settled(server) - held
        idle, _ = sync_alone(copy / who)
    world.discard(copy)
    say(f"  {who}: {busy:.0f} MiB at most, {idle:.0f} with nothing new")
    return grown, busy - idle


def _peak_when_settled(server: Serving) -> float:
    server.wait_until_derived()
    return peak_mib(server.pid)


def sync_alone(
    home: Path, patience_s: float = _PATIENCE_S
) -> tuple[float, dict[str, Any]]:
    """Run the real command; return the most memory it held, and its report."""
    command = [sys.executable, "-m", "benchmarks.peak", "--home", str(home)]
    done = subprocess.run(
        [*command, "sync", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=patience_s,
    )
    found = re.search(rf"{MARK}([0-9.]+)", done.stderr)
    assert found is not None, done.stderr
    return float(found[1]), json.loads(done.stdout)
