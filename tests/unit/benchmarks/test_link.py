"""A slow and lossy link says when bytes arrive; no time passes in these tests."""

import pytest

from benchmarks.peers.link import HEADERS, SEGMENT, Line, Link, Stream

SLOW = Link(bits_s=64_000, round_trip_s=0.6, loss=0.0)
FULL_S = (SEGMENT + HEADERS) * 8 / 64_000


def test_segments_take_the_line_one_after_another_and_then_half_a_round_trip():
    arrived = list(Stream(Line(SLOW), 0.0).arrivals(10.0, 2 * SEGMENT + 1))
    last_s = 10 + 2 * FULL_S + (1 + HEADERS) * 8 / 64_000
    assert [size for _, size in arrived] == [SEGMENT, SEGMENT, 1]
    assert [at for at, _ in arrived] == pytest.approx(
        [10.3 + FULL_S, 10.3 + 2 * FULL_S, 0.3 + last_s]
    )


def test_connections_share_the_line():
    line = Line(SLOW)
    first, second = Stream(line, 0.0), Stream(line, 0.0)
    (one,) = first.arrivals(0.0, SEGMENT)
    (two,) = second.arrivals(0.0, SEGMENT)
    assert two[0] - one[0] == pytest.approx(FULL_S)


def test_nothing_goes_before_the_handshake_came_back():
    line = Line(SLOW)
    assert line.opened_s(5.0) == pytest.approx(5.6)
    ((arrived, _),) = Stream(line, 5.6).arrivals(5.0, 1448)
    assert arrived == pytest.approx(5.6 + FULL_S + 0.3)


def test_what_is_lost_comes_a_timeout_later_and_holds_up_what_follows():
    class SecondLost(Line):
        def __post_init__(self):
            self.fates = iter([False, True, False, False])

        def _is_lost(self):
            return next(self.fates)

    arrived = [at for at, _ in Stream(SecondLost(SLOW), 0.0).arrivals(0.0, 3 * SEGMENT)]
    assert arrived[0] == pytest.approx(FULL_S + 0.3)
    assert arrived[1] == pytest.approx(2 * FULL_S + SLOW.timeout_s + 0.3)
    assert arrived[2] == pytest.approx(arrived[1], abs=1e-5)
    assert arrived[2] > arrived[1]


def test_the_share_that_is_lost_is_the_one_that_was_asked_for():
    line = Line(Link(64_000, 0.6, 0.03, seed=1))
    assert 200 < sum(line._is_lost() for _ in range(10_000)) < 400


def test_the_floor_is_a_handshake_one_turn_and_the_bits():
    assert SLOW.floor_s(0) == pytest.approx(1.2)
    assert SLOW.floor_s(SEGMENT) == pytest.approx(1.2 + FULL_S)
