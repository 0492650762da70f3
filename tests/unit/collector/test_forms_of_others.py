"""Example forms of pyxform: each is taken, or refused in words with its row and name."""

import pytest

from collector.errors import RefusedError
from collector.questions.reading import read_form
from tests.corpus import FIXTURES

FORMS = FIXTURES / "xlsforms"
#: What is asked of each form that is taken.
TAKEN = {
    "cascading_select_test_equivalent.xls": [
        "mylga_zone",
        "mylga_state_in_zone_1",
        "mylga_state_in_zone_2",
        "mylga_lga_in_state_1",
        "mylga_lga_in_state_2",
        "mylga_lga_in_state_3",
        "mylga_lga_in_state_4",
    ],
    "gps.xls": ["location"],
    "group.csv": ["family_name", "phone_number", "age"],
    "group.xls": ["family_name", "phone_number", "age"],
    "settings.xls": ["your_name", "your_age"],
    "specify_other.csv": ["sex", "sex_other"],
    "table-list.xls": [
        "table_list_3",
        "table_list_4",
        "happy_sad_brian",
        "happy_sad_michael",
    ],
    "text_and_integer.csv": ["your_name", "your_age"],
    "utf_csv.csv": ["burger_toppings"],
    "xl_date_ambiguous_v1.xlsx": ["name1", "name2", "name3", "names", "current_date"],
    "xml_escaping.xls": ["table_list_3"],
    "yes_or_no_question.xls": ["good_day"],
}
_REPEATS = "repeats are not asked: ask it of each core or bag"
_FILES = "files belong to records: leave it out, and use permille attach"
_ELSEWHERE = "its choices are in another file: write them in the sheet choices"
_MEDIA = [
    f"row {row}, {kind}_test: {_FILES}"
    for row, kind in ((36, "image"), (37, "audio"), (38, "video"))
]
#: What is said of each form that is refused.
REFUSED = {
    "attribute_columns_test.xlsx": [f"row 15, repeat_test: {_REPEATS}", *_MEDIA],
    "choice_filter_test.xlsx": [
        "row 3, county: two choices are called king: give each a name of its own"
    ],
    "hidden.xls": ["hidden.xls: it asks nothing that can be answered"],
    "loop.xls": [f"row 3, loop_toilet_types: {_REPEATS}"],
    "or_other.xlsx": [
        (
            "row 3, fav_pastel: choice_filter pastel=yes: no choice has a value in a"
            " column yes; an answer is ${yes}, not yes"
        )
    ],
    "pull_data.xlsx": [
        (
            "row 2, fruit: calculation pulldata('fruits', 'name','name', 'mango'): the"
            " function pulldata() is not worked out here"
        )
    ],
    "repeat_date_test.xls": [f"row 4, repeat_test: {_REPEATS}"],
    "search_and_select.xlsx": [f"row 2, fruit: {_ELSEWHERE}"],
    "select_one_external.xlsx": [
        f"row 3, county: {_ELSEWHERE}",
        f"row 4, city: {_ELSEWHERE}",
    ],
    "tutorial.xls": [f"row 2, member: {_REPEATS}"],
    "widgets.xls": [
        f"row {row}, my_{kind}: {_FILES}"
        for row, kind in ((13, "image"), (14, "audio"), (15, "video"))
    ],
    "xlsform_spec_test.xlsx": [f"row 15, repeat_test: {_REPEATS}", *_MEDIA],
}
#: What pyxform does not read.
UNREAD = {
    "fruits.csv": "fruits.csv is damaged, or no form",
    "not_closed_group_test.xls": "[row : 3] Unmatched 'begin_group'",
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_form_that_can_be_asked_is_taken(name):
    read = read_form(FORMS / name)
    assert [one.name for one in read.questions if one.is_answered] == TAKEN[name]
    assert read.title
    assert all(one.label for one in read.questions if one.is_answered)


@pytest.mark.parametrize("name", REFUSED)
def test_a_form_that_cannot_be_asked_says_where_and_what_to_do(name):
    with pytest.raises(RefusedError) as refused:
        read_form(FORMS / name)
    assert [problem.detail for problem in refused.value.problems] == REFUSED[name]
    assert refused.value.hint


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_no_form_is_refused_in_words(name):
    with pytest.raises(RefusedError) as refused:
        read_form(FORMS / name)
    assert UNREAD[name] in refused.value.text
    assert refused.value.hint


def test_every_form_is_looked_at():
    names = {path.name for path in FORMS.iterdir()}
    known = {*TAKEN, *REFUSED, *UNREAD}
    assert names - known == {"README.md", "LICENSE-BSD.txt"}
    assert known <= names
