"""What programs of others read is what was recorded: GDAL and OWSLib, 25,000 bags."""

import asyncio
import json
import struct

import pyogrio
import pyogrio.raw
import pytest
from owslib.ogcapi.features import Features
from owslib.util import Authentication

from schemas.changes import Draft
from schemas.records import record_id
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import write
from tests.conftest import running_with_project
from tests.processes import server_process, until
from tests.reading import reading, token_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SAMPLES, PER_CORE = 25_000, 10
CORES = SAMPLES // PER_CORE
BATCH = 500
BOX = (2.2, 48.0, 2.4, 48.05)


def entry(project_id, kind, fields):
    return kind, record_id(project_id, kind, fields), fields


def records(project_id):
    """Return a campaign of 25,000 bags: places, times and depths differ."""
    plot = entry(project_id, "plot", {"code": "P1"})
    period = {"start_date": "2026-01-01", "purpose": "baseline"}
    campaign = entry(project_id, "campaign", {"name": "2026", **period})
    yield plot
    yield campaign
    for n in range(CORES):
        place = {"lon": 2 + n / CORES, "lat": 48 + n % 50 / 300}
        point = {"plot_id": plot[1], "code": f"{n:04}", **place}
        yield (own := entry(project_id, "point", point))
        core = {"point_id": own[1], "campaign_id": campaign[1], "number": 1}
        core["sampled_at"] = f"2026-{1 + n % 12:02}-15T12:{n % 60:02}:00+02:00"
        yield (hole := entry(project_id, "core", core))
        for layer in range(PER_CORE):
            bag = {
                "core_id": hole[1],
                "sample_code": f"B-{n:04}-{layer}",
                "depth_top_cm": layer * 3.3,
                "depth_bottom_cm": (layer + 1) * 3.3,
                "water_g_g": round(0.1 + n / 7 % 0.3, 9),
            }
            yield entry(project_id, "sample", bag)


def expected(project_id):
    """Return what each bag is to be read as, by its id."""
    found, core, point = {}, {}, {}
    for kind, name, fields in records(project_id):
        if kind == "point":
            point = fields
        elif kind == "core":
            core = fields
        elif kind == "sample":
            place = (point["lon"], point["lat"])
            found[name] = (place, core["sampled_at"], fields)
    return found


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A data directory with all of it."""
    data = DataDirectory(tmp_path_factory.mktemp("big") / "server")

    async def fill():
        async with running_with_project(data) as server:
            drafts = [
                Draft(server.project_id, kind, name, fields=fields, is_new=True)
                for kind, name, fields in records(server.project_id)
            ]

            async def save(store):
                for start in range(0, len(drafts), BATCH):
                    await write(store, Clock(), drafts[start : start + BATCH], "Ada")

            await server.ask(save)
            server.token = await token_for(server)
            return server

    return asyncio.run(fill())


@pytest.fixture(scope="module")
def served(big):
    """The server in a process of its own: GDAL keeps Python waiting while it reads."""
    with server_process(big.data.path) as big.url:
        until(lambda: is_ready(big))
        yield big


def is_ready(server):
    """Return whether the tables for readers are made: neither client asks twice."""

    async def ask():
        async with reading(server, server.token) as analyst:
            return await analyst.get("/ogc/collections/samples/items", limit=1)

    status, _, said = asyncio.run(ask())
    assert status in {200, 503}, said
    return status == 200


def read_by_gdal(server, layer="samples", **narrow):
    """Return features as GDAL reads them: place and properties by id."""
    pyogrio.set_gdal_config_options(
        {"GDAL_HTTP_USERPWD": f"gdal:{server.token}", "GDAL_HTTP_AUTH": "BASIC"}
    )
    meta, _, shapes, columns = pyogrio.raw.read(
        f"OAPIF:{server.url}/ogc", layer=layer, datetime_as_string=True, **narrow
    )
    assert meta["crs"]
    rows = zip(*columns, strict=True)
    found = [dict(zip(meta["fields"], row, strict=True)) for row in rows]
    places = [None if shape is None else point_of(shape) for shape in shapes]
    return {row["id"]: (place, row) for place, row in zip(places, found, strict=True)}


def point_of(wkb):
    return struct.unpack_from("<dd", wkb, 5)


def same(place, row, wanted):
    """Return whether a feature says what its record says."""
    where, _, fields = wanted
    return place == where and all(row[key] == value for key, value in fields.items())


def test_gdal_pages_through_25_000_samples_and_reads_each_as_it_was_recorded(
    served,
):
    found = read_by_gdal(served)
    wanted = expected(served.project_id)
    assert found.keys() == wanted.keys()
    assert all(same(*found[name], wanted[name]) for name in wanted)


def test_gdal_reads_what_lies_in_a_box(served):
    found = read_by_gdal(served, bbox=BOX)
    west, south, east, north = BOX
    inside = {
        name
        for name, ((lon, lat), *_) in expected(served.project_id).items()
        if west <= lon <= east and south <= lat <= north
    }
    assert 500 < len(inside) < SAMPLES
    assert found.keys() == inside


def test_gdal_reads_what_was_sampled_in_a_time(served):
    narrow = (
        "sampled_at >= '2026-03-01T00:00:00Z' AND sampled_at < '2026-05-01T00:00:00Z'"
    )
    found = read_by_gdal(served, where=narrow)
    inside = {
        name
        for name, (_, when, _) in expected(served.project_id).items()
        if "2026-03" <= when < "2026-05"
    }
    assert found.keys() == inside
    by_column = read_by_gdal(served, where="sample_code = 'B-0007-3'")
    (one,) = by_column.values()
    assert one[1]["sample_code"] == "B-0007-3"


def test_owslib_reads_documents_pages_boxes_times_and_one_feature(served):
    def read():
        service = Features(
            f"{served.url}/ogc",
            auth=Authentication(username="owslib", password=served.token),
        )
        assert "samples" in service.feature_collections()
        assert any("core" in one for one in service.conformance()["conformsTo"])
        assert service.api()["openapi"].startswith("3.0")
        assert service.collection("samples")["extent"]["spatial"]
        assert "plot" in service.collection_queryables("samples")["properties"]
        found, after = {}, {}
        while len(found) < SAMPLES:
            page = service.collection_items("samples", limit=5_000, **after)
            found |= {one["id"]: one for one in page["features"]}
            after = {"after": page["features"][-1]["id"]}
        narrow = {"bbox": list(BOX), "datetime_": "2026-06-01/2026-06-30"}
        some = service.collection_items("samples", limit=10_000, **narrow)
        name = next(iter(found))
        assert service.collection_item("samples", name)["id"] == name
        return found, some

    found, some = read()
    wanted = expected(served.project_id)
    assert found.keys() == wanted.keys()
    for name, feature in found.items():
        place = tuple(feature["geometry"]["coordinates"])
        assert same(place, feature["properties"], wanted[name])
        assert feature["properties"]["sampled_at"] == wanted[name][1]
    west, south, east, north = BOX
    inside = {
        name
        for name, ((lon, lat), when, _) in wanted.items()
        if west <= lon <= east and south <= lat <= north and when[:7] == "2026-06"
    }
    assert inside
    assert {one["id"] for one in some["features"]} == inside
    assert json.dumps(some)
