"""OGC API - Features: documents, pages, places, times, columns, and what is refused."""

import json
from datetime import UTC, datetime

import pytest
from openapi_spec_validator import validate

from server.app import Listening
from server.config import DataDirectory
from server.http.addresses import LOOPBACK, networks
from server.reading.collections import COLLECTIONS
from tests.conftest import running_with_project
from tests.reading import bag, plan, reading, token_for

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@pytest.fixture
async def analyst(server):
    async with reading(server, await token_for(server)) as found:
        yield found


@pytest.fixture
async def laptop(server):
    return await server.laptop("north")


def ids(features):
    return {feature["id"] for feature in features}


async def test_every_link_of_the_landing_page_and_of_collections_leads_somewhere(
    analyst,
):
    landing = await analyst.read("/ogc")
    rels = {link["rel"] for link in landing["links"]}
    assert rels == {"self", "service-desc", "conformance", "data"}
    collections = await analyst.read("/ogc/collections", f="json")
    assert [one["id"] for one in collections["collections"]] == [*COLLECTIONS]
    for page in (landing, collections, *collections["collections"]):
        for link in page["links"]:
            status, headers, _ = await analyst.get(link["href"])
            assert (status, headers["Content-Type"]) == (200, link["type"])


async def test_the_description_is_valid_openapi_and_names_every_address(analyst):
    document = await analyst.read("/ogc/api")
    assert document["openapi"].startswith("3.0")
    validate(document)
    names = {f"/collections/{name}/items" for name in COLLECTIONS}
    assert names <= set(document["paths"])
    told = document["paths"]["/collections/plots/items"]["get"]["parameters"]
    assert "area_ha" in {one.get("name") for one in told}


async def test_what_is_conformed_to_is_said(analyst):
    told = (await analyst.read("/ogc/conformance"))["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in told
    assert not any("html" in one or "cql" in one for one in told)


async def test_a_feature_has_the_values_of_its_record_to_the_last_digit(
    laptop, analyst
):
    made = plan(laptop)
    made |= bag(laptop, made["core"])
    await laptop.sync()
    status, headers, page = await analyst.get("/ogc/collections/samples/items")
    assert status == 200
    assert headers["Content-Type"] == "application/geo+json"
    assert headers["Content-Crs"] == f"<{CRS84}>"
    assert datetime.fromisoformat(page["timeStamp"]).tzinfo == UTC
    (feature,) = page["features"]
    assert feature["geometry"]["coordinates"] == [2.355, 48.8555555555555]
    told = feature["properties"]
    assert told["depth_top_cm"] == 0.1 + 0.2
    assert told["sampled_at"] == "2026-05-04T00:30:00+02:00"
    named = [told[name] for name in ("project", "plot", "point", "campaign")]
    assert named == ["HF", "P1", "1", "2026-P1"]
    for name, key in (("samples", "sample"), ("cores", "core"), ("plots", "plot")):
        alone = await analyst.read(f"/ogc/collections/{name}/items/{made[key]}")
        (listed,) = await analyst.items(name)
        links = alone.pop("links")
        assert {link["rel"] for link in links} == {"self", "collection"}
        assert alone == listed


async def test_names_flags_lists_and_layers_are_as_in_an_export(laptop, analyst):
    made = plan(laptop)
    made |= bag(laptop, made["core"])
    await laptop.sync()
    (result,) = await analyst.items("results")
    assert result["properties"]["recovery_applied"] is True
    assert result["properties"]["sample_code"] == "B-1"
    (layer,) = await analyst.items("layers")
    assert layer["id"] == made["sample"]
    assert layer["properties"]["soc_g_kg"] == 14.5
    (plot,) = await analyst.items("plots")
    assert plot["geometry"]["type"] == "Polygon"
    (campaign,) = await analyst.items("campaigns")
    assert campaign["geometry"] is None
    assert campaign["properties"]["crew"] == '["Zoë Ümit"]'


async def test_figures_that_were_derived_are_there_with_their_places(
    server, laptop, analyst
):
    made = plan(laptop)
    bag(laptop, made["core"])
    await laptop.sync()
    await server.derived()
    (stock,) = await analyst.items("stocks")
    assert stock["geometry"]["type"] == "Point"
    assert stock["properties"]["plot"] == "P1"
    assert await analyst.items("stocks", campaign="2026-P1", point="1")
    assert await analyst.items("stocks", datetime="2026-05-15")


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
async def test_pages_by_their_links_are_all_there_is_once_in_one_order(
    laptop, analyst, limit
):
    made = plan(laptop)
    own = [bag(laptop, made["core"], n)["sample"] for n in range(7)]
    await laptop.sync()
    found = [one["id"] for one in await analyst.items("samples", limit=limit)]
    assert found == sorted(own)
    for offset in (1, 6, 7, 99):
        page = await analyst.read(
            "/ogc/collections/samples/items", limit=limit, offset=offset
        )
        told = [one["id"] for one in page["features"]]
        assert told == sorted(own)[offset : offset + limit]
        assert page["numberMatched"] == 7


async def test_no_page_skips_or_doubles_a_row_while_others_come_and_go(laptop, analyst):
    made = plan(laptop)
    own = [bag(laptop, made["core"], n)["sample"] for n in range(12)]
    await laptop.sync()
    stay = set(own[3:])
    page = await analyst.read("/ogc/collections/samples/items", limit=2)
    found = [one["id"] for one in page["features"]]
    turn = 0
    while on := next((k for k in page["links"] if k["rel"] == "next"), None):
        if turn < 3:
            laptop.draft("sample", own[turn], {}, op="del")
            laptop.draft("sample", own[5 + turn], {"note": f"again {turn}"})
        bag(laptop, made["core"], 100 + turn)
        await laptop.sync()
        turn += 1
        page = await analyst.read(on["href"])
        found += [one["id"] for one in page["features"]]
    assert len(found) == len(set(found))
    assert stay <= set(found)


async def test_what_was_just_sent_is_read_at_once_and_what_was_deleted_is_gone(
    laptop, analyst
):
    plot = plan(laptop)["plot"]
    await laptop.sync()
    assert ids(await analyst.items("plots")) == {plot}
    extra = laptop.add("plot", {"code": "EXTRA"})
    await laptop.sync()
    assert ids(await analyst.items("plots")) == {plot, extra}
    laptop.draft("plot", extra, {}, op="del")
    await laptop.sync()
    assert ids(await analyst.items("plots")) == {plot}
    assert (await analyst.get(f"/ogc/collections/plots/items/{extra}"))[0] == 404


async def test_a_new_name_stands_in_every_row_below(server, laptop, analyst):
    made = plan(laptop)
    bag(laptop, made["core"])
    await laptop.sync()
    await analyst.items("samples")
    base = await server.seen(made["plot"])
    laptop.draft("plot", made["plot"], {"code": "RENAMED"}, base=base)
    base = await server.seen(made["point"])
    laptop.draft("point", made["point"], {"lon": 2.3, "lat": 48.8}, base=base)
    assert (await laptop.sync()).outcomes == ["accepted", "accepted"]
    for name in ("samples", "results", "layers", "cores", "points"):
        (one,) = await analyst.items(name, plot="RENAMED")
        assert one["geometry"]["coordinates"] == [2.3, 48.8], name


BOXES = [
    ((2.35, 48.85, 2.36, 48.86), {"near"}),
    ((-180, -90, 180, 90), {"near", "east"}),
    ((179.5, -10, 179.95, 10), set()),
    ((170, 0, -170, 90), {"east"}),
    ((2.355, 48.8555555555555, 2.355, 48.8555555555555), {"near"}),
    ((2.3550001, 48, 2.36, 49), set()),
    ((2.35, 48.85, -1000, 2.36, 48.86, 1000), {"near"}),
]


@pytest.mark.parametrize(("box", "expected"), BOXES)
async def test_a_box_has_what_lies_in_it_and_nothing_else(
    laptop, analyst, box, expected
):
    made = {
        "near": bag(laptop, plan(laptop)["core"], 1)["sample"],
        "east": bag(laptop, plan(laptop, "P2", lon=179.99)["core"], 2)["sample"],
    }
    away = plan(laptop, "P3")
    laptop.draft("point", away["point"], {"lon": None, "lat": None})
    bag(laptop, away["core"], 3)
    await laptop.sync()
    asked = ",".join(map(str, box))
    found = await analyst.items("samples", bbox=asked, **{"bbox-crs": CRS84})
    assert ids(found) == {made[name] for name in expected}


TIMES = [
    ("2026-05-03T22:30:00Z", True),
    ("2026-05-04T00:30:00+02:00", True),
    ("2026-05-03", True),
    ("2026-05-04", False),
    ("2026-05-03T22:30:00Z/..", True),
    ("2026-05-03T22:30:01Z/..", False),
    ("/2026-05-03T22:30:00Z", True),
    ("../2026-05-03T22:29:59Z", False),
    ("2026-05-01/2026-05-31", True),
    ("../..", True),
]


@pytest.mark.parametrize(("when", "expected"), TIMES)
async def test_a_time_has_what_was_sampled_in_it(laptop, analyst, when, expected):
    bag(laptop, plan(laptop)["core"])
    await laptop.sync()
    for name in ("cores", "samples", "results", "layers"):
        found = await analyst.items(name, datetime=when)
        assert bool(found) is expected, name
    assert await analyst.items("plots", datetime=when) == []


async def test_a_practice_lasts_from_its_first_day_to_its_last(laptop, analyst):
    plot = plan(laptop)["plot"]
    practice = {"plot_id": plot, "family": "agroforestry", "what": "hedges"}
    since = laptop.add("practice", practice | {"from_date": "2020-01-01"})
    period = {"from_date": "2019-01-01", "to_date": "2019-12-31", "what": "sown"}
    over = laptop.add("practice", practice | period)
    await laptop.sync()
    assert ids(await analyst.items("practices", datetime="2024-01-01/..")) == {since}
    assert ids(await analyst.items("practices", datetime="2019-12-31")) == {over}
    assert await analyst.items("campaigns", datetime="2026-05-31T23:00:00Z")
    assert await analyst.items("campaigns", datetime="2026-06-01") == []
    extent = (await analyst.read("/ogc/collections/practices"))["extent"]
    assert extent["temporal"]["interval"] == [["2019-01-01T00:00:00Z", None]]


async def test_columns_are_asked_for_by_their_value_all_at_once(laptop, analyst):
    made = plan(laptop)
    own = [bag(laptop, made["core"], n)["sample"] for n in range(3)]
    bag(laptop, made["core"], 9, depth_bottom_cm=60.0)
    await laptop.sync()
    for query, expected in (
        ({"sample_code": "B-1"}, {own[1]}),
        ({"depth_bottom_cm": "30"}, set(own)),
        ({"depth_bottom_cm": "3e1", "note": "worm casts 2"}, {own[2]}),
        ({"plot": "P1", "sample_code": "B-7"}, set()),
        ({"note": "' OR 1=1 --"}, set()),
        ({"id": own[0], "bbox": "2,48,3,49", "datetime": "2026-05-03"}, {own[0]}),
    ):
        assert ids(await analyst.items("samples", **query)) == expected, query
    assert len(await analyst.items("results", recovery_applied="true")) == 4
    assert await analyst.items("results", recovery_applied="false") == []


async def test_queryables_and_schema_say_what_a_feature_has(laptop, analyst):
    bag(laptop, plan(laptop)["core"])
    await laptop.sync()
    for name in COLLECTIONS:
        told = await analyst.read(f"/ogc/collections/{name}/queryables")
        schema = await analyst.read(f"/ogc/collections/{name}/schema")
        assert told["$id"].endswith(f"/{name}/queryables")
        for feature in await analyst.items(name):
            own = set(feature["properties"])
            assert own | {"id"} == set(schema["properties"]) - {"geometry"}
            assert set(told["properties"]) - {"geometry"} == (own | {"id"}) - {"row"}


WRONG = [
    *(("offset", bad) for bad in ("-1", "x", "9" * 40)),
    *(("limit", bad) for bad in ("0", "-1", "x", "1.5", "", "٣", "9" * 40)),
    *(
        ("bbox", bad)
        for bad in ("1,2,3", "a,b,c,d", "1,2,3,nan", "0,5,1,4", "", "inf,0,1,1")
    ),
    *(("datetime", bad) for bad in ("yesterday", "2026-13-01", "2026-05-04T09:30:00")),
    *(("datetime", bad) for bad in ("2026-05-04/2026-05-03", "a/b/c", "")),
    *(("crs", "http://www.opengis.net/def/crs/EPSG/0/3857"), ("bbox-crs", "EPSG:4326")),
    *(("f", "html"), ("f", ""), ("depth_top_cm", "deep"), ("depth_top_cm", "nan")),
    *(
        ("after", "x" * 500),
        ("after", "\0"),
        ("lim", "3"),
        ("geometry", "x"),
        ("", "x"),
    ),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
async def test_what_is_wrong_is_400_with_field_value_reason_and_what_to_do(
    analyst, name, value
):
    status, headers, problem = await analyst.get(
        "/ogc/collections/samples/items", **{name: value}
    )
    assert status == 400, problem
    assert headers["Content-Type"] == "application/problem+json"
    assert problem["field"] == name
    assert problem["reason"]
    assert problem["hint"]
    assert "value" in problem


async def test_a_parameter_that_is_said_twice_is_refused(analyst):
    items = "/ogc/collections/samples/items"
    assert (await analyst.get(f"{items}?limit=1&limit=2"))[0] == 400
    assert (await analyst.get("/ogc?x=1"))[0] == 400
    assert (await analyst.get("/ogc/collections?limit=1"))[0] == 400


async def test_more_than_the_most_is_cut_to_it(analyst):
    page = await analyst.read("/ogc/collections/samples/items", limit=1_000_000)
    assert page["numberReturned"] == 0


async def test_links_are_those_of_a_proxy_that_is_trusted_and_of_no_other(tmp_path):
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "soil.example.org"}
    for trusted, start in ((LOOPBACK, "https://soil.example.org/"), ([], "http://127")):
        data = DataDirectory(tmp_path / f"server{len(trusted)}")
        at = Listening("127.0.0.1", 0, networks(trusted))
        async with (
            running_with_project(data, at) as server,
            reading(server, await token_for(server)) as analyst,
        ):
            analyst.session.headers.update(said)
            for link in (await analyst.read("/ogc"))["links"]:
                assert link["href"].startswith(start)
            analyst.session.headers["X-Forwarded-Host"] = "a b/../<x>"
            assert (await analyst.get("/ogc"))[0] in {200, 400}


async def test_other_methods_are_refused_and_head_is_a_get_without_a_body(analyst):
    items = f"{analyst.url}/ogc/collections/samples/items"
    async with analyst.session.post(items) as answer:
        assert answer.status == 405
    async with analyst.session.head(items) as answer:
        assert answer.status == 200
        assert await answer.read() == b""
    assert json.dumps(await analyst.read("/ogc"))
