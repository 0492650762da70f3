"""A project's own questions at the command line: made, asked, answered, told."""

import csv
import json

import pytest
from openpyxl import load_workbook

from collector.rules.shape import wrong_in
from schemas.questions.form import QuestionKind, question_of

FORM = """
| survey |
| | type | name | label | required | constraint | constraint_message | relevant |
| | start | begun | | | | | |
| | decimal | slope | Slope, % | yes | . >= 0 and . <= 100 | 0 to 100 | |
| | select_multiple signs | signs | What is seen? | | | | |
| | integer | Rill_depth | Depth of the rills, cm | | . < 200 | | selected(${signs}, 'rills') |
| | date | ploughed | Last ploughed | | . <= today() | | |
| choices |
| | list_name | name | label |
| | signs | crust | Crust |
| | signs | rills | Rills |
| settings |
| | form_title | form_id | version |
| | Erosion | erosion | 3 |
"""
CORE = "HF/1/2026/1"


@pytest.fixture
def form(tmp_path):
    path = tmp_path / "erosion.md"
    path.write_text(FORM, "utf-8")
    return path


@pytest.fixture
def asking(permille, form):
    """A laptop whose project asks four questions of a core, with two points to sample."""
    permille("project", "edit", "--stock-method-profile", "fixed_depth")
    permille("plot", "add", "--code", "HF")
    for code in "12":
        permille("point", "add", "--plot", "HF", "--code", code)
    begun = ("--start-date", "2026-05-01", "--purpose", "baseline")
    permille("campaign", "add", "--name", "2026", *begun)
    permille("questions", "add", form, "--write")
    return permille


def answered(permille, *words):
    found = permille.json("answer", "list", *words)
    return {one["name"]: one["fields"]["value"] for one in found}


def test_a_form_is_shown_first_and_nothing_is_written(permille, form):
    said = permille("questions", "add", form).out
    assert "would be core/1: 4 questions; to ask this, add: --write" in said
    assert "left out: row 2, begun" in said
    assert permille.json("questions") == []
    assert "asks nothing of its own" in permille("questions").out


def test_a_form_is_asked_once_it_is_written(permille, form):
    done = permille.json("questions", "add", form, "--write")
    assert (done["name"], done["written"]) == ("core/1", True)
    (one,) = permille.json("questions")
    assert (one["name"], one["in_force"], one["title"]) == ("core/1", True, "Erosion")
    assert one["source"] == "erosion 3 (erosion.md)"
    assert one["asked_from"] == "2026-06-01"
    (shown,) = permille.json("questions", "show")
    assert [q["name"] for q in shown["questions"]] == [
        "slope",
        "signs",
        "Rill_depth",
        "ploughed",
    ]
    assert "0 to 100; required" in permille("questions", "show", "core/1").out


def test_the_same_form_again_makes_no_version(asking, form):
    said = asking("questions", "add", form, "--write").out
    assert "core/1 asks just this already" in said
    assert len(asking.json("questions")) == 1


def test_the_next_form_is_the_next_version_and_says_what_changes(asking, form):
    form.write_text(FORM.replace("signs |", "seen |").replace("100", "90"), "utf-8")
    form.write_text(form.read_text().replace("${signs}", "${seen}"), "utf-8")
    form.write_text(
        form.read_text().replace("select_multiple seen", "select_multiple signs"),
        "utf-8",
    )
    form.write_text(form.read_text().replace("| | seen |", "| | signs |"), "utf-8")
    looked = asking.json("questions", "add", form)
    assert (looked["added"], looked["gone"]) == (["seen"], ["signs"])
    assert looked["changed"] == ["slope", "Rill_depth"]
    asking("questions", "add", form, "--write")
    names = [(one["name"], one["in_force"]) for one in asking.json("questions")]
    assert names == [("core/1", False), ("core/2", True)]


def test_questions_end_and_answers_stay(asking):
    asking("core", "add", "HF/1", "10=A1:261", "--answer", "slope=12")
    asking("questions", "end", "--yes")
    assert asking.json("questions", "show") == []
    assert answered(asking) == {f"{CORE}/slope": "12"}
    told = asking("core", "add", "HF/2", "10=A2:261", "--answer", "slope=1", code=4)
    assert "asks no questions of its own about a core" in told.err
    assert "no questions are asked" in asking("questions", "end", "--yes", code=4).err


def test_a_core_takes_its_answers_in_the_same_line(asking):
    more = ("slope=12,5", "signs=Rills, crust", "Rill_depth=4", "ploughed=3.5.2026")
    words = [word for one in more for word in ("--answer", one)]
    told = asking("core", "add", "HF/1", "10=A1:261", *words)
    assert "slope 12.5" in told.out
    assert answered(asking) == {
        f"{CORE}/slope": "12.5",
        f"{CORE}/signs": "crust rills",
        f"{CORE}/Rill_depth": "4",
        f"{CORE}/ploughed": "2026-05-03",
    }


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("slope=steep", "slope: a number, such as 12.5"),
        ("slope=120", "slope: 0 to 100"),
        ("signs=moss", "signs: any of crust, rills"),
        ("colour=red", "it asks: slope, signs, Rill_depth, ploughed"),
        ("ploughed=2027-01-01", "ploughed: . <= today()"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_saved(
    asking, answer, words
):
    told = asking("core", "add", "HF/1", "10=A1:261", "--answer", answer, code=4)
    assert words in told.err
    assert f"--answer {answer}" in told.err
    assert asking.json("core", "list") == []


@pytest.mark.parametrize("answer", ["slope", "=12", ""])
def test_an_answer_that_is_no_pair_is_wrong_usage(asking, answer):
    told = asking("core", "add", "HF/1", "--answer", answer, code=2)
    assert "QUESTION=ANSWER" in told.err


def test_an_answer_that_is_required_is_missed_and_does_not_stop_anybody(asking):
    told = asking("core", "add", "HF/1", "10=A1:261")
    assert "needs an answer has none (slope: Slope, %)" in told.err
    (odd,) = asking.json("warnings", code=1)
    assert (odd["code"], odd["name"]) == ("answer_missing", CORE)
    today = asking.json("today", code=1)
    assert [one["code"] for one in today["odd"]] == ["answer_missing"]
    asking("answer", "add", "core", CORE, "slope=3")
    assert asking.json("warnings") == []


def test_what_was_recorded_before_the_questions_misses_nothing(asking):
    early = ("--sampled-at", "2026-05-20")
    asking("core", "add", "HF/1", "10=A1:261", *early)
    assert asking.json("warnings") == []


def test_an_answer_that_is_not_asked_for_is_kept_and_told(asking):
    both = ("--answer", "slope=1", "--answer", "Rill_depth=4")
    asking("core", "add", "HF/1", "10=A1:261", *both)
    (odd,) = asking.json("warnings", code=1)
    assert odd["code"] == "answer_not_asked"
    assert odd["name"] == f"{CORE}/Rill_depth"


def test_answers_are_added_changed_taken_back_and_brought_back(asking):
    asking("core", "add", "HF/1", "10=A1:261")
    asking("answer", "add", "core", CORE, "slope=7", "signs=crust")
    told = asking("answer", "add", "core", CORE, "slope=8", code=4)
    assert f"permille answer edit {CORE}/slope" in told.err
    asking("answer", "edit", f"{CORE}/slope", "9,5")
    assert answered(asking, "--core", CORE)[f"{CORE}/slope"] == "9.5"
    assert (
        "slope: 0 to 100"
        in asking("answer", "edit", f"{CORE}/slope", "900", code=4).err
    )
    assert asking("answer", "edit", f"{CORE}/slope", "9.5").out.startswith("unchanged")
    asking("answer", "delete", f"{CORE}/signs", "--yes")
    assert f"{CORE}/signs" not in answered(asking)
    asking("answer", "restore", f"{CORE}/signs")
    assert answered(asking)[f"{CORE}/signs"] == "crust"
    shown = asking.json("answer", "show", f"{CORE}/slope")["fields"]
    assert (shown["question"], shown["value"]) == ("slope", "9.5")


def test_an_answer_is_judged_by_the_version_that_is_asked_now(asking, form):
    asking("core", "add", "HF/1", "10=A1:261", "--answer", "slope=95")
    form.write_text(FORM.replace("100", "90"), "utf-8")
    asking("questions", "add", form, "--write")
    # What was answered is judged by the version that asked.
    assert asking.json("warnings") == []
    assert "0 to 90" in asking("answer", "edit", f"{CORE}/slope", "96", code=4).err
    asking("answer", "edit", f"{CORE}/slope", "80")
    forms = {one["name"]: one["id"] for one in asking.json("questions")}
    shown = asking.json("answer", "show", f"{CORE}/slope")["fields"]
    assert shown["form_id"] == forms["core/2"]


@pytest.mark.parametrize(
    ("kind", "record"), [("plot", "HF"), ("point", "HF/1"), ("sample", "A1")]
)
def test_questions_are_asked_of_other_records_too(asking, form, kind, record):
    asking("core", "add", "HF/1", "10=A1:261", "--answer", "slope=1")
    asking("questions", "add", form, "--for", kind, "--write")
    asking("answer", "add", kind, record, "slope=12", "signs=rills")
    assert answered(asking, f"--{kind}", record)[f"{record}/slope"] == "12"
    told = asking("answer", "add", "core", CORE, "nothing=1", code=4)
    assert "it asks" in told.err


def test_a_core_with_answers_is_not_deleted_and_undo_takes_all_of_it(asking):
    asking("core", "add", "HF/1", "10=A1:261", "--answer", "slope=7")
    told = asking("core", "delete", CORE, "--yes", code=4)
    assert f"answer {CORE}/slope" in told.err
    asking("core", "undo", "--yes")
    assert answered(asking) == {}
    assert asking.json("core", "list") == []


def test_one_more_core_is_told_of_bags_and_not_of_answers(asking):
    asking("core", "add", "HF/1", "10=A1:261", "--answer", "slope=7")
    told = asking("core", "add", "HF/1", "10=A2:261", code=4)
    assert "with 1 bag" in told.err


def test_a_draft_keeps_its_answers(asking):
    words = ("10=A1:261", "--answer", "slope=7", "--draft")
    number = asking.json("core", "add", "HF/1", *words)["draft"]
    asking("draft", "finish", number)
    assert answered(asking) == {f"{CORE}/slope": "7"}


def test_without_a_terminal_the_command_says_how_to_answer(asking):
    asking("core", "add", "HF/1", "10=A1:261")
    told = asking("answer", "add", "core", CORE, code=2)
    assert "slope=... signs=..." in told.err


def test_a_version_of_the_questions_is_not_taken_in_otherwise(asking, tmp_path):
    asking("export", "xlsx", tmp_path / "all.xlsx")
    book = load_workbook(tmp_path / "all.xlsx")
    sheet = book["question_forms"]
    heads = [cell.value for cell in sheet[1]]
    sheet.cell(2, heads.index("number") + 1).value = 9
    book.save(tmp_path / "all.xlsx")
    words = ("records", "import", tmp_path / "all.xlsx", "--differing", "replace")
    told = asking(*words, "--write", code=1)
    assert "never changes" in told.out
    assert [one["name"] for one in asking.json("questions")] == ["core/1"]


def rows(folder, table):
    with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_questions_are_columns_of_what_they_are_asked_of(asking, tmp_path):
    more = ("--answer", "slope=12,5", "--answer", "signs=rills, crust")
    asking("core", "add", "HF/1", "10=A1:261", *more, "--answer", "Rill_depth=4")
    asking("core", "add", "HF/2", "10=A2:261")
    asking("export", "csv", tmp_path / "out")
    one, other = rows(tmp_path / "out", "cores")
    assert [one[f"q_{name}"] for name in ("slope", "signs", "rill_depth")] == [
        "12.5",
        "crust rills",
        "4",
    ]
    assert other["q_slope"] == ""
    assert list(one)[-4:] == ["q_slope", "q_signs", "q_rill_depth", "q_ploughed"]
    described = json.loads((tmp_path / "out" / "csv-metadata.json").read_text())
    columns = {
        column["name"]: (column["datatype"], column["dc:description"])
        for table in described["tables"]
        if table["url"] == "cores.csv"
        for column in table["tableSchema"]["columns"]
    }
    assert columns["q_slope"] == ("double", "Slope, %")
    assert columns["q_rill_depth"] == ("integer", "Depth of the rills, cm")
    assert (
        columns["q_signs"][1]
        == "What is seen?; names of choices with blanks between them"
    )


def test_a_question_of_two_types_is_a_column_of_texts(asking, form, tmp_path):
    asking("core", "add", "HF/1", "10=A1:261", "--answer", "slope=12")
    form.write_text(
        FORM.replace("| decimal | slope |", "| text | slope |").replace(
            ". >= 0 and . <= 100", ". != ''"
        ),
        "utf-8",
    )
    asking("questions", "add", form, "--write")
    asking("core", "add", "HF/2", "10=A2:261", "--answer", "slope=gentle")
    asking("export", "csv", tmp_path / "out")
    assert [row["q_slope"] for row in rows(tmp_path / "out", "cores")] == [
        "12",
        "gentle",
    ]


def test_answers_come_back_from_an_export(asking, bare, tmp_path):
    asking("core", "add", "HF/1", "10=A1:261", "--answer", "slope=12")
    asking("export", "csv", tmp_path / "out")
    asking("answer", "edit", f"{CORE}/slope", "13")
    asking("records", "import", tmp_path / "out", "--differing", "replace", "--write")
    assert answered(asking) == {f"{CORE}/slope": "12"}


def row(questions):
    return {"k": "row", "t": "question_form", "f": {"questions": questions}, "x": []}


@pytest.mark.parametrize(
    "questions",
    [
        "slope",
        {"name": "slope"},
        ["slope"],
        [{"name": "slope"}],
        [{"name": 3, "type": "text"}],
        [{"name": "a", "type": "text", "label": 3}],
        [{"name": "a", "type": "text", "labels": {"fr": 3}}],
        [{"name": "a", "type": "text", "labels": ["fr"]}],
        [{"name": "a", "type": "select_one", "choices": {}}],
        [{"name": "a", "type": "select_one", "choices": ["x"]}],
        [{"name": "a", "type": "select_one", "choices": [{"label": "x"}]}],
        [{"name": "a", "type": "select_one", "choices": [{"name": "x", "values": 1}]}],
    ],
)
def test_rows_of_a_server_that_are_no_questions_are_not_taken(questions):
    assert (
        wrong_in(row(questions))
        == "questions of a question_form is no list of questions"
    )


def test_what_a_newer_server_says_besides_is_taken_and_shown_as_a_note():
    newer = [
        {
            "name": "a",
            "type": "hologram",
            "depth": 3,
            "choices": [{"name": "x", "hue": 1}],
        }
    ]
    assert wrong_in(row(newer)) == ""
    question = question_of(newer[0])
    assert (question.type, question.is_answered) == (QuestionKind.NOTE, False)
