"""Photos and scans that are cut, filled up with zeros, or no more than their signature."""

import io
import random

import pytest
from PIL import Image

from collector.files.wholeness import doubts
from schemas.media import HEAD_BYTES, sniff


def picture(kind, **more):
    """A real picture with noise in it, so that it cannot be packed to nothing."""
    noise = random.Random(7).randbytes(96 * 96 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (96, 96), noise).save(out, kind, **more)
    return out.getvalue()


def box(name, body):
    return (len(body) + 8).to_bytes(4, "big") + name + body


def heic():
    inside = random.Random(7).randbytes(20_000)
    return (
        box(b"ftyp", b"heic" + bytes(4))
        + box(b"meta", b"m" * 400)
        + box(b"mdat", inside)
    )


PDF = b"%PDF-1.7\n" + random.Random(7).randbytes(9_000) + b"\nstartxref\n9\n%%EOF\n"
WHOLE = {
    "jpeg": picture("JPEG"),
    "progressive jpeg": picture("JPEG", progressive=True),
    "jpeg and what a telephone adds": picture("JPEG") + b"SEFT" + b"x" * 90,
    "jpeg and padding": picture("JPEG") + bytes(512),
    "png": picture("PNG"),
    "png and more": picture("PNG") + bytes(512),
    "webp": picture("WEBP"),
    "heic": heic(),
    "pdf": PDF,
    "pdf and padding": PDF + bytes(100),
}


def mime(data):
    return sniff(data[:HEAD_BYTES])


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_not_doubted(name):
    assert doubts(WHOLE[name], mime(WHOLE[name])) == []


@pytest.mark.parametrize("name", [name for name in WHOLE if " and " not in name])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.97])
def test_a_file_that_was_cut_is_noticed(name, part):
    cut = WHOLE[name][: max(int(len(WHOLE[name]) * part), HEAD_BYTES)]
    assert len(doubts(cut, mime(cut))) == 1


@pytest.mark.parametrize("name", [name for name in WHOLE if " and " not in name])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_file_that_ends_in_zeros_is_noticed(name, part):
    kept = int(len(WHOLE[name]) * part)
    filled = WHOLE[name][:kept] + bytes(len(WHOLE[name]) - kept)
    assert len(doubts(filled, mime(filled))) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(8),
        b"\xff\xd8\xff\xe0" + bytes(36),
        b"RIFF\x00\x10\x00\x00WEBPVP8 ",
        heic()[:16],
        b"%PDF-1.4\n",
    ],
)
def test_a_signature_only_is_noticed(data):
    assert len(doubts(data, mime(data))) == 1


def test_a_hole_of_zeros_in_the_middle_is_noticed():
    data = heic()
    holed = data[:2_000] + bytes(17_000) + data[19_000:]
    assert doubts(holed, "image/heic") == [
        "it is not whole: a part of it holds zeros only"
    ]
