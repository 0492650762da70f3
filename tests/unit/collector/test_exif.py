"""What a photo says of itself: read where it is good, told where it is not."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from collector.files.exif import taken
from schemas.media import sniff

TIME = "2026:05:03 10:17:04"
PLACE = {1: "N", 2: (48.0, 12.0, 9.0), 3: "W", 4: (1.0, 30.0, 9.0)}


def photo(exif=None, gps=None, kind="JPEG"):
    """Return a real picture with these tags."""
    tags = Image.Exif()
    tags[0x0110] = "a camera"  # Pillow leaves tags out of a PNG that begin with none
    tags.get_ifd(0x8769).update(exif or {})
    tags.get_ifd(0x8825).update(gps or {})
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, kind, exif=tags)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_time_and_place_are_read(kind):
    data = photo({0x9003: TIME, 0x9011: "+02:00"}, PLACE, kind)
    found = taken(data)
    assert found.fields == {
        "taken_at": "2026-05-03T10:17:04+02:00",
        "lon": -1.5025,
        "lat": 48.2025,
    }
    assert found.warnings == []
    assert sniff(data) == f"image/{kind.lower()}"


def test_the_satellites_tell_a_time_that_the_camera_leaves_open():
    gps = {7: (8.0, 17.0, 4.0), 29: "2026:05:03"}
    assert taken(photo({0x9003: TIME}, gps)).fields == {
        "taken_at": "2026-05-03T08:17:04+00:00"
    }


def test_a_time_without_its_offset_is_never_guessed():
    found = taken(photo({0x9003: TIME}))
    assert found.fields == {}
    assert "no offset" in found.warnings[0]


@pytest.mark.parametrize("data", [photo(), b"%PDF-1.7 x", b"\0\0\0\x18ftypheic"])
def test_a_file_without_exif_is_fine(data):
    found = taken(data)
    assert (found.fields, found.warnings) == ({}, [])


@pytest.mark.parametrize(
    ("exif", "gps"),
    [
        ({0x9003: "0000:00:00 00:00:00", 0x9011: "+00:00"}, {}),
        ({0x9003: TIME, 0x9011: "noon"}, {}),
        ({}, {2: (91.0, 0.0, 0.0), 4: (1.0, 0.0, 0.0)}),
        ({}, {2: (1.0, 0.0, 0.0), 4: (181.0, 0.0, 0.0)}),
        ({}, {7: (1.0, 2.0), 29: "2026:05:03"}),
    ],
)
def test_broken_exif_is_a_warning_and_no_error(exif, gps):
    found = taken(photo(exif, gps))
    assert found.fields == {}
    assert len(found.warnings) == 1


@given(junk=st.binary(max_size=200), place=st.integers(0, 300))
def test_any_bytes_give_data_or_warnings_and_nothing_else(junk, place):
    data = bytearray(photo({0x9003: TIME, 0x9011: "+02:00"}, PLACE))
    data[place : place + len(junk)] = junk
    found = taken(bytes(data))
    assert found.fields.keys() <= {"taken_at", "lon", "lat"}
    assert all(isinstance(text, str) for text in found.warnings)
