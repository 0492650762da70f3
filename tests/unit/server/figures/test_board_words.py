"""What boards say in words, and where their dots are."""

import importlib

import pytest

from server.derivation.stages import PointStage
from server.desk import board_words
from server.errors import NotFoundError
from server.figures import campaign_board, programme
from server.figures.pages import PageChoice
from server.report.geometry import middle_of
from server.store.board_values import PlotPlace


def test_the_command_offers_the_words_of_the_figures():
    """They are typed out there, so that --help loads no arrays."""
    board = importlib.import_module("server.cli.board")
    assert sorted(board.VERDICTS) == sorted(programme.VERDICTS)
    assert tuple(campaign_board.Team) == board.TEAMS
    (late,) = (p for p in board.campaign.params if p.name == "late_days")
    assert late.default == campaign_board.LATE_DAYS


def test_the_desk_has_a_word_for_each_verdict_and_stage():
    assert {*board_words.VERDICTS} == {*programme.VERDICTS}
    assert [*board_words.STAGES] == [*PointStage]


@pytest.mark.parametrize(("total", "pages"), [(0, 1), (1, 1), (50, 1), (51, 2)])
def test_pages_hold_fifty(total, pages):
    last = PageChoice(pages)
    last.check(total)
    assert (last.pages(total), last.skip) == (pages, 50 * (pages - 1))
    for wrong in (0, pages + 1):
        assert PageChoice(wrong).skip >= 0
        with pytest.raises(NotFoundError, match=f"no page {wrong}"):
            PageChoice(wrong).check(total)


def test_plots_that_are_near_each_other_are_one_dot():
    near = [PlotPlace(f"P{n}", 2.0 + n / 1000, 48.0, "above") for n in range(2)]
    far = PlotPlace("Q", 3.0, 48.5, "")
    found = programme.map_of([*near, far])
    assert [found[name] for name in ("west", "south", "east", "north")] == [
        *(2.0, 48.0, 3.0, 48.5),
    ]
    one, other = found["dots"]
    assert (one["plots"], one["plot"], one["verdicts"]) == (2, None, {"above": 2})
    assert (one["lon"], one["lat"]) == pytest.approx((2.0005, 48.0))
    assert (other["plot"], other["verdicts"]) == ("Q", {"no change": 1})


def test_plots_of_one_place_are_one_dot_and_no_place_is_no_map():
    same = [PlotPlace(code, 2.0, 48.0, "below") for code in "AB"]
    (dot,) = programme.map_of(same)["dots"]
    assert dot["plots"] == 2
    assert programme.map_of([]) is None


def test_the_middle_of_a_plot_is_that_of_its_largest_part():
    small = [[0.0, 0.0], [0.1, 0.0], [0.1, 0.1], [0.0, 0.0]]
    large = [[4.0, 4.0], [6.0, 4.0], [6.0, 6.0], [4.0, 6.0], [4.0, 4.0]]
    both = {"type": "MultiPolygon", "coordinates": [[small], [large]]}
    assert middle_of(both) == pytest.approx((5.0, 5.0))
    assert middle_of(None) is None
    assert middle_of({"type": "Point", "coordinates": [1.0, 2.0]}) is None
