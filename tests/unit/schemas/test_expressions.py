"""Expressions of XLSForm come to what ODK says they do, and never fail otherwise."""

import math
import time
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import limits
from schemas.questions.checking import check_expression
from schemas.questions.expressions import Circumstances, evaluate, holds, names_in
from schemas.questions.form import Question, QuestionKind
from schemas.questions.functions import FUNCTIONS
from schemas.questions.grammar import ExpressionError, parsed

MOMENT = datetime.fromisoformat("2026-05-03T18:00:00+02:00")
ANSWERS = {
    "n": 12.0,
    "half": 0.5,
    "t": "red",
    "many": "red blue",
    "none": "",
    "day": 20575.0,  # 2026-05-02
    "a-b.c": 7.0,
}


def given_(own=""):
    return Circumstances(lambda name: ANSWERS.get(name, ""), own, MOMENT)


COMES_TO = [
    ("1 + 2 * 3", 7.0),
    ("(1 + 2) * 3", 9.0),
    ("10 - 2 - 3", 5.0),
    ("7 div 2", 3.5),
    ("-7 mod 2", -1.0),
    ("1 div 0", math.inf),
    ("--3", 3.0),
    ("${n}-1", 11.0),
    ("${a-b.c} + .5", 7.5),
    ("'a' = 'a'", True),
    ("${n} = '12'", True),
    ("${n} = 12.0", True),
    ("${none} = ''", True),
    ("${none} > 3", False),
    ("${none} < 3", False),
    ("${none} != 3", True),
    ("${t} > 3", False),
    ("not(${n} > 3) or ${t} = 'red'", True),
    ("1 = 1 and 2 = 3 or 3 = 3", True),
    ("true() = 'x'", True),
    ("selected(${many}, 'blue')", True),
    ("selected(${many}, 'lue')", False),
    ("selected(${none}, 'red')", False),
    ("count-selected(${many})", 2.0),
    ("selected-at(${many}, 1)", "blue"),
    ("selected-at(${many}, 9)", ""),
    ("if(${n} > 3, 'big', 'small')", "big"),
    ("coalesce(${none}, 'x')", "x"),
    ("coalesce(${t}, 'x')", "red"),
    ("string-length(${t})", 3.0),
    ("concat(${t}, '-', ${n}, true())", "red-12true"),
    ("contains(${t}, 'e')", True),
    ("starts-with(${t}, 're') and ends-with(${t}, 'ed')", True),
    ("substr(${t}, 1)", "ed"),
    ("substr(${t}, 0, 2)", "re"),
    ("substr(${t}, -1)", "d"),
    ("substring('12345', 2, 3)", "234"),
    ("substring('12345', 1.5, 2.6)", "234"),
    ("substring('12345', 0 div 0, 3)", ""),
    ("substring-before('a/b', '/')", "a"),
    ("substring-after('a/b', '/')", "b"),
    ("normalize-space('  a   b ')", "a b"),
    ("translate('bar', 'abc', 'AB')", "BAr"),
    ("round(2.5)", 3.0),
    ("round(-2.5)", -2.0),
    ("round(1.256, 2)", 1.26),
    ("int(-3.7)", -3.0),
    ("floor(-0.5) + ceiling(-0.5)", -1.0),
    ("abs(-3)", 3.0),
    ("pow(2, 10)", 1024.0),
    ("min(3, 1, 2) + max(3, 1, 2)", 4.0),
    ("number('12.5')", 12.5),
    ("string(0.5)", "0.5"),
    ("boolean-from-string('true')", True),
    ("regex(${t}, 'r.d')", True),
    ("regex(${t}, 'r')", False),
    ("today() > ${day}", True),
    ("today() - ${day}", 1.0),
    ("date('2026-05-02') = ${day}", True),
    ("now() - today()", 0.75),
    ("decimal-date-time('1970-01-02')", 1.0),
    ("selected(../many, 'red')", True),
]


@pytest.mark.parametrize(("text", "value"), COMES_TO)
def test_an_expression_comes_to_what_odk_says(text, value):
    found = evaluate(text, given_())
    assert found == pytest.approx(value) if isinstance(value, float) else found == value
    assert isinstance(found, type(value))


@pytest.mark.parametrize(
    ("own", "text", "is_so"),
    [
        (50.0, ". >= 0 and . <= 100", True),
        (101.0, ".>=0 and .<=100", False),
        ("AB-12", "regex(., '[A-Z]{2}-[0-9]+')", True),
        ("red blue", "not(selected(., 'red') and count-selected(.) > 1)", False),
        (0.5, ". > .4", True),
    ],
)
def test_a_dot_is_the_own_answer(own, text, is_so):
    assert holds(text, given_(own)) is is_so


def test_what_is_no_number_is_equal_to_nothing():
    assert math.isnan(evaluate("number('x')", given_()))
    assert evaluate("number('x') = number('x')", given_()) is False


def test_nothing_follows_from_today_where_it_is_not_known():
    unknown = Circumstances(lambda _: "", "", None)
    for text in ("today() > 1", "now() > 1"):
        with pytest.raises(ExpressionError):
            evaluate(text, unknown)


def test_the_questions_that_are_spoken_of_are_known():
    assert names_in("${n} > 1 or selected(../many, ${t})") == {"n", "many", "t"}


KINDS = {
    name: Question(name=name, type=QuestionKind(kind))
    for name, kind in {
        "n": "integer",
        "t": "text",
        "day": "date",
        "at": "time",
        "note": "note",
        "made": "calculate",
    }.items()
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not understood"),
        ("1 +", "not understood"),
        ("(1", "not understood"),
        ("'a", "not understood"),
        ("${n} ${t}", "not understood"),
        ("${n", "not understood"),
        ("/data/n = 1", "not understood"),
        ("../../n = 1", "not understood"),
        ("count(${n}) > 1", "the function count()"),
        ("pulldata('a', 'b', 'c', 'd')", "the function pulldata()"),
        ("jr:choice-name(${t}, 'x')", "the function jr:choice-name()"),
        ("once(${n})", "the function once()"),
        ("if(1, 2)", "another number of values"),
        ("true(1)", "another number of values"),
        ("${nobody} > 1", "no question here is called nobody"),
        ("${note} = 1", "note is a note"),
        ("n > 1", "an answer is ${n}, not n"),
        (". > 1", "a dot stands for an answer"),
        ("${t} = '${n}'", "an answer stands in quotes"),
        ("${day} = '2026-05-01'", "a day or time beside a text"),
        ("${at} > '10:00'", "a day or time beside a text"),
        ("substr(${day}, 0, 4)", "substr() of a day or time"),
        ("concat(${day}, 'x')", "concat() of a day or time"),
        ("regex(${t}, '[')", "no pattern"),
        ("1" + " + 1" * 300, "characters"),
        ("not(" * 90 + "1" + ")" * 90, "levels"),
    ],
)
def test_what_cannot_be_worked_out_is_refused_before_anybody_answers(text, words):
    with pytest.raises(ExpressionError) as refused:
        check_expression(text, KINDS)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "${day} <= today()",
        "${at} > date-time('1970-01-01T10:00:00Z')",
        "${day} = date('2026-05-01') or ${n} > 3",
        "if(${n} > 3, ${day}, today()) > 3",
        "${made} = 'x' or ${made} > 3",
        "round(${n} div 3, 1) = 0.3",
    ],
)
def test_what_can_be_worked_out_is_taken(text):
    check_expression(text, KINDS)


def test_a_pattern_that_never_ends_is_given_up_once_and_for_all():
    endless = "regex('" + "a" * 60 + "!', '(a|aa)+$b?')"
    begun = time.perf_counter()
    for _ in range(50):
        with pytest.raises(ExpressionError):
            evaluate(endless, given_())
    assert time.perf_counter() - begun < 10 * limits.PATTERN_TIMEOUT_S


values = st.one_of(
    st.floats(allow_nan=True),
    st.text(max_size=20),
    st.booleans(),
    st.sampled_from(["", "red blue", "2026-05-03", "12", "-0", "1e400"]),
)


@given(
    name=st.sampled_from([name for name in FUNCTIONS if name != "regex"]),
    arguments=st.lists(values, max_size=4),
)
def test_no_function_fails_for_any_values(name, arguments):
    function = FUNCTIONS[name]
    if function.least <= len(arguments) <= function.most:
        assert isinstance(function.call(*arguments), str | float | bool)


@given(st.text(alphabet="${}()'.,<>=!+-*/ abnotrd19", max_size=40))
def test_any_text_is_an_expression_or_refused(text):
    with suppress(ExpressionError):
        parsed(text)
        assert isinstance(evaluate(text, given_()), str | float | bool)
