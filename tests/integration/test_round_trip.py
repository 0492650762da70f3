"""An export taken in again by an empty server gives the same records and the same stocks."""

import asyncio
import hashlib
import json

import pytest
from click.testing import CliRunner

from collector.cli.root import cli
from schemas.records import DERIVED, TYPES
from server.cli import main
from server.clock import Clock
from server.config import DataDirectory
from server.data import init_data, open_store
from server.derivation.derive import derive_waiting
from server.files.disk import BlobFiles
from tests.integration.test_derivation import record_campaign

KINDS = ["csv", "sqlite", "xlsx"]
#: What spreadsheets, shells and readers of CSV trip over.
TEXTS = ["=1+1", "'=1+1", "'t Hof", "-1", "+49 12", '"x";y,z', "a\nb", " @", "[x", "NA"]
SQUARE = [[2.35, 48.85], [2.3512345678, 48.85], [2.36, 48.8601], [2.35, 48.85]]


@pytest.fixture
async def source(server):
    """A server with a project in which every type of record is told oddly."""
    north = await server.laptop("north")
    runs = {"code": "INRAE", "name": TEXTS[0], "kind": "member", "country": "FR"}
    organisation = north.add("organisation", runs)
    base = await server.seen(server.project_id)
    north.draft(
        "project",
        server.project_id,
        {"organisation_id": organisation, "stock_method_profile": "permille"},
        base=base,
    )
    boundary = {"type": "Polygon", "coordinates": [SQUARE]}
    odd = {"geometry": boundary, "area_ha": 0.1 + 0.2, "control_plots": ["C1", "C 2"]}
    plot = north.add("plot", {"code": "P1", "name": TEXTS[1], **odd})
    for n, text in enumerate(TEXTS):
        north.add("plot", {"code": f"T{n}", "note": text})
    practice = {"plot_id": plot, "family": "agroforestry", "what": TEXTS[4]}
    north.add("practice", practice | {"from_date": "2019-04-01"})
    record_campaign(north, plot, "2010", (16.0, 17.0, 18.5))
    record_campaign(north, plot, "2020", (18.0, 19.25, 20.25))
    new = {"plot_id": plot, "code": "0", "lon": 2.3511111111111, "lat": 48.85}
    older = north.add("point", {"plot_id": plot, "code": "Z"})
    north.add("point", new | {"revisits_point_id": older})
    gone = north.add("plot", {"code": "GONE"})
    assert set((await north.sync()).outcomes) == {"accepted"}
    north.draft("plot", gone, {}, op="del")
    assert set((await north.sync()).outcomes) == {"accepted"}
    await server.derived()
    await record_late(server, north, plot)
    return server


async def record_late(server, north, plot):
    """Record a point more, once the mass that is held equal was found."""
    late = {"plot_id": plot, "code": "late"}
    core = {"point_id": north.add("point", late), "number": 1}
    campaigns = await server.report("records", server.project_id, "campaign")
    (first,) = [one.id for one in campaigns if one.fields["name"] == "2010"]
    core |= {"campaign_id": first, "sampled_at": "2010-09-01T12:00:00Z"}
    bag = {"sample_code": "LATE", "depth_top_cm": 0.0, "depth_bottom_cm": 30.0}
    density = {"bulk_density_g_cm3": 1.5, "bulk_density_definition": "fine_in_total"}
    sample = north.add("sample", {"core_id": north.add("core", core), **bag, **density})
    soc = {"sample_id": sample, "analyte": "soc", "replicate": 1, "value": 17.0}
    north.add("result", soc | {"unit": "g_kg", "method": "dry_combustion"})
    assert set((await north.sync()).outcomes) == {"accepted"}
    await server.derived()


async def typed(data, *words, code=0):
    given = ["--data", str(data), *map(str, words), "--json"]
    done = await asyncio.to_thread(CliRunner().invoke, main, given)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


async def held(data, project_id, kinds=TYPES):
    store = open_store(DataDirectory(data))
    try:
        return await store.read(
            lambda tx: {
                (kind, one.id): one.fields
                for kind in kinds
                for one in tx.records(project_id, kind)
            }
        )
    finally:
        store.close()


async def derive_all(data):
    store = open_store(DataDirectory(data))
    try:
        await derive_waiting(store, Clock())
    finally:
        store.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_the_loop_gives_the_same_records_and_the_same_digests_of_stocks(
    source, tmp_path, kind
):
    export = tmp_path / f"all.{kind}"
    await typed(source.data.path, "export", kind, export)
    other = tmp_path / "empty"
    init_data(DataDirectory(other), Clock())
    looked = await typed(other, "records", "import", export)
    assert (looked["written"], looked["open"], looked["notes"]) == (False, [], [])
    assert await held(other, source.project_id) == {}
    done = await typed(other, "records", "import", export, "--write")
    assert (done["open"], done["kept"]) == ([], looked_at(looked))
    before, after = [
        await held(data, source.project_id) for data in (source.data.path, other)
    ]
    assert after == before
    await derive_all(other)
    stocks = [
        {name: fields["digest"] for name, fields in found.items()}
        for found in [
            await held(data, source.project_id, DERIVED)
            for data in (source.data.path, other)
        ]
    ]
    assert stocks[0] == stocks[1]
    assert {kind for kind, _ in stocks[0]} == {"stock", "change"}
    again = await typed(other, "records", "import", export, "--write")
    assert (again["kept"], again["open"]) == (0, [])


def looked_at(said):
    return sum(counts["new"] for counts in said["records"].values())


async def test_what_differs_is_kept_unless_it_is_asked_for(source, tmp_path):
    export = tmp_path / "all"
    await typed(source.data.path, "export", "csv", export)
    words = ["records", "edit", "plot", "--where", "code=T3", "--set", "note=dry"]
    await typed(source.data.path, *words, "--project", "HF", "--yes")
    data = source.data.path
    kept = await typed(data, "records", "import", export, "--write", code=1)
    assert [(one["name"], one["outcome"]) for one in kept["open"]] == [
        ("plot T3", "differs")
    ]
    more = ["--differing", "replace", "--write"]
    done = await typed(data, "records", "import", export, *more)
    assert done["kept"] == 1
    words = ["records", "list", "plot", "--where", "code=T3", "--project", "HF"]
    (plot,) = await typed(data, *words)
    assert plot["fields"]["note"] == TEXTS[3]
    undo = ["undo", done["operation"], "--project", "HF", "--write", "--reason", "no"]
    await typed(data, *undo)
    (plot,) = await typed(data, *words)
    assert plot["fields"]["note"] == "dry"


async def test_a_file_that_was_edited_is_told_and_read_as_it_is(source, tmp_path):
    export = tmp_path / "all"
    await typed(source.data.path, "export", "csv", export)
    plots = export / "plots.csv"
    text = plots.read_text("utf-8").replace(str(0.1 + 0.2), "many")
    plots.write_text(text, "utf-8")
    other = tmp_path / "empty"
    init_data(DataDirectory(other), Clock())
    found = await typed(other, "records", "import", export, "--write", code=1)
    assert found["notes"] == ["plots.csv is not as it was exported"]
    told = {one["name"]: one["why"] for one in found["open"]}
    assert told["plot P1"] == "area-ha many cannot be read"
    # What hangs on it waits for it: it is not kept half.
    assert all(one["outcome"] == "refused" for one in found["open"])


@pytest.mark.parametrize("name", ["nothing", "table.csv", "book.xlsx"])
async def test_what_is_no_export_is_refused_in_words(server, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04 no" if name.endswith("xlsx") else b"a,b\n1,2\n")
    found = await typed(server.data.path, "records", "import", path, code=4)
    assert "is no export that can be read back" in found["error"]["text"]


async def test_a_project_of_the_same_code_is_not_mixed_with_another(source, tmp_path):
    export = tmp_path / "all.db"
    await typed(source.data.path, "export", "sqlite", export)
    other = tmp_path / "other"
    init_data(DataDirectory(other), Clock())
    await typed(other, "project", "add", "--code", "hf", "--title", "Mine")
    found = await typed(other, "records", "import", export, "--write", code=1)
    (project,) = [one for one in found["open"] if one["type"] == "project"]
    assert project["why"] == "a project HF is here under another id"
    assert found["kept"] == 0


async def test_a_laptop_takes_an_export_in_again(source, tmp_path):
    export = tmp_path / "all"
    await typed(source.data.path, "export", "csv", export)

    def permille(*words, code=0):
        given = ["--home", str(tmp_path / "home"), *map(str, words)]
        done = CliRunner().invoke(cli, given)
        assert done.exit_code == code, done.output
        return done.stdout

    def run():
        permille("init", "--name", "lap", "--person", "Ada")
        done = json.loads(permille("records", "import", export, "--write", "--json"))
        permille("export", "csv", tmp_path / "again")
        again = json.loads(permille("records", "import", tmp_path / "again", "--json"))
        return done, again

    done, again = await asyncio.to_thread(run)
    assert (done["open"], done["kept"]) == ([], looked_at(done))
    assert all(set(counts) == {"already here"} for counts in again["records"].values())
    for name in ("plots", "points", "samples", "results"):
        before, after = (
            (tmp_path / folder / f"{name}.csv").read_bytes()
            for folder in ("all", "again")
        )
        assert before == after


async def test_attached_files_come_back_where_records_name_them(source, tmp_path):
    jpeg = b"\xff\xd8\xff\xe0" + bytes(700)
    digest = hashlib.sha256(jpeg).hexdigest()
    north = await source.laptop("photographer")
    photo = {"sha256": digest, "size": len(jpeg), "mime": "image/jpeg", "name": "a.jpg"}
    north.add("plot", {"code": "PHOTO", "attachments": [photo]})
    assert (await north.sync()).outcomes == ["accepted"]
    BlobFiles(source.data.blobs).append(digest, jpeg)
    assert BlobFiles(source.data.blobs).finish(digest)
    export, files = tmp_path / "all", tmp_path / "files"
    await typed(source.data.path, "export", "csv", export)
    await typed(source.data.path, "export", "attachments", files)
    other = DataDirectory(tmp_path / "empty")
    init_data(other, Clock())
    words = ["records", "import", export, "--files", files, "--write"]
    found = await typed(other.path, *words)
    assert found["notes"] == ["attached files: 1 kept"]
    kept = BlobFiles(other.blobs).path(digest)
    assert kept.read_bytes() == jpeg
    assert kept.stat().st_mode & 0o077 == 0
    assert (await typed(other.path, *words))["notes"] == [
        "attached files: 1 already here"
    ]
    kept.unlink()
    next((files / "files").iterdir()).write_bytes(b"other")
    found = await typed(other.path, *words)
    assert found["notes"] == ["attached files: 1 damaged"]
