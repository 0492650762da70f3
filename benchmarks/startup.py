"""How long a command takes before it does anything."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure, median, timed
from benchmarks.stage import World

_TIMES = 15
_PERMILLE = Path(sys.executable).with_name("permille")


def startup(world: World) -> Iterator[Figure]:
    """Start the commands people wait for."""
    home = str(world.planned / "crew")
    version, status, bare = [], [], []
    for _ in range(_TIMES):
        version.append(_seconds([str(_PERMILLE), "--version"]))
        status.append(_seconds([str(_PERMILLE), "--home", home, "status"], (0, 1)))
        bare.append(_seconds([sys.executable, "-c", "pass"]))
    for name, seconds in (("version", version), ("status", status)):
        yield Figure(
            f"startup_{name}",
            _TIMES,
            median(seconds) * 1000,
            "ms",
            "python -c pass",
            median(bare) * 1000,
        )


def _seconds(command: Sequence[str], ends: tuple[int, ...] = (0,)) -> float:
    codes: list[int] = []

    def run() -> None:
        codes.append(
            subprocess.run(
                command, stdout=subprocess.DEVNULL, check=False, timeout=60
            ).returncode
        )

    took = timed(run)
    assert codes[0] in ends, f"{command} ended with {codes[0]}"
    return took.seconds
