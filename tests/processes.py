"""Commands of the tests: typed here, or real processes that are stopped by their id."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner

from server.access.audit_log import Act
from server.cli import main

PERMILLE = [sys.executable, "-m", "collector"]
PERMILLE_SERVER = [sys.executable, "-m", "server"]


def typed(data, *words, code=0, **more):
    """Run a command of the administrator in this process; return what came of it."""
    words = ["--data", str(data), *map(str, words)]
    done = CliRunner().invoke(main, words, **more)
    assert done.exit_code == code, (words, done.output, done.exception)
    return done


def run(command, *arguments, check=None, **kwargs):
    """Run one of our commands to its end; text in, text out."""
    done = subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **kwargs,
    )
    if check is not None:
        assert done.returncode == check, (done.returncode, done.stdout, done.stderr)
    return done


def start_server(data, port=0, prefix=(), *more):
    """Start a server process, perhaps under another program; return it with its URL.

    `more` are options of `run` beyond the usual ones.
    """
    log = Path(data).parent / "server.log"
    with log.open("a") as errors:
        process = subprocess.Popen(
            [
                *prefix,
                *PERMILLE_SERVER,
                "--data",
                str(data),
                "run",
                "--port",
                str(port),
                *more,
            ],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    line = process.stdout.readline()
    assert "http://" in line, (line, log.read_text())
    return process, line.split()[-1]


def is_there(pid):
    """Return whether a process runs; one that ended and was not asked after does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def children(pid):
    """Return the processes that a process started and that run."""
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(n) for n in started if is_there(int(n))]


def until(found, patience_s=60):
    """Wait until something is found; return it."""
    end_s = time.monotonic() + patience_s
    while not (it := found()):
        assert time.monotonic() < end_s, found
        time.sleep(0.05)
    return it


def stop(process, sig=signal.SIGTERM):
    """Stop a process by its id and wait for it."""
    if process.poll() is None:
        os.kill(process.pid, sig)
    process.wait(timeout=30)
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
    return process.returncode


@contextmanager
def server_process(data, port=0):
    """Serve a data directory in a process of its own; return its URL."""
    process, url = start_server(data, port)
    try:
        yield url
    finally:
        stop(process)


def by_tests():
    """Return an act for the audit log where a test restores without the command."""
    return Act("00000000-0000-7000-8000-000000000000", "Ada", "ada", "restore")
