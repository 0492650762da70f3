"""Answers to a project's own questions: each stands by itself, and fits the form it names."""

import pytest

from schemas.questions.form import fingerprint
from tests.unit.merge.building import (
    CAMPAIGN,
    CORE,
    PLOT,
    POINT,
    Server,
    live,
    put,
    thing,
)

FORM, NEXT = thing("question_form", "core 1"), thing("question_form", "core 2")
OF_PLOTS = thing("question_form", "plot 1")
SLOPE, STONES = thing("answer", "slope"), thing("answer", "stones")
ASKED = [
    {"name": "slope", "type": "integer"},
    {"name": "stones", "type": "select_one", "choices": [{"name": "few"}]},
    {"name": "thanks", "type": "note"},
]


def form(asked_of="core", number=1, questions=ASKED):
    return {
        "asked_of": asked_of,
        "number": number,
        "questions": questions,
        "fingerprint": fingerprint(questions),
        "asked_from": "2026-03-01",
    }


def answer(question="slope", value="12", **more):
    said = {
        "core_id": CORE.id,
        "question": question,
        "form_id": FORM.id,
        "value": value,
    }
    return {name: each for name, each in (said | more).items() if each is not None}


@pytest.fixture
def server():
    return Server(
        live(PLOT),
        live(POINT),
        live(CAMPAIGN),
        live(CORE),
        live(FORM, form()),
        live(OF_PLOTS, form("plot")),
    )


def test_two_people_who_answer_different_questions_both_stand(server):
    assert server.push(
        put("ana2", SLOPE, answer()), put("bo2", STONES, answer("stones", "few"))
    ) == [
        "accepted",
        "accepted",
    ]
    assert server.fields(SLOPE)["value"] == "12"
    assert server.fields(STONES)["value"] == "few"


def test_two_values_of_one_question_are_a_conflict(server):
    server.push(put("ana2", SLOPE, answer()))
    assert server.push(put("bo2", SLOPE, answer(value="14"))) == ["conflict"]
    assert server.fields(SLOPE)["value"] == "12"
    ((stands, kept),) = server.conflicts.values()
    assert (stands["value"], kept["value"]) == ("12", "14")


def test_the_same_value_twice_is_no_conflict(server):
    server.push(put("ana2", SLOPE, answer()))
    assert server.push(put("bo2", SLOPE, answer())) == ["accepted"]


UNFIT = {
    "of another type": (answer(value="steep"), ("answer_unfit", "steep")),
    "of no choice": (answer("stones", "many"), ("answer_unfit", "many")),
    "not as it is kept": (answer(value="12.0"), ("answer_unfit", "12.0")),
    "to no question": (answer("colour"), ("unknown_question", "colour")),
    "to a note": (answer("thanks"), ("unknown_question", "thanks")),
    "to a form of something else": (
        answer(form_id=OF_PLOTS.id),
        ("answer_elsewhere", None),
    ),
    "about something else": (
        answer(core_id=None, plot_id=PLOT.id),
        ("answer_elsewhere", None),
    ),
}


@pytest.mark.parametrize(("fields", "why"), UNFIT.values(), ids=UNFIT)
def test_an_answer_is_kept_back_that_is(server, fields, why):
    assert server.push(put("bo2", SLOPE, fields)) == ["quarantined"]
    assert server.why("bo2") == [why]


def test_an_answer_waits_for_the_form_that_asked(server):
    server = Server(live(CORE))
    assert server.push(put("bo2", SLOPE, answer())) == ["held"]
    assert server.push(put("ana2", FORM, form())) == ["accepted"]
    assert server.outcome("bo2") == "accepted"


def test_an_answer_is_judged_again_when_its_form_comes(server):
    server = Server(live(CORE))
    server.push(put("bo2", SLOPE, answer(value="steep")))
    server.push(put("ana2", FORM, form()))
    assert server.outcome("bo2") == "quarantined"


def test_a_patch_of_the_value_alone_is_judged_by_the_form_before(server):
    server.push(put("ana2", SLOPE, answer()))
    assert server.push(put("ana3", SLOPE, {"value": "steep"})) == ["quarantined"]
    assert server.push(put("ana4", SLOPE, {"value": "13"})) == ["accepted"]


def test_an_answer_to_an_older_version_goes_on_standing(server):
    server.push(put("ana2", SLOPE, answer()))
    newer = [{"name": "slope", "type": "decimal"}]
    server.push(put("ana3", NEXT, form(number=2, questions=newer)))
    old = put("bo2", STONES, answer("stones", "few"))
    assert server.push(old) == ["accepted"]
    assert server.push(
        put("ana4", SLOPE, answer(value="12.5", form_id=NEXT.id), saw=None)
    ) == ["accepted"]


FIXED = {
    "questions": {"questions": [], "fingerprint": fingerprint([])},
    "number": {"number": 7},
    "asked_of": {"asked_of": "plot"},
}


@pytest.mark.parametrize("patch", FIXED.values(), ids=FIXED)
def test_a_version_of_the_questions_never_changes(server, patch):
    outcome = server.push(put("ana2", FORM, patch, saw=1))
    assert outcome == ["quarantined"]
    assert {code for code, _ in server.why("ana2")} == {"never_changes"}
    assert server.fields(FORM)["questions"] == ASKED


def test_what_is_said_of_a_version_besides_may_change(server):
    patch = {"title": "Erosion", "asked_from": "2026-04-01"}
    assert server.push(put("ana2", FORM, patch, saw=1)) == ["accepted"]


def test_one_version_made_twice_is_one(server):
    assert server.push(put("bo2", FORM, form())) == ["accepted"]


def test_questions_under_the_fingerprint_of_others_are_kept_back(server):
    said = form(number=3) | {"fingerprint": fingerprint([])}
    assert server.push(put("bo2", NEXT, said)) == ["quarantined"]
    assert [code for code, _ in server.why("bo2")] == ["fingerprint_differs"]


def test_a_core_is_recorded_beside_its_answers(server):
    core = thing("core", "other")
    new = {**server.fields(CORE), "number": 2}
    assert server.push(
        put("bo2", core, new), put("bo3", SLOPE, answer(core_id=core.id))
    ) == ["accepted", "accepted"]
