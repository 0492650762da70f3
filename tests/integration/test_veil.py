"""What a role sees of places and names: readers, exports, the report; and what can be guessed."""

import asyncio
import json
import re

import pytest
from aiohttp import ClientSession

from schemas.fields import Text
from schemas.records import TYPES
from server.access.veil import ALL_OF_IT, HIDDEN, PERSONS, SHOWN_TEXTS, SIGHTS
from server.clock import Clock
from server.custody.own_log import add_project
from tests.exports import rows
from tests.processes import typed as typed_here
from tests.reading import bag, plan, reading, token_for

LON, LAT = 2.3512345, 48.8567891
PLACE = {"type": "Point", "coordinates": [2.355, 48.855]}
#: Everything that names somebody, or says what a note says.
NAMES = (
    *(
        "Zoë",
        "Ada Diallo",
        "Bo Ek",
        "Mill farm",
        "Upper field",
        "hedge",
        "phone of Ada",
    ),
    *("worm casts", "too wet for Cy", "the balance was off", "photo of Ada"),
)


async def typed(server, *words, code=0):
    return await asyncio.to_thread(typed_here, server.data.path, *words, code=code)


async def filled(server, laptop=None, code="P1"):
    """Record one of all that has a place or a name; return the ids."""
    laptop = laptop or await server.laptop(f"north-{code}")
    made = plan(laptop, code)
    photo = {"sha256": "0" * 64, "size": 9, "mime": "image/jpeg"}
    photo |= {"name": "photo of Ada.jpg", "lon": LON, "lat": LAT}
    laptop.draft("plot", made["plot"], {"farm": "Mill farm", "name": "Upper field"})
    laptop.draft("plot", made["plot"], {"note": "by the hedge", "attachments": [photo]})
    core = laptop.add(
        "core",
        {
            "point_id": made["point"],
            "campaign_id": made["campaign"],
            "number": 2,
            "sampled_at": "2026-05-04T09:30:00+02:00",
            "lon": LON,
            "lat": LAT,
            "receiver": "phone of Ada",
            "moved_because": "too wet for Cy",
        },
    )
    bags = bag(laptop, core, code)
    laptop.add(
        "custody_event",
        {
            "sample_id": bags["sample"],
            "step": "handed_over",
            "at": "2026-05-05T09:30:00+02:00",
            "who": "Ada Diallo",
            "to_whom": "Bo Ek",
        },
    )
    laptop.add(
        "lab_batch",
        {
            "lab": "LAS",
            "lab_batch": f"B-{code}",
            "analyte": "soc",
            "decision": "accepted",
            "reason": "the balance was off",
            "decided_by": "Ada Diallo",
        },
    )
    assert set((await laptop.sync()).outcomes) == {"accepted"}
    await server.derived()
    return made | bags | {"core": core}


async def read_all(server, token):
    """Return all that a token reads: features by collection, and rows by table."""
    async with reading(server, token) as analyst:
        names = [
            one["id"] for one in (await analyst.read("/ogc/collections"))["collections"]
        ]
        features = {name: await analyst.items(name) for name in names}
        tables = {name: await analyst.rows(name) for name in names}
    return features, tables


def places_in(found):
    """Return all numbers of a document that may be a longitude or a latitude."""
    numbers = map(float, re.findall(r"-?\d+\.\d+", json.dumps(found)))
    return {n for n in numbers if 2.34 < n < 2.37 or 48.84 < n < 48.87}


def names_in(found):
    text = json.dumps(found, ensure_ascii=False)
    return {name for name in NAMES if name in text}


async def test_a_viewer_sees_squares_and_pseudonyms_and_no_notes(server):
    await filled(server)
    features, tables = await read_all(server, await token_for(server, role="viewer"))
    for found in (features, tables):
        assert names_in(found) == set()
        assert places_in(found) <= {2.35, 2.355, 2.36, 48.85, 48.855, 48.86}
    (plot,) = features["plots"]
    assert plot["geometry"]["type"] == "Polygon"
    assert plot["geometry"]["coordinates"][0][0] == [2.35, 48.85]
    assert plot["properties"]["area_ha"] == 4.0
    for name in ("points", "cores", "samples", "results"):
        assert {json.dumps(one["geometry"]) for one in features[name]} == {
            json.dumps(PLACE)
        }, name
    (event,), (batch,) = tables["custody_events"], tables["lab_batches"]
    assert re.fullmatch("person-[0-9A-Z]{6}", event["who"])
    # The same person is the same in all tables.
    assert event["who"] == batch["decided_by"] != event["to_whom"]
    assert plot["properties"]["farm"].startswith("farm-")
    assert tables["campaigns"][0]["crew"].startswith("person-")
    (sample,) = tables["samples"]
    assert sample["sample_code"] == "B-P1"
    assert sample["note"] is None


async def test_each_role_sees_what_the_table_says(server):
    await filled(server)
    seen = {}
    for role, sight in SIGHTS.items():
        token = await token_for(server, name=role, role=role)
        features, tables = await read_all(server, token)
        seen[role] = tables
        assert (LON in places_in(features)) == sight.exact_places, role
        assert (LON in places_in(tables)) == sight.exact_places, role
        assert bool(names_in(tables)) == sight.names, role
    assert seen["manager"] == seen["admin"] == seen["collector"]
    assert names_in(seen["manager"]) == set(NAMES)
    who = {role: tables["custody_events"][0]["who"] for role, tables in seen.items()}
    assert who["auditor"] == who["viewer"] == who["lab"] != who["manager"]


async def test_a_laptop_reads_its_own_projects_as_they_are(server):
    laptop = await server.laptop("north")
    await filled(server, laptop)
    features, tables = await read_all(server, laptop.token)
    assert LON in places_in(features)
    assert "Ada Diallo" in names_in(tables)


async def test_boxes_and_extents_tell_no_more_than_squares(server):
    await filled(server)
    token = await token_for(server, role="viewer")
    async with reading(server, token) as viewer:
        for collection in ("plots", "points", "cores", "samples"):
            count = len(await viewer.items(collection))
            assert count
            # Wherever in the square one asks, all of it is found; beside it nothing.
            for west, south in ((2.3501, 48.8501), (2.3599, 48.8599), (2.354, 48.851)):
                box = f"{west},{south},{west + 0.00001},{south + 0.00001}"
                assert len(await viewer.items(collection, bbox=box)) == count, box
            for box in ("2.3601,48.8501,2.3699,48.8599", "2.3301,48.85,2.3499,48.8599"):
                assert await viewer.items(collection, bbox=box) == []
            told = await viewer.read(f"/ogc/collections/{collection}")
            assert told["extent"]["spatial"]["bbox"] == [[2.35, 48.85, 2.36, 48.86]]
    exact = await token_for(server, name="exact")
    async with reading(server, exact) as manager:
        own = f"{LON - 1e-6},{LAT - 1e-6},{LON + 1e-6},{LAT + 1e-6}"
        assert len(await manager.items("cores", bbox=own)) == 1
        assert await manager.items("cores", bbox="2.3501,48.8501,2.3502,48.8502") == []


async def test_points_on_two_sides_of_a_line_of_the_grid_lie_in_one_square(server):
    laptop = await server.laptop("north")
    plot = laptop.add("plot", {"code": "LINE"})

    def add(code, lon, lat):
        place = {"plot_id": plot, "code": code, "lon": lon, "lat": lat}
        return laptop.add("point", place)

    known = [add(code, lon, 48.8599) for code, lon in (("1", 2.3599), ("2", 2.3601))]
    token = await token_for(server, role="viewer")
    async with reading(server, token) as viewer:
        for number in range(3, 60):
            await laptop.sync()
            found = await viewer.items("points")
            assert len({json.dumps(one["geometry"]) for one in found}) == 1, number
            # The point with the first id places all others: go on until that is a new one.
            if number > 3 and min(known) == known[-1]:
                break
            known.append(add(str(number), 2.3598, 48.8601))
    core = {"campaign_id": None, "number": 1, "sampled_at": "2026-05-04T09:30:00+02:00"}
    when = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
    core["campaign_id"] = laptop.add("campaign", when)
    for point, lon in zip(known, (2.3599, 2.3601), strict=False):
        laptop.add("core", {**core, "point_id": point, "lon": lon, "lat": 48.8599})
    await laptop.sync()
    async with reading(server, token) as viewer:
        found = [*await viewer.items("points"), *await viewer.items("cores")]
    assert len({json.dumps(one["geometry"]) for one in found}) == 1


@pytest.mark.parametrize(
    ("collection", "column", "value"),
    [
        ("cores", "lon", LON),
        ("cores", "lat", LAT),
        ("custody_events", "who", "Ada Diallo"),
        ("campaigns", "crew", "Zoë Ümit"),
        ("plots", "note", "by the hedge"),
        ("plots", "farm", "Mill farm"),
        ("lab_batches", "reason", "the balance was off"),
    ],
)
async def test_what_is_hidden_cannot_be_asked_for(server, collection, column, value):
    await filled(server)
    address = f"/ogc/collections/{collection}"
    async with reading(server, await token_for(server, role="viewer")) as viewer:
        status, _, said = await viewer.get(f"{address}/items", **{column: value})
        assert (status, said["code"]) == (400, "unknown_parameter")
        told = await viewer.read(f"{address}/queryables")
        assert column not in told["properties"]
        assert "project_id" in told["properties"]
    async with reading(server, await token_for(server, name="m")) as manager:
        assert column in (await manager.read(f"{address}/queryables"))["properties"]
        await manager.read(f"{address}/items", **{column: value})


async def test_a_plot_whose_contacts_agree_is_shown_where_it_is(server):
    laptop = await server.laptop("north")
    await filled(server, laptop)
    await filled(server, laptop, "P2")
    for name in ("Ada Diallo", "Bo Ek"):
        words = ("contact", "add", "--project", "HF", "--name", name, "--plot", "P1")
        await typed(server, *words)
    token = await token_for(server, role="viewer")

    async def exact():
        features, _ = await read_all(server, token)
        return {
            one["properties"]["plot"]
            for one in features["cores"]
            if one["geometry"] != PLACE and one["properties"]["number"] == 2
        }

    agree = ("--purpose", "publication-of-coordinates", "--how", "paper")
    await typed(server, "contact", "consent", "add", "Ada Diallo", *agree)
    assert await exact() == set()
    await typed(server, "contact", "consent", "add", "Bo Ek", *agree)
    assert await exact() == {"P1"}
    await typed(server, "contact", "consent", "withdraw", "Ada Diallo", *agree[:2])
    assert await exact() == set()


async def test_another_project_has_other_pseudonyms(server):
    laptop = await server.laptop("north")
    await filled(server, laptop)
    other = await server.ask(
        lambda store: add_project(store, Clock(), {"code": "WB", "title": "WB"}, {})
    )
    second = await server.laptop("south", [other])
    second.project_id = other
    await filled(server, second, "P9")
    both = await token_for(server, server.project_id, other, role="viewer")
    _, tables = await read_all(server, both)
    assert len({row["decided_by"] for row in tables["lab_batches"]}) == 2


async def test_an_export_is_exact_unless_a_veil_is_asked_for(server, tmp_path):
    await filled(server)
    told = (await typed(server, "export", "csv", tmp_path / "all")).stdout
    assert "--veil viewer" in told
    assert "Ada Diallo" in (tmp_path / "all/custody_events.csv").read_text("utf-8")
    told = await typed(server, "export", "csv", tmp_path / "seen", "--veil", "viewer")
    assert "it cannot be taken in again" in told.stdout
    for path in (tmp_path / "seen").iterdir():
        text = path.read_text("utf-8")
        assert names_in(text) == set(), path.name
        assert str(LON) not in text, path.name
        assert str(LAT) not in text, path.name
    (core,) = [row for row in rows(tmp_path / "seen", "cores") if row["number"] == "2"]
    assert (core["lon"], core["lat"]) == ("2.355", "48.855")
    (plot,) = rows(tmp_path / "seen", "plots")
    assert json.loads(plot["geometry"])["coordinates"][0][2] == [2.36, 48.86]
    token = await token_for(server, role="viewer")
    _, tables = await read_all(server, token)
    (event,) = rows(tmp_path / "seen", "custody_events")
    assert event["who"] == tables["custody_events"][0]["who"]
    await typed(server, "export", "csv", tmp_path / "audit", "--veil", "auditor")
    assert str(LON) in (tmp_path / "audit/cores.csv").read_text("utf-8")
    assert names_in((tmp_path / "audit/campaigns.csv").read_text("utf-8")) == set()


async def test_every_kind_of_export_goes_through_the_veil(server, tmp_path):
    await filled(server)
    for kind in ("sqlite", "gpkg", "geojson", "parquet", "xlsx"):
        place = tmp_path / kind
        await typed(server, "export", kind, place, "--veil", "viewer")
        files = [place] if place.is_file() else [*place.iterdir()]
        # The others are compressed; they are written from the same tables.
        for path in files if kind in {"sqlite", "gpkg", "geojson"} else ():
            raw = path.read_bytes()
            assert [name for name in NAMES if name.encode() in raw] == [], path.name
            assert str(LON).encode() not in raw


async def test_an_export_through_a_veil_is_not_taken_in_again(server, tmp_path):
    await filled(server)
    for kind, place in (("csv", "seen"), ("sqlite", "seen.db")):
        path = tmp_path / place
        await typed(server, "export", kind, path, "--veil", "viewer")
        said = await typed(server, "records", "import", path, code=4)
        assert "was written with --veil viewer" in said.output
        assert "without --veil" in said.output
    files = ("export", "attachments", tmp_path / "files", "--veil", "viewer")
    assert "places and faces" in (await typed(server, *files, code=4)).output


async def test_the_report_of_a_viewer_names_nobody(server, tmp_path):
    laptop = await server.laptop("north")
    await filled(server, laptop)
    runs = laptop.add("organisation", {"code": "O", "name": "Org", "kind": "member"})
    base = await server.seen(server.project_id)
    own = {"organisation_id": runs}
    laptop.draft("project", server.project_id, own, base=base)
    laptop.add(
        "lab_control",
        {
            "lab": "LAS",
            "lab_batch": "B-P1",
            "analyte": "soc",
            "kind": "reference",
            "code": "CRM",
            "number": 1,
            "value": 10.0,
            "certified_value": 14.0,
            "unit": "g_kg",
        },
    )
    await laptop.sync()
    page = tmp_path / "page.html"
    await typed(server, "stocks", "report", "HF", "--html", page)
    text = page.read_text("utf-8")
    assert {"Mill farm", "Ada Diallo"} <= names_in(text)
    await typed(server, "stocks", "report", "HF", "--html", page, "--veil", "viewer")
    text = page.read_text("utf-8")
    assert names_in(text) == set()
    assert "farm-" in text
    await typed(server, "stocks", "year", "--all", "--html", page)
    assert names_in(page.read_text("utf-8")) == set()


async def test_a_new_token_is_of_a_viewer_unless_somebody_says_otherwise(server):
    for name, role in (("one", ()), ("two", ("--role", "auditor"))):
        words = ("token", "create", name, "--project", "HF", *role)
        await typed(server, *words)
    listed = json.loads((await typed(server, "token", "list", "--json")).stdout)
    assert {one["name"]: one["role"] for one in listed} == {
        "one": "viewer",
        "two": "auditor",
    }
    await typed(
        server, "token", "create", "x", "--project", "HF", "--role", "king", code=2
    )


async def test_nothing_else_answers_a_token_that_reads(server):
    """What a veil does not stand before would show all: there is no such address."""
    token = await token_for(server, role="viewer")
    headers = {"Authorization": f"Bearer {token}"}
    async with ClientSession(headers=headers) as session:
        for path in ("/v1/blobs/" + "0" * 64, f"/v1/streams/{server.project_id}/rows"):
            async with session.get(server.url + path) as answer:
                assert answer.status in {401, 404}


def test_each_text_is_shown_left_out_or_a_person():
    """A field that is new is left out; whoever names it here has thought of who reads it."""
    texts = {
        (kind, name)
        for kind, found in TYPES.items()
        for name, field in found.fields.items()
        if type(field) is Text
    }
    persons = {(kind, name) for kind, names in PERSONS.items() for name in names}
    hidden = {(kind, name) for kind, names in HIDDEN.items() for name in names}
    assert texts <= SHOWN_TEXTS | persons | hidden
    assert texts >= SHOWN_TEXTS
    assert not persons & (hidden | SHOWN_TEXTS)
    assert ("plot", "note") in hidden
    assert ("core", "attachments") in hidden
    assert {role for role, sight in SIGHTS.items() if sight == ALL_OF_IT} == {
        *("collector", "manager", "admin")
    }
