"""Tables and their cells: what both programs take, and what they say of the rest."""

import pytest

from schemas.tables.cells import read_depths, read_number
from schemas.tables.dates import read_date
from schemas.tables.lines import (
    FileRule,
    check_header,
    decode,
    read_lines,
)
from schemas.tables.refusal import Refusal, TableError
from schemas.typed import Notation

COMMA = Notation(decimal=",")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1 000", "not_a_number"),
        ("1,300", "decimal_comma"),
        ("1,5", "decimal_comma"),
        ("nan", "not_finite"),
        ("-inf", "not_finite"),
        ("N/A", "not_finite"),
        ("1e", "not_a_number"),
        ("--1", "not_a_number"),
        ("0x1", "not_a_number"),
        ("12 cm", "not_a_number"),
        ("12 pct", "not_a_number"),
        ("\u0661", "not_a_number"),
        ("1e999", "out_of_range"),
        ("<0.5", "censored"),
        (">9", "censored"),
        ("10-May", "spreadsheet_date"),
        ("03. M\u00e4rz", "spreadsheet_date"),
        ("f\u00e9vr.-10", "spreadsheet_date"),
        ("5/10/2026", "spreadsheet_date"),
        ("2026-05-10 00:00:00", "spreadsheet_date"),
    ],
)
def test_what_is_no_number_is_refused_with_what_to_do(text, code):
    found = read_number(text)
    assert isinstance(found, Refusal)
    assert (found.code, bool(found.reason), bool(found.hint)) == (code, True, True)


@pytest.mark.parametrize("text", ["1.234,5", "1 234,5", "1.234.567"])
def test_thousands_are_never_guessed_at(text):
    found = read_number(text, COMMA)
    assert (found.code, "thousands" in found.hint) == ("not_a_number", True)


def test_a_number_is_told_from_a_limit_of_zero():
    assert read_number("0") == 0.0
    assert str(read_number("-0") + 0.0) == "0.0"


@pytest.mark.parametrize("text", ["\u0661-\u0662", "0-", "-5-0", "5"])
def test_what_is_no_pair_of_depths_is_refused(text):
    assert read_depths(text).code == "not_a_depth"


@pytest.mark.parametrize(
    ("text", "formats", "code"),
    [
        (None, ["%Y-%m-%d"], "required"),
        ("2020", ["%d/%m/%Y"], "year_only"),
        ("2020-9-1", ["%Y-%m-%d"], "not_a_date"),
        ("2020-02-30", ["%Y-%m-%d"], "not_a_date"),
        ("20200901", ["%Y-%m-%d"], "not_a_date"),
        ("01/02/0020", ["%d/%m/%Y"], "year_out_of_range"),
    ],
)
def test_what_is_no_day_is_refused(text, formats, code):
    assert read_date(text, formats).code == code


def test_the_advice_names_the_forms_as_people_write_them():
    found = read_date("spring", ["%Y-%m-%d", "%d/%m/%Y"])
    assert found.hint == "write it as YYYY-MM-DD or DD/MM/YYYY"


def rows(text, **rule):
    _, found = read_lines(text, FileRule(**rule))
    return list(found)


def test_a_row_is_named_by_the_line_that_it_begins_in():
    found = rows('a,b\n"one\ntwo",1\n\n3,4\n')
    assert [row.line for row in found] == [2, 5]


@pytest.mark.parametrize("line", ["1", "1,2,", "1,,2"])
def test_a_row_with_another_number_of_cells_is_refused(line):
    (row,) = rows(f"a,b\n{line}\n")
    assert (row.refusal.code, row.refusal.line) == ("wrong_length", 2)
    assert row.raw[0] == "1"


def test_cells_that_say_nothing_are_missing():
    (row,) = rows("a,b,c\n  *, NA ,x\n", missing=frozenset({"", "*"}))
    assert row.cells == {"a": None, "b": "NA", "c": "x"}


@pytest.mark.parametrize(
    ("data", "encoding", "code", "line"),
    [
        (b" \n", "utf-8", "empty_file", None),
        (b"PK\x03\x04", "utf-8", "not_csv", None),
        ("a,b".encode("utf-16"), "latin-1", "not_utf8", None),
        ("a,b".encode("utf-16-le"), "utf-8", "not_csv", None),
        (b"a,b\n\xe9,1\n", "utf-8", "not_utf8", 2),
    ],
)
def test_what_is_no_text_is_refused(data, encoding, code, line):
    with pytest.raises(TableError) as found:
        decode(data, encoding)
    assert (found.value.refusal.code, found.value.refusal.line) == (code, line)


def test_a_byte_order_mark_says_more_than_the_mapping():
    assert decode("\ufeffPr\u00e9".encode(), "latin-1") == "Pr\u00e9"
    assert decode("Pr\u00e9".encode("latin-1"), "latin-1") == "Pr\u00e9"


def test_every_fault_of_a_header_is_named():
    found = check_header(["a", "b", "a", "", ""], ["a", "c", "d"], ",")
    assert [(one.code, one.column) for one in found] == [
        ("repeated_column", "a"),
        ("missing_column", "c"),
        ("missing_column", "d"),
    ]
