"""Records as tables of other programs: read back equal, and never run as formulas."""

import csv
import errno
import hashlib
import json
import math
import sys
import zipfile
from pathlib import Path

import pyogrio
import pyogrio.raw
import pytest
import shapely
from openpyxl import load_workbook

from collector.cli.export import KINDS as AT_LAPTOP
from schemas.export.database import OneIdError
from schemas.export.manifest import Snapshot
from schemas.export.run import FOLDERS, ExportKind, Origin, export
from schemas.export.shape import ExportRecord
from schemas.export.views import FILES, query_of
from schemas.tables.refusal import TableError
from schemas.version import SCHEMA_VERSION
from server.cli.export import KINDS as AT_SERVER
from tests import exports
from tests.exports import RECORDS, SOC, SQUARE, opened, records, rows


@pytest.fixture
def written(tmp_path):
    def run(kind, name="out", more=()):
        done, told = exports.written(kind, tmp_path / name, [*exports.records(), *more])
        assert done.rows == dict(told)
        assert [p for p in tmp_path.iterdir() if p.name.startswith(".")] == []
        return tmp_path / name, done

    return run


def test_tables_have_names_beside_ids(written):
    folder, done = written("csv")
    assert set(done.rows) == set(FILES)
    (bag,) = rows(folder, "samples")
    named = ("project", "plot", "point", "campaign", "core_number", "sample_code")
    assert [bag[name] for name in named] == ["HF", "P1", "-1", "2026", "1", "HF-1"]
    assert (bag["id"], bag["core_id"], bag["depth_bottom_cm"]) == (
        "sample",
        "core",
        "30.0",
    )
    assert len(rows(folder, "results")) == 3


def test_the_flat_table_of_layers_has_the_mean_of_the_readings(written):
    folder, _ = written("csv")
    (layer,) = rows(folder, "layers")
    assert layer["date"] == "2026-05-04"
    assert float(layer["soc_g_kg"]) == pytest.approx((15.2 + 15.8 + 0.5) / 3)
    assert (layer["soc_readings"], layer["lon"]) == ("3", "2.355")


#: Cores with the depths of their bags; SOC is missing where it is said so.
CORES = {
    "whole": [(0, 10), (10, 30)],
    "deep": [(10, 30)],
    "cut": [(0, 10), (10, 30, "no SOC"), (30, 50)],
    "twice": [(0, 10), (5, 30)],
}


def profiles():
    """Make cores of one plot, one of them of an earlier campaign."""
    yield ExportRecord("p", "project", "p", {"code": "HF"})
    yield ExportRecord("p", "plot", "plot", {"code": "P1"})
    for year in ("2016", "2026"):
        named = {"name": year, "start_date": f"{year}-05-01"}
        yield ExportRecord("p", "campaign", year, named)
    for core, depths in CORES.items():
        yield ExportRecord(
            "p", "point", f"at-{core}", {"plot_id": "plot", "code": core}
        )
        campaign = "2016" if core == "whole" else "2026"
        visit = {"point_id": f"at-{core}", "campaign_id": campaign, "number": 1}
        yield ExportRecord("p", "core", core, visit)
        for top, bottom, *missing in depths:
            bag = {"depth_top_cm": float(top), "depth_bottom_cm": float(bottom)}
            bag |= {"core_id": core, "sample_code": f"{core}-{top}"}
            density = {"bulk_density_definition": "fine_in_total"}
            name = f"{core}-{top}"
            yield ExportRecord(
                "p", "sample", name, bag | density | {"bulk_density_g_cm3": 1.3}
            )
            if not missing:
                soc = SOC | {"sample_id": name, "value": 1.5, "unit": "pct"}
                yield ExportRecord("p", "result", f"r-{name}", soc | {"replicate": 1})


def test_scripts_of_others_get_whole_profiles_and_the_rest_is_told(tmp_path):
    exports.written("csv", tmp_path / "out", profiles())
    given = rows(tmp_path / "out", "layers_vonhaden")
    named = ("ID", "Rep", "Ref_ID", "Upper_cm", "Lower_cm", "SOC_pct", "BD_g_cm3")
    first, later = ("HF/P1/2016", "HF/P1/2026")
    assert [tuple(row[name] for name in named) for row in given] == [
        (first, "whole", first, "0.0", "10.0", "1.5", "1.3"),
        (first, "whole", first, "10.0", "30.0", "1.5", "1.3"),
        (later, "cut", first, "0.0", "10.0", "1.5", "1.3"),
    ]
    assert float(given[0]["SOM_pct"]) == pytest.approx(1.5 / 0.58)
    simple = rows(tmp_path / "out", "layers_simpleesm")
    assert {row["sample_id"] for row in simple} == {row["sample_id"] for row in given}
    left = {
        row["sample_code"]: row["reason"]
        for row in rows(tmp_path / "out", "layers_left_out")
    }
    assert left == {
        "deep-10": "no layer ends where it begins",
        "cut-10": "no organic carbon",
        "cut-30": "a layer above it is left out",
        "twice-0": "overlaps another layer",
        "twice-5": "no layer ends where it begins",
    }


OF_BATCH = {"lab": "LAS", "lab_batch": "B7", "analyte": "soc"}
ODD = SOC | OF_BATCH | {"value": 99.0, "unit": "g_kg", "replicate": 4}
DECIDED = OF_BATCH | {"reason": "the oven failed"}


@pytest.mark.parametrize(("decision", "readings"), [("rejected", 3), ("accepted", 4)])
def test_readings_of_a_rejected_batch_are_in_no_mean(written, decision, readings):
    more = [
        ExportRecord("project", "result", "r4", ODD),
        ExportRecord("project", "lab_batch", "b", DECIDED | {"decision": decision}),
    ]
    folder, _ = written("csv", more=more)
    (layer,) = rows(folder, "layers")
    assert layer["soc_readings"] == str(readings)
    (batch,) = rows(folder, "lab_batches")
    assert (batch["project"], batch["decision"]) == ("HF", decision)
    assert len(rows(folder, "results")) == 4


def test_derived_rows_are_tables_too(written):
    folder, _ = written("csv")
    (stock,), (change,) = rows(folder, "stocks"), rows(folder, "changes")
    assert float(stock["soc_stock_t_ha"]) == 60.5
    assert (change["change_ci95_low_t_ha"], change["change_ci95_high_t_ha"]) == (
        "-1.0",
        "",
    )
    assert change["reasons"] == "BD_ESTIMATED CONTESTED"
    assert json.loads(change["row"]) == RECORDS["change"]["change"]


def test_no_cell_starts_a_formula(written):
    folder, _ = written("csv")
    for path in folder.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.reader(file):
                for cell in row:
                    number = (
                        cell.replace(".", "").replace("e", "").lstrip("-").isdigit()
                    )
                    assert number or cell[:1] not in {"=", "+", "-", "@", "\t", "\r"}, (
                        cell
                    )
    (project,) = rows(folder, "projects")
    assert project["title"] == '\'=HYPERLINK("x")'
    assert project["note"] == 'a;b,c\n"d"'


def test_the_manifest_has_rows_and_hashes_and_csvw_the_columns(written):
    folder, _ = written("csv")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["snapshot"] == "HF@7"
    for file in manifest["files"]:
        data = (folder / file["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        assert len(data) == file["size"]
        if file["name"].endswith(".csv"):
            table = file["name"].removesuffix(".csv")
            assert len(rows(folder, table)) == file["rows"] == manifest["rows"][table]
    described = json.loads((folder / "csv-metadata.json").read_text())
    for table in described["tables"]:
        with (folder / table["url"]).open(newline="", encoding="utf-8") as file:
            head = next(csv.reader(file))
        assert [one["name"] for one in table["tableSchema"]["columns"]] == head


@pytest.mark.parametrize("kind", list(ExportKind))
def test_every_kind_says_its_rows_hashes_and_moment(written, kind):
    path, done = written(kind)
    place = path / "manifest.json"
    if kind not in FOLDERS:
        place = path.with_name("out.manifest.json")
    manifest = json.loads(place.read_text())
    assert manifest == done.about()
    assert done.as_data() == {"place": str(path), "manifest": str(place), **manifest}
    told = [manifest[name] for name in ("kind", "snapshot", "since", "schema")]
    assert told == [kind, "HF@7", None, SCHEMA_VERSION]
    folder = path if kind in FOLDERS else path.parent
    found = {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    assert found == {*(Path(file["name"]) for file in manifest["files"])} | {
        place.relative_to(folder)
    }
    for file in manifest["files"]:
        data = (folder / file["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        assert len(data) == file["size"]
    assert dict(done.rows) == manifest["rows"]


@pytest.mark.parametrize("kind", list(ExportKind))
def test_every_kind_can_hold_changes_alone(tmp_path, kind):
    changed = {"point", "sample"}
    found = [one._replace(changed=one.record_id in changed) for one in records()]
    done, _ = exports.written(kind, tmp_path / "out", found, since="HF@3")
    assert done.about()["since"] == "HF@3"
    expected = {"samples": 1, "points": 1, "layers": 1, "attachments": 0}
    if kind is not ExportKind.SQLITE:
        expected |= {"plots": 0, "cores": 0}
    for table, count in expected.items():
        assert done.rows.get(table, count) == count, table


@pytest.mark.parametrize("kind", sorted(set(ExportKind) - FOLDERS))
def test_a_manifest_that_is_there_is_not_written_over(written, tmp_path, kind):
    (tmp_path / "out.manifest.json").write_text("mine")
    with pytest.raises(FileExistsError, match="manifest"):
        written(kind)
    assert [path.name for path in tmp_path.iterdir()] == ["out.manifest.json"]


def test_two_records_of_one_id_are_not_mixed_up(tmp_path):
    two = [ExportRecord(name, "plot", "plot", {"code": name}) for name in ("a", "b")]
    with pytest.raises(OneIdError, match="plots"):
        exports.written("csv", tmp_path / "out", two)
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_fits_no_cell_is_named_in_a_workbook(tmp_path):
    note = "x" * 40_000
    plot = ExportRecord("project", "plot", "plot", {"code": "P1", "note": note})
    exports.written("xlsx", tmp_path / "out.xlsx", [plot])
    sheet = load_workbook(tmp_path / "out.xlsx")["plots"]
    row = dict(zip(*sheet.iter_rows(values_only=True), strict=True))
    assert row["note"].startswith("(40000 characters do not fit a cell")


def test_a_workbook_holds_the_same_and_no_formula(written):
    path, done = written("xlsx", "out.xlsx")
    book = load_workbook(path)
    assert book.sheetnames == [*FILES, "Concentrations", "BD"]
    kinds = {cell.data_type for sheet in book for row in sheet.rows for cell in row}
    assert "f" not in kinds
    assert book["projects"]["D2"].value == '=HYPERLINK("x")'
    assert book["samples"].max_row - 1 == done.rows["samples"]
    with zipfile.ZipFile(path) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())


def test_a_plain_database_has_keys_views_and_search(written):
    path, done = written("sqlite", "out.db")
    with opened(path) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert {key.other_table for key in db["samples"].foreign_keys} == {
            "cores",
            "projects",
        }
        assert db["results"].count == done.rows["results"] == 3
        assert [row["code"] for row in db["plots"].search("DROP")] == ["P1"]
        (row,) = db.query("SELECT plot, campaign FROM samples_named")
        assert row == {"plot": "P1", "campaign": "2026"}


def test_places_are_geojson(written):
    folder, _ = written("geojson")
    plots = json.loads((folder / "plots.geojson").read_text())
    (plot,) = plots["features"]
    assert plot["geometry"] == RECORDS["plot"]["geometry"]
    assert (plot["id"], plot["properties"]["code"]) == ("plot", "P1")
    (point,) = json.loads((folder / "points.geojson").read_text())["features"]
    assert point["geometry"] == {"type": "Point", "coordinates": [2.355, 48.852]}
    (core,) = json.loads((folder / "cores.geojson").read_text())["features"]
    assert core["geometry"] is None


def test_both_commands_write_every_kind():
    assert list(AT_LAPTOP) == list(AT_SERVER) == list(ExportKind)


def test_a_missing_extra_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TableError, match="Parquet needs more") as caught:
        exports.written("parquet", tmp_path / "out")
    assert "permille[parquet]" in caught.value.refusal.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", list(ExportKind))
def test_nothing_is_written_over(written, tmp_path, kind):
    (tmp_path / "out").write_text("months of work")
    with pytest.raises(FileExistsError):
        written(kind)
    assert (tmp_path / "out").read_text() == "months of work"


@pytest.mark.parametrize("kind", sorted(set(ExportKind) - {ExportKind.SQLITE}))
def test_an_export_that_breaks_off_leaves_nothing(tmp_path, kind):
    def full(_table, _rows):
        raise OSError(errno.ENOSPC, "no space left on device")

    origin = Origin(records(), Snapshot("HF@7"))
    with pytest.raises(OSError, match="no space"):
        export(kind, tmp_path / "out", origin, opened, full)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", list(ExportKind))
def test_two_exports_of_one_moment_hold_the_same(written, kind):
    if kind in FOLDERS:
        first, _ = written(kind, "a")
        second, _ = written(kind, "b")
        for path in filter(Path.is_file, first.rglob("*")):
            assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()
    else:
        assert written(kind, "a")[1].rows == written(kind, "b")[1].rows


@pytest.mark.parametrize("table", FILES)
def test_a_large_table_is_read_without_holding_it_in_memory(written, table):
    path, _ = written("sqlite", "out.db")
    with opened(path) as db:
        plan = db.execute(f"EXPLAIN QUERY PLAN {query_of(table, 10**6)}").fetchall()
    told = " ".join(step[3] for step in plan)
    assert not {"MATERIALIZE", "TEMP B-TREE", "AUTOMATIC"} & set(told.split()), told
    assert "B-TREE" not in told
    # A project has a million of them: read by it, each row would cost as many.
    assert "project_id (project_id=?)" not in told


def test_gdal_reads_the_geopackage_back(written):
    path, done = written("gpkg", "out.gpkg")
    assert done.rows == {"plots": 1, "points": 1, "cores": 1, "layers": 1}
    layers = dict(pyogrio.list_layers(path))
    assert layers["plots"] == "MultiPolygon"
    assert layers["layers"] == "Point"
    meta, _, (shape,), columns = pyogrio.raw.read(path, layer="plots")
    fields = dict(zip(meta["fields"], (column[0] for column in columns), strict=True))
    assert meta["crs"] == "EPSG:4326"
    (part,) = shapely.from_wkb(shape).geoms
    assert [list(place) for place in part.exterior.coords] == SQUARE
    assert (fields["code"], fields["area_ha"]) == ("P1", 3.5)
    meta, _, (shape,), columns = pyogrio.raw.read(path, layer="layers")
    fields = dict(zip(meta["fields"], (column[0] for column in columns), strict=True))
    assert shapely.from_wkb(shape).coords[0] == (2.355, 48.852)
    assert fields["bottom_cm"] == 30.0
    assert math.isnan(fields["volume_cm3"])
