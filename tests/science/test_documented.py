"""The page on stocks says what the code says."""

from pathlib import Path

import pytest

from server.stocks.change import ChangeVerdict, ZeroVerdict
from server.stocks.choices import Basis, Lonely, Reference
from server.stocks.comparison import JudgedOn
from server.stocks.rate_interval import IntervalShape
from server.stocks.reasons import EXPLANATIONS
from server.stocks.settings import PROFILES
from server.stocks.strata import Freedom
from server.stocks.trend import Stage
from server.tables.layers import KNOWN

PAGE = (Path(__file__).parents[2] / "docs" / "science.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reason", EXPLANATIONS)
def test_every_reason_is_documented_as_it_is_explained(reason):
    meaning, what_to_do = EXPLANATIONS[reason]
    assert f"| {reason.value} | {meaning} | {what_to_do} |" in PAGE


CHOICES = [*PROFILES, *Basis, *Reference, *JudgedOn, *Lonely, *Freedom, *Stage]


@pytest.mark.parametrize("word", CHOICES)
def test_every_choice_is_documented(word):
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize(
    "word", [*ChangeVerdict, *ZeroVerdict, *IntervalShape, *sorted(KNOWN)]
)
def test_every_verdict_and_column_is_documented(word):
    assert f"`{word}`" in PAGE
