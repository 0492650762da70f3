"""An export of a laptop since another one holds what says something else now."""

import json

import pytest

from tests.exports import rows
from tests.integration.test_laptop_sync import (
    LAYER,
    SAMPLE,
    pair,  # noqa: F401 - a fixture
    prepare,
    served,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", ["csv", "sqlite", "xlsx"])
def test_what_changed_is_told_whatever_was_done_in_between(
    pair,  # noqa: F811
    tmp_path,
    kind,
):
    one, two = pair
    prepare(one)
    one(*SAMPLE, "--sample-code", "HF-1", *LAYER)
    one("plot", "add", "--code", "GONE", "--note", "=1")
    one.sync()
    one("plot", "edit", "HF", "--note", "typed and not sent")
    before = tmp_path / f"before.{kind}"
    said = json.loads(one("export", kind, before, "--json"))
    two.sync()
    two("point", "edit", "HF/1", "--note", "by another laptop")
    two.sync()
    one("plot", "delete", "GONE", "--yes")
    one.sync()
    new = one.json("plot", "add", "--code", "NEW")["id"]

    done = one.json("export", "csv", tmp_path / "after", "--since", before)
    assert done["since"] == said["snapshot"]
    assert [row["id"] for row in rows(tmp_path / "after", "plots")] == [new]
    (point,) = rows(tmp_path / "after", "points")
    assert (point["note"], point["plot"]) == ("by another laptop", "HF")
    (deleted,) = rows(tmp_path / "after", "deleted")
    assert deleted["type"] == "plot"
    assert rows(tmp_path / "after", "samples") == []
    # The bag lies at the point that changed.
    assert [row["sample_code"] for row in rows(tmp_path / "after", "layers")] == [
        "HF-1"
    ]

    one("plot", "edit", "HF", "--note", "typed again")
    done = one.json("export", "csv", tmp_path / "later", "--since", before)
    assert {row["code"] for row in rows(tmp_path / "later", "plots")} == {"HF", "NEW"}
    error = one.json(
        "export", "csv", tmp_path / "x", "--since", tmp_path / "later", code=4
    )
    assert "holds changes alone" in error["error"]["text"]


def test_what_is_no_export_is_refused(pair, tmp_path):  # noqa: F811
    (tmp_path / "x").mkdir()
    error = pair[0].json(
        "export", "csv", tmp_path / "t", "--since", tmp_path / "x", code=4
    )
    assert error["error"]["hint"]
    assert not (tmp_path / "t").exists()
