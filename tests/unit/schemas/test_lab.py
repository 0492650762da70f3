"""Tables of laboratories in their many forms: what is guessed, and whose each value is."""

import pytest

from schemas import limits
from schemas.lab.check import Beside, check, read_keys, warnings
from schemas.lab.expected import expected
from schemas.lab.judging import judged as judged_quality
from schemas.lab.judging import unused
from schemas.lab.layout import LabHabits
from schemas.lab.outcome import counts, returned
from schemas.lab.readings import Standing
from schemas.lab.saying import SayingError, read_saying
from schemas.lab_files import read_key
from schemas.plausibility.records import Records
from schemas.tables.differing import Differing
from schemas.tables.refusal import TableError
from tests.lab_tables import (
    CORE,
    SAYS,
    bags,
    judged,
    outcomes,
    sample_id,
    values,
    workbook,
)

USUAL = """Lab no;Sample;SOC %
26-1;P1-1;1,52
26-2;P1-2;<0,10
26-3;P1-3;pending
26-1;P1-1;1,55
26-4;p1-4 ;2,02
26-5;P9-9;1,10
26-6;BLANK;0,02
26-7;CRM-A;2,31
"""


def test_the_usual_table_is_matched_by_label():
    found = judged(USUAL, bags("P1-1", "P1-2", "P1-3", "P1-4"))
    assert outcomes(found) == [
        ("P1-1", "soc", "new"),
        ("P1-2", "soc", "new"),
        ("", "soc", "no value yet"),
        ("P1-1", "soc", "new"),
        ("P1-4", "soc", "new"),
        ("P9-9", "soc", "unknown bag"),
        ("", "soc", "quality control"),
        ("", "soc", "quality control"),
    ]
    assert values(found)[0] == ("P1-1", 1.52, "pct", 1)
    assert values(found)[2] == ("P1-1", 1.55, "pct", 2)
    told = counts(found.every_line)
    assert (told["below detection"], told["spelled otherwise"], told["replicates"]) == (
        1,
        1,
        1,
    )
    below = found.wanted(Differing.KEEP)[1][1].fields
    assert (below["censored"], below["detection_limit"], "value" in below) == (
        "<",
        0.1,
        False,
    )


COMMERCIAL = """Bodenlabor Nord GmbH;;;;
Pr\u00fcfbericht 26/118;;;;
Kunde;Permille;;;
;;;;
Eingang;04.05.2026;;;
Seite;1;;;
Labor-Nr;Probe;Corg %;TIC %;pH CaCl2
118-1;A1;1,41;<0,1;6,2
118-2;A2;n.b.;0,3;6,0
118-1;A1;1,43;<0,1;6,2
118-R;REF-3;2,31;0,2;
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_letterhead_and_other_columns_are_passed_over(encoding):
    found = judged(COMMERCIAL.encode(encoding), bags("A1", "A2"))
    (layout,) = found.layouts["lab.csv"]
    assert (layout.header_line, list(layout.unread)) == (7, ["pH CaCl2"])
    assert [one[1:] for one in outcomes(found) if one[0] == "A1"] == [
        ("soc", "new"),
        ("inorganic_carbon", "new"),
    ] * 2
    assert ("A2", "inorganic_carbon", "new") in outcomes(found)


@pytest.mark.parametrize(
    ("table", "unit"),
    [
        ("bag,soc_g_kg\nA1,15.2\n", "g_kg"),
        ("Sample ID,SOC (g/kg)\nA1,15.2\n", "g_kg"),
        ("Sample,SOC\n,g/kg\nA1,15.2\n", "g_kg"),
        ("Sample,SOC\n,[%]\nA1,15.2\n", "pct"),
        ("code;C org [%];Bemerkung\nA1;15,2;x\n", "pct"),
        ("Sample,Analyte,Value,Unit\nA1,TOC,15.2,g/kg\n", "g_kg"),
        ("\u00c9chantillon;Carbone organique (g/kg)\nA1;15,2\n", "g_kg"),
        ("client id\t".replace("\t", ",") + "% OC\nA1,15.2\n", "pct"),
        ("sep=;\nSample;SOC %\nA1;15,2\n", "pct"),
    ],
)
def test_units_are_read_where_laboratories_write_them(table, unit):
    assert values(judged(table, bags("A1"))) == [("A1", 15.2, unit, 1)]


def test_what_a_table_does_not_say_is_asked_for_and_can_be_said():
    table = "Probe,C\nA1,1.52\n"
    records = bags("A1")
    asked = judged(table, records, LabHabits(columns={"C": "soc"}))
    assert outcomes(asked) == [("A1", "soc", "unit?")]
    with_unit = LabHabits(columns={"C": "soc"}, units={"soc": "pct"})
    asked = judged(table, records, with_unit)
    assert outcomes(asked) == [("A1", "soc", "method?")]
    assert "--method soc=" in asked.every_line[0].why
    said = with_unit.with_more(read_saying([], [], ["soc=dry_combustion"], None))
    assert values(judged(table, records, said)) == [("A1", 1.52, "pct", 1)]


def test_a_method_that_the_table_names_is_taken():
    table = "bag,soc_g_kg,method\nA1,15.2,ISO 10694\nA2,15.0,Walkley-Black\n"
    found = judged(table, bags("A1", "A2"), LabHabits())
    methods = [one.fields["method"] for _, one in found.wanted(Differing.KEEP)]
    assert methods == ["dry_combustion", "walkley_black"]


HERE = [("A1", 15.2, "g_kg")]


@pytest.mark.parametrize(
    ("table", "standing"),
    [
        ("bag,soc_g_kg\nA1,15.2\n", "already here"),
        ("bag,soc_pct\nA1,1.52\n", "already here"),
        ("bag,soc_pct\nA1,1.520000\n", "already here"),
        ("bag,soc_pct\nA1,15.2\n", "differs"),
        ("bag,soc_g_kg\nA1,15.3\n", "differs"),
        ("bag,soc_g_kg\nA1,<0.5\n", "differs"),
        ("bag,soc_g_kg\nA1,9000\n", "out of range"),
        ("bag,soc_g_kg\nA1,x15\n", "refused"),
        ("bag,soc_g_kg\n1.00E+05,15.2\n", "refused"),
    ],
)
def test_values_are_compared_in_one_unit(table, standing):
    found = judged(table, bags("A1", results=HERE))
    assert [str(line.standing) for line in found.every_line] == [standing]


def test_a_reading_that_differs_replaces_or_becomes_a_replicate():
    found = judged("bag,soc_g_kg\nA1,16.8\n", bags("A1", results=HERE))
    assert found.wanted(Differing.KEEP) == []
    ((_, change),) = found.wanted(Differing.REPLACE)
    assert (change.record_id, change.fields["value"]) == ("r0", 16.8)
    assert "replicate" not in change.fields
    ((_, new),) = found.wanted(Differing.REPLICATE)
    assert (new.record_id, new.fields["replicate"]) == (None, 2)


def test_each_result_that_is_here_answers_one_reading():
    two = [("A1", 15.2, "g_kg"), ("A1", 15.2, "g_kg")]
    table = "bag,soc_g_kg,run\nA1,15.2,1\nA1,15.2,2\nA1,15.2,3\n"
    found = judged(table, bags("A1", results=two))
    assert [str(line.standing) for line in found.every_line] == [
        "already here",
        "already here",
        "differs",
    ]


@pytest.mark.parametrize(
    ("code", "bag"),
    [
        ("24-ABC001-01-A", "24-ABC001-01-A"),
        ("24ABC00101A", "24-ABC001-01-A"),
        ("24-abc001-01-a", "24-ABC001-01-A"),
        ("24_ABC001_01_A", "24-ABC001-01-A"),
    ],
)
def test_codes_are_found_without_case_and_dashes_and_said(code, bag):
    found = judged(f"bag,soc_pct\n{code},1.5\n", bags(bag, "24-ABC001-02-A"))
    (line,) = found.every_line
    assert (line.standing, line.bag) == (Standing.NEW, bag)
    assert line.spelled == ("" if code == bag else code)


def test_a_code_that_may_be_two_bags_is_asked_about():
    found = judged("bag,soc_pct\n1-11,1.5\n111,1.4\n", bags("11-1", "111"))
    assert outcomes(found) == [("1-11", "soc", "several bags"), ("111", "soc", "new")]
    assert "11-1" in found.every_line[0].why
    assert "111" in found.every_line[0].why


def test_numbers_of_the_laboratory_are_joined_by_a_key():
    keys = read_keys("key.csv", b"lab_no;bag\n7001;A1\n7002;A2\n")
    table = "Lab number;SOC %\n7001;1,5\n7002;1,4\n7003;1,3\n"
    found = judged(table, bags("A1", "A2"), keys=keys)
    assert [one[0] for one in outcomes(found)] == ["A1", "A2", "7003"]
    assert str(found.every_line[2].standing) == "unknown bag"
    with pytest.raises(TableError):
        read_keys("key.csv", b"a;b\n1;2\n")


def test_a_key_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "key.csv"
    with path.open("wb") as file:
        file.truncate(limits.IMPORT_FILE_BYTES + 1)
    with pytest.raises(TableError, match="larger than"):
        read_key(path)
    assert read_key(None) == {}


def test_what_a_file_is_refused_for_names_the_file(tmp_path):
    (tmp_path / "key.csv").write_text("a;b\n1;2\n")
    with pytest.raises(TableError) as caught:
        read_key(tmp_path / "key.csv")
    assert str(tmp_path / "key.csv") in caught.value.refusal.reason
    files = {"good.csv": b"bag,soc_pct\nA1,1.5\n", "bad.csv": b"\xff\xfex\0"}
    with pytest.raises(TableError) as caught:
        check(files, bags("A1"), SAYS, "LAS", {})
    assert caught.value.refusal.reason.startswith("bad.csv: ")


def test_a_workbook_of_several_sheets_is_read_and_joined_by_the_label():
    data = workbook(
        Cover=[["Report 26/118"], ["for Permille"]],
        Carbon=[["Sample", "TOC (g/kg)"], ["A1", 15.2], ["A2", 14], [None, None]],
        Density=[["Sample", "Bulk density (g/cm3)"], ["A1", 1.31], ["A2", 1.4]],
    )
    habits = LabHabits(methods=SAYS.methods, density_definition="whole")
    found = judged(data, bags("A1", "A2"), habits, name="lab.xlsx")
    assert found.not_read == ["lab.xlsx: Cover"]
    assert outcomes(found) == [
        ("A1", "soc", "new"),
        ("A2", "soc", "new"),
        ("A1", "bulk_density_g_cm3", "new"),
        ("A2", "bulk_density_g_cm3", "new"),
    ]
    (*_, (_, density)) = found.wanted(Differing.KEEP)
    assert density.record_id == sample_id(1)
    assert density.fields["bulk_density_g_cm3"] == 1.4


def test_a_density_without_its_definition_is_asked_about():
    table = "bag,BD (kg/m3)\nA1,1310\n"
    assert outcomes(judged(table, bags("A1")))[0][2] == "method?"
    habits = LabHabits(density_definition="whole")
    ((_, one),) = judged(table, bags("A1"), habits).wanted(Differing.KEEP)
    assert one.fields["bulk_density_g_cm3"] == 1.31


@pytest.mark.parametrize(
    "data",
    [b"", b"x,y\n1,2\n", b"PK\x03\x04 no workbook", b"bag,remark\nA1,x\n", b"\0\0\0"],
)
def test_what_is_no_table_of_bags_is_refused_in_words(data):
    with pytest.raises(TableError) as caught:
        judged(data, bags("A1"))
    assert caught.value.refusal.hint


@pytest.mark.parametrize(
    ("columns", "units", "methods"),
    [
        (["x"], [], []),
        (["x=magic"], [], []),
        ([], ["soc=furlong"], []),
        ([], ["magic=pct"], []),
        ([], [], ["soc=magic"]),
    ],
)
def test_what_cannot_be_meant_is_refused(columns, units, methods):
    with pytest.raises(SayingError):
        read_saying(columns, units, methods, None)


def test_rows_that_are_not_taken_come_back_with_their_reasons():
    found = judged(USUAL, bags("P1-1", "P1-2", "P1-3", "P1-4"))
    (layout,) = found.layouts["lab.csv"]
    text = returned(layout, found.every_line, [])
    assert text.split("\r\n") == [
        "Lab no;Sample;SOC %;line;reason",
        "26-5;P9-9;1,10;7;soc: unknown bag, no bag has this label",
        "",
    ]


def test_bags_without_a_result_are_expected():
    records = bags("A1", "A2", results=HERE)
    found = [(one["campaign"], one["bag"]) for one in expected(records, "soc")]
    assert found == [("2026", "A2")]
    assert len(list(expected(records, "clay"))) == 2


def test_a_column_in_another_unit_is_warned_of():
    codes = [f"A{n}" for n in range(6)]
    here = [(code, 15.0 + n, "g_kg") for n, code in enumerate(codes[:3])]
    table = "bag,soc_g_kg\n" + "".join(f"{code},1.5\n" for code in codes[3:])
    found = judged(table, bags(*codes, results=here))
    told = [
        problem.code
        for _, problem in warnings(found.records, found.wanted(Differing.KEEP))
    ]
    assert told == ["tenfold"]


@pytest.mark.parametrize(
    "table",
    [
        "point;SOC_0-10 (g/kg);SOC_10-20 (g/kg)\nP1/1;15,2;11,1\n",
        "Sample;SOC 0-10 cm [%];SOC 10\N{EN DASH}20 cm [%]\np1-1;1,52;1,11\n",
        "code,soc_0_10_pct,soc_10_20_pct\nP1/1/2026,1.52,1.11\n",
    ],
)
def test_a_column_for_each_layer_is_matched_by_place_and_depth(table):
    habits = LabHabits(columns={"point": "code"}, methods=SAYS.methods)
    found = judged(table, bags("A1", "A2"), habits)
    assert [line.bag for line in found.every_line] == ["A1", "A2"]
    in_g_kg = [
        one.fields["value"] * {"pct": 10, "g_kg": 1}[one.fields["unit"]]
        for _, one in found.wanted(Differing.KEEP)
    ]
    assert in_g_kg == pytest.approx([15.2, 11.1])


def two_campaigns():
    """The same point cored again in 2030, its bag B1."""
    start = {"name": "2030", "start_date": "2030-05-01", "purpose": "resampling"}
    first = bags("A1")
    core = first.of_type("core")[CORE] | {"campaign_id": "D"}
    bag = first.of_type("sample")[sample_id(0)] | {"core_id": CORE[:-1] + "f"}
    return Records(
        [
            *first.every(),
            ("campaign", "D", start),
            ("core", CORE[:-1] + "f", core),
            ("sample", sample_id(7), bag | {"sample_code": "B1"}),
        ]
    )


def test_a_layer_that_no_core_has_is_unknown_and_one_of_two_campaigns_asked_about():
    found = judged("code,soc_0-30_pct\nP1/1,1.5\n", bags("A1"))
    assert str(found.every_line[0].standing) == "unknown bag"
    assert "0 to 30 cm" in found.every_line[0].why
    both = "code,soc_0-10_pct\nP1/1,1.5\nP1/1/2030,1.6\n"
    asked = judged(both, two_campaigns())
    assert [(str(line.standing), line.bag) for line in asked.every_line] == [
        ("several bags", "P1/1"),
        ("new", "B1"),
    ]


def quality(text, references=None, codes=("A1", "A2")):
    habits = LabHabits(methods=SAYS.methods, references=references or {})
    found = judged(text, bags(*codes), habits)
    return [(one["what"], one["within"]) for one in judged_quality(found, "LAS")]


@pytest.mark.parametrize(
    ("row", "what", "within"),
    [
        ("CRM-A;2,31", "reference CRM-A", True),
        ("CRM-A;2,17", "reference CRM-A", False),
        ("CRM-A;2,50", "reference CRM-A", False),
        ("BLANK;0,02", "blank BLANK", True),
        ("Blank 2;<0,05", "blank Blank 2", True),
        ("BLANK;0,2", "blank BLANK", False),
        ("A1;1,52\nA1;1,60", "bag A1 twice", True),
        ("A1;1,52\nA1;1,80", "bag A1 twice", False),
        # Little carbon is found less exactly.
        ("A1;0,52\nA1;0,60", "bag A1 twice", True),
        ("A1;0,52\nA1;0,68", "bag A1 twice", False),
    ],
)
def test_controls_are_held_against_their_limits(row, what, within):
    found = quality(f"Sample;SOC %\n{row}\n", {"CRM-A": 2.3})
    assert found == [(what, within)]


def test_a_reference_without_a_certified_value_cannot_be_judged_and_says_so():
    assert quality("Sample;SOC %\nCRM-A;2,31\n") == [("reference CRM-A", False)]
    said = read_saying([], [], [], None, ["CRM-A=2,30"])
    assert said.references == {"CRM-A": 2.3}
    with pytest.raises(SayingError):
        read_saying([], [], [], None, ["CRM-A=much"])


def test_too_few_second_readings_are_told():
    codes = [f"B{n}" for n in range(40)]
    once = "".join(f"{code};1,5\n" for code in codes)
    found = quality(f"Sample;SOC %\n{once}", codes=codes)
    assert found == [("read twice", False)]
    twice = once + "B1;1,51\nB2;1,52\n"
    assert ("read twice", True) in quality(f"Sample;SOC %\n{twice}", codes=codes)


def kept_controls(found, how=Differing.KEEP):
    """Return what is to be kept of controls: kind, label, number, value."""
    return [
        (
            one.fields["kind"],
            one.fields["code"],
            one.fields["number"],
            one.fields.get("value"),
        )
        for _, one in found.beside(how)
        if one.record_type == "lab_control"
    ]


def test_a_bag_of_ours_is_a_bag_whatever_its_label_reads_like():
    found = judged("bag,soc_pct\nControl-1,1.5\nControl-2,1.4\n", bags("Control-1"))
    assert outcomes(found) == [
        ("Control-1", "soc", "new"),
        ("", "soc", "quality control"),
    ]


def test_controls_that_have_numbers_only_are_known_by_the_key():
    keys = {"7001": "A1", "7002": "BLANK"}
    found = judged("Lab number;SOC %\n7001;1,5\n7002;0,01\n", bags("A1"), keys=keys)
    assert kept_controls(found) == [("blank", "BLANK", 1, 0.01)]


def test_a_material_with_a_certified_value_is_a_reference_whatever_it_is_called():
    habits = LabHabits(methods=SAYS.methods, references={"Soil 9": 2.3})
    found = judged("bag;SOC %\nA1;1,5\nSoil 9;2,31\n", bags("A1"), habits)
    ((_, control),) = found.beside(Differing.KEEP)
    assert (control.fields["code"], control.fields["certified_value"]) == (
        "Soil 9",
        2.3,
    )
    table = "bag,soc_pct,certified value\nA1,1.5,\nX,2.31,2.30\n"
    ((_, control),) = judged(table, bags("A1")).beside(Differing.KEEP)
    assert (control.fields["kind"], control.fields["certified_value"]) == (
        "reference",
        2.3,
    )


def test_a_certified_value_is_of_soc_unless_it_names_another_analyte():
    table = "bag;SOC %;TN %\nA1;1,5;0,1\nCRM;2,3;0,2\n"
    methods = {"soc": "dry_combustion", "total_nitrogen": "dry_combustion"}
    known = {"CRM": 2.3}
    for more, of_nitrogen in (({}, None), ({"CRM/total_nitrogen": 0.2}, 0.2)):
        habits = LabHabits(methods=methods, references={**known, **more})
        found = judged(table, bags("A1"), habits)
        certified = {
            one.fields["analyte"]: one.fields.get("certified_value")
            for _, one in found.beside(Differing.KEEP)
        }
        assert certified == {"soc": 2.3, "total_nitrogen": of_nitrogen}


def test_a_detection_limit_of_the_table_is_that_of_its_blanks():
    table = "bag,soc_pct,LOD\nA1,1.5,0.02\nBLANK,0.03,0.02\n"
    (row,) = judged_quality(judged(table, bags("A1")), "LAS")
    assert (row["fails"], row["found"]) == (True, "0.03 pct, to be below 0.2 g/kg")


def with_controls(found, records):
    """Return the records with the controls that an import kept."""
    known = len(records.of_type("lab_control"))
    made = [
        ("lab_control", f"c{known + n}", one.fields)
        for n, (_, one) in enumerate(found.beside(Differing.KEEP))
    ]
    return Records([*records.every(), *made])


TWO_CRM = "bag,soc_pct,batch\nCRM,2.30,B7\nCRM,2.31,B7\n"


@pytest.mark.parametrize(
    ("table", "kept"),
    [
        (TWO_CRM, []),
        # In grams, in another order: still the same.
        ("bag,soc_g_kg,batch\nCRM,23.1,B7\nCRM,23.0,B7\n", []),
        # The rest of the batch.
        (TWO_CRM + "CRM,2.29,B7\n", [("reference", "CRM", 3, 2.29)]),
        (
            TWO_CRM.replace("B7", "B8"),
            [("reference", "CRM", n, v) for n, v in ((1, 2.3), (2, 2.31))],
        ),
    ],
)
def test_each_control_that_is_here_answers_one(table, kept):
    records = bags("A1")
    here = with_controls(judged(TWO_CRM, records), records)
    assert kept_controls(judged(table, here)) == kept


def test_controls_that_differ_are_kept_or_replaced_when_asked_to():
    records = bags("A1")
    here = with_controls(judged(TWO_CRM, records), records)
    other = TWO_CRM.replace("2.31", "2.20")
    found = judged(other, here)
    assert [str(one.standing) for one in found.every_line] == [
        "quality control",
        "differs",
    ]
    assert kept_controls(found) == []
    ((_, change),) = found.beside(Differing.REPLACE)
    assert (change.record_id, change.fields["value"]) == ("c1", 2.2)
    assert kept_controls(found, Differing.REPLICATE) == [("reference", "CRM", 3, 2.2)]


def test_a_certified_value_that_is_said_later_is_added():
    records = bags("A1")
    here = with_controls(judged(TWO_CRM, records), records)
    said = LabHabits(methods=SAYS.methods, references={"CRM": 2.3})
    changes = [one for _, one in judged(TWO_CRM, here, said).beside(Differing.KEEP)]
    assert [(one.record_id, one.fields) for one in changes] == [
        ("c0", {"certified_value": 2.3}),
        ("c1", {"certified_value": 2.3}),
    ]
    # In the unit in which it is kept.
    in_g_kg = "bag,soc_g_kg,batch\nCRM,23.0,B7\n"
    said = LabHabits(methods=SAYS.methods, references={"CRM": 23.0})
    ((_, change),) = judged(in_g_kg, here, said).beside(Differing.KEEP)
    assert change.fields == {"certified_value": pytest.approx(2.3)}


def test_a_reading_that_is_added_to_one_of_its_batch_makes_a_pair():
    records = bags("A1", results=HERE)
    fields = dict(records.of_type("result")["r0"]) | {"lab": "LAS", "lab_batch": "B7"}
    here = Records([*records.every(), ("result", "r0", fields)])
    table = "bag,soc_g_kg,batch\nA1,15.9,B7\n"
    beside = Beside(differing=Differing.REPLICATE)
    found = check({"lab.csv": table.encode()}, here, SAYS, "LAS", {}, beside)
    ((_, control),) = found.beside(Differing.REPLICATE)
    assert (control.fields["first_value"], control.fields["value"]) == (15.2, 15.9)
    assert judged(table, here).beside(Differing.KEEP) == []


def test_what_no_record_can_hold_is_no_control():
    table = "Sample,Analyte,Value,Unit\nBLANK,gold,1,g/kg\nA1,SOC,15.2,g/kg\n"
    found = judged(table, bags("A1"))
    assert (kept_controls(found), str(found.every_line[0].standing)) == (
        [],
        "quality control",
    )
    density = "bag,BD (g/cm3)\nA1,1.3\nA1,1.31\n"
    habits = LabHabits(density_definition="whole")
    assert kept_controls(judged(density, bags("A1"), habits)) == []


def test_second_readings_in_two_batches_are_no_pair():
    table = "bag,soc_pct,batch\nA1,1.5,B7\nA1,1.9,B8\n"
    assert kept_controls(judged(table, bags("A1"))) == []


def test_a_label_that_is_no_bag_makes_no_pair():
    table = "bag,soc_pct,batch\nQ,1.5,B7\nQ,1.9,B7\nDUP Q,1.9,B7\n"
    assert kept_controls(judged(table, bags("A1"))) == []


def test_second_readings_of_nobody_knows_which_bag_are_named():
    table = (
        "bag,soc_pct,batch\nA1,1.5,B7\nDUP 1,1.9,B7\nBLIND-2,1.2,B7\nDUP A1,1.51,B7\n"
    )
    found = judged(table, bags("A1"))
    assert unused(found) == ["DUP 1", "BLIND-2"]
    assert kept_controls(found) == [("duplicate", "DUP A1", 1, 1.51)]


def test_drift_from_batch_to_batch_is_told_with_the_batch_that_comes_last():
    records, values = bags("A1"), ("2.21", "2.26", "2.31")
    for n, value in enumerate(values, start=1):
        table = f"bag,soc_pct,batch,date,certified value\nCRM,{value},B{n},2026-0{n}-01,2.30\n"
        records = with_controls(judged(table, records), records)
    last = "bag,soc_pct,batch,date,certified value\nCRM,2.37,B4,2026-04-01,2.30\n"
    found = judged_quality(judged(last, records), "LAS")
    assert [(one["what"], one["fails"]) for one in found] == [
        ("reference CRM", False),
        ("reference CRM from batch to batch", False),
    ]
