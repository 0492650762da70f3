"""A laboratory's table on the laptop: shown first, kept when asked to, and remembered."""

import pytest

pytestmark = pytest.mark.slow

TABLE = "Lab no;Sample;SOC %\n1;A;1,52\n2;b;1,41\n1;A;1,55\n3;C;1,3\n"


@pytest.fixture
def lab(field, tmp_path):
    """Import what a laboratory sent; what it says is its JSON document."""
    bag = ["sample", "add", "--plot", "HF", "--point", "1", "--sample-code"]
    for n, code in enumerate("AB"):
        depths = ["--depth-top-cm", 20 * n, "--depth-bottom-cm", 20 * n + 20]
        field(*bag, code, *depths)
    path = tmp_path / "lab.csv"

    def run(text=TABLE, *more, code=1):
        path.write_text(text, "utf-8")
        return field.json("lab", "import", path, "--lab", "LAS", *more, code=code)

    run.permille, run.path = field, path
    return run


SAYS = ["--method", "soc=dry_combustion"]


def test_nothing_is_written_before_it_is_asked_for(lab):
    found = lab(TABLE, *SAYS)
    assert (found["written"], found["kept"], found["counts"]["new"]) == (False, 0, 3)
    assert lab.permille.json("result", "list") == []
    assert not lab.path.with_name("lab.rejected.csv").exists()


def test_results_are_kept_by_label_with_laboratory_and_replicate(lab):
    found = lab(TABLE, *SAYS, "--write")
    assert found["kept"] == 3
    fields = lab.permille.json("result", "show", "A/soc/2")["fields"]
    assert (fields["value"], fields["unit"], fields["lab"]) == (1.55, "pct", "LAS")
    assert lab.permille.json("result", "show", "B/soc")["fields"]["value"] == 1.41
    back = lab.path.with_name("lab.rejected.csv")
    assert found["rejected_files"] == [str(back)]
    assert "3;C;1,3;5;" in back.read_text("utf-8-sig")
    again = lab(TABLE, "--write")
    assert (again["kept"], again["counts"]["already here"]) == (0, 3)


def test_what_was_said_of_a_laboratory_is_known_the_next_time(lab):
    assert lab(TABLE)["counts"]["method?"] == 3
    lab(TABLE, *SAYS, "--write")
    other = TABLE.replace("1,52", "1,62")
    assert lab(other)["counts"]["method?"] == 0
    assert lab(other)["counts"]["differs"] == 1


def test_values_that_differ_are_replaced_or_added_when_asked_to(lab):
    lab(TABLE, *SAYS, "--write")
    lab("Sample;SOC %\nB;1,6\n", "--differing", "replace", "--write", code=1)
    assert lab.permille.json("result", "show", "B/soc")["fields"]["value"] == 1.6
    lab("Sample;SOC %\nB;1,7\n", "--differing", "replicate", "--write", code=1)
    assert lab.permille.json("result", "show", "B/soc/2")["fields"]["value"] == 1.7
    assert lab.permille.json("result", "show", "B/soc/1")["fields"]["value"] == 1.6


def test_a_density_goes_to_its_bag(lab):
    found = lab(
        "Sample;BD (g/cm3)\nA;1,31\n",
        "--density-definition",
        "whole",
        "--write",
        code=0,
    )
    assert found["kept"] == 1
    fields = lab.permille.json("sample", "show", "A")["fields"]
    assert fields["bulk_density_g_cm3"] == 1.31
    assert fields["bulk_density_definition"] == "whole"


def test_what_is_expected_grows_less(lab):
    def expected():
        return [one["bag"] for one in lab.permille.json("lab", "expected")]

    assert expected() == ["A", "B"]
    lab("Sample;SOC %\nB;1,6\n", *SAYS, "--write", code=0)
    assert expected() == ["A"]


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("a;b\n1;2\n", [], "no sheet of"),
        ("", [], "empty"),
        (TABLE, ["--method", "soc"], "NAME=VALUE"),
        (TABLE, ["--unit", "soc=furlong"], "furlong is not known"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(lab, text, more, said):
    error = lab(text, *more, code=None)["error"]
    assert said in error["text"] + error["hint"]


def test_the_words_say_what_the_columns_were_taken_for(lab):
    lab.path.write_text(TABLE, "utf-8")
    said = lab.permille("lab", "import", lab.path, "--lab", "LAS", *SAYS, code=1).out
    assert "Lab no = number, Sample = code, SOC % = soc in pct" in said
    assert "3 new" in said
    assert "to keep 3 values add: --write" in said
    assert "written b" in said


def test_an_analysis_of_one_bag_again_replaces_it_with_its_reason(lab):
    lab("Sample;SOC %\nA;1,5\nB;1,4\n", *SAYS, "--write", code=0)
    again = ["Sample;SOC %\nA;1,6\nB;1,7\n", "--differing", "replace", "--only", "A"]
    found = lab(*again, "--reason", "weighed wrongly", "--write")
    assert (found["kept"], found["left_out"]) == (1, 1)
    values = [
        lab.permille.json("result", "show", f"{bag}/soc")["fields"]["value"]
        for bag in "AB"
    ]
    assert values == [1.6, 1.4]
    done = lab.permille.json("undo", "--list")[0]
    assert (done["id"], done["what"]) == (
        found["operation"],
        "weighed wrongly (lab.csv)",
    )
    # It is one operation like others, and can be taken back.
    lab.permille("undo", found["operation"], "--write", "--reason", "no")
    assert lab.permille.json("result", "show", "A/soc")["fields"]["value"] == 1.5


def test_what_differs_says_what_to_type(lab):
    lab("Sample;SOC %\nA;1,5\n", *SAYS, "--write", code=0)
    lab.path.write_text("Sample;SOC %\nA;1,6\n", "utf-8")
    words = ["lab", "import", lab.path, "--lab", "LAS"]
    assert "--differing replace --reason TEXT" in lab.permille(*words, code=1).out
    said = lab.permille(*words, "--differing", "replace", code=1).out
    assert "--differing replicate" not in said


def test_a_bag_that_no_row_is_of_cannot_be_taken_alone(lab):
    error = lab(TABLE, "--only", "Q", code=4)["error"]
    assert "--only Q" in error["text"]


def test_rows_sent_twice_and_values_out_of_range_count_by_themselves(lab):
    table = "Lab no;Sample;SOC %\n1;A;1,5\n1;A;1,5\n2;B;152\n"
    found = lab(table, *SAYS, "--write")
    assert (found["kept"], found["counts"]["replicates"]) == (1, 0)
    assert (found["counts"]["twice in the file"], found["counts"]["refused"]) == (1, 0)
    assert found["counts"]["out of range"] == 1
    assert found["bags"] == {
        "new": ["A"],
        "twice in the file": ["A"],
        "out of range": ["B"],
    }
    said = lab.permille("lab", "import", lab.path, "--lab", "LAS", code=1).out
    assert "twice in the file: A" in said
