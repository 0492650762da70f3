"""A file is there whole or is as it was; nothing is left beside it."""

import errno
import os
import stat

import pytest

from schemas.durable_files import durable_file, write_durably


class PlantedError(Exception):
    pass


def names(folder):
    return [path.name for path in folder.iterdir()]


def broken(path):
    with durable_file(path) as file:
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


def test_the_file_is_flushed_and_then_its_name(tmp_path, flushed):
    write_durably(tmp_path / "a", b"text")
    assert (tmp_path / "a").read_bytes() == b"text"
    assert flushed == [4, "directory"]
    assert names(tmp_path) == ["a"]


def test_what_goes_wrong_leaves_nothing(tmp_path):
    with pytest.raises(PlantedError):
        broken(tmp_path / "a")
    assert names(tmp_path) == []


def test_what_goes_wrong_leaves_the_file_of_before(tmp_path):
    write_durably(tmp_path / "a", b"text")
    with pytest.raises(PlantedError):
        broken(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"text"
    assert names(tmp_path) == ["a"]


def test_a_disk_that_fails_leaves_the_file_of_before(tmp_path, monkeypatch):
    write_durably(tmp_path / "a", b"text")

    def fsync(_handle):
        raise OSError(errno.EIO, "planted")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="planted"):
        write_durably(tmp_path / "a", b"other")
    assert (tmp_path / "a").read_bytes() == b"text"
    assert names(tmp_path) == ["a"]


def test_what_a_killed_process_left_is_written_over(tmp_path):
    (tmp_path / "a.part").write_bytes(b"longer than the text")
    write_durably(tmp_path / "a", b"text")
    assert (tmp_path / "a").read_bytes() == b"text"
    assert names(tmp_path) == ["a"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such rights")
def test_a_secret_is_never_readable_by_others(tmp_path):
    (tmp_path / "a.part").touch(0o666)
    with durable_file(tmp_path / "a", mode=0o600) as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_stick_that_cannot_flush_directories_is_written(tmp_path, monkeypatch):
    real = os.fsync

    def fsync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "cannot")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_durably(tmp_path / "a", b"text")
    assert (tmp_path / "a").read_bytes() == b"text"
