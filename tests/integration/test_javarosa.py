"""The engine of ODK Collect fills the forms in that a server gives; it takes what comes of it."""

import asyncio
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from server.clock import Clock
from server.custody.own_log import edit_project
from server.phones.names import CORE_FORM, PHOTO_FORM
from tests.integration.test_phones import Field, photo
from tests.processes import run

SOURCE = Path(__file__).parents[1] / "javarosa" / "Fill.java"
JAR = files("pyxform") / "validators/odk_validate/bin/ODK_Validate.jar"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("javac") is None, reason="JavaRosa needs a JDK"),
]


@pytest.fixture
async def place(server):
    """A project in which phones may work, with usual depths and a usual tool."""
    found = await Field(server).begin()
    usual = {
        "layer_depths_cm": [10.0, 20.0, 30.0],
        "usual_tool": "auger",
        "usual_diameter_mm": 50.0,
    }
    await server.ask(lambda s: edit_project(s, Clock(), "HF", usual))
    return found


async def fill(phone, form_id, folder, answers):
    """Fetch a form and fill it in; return its XML, and what the form refused."""
    await phone.fetch()
    folder.mkdir()
    (folder / "form.xml").write_bytes(phone.forms[form_id][1])
    for name, (_, data) in phone.files.items():
        (folder / name).write_bytes(data)
    lines = [f"{path}={value}" for path, value in answers.items()]
    (folder / "answers.txt").write_text("\n".join(lines))
    done = await asyncio.to_thread(
        run, [shutil.which("java")], "-cp", JAR, SOURCE, folder
    )
    assert done.returncode == 0, done.stderr
    xml = done.stdout[done.stdout.index("<?xml") :].strip().encode()
    refused = [
        line.partition(": ")[2]
        for line in done.stderr.splitlines()
        if line.startswith("refused")
    ]
    return xml, refused


async def test_a_core_that_the_engine_filled_in_stands(place, tmp_path):
    phone = await place.phone()
    answers = {
        "username": "Ada Diallo",
        "/data/campaign_id": place.campaign,
        "/data/plot": place.plot,
        "/data/point_id": place.points[1],
        "/data/number": "2",
        "/data/place": "48.85 2.35 100 4.5",
        "/data/layer": "4",
        "/data/layer[2]/depth_bottom_cm": "25",
        "/data/layer[4]/depth_bottom_cm": "40.5",
        "/data/layer[4]/field_mass_g": "261.5",
        "/data/layer[1]/photo": "bag.jpg",
        "/data/photos[1]/photo": "hole.jpg",
        **{f"/data/layer[{n}]/sample_code": f"L{n}" for n in (1, 2, 3)},
        "/data/layer[4]/typed_code": "L4",
    }
    xml, refused = await fill(phone, CORE_FORM, tmp_path / "form", answers)
    assert refused == []
    said = await phone.send(xml, [("bag.jpg", photo(5)), ("hole.jpg", photo(6, 2))])
    assert (said.status, said.message) == (201, "Kept: 1 core, 4 samples.")
    (found,) = await place.fields("core")
    assert (found["number"], found["point_id"]) == (2, place.points[1])
    # The usual ones of the project, since nobody said otherwise.
    assert (found["tool"], found["inner_diameter_mm"]) == ("auger", 50.0)
    assert found["accuracy_m"] == 4.5
    bags = {each["sample_code"]: each for each in await place.fields("sample")}
    # Usual depths are there beforehand, and a top is the bottom above it.
    assert [
        (each["depth_top_cm"], each["depth_bottom_cm"])
        for _, each in sorted(bags.items())
    ] == [(0.0, 10.0), (10.0, 25.0), (25.0, 30.0), (30.0, 40.5)]
    assert bags["L4"]["field_mass_g"] == 261.5
    assert bags["L1"]["attachments"][0]["name"] == "bag.jpg"
    assert await place.waiting() == []


async def test_the_engine_refuses_what_the_fields_refuse(place, tmp_path):
    phone = await place.phone()
    answers = {
        "/data/inner_diameter_mm": "4",
        "/data/depth_reached_cm": "501",
        "/data/layer[1]/depth_bottom_cm": "0",
        "/data/number": "0",
    }
    _, refused = await fill(phone, CORE_FORM, tmp_path / "form", answers)
    assert sorted(refused) == sorted(answers)


async def test_a_point_of_another_plot_is_no_choice(place, tmp_path):
    other = place.laptop.add("plot", {"code": "B"})
    point = place.laptop.add("point", {"plot_id": other, "code": "1"})
    await place.laptop.sync()
    phone = await place.phone()
    chosen = {"/data/plot": place.plot, "/data/point_id": point}
    with pytest.raises(AssertionError, match="no choice"):
        await fill(phone, CORE_FORM, tmp_path / "form", chosen)


async def test_photos_that_the_engine_filled_in_are_attached(place, tmp_path):
    phone = await place.phone()
    answers = {
        "/data/plot": place.plot,
        "/data/photos": "2",
        "/data/photos[1]/photo": "a.jpg",
        "/data/photos[2]/photo": "b.jpg",
    }
    xml, _ = await fill(phone, PHOTO_FORM, tmp_path / "form", answers)
    await phone.send(xml, [("a.jpg", photo(5)), ("b.jpg", photo(6, 2))])
    (plot,) = await place.fields("plot")
    assert {one["name"] for one in plot["attachments"]} == {"a.jpg", "b.jpg"}
