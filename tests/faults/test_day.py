"""A short seven-laptop day; long ones are in `tests/soak.py`."""

import pytest

from tests.faults.day import live_a_day

pytestmark = pytest.mark.timeout(120)
EDITS = 30


def test_a_short_day_of_seven_laptops_ends_with_the_same_everywhere(tmp_path):
    told = live_a_day(tmp_path, seed=1, edits=EDITS, restores=1)
    assert not told.faults, "\n".join(told.faults)
    assert told.edits >= EDITS
    assert told.counts["by command"] + told.counts["by hand"] == 1
