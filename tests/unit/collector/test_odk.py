"""Submissions of ODK Central: joined, imported by a mapping, with their photos."""

import io
import zipfile

import pytest

from schemas.tables.odk import is_submissions, read_submissions
from schemas.tables.refusal import TableError

pytestmark = pytest.mark.slow

#: As Central writes them: geopoints in four columns, groups before a dash.
ROOT = """SubmissionDate,start,site-plot,site-point,loc-Latitude,loc-Longitude,photo,KEY,ReviewState
2026-05-04T12:00:00.000Z,2026-05-04T09:15:00.000+02:00,WB,1,48.85,2.35,a.jpg,uuid:1,approved
2026-05-04T12:10:00.000Z,2026-05-04T09:45:00.000+02:00,WB,2,48.86,2.36,gone.jpg,uuid:2,
2026-05-04T12:20:00.000Z,2026-05-04T10:15:00.000+02:00,WB,3,48.87,2.37,,uuid:3,rejected
2026-05-04T12:30:00.000Z,2026-05-04T10:45:00.000+02:00,WB,4,48.88,2.38,,uuid:4,
"""
LAYERS = """bag,top,bottom,mass,PARENT_KEY,KEY
A1,0,10,120.5,uuid:1,uuid:1/layers[1]
A2,10,30,260,uuid:1,uuid:1/layers[2]
B1,0,30,300,uuid:2,uuid:2/layers[1]
C1,0,30,300,uuid:3,uuid:3/layers[1]
"""
MAPPING = """
create = ["plot", "point", "campaign", "core", "sample"]
[[skip]]
column = "ReviewState"
equals = "rejected"
[[date]]
value = "{start}"
formats = ["%Y-%m-%dT%H:%M:%S.%f%z"]
[depth]
top = "{top}"
bottom = "{bottom}"
[plot]
code = "{site-plot}"
[point]
code = "{site-point}"
lat = "{loc-Latitude}"
lon = "{loc-Longitude}"
[campaign]
name = "2026"
[sample]
sample_code = "{bag}"
field_mass_g = "{mass}"
[attach]
core = "{photo}"
"""
JPEG = b"\xff\xd8\xff\xe0" + bytes(400)


def archive(**tables):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, text in tables.items():
            made.writestr(f"{name}.csv", text)
        made.writestr("media/a.jpg", JPEG)
    return out.getvalue()


@pytest.fixture
def odk(field, tmp_path):
    (tmp_path / "soil.toml").write_text(MAPPING, "utf-8")
    path = tmp_path / "soil.zip"

    def run(*more, code=0, data=None):
        path.write_bytes(data or archive(soil=ROOT, **{"soil-layers": LAYERS}))
        words = ["import", "layers", path, "--mapping", tmp_path / "soil.toml"]
        return field.json(*words, *more, code=code)

    run.permille, run.path = field, path
    return run


def test_repeats_are_joined_with_what_they_stand_in(odk):
    found = odk("--write", code=1)
    assert (found["kept"], found["left_out"]) == (3, 1)
    bags = {one["name"]: one["fields"] for one in odk.permille.json("sample", "list")}
    assert bags["A2"]["field_mass_g"] == 260.0
    point = odk.permille.json("point", "show", "WB/2")["fields"]
    assert (point["lat"], point["lon"]) == (48.86, 2.36)


def test_a_submission_without_layers_comes_back_and_is_not_lost(odk):
    found = odk("--write", code=1)
    assert len(found["rejections"]) == 1
    back = odk.path.with_name("soil.rejected.csv").read_text("utf-8")
    assert "uuid:4" in back
    assert "WB,4" in back


def test_photos_are_attached_to_what_the_mapping_says(odk):
    found = odk("--write", code=1)
    assert found["attached"] == 1
    assert [(one["name"], one["why"]) for one in found["not_attached"]] == [
        ("gone.jpg", "it is not in the archive")
    ]
    core = odk.permille.json("core", "show", "WB/1/2026")["fields"]
    assert [one["name"] for one in core["attachments"]] == ["a.jpg"]
    again = odk("--write", code=1)
    assert (again["kept"], again["already_here"]) == (0, 3)
    core = odk.permille.json("core", "show", "WB/1/2026")["fields"]
    assert len(core["attachments"]) == 1
    odk.permille.json("undo", found["operation"], "--write", "--reason", "no")
    assert odk.permille.json("sample", "list") == []


def test_repeats_within_repeats_are_joined_to_the_outermost():
    holes = "hole,PARENT_KEY,KEY\n1,uuid:1,uuid:1/h[1]\n2,uuid:1,uuid:1/h[2]\n"
    layers = "bag,PARENT_KEY,KEY\nX,uuid:1/h[2],uuid:1/h[2]/l[1]\n"
    data = archive(soil=ROOT, **{"soil-h": holes, "soil-l": layers})
    assert is_submissions(data)
    text = read_submissions(data, ["bag", "hole", "site-plot"])
    head, *rows = text.splitlines()
    (row,) = [line for line in rows if line.startswith("X,")]
    found = dict(zip(head.split(","), row.split(","), strict=True))
    assert (found["bag"], found["hole"], found["site-plot"]) == ("X", "2", "WB")
    # Four submissions, one of them with two holes; none is lost.
    assert len(rows) == 5


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (archive(soil="a,KEY\n"), "no table with rows"),
        (archive(layers=LAYERS), "only of repeats"),
        (archive(soil=ROOT)[:-30], ""),
    ],
)
def test_what_is_no_whole_archive_is_refused_in_words(data, said):
    with pytest.raises(TableError) as caught:
        read_submissions(data, ["bag"])
    assert said in caught.value.refusal.reason
    assert caught.value.refusal.hint
