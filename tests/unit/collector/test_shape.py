"""Every row that a server writes has the shape that a laptop asks of it."""

import pytest

from collector.rules.shape import wrong_in
from schemas.records import TYPES
from tests.corpus import good_records


@pytest.mark.parametrize("record_type", TYPES)
def test_a_good_record_has_the_shape_of_its_type(record_type):
    row = {"k": "row", "t": record_type, "f": good_records()[record_type], "x": []}
    assert wrong_in(row) == ""


@pytest.mark.parametrize("record_type", TYPES)
def test_each_field_of_another_shape_is_named(record_type):
    """None of them is an object of lists."""
    for name in TYPES[record_type].fields:
        row = {"k": "row", "t": record_type, "f": {name: {"x": [[]]}}, "x": []}
        assert wrong_in(row).startswith(f"{name} of a {record_type} is no ")


FIGURE = {
    "plot": "HF",
    "reasons": ["BD_ESTIMATED"],
    "rate_ci95_permille_year": [None, 2.5],
    "rate_ci95_shape": "interval",
    "change_ci95_t_ha": None,
}


def test_figures_have_their_shape_as_objects_and_as_text():
    for figure in (FIGURE, '{"plot": "HF", "reasons": []}'):
        for kind, fields in (
            ("change", {"change": figure}),
            ("trend", {"trend": figure}),
            ("stock", {"points": [figure]}),
        ):
            assert wrong_in({"k": "row", "t": kind, "f": fields, "x": []}) == ""


def test_a_type_to_come_is_not_asked_for_its_shape():
    assert wrong_in({"k": "row", "t": "submission", "f": {"code": 7}, "x": []}) == ""
