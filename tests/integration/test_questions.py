"""A project's own questions travel: laptops ask, answer, disagree, and read columns."""

import asyncio
import csv
import json

import pytest
from click.testing import CliRunner
from sqlcipher3 import dbapi2

from schemas.ids import natural_id
from schemas.questions.form import fingerprint
from schemas.records import record_id
from server.cli import main
from tests.processes import typed

ASKED = [
    {"name": "slope", "type": "decimal", "label": "Slope", "required": "true()",
     "constraint": ". <= 100", "message": "100 at most"},
    {"name": "signs", "type": "select_multiple", "relevant": "${slope} > 2",
     "choices": [{"name": "crust"}, {"name": "rills"}]},
]  # fmt: skip


def form(questions=ASKED, number=1, asked_of="core"):
    return {
        "asked_of": asked_of,
        "number": number,
        "questions": questions,
        "fingerprint": fingerprint(questions),
        "asked_from": "2026-05-01",
    }


def answer(core, form_id, question, value):
    return {"core_id": core, "form_id": form_id, "question": question, "value": value}


async def core_of(laptop):
    plot = laptop.add("plot", {"code": "P1"})
    point = laptop.add("point", {"plot_id": plot, "code": "1"})
    days = {"start_date": "2026-05-01", "purpose": "baseline"}
    campaign = laptop.add("campaign", {"name": "2026", **days})
    core = {"point_id": point, "campaign_id": campaign, "number": 1}
    return laptop.add("core", core | {"sampled_at": "2026-05-04T09:00:00Z"})


@pytest.fixture
async def asked(server):
    """Two laptops of a project that asks questions, and a core both have."""
    north, south = await server.laptop("north"), await server.laptop("south")
    form_id = north.add("question_form", form())
    core = await core_of(north)
    assert set((await north.sync()).outcomes) == {"accepted"}
    await south.sync()
    return north, south, form_id, core


async def told(server, *words, code=0):
    given = ["--data", str(server.data.path), *words, "--json"]
    done = await asyncio.to_thread(CliRunner().invoke, main, given)
    assert done.exit_code == code, done.output
    return json.loads(done.output)


async def test_answers_of_two_people_meet_and_only_one_question_is_a_conflict(asked):
    north, south, form_id, core = asked
    north.add("answer", answer(core, form_id, "slope", "12"))
    south.add("answer", answer(core, form_id, "signs", "crust"))
    south.add("answer", answer(core, form_id, "slope", "14"))
    assert set((await north.sync()).outcomes) == {"accepted"}
    assert sorted((await south.sync()).outcomes) == ["accepted", "conflict"]


async def test_an_answer_that_does_not_fit_waits_for_a_person(asked):
    north, _, form_id, core = asked
    north.add("answer", answer(core, form_id, "slope", "steep"))
    north.add("answer", answer(core, form_id, "moss", "1"))
    found = await north.sync()
    assert found.outcomes == ["quarantined", "quarantined"]


async def test_the_value_alone_is_judged_by_the_form_that_the_server_has(asked):
    north, _, form_id, core = asked
    given = north.add("answer", answer(core, form_id, "slope", "12"))
    await north.sync()
    north.draft("answer", given, {"value": "steep"})
    assert (await north.sync()).outcomes == ["quarantined"]
    north.draft("answer", given, {"value": "13"})
    assert (await north.sync()).outcomes == ["accepted"]


async def test_what_is_odd_is_told_by_the_server(asked, server):
    north, _, form_id, core = asked
    north.add("answer", answer(core, form_id, "slope", "101"))
    await north.sync()
    (odd,) = await told(server, "warning", "list", "--project", "HF")
    assert odd["code"] == "answer_constraint"
    assert odd["detail"] == "slope: 100 at most"


async def test_what_is_required_is_missed_on_the_server(asked, server):
    (odd,) = await told(server, "warning", "list", "--project", "HF")
    assert (odd["code"], odd["type"]) == ("answer_missing", "core")


async def test_two_versions_of_one_number_are_told_and_one_is_in_force(asked, server):
    north, south, *_ = asked
    north.add("question_form", form([{"name": "a", "type": "text"}], 2))
    south.add("question_form", form([{"name": "b", "type": "text"}], 2))
    assert (await north.sync()).outcomes == ["accepted"]
    assert (await south.sync()).outcomes == ["accepted"]
    found = await told(server, "warning", "list", "--project", "HF")
    assert [one["code"] for one in found].count("forms_at_once") == 2


async def test_exports_of_the_server_have_a_column_for_each_question(
    asked, server, tmp_path
):
    north, _, form_id, core = asked
    north.add("answer", answer(core, form_id, "slope", "12.5"))
    north.add("answer", answer(core, form_id, "signs", "crust rills"))
    await north.sync()
    await server.derived()
    for kind in ("csv", "sqlite", "xlsx", "geojson"):
        await asyncio.to_thread(
            typed, server.data.path, "export", kind, tmp_path / kind
        )
    with (tmp_path / "csv" / "cores.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["q_slope"], row["q_signs"]) == ("12.5", "crust rills")
    with dbapi2.connect(str(tmp_path / "sqlite")) as db:
        query = "SELECT q_slope, q_signs FROM cores_named"
        assert db.execute(query).fetchall() == [(12.5, "crust rills")]
    places = json.loads((tmp_path / "geojson" / "cores.geojson").read_text())
    assert places["features"][0]["properties"]["q_slope"] == 12.5


async def test_geopackage_and_parquet_have_numbers_as_numbers(asked, server, tmp_path):
    import pyogrio  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    north, _, form_id, core = asked
    north.add("answer", answer(core, form_id, "slope", "12.5"))
    await north.sync()
    for kind, name in (("gpkg", "cores.gpkg"), ("parquet", "tables")):
        place = tmp_path / name
        await asyncio.to_thread(typed, server.data.path, "export", kind, place)
    read = parquet.read_table(tmp_path / "tables" / "cores.parquet").to_pylist()
    assert read[0]["q_slope"] == 12.5
    info = pyogrio.read_info(tmp_path / "cores.gpkg", layer="cores")
    types = dict(zip(info["fields"], info["dtypes"], strict=True))
    assert types["q_slope"] == "float64"


async def test_an_export_since_has_cores_whose_answers_changed(asked, server, tmp_path):
    north, _, form_id, core = asked
    given = north.add("answer", answer(core, form_id, "slope", "12.5"))
    await north.sync()

    async def exported(name, *since):
        await server.derived()
        done = await asyncio.to_thread(
            typed, server.data.path, "export", "csv", tmp_path / name, *since, "--json"
        )
        with (tmp_path / name / "cores.csv").open(newline="") as file:
            return json.loads(done.stdout)["snapshot"], list(csv.DictReader(file))

    first, _ = await exported("one")
    second, nothing = await exported("two", "--since", first)
    assert nothing == []
    north.draft("answer", given, {"value": "13"})
    await north.sync()
    third, (row,) = await exported("three", "--since", second)
    assert row["q_slope"] == "13.0"
    north.draft("answer", given, {}, op="del")
    await north.sync()
    _, (row,) = await exported("four", "--since", third)
    assert row["q_slope"] == ""


async def test_every_laptop_mints_the_same_id_for_an_answer(asked, server):
    _, _, form_id, core = asked
    project = server.project_id
    said = answer(core, form_id, "slope", "12")
    key = [None, None, None, core, None, "slope"]
    assert record_id(project, "answer", said) == natural_id(project, "answer", key)
