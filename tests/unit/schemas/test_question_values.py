"""What people type is read as one text; what does not fit its question is told."""

import pytest

from schemas import limits
from schemas.questions.form import AnswerChoice, Question, QuestionKind
from schemas.questions.values import answer_problem, read_answer

COLOURS = (
    AnswerChoice("red", "Dark red", {"fr": "Rouge foncé"}),
    AnswerChoice("blue", "Blue"),
    AnswerChoice("red2", "Same"),
    AnswerChoice("red3", "Same"),
)


def question(kind):
    kind = QuestionKind(kind)
    chosen = kind in {QuestionKind.SELECT_ONE, QuestionKind.SELECT_MULTIPLE}
    return Question(name="q", type=kind, choices=COLOURS if chosen else ())


READ = [
    ("text", "  two words ", "two words"),
    ("integer", "12", "12"),
    ("integer", "12.0", "12"),
    ("integer", "-0", "0"),
    ("decimal", "12,5", "12.5"),
    ("decimal", "12.0", "12"),
    ("decimal", "1e-3", "0.001"),
    ("decimal", "0.1", "0.1"),
    ("decimal", "1e-7", "0.0000001"),
    ("decimal", "-1234567.25", "-1234567.25"),
    ("select_one", "RED", "red"),
    ("select_one", "dark red", "red"),
    ("select_one", "rouge FONCÉ", "red"),
    ("select_multiple", "blue red", "red blue"),
    ("select_multiple", "blue, red, blue", "red blue"),
    ("select_multiple", "Blue; Dark red", "red blue"),
    ("date", "3.5.2026", "2026-05-03"),
    ("time", "9:05", "09:05:00"),
    ("time", "14h30", "14:30:00"),
    ("datetime", "2026-05-03 10:15+02:00", "2026-05-03T10:15:00+02:00"),
    ("barcode", "K7F04211", "K7F04211"),
    ("geopoint", "48,85; 2,35", "48 85 2 35"),
    ("geopoint", "48.85, 2.35", "48.85 2.35"),
    ("geopoint", "48.85 2.35 120 4.5", "48.85 2.35 120 4.5"),
    ("acknowledge", "yes", "OK"),
    ("acknowledge", "OK", "OK"),
]


@pytest.mark.parametrize(("kind", "typed", "kept"), READ)
def test_what_is_typed_is_read_as_one_text(kind, typed, kept):
    asked = question(kind)
    assert read_answer(asked, typed) == kept
    assert read_answer(asked, kept) == kept


@pytest.mark.parametrize(
    ("kind", "kept"),
    [(kind, kept) for kind, _, kept in READ if kept != "48 85 2 35"],
)
def test_what_is_read_fits(kind, kept):
    assert answer_problem(question(kind), kept) is None


UNFIT = [
    ("text", ""),
    ("text", " "),
    ("text", "x" * (limits.NOTE_CHARS + 1)),
    ("text", "a\x00b"),
    ("integer", "12.5"),
    ("integer", "twelve"),
    ("integer", "1e400"),
    ("integer", "99999999999999999999"),
    ("integer", "12.0"),
    ("decimal", "steep"),
    ("decimal", "1e-7"),
    ("decimal", "012.5"),
    ("decimal", "+1.5"),
    ("decimal", "nan"),
    ("decimal", "inf"),
    ("decimal", "1e300"),
    ("decimal", "1,152"),
    ("select_one", "green"),
    ("select_one", "Same"),
    ("select_one", "red blue"),
    ("select_one", "Dark red"),
    ("select_multiple", "red green"),
    ("select_multiple", "blue red"),
    ("select_multiple", "red red"),
    ("select_multiple", ""),
    ("date", "2026-02-30"),
    ("date", "3/5/2026"),
    ("date", "1066-10-14"),
    ("time", "25:00"),
    ("time", "noon"),
    ("datetime", "2026-05-03"),
    ("datetime", "2026-05-03 10:15"),
    ("geopoint", "48.85"),
    ("geopoint", "91 2"),
    ("geopoint", "48 85 2 35 1"),
    ("acknowledge", "no"),
    ("acknowledge", "yes"),
    ("note", "anything"),
    ("calculate", "3"),
]


@pytest.mark.parametrize(("kind", "value"), UNFIT)
def test_what_does_not_fit_says_what_does(kind, value):
    problem = answer_problem(question(kind), value)
    assert problem.code == "answer_unfit"
    assert problem.path == "value"
    assert problem.detail.startswith("q: ")


@pytest.mark.parametrize("value", [None, 3, True, ["red"], {"a": 1}])
def test_what_is_no_text_is_no_answer(value):
    assert answer_problem(question("text"), value).code == "answer_unfit"


def test_a_label_of_two_choices_means_neither():
    assert read_answer(question("select_one"), "same") == "same"


def test_a_long_list_of_choices_is_cut_in_words():
    many = tuple(AnswerChoice(f"choice_{n}") for n in range(200))
    asked = Question(name="q", type=QuestionKind.SELECT_ONE, choices=many)
    assert len(answer_problem(asked, "none").detail) < 200
