"""What the system says about a process, and about its disk."""

import os
import re
import time
from pathlib import Path
from typing import Final

from benchmarks.figures import percentile

_KIB: Final = 1024


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and all its threads, to the nanosecond.

    /proc/PID/stat counts in ticks of 10 ms. The clock id is what
    clock_getcpuclockid(3) gives on Linux.
    """
    return time.clock_gettime((~pid << 3) | 2)


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


def _status_mib(pid: int, name: str) -> float:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
    assert found is not None, "Linux names it"
    return int(found[1]) / _KIB
