"""What a layer table may hold, and what is said of the rest."""

from datetime import date
from math import inf

import pytest

from schemas import limits
from server.stocks.reasons import Reason
from server.stocks.shared_density import RingError
from server.tables.layers import parse_layers, read_layers

HEADER = "plot,campaign,date,point,top_cm,bottom_cm,soc_pct,bd_fine_g_cm3"
GOOD = {
    "plot": "P1",
    "campaign": "2020",
    "date": "2020-09-01",
    "point": "A",
    "top_cm": "0",
    "bottom_cm": "30",
    "soc_pct": "1.6",
    "bd_fine_g_cm3": "1.25",
}


def table(*lines, header=HEADER):
    return "\n".join([header, *lines]) + "\n"


def one(**cells):
    """A table of one layer with some cells replaced or added."""
    row = GOOD | cells
    return parse_layers(table(",".join(row.values()), header=",".join(row)))


def layer(result):
    assert result.problems == ()
    return result.plots["P1"][0]


def codes(result):
    assert not result.plots
    return [problem.code for problem in result.problems]


def test_a_layer_is_read_into_its_units():
    read = layer(one())
    assert (read.campaign, read.point, read.date) == ("2020", "A", date(2020, 9, 1))
    assert (read.top_cm, read.bottom_cm) == (0.0, 30.0)
    assert (read.soc_g_kg, read.bd_fine_g_cm3) == (16.0, 1.25)
    assert read.reasons == ()


def test_soc_may_come_in_g_per_kg():
    text = table(
        "P1,2020,2020-09-01,A,0,30,16,1.25",
        header=HEADER.replace("soc_pct", "soc_g_kg"),
    )
    assert layer(parse_layers(text)).soc_g_kg == 16.0


@pytest.mark.parametrize("missing", ["", "*", "NA", "  "])
def test_a_missing_value_is_kept_as_missing(missing):
    read = layer(one(soc_pct=missing, bd_fine_g_cm3=missing))
    assert (read.soc_g_kg, read.bd_fine_g_cm3) == (None, None)


def test_semicolons_bring_a_decimal_comma():
    text = table("P1;2020;2020-09-01;A;0;30;1,6;1,25", header=HEADER.replace(",", ";"))
    read = layer(parse_layers(text))
    assert (read.soc_g_kg, read.bd_fine_g_cm3) == (16.0, 1.25)


def test_a_decimal_comma_between_commas_is_refused():
    assert codes(parse_layers(table('P1,2020,2020-09-01,A,0,30,"1,6",1.25'))) == [
        "decimal_comma"
    ]


def test_a_thousand_separator_is_refused():
    text = table(
        "P1;2020;2020-09-01;A;0;30;1.234,5;1,25", header=HEADER.replace(",", ";")
    )
    assert codes(parse_layers(text)) == ["not_a_number"]


def test_trailing_blanks_and_column_order_do_not_matter():
    row = dict(reversed(GOOD.items())) | {"plot": "P1 ", "point": " A"}
    text = table(",".join(row.values()), header=" ,".join(row))
    assert layer(parse_layers(text)).point == "A"


def test_a_time_of_day_behind_the_date_is_ignored():
    assert layer(one(date="1948-12-22 00:00:00")).date == date(1948, 12, 22)
    assert layer(one(date="1948-12-22T10:00:00Z")).date == date(1948, 12, 22)


@pytest.mark.parametrize("text", ["<0.5", " < 0.50 "])
def test_a_value_below_detection_counts_as_half_of_the_limit_and_says_so(text):
    (layer,) = one(soc_pct=text).plots["P1"]
    assert (layer.soc_g_kg, layer.reasons) == (2.5, (Reason.CENSORED,))


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"date": "2020"}, "year_only"),
        ({"date": "2020.000"}, "year_only"),
        ({"date": "01/09/2020"}, "not_a_date"),
        ({"date": "2020-02-30"}, "not_a_date"),
        ({"date": "20200901"}, "not_a_date"),
        ({"date": "0020-09-01"}, "year_out_of_range"),
        ({"date": "*"}, "required"),
        ({"top_cm": "10-May"}, "spreadsheet_date"),
        ({"top_cm": "May-10"}, "spreadsheet_date"),
        ({"bottom_cm": "2026-05-10"}, "spreadsheet_date"),
        ({"bottom_cm": "5-10"}, "depth_range"),
        ({"top_cm": "-10"}, "negative_depth"),
        ({"top_cm": ""}, "required"),
        ({"bottom_cm": "501"}, "out_of_range"),
        ({"top_cm": "30"}, "top_not_above"),
        ({"top_cm": "40"}, "top_not_above"),
        ({"soc_pct": "58.1"}, "out_of_range"),
        ({"soc_pct": "-0.1"}, "out_of_range"),
        ({"soc_pct": "1e999"}, "out_of_range"),
        ({"soc_pct": "nan"}, "not_finite"),
        ({"soc_pct": "inf"}, "not_finite"),
        ({"soc_pct": "-Infinity"}, "not_finite"),
        ({"soc_pct": "1_6"}, "not_a_number"),
        ({"soc_pct": "1.6 %"}, "not_a_number"),
        ({"soc_pct": "\u0661"}, "not_a_number"),
        ({"soc_pct": "0x10"}, "not_a_number"),
        ({"soc_pct": ">0.1"}, "censored"),
        ({"soc_pct": "<0"}, "out_of_range"),
        ({"soc_pct": "<"}, "out_of_range"),
        ({"soc_pct": "<60"}, "out_of_range"),
        ({"soc_pct": "<low"}, "not_a_number"),
        ({"bd_fine_g_cm3": "<1.2"}, "censored"),
        ({"bd_fine_g_cm3": "1250"}, "out_of_range"),
        ({"bd_fine_g_cm3": "0"}, "out_of_range"),
        ({"plot": ""}, "required"),
        ({"campaign": "NA"}, "required"),
        ({"point": "*"}, "required"),
        ({"point": "x" * 300}, "too_long"),
        ({"coarse_basis": "weight"}, "not_in_list"),
        ({"coarse_pct": "100"}, "out_of_range"),
    ],
)
def test_a_bad_cell_is_refused_with_its_place_and_a_hint(cells, code):
    result = one(**cells)
    assert codes(result) == [code]
    problem = result.problems[0]
    assert problem.line == 2
    assert problem.column in {*cells, "bottom_cm"}
    assert problem.reason
    assert problem.hint


def test_every_problem_of_a_file_is_reported():
    text = table(
        "P1,2020,2020,A,0,10-May,1.6,1.25",
        "P1,2020,2020-09-01,A,0,30,60,9",
        "P1,2020,2020-09-01,A,0,30",
    )
    found = [(p.line, p.column, p.code) for p in parse_layers(text).problems]
    assert found == [
        (2, "date", "year_only"),
        (2, "bottom_cm", "spreadsheet_date"),
        (3, "soc_pct", "out_of_range"),
        (3, "bd_fine_g_cm3", "out_of_range"),
        (4, None, "wrong_length"),
    ]


@pytest.mark.parametrize(
    "column", ["plot", "campaign", "date", "point", "top_cm", "bottom_cm"]
)
def test_a_missing_column_is_named(column):
    header = ",".join(name for name in HEADER.split(",") if name != column)
    problem = parse_layers(table("a,b,c,d,e,f,g", header=header)).problems[0]
    assert (problem.code, problem.column) == ("missing_column", column)


def test_a_bulk_density_without_definition_is_not_taken():
    header = HEADER.replace("bd_fine_g_cm3", "bulk_density")
    assert codes(
        parse_layers(table("P1,2020,2020-09-01,A,0,30,1,1", header=header))
    ) == ["bd_column"]


@pytest.mark.parametrize("name", ["soc", "soc_pct,soc_g_kg"])
def test_soc_comes_in_exactly_one_unit(name):
    header = HEADER.replace("soc_pct", name)
    assert codes(parse_layers(table("", header=header))) == ["soc_column"]


def test_a_column_that_comes_twice_is_refused():
    assert codes(parse_layers(table("", header=f"{HEADER},plot"))) == [
        "repeated_column"
    ]


def test_columns_that_nobody_knows_are_named_and_not_used():
    result = one(soc_methd="LECO")
    assert result.ignored_columns == ("soc_methd",)
    assert layer(result).soc_method is None


def test_empty_lines_are_skipped_and_line_numbers_stay_true():
    good = ",".join(GOOD.values())
    text = f"\n{HEADER}\n\n{good}\n,,,,,,,\n{good.replace('1.6', '99')}\n"
    assert parse_layers(text).problems[0].line == 6


@pytest.mark.parametrize("text", ["", "\n\n", '""\n'])
def test_an_empty_file_is_refused(text):
    assert codes(parse_layers(text)) == ["empty_file"]


def test_a_header_without_layers_is_refused():
    assert codes(parse_layers(f"{HEADER}\n")) == ["no_layers"]


def test_broken_quotation_marks_are_refused_with_a_line():
    result = parse_layers(f'{HEADER}\nP1,2020,"2020-09-01"x,A,0,30,1.6,1.25\n')
    assert codes(result) == ["not_csv"]
    assert result.problems[0].line == 2


def coarse(**cells):
    columns = {
        "bd_fine_g_cm3": "",
        "bd_whole_g_cm3": "",
        "bd_fine_earth_g_cm3": "",
        "coarse_pct": "",
        "coarse_basis": "",
        "fragment_density_g_cm3": "",
    }
    return layer(one(**columns | cells))


@pytest.mark.parametrize(
    ("cells", "fine"),
    [
        ({"bd_whole_g_cm3": "2.0", "coarse_pct": "25", "coarse_basis": "mass"}, 1.5),
        (
            {"bd_whole_g_cm3": "2.0", "coarse_pct": "20", "coarse_basis": "volume"},
            1.47,
        ),
        (
            {
                "bd_whole_g_cm3": "2.0",
                "coarse_pct": "20",
                "coarse_basis": "volume",
                "fragment_density_g_cm3": "2.5",
            },
            1.5,
        ),
        (
            {
                "bd_fine_earth_g_cm3": "1.5",
                "coarse_pct": "20",
                "coarse_basis": "volume",
            },
            1.2,
        ),
        (
            {
                "bd_fine_earth_g_cm3": "1.25",
                "coarse_pct": "50",
                "coarse_basis": "mass",
                "fragment_density_g_cm3": "2.5",
            },
            0.5 / (0.4 + 0.2),
        ),
        ({"bd_fine_earth_g_cm3": "1.3", "coarse_pct": "0"}, 1.3),
        (
            {
                "bd_whole_g_cm3": "2.0",
                "bd_fine_earth_g_cm3": "1.25",
                "coarse_pct": "25",
                "coarse_basis": "mass",
            },
            1.5,
        ),
        ({"bd_fine_g_cm3": "1.1", "bd_whole_g_cm3": "2", "coarse_pct": "9"}, 1.1),
    ],
)
def test_stones_are_taken_out_by_the_route_the_cells_allow(cells, fine):
    read = coarse(**cells)
    assert read.bd_fine_g_cm3 == pytest.approx(fine, rel=1e-12)
    assert read.reasons == ()


def test_stones_without_a_basis_give_no_density_but_a_reason():
    read = coarse(bd_whole_g_cm3="1.5", coarse_pct="20")
    assert read.bd_fine_g_cm3 is None
    assert read.reasons == (Reason.COARSE_BASIS_UNKNOWN,)


def test_stones_that_outweigh_the_sample_give_no_density_but_a_reason():
    read = coarse(bd_whole_g_cm3="1.2", coarse_pct="60", coarse_basis="volume")
    assert read.bd_fine_g_cm3 is None
    assert read.reasons == (Reason.NEGATIVE_FINE_MASS,)


def test_a_whole_density_without_stones_given_is_not_taken_for_stone_free():
    assert coarse(bd_whole_g_cm3="1.5").bd_fine_g_cm3 is None


@pytest.mark.parametrize(
    ("cells", "fine"),
    [
        ({"bd_fine_kg_m3": "1250"}, 1.25),
        (
            {
                "bd_whole_kg_m3": "2000",
                "coarse_pct": "20",
                "coarse_basis": "volume",
                "fragment_density_g_cm3": "2.5",
            },
            1.5,
        ),
        ({"bd_fine_earth_kg_m3": "1300", "coarse_pct": "0"}, 1.3),
    ],
)
def test_a_density_may_come_in_kg_per_m3(cells, fine):
    row = {name: text for name, text in GOOD.items() if name != "bd_fine_g_cm3"} | cells
    read = layer(parse_layers(table(",".join(row.values()), header=",".join(row))))
    assert read.bd_fine_g_cm3 == pytest.approx(fine, rel=1e-12)


def test_one_density_in_two_units_is_refused():
    result = one(bd_fine_kg_m3="")
    assert codes(result) == ["bd_units"]
    assert "bd_fine_g_cm3 and bd_fine_kg_m3" in result.problems[0].reason


@pytest.mark.parametrize(
    ("cells", "unit"),
    [
        ({"bd_fine_g_cm3": "1300"}, "kg/m3"),
        ({"bd_whole_g_cm3": "3500"}, "kg/m3"),
        ({"bd_whole_kg_m3": "1.3"}, "g/cm3"),
    ],
)
def test_a_density_in_the_wrong_unit_is_refused_with_the_right_one(cells, unit):
    result = one(**cells)
    assert codes(result) == ["out_of_range"]
    assert f"it looks like {unit}" in result.problems[0].hint


STONY = {"bd_fine_g_cm3": "", "coarse_pct": "25", "coarse_basis": "mass"}


def test_the_density_as_written_stands_beside_the_one_without_stones():
    read = layer(one(**STONY, bd_whole_g_cm3="2.0"))
    assert (read.bd_fine_g_cm3, read.bd_given_g_cm3) == (1.5, 2.0)
    assert layer(one()).bd_given_g_cm3 is None


@pytest.mark.parametrize(
    ("cells", "error"),
    [
        ({}, None),
        ({"bd_rings": ""}, None),
        ({"bd_rings": "1"}, RingError(0.05, 1, inf, assumed=True)),
        ({"bd_rings": "3.0"}, RingError(0.05, 3, inf, assumed=True)),
        (
            {"bd_rings": "3", "bd_rings_cv_pct": "4"},
            RingError(0.04, 3, 2.0, assumed=False),
        ),
        ({"bd_rings": "3", "bd_fine_g_cm3": ""}, None),
    ],
)
def test_rings_say_how_far_the_density_of_all_points_is_off(cells, error):
    assert layer(one(**cells)).shared_density == error


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"bd_rings": "0"}, "out_of_range", "bd_rings"),
        ({"bd_rings": "2.5"}, "not_an_integer", "bd_rings"),
        ({"bd_rings": "few", "bd_rings_cv_pct": "4"}, "not_a_number", "bd_rings"),
        ({"bd_rings": "1", "bd_rings_cv_pct": "4"}, "too_few_rings", "bd_rings_cv_pct"),
        ({"bd_rings_cv_pct": "4"}, "too_few_rings", "bd_rings_cv_pct"),
        ({"bd_rings": "2", "bd_rings_cv_pct": "0"}, "out_of_range", "bd_rings_cv_pct"),
    ],
)
def test_rings_that_say_nothing_are_refused(cells, code, column):
    result = one(**cells)
    assert codes(result) == [code]
    assert result.problems[0].column == column


def test_rings_of_a_plot_and_campaign_are_the_same_in_every_line():
    header = f"{HEADER},bd_rings"
    lines = [
        f"{plot},{campaign},2020-09-01,A,0,30,1.6,1.25,{rings}"
        for plot, campaign, rings in (
            ("P1", "1", "3"),
            ("P1", "1", ""),
            ("P1", "2", "2"),
            ("P2", "1", "2"),
            ("P1", "1", "2"),
        )
    ]
    assert parse_layers(table(*lines[:4], header=header)).problems == ()
    result = parse_layers(table(*lines, header=header))
    assert codes(result) == ["rings_differ"]
    assert (result.problems[0].line, result.problems[0].column) == (6, "bd_rings")
    assert "line 2" in result.problems[0].reason


def test_a_file_that_breaks_off_also_names_what_was_wrong_above():
    good = ",".join(GOOD.values())
    text = table(good.replace("1.6", "99"), f'"{good}')
    found = [(problem.line, problem.code) for problem in parse_layers(text).problems]
    assert found == [(2, "out_of_range"), (3, "not_csv")]


def revisit_pairings(*visits):
    header = f"{HEADER},revisits_point"
    lines = [f"P1,{c},2020-09-01,{p},0,30,1,1,{r}" for c, p, r in visits]
    layers = parse_layers(table(*lines, header=header)).plots["P1"]
    return [read.pairing for read in layers]


def test_a_revisit_is_followed_back_to_the_first_visit():
    assert (
        revisit_pairings(("1", "A", ""), ("2", "B", "A"), ("3", "C", "B")) == ["A"] * 3
    )


def test_a_point_that_revisits_itself_is_the_same_place():
    assert (
        revisit_pairings(("1", "A", ""), ("2", "B", "A"), ("3", "B", "B")) == ["A"] * 3
    )


def test_points_that_revisit_each_other_do_not_hang():
    assert len(revisit_pairings(("1", "A", "B"), ("2", "B", "A"))) == 2


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    path = tmp_path / "layers.csv"
    path.write_text(table(",".join(GOOD.values())), encoding="utf-8-sig")
    assert layer(read_layers(path)).soc_g_kg == 16.0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (f"{HEADER}\nP\u00e9,".encode("latin-1"), "not_utf8"),
        (HEADER.encode("utf-16"), "not_utf8"),
        (b"plot\0,campaign\n", "not_csv"),
        (b"", "empty_file"),
    ],
)
def test_what_is_no_utf8_table_is_refused(tmp_path, data, code):
    path = tmp_path / "layers.csv"
    path.write_bytes(data)
    assert codes(read_layers(path)) == [code]


def test_a_file_that_cannot_be_read_is_a_problem_and_not_a_crash(tmp_path):
    assert codes(read_layers(tmp_path / "absent.csv")) == ["unreadable_file"]
    assert codes(read_layers(tmp_path)) == ["unreadable_file"]


def test_a_file_beyond_the_limit_is_not_loaded(tmp_path, monkeypatch):
    path = tmp_path / "layers.csv"
    path.write_text(table(",".join(GOOD.values())), encoding="utf-8")
    monkeypatch.setattr(limits, "IMPORT_FILE_BYTES", 10)
    assert codes(read_layers(path)) == ["file_too_large"]
