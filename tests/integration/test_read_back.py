"""Programs of others read exports as they were meant."""

import csv
import json
import math
import shutil
import subprocess
import warnings

import duckdb
import pyarrow.parquet as pq
import pyogrio.raw
import pytest
import shapely
from csvw import CSVW
from openpyxl import load_workbook

from schemas.export.shape import kinds_of
from schemas.export.views import FILES
from tests.exports import RECORDS, SQUARE, rows, written


def needs(program, package):
    """Skip where a program of others is not on the machine."""
    return pytest.mark.skipif(
        shutil.which(program) is None,
        reason=f"{program} is missing: apt-get install --no-install-recommends {package}",
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Return an export of a kind, which is made once."""
    folder = tmp_path_factory.mktemp("exports")

    def run(kind, name=""):
        name = name or kind
        if not (folder / name).exists():
            written(kind, folder / name)
        return folder / name

    return run


def typed(table, row):
    """Return the cells of a CSV file as what their columns hold; undo no apostrophe."""
    kinds = kinds_of(table)
    return {
        name: None if cell == "" else kinds.get(name, str)(cell)
        for name, cell in row.items()
    }


def meant(folder, table):
    """Return the rows of a table of CSV, with the texts as they were."""
    found = [typed(table, row) for row in rows(folder, table)]
    for row in found:
        for name, value in row.items():
            if isinstance(value, str) and value[:2] in {"'=", "'@", "'+", "'-"}:
                row[name] = value[1:]
    return found


def test_csvw_finds_nothing_wrong_with_the_tables(out):
    folder = out("csv")
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        described = CSVW(str(folder / "csv-metadata.json"), validate=True)
        assert described.is_valid, [str(each.message) for each in found]
        assert len(described.tables) == len(FILES)
    (campaigns,) = [
        table for table in described.tables if str(table.url) == "campaigns.csv"
    ]
    names = {column.name for column in campaigns.tableSchema.columns}
    assert "start_date" in names


def test_gdal_reads_the_places_back(out):
    folder = out("geojson")
    meta, _, (shape,), columns = pyogrio.raw.read(folder / "plots.geojson")
    fields = dict(zip(meta["fields"], (c[0] for c in columns), strict=True))
    assert meta["crs"] == "EPSG:4326"
    assert meta["geometry_type"] == "Polygon"
    (ring,) = shapely.get_rings(shapely.from_wkb([shape]))
    assert [list(place) for place in ring.coords] == SQUARE
    assert (fields["code"], fields["area_ha"]) == ("P1", 3.5)
    assert fields["note"] == RECORDS["plot"]["note"]


def test_gdal_reads_every_value_of_the_layers_back(out):
    folder, path = out("csv"), out("gpkg", "out.gpkg")
    meta, _, _, columns = pyogrio.raw.read(path, layer="layers")
    (expected,) = meant(folder, "layers")
    found = dict(zip(meta["fields"], (c[0] for c in columns), strict=True))
    for name, value in expected.items():
        read = found[name]
        is_empty = read is None or (isinstance(read, float) and math.isnan(read))
        assert (None if is_empty else read) == value, name


@pytest.mark.parametrize("table", FILES)
def test_pyarrow_and_duckdb_read_every_table_back(out, table):
    folder, path = out("csv"), out("parquet") / f"{table}.parquet"
    expected = meant(folder, table)
    read = pq.read_table(path)
    found = read.to_pylist()
    shapes = [row.pop("geometry", None) for row in found]
    for row in expected:
        row.pop("geometry", None)
    assert found == expected
    names = ", ".join(f'"{name}"' for name in expected[0]) if expected else "*"
    told = duckdb.sql(f"SELECT {names} FROM read_parquet('{path}')").fetchall()  # noqa: S608
    assert told == [tuple(row.values()) for row in expected]
    if b"geo" in (read.schema.metadata or {}):
        geo = json.loads(read.schema.metadata[b"geo"])
        assert geo["version"] == "1.1.0"
        column = geo["columns"][geo["primary_column"]]
        assert column["encoding"] == "WKB"
        drawn = [shape for shape in shapely.from_wkb(shapes) if shape is not None]
        kinds = {shape.geom_type for shape in drawn}
        assert column["geometry_types"] == sorted(kinds)
        if drawn:
            assert column["bbox"] == list(shapely.total_bounds(drawn))


def test_openpyxl_reads_every_table_back(out):
    folder, path = out("csv"), out("xlsx", "out.xlsx")
    book = load_workbook(path, read_only=True)
    for table in FILES:
        head, *body = book[table].iter_rows(values_only=True)
        found = [dict(zip(head, row, strict=True)) for row in body]
        assert found == meant(folder, table), table
    book.close()


def soffice(folder, *words):
    """Run LibreOffice without a screen and with a profile of its own."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    done = subprocess.run(
        [shutil.which("soffice"), profile, "--headless", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.timeout(180)
@needs("soffice", "libreoffice-calc-nogui")
def test_libreoffice_opens_csv_without_a_formula_and_the_workbook_as_it_is(
    out, tmp_path
):
    folder, path = out("csv"), out("xlsx", "out.xlsx")
    to_csv = (
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    )
    soffice(tmp_path, "--convert-to", to_csv, "--outdir", tmp_path / "back", path)
    for table in FILES:
        place = tmp_path / "back" / f"out-{table}.csv"
        with place.open(newline="", encoding="utf-8") as file:
            found = [typed(table, row) for row in csv.DictReader(file)]
        assert found == meant(folder, table), table
    tables = sorted(folder.glob("*.csv"))
    soffice(tmp_path, "--convert-to", "xlsx", "--outdir", tmp_path / "opened", *tables)
    for table in FILES:
        sheet = load_workbook(tmp_path / "opened" / f"{table}.xlsx").active
        kinds = {cell.data_type for row in sheet.rows for cell in row}
        assert not kinds & {"f", "e"}, table
