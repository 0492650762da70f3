"""Forms of a person's own: every column that is read, and files that are made to harm."""

import re
import zipfile

import pytest
from openpyxl import Workbook

from collector.errors import RefusedError
from collector.questions.reading import read_form
from schemas import limits
from schemas.questions.form import AnswerChoice, Form, QuestionKind
from schemas.questions.functions import FUNCTIONS, NOW
from schemas.questions.judging import Answers
from tests.corpus import FIXTURES

COLUMNS = ("type", "name", "label")


def workbook(path, survey, choices=(), settings=(), columns=COLUMNS):
    """Write a form as .xlsx."""
    book = Workbook()
    sheet = book.active
    sheet.title = "survey"
    for row in (columns, *survey):
        sheet.append(row)
    for name, rows in (("choices", choices), ("settings", settings)):
        if rows:
            other = book.create_sheet(name)
            for row in rows:
                other.append(row)
    book.save(path)
    return path


def markdown(path, text):
    path.write_text(text, "utf-8")
    return path


def refusals(path):
    with pytest.raises(RefusedError) as refused:
        read_form(path)
    assert refused.value.hint
    return [problem.detail for problem in refused.value.problems] or refused.value.text


FULL = """
| survey |
| | type | name | label | label::Français (fr) | hint | required | constraint | constraint_message | constraint_message::Français (fr) | relevant | default |
| | begin_group | land | The land | La terre | | | | | | ${use} = 'crop' | |
| | decimal | slope | Slope, % | Pente, % | of ten metres | yes | . < 100 | too steep | trop raide | | |
| | select_multiple signs | seen | What is seen? | Que voit-on ? | | | | | | ${slope} > 2 | |
| | end_group | | | | | | | | | | |
| | select_one use | use | Use | Usage | | | | | | | crop |
| | calculate | twice | | | | | | | | | |
| | note | thanks | Thank you, ${use} | Merci, ${use} | | | | | | | |
| choices |
| | list_name | name | label | label::Français (fr) |
| | signs | crust | Crust | Croûte |
| | signs | rills | Rills | Rigoles |
| | use | crop | Crops | Cultures |
| | use | grass | Grass | Prairie |
| settings |
| | form_title | form_id | version |
| | Erosion | erosion | 7 |
"""


@pytest.fixture
def full(tmp_path):
    text = FULL.replace("| calculate | twice |", "| calculate | twice |")
    text = text.replace(
        "| relevant | default |", "| relevant | default | calculation |"
    )
    text = text.replace(
        "| | calculate | twice | | | | | | | | | |",
        "| | calculate | twice | | | | | | | | | | ${slope} * 2 |",
    )
    return read_form(markdown(tmp_path / "erosion.md", text))


def test_every_column_that_means_something_is_kept(full):
    land, slope, seen, use, twice, thanks = full.questions
    assert (land.type, land.label, land.labels) == (
        QuestionKind.NOTE,
        "The land",
        {"fr": "La terre"},
    )
    assert slope.required == "true()"
    assert slope.relevant == "${use} = 'crop'"
    assert seen.relevant == "(${use} = 'crop') and (${slope} > 2)"
    assert (slope.constraint, slope.message) == (". < 100", "too steep")
    assert slope.messages == {"fr": "trop raide"}
    assert slope.hint == "of ten metres"
    assert use.default == "crop"
    assert use.choices[0] == AnswerChoice("crop", "Crops", {"fr": "Cultures"})
    assert (twice.type, twice.calculation) == (QuestionKind.CALCULATE, "${slope} * 2")
    assert thanks.in_language("fr").label == "Merci, ${use}"
    assert (full.title, full.source) == ("Erosion", "erosion 7 (erosion.md)")


def test_a_form_is_the_same_as_xlsx_csv_and_markdown(tmp_path):
    rows = [("integer", "stones", "Stones"), ("date", "on", "Day")]
    table = "\n".join(f"| | {' | '.join(row)} |" for row in (COLUMNS, *rows))
    sheet = "\n".join(["survey", *(f",{','.join(row)}" for row in (COLUMNS, *rows))])
    read = [
        read_form(workbook(tmp_path / "form.xlsx", rows)).data,
        read_form(markdown(tmp_path / "form.md", f"| survey |\n{table}\n")).data,
        read_form(markdown(tmp_path / "form.csv", f"{sheet}\n")).data,
    ]
    assert read[0] == read[1] == read[2]
    assert [one["name"] for one in read[0]] == ["stones", "on"]


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("text", "text"),
        ("string", "text"),
        ("integer", "integer"),
        ("int", "integer"),
        ("decimal", "decimal"),
        ("date", "date"),
        ("time", "time"),
        ("dateTime", "datetime"),
        ("barcode", "barcode"),
        ("geopoint", "geopoint"),
        ("acknowledge", "acknowledge"),
        ("trigger", "acknowledge"),
        ("range", "integer"),
    ],
)
def test_each_type_is_asked_as_what_it_is(tmp_path, kind, asked):
    form = read_form(workbook(tmp_path / "f.xlsx", [(kind, "q", "Q")]))
    assert [str(one.type) for one in form.questions] == [asked]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("image", "files belong to records"),
        ("audio", "files belong to records"),
        ("video", "files belong to records"),
        ("file", "files belong to records"),
        ("background-audio", "is not asked here"),
        ("geotrace", "lines and areas are not asked"),
        ("geoshape", "lines and areas are not asked"),
    ],
)
def test_each_type_that_is_not_asked_names_its_row(tmp_path, kind, words):
    path = workbook(tmp_path / "f.xlsx", [("text", "a", "A"), (kind, "q", "Q")])
    (said,) = refusals(path)
    assert said.startswith("row 3, q: ")
    assert words in said


@pytest.mark.parametrize(
    "kind",
    ["start", "end", "today", "deviceid", "username", "email", "phonenumber", "audit"],
)
def test_what_is_known_anyway_is_left_out_and_said(tmp_path, kind):
    rows = [(kind, "audit" if kind == "audit" else "meta1", ""), ("text", "a", "A")]
    form = read_form(workbook(tmp_path / "f.xlsx", rows))
    assert [one.name for one in form.questions] == ["a"]
    assert len(form.left_out) == 1


def column(tmp_path, name, value, kind="integer", more=()):
    rows = [("integer", "other", "Other", ""), (kind, "q", "Q", value), *more]
    return workbook(tmp_path / "f.xlsx", rows, columns=(*COLUMNS, name))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("constraint", ". > foo(1)", "the function foo() is not worked out here"),
        ("constraint", ". > indexed-repeat(1)", "the function indexed-repeat()"),
        ("constraint", ". >", "constraint . >: not understood at: >"),
        ("constraint", "position(..) > 1", "not understood at"),
        ("constraint", "/data/other > 1", "not understood at"),
        ("constraint", "regex(., '(')", "no pattern"),
        ("constraint", ". > '${other}'", "an answer stands in quotes"),
        ("constraint", ". > other", "an answer is ${other}, not other"),
        ("relevant", "${q} > 1", "whether it is asked follows from itself: q -> q"),
        ("calculation", "${other} * 2", "it is asked and calculated"),
        ("repeat_count", "3", None),
        ("appearance", "minimal", None),
        ("guidance_hint", "look twice", None),
    ],
)
def test_a_column_is_taken_or_refused_with_what_is_wrong(tmp_path, name, value, words):
    path = column(tmp_path, name, value)
    if words is None:
        assert len(read_form(path).questions) == 2
    else:
        (said,) = refusals(path)
        assert said.startswith("row 3, q: ")
        assert words in said


def test_questions_that_follow_from_each_other_in_a_ring_are_refused(tmp_path):
    rows = [
        ("integer", "a", "A", "${b} > 1"),
        ("integer", "b", "B", "${c} > 1"),
        ("integer", "c", "C", "${a} > 1"),
    ]
    path = workbook(tmp_path / "f.xlsx", rows, columns=(*COLUMNS, "relevant"))
    (said,) = refusals(path)
    assert "whether it is asked follows from itself" in said


def test_what_speaks_of_a_question_that_is_left_out_is_refused(tmp_path):
    rows = [("start", "begun", "", ""), ("date", "on", "On", ". > ${begun}")]
    path = workbook(tmp_path / "f.xlsx", rows, columns=(*COLUMNS, "constraint"))
    (said,) = refusals(path)
    assert "begun is left out, and no answer" in said


def test_two_names_that_differ_by_capitals_are_refused(tmp_path):
    rows = [("begin_group", "g", "G"), ("text", "Slope", "A"), ("end_group", "", "")]
    (said,) = refusals(workbook(tmp_path / "f.xlsx", [*rows, ("text", "slope", "B")]))
    assert "another question has this name" in said


def test_a_filter_offers_the_choices_that_fit(tmp_path):
    survey = [
        ("select_one regions", "region", "Region", ""),
        ("select_one villages", "village", "Village", "region = ${region}"),
    ]
    choices = [
        ("list_name", "name", "label", "region"),
        ("regions", "n", "North", ""),
        ("regions", "s", "South", ""),
        ("villages", "v1", "One", "n"),
        ("villages", "v2", "Two", "s"),
    ]
    columns = (*COLUMNS, "choice_filter")
    path = workbook(tmp_path / "f.xlsx", survey, choices, columns=columns)
    read = read_form(path)
    form = Form("core", 1, tuple(read.questions))
    village = form.get("village")
    answers = Answers(form, {"region": "s", "village": "v1"})
    assert [one.name for one in answers.offered(village)] == ["v2"]
    assert answers.is_broken(village)


def test_a_range_has_the_bounds_of_its_parameters(tmp_path):
    rows = [("range", "r", "R", "start=2 end=10 step=2")]
    path = workbook(tmp_path / "f.xlsx", rows, columns=(*COLUMNS, "parameters"))
    form = Form("core", 1, tuple(read_form(path).questions))
    (question,) = form.questions
    broken = {
        v: Answers(form, {"r": v}).is_broken(question) for v in ("2", "10", "3", "12")
    }
    assert broken == {"2": False, "10": False, "3": True, "12": True}


def test_a_default_that_is_no_answer_is_left_out_and_said(tmp_path):
    path = column(tmp_path, "default", "three")
    read = read_form(path)
    assert read.questions[1].default == ""
    assert [one.told for one in read.left_out] == [
        "row 3, q: its default three is no answer to it"
    ]


def test_five_thousand_questions_are_refused_at_once(tmp_path):
    rows = [("text", f"q{n}", "Q") for n in range(5_000)]
    assert "5,000 rows, and 300 questions fit" in refusals(
        workbook(tmp_path / "f.xlsx", rows)
    )


def test_more_questions_than_fit_are_refused(tmp_path):
    rows = [("text", f"q{n}", "Q") for n in range(limits.QUESTIONS + 1)]
    (said,) = refusals(workbook(tmp_path / "f.xlsx", rows))
    assert "300 questions at most" in said


def test_texts_without_end_are_refused(tmp_path):
    (said,) = refusals(workbook(tmp_path / "f.xlsx", [("text", "q", "x" * 5_000)]))
    assert said.startswith("row 2, q: label: the text is too long")


def test_a_bomb_is_not_unpacked(tmp_path):
    path = workbook(tmp_path / "f.xlsx", [("text", "q", "Q")])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/worksheets/sheet9.xml", b"0" * (limits.FORM_UNPACKED_BYTES + 1)
        )
    assert "which no form does" in refusals(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.xlsx", b""),
        ("text.xlsx", b"survey"),
        ("noise.xls", bytes(range(256)) * 40),
        ("ole.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        ("noise.md", b"\xff\xfe\x00"),
        ("noise.csv", b"\xff\xfe\x00,,,,,"),
        ("one.csv", b"survey\n,type,name\n"),
        ("pipes.md", b"| survey |\n| | type | name |\n"),
        ("other.md", b"| survey |\n| | colour | shape |\n| | red | round |\n"),
        ("zip.xlsx", b"PK\x05\x06" + bytes(18)),
        ("form.pdf", b"%PDF-1.7"),
    ],
)
def test_a_file_that_is_no_form_is_refused_in_words(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    said = refusals(path)
    assert name in (said if isinstance(said, str) else said[0])


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.xlsx"
    path.write_bytes(bytes(limits.FORM_FILE_BYTES + 1))
    assert "4 MiB at most" in refusals(path)


def test_formulas_are_read_as_what_they_came_to(tmp_path):
    # A formula that nobody worked out has no value: the row has no label.
    path = workbook(tmp_path / "f.xlsx", [("text", "q", "=1+1"), ("text", "b", "B")])
    assert "no label" in refusals(path)


def test_the_form_of_the_page_for_managers_can_be_asked(tmp_path):
    page = (FIXTURES.parent / "docs" / "questions.md").read_text("utf-8")
    (table,) = re.findall(r"```\n(\| survey \|.*?)```", page, re.DOTALL)
    read = read_form(markdown(tmp_path / "page.md", table))
    assert [one.name for one in read.questions] == [
        "slope",
        "signs",
        "rill_depth",
        "ploughed",
    ]


def test_every_function_that_is_worked_out_is_on_the_page_for_managers():
    page = (FIXTURES.parent / "docs" / "questions.md").read_text("utf-8")
    told = set(re.findall(r"`([a-z-]+)\(\)`", page.partition("## Answer")[0]))
    refused = {"position", "indexed-repeat", "pulldata"}
    assert told - refused == {*FUNCTIONS, *NOW}
