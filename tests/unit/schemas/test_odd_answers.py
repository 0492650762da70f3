"""Answers beside the forms that asked and the records they are about: what is odd, what is not."""

import pytest

from schemas.questions.form import Form, Question, QuestionKind, fingerprint, in_force
from schemas.questions.judging import Answers, in_order
from tests.unit.schemas.test_plausibility import found_in


def form(questions, number=1, asked_of="core", asked_from="2026-05-01"):
    return {
        "asked_of": asked_of,
        "number": number,
        "questions": questions,
        "fingerprint": fingerprint(questions),
        "asked_from": asked_from,
    }


SLOPE = {"name": "slope", "type": "integer", "required": "true()", "label": "Slope"}
WHY = {"name": "why", "type": "text", "relevant": "${slope} > 30", "required": "true()"}
ASKED = [SLOPE | {"constraint": ". <= 90", "message": "90 at most"}, WHY]
FORM = (("question_form", "F"), form(ASKED))


def answer(question, value, about="core", record="K", form_id="F"):
    fields = {f"{about}_id": record, "question": question, "form_id": form_id}
    return (("answer", f"{record}-{question}"), fields | {"value": value})


def odd(*changes):
    """Return what is odd about answers, or missing, as (code, record, detail)."""
    codes = ("answer_", "forms_")
    return [one for one in found_in(*changes) if one[0].startswith(codes)]


def test_without_a_form_nothing_is_odd():
    assert odd() == []


def test_a_core_without_an_answer_that_is_required_misses_it():
    assert odd(FORM) == [("answer_missing", "K", "slope: Slope")]


def test_an_answer_that_fits_is_not_odd():
    assert odd(FORM, answer("slope", "12")) == []


def test_an_answer_beyond_its_constraint_is_told_in_the_words_of_the_form():
    found = odd(FORM, answer("slope", "91"), answer("why", "a wall"))
    assert found == [("answer_constraint", "K-slope", "slope: 90 at most")]


def test_what_is_required_follows_from_the_other_answers():
    assert odd(FORM, answer("slope", "40")) == [("answer_missing", "K", "why")]
    assert odd(FORM, answer("slope", "40"), answer("why", "a terrace")) == []


def test_an_answer_to_what_is_not_asked_is_told():
    found = odd(FORM, answer("slope", "4"), answer("why", "flat"))
    assert found == [("answer_not_asked", "K-why", "why: ${slope} > 30")]


@pytest.mark.parametrize(("day", "count"), [("2026-05-04", 1), ("2026-05-05", 0)])
def test_what_was_taken_before_the_first_day_misses_nothing(day, count):
    early = (("question_form", "F"), form(ASKED, asked_from=day))
    assert len(odd(early)) == count


def test_a_bag_is_asked_about_by_the_day_of_its_core():
    of_bags = (("question_form", "F"), form(ASKED, asked_of="sample"))
    assert odd(of_bags) == [("answer_missing", "A", "slope: Slope")]
    later = form(ASKED, asked_of="sample", asked_from="2026-06-01")
    assert odd((("question_form", "F"), later)) == []


@pytest.mark.parametrize(("kind", "record"), [("plot", "HF"), ("point", "1")])
def test_a_plot_and_a_point_miss_an_answer_once_they_have_another(kind, record):
    of_it = (
        ("question_form", "F"),
        form([*ASKED, {"name": "n", "type": "text"}], asked_of=kind),
    )
    assert odd(of_it) == []
    found = odd(of_it, answer("n", "x", kind, record))
    assert found == [("answer_missing", record, "slope: Slope")]


NEXT = (("question_form", "G"), form([SLOPE | {"constraint": ". <= 10"}], 2))


def test_an_answer_is_judged_by_the_version_that_it_names():
    assert odd(FORM, NEXT, answer("slope", "12")) == []
    found = odd(FORM, NEXT, answer("slope", "12", form_id="G"))
    assert [code for code, *_ in found] == ["answer_constraint"]


def test_an_answer_to_an_older_version_counts_for_the_present_one():
    more = [SLOPE, {"name": "colour", "type": "text", "required": "true()"}]
    present = (("question_form", "G"), form(more, 2))
    found = odd(FORM, present, answer("slope", "12"))
    assert found == [("answer_missing", "K", "colour")]


def test_where_the_questions_ended_nothing_is_missed():
    ended = (("question_form", "G"), form([], 2))
    assert odd(FORM, ended) == []


def test_two_versions_of_one_number_are_told_once_each():
    twin = (("question_form", "G"), form([SLOPE]))
    found = odd(FORM, twin, answer("slope", "12"))
    assert sorted(name for code, name, _ in found if code == "forms_at_once") == [
        "F",
        "G",
    ]


def test_every_laptop_finds_the_same_version_in_force():
    forms = {"a": form([SLOPE]), "b": form([WHY]), "c": form([], asked_of="plot")}
    found = in_force(forms, "core")
    assert found == in_force(dict(reversed(forms.items())), "core")
    assert forms[found]["fingerprint"] == max(forms[n]["fingerprint"] for n in "ab")
    assert in_force(forms, "plot") is None
    assert in_force(forms, "sample") is None


TODAY = [{"name": "on", "type": "date", "constraint": ". <= today()"}]


def test_today_is_the_day_of_the_core():
    of_days = (("question_form", "F"), form(TODAY))
    assert odd(of_days, answer("on", "2026-05-04")) == []
    found = odd(of_days, answer("on", "2026-05-05"))
    assert [code for code, *_ in found] == ["answer_constraint"]


def test_of_a_plot_nothing_follows_from_today():
    of_plots = (("question_form", "F"), form(TODAY, asked_of="plot"))
    assert odd(of_plots, answer("on", "2199-01-01", "plot", "HF")) == []


def question(name, **more):
    return Question(name=name, type=QuestionKind(more.pop("type", "integer")), **more)


def test_questions_that_follow_from_each_other_in_a_ring_are_judged_all_the_same():
    ring = (
        question("a", relevant="${b} > 1"),
        question("b", relevant="${c} > 1", calculation="${a}", type="calculate"),
        question("c", relevant="${a} > 1"),
    )
    form = Form("core", 1, ring)
    assert list(in_order(form)) == list(ring)
    assert [one.name for one, _ in Answers(form, {"a": "3", "c": "3"}).odd()] == [
        "a",
        "c",
    ]


def test_a_chain_of_all_questions_is_no_call_within_a_call():
    chain = [question("q0")]
    chain += [question(f"q{n}", relevant=f"${{q{n - 1}}} > 0") for n in range(1, 300)]
    kept = {one.name: "1" for one in chain}
    backwards = Form("core", 1, tuple(reversed(chain)))
    assert list(Answers(backwards, kept).odd()) == []
    missing = Answers(backwards, kept | {"q0": "0"})
    assert len(list(missing.odd())) == 299


def test_a_calculation_is_worked_out_where_it_is_used():
    form = Form(
        "core",
        1,
        (
            question("a"),
            question("twice", type="calculate", calculation="${a} * 2"),
            question("b", relevant="${twice} > 10", required="true()"),
        ),
    )
    assert [p.code for _, p in Answers(form, {"a": "6"}).odd()] == ["answer_missing"]
    assert list(Answers(form, {"a": "5"}).odd()) == []
    said = Answers(form, {"a": "6"}).said("${a} is ${twice}, ${b}, ${nobody}")
    assert said == "6 is 12, ..., ..."


@pytest.mark.parametrize("column", ["relevant", "constraint", "required"])
def test_what_cannot_be_worked_out_refuses_nobody(column):
    form = Form("core", 1, (question("a", **{column: "foo(1) >"}),))
    assert list(Answers(form, {"a": "1"}).odd()) == []
    assert list(Answers(form, {}).odd()) == []
