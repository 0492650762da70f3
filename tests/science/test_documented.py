"""The page on stocks says what the code says."""

from pathlib import Path

import pytest

from server.stocks.choices import Basis, Lonely, Reference
from server.stocks.comparison import JudgedOn
from server.stocks.rate_interval import IntervalShape
from server.stocks.reasons import EXPLANATIONS, WITHHOLDS_VERDICT, Reason
from server.stocks.settings import PROFILES
from server.stocks.strata import Freedom
from server.stocks.trend import Stage
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict
from server.tables.columns import KNOWN

PAGE = (Path(__file__).parents[2] / "docs" / "science.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained_with_what_becomes_of_the_verdict(reason):
    said = EXPLANATIONS[reason]
    assert all(said)
    assert (said.verdict == "is withheld") == (reason in WITHHOLDS_VERDICT)


CHOICES = [*PROFILES, *Basis, *Reference, *JudgedOn, *Lonely, *Freedom, *Stage]


@pytest.mark.parametrize("word", CHOICES)
def test_every_choice_is_documented(word):
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize(
    "word", [*ChangeVerdict, *ZeroVerdict, *IntervalShape, *sorted(KNOWN)]
)
def test_every_verdict_and_column_is_documented(word):
    assert f"`{word}`" in PAGE
