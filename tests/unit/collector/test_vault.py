"""Attached files at rest: what was kept is read back, whole or in part, or not at all."""

import hashlib
from random import Random

import pytest

from collector.errors import StoreError
from collector.store.vault import CHUNK_BYTES, Vault
from tests.unit.collector.conftest import KEY

SALT = bytes(range(16))
SIZES = [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7]


def kept(tmp_path, size, key=KEY):
    data = Random(size).randbytes(size)
    name = hashlib.sha256(data).hexdigest()
    vault = Vault(tmp_path / "attachments", key)
    vault.put(name, data, SALT)
    return vault, name, data


@pytest.mark.parametrize("size", SIZES)
def test_a_file_is_read_back_whole_and_in_part(tmp_path, size):
    vault, name, data = kept(tmp_path, size)
    assert vault.size(name) == size
    assert vault.read(name, 0, size) == data
    for offset in {0, size // 2, size - 1, size}:
        for most in (1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1):
            assert vault.read(name, offset, most) == data[offset : offset + most]


def test_nothing_of_it_is_readable_without_the_key(tmp_path):
    _, name, data = kept(tmp_path, 2 * CHUNK_BYTES)
    (path,) = (tmp_path / "attachments").iterdir()
    raw = path.read_bytes()
    assert all(data[i : i + 16] not in raw for i in range(0, len(data), 16))
    assert (path.stat().st_mode & 0o077, path.name) == (0, f"{name}.enc")
    other = Vault(tmp_path / "attachments", bytes(32))
    with pytest.raises(StoreError, match="damaged or under another key"):
        other.read(name, 0, 10)


@pytest.mark.parametrize("seed", range(20))
def test_a_flipped_bit_a_cut_or_a_moved_chunk_is_found(tmp_path, seed):
    vault, name, data = kept(tmp_path, 2 * CHUNK_BYTES + 5)
    path = tmp_path / "attachments" / f"{name}.enc"
    raw, random = bytearray(path.read_bytes()), Random(seed)
    sealed = CHUNK_BYTES + 16
    match seed % 3:
        case 0:
            raw[random.randrange(4, len(raw))] ^= 1 << random.randrange(8)
        case 1:
            del raw[20 + sealed * random.randrange(1, 3) :]
        case 2:
            raw[20 : 20 + 2 * sealed] = (
                raw[20 + sealed : 20 + 2 * sealed] + raw[20 : 20 + sealed]
            )
    path.write_bytes(raw)
    with pytest.raises(StoreError):
        assert vault.read(name, 0, vault.size(name)) != data


def test_one_name_does_not_open_the_content_of_another(tmp_path):
    vault, name, _ = kept(tmp_path, 10)
    other = "0" * 64
    (tmp_path / "attachments" / f"{name}.enc").rename(
        tmp_path / "attachments" / f"{other}.enc"
    )
    with pytest.raises(StoreError):
        vault.read(other, 0, 10)


def test_a_file_that_is_not_here_has_no_size_and_is_dropped_in_peace(tmp_path):
    vault, name, _ = kept(tmp_path, 10)
    vault.drop(name)
    vault.drop(name)
    assert vault.size(name) is None
