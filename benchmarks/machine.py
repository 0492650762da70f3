"""What the system says about a process, and about its disk."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from benchmarks.figures import percentile

_KIB: Final = 1024
#: A process is at rest when it needs less CPU than this in so long a time.
_REST_CPU_S: Final = 0.005
_REST_S: Final = 0.25
_LOOKS: Final = 10
#: Running or about to, waiting for the disk: proc(5).
_AT_WORK: Final = frozenset("RD")
_PATIENCE_S: Final = 3600.0


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and all its threads, to the nanosecond.

    /proc/PID/stat counts in ticks of 10 ms. The clock id is what
    clock_getcpuclockid(3) gives on Linux.
    """
    return time.clock_gettime((~pid << 3) | 2)


def tree_cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process, and of all that it started."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    # Fields 16 and 17 of proc(5): those of children that ended, in ticks.
    ended = sum(int(ticks) for ticks in told.split()[13:15])
    children = [
        int(child) for found in _told(pid, "children") for child in found.split()
    ]
    alive_s = cpu_s(pid) + sum(tree_cpu_s(child) for child in children)
    return alive_s + ended / os.sysconf("SC_CLK_TCK")


def rested_cpu_s(pid: int) -> float:
    """Wait until a process has nothing left to do; return the CPU it took so far."""
    until_s = time.monotonic() + _PATIENCE_S
    while True:
        before_s = tree_cpu_s(pid)
        if _is_idle(pid) and tree_cpu_s(pid) - before_s < _REST_CPU_S:
            return tree_cpu_s(pid)
        assert time.monotonic() < until_s, "it does not come to rest"


def _is_idle(pid: int) -> bool:
    """Look at it for a while; where others take the CPU, who waits for it is not idle."""
    states: set[str] = set()
    for _ in range(_LOOKS):
        time.sleep(_REST_S / _LOOKS)
        states |= {told.rpartition(")")[2].split()[0] for told in _told(pid, "stat")}
    return not states & _AT_WORK


def _told(pid: int, name: str) -> Iterator[str]:
    """Read a file of each thread; one that just ended has none."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            yield (task / name).read_text(encoding="ascii")


def peak_mib(pid: int) -> float:
    """Return the most memory a process held since its start or `forget_peak`."""
    return _status_mib(pid, "VmHWM")


def held_mib(pid: int) -> float:
    """Return the memory a process holds."""
    return _status_mib(pid, "VmRSS")


def forget_peak(pid: int) -> None:
    """Reset the peak of a process to what it holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def fdatasync_ms(folder: Path, times: int = 50) -> float:
    """Return the median time to put 4 KiB on disk."""
    handle = os.open(folder / "fdatasync", os.O_CREAT | os.O_WRONLY, 0o600)
    found = []
    try:
        for place in range(times):
            began_s = time.perf_counter()
            os.pwrite(handle, os.urandom(4 * _KIB), place * 4 * _KIB)
            os.fdatasync(handle)
            found.append(time.perf_counter() - began_s)
    finally:
        os.close(handle)
    return percentile(found, 0.5) * 1000


def bytes_in(folder: Path) -> int:
    """Return how long all files of a folder are."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def _status_mib(pid: int, name: str) -> float:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
    assert found is not None, "Linux names it"
    return int(found[1]) / _KIB
