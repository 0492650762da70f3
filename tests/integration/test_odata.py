"""OData 4.0: the model, tables, pages, keys, and what is refused in its own form."""

from xml.etree import ElementTree as ET

import pytest

from server.reading.collections import COLLECTIONS
from tests.reading import bag, plan, reading, token_for

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
TYPES = {
    "Edm.String": str,
    "Edm.Double": float,
    "Edm.Int64": int,
    "Edm.Boolean": bool,
    "Edm.Date": str,
    "Edm.DateTimeOffset": str,
}


@pytest.fixture
async def analyst(server):
    async with reading(server, await token_for(server), basic=True) as found:
        yield found


@pytest.fixture
async def bags(server):
    laptop = await server.laptop("north")
    made = plan(laptop)
    own = [bag(laptop, made["core"], n)["sample"] for n in range(5)]
    await laptop.sync()
    await server.derived()
    return sorted(own)


async def model(analyst):
    """Return the columns of each table with their types, as a client reads them."""
    root = ET.fromstring(await analyst.read("/odata/$metadata"))  # noqa: S314 - our own
    types = {
        f"Permille.{kind.get('Name')}": {
            column.get("Name"): column.get("Type")
            for column in kind.iter(f"{EDM}Property")
        }
        for kind in root.iter(f"{EDM}EntityType")
    }
    assert all(
        kind.find(f"{EDM}Key/{EDM}PropertyRef").get("Name") == "id"
        for kind in root.iter(f"{EDM}EntityType")
    )
    return {
        table.get("Name"): types[table.get("EntityType")]
        for table in root.iter(f"{EDM}EntitySet")
    }


async def test_the_service_names_every_table_and_every_answer_its_version(analyst):
    for path in ("/odata", "/odata/"):
        status, headers, service = await analyst.get(path)
        assert (status, headers["OData-Version"]) == (200, "4.0")
        names = [one["url"] for one in service["value"]]
        assert names == [*COLLECTIONS] == [*await model(analyst)]
        assert service["@odata.context"] == f"{analyst.url}/odata/$metadata"


async def test_rows_have_the_columns_and_types_of_the_model(analyst, bags):
    filled = set()
    for table, columns in (await model(analyst)).items():
        for row in await analyst.rows(table):
            assert list(row) == list(columns), table
            for name, value in row.items():
                if value is not None:
                    filled.add(columns[name])
                    assert type(value) is TYPES[columns[name]], (table, name, value)
    assert filled == set(TYPES)


async def test_pages_follow_their_links_until_all_rows_were_read_once(analyst, bags):
    for size in (1, 2, 5, 6):
        analyst.session.headers["Prefer"] = f"odata.maxpagesize={size}"
        found = [row["id"] for row in await analyst.rows("samples")]
        assert found == bags
        _, headers, _ = await analyst.get("/odata/samples")
        assert headers["Preference-Applied"] == f"odata.maxpagesize={size}"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"$top": "2"}, slice(0, 2)),
        ({"$skip": "3"}, slice(3, None)),
        ({"$top": "3", "$skip": "1"}, slice(1, 4)),
        ({"$top": "0"}, slice(0, 0)),
        ({"$skip": "99"}, slice(5, None)),
        ({"$orderby": "id asc", "$format": "application/json"}, slice(0, None)),
    ],
)
async def test_top_and_skip_hold_over_all_pages(analyst, bags, query, expected):
    for size in (1, 2, 100):
        analyst.session.headers["Prefer"] = f"odata.maxpagesize={size}"
        rows = await analyst.rows("samples", **query)
        assert [row["id"] for row in rows] == bags[expected]


async def test_counts_and_chosen_columns(analyst, bags):
    page = await analyst.read(
        "/odata/samples", **{"$count": "true", "$top": "1", "$select": "id, plot"}
    )
    assert page["@odata.count"] == 5
    assert page["value"] == [{"id": bags[0], "plot": "P1"}]
    assert page["@odata.context"].endswith("$metadata#samples(id,plot)")
    assert await analyst.read("/odata/samples/$count") == "5"
    _, headers, _ = await analyst.get("/odata/samples/$count")
    assert headers["Content-Type"].startswith("text/plain")


async def test_a_row_is_read_by_its_key(analyst, bags):
    row = await analyst.read(f"/odata/samples('{bags[0]}')")
    assert row.pop("@odata.context").endswith("$metadata#samples/$entity")
    assert row == (await analyst.rows("samples"))[0]
    same = await analyst.read(f"/odata/samples(id='{bags[0]}')", **{"$select": "id"})
    assert same["id"] == bags[0]
    for key in ("'x'", "x", "''", "'a''b'", "1", "id=x"):
        assert (await analyst.get(f"/odata/samples({key})"))[0] == 404, key


NOT_DONE = [
    *(("$filter", "plot eq 'P1'"), ("$expand", "core"), ("$search", "x")),
    *(("$apply", "x"), ("$orderby", "plot"), ("$orderby", "id desc")),
]
WRONG = [
    *(("$format", "xml"), ("$top", "-1"), ("$top", "x"), ("$skip", "1.5")),
    *(("$skip", "9" * 15), ("$count", "yes"), ("$select", "nothing")),
    *(("$unknown", "1"), ("$skiptoken", "x" * 500), ("key", "1")),
]


@pytest.mark.parametrize(("name", "value"), [*NOT_DONE, *WRONG])
async def test_what_is_not_done_or_wrong_is_said_in_the_form_of_odata(
    analyst, name, value
):
    status, headers, said = await analyst.get("/odata/samples", **{name: value})
    assert (status, headers["OData-Version"]) == (400, "4.0")
    assert said["error"]["target"] == name
    assert said["error"]["code"]
    assert name in said["error"]["message"]
    if (name, value) in NOT_DONE:
        assert "$select" in said["error"]["message"]


async def test_unknown_tables_and_strangers_are_told_in_the_form_of_odata(
    server, analyst
):
    for path in ("nothing", "no-table", "1('x')", "a.b/$count"):
        said = (await analyst.get(f"/odata/{path}"))[2]
        assert said["error"]["code"] == "not_found", path
    async with reading(server) as stranger:
        status, _, said = await stranger.get("/odata/samples")
        assert (status, said["error"]["code"]) == (401, "no_read_token")
