"""Tables of other people: real files, and what goes wrong with files."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from collector.store.sqlite import LaptopStore
from collector.tables import naming
from schemas import limits

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
CAMPAIGNS = ROOT / "fixtures" / "campaigns"
MAPPINGS = ROOT / "fixtures" / "mappings"

HIGHFIELD = ("highfield_bare_fallow_1959_2014.csv", "highfield_bare_fallow.toml")
REAL = {
    "highfield": (
        *HIGHFIELD,
        {"plot": 1, "point": 4, "campaign": 8, "core": 32, "sample": 32, "result": 96},
        0,
        0,
    ),
    "soil_weight": (
        HIGHFIELD[0],
        "highfield_soil_weight.toml",
        {"plot": 1, "point": 4, "campaign": 8, "core": 32, "sample": 32, "result": 32},
        0,
        0,
    ),
    "woburn": (
        "woburn_ley_arable_1938_2009.csv",
        "woburn_block_1.toml",
        {
            "plot": 1,
            "point": 16,
            "campaign": 11,
            "core": 176,
            "sample": 176,
            "result": 272,
        },
        784,
        0,
    ),
    "highfield_ley": (
        "highfield_ley_arable_1948_2014.csv",
        "highfield_ley_arable.toml",
        {
            "plot": 4,
            "point": 40,
            "campaign": 16,
            "core": 303,
            "sample": 303,
            "result": 523,
        },
        633,
        1,
    ),
    "fosters": (
        "fosters_ley_arable_1950_2014.csv",
        "fosters_ley_arable.toml",
        {
            "plot": 4,
            "point": 28,
            "campaign": 14,
            "core": 222,
            "sample": 222,
            "result": 438,
        },
        4,
        0,
    ),
    "silsoe": (
        "silsoe_soil_organic_carbon.csv",
        "silsoe.toml",
        {
            "plot": 9,
            "point": 36,
            "campaign": 1,
            "core": 36,
            "sample": 216,
            "result": 216,
        },
        0,
        0,
    ),
}

SMALL = """
create = ["plot", "point", "campaign", "core", "sample", "result"]
[[date]]
value = "{date}"
formats = ["%Y-%m-%d", "%d/%m/%Y"]
[depth]
label = "{depth}"
[plot]
code = "{plot}"
[point]
code = "1"
[campaign]
name = "2026"
[sample]
sample_code = "{bag}"
bulk_density_g_cm3 = "{bd}"
bulk_density_definition = "whole"
bulk_density_method = "core"
[[result]]
analyte = "soc"
value = "{soc}"
unit = "pct"
method = "dry_combustion"
"""
HEAD = "plot,bag,date,depth,bd,soc"
GOOD = "A,A-1,2026-05-03,0-23,1.2,1.5"


def layers(permille, file, mapping, *more, code=0):
    words = ["import", "layers", file, "--mapping", mapping, *more]
    return permille.json(*words, code=code)


@pytest.fixture
def small(permille, tmp_path):
    """Import a small table of one's own."""

    def run(*rows, write=True, code=0, mapping=SMALL, head=HEAD, data=None, edit=None):
        (tmp_path / "t.toml").write_text(edit(mapping) if edit else mapping)
        text = "\n".join([head, *rows]) + "\n"
        (tmp_path / "t.csv").write_bytes(text.encode() if data is None else data)
        more = ["--write"] if write else []
        return layers(
            permille, tmp_path / "t.csv", tmp_path / "t.toml", *more, code=code
        )

    run.permille = permille
    return run


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_gives_these_records_and_twice_gives_no_more(
    permille, name, tmp_path
):
    file, mapping, records, left_out, rejected = REAL[name]
    code = 1 if rejected else 0
    # Rows that are rejected come back beside the file.
    shutil.copy(CAMPAIGNS / file, tmp_path)
    args = (tmp_path / file, MAPPINGS / mapping)
    found = layers(permille, *args, "--write", code=code)
    assert found["records"] == records
    assert (found["left_out"], found["rejected"]) == (left_out, rejected)
    assert found["kept"] == records["sample"]
    status = permille.json("status")
    assert status["records"] == {**records, "project": 1}
    again = layers(permille, *args, "--write", code=code)
    assert (again["kept"], again["already_here"]) == (0, records["sample"])
    assert permille.json("status")["pending"] == status["pending"]


def test_a_dry_run_writes_nothing(permille):
    before = permille.json("status")
    file, mapping = HIGHFIELD
    found = layers(permille, CAMPAIGNS / file, MAPPINGS / mapping)
    assert found["new"] == 32
    assert permille.json("status") == before
    words = ["import", "layers", CAMPAIGNS / file, "--mapping", MAPPINGS / mapping]
    assert "--write" in permille(*words).out


def test_highfield_says_what_its_readme_says(permille):
    file, mapping = HIGHFIELD
    layers(permille, CAMPAIGNS / file, MAPPINGS / mapping, "--write")

    def sample(name):
        return permille.json("sample", "show", name)["fields"]

    def result(name):
        return permille.json("result", "show", name)["fields"]

    first = sample("HF-1959-1")
    assert (first["depth_top_cm"], first["depth_bottom_cm"]) == (0.0, 23.0)
    assert first["bulk_density_g_cm3"] == 0.944
    assert first["bulk_density_definition"] == "fine_in_total"
    assert first["bulk_density_method"] == "literature"
    assert first["mass_moisture"] == "air_dry"
    methods = {
        year: sample(f"HF-{year}-4")["bulk_density_method"]
        for year in (1963, 1971, 1978, 1987, 2000, 2014)
    }
    measured = [year for year, method in methods.items() if method == "excavation"]
    assert measured == [1978, 2000]
    assert set(methods.values()) == {"excavation", "carried_over"}
    assert result("HF-1959-1/soc")["value"] == 2.849
    assert result("HF-1987-4/soc")["method"] == "tinsley"
    assert result("HF-2000-4/soc")["method"] == "total_minus_inorganic"
    precision = {
        year: permille.json("core", "show", f"HF/1/{year}")["fields"]
        for year in (1959, 1963, 1971)
    }
    assert precision[1963]["sampled_at"] == "1963-07-19T12:00:00+00:00"
    assert [precision[y]["sampled_precision"] for y in (1959, 1963, 1971)] == [
        "month",
        "day",
        "month",
    ]
    purposes = [
        permille.json("campaign", "show", year)["fields"]["purpose"]
        for year in (1959, 2014)
    ]
    assert purposes == ["baseline", "resampling"]


def test_a_soil_weight_becomes_the_density_of_its_layer(permille):
    file, mapping = HIGHFIELD[0], "highfield_soil_weight.toml"
    layers(permille, CAMPAIGNS / file, MAPPINGS / mapping, "--write")
    with (CAMPAIGNS / file).open() as table:
        for row in csv.DictReader(table):
            name = f"HF-{row['sample_year']}-{row['sub-plot']}"
            found = permille.json("sample", "show", name)["fields"]
            # The file rounds its own density to three decimals.
            printed = float(row["bulk_density"])
            assert found["bulk_density_g_cm3"] == pytest.approx(printed, abs=1e-3)


def test_woburn_starts_with_the_first_values_of_single_plots(permille):
    file, mapping = REAL["woburn"][:2]
    layers(permille, CAMPAIGNS / file, MAPPINGS / mapping, "--write")
    names = [one["name"] for one in permille.json("campaign", "list")]
    assert names[0] == "1959"
    assert names[-1] == "2009"
    core = permille.json("core", "show", "WB1/16/1959")["fields"]
    assert core["sampled_at"] == "1959-07-01T12:00:00+00:00"
    assert core["sampled_precision"] == "year"
    assert permille.json("result", "show", "WB1-1959-16/soc")["fields"]["value"] == 1.29
    shown = permille.json("result", "show", "WB1-1984-1/soc")["fields"]
    assert shown["method"] == "total_minus_inorganic"


def test_a_real_row_without_a_date_is_rejected_with_its_line(permille):
    file, mapping = REAL["highfield_ley"][:2]
    found = layers(permille, CAMPAIGNS / file, MAPPINGS / mapping, code=1)
    (rejection,) = found["rejections"]
    assert rejection["column"] == "sampling_date"
    row = (CAMPAIGNS / file).read_text().splitlines()[rejection["line"] - 1]
    assert row.split(",")[7] == "*"


def test_silsoe_layers_come_from_centre_and_thickness(permille):
    file, mapping = REAL["silsoe"][:2]
    layers(permille, CAMPAIGNS / file, MAPPINGS / mapping, "--write")
    found = {
        code: permille.json("sample", "show", f"1CB4-0.5-{code}")["fields"]
        for code in ("5", "16", "83")
    }
    depths = {
        code: (one["depth_top_cm"], one["depth_bottom_cm"])
        for code, one in found.items()
    }
    assert depths == {"5": (0.0, 10.0), "16": (11.0, 21.0), "83": (60.5, 105.5)}


def test_good_rows_are_kept_and_bad_ones_come_back_in_a_file(small, tmp_path):
    found = small(
        GOOD.replace("A,A-1", "B,B-1"),
        "A,A-2,2026-05-03,10-May,1.2,1.4",
        "A,A-3,2026-05-03,23-40,dense,1.1",
        "A,A-4,2026-05-03,40-60,1.3,99",
        "=A,A-5,2026-05-03,60-80,9,1",
        "A,A-6,2026-05-03",
        code=1,
    )
    assert (found["kept"], found["rejected"]) == (1, 5)
    by_line = {one["line"]: one for one in found["rejections"]}
    assert "spreadsheet" in by_line[3]["reason"]
    assert (by_line[4]["column"], by_line[4]["value"]) == ("bd", "dense")
    assert by_line[5]["column"] == "soc"
    assert by_line[6]["column"] == "bd"
    assert "3 cells" in by_line[7]["reason"]
    assert found["rejected_file"] == str(tmp_path / "t.rejected.csv")
    with (tmp_path / "t.rejected.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [row["line"] for row in rows] == ["3", "4", "5", "6", "7"]
    assert rows[0]["depth"] == "10-May"
    assert all(row["reason"] and row["what_to_do"] for row in rows)
    assert rows[3]["plot"] == "'=A"


def test_corrected_rejected_rows_are_imported_with_the_same_mapping(small, tmp_path):
    small(GOOD, "A,A-2,2026-05-03,10-May,1.2,1.4", code=1)
    text = (tmp_path / "t.rejected.csv").read_text().replace("10-May", "23-40")
    assert small(data=text.encode())["kept"] == 2


@pytest.mark.parametrize(
    "rejected",
    [
        "A,A-0,2026-05-03,-5-0,0.3,20",
        "A,A-2,2026-05-03,23-40,1.2,rich",
        "A,A-2,2026-05-03,23-40,1.2,99",
        "A,A-2,2026-05-03",
    ],
)
def test_a_core_with_a_rejected_row_is_kept_whole_or_not_at_all(small, rejected):
    other = GOOD.replace("A,A-1", "B,B-1")
    found = small(GOOD, rejected, "A,A-3,2026-05-03,40-60,1.3,0.8", other, code=1)
    assert (found["kept"], found["rejected"]) == (1, 3)
    reasons = {one["line"]: one["reason"] for one in found["rejections"]}
    assert "line 3 of the same core is rejected" in reasons[2]
    assert "line 3 of the same core is rejected" in reasons[4]
    assert "of the same core" not in reasons[3]
    mended = "A,A-2,2026-05-03,23-40,1.2,1.1"
    again = small(GOOD, mended, "A,A-3,2026-05-03,40-60,1.3,0.8", other)
    assert (again["kept"], again["already_here"]) == (3, 1)


def test_what_a_row_that_is_held_back_would_have_added_is_added_by_another(small):
    held = "A,A-1,2026-05-03,0-23,1.2,1.5", "A,A-2,2026-05-03,23-40,1.2,rich"
    yearly = SMALL.replace('"2026"', '"{date}"')
    other = "A,A-3,2027-05-03,0-23,1.2,1.5"
    found = small(*held, other, code=1, mapping=yearly)
    assert (found["kept"], found["rejected"]) == (1, 2)
    plots = small.permille.json("plot", "list")
    assert [plot["fields"]["code"] for plot in plots] == ["A"]


def test_a_value_that_differs_is_told_and_not_changed(small):
    small(GOOD)
    found = small(GOOD.replace("1.5", "1.6"), code=1)
    assert (found["kept"], found["differing"]) == (0, 1)
    (difference,) = found["differences"]
    assert difference["name"] == "A-1/soc/1"
    assert (difference["here"], difference["in_file"]) == (
        {"value": 1.5},
        {"value": 1.6},
    )
    shown = small.permille.json("result", "show", "A-1/soc")["fields"]
    assert shown["value"] == 1.5


def test_a_second_file_adds_layers_to_a_core_that_is_here(small):
    small(GOOD)
    found = small(GOOD, "A,A-2,2026-05-03,23-40,1.3,0.9")
    assert found["records"] == {"sample": 1, "result": 1}


def ending(found):
    """Which records end where the stock does, as an import tells it."""
    return [
        (each["line"], each["value"])
        for each in found["warnings"]
        if each["code"] == "ends_at_depth"
    ]


def test_cores_whose_layers_end_where_the_stock_does_are_doubted(small):
    shallow = (GOOD.replace("0-23", "0-30"), "B,B-1,2026-05-03,0-15,1.2,1.5")
    deep = ("C,C-1,2026-05-03,0-30,1.2,1.5", "C,C-2,2026-05-03,30-50,1.2,0.8")
    assert ending(small(*shallow, *deep, write=False)) == [(2, 30.0), (3, 15.0)]
    small(*shallow, *deep)
    below = ("A,A-2,2026-05-03,30-50,1.2,1.0", "B,B-2,2026-05-03,15-30,1.2,1.0")
    small(*shallow, *below)
    told = {each["name"] for each in small.permille.json("warnings", code=1)}
    assert told == {"B/1/2026/1"}
    small.permille("core", "edit", "B/1/2026/1", "--stop-reason", "bedrock")
    assert small.permille.json("warnings") == []


def test_layers_may_end_where_a_stock_to_a_fixed_depth_does(small):
    profile = ["--stock-method-profile", "fixed_depth"]
    small.permille("project", "edit", "P1", *profile)
    assert ending(small(GOOD, write=False)) == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD.replace("A-1", "A-9"), "the same layer as line 2"),
        (GOOD.replace("0-23", "23-40"), "the same sample as line 2"),
        (
            GOOD.replace("A-1", "A-9").replace("0-23", "23-40").replace("-03", "-04"),
            "core sampled_at was 2026-05-03T12:00:00+00:00 in line 2",
        ),
    ],
)
def test_rows_of_one_file_that_contradict_each_other_are_reported(small, row, reason):
    found = small(GOOD, row, code=1)
    assert found["kept"] == 0
    said = [(one["line"], one["reason"]) for one in found["rejections"]]
    assert any(line == 3 and reason in text for line, text in said)
    assert any(line == 2 and "line 3 of the same core" in text for line, text in said)


def test_a_row_that_stands_twice_cell_for_cell_counts_once(small):
    found = small(GOOD, GOOD, GOOD)
    assert (found["kept"], found["rejected"]) == (1, 0)
    told = [(one["line"], one["code"]) for one in found["warnings"]]
    assert told[:2] == [(3, "repeated_row"), (4, "repeated_row")]


def test_only_what_the_mapping_allows_is_created(small):
    found = small(GOOD, code=1, edit=lambda text: text.replace('["plot", ', "["))
    assert found["kept"] == 0
    assert "not on the laptop" in found["rejections"][0]["reason"]
    small.permille("plot", "add", "--code", "A")
    assert small(GOOD, edit=lambda text: text.replace('["plot", ', "["))["kept"] == 1


def test_blanks_around_codes_and_a_byte_order_mark_do_no_harm(small):
    data = (
        b"\xef\xbb\xbf" + (HEAD + "\r\nA , A-1 ,2026-05-03, 0-23 ,1.2,1.5\r\n").encode()
    )
    assert small(data=data)["kept"] == 1
    assert small.permille.json("plot", "show", "A")


def test_latin_1_is_read_when_the_mapping_says_so(small):
    data = (HEAD + "\nPré,A-1,2026-05-03,0-23,1.2,1.5\n").encode("latin-1")
    found = small(data=data, code=4)["error"]
    assert "line 2" in found["text"]
    assert "latin-1" in found["hint"]
    assert (
        small(data=data, edit=lambda t: '[file]\nencoding="latin-1"\n' + t, code=4)
        is not None
    )
    moved = SMALL + '\n[file]\nencoding = "latin-1"\n'
    assert small(data=data, mapping=moved)["kept"] == 1
    assert small.permille.json("plot", "show", "Pré")


def test_commas_as_decimal_signs_and_other_units(small):
    mapping = (
        SMALL.replace('label = "{depth}"', 'top = "{top}"\nbottom = "{bottom}"')
        .replace("[depth]", '[depth]\nunit = "inch"\ndownward = "negative"')
        .replace('unit = "pct"', 'unit = "fraction"')
        + '\n[file]\ndelimiter = ";"\ndecimal = ","\n'
    )
    head = "plot;bag;date;top;bottom;bd;soc"
    row = "A;A-1;03/05/2026;0;-9;1,25;0,015"
    assert small(row, mapping=mapping, head=head)["kept"] == 1
    fields = small.permille.json("sample", "show", "A-1")["fields"]
    assert fields["depth_bottom_cm"] == 22.86
    assert fields["bulk_density_g_cm3"] == 1.25
    result = small.permille.json("result", "show", "A-1/soc")["fields"]
    assert (result["value"], result["unit"]) == (0.015, "g_g")


def test_a_density_in_kg_m3_is_kept_in_g_cm3(small):
    def in_kg_m3(mapping):
        return mapping.replace("density_g_cm3", "density_kg_m3")

    assert small(GOOD.replace("1.2", "1234"), edit=in_kg_m3)["kept"] == 1
    fields = small.permille.json("sample", "show", "A-1")["fields"]
    assert fields["bulk_density_g_cm3"] == 1.234
    found = small("B,B-1,2026-05-03,0-23,1.2,1.5", edit=in_kg_m3, code=1)
    assert "g_cm3" in found["rejections"][0]["hint"]


def test_a_density_in_the_wrong_unit_is_refused_with_the_right_one(small):
    (rejection,) = small(GOOD.replace("1.2", "1300"), code=1)["rejections"]
    assert (rejection["column"], rejection["value"]) == ("bd", "1300")
    assert "kg/m3" in rejection["hint"]
    both = SMALL.replace('"{bd}"', '"{bd}"\nbulk_density_kg_m3 = "{bd}"')
    found = small(GOOD, mapping=both, code=4)
    assert "bulk_density_g_cm3 twice" in found["error"]["text"]


def test_numbers_of_a_condition_are_those_of_the_file(small):
    where = '\n[file]\ndelimiter = ";"\ndecimal = ","\n[[where]]\ncolumn = "bd"\n'
    rows = ("A;A-1;2026-05-03;0-23;1,2;1,5", "B;B-1;2026-05-03;0-23;1,4;1,5")
    for condition in ('equals = "1.2"', "most = 1.3", "in = [1.2]"):
        mapping = f"{SMALL}{where}{condition}"
        found = small(*rows, mapping=mapping, head=HEAD.replace(",", ";"), write=False)
        assert (found["new"], found["left_out"]) == (1, 1)


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (GOOD.replace("0-23", "501-510"), "depth", "outside 0 to 500 cm"),
        (GOOD.replace("2026-05-03", "1026-05-03"), "date", "the year is outside"),
        (GOOD.replace("1.5", "<0"), "soc", "a detection limit above zero"),
        (GOOD.replace("1.2", "01. Feb"), "bd", "a spreadsheet turned this"),
        (f"{GOOD},", "", "the row has 7 cells"),
    ],
)
def test_a_cell_is_refused_as_in_any_table_of_layers(small, row, column, reason):
    (rejection,) = small(row, code=1)["rejections"]
    assert (rejection["line"], rejection["column"]) == (2, column)
    assert reason in rejection["reason"]


def test_a_time_of_day_behind_a_day_does_no_harm(small):
    assert small(GOOD.replace("2026-05-03", "2026-05-03 00:00:00"))["kept"] == 1


def test_a_value_below_the_detection_limit_is_kept_as_such(small):
    small("A,A-1,2026-05-03,0-23,*,<0.05")
    result = small.permille.json("result", "show", "A-1/soc")["fields"]
    assert (result["censored"], result["detection_limit"]) == ("<", 0.05)
    sample = small.permille.json("sample", "show", "A-1")["fields"]
    assert "bulk_density_definition" not in sample


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (HEAD.encode(), "no rows"),
        (b"PK\x03\x04 a workbook", "workbook"),
        (b"\x89PNG\0\0\0", "binary"),
        ("\ufeff" + HEAD + "\n" + GOOD, "UTF-16"),
        (b"plot;bag;date;depth;bd;soc\nA;1;2;3;4;5\n", "no column"),
        (HEAD.replace("bag", "plot").encode() + b"\n" + GOOD.encode(), "twice"),
        (HEAD.encode() + b'\n"A,A-1,2026-05-03,0-23,1.2,1.5\n', "breaks off"),
        (HEAD.encode() + b"\n" + b"x" * 200_000 + b"\n", "breaks off"),
    ],
)
def test_a_file_that_is_no_table_is_refused_as_a_whole(small, data, words):
    raw = data.encode("utf-16") if isinstance(data, str) else data
    found = small(data=raw, code=4)
    assert words in found["error"]["text"]
    assert found["error"]["hint"]
    assert small.permille.json("plot", "list") == []


def test_a_file_beyond_the_limit_is_not_even_read(small, monkeypatch):
    monkeypatch.setattr(limits, "IMPORT_FILE_BYTES", 10)
    assert small(GOOD, code=4)["error"]["code"] == "too_large"


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("not toml", "not TOML"),
        ("", "[[date]] is needed"),
        (SMALL.replace("[plot]", "[plott]"), "unknown: plott"),
        (SMALL.replace('code = "{plot}"', 'kode = "x"'), "[plot] has no kode"),
        (SMALL + 'top = "{x}"', "[[result]]"),
        (SMALL.replace('label = "{depth}"', 'unit = "ell"'), "cm, mm, m, inch"),
        (SMALL.replace('"%d/%m/%Y"', '"%Y"'), "month_day"),
        (SMALL.replace('"1"', "{ by_year = 3 }"), "is no value"),
        (SMALL.replace('["plot",', '["plots",'), "create lists"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(small, broken, words):
    if broken == SMALL + 'top = "{x}"':
        words = "has no top"
    found = small(GOOD, mapping=broken, code=4)
    assert words in found["error"]["text"]


def test_batches_are_told_only_after_they_are_on_disk(small, monkeypatch):
    monkeypatch.setattr(limits, "IMPORT_BATCH_LAYERS", 2)
    rows = [f"{plot},{plot}-1,2026-05-03,0-10,1.2,1.5" for plot in "ABCDE"]
    kept = []
    real = LaptopStore.save

    def save(self, drafts, *args):
        kept.append(len(drafts))
        return real(self, drafts, *args)

    monkeypatch.setattr(LaptopStore, "save", save)
    assert small(*rows)["kept"] == 5
    assert len(kept) == 3


def test_a_new_core_and_its_samples_are_one_group(small, monkeypatch):
    monkeypatch.setattr(limits, "IMPORT_BATCH_LAYERS", 2)
    rows = [
        f"{plot},{plot}-{top},2026-05-03,{top}-{top + 10},1.2,1.5"
        for top in (0, 10, 20)
        for plot in "AB"
    ]
    small(*rows)
    lines = lines_of_log(small)
    groups = [line.get("g") for line in lines if line["t"] in {"core", "sample"}]
    assert len(set(groups)) == 2
    assert None not in groups
    assert groups == sorted(groups, key=groups.index), "each group is in one piece"
    assert groups.count(groups[0]) == 4
    assert not any("g" in ln for ln in lines if ln["t"] not in {"core", "sample"})
    small(*rows, "A,A-30,2026-05-03,30-40,1.2,1.5")
    new = lines_of_log(small)[len(lines) :]
    assert [line["t"] for line in new] == ["sample", "result"]
    assert not any("g" in line for line in new), "one sample needs no group"


def test_more_rows_ask_the_database_no_more_questions(small, monkeypatch):
    asked, real = [], LaptopStore._read

    def read(self, sql, *values):
        asked.append(sql)
        return real(self, sql, *values)

    monkeypatch.setattr(LaptopStore, "_read", read)
    counts = []
    for many in (2, 40):
        rows = [f"A{n},A{n}-1,2026-05-03,0-10,1.2,1.5" for n in range(many)]
        asked.clear()
        assert small(*rows, write=False)["new"] == many
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_what_rows_repeat_is_judged_once(small, monkeypatch):
    judged, real = [], naming.load_record

    def load(record_type, record):
        judged.append(record_type)
        return real(record_type, record)

    monkeypatch.setattr(naming, "load_record", load)
    small(*(f"A,A-{top},2026-05-03,{top}-{top + 1},1.2,1.5" for top in range(30)))
    counts = Counter(judged)
    assert (counts["sample"], counts["result"]) == (30, 30)
    assert {counts[kind] for kind in ("plot", "point", "campaign", "core")} == {1}


def lines_of_log(small):
    """Return the changes that were kept."""
    store = small.permille.open_store()
    try:
        return [json.loads(raw) for raw in store.tail(0, 1000)]
    finally:
        store.close()


def test_the_help_shows_how_a_mapping_is_written(bare):
    shown = bare("import", "layers", "--help").out
    for word in ("by_year", "month_day", "soil_weight", "--write", "Example"):
        assert word in shown


def test_every_mapping_fixture_names_its_source():
    for path in MAPPINGS.glob("*.toml"):
        assert "doi" in path.read_text(), path
    readme = (CAMPAIGNS / "README.md").read_text()
    for path in CAMPAIGNS.glob("*.csv"):
        assert path.name in readme
    assert json.dumps(readme)
