"""Layouts in which laboratories send their tables: each comes through with one guessed mapping."""

import io
from datetime import date, datetime

import pytest
from openpyxl import Workbook, load_workbook

from schemas.lab.check import Beside, check, read_keys
from schemas.lab.layout import LabHabits
from schemas.lab.naming import named
from schemas.lab.outcome import counts, document, open_rows, returned, sentences
from schemas.lab.readings import Standing
from schemas.tables.differing import Differing
from schemas.tables.refusal import TableError
from tests.lab_tables import SAYS, bags, judged, outcomes, values, workbook

USUAL = [("A1", 15.2, "g_kg", 1), ("A2", 11.4, "g_kg", 1)]
#: What laboratories of other countries call label and organic carbon.
WORDS = [
    ("Client Sample ID", "Organic Carbon (LECO) g/kg"),
    ("Sample Description", "OC (g C kg-1)"),
    ("Proben-ID", "Organischer Kohlenstoff (TOC) [g/kg TS]"),
    ("Probenbez.", "Org. C in g/kg"),
    ("R\u00e9f\u00e9rence \u00e9chantillon", "Carbone organique (g/kg)"),
    ("Identifiant", "C org. (g.kg-1)"),
    ("Identificaci\u00f3n de la muestra", "Carbono org\u00e1nico oxidable (g/kg)"),
    ("C\u00f3digo", "COS [g kg\u207b\u00b9]"),
    ("Amostra", "Carbono org\u00e2nico (g/kg)"),
    ("Monster", "Organische koolstof (\u2030)"),
    ("Campione", "Carbonio organico (g/kg)"),
    ("Ref. muestra", "C.O. (g/kg)"),
    ("N. campione", "C organico (g/kg d.s.)"),
    ("Sample\u00b9", "SOC\u00b2 (g/kg)"),
    # Told by its cells: most of them are labels of bags.
    ("Feldbez", "Corg g/kg"),
]


@pytest.mark.parametrize(("label", "carbon"), WORDS)
def test_labels_and_carbon_are_known_in_the_languages_of_laboratories(label, carbon):
    assert (
        values(judged(f"{label};{carbon}\nA1;15,2\nA2;11,4\n", bags("A1", "A2")))
        == USUAL
    )


PLAIN = "Labor-Nr;Probe;Corg g/kg\n1;A1;15,2\n2;A2;11,4\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "sep=;\n" + PLAIN,
        "".join(f"Zeile {n}\n" for n in range(20)) + PLAIN,
        "Bodenlabor Nord GmbH, Hannover, Tel. 0511\nBericht 26, vom 4.5.2026, Seite 1\n\n"
        + PLAIN,
        PLAIN.replace("1;A1", "\n1;A1")
        + ";;\n\nHannover, 4.5.2026;;\ngez. Dr. Meier\n",
        PLAIN.replace(";", "\t"),
        PLAIN.replace("15,2", "15.2").replace("11,4", "11.4"),
        PLAIN.replace(",", ".").replace(";", ","),
        # Decimal commas between commas, in quotation marks.
        'No,Sample,SOC g/kg\n1,A1,"15,2"\n2,A2,"11,4"\n',
        # The header once more, as on each page.
        PLAIN.replace("2;A2", "Labor-Nr;Probe;Corg g/kg\n2;A2"),
        "Labor-Nr;Probe;Corg\n;;g/kg\n1;A1;15,2\nLabor-Nr;Probe;Corg\n;;g/kg\n2;A2;11,4\n",
        # The unit in the cells, or in a column.
        "Probe;Corg\nA1;15,2 g/kg\nA2;11,4 g/kg\n",
        "Probe;Corg;Einheit\nA1;15,2;g/kg\nA2;11,4;g/kg\n",
        "Probe;Parameter;Ergebnis;Einheit\nA1;TOC;15,2;g/kg\nA2;Corg;11,4;g/kg TS\n",
        # Names, units and methods each in a row.
        "Sample;Carbon;Carbon\nID;organic;total\n;g/kg;g/kg\nA1;15,2;\nA2;11,4;\n",
        "Sample;SOC\nMethod;DIN ISO 10694\nUnit;g/kg\nA1;15,2\nA2;11,4\n",
        # Two columns of labels: those of the laboratory are not ours.
        "Sample;Client ID;SOC g/kg\n26-1;A1;15,2\n26-2;A2;11,4\n",
        # Means and spreads of the table are no values.
        PLAIN.replace("Corg g/kg", "Corg g/kg;SD").replace(",2\n", ",2;1\n")
        + "Mittelwert;;13,3\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_what_stands_around_a_table_is_passed_over(text, encoding):
    found = judged(text.encode(encoding), bags("A1", "A2"))
    assert values(found) == USUAL
    assert not [line for line in found.every_line if line.standing is Standing.REFUSED]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "Sample;SOC1 (%);SOC2 (%);Mean\nA1;1,5;1,6;1,55\n",
            [(1.5, 1, None), (1.6, 2, None)],
        ),
        ("Sample;SOC;;\n;1;2;\n;%;%;\nA1;1,5;1,5;\n", [(1.5, 1, None), (1.5, 2, None)]),
        ("Sample;% SOC;% SOC (dup)\nA1;1,5;1,6\n", [(1.5, 1, None), (1.6, 2, None)]),
        (
            "Sample;SOC dry combustion (%);SOC Walkley-Black (%)\nA1;1,5;1,4\n",
            [(1.5, 1, "dry_combustion"), (1.4, 2, "walkley_black")],
        ),
        (
            "Sample;SOC;SOC\n;Dumas;W&B\n;%;%\nA1;1,5;1,4\n",
            [(1.5, 1, "dry_combustion"), (1.4, 2, "walkley_black")],
        ),
        # One value in two units is one value.
        ("Sample;SOC %;SOC g/kg\nA1;1,52;15,2\n", [(1.52, 1, None)]),
    ],
)
def test_several_columns_of_an_analyte_are_replicates_methods_or_units(text, kept):
    found = judged(text, bags("A1")).wanted(Differing.KEEP)
    told = [
        (one.fields["value"], one.fields["replicate"], said and one.fields["method"])
        for (_, one), (_, _, said) in zip(found, kept, strict=True)
    ]
    assert told == kept


def test_values_by_two_methods_are_no_second_readings():
    text = "Sample;SOC Dumas (%);SOC W&B (%)\nA1;1,5;0,9\n"
    assert judged(text, bags("A1")).beside(Differing.KEEP) == []


def test_a_name_above_several_columns_is_that_of_each():
    text = (
        "Plot;SOC (g/kg);;TN (g/kg);\n;0-10;10-20;0-10;10-20\nP1/1;15,2;11,1;1,5;1,1\n"
    )
    habits = LabHabits(methods={"soc": "dry_combustion", "total_nitrogen": "kjeldahl"})
    found = judged(text, bags("A1", "A2"), habits)
    assert [one[:2] for one in outcomes(found)] == [
        ("A1", "soc"),
        ("A2", "soc"),
        ("A1", "total_nitrogen"),
        ("A2", "total_nitrogen"),
    ]


def test_columns_that_only_a_row_above_tells_apart_are_asked_about():
    text = "Sample;2019;2024\n;SOC %;SOC %\nA1;1,5;1,6\n"
    with pytest.raises(TableError) as caught:
        judged(text, bags("A1"))
    assert "2024 SOC %=soc" in caught.value.refusal.hint
    said = LabHabits(columns={"2024 SOC %": "soc"}, methods=SAYS.methods)
    assert values(judged(text, bags("A1"), said)) == [("A1", 1.6, "pct", 1)]


STACKED = (
    "Sample;SOC %\nA1;1,5\n\nDensities\nSample;Rings;BD g/cm3\nA1;3;1,3\nZ9;3;1,3\n"
)
BESIDE = "Sample;SOC %;;Sample;BD g/cm3\nA1;1,5;;A2;1,3\n;;;Z9;1,3\n"


@pytest.mark.parametrize(("text", "bag"), [(STACKED, "A1"), (BESIDE, "A2")])
def test_several_tables_of_a_sheet_are_read_each_by_its_own_header(text, bag):
    habits = LabHabits(methods=SAYS.methods, density_definition="whole")
    found = judged(text, bags("A1", "A2"), habits)
    assert outcomes(found) == [
        ("A1", "soc", "new"),
        (bag, "bulk_density_g_cm3", "new"),
        ("Z9", "bulk_density_g_cm3", "unknown bag"),
    ]
    back = [
        returned(
            layout,
            [x for x in found.every_line if x.reading.sheet == layout.sheet.name],
            [],
        )
        for layout in found.layouts["lab.csv"]
    ]
    assert back[0] == ""
    assert "Z9" in back[1]


def test_rows_come_back_below_the_whole_header_and_are_read_as_before():
    text = "Probe;Corg\n;g/kg\nA1;15,2\nB1;11,4\n"
    found = judged(text, bags("A1"))
    (layout,) = found.layouts["lab.csv"]
    back = returned(layout, found.every_line, [])
    assert values(judged(back, bags("B1"))) == [("B1", 11.4, "g_kg", 1)]


@pytest.mark.parametrize(
    ("row", "standing", "said"),
    [
        ("A1,1,52", "refused", "more cells than the header"),
        ("A1,1.52,,", "refused", "more cells than the header"),
        ('A1,"1,152"', "refused", "12.5 or 1300"),
        ("A1,1.52 g/kg", "unit?", "its column pct"),
        ("A1,152", "out of range", "check value and unit"),
        ("A1,<0", "out of range", "above zero"),
        ("A1,2026-05-01", "refused", "turned this into a date"),
        ("A1,1.52 \u00b1 0.1", "refused", "number"),
        ("2026-05-10,1.52", "unknown bag", "made a date of it"),
        (",1.52", "unknown bag", "write its label into the row"),
    ],
)
def test_what_may_be_read_otherwise_is_asked_about_and_not_taken(row, standing, said):
    found = judged(f"Sample,SOC %\n{row}\n", bags("A1"))
    (line,) = found.every_line
    assert (str(line.standing), values(found)) == (standing, [])
    assert said in line.why


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('Sample;SOC %;Remark\nA1;1,5;"see\nA2;1,4;\n', "breaks off"),
        ("<html><table></table></html>", "web page"),
        ("%PDF-1.4\nx", "PDF"),
        ("Kohle;Stoff\nA1;1\n", "Kohle, Stoff"),
        ("Plot;Point;Depth;SOC %\nP1;1;0-10;1,5\n", "permille import layers"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_is_there(text, said):
    with pytest.raises(TableError) as caught:
        judged(text, bags("Z"))
    refusal = caught.value.refusal
    assert said in f"{refusal.reason} {refusal.hint}"


def test_signs_and_units_in_columns_of_their_own_are_those_of_their_value():
    text = "Sample;<;SOC;Unit;TN;Unit\nA1;<;0,1;%;1,5;g/kg\nA2;;1,5;%;1,6;g/kg\n"
    habits = LabHabits(methods={"soc": "dry_combustion", "total_nitrogen": "kjeldahl"})
    kept = judged(text, bags("A1", "A2"), habits).wanted(Differing.KEEP)
    told = [(one.fields.get("value"), one.fields["unit"]) for _, one in kept]
    assert told == [(None, "pct"), (1.5, "g_kg"), (1.5, "pct"), (1.6, "g_kg")]
    assert kept[0][1].fields["detection_limit"] == 0.1


def test_a_sign_that_may_be_of_another_value_is_asked_about():
    (line,) = judged("Sample;SOC %;Flag\nA1;0,1;<\n", bags("A1")).every_line
    assert (str(line.standing), "sign" in line.why) == ("refused", True)


def test_no_value_is_told_in_the_words_of_laboratories_with_the_bag():
    codes = [f"A{n}" for n in range(9)]
    cells = (
        "n.b.",
        "n.d.",
        "-",
        "\u2013",
        "pending",
        "< LOD",
        "<LD",
        "en cours",
        "#N/A",
    )
    rows = "".join(f"{c};{cell}\n" for c, cell in zip(codes, cells, strict=True))
    found = judged(f"Sample;SOC %\n{rows}", bags(*codes))
    assert named(found.every_line) == {"no value yet": codes}
    said = list(sentences(document(found, "LAS", Differing.KEEP), 0, "decide"))
    assert "  no value yet: A0, A1, A2, A3, A4, A5, A6, A7 and 1 more" in said


def test_a_sheet_that_is_hidden_is_not_read_and_said():
    data = workbook(
        Old=[["Sample", "SOC %"], ["A1", 1.1]], New=[["Sample", "SOC %"], ["A1", 1.5]]
    )
    book = hide(data, "Old")
    found = judged(book, bags("A1"), name="lab.xlsx")
    assert (values(found), found.not_read) == (
        [("A1", 1.5, "pct", 1)],
        ["lab.xlsx: Old (hidden)"],
    )
    rows = {"New": [["x"]], "Old": [["Sample", "SOC %"], ["A1", 1.1]]}
    with pytest.raises(TableError) as caught:
        judged(hide(workbook(**rows), "Old"), bags("A1"))
    assert caught.value.refusal.hint.endswith("Hidden sheets are not read: Old")


def hide(data, name):
    book = load_workbook(io.BytesIO(data))
    book[name].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_numbers_that_a_workbook_has_as_texts_or_shares_are_read_as_shown():
    as_text = workbook(S=[["Sample", "SOC %"], ["A1", "1,52"], ["A2", 1.41]])
    assert values(judged(as_text, bags("A1", "A2"), name="l.xlsx")) == [
        ("A1", 1.52, "pct", 1),
        ("A2", 1.41, "pct", 1),
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0152, "0.00%"), (1.52, '0.00" %"'), (1.52, r"0.00\%"), (1.52, "0.00")],
)
def test_a_share_that_is_shown_as_percent_is_read_as_shown(value, shown):
    book = Workbook()
    book.active.append(["Sample", "SOC %"])
    book.active.append(["A1", value])
    book.active["B2"].number_format = shown
    out = io.BytesIO()
    book.save(out)
    found = judged(out.getvalue(), bags("A1"), name="l.xlsx")
    assert values(found) == [("A1", 1.52, "pct", 1)]


@pytest.mark.parametrize("row", ["1;2;3", "A1;-;-"])
def test_the_first_row_is_no_header_where_the_label_is_known_by_its_cells(row):
    found = judged(f"Feldbez;Corg %;TIC %\n{row}\n", bags("1", "A1"))
    assert len(found.every_line) == 2


def test_a_formula_without_its_value_is_not_read_as_an_empty_cell():
    data = workbook(S=[["Sample", "SOC %"], ["A1", "=3/2"], ["A2", 1.4]])
    with pytest.raises(TableError, match="cell B2"):
        judged(data, bags("A1", "A2"), name="l.xlsx")


def test_days_and_merged_headers_of_a_workbook_are_read():
    rows = [
        ["Bodenlabor"],
        [],
        ["Probe", "Kohlenstoff", None, "Datum"],
        [None, "organisch", "anorganisch", None],
        [None, "%", "%", None],
        ["A1", 1.5, "<0,1", date(2026, 5, 4)],
        [datetime(2026, 5, 10), 1.4, None, None],  # noqa: DTZ001 - as spreadsheets have days
    ]
    found = judged(workbook(S=rows), bags("A1"), name="l.xlsx")
    kept = [one.fields for _, one in found.wanted(Differing.KEEP)]
    assert [(one["analyte"], one["analysed_on"]) for one in kept] == [
        ("soc", "2026-05-04"),
        ("inorganic_carbon", "2026-05-04"),
    ]
    assert kept[1]["detection_limit"] == 0.1
    assert str(found.every_line[-1].standing) == "unknown bag"


def test_a_day_that_may_be_two_is_not_kept_and_said():
    found = judged("Sample;SOC %;Date\nA1;1,5;05/04/26\n", bags("A1"))
    ((_, one),) = found.wanted(Differing.KEEP)
    assert "analysed_on" not in one.fields
    assert document(found, "LAS", Differing.KEEP)["unread_days"] == ["05/04/26"]


@pytest.mark.parametrize("code", ["71", "71.0", "0071", "071"])
def test_zeros_that_a_spreadsheet_took_are_found_again_and_said(code):
    (line,) = judged(f"Sample,SOC %\n{code},1.5\n", bags("0071", "0072")).every_line
    assert (line.bag, str(line.standing)) == ("0071", "new")
    assert line.spelled == ("" if code == "0071" else code)


def test_numbers_without_a_key_say_what_to_type():
    table = "Labor-Nr;Corg %\n0071;1,5\n"
    (line,) = judged(table, bags("A1")).every_line
    assert "--key FILE" in line.why
    keys = read_keys("key.csv", b"lab_no;bag\n71;A1\n")
    assert values(judged(table, bags("A1"), keys=keys)) == [("A1", 1.5, "pct", 1)]
    with pytest.raises(TableError, match="A1 and A2"):
        read_keys("key.csv", b"lab_no;bag\n71;A1\n71;A2\n")


def test_a_sheet_or_file_of_numbers_and_bags_is_the_key_of_the_others():
    rows = [["Lab ID", "Field ID"], [7001, "A1"], [7002, "A2"]]
    results = [["Labor-Nr", "Corg g/kg"], [7001, 15.2], [7002, 11.4]]
    found = judged(workbook(Key=rows, Results=results), bags("A1", "A2"), name="l.xlsx")
    assert (values(found), found.key_names) == (USUAL, ["l.xlsx: Key"])
    files = {
        "r.csv": b"Labor-Nr;Corg g/kg\n7001;15,2\n7002;11,4\n",
        "k.csv": b"Labor-Nr;Probe\n7001;A1\n7002;A2\n",
    }
    assert values(check(files, bags("A1", "A2"), SAYS, "LAS", {})) == USUAL


def test_values_that_are_not_understood_make_no_key():
    unknown = b"Labor-Nr;Probe;Kohle\n7001;A1;15,2\n"
    for files in ({"a.csv": unknown}, {"a.csv": PLAIN.encode(), "b.csv": unknown}):
        with pytest.raises(TableError) as caught:
            check(files, bags("A1", "A2"), SAYS, "LAS", {})
        assert "Kohle=soc" in caught.value.refusal.hint
    with pytest.raises(TableError):
        judged("Labor-Nr;Probe\n7001;A1\n", bags("A1"))


def test_the_unit_of_the_table_counts_more_than_one_that_was_said_before():
    habits = LabHabits(units={"soc": "pct"}, methods=SAYS.methods)
    assert values(judged("Sample;SOC (g/kg)\nA1;15,2\n", bags("A1"), habits)) == [
        ("A1", 15.2, "g_kg", 1)
    ]


def test_a_unit_that_is_not_known_is_asked_about():
    table = "Sample,Analyte,Value,Unit\nA1,SOC,152,mg/100g\nA1,BD,1.3,\n"
    first, second = judged(table, bags("A1")).every_line
    assert (str(first.standing), "mg/100g" in first.why) == ("unit?", True)
    assert "bulk_density_g_cm3=g_cm3" in second.why


@pytest.mark.parametrize("label", ["Sample", "Feldbez"])
def test_a_column_that_counts_rows_is_not_that_of_bags_called_so(label):
    text = f"Nr;{label};Corg %\n1;X7;1,5\n2;X8;1,4\n"
    if label == "Sample":
        assert values(judged(text, bags("1", "2"))) == []
    else:
        with pytest.raises(TableError):
            judged(text, bags("1", "2"))


def test_labels_of_a_table_are_not_looked_for_in_the_one_beside_it():
    habits = LabHabits(methods=SAYS.methods, density_definition="whole")
    assert outcomes(judged(BESIDE, bags("A1"), habits))[1:] == [
        ("A2", "bulk_density_g_cm3", "unknown bag"),
        ("Z9", "bulk_density_g_cm3", "unknown bag"),
    ]


def test_columns_without_a_name_are_named_by_their_number():
    found = judged(
        workbook(S=[["Sample", "SOC %"], ["A1", 1.5, 1.6]]), bags("A1"), name="l.xlsx"
    )
    (layout,) = found.layouts["l.xlsx"]
    assert list(layout.unread) == ["column 3 without a name"]
    first, second = judged(BESIDE, bags("A1")).layouts["lab.csv"]
    assert (list(first.unread), list(second.unread)) == ([], [])


def test_what_a_long_table_measures_besides_is_named():
    table = "Sample;Analyte;Result;Unit\nA1;SOC;1,5;%\nA1;Zn;12;mg/kg\nA1;;3;%\n"
    found = judged(table, bags("A1"))
    (layout,) = found.layouts["lab.csv"]
    assert list(layout.unread) == ["Zn"]
    assert [one[2] for one in outcomes(found)] == ["new", "refused"]


TWICE = "Lab no;Sample;SOC %\n1;A1;1,5\n2;A2;1,4\n1;A1;1,5\n2;A2;1,44\n"


def test_a_row_that_is_sent_twice_is_kept_once_and_second_readings_stay():
    found = judged(TWICE, bags("A1", "A2"))
    assert values(found) == [
        ("A1", 1.5, "pct", 1),
        ("A2", 1.4, "pct", 1),
        ("A2", 1.44, "pct", 2),
    ]
    (twice,) = [x for x in found.every_line if x.standing is Standing.TWICE]
    assert (twice.reading.line, twice.why) == (4, "as in line 2")
    assert named(found.every_line)["twice in the file"] == ["A1"]
    assert (
        4,
        "A1",
        "soc",
        "1,5",
        "",
        "twice in the file",
        "as in line 2",
    ) in open_rows(found)
    assert counts(found.every_line)["twice in the file"] == 1


@pytest.mark.parametrize(
    ("second", "twice"),
    [
        # The file again, or grown since; in another unit; of another number.
        (TWICE, 5),
        ("Lab no;Sample;SOC g/kg\n1;A1;15,0\n3;A3;1,2\n", 1),
        ("Lab no;Sample;SOC %\n9;A1;1,5\n", 0),
        ("Lab no;Sample;SOC %\n1;A1;1,6\n", 0),
        ("Lab no;Sample;SOC %\n1;A3;1,5\n", 0),
    ],
)
def test_a_value_that_two_files_have_is_kept_once(second, twice):
    files = {"a.csv": TWICE.encode(), "b.csv": second.encode()}
    found = check(files, bags("A1", "A2", "A3"), SAYS, "LAS", {})
    told = sum(line.standing is Standing.TWICE for line in found.every_line)
    assert told == 1 + twice - (second is TWICE)


def test_blanks_that_are_alike_are_blanks_and_no_row_sent_twice():
    found = judged("Sample;SOC %\nBLANK;0,01\nBLANK;0,01\nA1;1,5\n", bags("A1"))
    assert [one[2] for one in outcomes(found)] == [
        "quality control",
        "quality control",
        "new",
    ]


def test_several_densities_of_a_bag_are_asked_about():
    habits = LabHabits(density_definition="whole")
    differing = judged("Sample;BD g/cm3\nA1;1,3\nA1;1,4\n", bags("A1"), habits)
    assert [one[2] for one in outcomes(differing)] == ["refused", "refused"]
    alike = judged("Sample;BD g/cm3;Ring\nA1;1,3;1\nA1;1,3;2\n", bags("A1"), habits)
    assert [one[2] for one in outcomes(alike)] == ["new", "twice in the file"]


def test_values_that_stand_in_several_tables_are_pointed_out():
    data = workbook(
        Raw=[["Sample", "SOC %"], ["A1", 1.5]],
        Final=[["Sample", "SOC %"], ["A1", 1.52]],
    )
    said = document(judged(data, bags("A1"), name="l.xlsx"), "LAS", Differing.KEEP)
    assert said["in_several_tables"] == [
        {"analyte": "soc", "tables": ["l.xlsx Raw", "l.xlsx Final"], "bags": ["A1"]}
    ]


def test_what_the_file_says_again_is_not_what_another_reading_replaces():
    here = bags("A1", results=[("A1", 1.52, "pct")])
    found = judged("Sample;SOC %\nA1;1,52\nA1;1,60\n", here)
    ((_, one),) = found.wanted(Differing.REPLACE)
    assert (one.record_id, one.fields["replicate"]) == (None, 2)
    two = bags("A1", results=[("A1", 1.52, "pct"), ("A1", 1.55, "pct")])
    found = judged("Sample;SOC %\nA1;1,60\nA1;1,66\n", two)
    changed = {
        one.record_id: one.fields["value"] for _, one in found.wanted(Differing.REPLACE)
    }
    assert changed == {"r0": 1.60, "r1": 1.66}


def test_one_bag_alone_is_taken_when_asked_to():
    here = bags("A1", "A2", results=[("A1", 1.5, "pct"), ("A2", 1.4, "pct")])
    table = b"Lab no;Sample;SOC %\n1;A1;1,6\n2;A2;1,7\n"
    for only in ("A1", "1"):
        beside = Beside(differing=Differing.REPLACE, only=(only,))
        found = check({"lab.csv": table}, here, SAYS, "LAS", {}, beside)
        changed = {
            x.bag: one.fields["value"] for x, one in found.wanted(Differing.REPLACE)
        }
        assert (changed, found.left_out(Differing.REPLACE)) == ({"A1": 1.6}, 1)
    with pytest.raises(TableError, match="Q"):
        check({"lab.csv": table}, here, SAYS, "LAS", {}, Beside(only=("Q",)))
