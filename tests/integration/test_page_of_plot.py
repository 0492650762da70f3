"""The page of a plot without a browser: photos, boundary, practices, warnings explained."""

import hashlib
import io
import json
from html import escape

import pytest
from PIL import Image

from schemas import limits
from tests.faults.homes import Laptop
from tests.visiting import visiting

RING = [[2.0, 48.0], [2.01, 48.0], [2.01, 48.01], [2.0, 48.01], [2.0, 48.0]]
CORNERS = "2.0 48.0\n2.01 48.0\n2.01 48.01\n2.0 48.01"
OWN = {"plot": "HF", "project": "P"}


@pytest.fixture
def laptop(tmp_path):
    """A laptop with a plot that has a point, and a core with a bag on it."""
    found = Laptop(tmp_path / "lap")
    found("project", "add", "--code", "P", "--title", "Valley")
    found("plot", "add", "--code", "HF")
    found("point", "add", "--plot", "HF", "--code", "1", "--lon", 2.0, "--lat", 48.0)
    begun = ("--name", "now", "--start-date", "2020-01-01", "--purpose", "baseline")
    found("campaign", "add", *begun)
    found("core", "add", "HF/1", "10=A1:261")
    return found


def photo(*, turned=False, is_placed=True, kind="JPEG"):
    """Return a picture of 60 by 30 pixels, with where and when it was taken."""
    made, exif = io.BytesIO(), Image.Exif()
    if is_placed:
        exif[0x8769] = {0x9003: "2026:05:04 10:30:00", 0x9011: "+02:00"}
        exif[0x8825] = {1: "N", 2: (48, 0, 18.0), 3: "E", 4: (2, 0, 18.0)}
    if turned:
        exif[0x0112] = 6
    Image.new("RGB", (60, 30), "green").save(made, kind, exif=exif)
    return made.getvalue()


async def test_a_photo_is_attached_and_shown_with_when_and_where(laptop):
    data = photo(turned=True)
    sha256 = hashlib.sha256(data).hexdigest()
    async with visiting(laptop) as visitor:
        page = await visitor.send(
            "/plot/attach", [("files", "dir/hole <1> é.jpg", data)], **OWN
        )
        assert "1 file: plot HF" in page
        assert "hole &lt;1&gt; é.jpg" in page
        assert "48.005 2.005" in page
        assert "4 May 2026 10:30" in page
        assert "not yet on the server" in page
        async with visitor.session.get(f"{visitor.base}/photo/{sha256}") as answer:
            assert await answer.read() == data
            assert answer.headers["Content-Type"] == "image/jpeg"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with visitor.session.get(
            f"{visitor.base}/photo/{sha256}?small"
        ) as answer:
            with Image.open(io.BytesIO(await answer.read())) as small:
                assert small.size == (30, 60)
        page = await visitor.send("/plot/attach", [("files", "again.jpg", data)], **OWN)
        assert "again.jpg was attached before" in page
    (file,) = laptop.json("plot", "show", "HF")["fields"]["attachments"]
    assert (file["sha256"], file["name"]) == (sha256, "hole <1> é.jpg")


@pytest.mark.parametrize(
    ("kind", "of", "shown"),
    [
        ("point", "1", "point HF/1"),
        ("core", "1/now", "core HF/1/now/1"),
        ("sample", "A1", "sample A1"),
    ],
)
async def test_a_photo_may_be_of_what_lies_on_the_plot(laptop, kind, of, shown):
    async with visiting(laptop) as visitor:
        files = [("files", "a.png", photo(kind="PNG", is_placed=False))]
        page = await visitor.send("/plot/attach", files, **OWN, kind=kind, of=of)
    assert f"1 file: {shown}" in page
    assert f"{shown}: a.png" in page
    assert "time not known" in page


@pytest.mark.parametrize(
    ("files", "form", "said"),
    [
        ([], {}, "no file was chosen"),
        ([("files", "", b"")], {}, "no file was chosen"),
        ([("files", "a.jpg", b"MZ is no photo")], {}, "a.jpg is no JPEG"),
        ([("files", "a.jpg", b"")], {}, "a.jpg has 0 bytes"),
        ([("files", "a.jpg", photo())], {"kind": "point"}, "which point?"),
        ([("files", "a.jpg", photo())], {"kind": "sample", "of": "no"}, "no"),
        ([("files", "a.jpg", photo())], {"kind": "campaign"}, "cannot be attached"),
    ],
)
async def test_what_cannot_be_attached_is_said(laptop, files, form, said):
    async with visiting(laptop) as visitor:
        page = await visitor.send("/plot/attach", files, 422, **{**OWN, **form})
    assert said in page
    assert "attachments" not in laptop.json("plot", "show", "HF")["fields"]


async def test_a_file_that_is_too_large_is_told_with_its_size(laptop):
    large = photo() + bytes(limits.ATTACHMENT_BYTES)
    async with visiting(laptop) as visitor:
        page = await visitor.send(
            "/plot/attach", [("files", "large.jpg", large)], 422, **OWN
        )
        assert "large.jpg has 25.0 MiB; 25 are taken" in page
        assert "HF" in await visitor.get("/plot?code=HF")


@pytest.mark.parametrize(
    "body",
    [b"", b"--x", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: nonsense\r\n\r\nz"],
)
async def test_a_form_that_came_damaged_is_told(laptop, body):
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    async with visiting(laptop) as visitor:
        page = await visitor.post_data("/plot/attach", body, 422, **kind)
        assert "Not done" in page
        none = {"Content-Type": "multipart/form-data"}
        assert "Not done" in await visitor.post_data("/plot/attach", body, 422, **none)


async def test_a_file_that_is_not_on_this_laptop_says_so(laptop):
    data = photo()
    async with visiting(laptop) as visitor:
        await visitor.send("/plot/attach", [("files", "a.jpg", data)], **OWN)
        sha256 = hashlib.sha256(data).hexdigest()
        (laptop.home / "attachments" / f"{sha256}.enc").unlink()
        page = await visitor.get("/plot?code=HF")
        assert "Not on this laptop" in page
        assert "permille attachments get" in page
        assert f"/photo/{sha256}" not in page
        await visitor.get(f"/photo/{sha256}", status=404)


async def test_only_what_a_record_names_is_shown(laptop):
    async with visiting(laptop) as visitor:
        for name in ("0" * 64, "..%2f..%2fkey", "0" * 63):
            await visitor.get(f"/photo/{name}", status=404)


BOUNDARIES = {
    "corners": {"text": CORNERS},
    "latitude first": {"text": "48 2\n48 2,01\n48,01 2,01\n48,01 2", "order": "lat"},
    "named": {"text": "Lat; Lon\n48; 2\n48; 2,01\n48,01; 2,01\n48,01; 2"},
    "one line": {"text": "2 48, 2.01 48, 2.01 48.01, 2 48.01, 2 48"},
    "wkt": {"text": "POLYGON ((2 48, 2.01 48, 2.01 48.01, 2 48.01, 2 48))"},
    "geojson": {"text": json.dumps({"type": "Polygon", "coordinates": [RING]})},
}


@pytest.mark.parametrize("form", BOUNDARIES.values(), ids=BOUNDARIES)
async def test_a_boundary_is_pasted_and_drawn(laptop, form):
    async with visiting(laptop) as visitor:
        assert "<polygon" not in await visitor.get("/plot?code=HF")
        page = await visitor.send("/plot/boundary", [], **OWN, **form)
    assert "ha, 4 corners" in page
    assert page.count("<polygon") == 1
    found = laptop.json("plot", "show", "HF")["fields"]["geometry"]
    assert found == {"type": "Polygon", "coordinates": [RING]}


async def test_a_boundary_of_a_file_replaces_the_old_one_only_when_told(laptop):
    shape = {"type": "Polygon", "coordinates": [RING]}
    said = {"type": "Feature", "geometry": shape, "properties": {}}
    files = [("file", "hf.geojson", json.dumps(said).encode())]
    async with visiting(laptop) as visitor:
        await visitor.send("/plot/boundary", [], **OWN, text="2 48\n3 48\n3 49")
        page = await visitor.send("/plot/boundary", files, 422, **OWN)
        assert "has a boundary already" in page
        page = await visitor.send("/plot/boundary", files, **OWN, replace="yes")
        assert "4 corners" in page
    assert laptop.json("plot", "show", "HF")["fields"]["geometry"] == shape


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no boundary was given"),
        ("2 48\n3 48", "2 corners enclose nothing"),
        ("2 48\nnorth gate\n3 49", "corner 2 is not two numbers"),
        ("POINT (2 48)", "it is a point, not a boundary"),
        ("POLYGON ((2 48, 3 48", "breaks off"),
        ("SRID=2154;POLYGON ((2 48, 3 48, 3 49, 2 48))", "EPSG:2154"),
        ('{"type": "LineString", "coordinates": [[2, 48], [3, 48]]}', "no boundary"),
        ("{", "not JSON"),
        ("<kml", "pasted text"),
        ("48 102\n48 103\n49 103", "exchanged"),
        ("0 0\n2 2\n2 0\n0 1", "crosses itself"),
        ("hello", "pasted text"),
    ],
)
async def test_what_is_no_boundary_is_said_and_stays_in_the_form(laptop, text, said):
    async with visiting(laptop) as visitor:
        page = await visitor.send("/plot/boundary", [], 422, **OWN, text=text)
    assert said in page
    assert escape(text, quote=True).replace("&quot;", "&#34;") in page
    assert "geometry" not in laptop.json("plot", "show", "HF")["fields"]


async def test_what_was_done_is_added_listed_by_day_and_corrected(laptop):
    first = {"what": "hedges", "family": "agroforestry", "from_date": "3.5.2021"}
    second = {"what": "compost", "family": "regenerative", "from_date": "2019-10-01"}
    async with visiting(laptop) as visitor:
        await visitor.post("/plot/practice", **OWN, **first)
        page = await visitor.post("/plot/practice", **OWN, **second)
        assert "Saved: compost" in page
        assert page.index("compost (") < page.index("hedges (")
        ids = {
            one["fields"]["what"]: one["id"] for one in laptop.json("practice", "list")
        }
        wrong = {**first, "practice": ids["hedges"], "to_date": "2020-01-01"}
        page = await visitor.post("/plot/practice", 422, **OWN, **wrong)
        assert "the end lies before the start" in page
        assert 'value="2020-01-01"' in page
        right = {**wrong, "to_date": "", "from_date": "", "note": "all sides"}
        assert "all sides" in await visitor.post("/plot/practice", **OWN, **right)
    found = {one["id"]: one["fields"] for one in laptop.json("practice", "list")}
    assert found[ids["hedges"]]["note"] == "all sides"
    assert "from_date" not in found[ids["hedges"]]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"what": "", "family": "other"}, "what"),
        ({"what": "x", "family": "magic"}, "family"),
        ({"what": "x", "family": "other", "from_date": "soon"}, "a date was expected"),
        ({"what": "x", "family": "other", "practice": "no"}, "no"),
    ],
)
async def test_a_practice_that_cannot_stand_is_said(laptop, form, said):
    async with visiting(laptop) as visitor:
        assert said in await visitor.post("/plot/practice", 422, **OWN, **form)
    assert laptop.json("practice", "list") == []


async def test_why_something_odd_is_right_is_said_where_it_is_shown(laptop):
    odd = laptop.json("warnings", code=1)[0]
    kind = odd["type"]
    record = laptop.json(kind, "show", odd["name"])["id"]
    form = {"record": record, "code": odd["code"], "back": "/plot?code=HF"}
    async with visiting(laptop) as visitor:
        assert 'action="/explain"' in await visitor.get("/")
        page = await visitor.post("/explain", **form, why="mostly  peat")
        assert "It is right:" in page
        assert "mostly peat" in page
        again = await visitor.post("/explain", 422, **form, why="x" * 161)
        assert "161 characters" in again
        assert "1 to 160" in await visitor.post("/explain", 422, **form, why=" ")
        gone = {**form, "record": "none"}
        assert "is gone" in await visitor.post("/explain", 422, **gone, why="so")
    left = laptop.json("warnings", code=1)
    assert odd["code"] not in {
        one["code"] for one in left if one["name"] == odd["name"]
    }


@pytest.mark.parametrize("back", ["//evil.example/", "http://evil.example/", "/none"])
async def test_a_form_leads_back_to_this_laptop_alone(laptop, back):
    odd = laptop.json("warnings", code=1)[0]
    record = laptop.json(odd["type"], "show", odd["name"])["id"]
    form = {"record": record, "code": odd["code"], "back": back, "why": "so it is"}
    async with visiting(laptop) as visitor:
        own = {"Origin": visitor.base}
        async with visitor.session.post(
            f"{visitor.base}/explain", data=form, headers=own, allow_redirects=False
        ) as answer:
            assert answer.headers["Location"] == "/"
