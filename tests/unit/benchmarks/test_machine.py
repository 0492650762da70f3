"""The CPU of a process is that of all it started, whether that goes on or has ended."""

import subprocess
import sys

import pytest

from benchmarks.machine import bytes_in, tree_cpu_s

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"
PARENT = f"""
import subprocess, sys
burn = [sys.executable, "-c", {BURN!r} + {{rest}}]
process = subprocess.Popen(burn, stdout=subprocess.PIPE)
{{wait}}
print("ready", flush=True)
sys.stdin.readline()
process.kill()
"""
ENDED = PARENT.format(rest="''", wait="process.wait()")
ALIVE = PARENT.format(
    rest="'print(1, flush=True); input()'", wait="process.stdout.readline()"
)


@pytest.mark.parametrize("program", [ENDED, ALIVE], ids=["ended", "alive"])
def test_children_count(program):
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        found_s = tree_cpu_s(process.pid)
        process.communicate("go\n")
    assert found_s >= 0.29


def test_all_files_of_a_folder_count(tmp_path):
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "one").write_bytes(b"x" * 10)
    (tmp_path / "deep/er/two").write_bytes(b"x" * 7)
    assert bytes_in(tmp_path) == 17
