"""A row that is read quickly is what reading it as any line gives, and nothing else is."""

import json

import pytest

from collector.rules import reply
from collector.rules.shape import is_usual, wrong_in
from schemas import limits
from schemas.messages import MessageError, decode_response
from schemas.records import TYPES
from tests.corpus import good_records
from tests.unit.collector.replies import conflict, row


def written(message):
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def line_of(kind, fields):
    """Write a row as servers do: without conflicts nothing is said of them."""
    found = row(7, t=kind)
    del found["x"]
    return written({**found, "f": fields})


def any_line(line):
    """Read a line as any other; None where it is refused."""
    try:
        message = decode_response(line)
    except MessageError:
        return None
    return None if message["k"] == "row" and wrong_in(message) else message


@pytest.mark.parametrize("kind", TYPES)
def test_a_good_row_is_read_quickly_as_any_line_is(kind):
    fields = {
        name: value
        for name, value in good_records()[kind].items()
        if not isinstance(value, list | dict)
    }
    line = line_of(kind, fields)
    assert reply._usual_row(line) == any_line(line) is not None


def test_names_and_types_to_come_are_read_quickly():
    for kind in ("plot", "submission"):
        line = line_of(kind, {"new": 1, "other": None, "last": True, "text": "x"})
        assert reply._usual_row(line) == any_line(line) is not None


GOOD = line_of("plot", {"code": "HF", "area_ha": 2.5})
ODD = {
    "a type": GOOD.replace(b"2.5", b'"2.5"'),
    "a list": GOOD.replace(b"2.5", b"[2.5]"),
    "a name twice": GOOD.replace(b"area_ha", b"code"),
    "no number": GOOD.replace(b"2.5", b"NaN"),
    "a large number": GOOD.replace(b"2.5", b"1e999"),
    "half a character": GOOD.replace(b"HF", rb"\ud800"),
    "no UTF-8": GOOD.replace(b"HF", b"\xff"),
    "no end": GOOD[:-1],
    "another end": GOOD[:-1] + b"x",
    "more behind": GOOD + b"}",
    "a place": GOOD.replace(b'"q":7', b'"q":07'),
    "a negative place": GOOD.replace(b'"q":7', b'"q":-7'),
    "an id": GOOD.replace(b'"r":"', b'"r":"x'),
    "no object": GOOD.replace(b'{"code":"HF","area_ha":2.5}', b'"HF"'),
    "a derived row": GOOD.replace(b'"plot"', b'"stock"'),
    "blanks": GOOD.replace(b'"f":', b'"f": '),
    "a conflict": written(row(7, x=(conflict("k"),))),
    "no conflict": written(row(7)),
    "a long text": GOOD.replace(b"HF", b"H" * limits.LINE_BYTES),
    "a whole number of 80 bits": GOOD.replace(b"2.5", str(2**80).encode()),
    "depth": GOOD.replace(b"2.5", b"[" * 40 + b"]" * 40),
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_row_is_left_to_whom_any_line_is_left(odd):
    assert reply._usual_row(ODD[odd]) is None


@pytest.mark.parametrize("record_type", TYPES)
def test_each_field_of_another_type_is_unusual(record_type):
    for name in TYPES[record_type].fields:
        assert not is_usual(record_type, {name: {"x": [[]]}})
        assert not is_usual(record_type, {name: []})
