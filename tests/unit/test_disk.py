"""A file is there whole or is as it was, on both sides; nothing is left beside it."""

import errno
import os
import stat

import pytest

import collector.disk
import server.disk

pytestmark = pytest.mark.parametrize(
    "disk", [collector.disk, server.disk], ids=["collector", "server"]
)


class PlantedError(Exception):
    pass


def names(folder):
    return [path.name for path in folder.iterdir()]


def broken(disk, path):
    with disk.durable_file(path) as file:
        file.write(b"half")
        raise PlantedError


@pytest.fixture
def flushed(monkeypatch):
    """Remember what is flushed to the disk, and what had its name by then."""
    found, real = [], os.fsync

    def fsync(handle):
        real(handle)
        is_directory = stat.S_ISDIR(os.fstat(handle).st_mode)
        found.append("directory" if is_directory else os.fstat(handle).st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def test_the_file_is_flushed_and_then_its_name(disk, tmp_path, flushed):
    disk.write_durably(tmp_path / "a", b"text")
    assert (tmp_path / "a").read_bytes() == b"text"
    assert flushed == [4, "directory"]
    assert names(tmp_path) == ["a"]


def test_what_goes_wrong_leaves_nothing(disk, tmp_path):
    with pytest.raises(PlantedError):
        broken(disk, tmp_path / "a")
    assert names(tmp_path) == []


def test_what_goes_wrong_leaves_the_file_of_before(disk, tmp_path):
    disk.write_durably(tmp_path / "a", b"text")
    with pytest.raises(PlantedError):
        broken(disk, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"text"
    assert names(tmp_path) == ["a"]


def test_a_disk_that_fails_leaves_the_file_of_before(disk, tmp_path, monkeypatch):
    disk.write_durably(tmp_path / "a", b"text")

    def fsync(_handle):
        raise OSError(errno.EIO, "planted")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="planted"):
        disk.write_durably(tmp_path / "a", b"other")
    assert (tmp_path / "a").read_bytes() == b"text"
    assert names(tmp_path) == ["a"]


def test_what_a_killed_process_left_is_written_over(disk, tmp_path):
    (tmp_path / "a.part").write_bytes(b"longer than the text")
    disk.write_durably(tmp_path / "a", b"text")
    assert (tmp_path / "a").read_bytes() == b"text"
    assert names(tmp_path) == ["a"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such rights")
def test_a_secret_is_never_readable_by_others(disk, tmp_path):
    (tmp_path / "a.part").touch(0o666)
    with disk.durable_file(tmp_path / "a", mode=0o600) as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_stick_that_cannot_flush_directories_is_written(disk, tmp_path, monkeypatch):
    real = os.fsync

    def fsync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "cannot")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    disk.write_durably(tmp_path / "a", b"text")
    assert (tmp_path / "a").read_bytes() == b"text"
