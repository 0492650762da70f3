"""Controls of a laboratory's table: kept, judged with those that are here, decided on."""

import pytest

pytestmark = pytest.mark.slow

TABLE = """Sample;SOC %;batch
BLANK;0,01;B7
A;1,52;B7
B;1,41;B7
A;1,55;B7
CRM-A;2,00;B7
"""
SAYS = ["--method", "soc=dry_combustion", "--reference", "CRM-A=2.31"]


@pytest.fixture
def lab(field, tmp_path):
    """Import what a laboratory sent; what it says is its JSON document."""
    bag = ["sample", "add", "--plot", "HF", "--point", "1", "--sample-code"]
    for n, code in enumerate("ABCD"):
        depths = ["--depth-top-cm", 10 * n, "--depth-bottom-cm", 10 * n + 10]
        field(*bag, code, *depths)
    path = tmp_path / "lab.csv"

    def run(text=TABLE, *more, code=0, name="lab.csv"):
        path.with_name(name).write_text(text, "utf-8")
        given = [path.with_name(name), "--lab", "LAS", *more]
        return field.json("lab", "import", *given, code=code)

    run.permille, run.folder = field, tmp_path
    return run


def controls(lab):
    listed = lab.permille.json("lab_control", "list")
    shown = [lab.permille.json("lab_control", "show", one["id"]) for one in listed]
    return {
        (one["fields"]["kind"], one["fields"]["code"], one["fields"]["number"]): one[
            "fields"
        ]
        for one in shown
    }


def test_controls_are_kept_once_with_what_they_are_held_against(lab):
    found = lab(TABLE, *SAYS, "--write", code=1)
    assert (found["kept"], found["controls_kept"]) == (3, 3)
    kept = controls(lab)
    assert set(kept) == {
        ("blank", "BLANK", 1),
        ("reference", "CRM-A", 1),
        ("duplicate", "A", 1),
    }
    assert kept["reference", "CRM-A", 1]["certified_value"] == 2.31
    assert kept["duplicate", "A", 1]["first_value"] == 1.52
    again = lab(TABLE, "--write", code=1)
    assert (again["kept"], again["controls_kept"]) == (0, 0)
    assert again["counts"]["differs"] == 0
    assert len(controls(lab)) == 3


def test_a_failing_batch_is_told_with_what_to_type(lab):
    (lab.folder / "lab.csv").write_text(TABLE, "utf-8")
    path = lab.folder / "lab.csv"
    said = lab.permille("lab", "import", path, "--lab", "LAS", *SAYS, code=1).out
    assert "fails: B7, soc, reference CRM-A: 2, 86.6% of 2.31" in said
    assert "permille lab decide accepted --lab LAS --batch B7 --reason TEXT" in said


def test_batches_are_listed_until_somebody_decided(lab):
    lab(TABLE, *SAYS, "--write", code=1)
    (one,) = lab.permille.json("lab", "batches", "--failed", code=1)
    assert (one["verdict"], one["decision"], one["waits"]) == ("failed", None, True)
    assert one["controls"] == {"blank": 1, "duplicate": 1, "reference": 1}
    decide = ["lab", "decide", "--lab", "LAS", "--batch", "B7", "--reason", "asked"]
    assert lab.permille.json(*decide, "accepted")["analytes"] == ["soc"]
    (one,) = lab.permille.json("lab", "batches")
    assert (one["decision"], one["reason"], one["waits"]) == (
        "accepted",
        "asked",
        False,
    )
    lab.permille.json(*decide, "rejected")
    (one,) = lab.permille.json("lab", "batches", "--failed")
    assert one["decision"] == "rejected"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--batch", "B9"], "no batch B9 of LAS"),
        (["--batch", "B7"], "has nothing to decide"),
        (["--batch", "B7", "--analyte", "clay"], "one of soc"),
    ],
)
def test_a_decision_about_nothing_is_refused_in_words(lab, more, said):
    lab(TABLE.replace("2,00", "2,30"), *SAYS, "--write")
    words = ["lab", "decide", "accepted", "--lab", "LAS", "--reason", "x", *more]
    error = lab.permille.json(*words, code=None)["error"]
    assert said in error["text"] + error["hint"]


def test_controls_that_come_later_are_judged_with_what_is_here(lab):
    alone = "Sample;SOC %;batch\nA;1,52;B7\nB;1,41;B7\n"
    lab(alone, *SAYS, "--write")
    assert lab.permille.json("lab", "batches")[0]["verdict"] == "no controls"
    found = lab("Sample;SOC %;batch\nBLANK;0,3;B7\n", "--write", code=1)
    assert found["failed_batches"] == [
        {"lab": "LAS", "lab_batch": "B7", "analyte": "soc"}
    ]
    assert lab.permille.json("lab", "batches", code=1)[0]["verdict"] == "failed"


def test_controls_of_a_table_without_batches_belong_to_its_results(lab):
    plain = "Sample;SOC %\nA;1,52\nBLANK;0,01\n"
    lab(plain, *SAYS, "--write", name="may 2026.csv")
    assert lab.permille.json("result", "show", "A/soc")["fields"]["lab_batch"] == (
        "may 2026"
    )
    assert controls(lab)["blank", "BLANK", 1]["lab_batch"] == "may 2026"
    # Another table of that name is no more of this batch, and is asked about.
    other = lab(plain.replace("0,01", "0,02"), code=1, name="may 2026.csv")
    assert other["counts"]["batch?"] == 1
    said = lab(plain.replace("0,01", "0,02"), "--batch", "B2", name="may 2026.csv")
    assert said["counts"]["batch?"] == 0


def test_results_that_are_here_without_a_batch_are_given_it_by_their_table(lab):
    lab("Sample;SOC %\nA;1,52\n", *SAYS, "--write")
    assert "lab_batch" not in lab.permille.json("result", "show", "A/soc")["fields"]
    found = lab("Sample;SOC %;batch\nA;1,52;B7\nCRM-A;2,0;B7\n", "--write", code=1)
    assert (found["kept"], found["controls_kept"]) == (0, 2)
    fields = lab.permille.json("result", "show", "A/soc")["fields"]
    assert (fields["lab"], fields["lab_batch"]) == ("LAS", "B7")


def test_blind_duplicates_are_said_by_the_bag_the_table_or_a_file(lab):
    lab.permille("sample", "edit", "B", "--duplicate-of", "A")
    twins = lab.folder / "twins.csv"
    twins.write_text("bag;duplicate of\nX-9;D\n", "utf-8")
    table = (
        "Sample;SOC %;batch;duplicate of\nA;1,50;B7;\nB;1,60;B7;\nC;1,9;B7;A\n"
        "D;1,00;B7;\nX-9;1,02;B7;\nDUP D;1,04;B7;\n"
    )
    lab(table, *SAYS, "--duplicates", twins, "--write", code=1)
    kept = controls(lab)
    pairs = {
        code: (one["duplicate_of"], one["first_value"])
        for (_, code, _), one in kept.items()
    }
    assert pairs == {
        "B": ("A", 1.5),
        "C": ("A", 1.5),
        "X-9": ("D", 1.0),
        "DUP D": ("D", 1.0),
    }
    # A bag of ours has its result, too; a label that is no bag has none.
    assert lab.permille.json("result", "show", "B/soc")["fields"]["value"] == 1.6


def test_bags_are_expected_from_the_laboratory_that_they_were_sent_to(lab):
    parcel = lab.folder / "parcel.csv"
    parcel.write_text("Sample\nA\nB\nQ\n", "utf-8")
    words = ["--lab", "LAS", "--batch", "P1", "--on", "2026-05-20"]
    found = lab.permille.json("lab", "sent", parcel, *words, code=1)
    assert (found["sent"], found["unknown"]) == (["A", "B"], ["Q"])
    assert lab.permille.json("lab", "sent", "A", *words)["already"] == ["A"]
    other = ["lab", "sent", "A", "C", "--lab", "Else"]
    assert lab.permille.json(*other, code=1)["elsewhere"] == ["A"]
    lab("Sample;SOC %\nA;1,52\n", *SAYS, "--write")
    groups = lab.permille.json("lab", "expected", "--by-batch")
    told = {(one["lab"], one["batch"]): one["bags"] for one in groups}
    assert told == {("LAS", "P1"): 1, ("Else", None): 1, (None, None): 1}
    (late,) = (one for one in groups if one["lab"] == "LAS")
    assert (late["sent_on"], late["waiting_days"] > 0) == ("2026-05-20", True)


def test_what_was_rejected_is_expected_again(lab):
    lab(TABLE, *SAYS, "--write", code=1)
    before = [one["bag"] for one in lab.permille.json("lab", "expected")]
    assert before == ["C", "D"]
    decide = ["lab", "decide", "rejected", "--lab", "LAS", "--batch", "B7"]
    lab.permille(*decide, "--reason", "the oven failed")
    found = lab.permille.json("lab", "expected")
    assert [(one["bag"], one["batch"]) for one in found] == [
        ("C", None),
        ("D", None),
        ("A", "B7"),
        ("B", "B7"),
    ]


def test_controls_and_decisions_are_listed_for_people(lab):
    lab(TABLE, *SAYS, "--write", code=1)
    decide = ["lab", "decide", "accepted", "--lab", "LAS", "--batch", "B7"]
    lab.permille(*decide, "--reason", "asked")
    assert "LAS/B7/soc/reference/CRM-A/1" in lab.permille("lab_control", "list").out
    said = lab.permille("lab_batch", "list").out
    assert "LAS/B7/soc" in said
    assert "asked" in said
