"""`sync` on a terminal, and while the server comes and goes: real processes, real signals."""

import json
import os
import pty
import select
import signal
import socket
import subprocess

import pytest

from tests.integration.test_laptop_sync import Laptop, Served, point_at
from tests.processes import (
    PERMILLE,
    run,
    server_process,
    start_server,
    stop,
    typed,
)


@pytest.fixture
def away(tmp_path):
    """A laptop with one change to push, and its server, which is away."""
    data = tmp_path / "data"
    typed(data, "init")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with server_process(data, port) as url:
        laptop = Laptop(tmp_path, "one")
        laptop("enrol", url, Served(data, url).code(Served(data, url).project()))
        laptop.sync()
    laptop("plot", "add", "--code", "A")
    return laptop, data, port


def started(laptop, *words, **project_ids):
    """Start a command of the laptop as a process of its own."""
    given = ["--home", str(laptop.home), *words]
    return subprocess.Popen([*PERMILLE, *given], text=True, **project_ids)


@pytest.mark.slow
def test_waiting_for_a_server_that_starts_later(away):
    laptop, data, port = away
    process = started(
        laptop, "sync", "--wait", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert "trying again in" in process.stderr.readline()
    with server_process(data, port):
        out, _ = process.communicate(timeout=50)
    assert process.returncode == 0
    assert "1 change pushed: 1 accepted; 0 rows received" in out
    assert laptop.json("status")["safe_to_wipe"] is True


@pytest.mark.slow
def test_watching_through_a_restart_until_ctrl_c(away):
    laptop, data, port = away
    server, _ = start_server(data, port)
    process = started(
        laptop, "sync", "--watch", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert "1 change pushed" in process.stdout.readline()
        stop(server)
        laptop("plot", "add", "--code", "B")
        assert "trying again in" in process.stderr.readline()
        server, _ = start_server(data, port)
        assert "1 change pushed" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    finally:
        stop(server)
        stop(process, signal.SIGKILL)
    assert process.returncode == 130
    assert "stopped; what was saved before is kept" in said
    assert "Traceback" not in said
    assert laptop.json("status")["pending"] == 0


def test_ctrl_c_while_waiting_loses_nothing(away):
    laptop, _, _ = away
    process = started(
        laptop, "sync", "--wait", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert "trying again in" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert laptop.json("status")["pending"] == 1


def on_terminal(laptop, *words):
    """Run a command whose stderr is a terminal; return its stdout and what it drew."""
    here, there = pty.openpty()
    process = started(laptop, *words, stdout=subprocess.PIPE, stderr=there)
    os.close(there)
    drawn = b""
    while process.poll() is None or select.select([here], [], [], 0)[0]:
        if select.select([here], [], [], 0.1)[0]:
            try:
                drawn += os.read(here, 4096)
            except OSError:  # Linux says so when the other end is closed
                break
    os.close(here)
    out, _ = process.communicate(timeout=20)
    return out, drawn.decode()


def test_progress_is_drawn_on_a_terminal_and_nowhere_else(away):
    laptop, data, port = away
    with server_process(data, port) as url:
        point_at(laptop, url)
        out, drawn = on_terminal(laptop, "sync")
        assert out == "1 change pushed: 1 accepted; 0 rows received\n"
        assert "0 of 1 changes pushed, 0 rows received" in drawn
        assert "1 of 1 changes pushed, 0 rows received" in drawn
        laptop("plot", "add", "--code", "B")
        out, drawn = on_terminal(laptop, "sync", "--json")
        assert json.loads(out)["pushed"] == 1
        assert drawn == ""
        laptop("plot", "add", "--code", "C")
        piped = run(PERMILLE, "--home", laptop.home, "sync", check=0)
        assert piped.stderr == ""
