"""Records as tables of other programs: read back equal, and never run as formulas."""

import csv
import errno
import hashlib
import json
import math
import zipfile
from contextlib import closing, contextmanager

import pyogrio
import pyogrio.raw
import pytest
import shapely
from openpyxl import load_workbook
from sqlcipher3 import dbapi2
from sqlite_utils import Database

from schemas.export.database import ExportRecord
from schemas.export.run import ExportKind, export
from schemas.export.views import FILES, query_of

SQUARE = [[2.35, 48.85], [2.36, 48.85], [2.36, 48.86], [2.35, 48.85]]
#: One of everything; texts that spreadsheets, shells and SQL might run.
RECORDS = {
    "project": {"code": "HF", "title": '=HYPERLINK("x")', "note": 'a;b,c\n"d"'},
    "organisation": {"code": "O", "name": "@SUM(A1)", "kind": "member"},
    "plot": {
        "code": "P1",
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
        "area_ha": 3.5,
        "control_plots": ["C1", "C2"],
        "note": "'); DROP TABLE plots; --",
    },
    "practice": {"plot_id": "plot", "family": "agroforestry", "what": "+hedges"},
    "campaign": {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"},
    "point": {"plot_id": "plot", "code": "-1", "lon": 2.355, "lat": 48.852},
    "core": {
        "point_id": "point",
        "campaign_id": "campaign",
        "number": 1,
        "sampled_at": "2026-05-04T09:00:00+02:00",
    },
    "sample": {
        "core_id": "core",
        "sample_code": "HF-1",
        "depth_top_cm": 0.0,
        "depth_bottom_cm": 30.0,
        "bulk_density_g_cm3": 1.3,
        "explained": ["deep_layer (x): so it is"],
    },
    "stock": {
        "points": [
            {"plot": "P1", "campaign": "2026", "point": "1", "soc_stock_t_ha": 60.5}
        ]
    },
    "change": {
        "change": {
            "plot": "P1",
            "from_campaign": "2016",
            "to_campaign": "2026",
            "change_t_ha": 1.5,
            "change_ci95_t_ha": [-1.0, None],
            "verdict_zero": "no detectable change",
            "reasons": ["BD_ESTIMATED", "CONTESTED"],
        }
    },
}
RESULTS = {
    "r1": {"value": 1.52, "unit": "pct", "replicate": 1},
    "r2": {"value": 15.8, "unit": "g_kg", "replicate": 2},
    "r3": {"censored": "<", "detection_limit": 0.1, "unit": "pct", "replicate": 3},
}
SOC = {"sample_id": "sample", "analyte": "soc", "method": "dry_combustion"}


def records():
    for kind, fields in RECORDS.items():
        yield ExportRecord("project", kind, kind, fields)
    for name, fields in RESULTS.items():
        yield ExportRecord("project", "result", name, SOC | fields)
    yield ExportRecord("project", "unheard_of", "x", {})


@contextmanager
def opened(path):
    with closing(dbapi2.connect(str(path), isolation_level=None)) as connection:
        yield Database(connection)


@pytest.fixture
def written(tmp_path):
    def run(kind, name="out"):
        told = []
        done = export(
            ExportKind(kind),
            tmp_path / name,
            records(),
            "HF@7",
            opened,
            lambda table, rows: told.append((table, rows)),
        )
        assert done.rows == dict(told)
        assert [p for p in tmp_path.iterdir() if p.name.startswith(".")] == []
        return tmp_path / name, done

    return run


def rows(folder, table):
    with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_tables_have_names_beside_ids(written):
    folder, done = written("csv")
    assert set(done.rows) == set(FILES)
    (bag,) = rows(folder, "samples")
    named = ("project", "plot", "point", "campaign", "core_number", "sample_code")
    assert [bag[name] for name in named] == ["HF", "P1", "'-1", "2026", "1", "HF-1"]
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
        assert len(rows(folder, file["name"].removesuffix(".csv"))) == file["rows"]
    described = json.loads((folder / "csv-metadata.json").read_text())
    for table in described["tables"]:
        with (folder / table["url"]).open(newline="", encoding="utf-8") as file:
            head = next(csv.reader(file))
        assert [one["name"] for one in table["tableSchema"]["columns"]] == head


def test_a_workbook_holds_the_same_and_no_formula(written):
    path, done = written("xlsx", "out.xlsx")
    book = load_workbook(path)
    assert book.sheetnames == list(FILES)
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

    with pytest.raises(OSError, match="no space"):
        export(kind, tmp_path / "out", records(), "HF@7", opened, full)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", list(ExportKind))
def test_two_exports_of_one_moment_hold_the_same(written, kind):
    if kind in {ExportKind.CSV, ExportKind.GEOJSON}:
        first, _ = written(kind, "a")
        second, _ = written(kind, "b")
        for path in first.iterdir():
            assert path.read_bytes() == (second / path.name).read_bytes()
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
