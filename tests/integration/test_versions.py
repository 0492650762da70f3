"""Laptops of every published schema version push to the present server."""

import json
from contextlib import closing
from itertools import takewhile

import pytest

from schemas import evolve
from schemas.messages import Op
from schemas.records import record_id
from schemas.version import SCHEMA_VERSION
from server.errors import StorageError
from server.store.driver import checkpoint_wal, connect, copy_to
from server.store.sqlite import SqliteStore, look
from server.store.tables import VERSION
from tests.corpus import FIXTURES

PLOT = {"code": "P1"}
CORE = {"number": 1, "sampled_at": "2026-05-03T10:00:00+02:00"}
BAG = {"sample_code": "B-1", "depth_top_cm": 0, "depth_bottom_cm": 30}
SOC = {"analyte": "soc", "replicate": 1, "value": 14.0, "unit": "g_kg"}
SOC |= {"method": "tinsley"}


async def replay(server, version):
    """Push the golden lines of a version, byte for byte; return answer and rows.

    Their project, and the older point that theirs revisits, are there already.
    """
    path = FIXTURES / f"wire/v{version}/request.ndjson"
    # What follows undoes a deletion that this server numbers otherwise.
    lines = list(
        takewhile(
            lambda line: json.loads(line)["o"] in {Op.PUT, Op.DELETE},
            path.read_bytes().splitlines()[1:-1],
        )
    )
    point = json.loads(lines[4])
    project_id, older = point["s"], point["f"]["revisits_point_id"]
    founder = await server.laptop("founder", may_begin=True)
    founder.project_id = project_id
    founder.draft("project", project_id, {"code": "BEAUCE", "title": "Beauce"})
    plot = founder.add("plot", {"code": "OLD"})
    founder.draft("point", older, {"plot_id": plot, "code": "1"})
    assert set((await founder.sync()).outcomes) == {"accepted"}
    laptop = await server.laptop("old", [project_id])
    laptop.schema, laptop.lines = version, lines
    answer = await laptop.sync()
    rows = (await (await server.laptop("reader", [project_id])).sync()).rows
    mine = {json.loads(line)["r"] for line in lines}
    return answer, {row["t"]: row["f"] for row in rows if row["r"] in mine}


async def replayed(server, version):
    """Return what replayed.json says of a version: verdicts with reasons, and rows."""
    answer, rows = await replay(server, version)
    verdicts = [
        [verdict["r"], *(why["code"] for why in verdict["why"])]
        for verdict in answer.verdicts
    ]
    return {"verdicts": verdicts, "rows": rows}


@pytest.mark.parametrize("version", sorted(evolve.PUBLISHED))
async def test_the_golden_request_of_every_version_is_replayed(server, version):
    path = FIXTURES / f"wire/v{SCHEMA_VERSION}/replayed.json"
    expected = json.loads(path.read_text("utf-8"))[str(version)]
    assert await replayed(server, version) == expected


async def test_a_line_of_a_version_to_come_is_kept_and_blocks_nothing(server):
    laptop = await server.laptop()
    laptop.add("plot", PLOT, v=SCHEMA_VERSION + 1)
    laptop.add("plot", {"code": "P2"})
    answer = await laptop.sync()
    assert answer.outcomes == ["quarantined", "accepted"]
    assert [why["code"] for why in answer.verdicts[0]["why"]] == ["unknown_schema"]


def add_bag(laptop, **fields):
    """Record a bag and all it belongs to; return its id."""
    plot = laptop.add("plot", PLOT)
    point = laptop.add("point", {"plot_id": plot, "code": "1"})
    period = {"start_date": "2026-05-01", "purpose": "baseline"}
    campaign = laptop.add("campaign", {"name": "2026", **period})
    core = laptop.add("core", {"point_id": point, "campaign_id": campaign, **CORE})
    return laptop.add("sample", {"core_id": core, **BAG, **fields})


async def test_an_old_and_a_new_laptop_meet_in_one_field(server):
    old, new = await server.laptop("old"), await server.laptop("new")
    old.schema = 1
    bag = add_bag(old, carbonate_reaction=True)
    assert set((await old.sync()).outcomes) == {"accepted"}
    await new.sync()
    seen = await server.seen(bag)
    new.draft("sample", bag, {"carbonate_class": "strong"}, base=seen)
    assert (await new.sync()).outcomes == ["accepted"]
    old.draft("sample", bag, {"carbonate_reaction": False}, base=seen)
    assert (await old.sync()).outcomes == ["conflict"]
    row = await server.row(bag)
    assert row["f"]["carbonate_class"] == "strong"
    (conflict,) = row["x"]
    assert conflict["group"] == "carbonate_class"
    assert conflict["ours"] == {"carbonate_class": "none"}


async def test_two_laptops_attach_files_unseen_and_both_stay(server):
    one, other = await server.laptop("one"), await server.laptop("other")
    photos = [
        {"sha256": c * 64, "size": 9, "mime": "image/png", "name": f"{c}.png"}
        for c in "ab"
    ]
    for laptop, photo in zip((one, other), photos, strict=True):
        laptop.add("plot", {**PLOT, "attachments": [photo]})
    plot = record_id(server.project_id, "plot", PLOT)
    assert (await one.sync()).outcomes == ["accepted"]
    assert (await other.sync()).outcomes == ["merged"]
    assert (await server.row(plot))["f"]["attachments"] == photos


async def test_tables_of_a_newer_program_are_refused_and_left_as_they_are(
    server, tmp_path
):
    path = tmp_path / "newer.db"
    with closing(connect(server.data.database)) as source:
        copy_to(source, path, lambda *_: None)
    _say_version(path, VERSION + 1)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"newer Permille \(version 2"):
        SqliteStore(path)
    with pytest.raises(StorageError, match="newer Permille"), look(path):
        pass
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(tmp_path):
    path = tmp_path / "other.db"
    _say_version(path, 0)
    with pytest.raises(StorageError, match="no tables of a released Permille"):
        SqliteStore(path)


def _say_version(path, version):
    with closing(connect(path, create=True)) as connection:
        connection.execute(f"PRAGMA user_version={version}")
        checkpoint_wal(connection)
