"""The tables that simulated people type from reach every group of every record type."""

import pytest

from schemas.fields import Id
from schemas.records import TYPES
from schemas.validate import errors, load_record
from tests.stateful.groups import (
    ANY_RECORD,
    GROUPS,
    MEASUREMENTS,
    PATCHES,
    QUARRELS,
    REFERS,
    STARTS,
)

EVERY_GROUP = [(kind, group) for kind in TYPES for group in MEASUREMENTS[kind]]
SOME_ID = "0190a000-0000-7000-8000-00000000000b"


def start(kind):
    """Return a new record of a type, with what it refers to."""
    fields = TYPES[kind].fields
    ids = {n for n, f in fields.items() if isinstance(f, Id)}
    referring = dict.fromkeys(REFERS.get(kind, ids), SOME_ID)
    return {**referring, **STARTS[kind]}


def after(kind, patch):
    """Return a new record of a type after somebody typed something."""
    known = {n: SOME_ID if v is ANY_RECORD else v for n, v in patch.items()}
    return {**start(kind), **known}


def test_every_record_type_is_added():
    assert STARTS.keys() == TYPES.keys()
    for kind in TYPES:
        assert errors(load_record(kind, start(kind))[1]) == []


@pytest.mark.parametrize(("kind", "group"), EVERY_GROUP)
def test_every_field_of_a_measurement_group_is_typed_and_kept(kind, group):
    valid = [
        patch
        for patch in PATCHES[kind, group]
        if not errors(load_record(kind, after(kind, patch))[1])
    ]
    typed = {name for patch in valid for name, value in patch.items() if value}
    typed |= {n for patch in valid for n, v in patch.items() if v in (0.0, False)}
    assert typed == set(GROUPS[kind][group])


@pytest.mark.parametrize(("kind", "group"), EVERY_GROUP)
def test_people_mean_different_values_of_a_measurement_group(kind, group):
    refers = any(ANY_RECORD in patch.values() for patch in PATCHES[kind, group])
    assert refers or len({str(patch) for patch in PATCHES[kind, group]}) > 1


def test_quarrels_are_about_groups_that_people_type():
    assert set(QUARRELS) <= PATCHES.keys()


def test_each_value_is_written_as_it_is_kept():
    """Else what a person typed is not found again in the log."""
    for (kind, _), found in PATCHES.items():
        for patch in found:
            kept = load_record(kind, after(kind, patch))[0]
            for name, value in patch.items():
                if name in kept and value is not ANY_RECORD:
                    assert kept[name] == value
