"""Whatever is pushed, the quick way and the plain one say and keep the same."""

import pytest

from tests.stateful.forms import both_ways

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: Pushes to one pair of servers: what waits in a project is judged again with each.
PUSHES = 250
PAIRS = 10


@pytest.mark.parametrize("seed", range(0, 40, PAIRS))
def test_both_ways_say_and_keep_the_same(tmp_path, seed):
    for number in range(seed, seed + PAIRS):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert both_ways(folder, PUSHES, number) > PUSHES
