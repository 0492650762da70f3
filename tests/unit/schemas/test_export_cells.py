"""Cells of exports: no text is run, and every value comes back as it was."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.export.cells import plain, value_of
from schemas.lists import NameSet
from schemas.records import TYPES
from schemas.tables.harmless import as_meant, harmless, harmless_again
from tests.unit.schemas.strategies import good

#: What begins a formula, in half and full width.
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
#: Texts that begin as formulas do, as numbers do, or with apostrophes before either.
nasty = st.builds(
    "{}{}".format,
    st.text(f"'\t\r {SIGNS}", max_size=4),
    st.text("01.,eE+-*/()'\" [{]}\nabc", max_size=8),
)


@given(nasty | st.text())
@example("'=1+1")
@example("''=1+1")
@example("-1+cmd|' /C calc'!A0")
@example("+E5")
def test_every_text_comes_back_and_none_is_a_formula(text):
    cell = harmless(text)
    assert as_meant(cell) == text
    assert harmless_again(cell) == cell
    begun = cell.lstrip()
    if begun and begun[0] in SIGNS:
        assert begun == cell, "only a number stays as it is"
        sign_and_digits = begun[1:].lower().replace("e+", "").replace("e-", "")
        assert begun[0] in "+-"
        assert set(sign_and_digits) <= set("0123456789.,e")
        assert not sign_and_digits.startswith("e")


@given(st.text(max_size=30))
def test_a_text_that_begins_no_formula_stays_as_it_is(text):
    if not text.lstrip("' \t").startswith(tuple(SIGNS)) and text == text.strip():
        assert harmless(text) == text


def there_and_back(field, value):
    """Write a value as a CSV file has it, and read it back."""
    out = io.StringIO(newline="")
    cell = plain(value)
    csv.writer(out).writerow([harmless(cell) if isinstance(cell, str) else cell])
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    return value_of(field, as_meant(row[0]))


FIELDS = [
    (kind.name, name, field)
    for kind in TYPES.values()
    for name, field in kind.fields.items()
]


@pytest.mark.parametrize(
    ("kind", "name", "field"), FIELDS, ids=[f"{k}.{n}" for k, n, _ in FIELDS]
)
def test_every_field_comes_back_from_its_cell(kind, name, field):
    @given(good(field))
    def comes_back(value):
        assert there_and_back(field, value) == value
        assert value_of(field, plain(value)) == value

    comes_back()


@given(st.lists(st.text(min_size=1) | nasty.filter(bool), max_size=4))
@example(["a b", "c"])
@example(['["x"]'])
@example(["["])
@example([])
@example(["'=x", "y"])
def test_every_list_of_names_comes_back(names):
    # A carriage return is in no name, and would not survive in a CSV file.
    names = [name.replace("\r", "").replace("\0", "") or "x" for name in names]
    assert value_of(NameSet(), plain(names)) == names
    assert there_and_back(NameSet(), names) == names
