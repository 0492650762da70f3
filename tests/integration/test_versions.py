"""Laptops of every published schema version push to the present server."""

import json
from itertools import takewhile

import pytest

from schemas import evolve
from schemas.messages import Op
from schemas.records import record_id
from schemas.version import SCHEMA_VERSION
from server.store.driver import connect
from server.store.sqlite import SqliteStore
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
    founder = await server.laptop("founder")
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


@pytest.mark.parametrize("version", sorted(evolve.PUBLISHED))
async def test_the_golden_request_of_every_version_is_replayed(server, version):
    answer, rows = await replay(server, version)
    path = FIXTURES / f"wire/v{SCHEMA_VERSION}/replayed.json"
    expected = json.loads(path.read_text("utf-8"))[str(version)]
    verdicts = [
        [verdict["r"], *(why["code"] for why in verdict["why"])]
        for verdict in answer.verdicts
    ]
    assert {"verdicts": verdicts, "rows": rows} == expected


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


async def test_a_server_of_version_1_is_lifted_when_it_is_opened(server, tmp_path):
    laptop, other = await server.laptop("one"), await server.laptop("two")
    bag = add_bag(laptop, carbonate_class="none")
    result = laptop.add("result", {"sample_id": bag, **SOC, "lab_batch": "A"})
    await laptop.sync()
    seen = await server.seen(result)
    laptop.draft("result", result, {"lab_batch": "B"}, base=seen)
    laptop.draft("sample", bag, {"carbonate_class": "present"}, base=seen)
    other.draft("sample", bag, {"carbonate_class": "none", "note": "x"}, base=None)
    await laptop.sync()
    await other.sync()
    await server.derived()
    before = _stored(server.data.database)
    _put_back_to_version_1(server.data.database)
    assert _stored(server.data.database) != before
    SqliteStore(server.data.database).close()
    assert _stored(server.data.database) == before
    SqliteStore(server.data.database).close()
    assert _stored(server.data.database) == before


_TABLES = {
    "record": "fields, writers",
    "conflict": "group_name, base, theirs, ours",
    "history": "group_name, old_values",
}
_BACK = {
    '"carbonate_class":"present"': '"carbonate_reaction":true',
    '"carbonate_class":"none"': '"carbonate_reaction":false',
    "carbonate_class": "carbonate_reaction",
    "lab_batch": "batch",
}


def _stored(path):
    connection = connect(path)
    found = {
        table: connection.execute(
            f"SELECT rowid, {columns} FROM {table} ORDER BY rowid"  # noqa: S608
        ).fetchall()
        for table, columns in _TABLES.items()
    }
    connection.close()
    return found


def _put_back_to_version_1(path):
    connection = connect(path)
    for table, columns in _TABLES.items():
        for column in columns.split(", "):
            for new, old in _BACK.items():
                connection.execute(
                    f"UPDATE {table} SET {column} = replace({column}, ?, ?)",  # noqa: S608
                    (new, old),
                )
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'schema_version_2'")
    connection.close()
