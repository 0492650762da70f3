"""Setting up a laptop, its key, and whether it may be wiped."""

import json

import pytest
from click.testing import CliRunner

from collector.cli.root import cli

pytestmark = pytest.mark.slow


def test_a_laptop_is_set_up_once(bare):
    assert "permille enrol" in bare("init", "--name", "lap-1").out
    again = bare("init", code=4)
    assert "already" in again.err
    assert "permille status" in again.err


def test_the_key_is_for_its_owner_only(bare):
    bare("init")
    assert (bare.home / "key").stat().st_mode & 0o777 == 0o600
    assert bare.home.stat().st_mode & 0o777 == 0o700


def test_a_set_up_that_was_cut_short_is_taken_up_again(bare):
    bare("init")
    key = (bare.home / "key").read_text()
    (bare.home / "permille.db").unlink()
    bare("init")
    assert (bare.home / "key").read_text() == key
    bare("status")


def test_commands_before_init_say_what_to_type(bare):
    found = bare("status", code=4)
    assert "permille init" in found.err


def test_a_passphrase_protects_without_a_key_file(bare, monkeypatch):
    monkeypatch.setenv("PERMILLE_PASSPHRASE", "gras und klee")
    bare("init", "--encrypt")
    assert not (bare.home / "key").exists()
    bare("project", "add", "--code", "P1", "--title", "T")
    monkeypatch.setenv("PERMILLE_PASSPHRASE", "other")
    wrong = bare("status", code=4)
    assert "passphrase" in wrong.err
    monkeypatch.delenv("PERMILLE_PASSPHRASE")
    asked = bare("status", code=4)
    assert "PERMILLE_PASSPHRASE" in asked.err
    monkeypatch.setenv("PERMILLE_PASSPHRASE", "gras und klee")
    assert bare.json("status")["projects"] == ["P1"]


def test_an_empty_passphrase_is_refused(bare, monkeypatch):
    monkeypatch.setenv("PERMILLE_PASSPHRASE", "")
    bare("init", "--encrypt", code=4)
    assert not bare.home.exists()


@pytest.mark.parametrize("harm", ["lost", "garbled"])
def test_a_lost_key_is_said_to_be_lost(permille, harm):
    key = permille.home / "key"
    if harm == "lost":
        key.unlink()
    else:
        key.write_text("not hex")
    found = permille("status", code=4)
    assert "key" in found.err


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 500])
def test_a_destroyed_database_is_no_traceback(permille, content):
    (permille.home / "permille.db").write_bytes(content)
    permille("plot", "list", code=4)


def test_damage_is_found_when_asked_for(permille):
    for number in range(80):
        permille("plot", "add", "--code", number, "--note", "x" * 400)
    path = permille.home / "permille.db"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    found = permille("status", "--check", "--json", code=None)
    assert found.code in {1, 4}
    assert "damage" in found.out


def test_a_fresh_laptop_may_be_wiped_and_one_with_records_may_not(bare):
    bare("init")
    assert bare.json("status")["safe_to_wipe"] is True
    bare("project", "add", "--code", "P1", "--title", "T")
    found = bare.json("status")
    assert found["safe_to_wipe"] is False
    assert found["pending"] == 1
    assert any("never synced" in reason for reason in found["reasons"])


def test_status_names_every_key_the_documentation_names(permille):
    assert set(permille.json("status")) >= {
        "pending",
        "quarantined",
        "conflicts",
        "last_sync_at",
        "safe_to_wipe",
        "reasons",
        "home",
        "server",
        "device",
        "projects",
    }


def test_sync_before_enrolment_says_how_to_enrol(permille):
    found = permille.json("sync", code=4)
    assert "permille enrol" in found["error"]["hint"]


def test_a_server_that_is_away_loses_nothing(permille):
    store = permille.open_store()
    store.set_settings({"server": "http://127.0.0.1:9", "token": "t"})
    store.close()
    found = permille.json("sync", code=3)
    assert "permille sync" in found["error"]["hint"]
    assert permille.json("status")["pending"] == 1


HOLE = "http://192.0.2.1:9"  # addresses that nobody has (RFC 5737)


@pytest.mark.parametrize(
    "url", [HOLE, "http://soil.invalid", "http://127.0.0.1@soil.invalid"]
)
def test_a_token_does_not_travel_openly(bare, url):
    bare("init")
    error = bare.json("enrol", url, "CODE", code=4)["error"]
    assert error["code"] == "insecure_server"
    assert "https" in error["hint"]
    assert "permille enrol --insecure" in error["hint"]


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:9", "http://localhost:9", "http://127.0.0.2:9"]
)
def test_to_this_very_machine_it_may(bare, url):
    bare("init")
    assert bare.json("enrol", url, "CODE", code=3)["error"]["code"] == "unreachable"


def test_who_enrolled_over_plain_http_says_once_that_it_is_meant(permille):
    store = permille.open_store()
    store.set_settings({"server": "http://soil.invalid:9", "token": "t"})
    store.close()
    error = permille.json("sync", code=4)["error"]
    assert error["code"] == "insecure_server"
    assert "permille sync --insecure" in error["hint"]
    assert permille.json("sync", "--insecure", code=3)["error"]["code"] == "unreachable"
    assert permille.json("sync", code=3)["error"]["code"] == "unreachable"


@pytest.mark.parametrize("option", ["--name", "--person"])
@pytest.mark.parametrize("value", ["", " ", "x" * 201, "a\x01b"])
def test_a_name_that_no_message_can_carry_is_refused_at_once(bare, option, value):
    error = bare("init", option, value, "--json", code=2).data["error"]
    assert option in error["text"]
    assert bare("status", "--json", code=4).data["error"]["code"] == "not_set_up"


def test_an_enrolment_that_reached_no_server_is_to_be_typed_again(permille):
    found = permille("enrol", "http://127.0.0.1:9", "K7QF-93MD", "--json", code=3).data
    assert "type the command again" in found["error"]["hint"]
    assert "permille sync" not in found["error"]["hint"]


def test_a_laptop_does_not_leave_its_server_by_a_slip(permille):
    store = permille.open_store()
    store.set_settings({"server": "https://soil.example.org", "token": "t"})
    store.close()
    permille("project", "add", "--code", "HF", "--title", "Highfield")
    words = ("enrol", "http://127.0.0.1:9", "K7QF-93MD", "--json")
    error = permille(*words, code=4).data["error"]
    assert error["code"] == "enrolled_elsewhere"
    assert "changes not sent to it: " in error["text"]
    assert "--another-server" in error["hint"]
    said = permille(*words, "--another-server", code=3).data["error"]
    assert said["code"] != "enrolled_elsewhere"


def test_the_home_comes_from_the_environment_too(bare, monkeypatch, tmp_path):
    monkeypatch.setenv("PERMILLE_HOME", str(tmp_path / "elsewhere"))
    done = CliRunner().invoke(cli, ["init", "--json"])
    assert json.loads(done.stdout)["home"] == str(tmp_path / "elsewhere")
