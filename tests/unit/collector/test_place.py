"""A laptop notices that its data is elsewhere, and is not alarmed by anything else."""

import json
import os
import platform
import shutil

import pytest

from collector.config import Home
from collector.laptop import settings
from collector.laptop.place import disk_number, signs_of

pytestmark = pytest.mark.slow


def log_of(permille):
    store = permille.open_store()
    try:
        return store.head().id
    finally:
        store.close()


def is_noticed(permille):
    """Type a command, and tell whether another log was begun."""
    before = log_of(permille)
    permille("plot", "list")
    return log_of(permille) != before


@pytest.fixture
def used(permille):
    permille("status")
    assert not is_noticed(permille)
    return permille


def test_what_is_done_to_a_laptop_every_day_is_no_copy(used):
    used("plot", "add", "--code", "A")
    assert not is_noticed(used)
    moved = used.home.with_name("renamed")
    used.home.rename(moved)
    used.home = moved
    assert not is_noticed(used)
    (moved / "key").read_bytes()
    assert not is_noticed(used)


def test_a_database_that_was_written_over_in_place_is_the_same_one(used):
    path = used.home / "permille.db"
    data = path.read_bytes()
    with path.open("r+b") as there:
        there.write(data)
    assert not is_noticed(used)


def test_a_copy_of_the_folder_is_noticed_before_it_records(used):
    shutil.copytree(used.home, used.home.with_name("copy"))
    first = log_of(used)
    used.home = used.home.with_name("copy")
    used("plot", "add", "--code", "A")
    store = used.open_store()
    assert store.head().id != first
    assert store.head().n == 1
    store.close()
    assert not is_noticed(used)


def test_files_that_have_their_old_numbers_on_a_disk_filled_anew_are_noticed(used):
    """Restored files have the same names, content and numbers; one time is new."""
    key = used.home / "key"
    before = signs_of(Home(used.home))
    key.chmod(0o400)
    assert signs_of(Home(used.home)).keys() == before.keys()
    assert signs_of(Home(used.home))["file"] == before["file"]
    assert is_noticed(used)


def test_a_disk_in_another_machine_is_noticed(used, monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "other")
    assert is_noticed(used)
    assert not is_noticed(used)


def test_the_domain_that_a_network_gives_a_machine_says_nothing(used, monkeypatch):
    name = platform.node().partition(".")[0]
    monkeypatch.setattr(platform, "node", lambda: f"{name.upper()}.lan")
    assert not is_noticed(used)


def test_a_sign_that_cannot_be_read_any_more_is_kept_and_says_nothing(
    used, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(platform, "node", lambda: "")
        assert not is_noticed(used)
    assert not is_noticed(used)


def test_the_number_that_older_programs_kept_is_understood(used):
    store = used.open_store()
    inode = str((used.home / "permille.db").stat().st_ino)
    store.set_settings({settings.PLACE: inode})
    store.close()
    assert not is_noticed(used)
    store = used.open_store()
    assert json.loads(store.setting(settings.PLACE))["file"] == inode
    store.set_settings({settings.PLACE: "1"})
    store.close()
    assert is_noticed(used)


@pytest.mark.parametrize(
    ("device", "said"),
    [((8, 2), "naa.5002538e"), ((259, 3), "eui.0025"), ((253, 1), "eui.0025")],
)
def test_the_number_of_a_disk_is_found_below_partitions_and_volumes(
    tmp_path, device, said
):
    """A partition of a disk, one of an NVMe disk, and an encrypted volume on that."""
    devices = tmp_path / "dev"
    devices.mkdir()

    def block(number, *parts, is_partition=False):
        folder = tmp_path.joinpath("devices", *parts)
        folder.mkdir(parents=True, exist_ok=True)
        if is_partition:
            (folder / "partition").write_text("1\n")
        (devices / number).symlink_to(folder)
        return folder

    disk = block("8:0", "sda")
    (disk / "device").mkdir()
    (disk / "device" / "wwid").write_text("naa.5002538e\n")
    block("8:2", "sda", "sda2", is_partition=True)
    (block("259:0", "nvme0n1") / "wwid").write_text("eui.0025\n")
    part = block("259:3", "nvme0n1", "nvme0n1p3", is_partition=True)
    locked = block("253:0", "dm-0")
    (locked / "slaves").mkdir()
    (locked / "slaves" / "nvme0n1p3").symlink_to(part)
    volume = block("253:1", "dm-1")
    (volume / "slaves").mkdir()
    (volume / "slaves" / "dm-0").symlink_to(locked)
    assert disk_number(os.makedev(*device), devices) == said
    assert disk_number(os.makedev(9, 9), devices) == ""
