"""A bundle is read whole or not at all."""

import tracemalloc
from contextlib import suppress

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from schemas import bundles, limits
from schemas.bundles import Bundle, BundleError
from schemas.signing import is_signed, public_key, sign

SECRET = bytes(range(32))
HEAD = {"format": bundles.REQUESTS, "device": "d"}


def written(*parts):
    return bundles.write(HEAD, parts, lambda text: sign(SECRET, text))


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_what_was_written_is_read_and_signed(parts):
    found = bundles.read(written(*parts), bundles.REQUESTS)
    assert list(found.parts) == parts
    assert is_signed(public_key(SECRET), found.signature, found.signed)
    other = Bundle({**found.head, "device": "e"}, found.parts)
    assert not is_signed(public_key(SECRET), other.signature, other.signed)


WHOLE = written(b"one\n", b"", b"three" * 50)


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed(at, flip):
    harmed = WHOLE[:at] + bytes([WHOLE[at] ^ flip]) + WHOLE[at + 1 :]
    try:
        found = bundles.read(harmed, bundles.REQUESTS)
    except BundleError:
        return
    # A bit of the frame's own header may mean nothing: then the content is the same.
    assert list(found.parts) == [b"one\n", b"", b"three" * 50]
    assert is_signed(public_key(SECRET), found.signature, found.signed)


@given(st.integers(0, len(WHOLE) - 1))
def test_a_cut_is_noticed(at):
    with pytest.raises(BundleError):
        bundles.read(WHOLE[:at], bundles.REQUESTS)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(junk):
    with pytest.raises(BundleError):
        bundles.read(junk, bundles.REQUESTS)


@pytest.mark.parametrize(
    "head", [b"", b"[]", b'{"format":"\\ud800"}', b'{"format":NaN}', b'{"n":1e999}']
)
def test_a_strange_first_line_is_refused(head):
    with pytest.raises(BundleError):
        bundles.read(zstd.compress(head + b"\n"), bundles.REQUESTS)


def test_another_kind_of_file_is_refused():
    with pytest.raises(BundleError):
        bundles.read(WHOLE, bundles.ANSWERS)


def test_a_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "BUNDLE_BYTES", 1000)
    with pytest.raises(BundleError, match="1000"):
        bundles.read(written(bytes(100_000)), bundles.REQUESTS)


BOMBS = {
    "behind its first line": bundles.encode({**HEAD, "count": 1, "sha256": "x"}),
    "with a part": bundles.encode({**HEAD, "count": 1, "sha256": "x"})
    + b"\n%d" % 2**25,
    "without a first line": b"",
}


@pytest.mark.parametrize("head", BOMBS.values(), ids=BOMBS)
def test_no_more_than_a_piece_is_unpacked_before_it_is_known_who_signed(head):
    bomb = zstd.compress(head + b"\n" * bool(head) + bytes(2**27))
    assert len(bomb) < 16_384
    tracemalloc.start()
    try:
        with suppress(BundleError):
            found = bundles.look(bomb, bundles.REQUESTS)
            list(found.parts)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_frame_that_asks_for_a_window_beyond_what_any_laptop_writes_is_refused():
    wide = {zstd.CompressionParameter.window_log: 27}
    packer = zstd.ZstdCompressor(options=wide)
    frame = packer.compress(b"x" * 1000) + packer.flush()
    with pytest.raises(BundleError):
        bundles.look(frame, bundles.REQUESTS)
