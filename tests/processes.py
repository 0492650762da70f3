"""Commands of the tests: typed here, or real processes that are stopped by their id."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner

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


def start_server(data, port=0, prefix=()):
    """Start a server process, perhaps under another program; return it with its URL."""
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
            ],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    line = process.stdout.readline()
    assert "http://" in line, (line, log.read_text())
    return process, line.split()[-1]


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
