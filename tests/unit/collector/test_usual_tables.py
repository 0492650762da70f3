"""Tables as people have them: what is asked about, passed over, and what comes back."""

import csv
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

pytestmark = pytest.mark.slow

MAPPING = """
create = ["plot", "point", "campaign", "core", "sample", "result"]
[file]
delimiter = ";"
decimal = ","
[[date]]
value = "{date}"
formats = ["%d.%m.%Y", "%Y-%m-%d"]
[depth]
top = "{top}"
bottom = "{bottom}"
[plot]
code = "{plot}"
[point]
code = "{point}"
[campaign]
name = "{campaign}"
[sample]
sample_code = "{bag}"
fine_dry_mass_g = "{mass}"
[[result]]
analyte = "soc"
value = "{soc}"
unit = "g_kg"
method = "dry_combustion"
"""
HEAD = "plot;point;campaign;date;top;bottom;bag;mass;soc"
GOOD = "P1;1;2026;04.05.2026;0;10;A-1;260,5;15,2"


@pytest.fixture
def table(permille, tmp_path):
    """Import a small table; what it says is its JSON document."""

    def run(*lines, mapping=MAPPING, code=0, more=(), encoding="utf-8", name="t.csv"):
        (tmp_path / "t.toml").write_text(mapping, "utf-8")
        (tmp_path / name).write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
        words = ["import", "layers", tmp_path / name, "--mapping", tmp_path / "t.toml"]
        return permille.json(*words, "--write", *more, code=code)

    run.permille, run.folder = permille, tmp_path
    return run


def reasons(found):
    return {one["value"]: one["reason"] + one["hint"] for one in found["rejections"]}


def warned(found):
    return {(each["line"], each["code"]) for each in found["warnings"]}


@pytest.mark.parametrize(
    ("cell", "asked"),
    [
        ("1.152", "is it 1,152 or 1152"),
        ("15.2", "is it 15,2?"),
        ("0.5", "is it 0,5?"),
    ],
)
@pytest.mark.parametrize("column", ["mass", "soc", "top"])
def test_a_point_among_decimal_commas_is_asked_about(table, cell, asked, column):
    cells = dict(zip(HEAD.split(";"), GOOD.split(";"), strict=True)) | {column: cell}
    found = table(HEAD, ";".join(cells.values()), code=1)
    assert found["kept"] == 0
    assert asked in reasons(found)[cell]


def test_a_comma_in_a_depth_label_is_read_by_the_decimal_sign_of_the_file(table):
    label = MAPPING.replace('top = "{top}"\nbottom = "{bottom}"', 'label = "{top}"')
    found = table(HEAD, GOOD.replace(";0;10;", ";0-7,5;;"), mapping=label)
    assert found["kept"] == 1
    found = table(
        HEAD, GOOD.replace(";0;10;A-1", ";7.5-15;;A-2"), mapping=label, code=1
    )
    assert "is it 7,5" in reasons(found)["7.5-15"]


@pytest.mark.parametrize(
    "code",
    [
        "1.00E+05",
        "1,00E+05",
        "2E-03",
        "#NAME?",
        "#REF!",
        "#####",
        "10-May",
        "Mrz-26",
        "10.05.2026",
        "2026-05-10 00:00:00",
    ],
)
@pytest.mark.parametrize("column", ["plot", "point", "bag"])
def test_a_code_that_a_spreadsheet_changed_is_refused(table, code, column):
    cells = dict(zip(HEAD.split(";"), GOOD.split(";"), strict=True)) | {column: code}
    found = table(HEAD, ";".join(cells.values()), code=1)
    assert found["kept"] == 0
    assert "format the column as text" in reasons(found)[code]


@pytest.mark.parametrize(
    "code", ["1E5", "MAY-10", "Marsh-10", "E+1", "#7", "A10-May-1"]
)
def test_a_code_that_only_looks_so_is_taken(table, code):
    assert table(HEAD, GOOD.replace("A-1", code))["kept"] == 1


@pytest.mark.parametrize(
    ("declared", "written", "said"),
    [
        ("latin-1", "utf-8", "utf-8"),
        ("cp1252", "utf-8", "utf-8"),
        ("latin-1", "cp1252", "cp1252"),
    ],
)
def test_another_encoding_than_was_declared_is_noticed(table, declared, written, said):
    text = GOOD.replace("P1", "Pr\N{LATIN SMALL LETTER E WITH ACUTE}\N{EN DASH}1")
    mapping = MAPPING.replace("[file]", f'[file]\nencoding = "{declared}"')
    error = table(HEAD, text, mapping=mapping, encoding=written, code=4)["error"]
    assert f"the file is {said}, and the mapping says {declared}" in error["text"]
    right = MAPPING.replace("[file]", f'[file]\nencoding = "{written}"')
    assert table(HEAD, text, mapping=right, encoding=written)["kept"] == 1


LETTERHEAD = ("Soil laboratory;;;;;;;;", "Report 26/118;;;;;;;;", ";;;;;;;;")
UNITS = ";;;;cm;cm;;g;g/kg"


@pytest.mark.parametrize(
    "lines",
    [
        (*LETTERHEAD, HEAD, UNITS, GOOD, "", ";;;;;;;;"),
        ("sep=;", HEAD, GOOD),
        (*LETTERHEAD, HEAD, GOOD),
        (HEAD, ";;;;[cm];[cm];;[g];[g kg-1]", GOOD),
    ],
)
def test_what_stands_above_the_rows_is_passed_over(table, lines):
    assert table(*lines)["kept"] == 1


def test_the_line_of_the_header_may_be_named(table):
    named = MAPPING.replace("[file]", "[file]\nheader = 3")
    assert table("a report", HEAD + "x", HEAD, GOOD, mapping=named)["kept"] == 1
    error = table(HEAD, GOOD, mapping=named, code=4)["error"]
    assert "header" in error["text"]


def test_a_row_of_other_units_stops_the_import(table):
    error = table(HEAD, UNITS.replace("g/kg", "%"), GOOD, code=4)["error"]
    assert "pct for soc, and g_kg was expected" in error["text"]
    error = table(HEAD, UNITS.replace(";cm;cm", ";mm;mm"), GOOD, code=4)["error"]
    assert "mm for top, and cm" in error["text"]


def test_a_first_line_that_names_another_delimiter_is_told(table):
    error = table("sep=,", HEAD, GOOD, code=4)["error"]
    assert 'delimiter = ","' in error["hint"]


def test_rows_of_quality_control_are_skipped(table):
    skip = '\n[[skip]]\ncolumn = "bag"\nin = ["BLANK"]\n[[skip]]\ncolumn = "bag"\nbegins = "CRM"\n'
    control = (";;;;;;BLANK;;0,1", ";;;;;;CRM-A;;23,1")
    found = table(HEAD, GOOD, *control, mapping=MAPPING + skip)
    assert (found["kept"], found["left_out"]) == (1, 2)


def test_what_a_table_calls_otherwise_is_mapped(table):
    mapped = MAPPING.replace(
        'unit = "g_kg"',
        'unit = { value = "{unit}", map = { "g/kg" = "g_kg", "%" = "pct" } }',
    )
    head, rows = (
        f"{HEAD};unit",
        (f"{GOOD};G/KG", GOOD.replace(";0;10;A-1", ";10;20;A-2") + ";%"),
    )
    assert table(head, *rows, mapping=mapped)["kept"] == 2
    assert table.permille.json("result", "show", "A-1/soc")["fields"]["unit"] == "g_kg"
    assert table.permille.json("result", "show", "A-2/soc")["fields"]["unit"] == "pct"
    odd = GOOD.replace(";0;10;A-1", ";20;30;A-3") + ";mol"
    found = table(head, odd, mapping=mapped, code=1)
    assert "not in the map; it has: g/kg, %" in reasons(found)["mol"]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("pending", "no_value_yet"),
        ("n.d.", "no_value_yet"),
        ("ausstehend", "no_value_yet"),
        ("<LOD", "below_unknown_limit"),
        ("< loq", "below_unknown_limit"),
        ("bdl", "below_unknown_limit"),
        (">150", "above_limit"),
    ],
)
def test_a_value_that_is_not_there_does_not_cost_the_rest_of_the_row(table, cell, code):
    found = table(HEAD, GOOD.replace("15,2", cell))
    assert found["records"] == dict.fromkeys(
        ["plot", "point", "campaign", "core", "sample"], 1
    )
    assert (2, code) in warned(found)
    other = GOOD.replace(";0;10;A-1;260,5", f";10;20;A-2;{cell}")
    if code == "no_value_yet":
        found = table(HEAD, other)
        assert found["records"] == {"sample": 1, "result": 1}
        assert (2, code) in warned(found)


def test_a_limit_of_the_mapping_makes_a_value_below_it_one(table):
    limit = MAPPING + "detection_limit = 0.5\n"
    assert table(HEAD, GOOD.replace("15,2", "<LOD"), mapping=limit)["kept"] == 1
    fields = table.permille.json("result", "show", "A-1/soc")["fields"]
    assert (fields["censored"], fields["detection_limit"]) == ("<", 0.5)


def test_a_label_that_a_bag_of_another_core_has_costs_the_whole_row(table):
    table(HEAD, GOOD)
    before = table.permille.json("status")["records"]
    again = GOOD.replace("2026;04.05.2026", "2030;04.05.2030")
    found = table(HEAD, again, code=1)
    assert "a bag of core P1/1/2026/1 has this label" in reasons(found)["A-1"]
    assert table.permille.json("status")["records"] == before


def test_a_campaign_that_is_not_the_first_is_no_baseline(table):
    table(HEAD, GOOD)
    later = GOOD.replace("2026;04.05.2026", "2030;04.05.2030").replace("A-1", "B-1")
    earlier = GOOD.replace("2026;04.05.2026", "2020;04.05.2020").replace("A-1", "C-1")
    table(HEAD, later)
    table(HEAD, earlier)
    purposes = {
        name: table.permille.json("campaign", "show", name)["fields"]["purpose"]
        for name in ("2020", "2026", "2030")
    }
    assert purposes == {"2020": "baseline", "2026": "baseline", "2030": "resampling"}


BAD = GOOD.replace("A-1", "#NAME?")


def test_rows_come_back_as_their_table_was_written(table):
    found = table(
        "sep=;",
        *LETTERHEAD[:2],
        HEAD,
        UNITS,
        BAD.replace("P1", "Pré"),
        code=1,
        mapping=MAPPING.replace("[file]", '[file]\nencoding = "cp1252"'),
        encoding="cp1252",
    )
    back = table.folder / "t.rejected.csv"
    assert found["rejected_file"] == str(back)
    lines = back.read_bytes().decode("cp1252").split("\r\n")
    assert lines[:3] == ["sep=;", *LETTERHEAD[:2]]
    assert lines[3] == f"{HEAD};line;reason;what_to_do"
    assert lines[4] == UNITS
    assert lines[5].startswith("Pré;1;2026;04.05.2026;0;10;#NAME?;260,5;15,2;6;")
    # Corrected, it is imported by the same mapping; rejected again it has its columns once.
    back.write_bytes(back.read_bytes().replace(b"#NAME?", b"#REF!", 1))
    table.permille.json(
        "import",
        "layers",
        back,
        "--mapping",
        table.folder / "t.toml",
        "--write",
        code=1,
    )
    again = (table.folder / "t.rejected.rejected.csv").read_bytes().decode("cp1252")
    assert again.split("\r\n")[3] == f"{HEAD};line;reason;what_to_do"
    back.write_bytes(back.read_bytes().replace(b"#REF!", b"A-7", 1))
    found = table.permille.json(
        "import", "layers", back, "--mapping", table.folder / "t.toml", "--write"
    )
    assert found["kept"] == 1


def test_a_file_that_came_back_and_was_edited_is_never_written_over(table):
    table(HEAD, BAD, code=1)
    back = table.folder / "t.rejected.csv"
    assert table(HEAD, BAD, code=1)["rejected_file"] == str(back)
    back.write_text("months of work")
    found = table(HEAD, BAD, code=1)
    assert found["rejected_file"] == str(table.folder / "t.rejected-2.csv")
    assert back.read_text() == "months of work"
    given = ["--rejected", back]
    assert table(HEAD, BAD, code=1, more=given)["rejected_file"].endswith("-2.csv")
    assert back.read_text() == "months of work"


OTHER = GOOD.replace("15,2", "16,8")


def test_a_row_that_differs_comes_back_with_the_bag_and_both_values(table):
    table(HEAD, GOOD)
    found = table(HEAD, OTHER, code=1)
    with Path(found["rejected_file"]).open(newline="") as file:
        (row,) = csv.DictReader(file, delimiter=";")
    assert row["soc"] == "16,8"
    assert "A-1/soc/1: value is 15.2 here and 16.8 in the file" in row["reason"]
    assert "--differing replace" in row["what_to_do"]


def test_values_that_differ_replace_those_here_when_asked_to(table):
    table(HEAD, GOOD)
    found = table(HEAD, OTHER, more=["--differing", "replace"])
    assert (found["taken"], found["rejected_file"]) == (1, None)
    assert table.permille.json("result", "show", "A-1/soc")["fields"]["value"] == 16.8


def test_values_that_differ_become_replicates_when_asked_to(table):
    table(HEAD, GOOD)
    for line, n in ((OTHER, 2), (GOOD.replace("15,2", "16,1"), 3)):
        assert table(HEAD, line, more=["--differing", "replicate"])["taken"] == 1
        shown = table.permille.json("result", "show", f"A-1/soc/{n}")["fields"]
        assert shown["value"] in {16.8, 16.1}
    assert table.permille.json("result", "show", "A-1/soc/1")["fields"]["value"] == 15.2
    # A mass is not read twice.
    heavier = GOOD.replace("260,5", "300")
    found = table(HEAD, heavier, more=["--differing", "replicate"], code=1)
    assert found["taken"] == 0


def test_rows_are_chosen_by_numbers_of_either_sign(table):
    head = HEAD + ";block"
    chosen = MAPPING + '\n[[where]]\ncolumn = "block"\nequals = "1"\n'
    rows = (GOOD + ";1.000", GOOD.replace(";0;10;A-1", ";10;20;A-2") + ";1,0")
    assert table(head, *rows, mapping=chosen)["kept"] == 2


def test_a_header_below_a_letterhead_that_lacks_a_column_is_told_by_that_column(table):
    lines = (*LETTERHEAD, HEAD.replace("mass", "weight"), GOOD)
    error = table(*lines, code=4)["error"]
    assert "no column mass" in error["text"]
    assert "line 4" in error["text"]


def test_a_workbook_is_read_from_the_sheet_that_has_the_columns(table):
    book = Workbook()
    book.active.append(["Report of 2026"])
    sheet = book.create_sheet("Layers")
    for row in (["a letterhead"], [], HEAD.split(";"), UNITS.split(";")):
        sheet.append(row)
    day = datetime(2026, 5, 4)  # noqa: DTZ001 - as spreadsheets have days
    sheet.append(["P1", 1, 2026, day, 0, 10, "A-1", 260.5, 15.25])
    sheet.append(["P1", 1, 2026, day, 10, 20, "#NAME?", 250, 14])
    sheet.append(["P2", 1, 2026, day, 0, 10, "B-1", 250, 14])
    path = table.folder / "t.xlsx"
    book.save(path)
    (table.folder / "t.toml").write_text(MAPPING, "utf-8")
    words = ["import", "layers", path, "--mapping", table.folder / "t.toml", "--write"]
    found = table.permille.json(*words, code=1)
    assert (found["kept"], found["rejected"]) == (1, 2)
    shown = table.permille.json("result", "show", "B-1/soc")["fields"]
    assert shown["value"] == 14
    back = Path(found["rejected_file"])
    assert back.name == "t.rejected.csv"
    with back.open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))
    assert lines[-1][:7] == ["P1", "1", "2026", "2026-05-04", "10", "20", "#NAME?"]
    assert lines[-1][9] == "6"


def test_a_row_of_units_may_say_of_a_column_that_it_has_none(table):
    units = ";;;;cm;cm;Y/N;g;g/kg"
    assert table(HEAD, units, GOOD)["kept"] == 1


def test_a_thickness_that_is_not_that_of_the_depths_keeps_its_core_out(table):
    mapping = MAPPING.replace(
        'bottom = "{bottom}"', 'bottom = "{bottom}"\nthickness = "{thick}"'
    )
    rows = [f"{GOOD};10", "P1;1;2026;04.05.2026;10;30;A-2;260;14;15"]
    found = table(f"{HEAD};thick", *rows, mapping=mapping, code=1)
    assert (found["kept"], found["rejected"]) == (0, 2)
    assert "which is 20" in reasons(found)["15"]
