"""What a request says of the laptop that sends it."""

import pytest

from server.intake.request import read_push
from tests.laptop import TestLaptop

NOW = "2026-05-03T10:00:00.000Z"


@pytest.mark.parametrize(
    ("wall", "ahead_s"),
    [
        (NOW, "0.0"),
        ("2026-05-03T09:59:59.990Z", "0.0"),
        ("2026-05-03T12:00:30.250+02:00", "30.2"),
        ("2026-05-03T09:00:00Z", "-3600.0"),
        ("noon", "None"),
    ],
)
def test_a_clock_is_ahead_by_a_number_that_any_dump_keeps(wall, ahead_s):
    push = read_push(TestLaptop("", "", "p").body(wall=wall))
    assert str(push.skew_s(NOW)) == ahead_s
