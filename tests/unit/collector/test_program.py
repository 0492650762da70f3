"""The program as a process: quick to start, and never a traceback."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from collector.cli.root import COMMANDS
from tests.processes import PERMILLE, run

pytestmark = pytest.mark.slow

HEAVY = ("aiohttp", "marshmallow", "rich", "sqlcipher3", "sqlite_utils", "asyncio")


def test_the_version_costs_no_heavy_import():
    script = (
        "import sys\n"
        "from collector.cli.root import cli\n"
        "try:\n    cli.main(['--version'])\n"
        "except SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = run([sys.executable, "-c"], script, check=0)
    assert done.stdout.splitlines()[-1] == "[]"


def test_typing_a_record_needs_no_network_library(tmp_path):
    run(PERMILLE, "--home", tmp_path, "init", check=0)
    script = (
        "import sys\n"
        "from collector.cli.root import cli\n"
        "words = ['--home', sys.argv[1], 'project', 'add', '--code', 'P']\n"
        "try:\n    cli.main([*words, '--title', 'T'])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "print([n for n in ('aiohttp', 'sqlite_utils', 'rich') if n in sys.modules])"
    )
    done = run([sys.executable, "-c", script], tmp_path, check=0)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_help_lists_every_command(bare):
    shown = bare("--help").out
    for name in COMMANDS:
        assert f"\n  {name} " in shown, name
        assert "Example:" in bare(name, "--help").out, name


def test_a_defect_is_told_in_one_line(permille, monkeypatch):
    def broken(*_args, **_more):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("collector.sync.status.laptop_status", broken)
    found = permille("status", code=4)
    assert "ZeroDivisionError: planted" in found.err
    assert "PERMILLE_DEBUG" in found.err


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    run(PERMILLE, "--home", tmp_path, "init", check=0)
    run(PERMILLE, "--home", tmp_path, "project", "add", "--code=P", "--title=T")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PERMILLE, "--home", str(tmp_path), "project", "list"],
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=30,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_ctrl_c_ends_without_a_traceback(tmp_path):
    run(PERMILLE, "--home", tmp_path, "init", check=0)
    # A server that never answers: the command waits for it until it is stopped.

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        process = subprocess.Popen(
            [*PERMILLE, "--home", str(tmp_path), "enrol", url, "CODE"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deaf.settimeout(30)
        connection, _ = deaf.accept()
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        connection.close()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "stopped" in errors


@pytest.mark.parametrize("home", ["a file", "a folder without rights"])
def test_a_home_that_cannot_be_used_is_told(bare, home):
    if home == "a file":
        bare.home.write_text("x")
    elif os.geteuid() == 0:
        pytest.skip("the superuser may write everywhere")
    else:
        bare.home.mkdir(mode=0o500)
    found = bare("init", code=4)
    assert str(bare.home) in found.err
