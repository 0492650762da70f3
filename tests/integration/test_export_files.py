"""Attached files leave with whose they are, from a laptop and from the server."""

import csv
import hashlib
import json

import pytest
from PIL import Image

from tests.integration.test_laptop_sync import (
    pair,  # noqa: F401 - a fixture
    prepare,
    served,  # noqa: F401 - a fixture
)
from tests.processes import typed

pytestmark = pytest.mark.slow


def rows(folder):
    with (folder / "attachments.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def attached(pair, tmp_path):  # noqa: F811
    """Two laptops; the first attached one photo to a plot and a point, under other names."""
    one, two = pair
    prepare(one)
    for name, place in (("=cmd.png", "HF"), ("b.png", "HF/1")):
        photo = tmp_path / name
        Image.new("RGB", (8, 8)).save(photo)
        one("attach", place, photo)
    one.sync()
    two.sync()
    return one, two


def test_files_lie_under_their_hash_and_are_told_of_each_record(
    attached,
    served,  # noqa: F811
    tmp_path,
):
    one, two = attached
    done = json.loads(one("export", "attachments", tmp_path / "own", "--json"))
    assert done["rows"] == {"attachments": 2}
    found = rows(tmp_path / "own")
    assert {(row["plot"], row["point"]) for row in found} == {("HF", ""), ("HF", "1")}
    assert {row["name"] for row in found} == {"'=cmd.png", "b.png"}
    assert len({row["file"] for row in found}) == 1
    for row in found:
        data = (tmp_path / "own" / row["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row["sha256"]
        assert (row["state"], row["size"]) == ("here", str(len(data)))
    listed = {file["name"]: file["sha256"] for file in done["files"]}
    assert listed[found[0]["file"]] == found[0]["sha256"]

    two("export", "attachments", tmp_path / "other")
    assert {(row["state"], row["file"]) for row in rows(tmp_path / "other")} == {
        ("missing", "")
    }
    typed(served.data, "export", "attachments", tmp_path / "all")
    assert {row["state"] for row in rows(tmp_path / "all")} == {"here"}


def test_a_file_that_is_not_what_was_attached_is_left_out_and_told(
    attached,
    served,  # noqa: F811
    tmp_path,
):
    (blob,) = served.data.glob("blobs/??/*")
    blob.write_bytes(b"something else")
    typed(served.data, "export", "attachments", tmp_path / "all")
    assert {row["state"] for row in rows(tmp_path / "all")} == {"damaged"}
    assert list((tmp_path / "all" / "files").iterdir()) == []
