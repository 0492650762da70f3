"""The command `permille-server` as an administrator types it."""

import json
import signal
import sys

import pytest

from server.cli import main
from tests.processes import (
    PERMILLE_SERVER,
    run,
    server_process,
    start_server,
    stop,
    typed,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "server"
    typed(path, "init")
    return path


@pytest.fixture
def ask(data):
    """Run a command on the data directory; return its JSON document."""

    def command(*arguments, check=0):
        return json.loads(typed(data, *arguments, "--json", code=check).stdout)

    return command


def test_a_second_init_changes_nothing_and_says_what_to_do(data, ask):
    before = (data / "permille.db").read_bytes()
    error = ask("init", check=4)["error"]
    assert "exists already" in error["text"]
    assert "permille-server run" in error["hint"]
    assert (data / "permille.db").read_bytes() == before


def test_a_missing_data_directory_is_named_with_the_next_step(tmp_path):
    done = run(
        [*PERMILLE_SERVER, "--data", tmp_path / "none"], "project", "list", check=4
    )
    assert "there is no server data in" in done.stderr
    assert "init" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_database_is_named_without_a_traceback(data):
    (data / "permille.db").write_bytes(b"not a database" * 500)
    done = run([*PERMILLE_SERVER, "--data", data], "stats", check=4)
    assert "permille.db" in done.stderr
    assert "Traceback" not in done.stderr


def test_projects_are_opened_listed_and_shown(ask):
    opened = ask(
        "project",
        "add",
        "--code",
        "HF",
        "--title",
        "Highfield",
        "--organisation",
        "ROTH",
        "--reference-depth-cm",
        "23",
    )
    (listed,) = ask("project", "list")
    assert (listed["id"], listed["code"]) == (opened["id"], "HF")
    assert listed["reference_depth_cm"] == 23.0
    assert ask("project", "show", "HF") == listed
    assert ask("stats")["records"] == {"organisation": 1, "project": 1}


def test_a_code_twice_is_refused(ask):
    ask("project", "add", "--code", "HF", "--title", "Highfield")
    error = ask("project", "add", "--code", "HF", "--title", "Other", check=4)["error"]
    assert "exists already" in error["text"]


def test_a_field_that_breaks_a_rule_is_named(ask):
    error = ask("project", "add", "--code", " HF", "--title", "x", check=4)["error"]
    (problem,) = error["problems"]
    assert (problem["path"], problem["code"]) == ("code", "surrounding_blanks")
    assert ask("project", "list") == []


def test_what_an_administrator_mistyped_waits_for_nobody(ask):
    ask("project", "add", "--code", "HF", "--title", "", check=4)
    ask("project", "add", "--code", "HF", "--title", "Highfield")
    ask("project", "edit", "HF", "--title", " ", check=4)
    ask("project", "edit", "HF", "--stock-reference", "-1", check=4)
    assert ask("quarantine", "list") == []
    assert ask("stats")["open_quarantine"] == 0


@pytest.mark.parametrize(
    "words", [["device", "code"], ["device", "cdoe"], ["stats", "--all"]]
)
def test_wrong_usage_is_one_json_document_too(ask, words):
    error = ask(*words, check=2)["error"]
    assert error["code"] == "usage"
    assert error["hint"].endswith("--help")


def test_a_folder_that_cannot_be_made_is_named_without_a_traceback():
    done = run([*PERMILLE_SERVER, "--data", "/dev/null/x"], "init", check=4)
    assert done.stderr.startswith("Error: /dev/null/x")
    error = json.loads(
        run(
            [*PERMILLE_SERVER, "--data", "/dev/null/x"], "init", "--json", check=4
        ).stdout
    )["error"]
    assert error["code"] == "storage"


def test_a_device_is_enrolled_by_code_listed_and_revoked(ask):
    ask("project", "add", "--code", "HF", "--title", "Highfield")
    assert len(ask("device", "code", "--project", "HF")["code"]) == 11
    assert ask("device", "list") == []
    assert (
        "there is no device" in ask("device", "revoke", "x", check=4)["error"]["text"]
    )


def test_an_unknown_project_is_refused(ask):
    for command in (["project", "show", "X"], ["stocks", "show", "--project", "X"]):
        error = ask(*command, check=4)["error"]
        assert error["text"] == "there is no project X"


def test_a_second_server_on_the_same_data_is_refused(data):
    with server_process(data):
        done = run([*PERMILLE_SERVER, "--data", data], "run", "--port", "0", check=4)
        assert "another server process has" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named(data, tmp_path):
    with server_process(data) as url:
        other = tmp_path / "other"
        typed(other, "init")
        port = url.rsplit(":", 1)[1]
        done = run([*PERMILLE_SERVER, "--data", other], "run", "--port", port, check=4)
        assert f"port {port}" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_ends_cleanly(data, sig):
    process, _ = start_server(data)
    assert stop(process, sig) == 0


def test_a_killed_server_starts_again(data):
    process, _ = start_server(data)
    stop(process, signal.SIGKILL)
    process, _ = start_server(data)
    assert stop(process) == 0


def test_every_command_has_help_with_an_example():
    def walk(command, path):
        assert "Example:" in (command.help or ""), path
        for name, child in getattr(command, "commands", {}).items():
            walk(child, [*path, name])

    walk(main, ["permille-server"])


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"jinja2", "numpy", "orjson", "scipy", "structlog"}:
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Missing())
sys.argv[0] = "permille-server"
from server.cli import main
main()
"""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--help", 0),
        ("--data {} init", 4),
        ("--data {} run --port 0", 4),
        ("stocks design --sd 6 --n 10 --baseline 55", 4),
    ],
)
def test_without_its_extra_the_server_says_what_to_install(tmp_path, words, code):
    command = [sys.executable, "-c", WITHOUT]
    done = run(command, *words.format(tmp_path / "data").split(), check=code)
    assert "Traceback" not in done.stderr
    if code:
        assert ".whl[server]'" in done.stderr


def test_limits_are_shown_moved_and_put_back(tmp_path):
    data = tmp_path / "data"
    typed(data, "init")

    def limits(*words, code=0):
        done = typed(data, "limits", *words, "--json", code=code)
        found = json.loads(done.stdout)
        return {each["name"]: each for each in found} if code == 0 else found["error"]

    usual = limits()
    assert all(each["number"] == each["default"] for each in usual.values())
    assert all(
        each["least"] <= each["number"] <= each["most"] for each in usual.values()
    )
    moved = limits("--set", "connections=50", "--set", "laptop-projects=7")
    assert (moved["connections"]["number"], moved["laptop_projects"]["number"]) == (
        50,
        7,
    )
    assert limits("--set", "connections=default")["connections"] == usual["connections"]
    assert limits()["laptop_projects"]["number"] == 7
    for words, code in (("connections=0", 2), ("connections=x", 2), ("nothing=1", 4)):
        assert limits("--set", words, code=code)["text"]
    assert limits()["connections"]["number"] == usual["connections"]["number"]
