"""Which laptop sees what, and the account of what it sent, as an administrator types it."""

import json

import pytest

from collector.rules.overlay import ChangeStatus
from server.store.driver import connect
from tests.faults.homes import admin, enrolled, init_server, write_table
from tests.processes import server_process, typed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "server"
    init_server(path)
    admin(path, "project", "add", "--code", "Q", "--title", "Q")
    return path


def ask(data, *words):
    return json.loads(admin(data, *words, "--json"))


def refused(data, *words):
    return typed(data, *words, code=4).stderr


def plots(laptop):
    return {plot["fields"]["code"] for plot in laptop.json("plot", "list")}


def test_a_laptop_is_granted_moved_and_withdrawn(data, tmp_path):
    with server_process(data) as url:
        one = enrolled(tmp_path / "one", data, url, ("P", "Q"))
        two = enrolled(tmp_path / "two", data, url)
        one("plot", "add", "--code", "in-p", "--project", "P")
        one("plot", "add", "--code", "in-q", "--project", "Q")
        one.json("sync")
        two.json("sync")
        assert plots(two) == {"in-p"}
        admin(data, "device", "grant", "two", "--project", "Q")
        two.json("sync")
        assert plots(two) == {"in-p", "in-q"}
        admin(data, "device", "withdraw", "two", "--project", "Q")
        (note,) = two.json("sync")["notes"]
        assert note.startswith("project Q was withdrawn")
        assert plots(two) == {"in-p"}
        admin(data, "device", "move", "two", "--from", "P", "--to", "Q")
        two.json("sync")
        assert plots(two) == {"in-q"}
    shown = ask(data, "device", "show", "two")
    assert (shown["projects"], shown["withdrawn"]) == (["Q"], ["P"])


def test_what_was_released_goes_with_the_project_too(data, tmp_path):
    with server_process(data) as url:
        one = enrolled(tmp_path / "one", data, url, ("P", "Q"))
        one("plot", "add", "--code", "first", "--project", "Q")
        one.json("sync")
        admin(data, "device", "withdraw", "one", "--project", "Q")
        one("plot", "add", "--code", "late", "--project", "Q")
        one.json("sync", code=1)
        release(data)
        one.json("sync")
        assert plots(one) == set()
        admin(data, "device", "grant", "one", "--project", "Q")
        one.json("sync")
        assert plots(one) == {"first", "late"}
        admin(data, "device", "withdraw", "one", "--project", "Q")
        one.json("sync")
        assert plots(one) == set()
        assert one.json("status")["records"].get("plot") is None


def release(data):
    """Release everything that waits."""
    waiting = [found["change"] for found in ask(data, "quarantine", "list")]
    admin(data, "quarantine", "release", *waiting)


def test_what_does_not_fit_is_refused_with_the_next_step(data, tmp_path):
    with server_process(data) as url:
        enrolled(tmp_path / "one", data, url)
    said = refused(data, "device", "withdraw", "one", "--project", "Q")
    assert "one does not see the project Q" in said
    said = refused(data, "device", "move", "one", "--from", "P", "--to", "P")
    assert "one project" in said
    said = refused(data, "device", "move", "one", "--from", "Q", "--to", "P")
    assert "does not see" in said
    assert "no project X" in refused(data, "device", "grant", "one", "--project", "X")
    assert "no device x" in refused(data, "device", "show", "x")
    admin(data, "device", "revoke", "one")
    said = refused(data, "device", "grant", "one", "--project", "Q")
    assert "was revoked" in said
    assert "device code" in said


def test_the_account_of_a_laptop_is_the_one_it_gives_itself(data, tmp_path):
    with server_process(data) as url:
        one, two = (enrolled(tmp_path / name, data, url) for name in ("one", "two"))
        for laptop in (one, two):
            laptop("plot", "add", "--code", "A", "--area-ha", "1")
            laptop.json("sync")
        one.json("sync")
        one("plot", "edit", "A", "--area-ha", "2")
        two("plot", "edit", "A", "--area-ha", "3")
        two("point", "add", "--plot", "A", "--code", "1")
        # What this laptop may not send any more waits for a person.
        one.json("sync")
        two("sync", code=1)
        admin(data, "device", "withdraw", "two", "--project", "P")
        two("plot", "add", "--code", "B")
        two("sync", code=1)
    shown = ask(data, "device", "show", "two")
    counts = own_counts(two)
    changes = shown["changes"]
    assert changes["total"] == sum(counts.values())
    assert changes["to_fix"] == counts[ChangeStatus.QUARANTINED] == 1
    assert changes["conflict"] == counts[ChangeStatus.CONFLICT] == 1
    assert changes["accepted"] == counts[ChangeStatus.ACCEPTED]
    assert changes["merged"] == counts.get(ChangeStatus.MERGED, 0)
    assert shown["waiting"] == {"scope_revoked": 1}
    assert shown["conflicts"] == {"open": 1, "settled": 0}
    text = admin(data, "device", "show", "two")
    assert f"{changes['total']}: " in text
    assert "1 to fix, 1 conflict" in text
    assert "1 open, 0 settled" in text


def own_counts(laptop):
    store = laptop.store()
    try:
        return store.count_changes()
    finally:
        store.close()


def test_a_clock_that_is_off_is_flagged(data, tmp_path):
    with server_process(data) as url:
        enrolled(tmp_path / "one", data, url)
    assert ask(data, "device", "show", "one")["clock_is_off"] is False
    connection = connect(data / "permille.db")
    connection.execute("UPDATE device SET skew_s = -301 WHERE name = 'one'")
    connection.close()
    assert ask(data, "device", "show", "one")["clock_is_off"] is True
    assert "-301.0 s  (off" in admin(data, "device", "show", "one")


def test_old_deletions_are_counted_and_then_purged(data, tmp_path):
    with server_process(data) as url:
        one = enrolled(tmp_path / "one", data, url)
        one(*write_table(tmp_path / "a.csv", "A", 5))
        one("plot", "add", "--code", "gone")
        one.json("sync")
        one("plot", "delete", "gone", "--yes")
        one.json("sync")
    assert ask(data, "purge", "--dry-run")["purged"] == {}
    age(data)
    (project,) = (p["id"] for p in ask(data, "project", "list") if p["code"] == "P")
    assert ask(data, "purge", "--dry-run")["purged"] == {project: 1}
    done = typed(data, "purge", "--json", code=2)
    assert "--yes" in json.loads(done.stdout)["error"]["text"]
    assert "1 deleted record purged" in admin(data, "purge", "--yes")
    assert ask(data, "purge", "--dry-run")["purged"] == {}


def age(data):
    """Pretend that everything was received long ago."""
    connection = connect(data / "permille.db")
    connection.execute("UPDATE segment SET received_at = '2020-01-01T00:00:00.000Z'")
    connection.close()
