"""What an administrator practises: back up, restore, verify, and find a copy."""

import json
import shutil
from random import Random

import pytest

from schemas.records import DERIVED
from server.operations.archive import BackupError, unpack_backup, write_backup
from server.operations.backup import checked_backup
from server.store.driver import connect
from tests.faults.disk import flip_bits
from tests.faults.homes import admin, enrolled, init_server, write_table
from tests.processes import PERMILLE_SERVER, run, server_process, typed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def command(data, *words, code=0):
    """Run a command of the administrator as a process of its own."""
    done = run([*PERMILLE_SERVER, "--data", data], *words, check=code)
    assert "Traceback" not in done.stderr
    return done


def faults(data, *words):
    return json.loads(admin(data, "verify", "--json", *words))["faults"]


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "server"
    init_server(path)
    return path


def stats(data):
    """Count what was collected: the server may derive from it before or after."""
    counts = json.loads(admin(data, "stats", "--json"))
    kept = counts.keys() - {"database_bytes", "plots_to_derive", "records"}
    collected = counts["records"].keys() - set(DERIVED)
    return {
        "records": {name: counts["records"][name] for name in collected},
        **{name: counts[name] for name in kept},
    }


def note(laptop, code, text):
    laptop("plot", "edit", code, "--note", text)


def test_a_restored_server_gets_everything_back_from_the_laptops(data, tmp_path):
    file = tmp_path / "backup.tar"
    with server_process(data) as url:
        one, two = (enrolled(tmp_path / name, data, url) for name in ("one", "two"))
        one(*write_table(tmp_path / "a.csv", "A", 20))
        one.json("sync")
        command(data, "backup", file)
        assert "exists already" in typed(data, "backup", file, code=4).stderr
        two.json("sync")
        two(*write_table(tmp_path / "b.csv", "B", 20))
        note(one, "A", "after the backup")
        for laptop in (one, two, one, two):
            laptop.json("sync")
        assert one.rows() == two.rows()
        everything, before = one.rows(), stats(data)
        refused = typed(data, "restore", file, "--force", code=4).stderr
        assert "another server process has" in refused
        port = url.rsplit(":", 1)[1]
    assert "has data" in typed(data, "restore", file, code=4).stderr
    said = command(data, "restore", file, "--force").stdout
    assert "send again what the server no longer has" in said
    (kept,) = data.glob("replaced-*/permille.db")
    assert str(kept) in said
    assert faults(data) == []
    with server_process(data, port):
        for laptop in (one, two, one, two):
            laptop.json("sync")
        assert one.rows() == two.rows() == everything
        assert stats(data) == {**before, "epochs": 2}
        reasons = [e["reason"] for e in json.loads(admin(data, "epochs", "--json"))]
        assert reasons == ["begun", "restored"]
        assert faults(data) == []
    assert faults(data, "--backup", file) == []


def test_a_database_that_was_put_back_by_hand_is_found_at_the_next_start(
    data, tmp_path
):
    copy = tmp_path / "copy.db"
    with server_process(data) as url:
        laptop = enrolled(tmp_path / "one", data, url)
        laptop(*write_table(tmp_path / "a.csv", "A", 10))
        laptop.json("sync")
        port = url.rsplit(":", 1)[1]
    with server_process(data, port):
        with_log = connect(data / "permille.db")
        with_log.execute("VACUUM INTO ?", (str(copy),))
        with_log.close()
        laptop(*write_table(tmp_path / "b.csv", "B", 10))
        laptop.json("sync")
        everything = laptop.rows()
    shutil.copy(copy, data / "permille.db")
    with server_process(data, port):
        (_, last) = json.loads(admin(data, "epochs", "--json"))
        assert last["reason"] == "the database was copied or put back"
        for _ in range(3):
            laptop.json("sync")
        assert laptop.rows() == everything
        assert laptop.json("status")["pending"] == 0
        assert faults(data) == []
    assert "the database was copied" in (tmp_path / "server.log").read_text()


def test_a_database_that_was_moved_without_its_mark_begins_an_epoch_once(
    data, tmp_path
):
    with server_process(data):
        pass
    (data / "mark").unlink()
    for _ in range(2):
        with server_process(data):
            pass
    assert len(json.loads(admin(data, "epochs", "--json"))) == 2


def test_servers_that_start_again_begin_no_epoch(data):
    for _ in range(3):
        with server_process(data):
            pass
    assert len(json.loads(admin(data, "epochs", "--json"))) == 1


def test_every_flipped_bit_of_a_backup_is_found(data, tmp_path):
    file, copy = tmp_path / "backup.tar", tmp_path / "flipped.tar"
    admin(data, "backup", str(file))
    rng, missed = Random(3), []
    for _ in range(100):
        shutil.copy(file, copy)
        offset = flip_bits(copy, rng.randrange(2**32))
        if not is_refused(copy):
            missed.append(offset)
    assert missed == []
    refused = command(tmp_path / "other", "restore", copy, code=4)
    assert "damaged" in refused.stderr or "no whole backup" in refused.stderr
    assert not (tmp_path / "other" / "permille.db").exists()


def is_refused(file):
    try:
        checked_backup(file, lambda *_: None)
    except BackupError:
        return True
    return False


def test_a_cut_backup_is_refused(data, tmp_path):
    file = tmp_path / "backup.tar"
    admin(data, "backup", str(file))
    whole = file.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:size])
        refused = typed(tmp_path / "other", "restore", file, code=4)
        assert "no whole backup" in refused.stderr


def repacked(file, target, change):
    """Write a whole backup with other files than those of a server."""
    folder = target.parent / "unpacked"
    manifest = checked_backup(file, lambda *_: None)
    unpack_backup(file, folder, manifest)
    change(folder)
    files = [(p.name, folder / p.name) for p in manifest.parts if "/" not in p.name]
    files += [(str(p.relative_to(folder)), p) for p in folder.glob("blobs/??/*")]
    write_backup(target, files, manifest.about, lambda *_: None)


def put_trigger(folder):
    _in_database(
        folder,
        "CREATE TRIGGER t AFTER INSERT ON epoch BEGIN DELETE FROM receipt; END",
    )


def put_view(folder):
    _in_database(folder, "CREATE VIEW device_names AS SELECT name FROM device")


def put_row(folder):
    _in_database(folder, "UPDATE project SET head = head + 1")


def put_file(folder):
    path = folder / "blobs" / "ab" / ("ab" * 32)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not what its name says")


def _in_database(folder, sql):
    connection = connect(folder / "permille.db")
    connection.execute(sql)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


@pytest.mark.parametrize("change", [put_trigger, put_view, put_row, put_file])
def test_a_whole_backup_that_no_server_wrote_so_replaces_nothing(
    data, tmp_path, change
):
    file, forged = tmp_path / "backup.tar", tmp_path / "forged.tar"
    admin(data, "backup", str(file))
    repacked(file, forged, change)
    before = (data / "permille.db").read_bytes()
    said = typed(data, "restore", forged, "--force", code=4)
    assert "does not verify" in said.stderr
    assert (data / "permille.db").read_bytes() == before
    assert not list(data.glob("replaced-*"))
    typed(tmp_path / "other", "restore", forged, code=4)
    typed(tmp_path / "other", "restore", file)
    typed(tmp_path / "forced", "restore", forged, "--with-faults")


def test_a_database_of_a_newer_program_is_refused_wherever_it_comes_from(
    data, tmp_path
):
    file, newer = tmp_path / "backup.tar", tmp_path / "newer.tar"
    admin(data, "backup", str(file))
    repacked(file, newer, lambda f: _in_database(f, "PRAGMA user_version = 999"))
    assert "newer" in typed(tmp_path / "other", "restore", newer, code=4).stderr
    assert "newer" in typed(data, "verify", "--backup", newer, code=4).stderr
    _in_database(data, "PRAGMA user_version = 999")
    for words in ("run --port 0", "stats", "verify", "project list", "backup x.tar"):
        assert "newer" in typed(data, *words.split(), code=4).stderr
