"""Custody of bags: steps of many at once, where each is, lists that are signed."""

from io import BytesIO

import pypdfium2
import pytest

from collector.labels.handover import Handover, HandoverLine, draw_handover
from schemas.labels.codes import label_code, printed
from tests.unit.collector.test_label_numbers import keep

PLACE = ("--plot", "HF", "--point", 1, "--campaign", 2026)
LABEL = label_code("K7F", 421)


@pytest.fixture
def bags(field):
    """A laptop with three bags: two of another system, one with a label."""
    keep(field)
    for number, code in enumerate(("HF-1", "HF-2", LABEL)):
        layer = ("--depth-top-cm", 10 * number, "--depth-bottom-cm", 10 * number + 10)
        field("sample", "add", *PLACE, "--sample-code", code, *layer)
    return field


def pages_of(data):
    document = pypdfium2.PdfDocument(BytesIO(data))
    return [page.get_textpage().get_text_bounded() for page in document]


def test_a_step_of_many_bags_is_kept_and_unknown_codes_are_told(bags):
    typed = ("HF-1", "k7f-0421-1", "NONE")
    found = bags("custody", "add", "boxed", "--box", "BOX-12", *typed, code=1)
    assert "NONE: no bag on this laptop has this code" in found.err
    assert "boxed: 2 bags saved; 1 code not" in found.out
    assert "at is" not in found.err
    shown = bags.json("where", LABEL)
    assert (shown["step"], shown["box"]) == ("boxed", "BOX-12")
    assert shown["story"][0]["who"] == "Ada"


def test_lines_of_a_scanner_are_kept_as_they_are_read(bags):
    lines = "HF-1\nkèfà'é&&\nnone\nHF-2\n"
    found = bags.json("custody", "add", "bagged", "-", input=lines, code=1)
    assert found["saved"] == ["HF-1", "K7F-0421-1", "HF-2"]
    assert [one["code"] for one in found["missed"]] == ["none"]


def test_a_step_typed_twice_is_told_and_kept_once(bags):
    step = ("custody", "add", "boxed", "--at", "2026-05-04T10:00+02:00", "HF-1")
    bags(*step)
    assert "already recorded" in bags(*step, code=1).err
    assert len(bags.json("where", "HF-1")["story"]) == 1


def test_a_time_that_cannot_be_read_keeps_nothing(bags):
    step = ("custody", "add", "boxed", "--at", "yesterday evening", "HF-1")
    assert "write it as" in bags(*step, code=2).err
    assert bags.json("where", "HF-1")["story"] == []


def test_where_tells_the_whole_story_of_a_bag_with_its_results(bags):
    for step, more, day in (
        ("handed_over", ("--to", "LAS Arras"), 5),
        ("bagged", ("--place", "field"), 3),
        ("boxed", ("--box", "BOX-12"), 4),
    ):
        at = f"2026-05-0{day}T10:00+02:00"
        bags("custody", "add", step, *more, "--at", at, "HF-1")
    given = (
        "--sample HF-1 --analyte soc --value 14.2 --unit g_kg --method dry_combustion"
    )
    bags("result", "add", *given.split())
    found = bags.json("where", "HF-1")
    assert [one["step"] for one in found["story"]] == ["bagged", "boxed", "handed_over"]
    assert found["now"].startswith("handed over to LAS Arras in box BOX-12, 2026-05-05")
    assert found["core"] == "HF/1/2026/1"
    assert found["results"][0]["value"] == 14.2
    text = bags("where", "HF-1").out
    for said in ("HF/1/2026/1", "0-10 cm", "LAS Arras", "dry_combustion", "14.2"):
        assert said in text


def test_a_box_knows_what_is_in_it_and_what_was_taken_out(bags):
    bags("custody", "add", "boxed", "--box", "B1", "--at", "2026-05-04", "HF-1", "HF-2")
    bags("custody", "add", "boxed", "--box", "B2", "--at", "2026-05-05", "HF-2")
    found = bags.json("where", "B1")
    assert [one["code"] for one in found["bags"]] == ["HF-1"]
    assert [one["code"] for one in found["taken_out"]] == ["HF-2"]
    assert "taken out since: HF-2" in bags("where", "B1").out
    assert "no bag and no box" in bags("where", "B9", code=4).err


def test_a_list_to_sign_has_what_is_still_here_and_records_it(bags):
    bags("custody", "add", "boxed", "--box", "B1", "--at", "2026-05-04", "HF-1")
    bags("custody", "add", "archived", "--at", "2026-05-04", "HF-2")
    typed = ("custody", "handover", "--to", "LAS Arras")
    first = bags.json(*typed, "--out", "list.pdf")
    assert (first["bags"], first["boxes"], first["recorded"]) == (2, ["B1"], False)
    (text,) = pages_of((bags.home.parent / "list.pdf").read_bytes())
    for said in ("HF-1", "K7F-0421-1", "B1", "Ada", "LAS Arras", "page 1 of 1"):
        assert said in text
    assert "HF-2" not in text
    assert bags.json(*typed, "--box", "B1", "--out", "b.pdf")["bags"] == 1
    bags(*typed, "--out", "again.pdf", "--record")
    assert "waits to be handed over" in bags(*typed, "--out", "c.pdf", code=4).err
    found = bags.json("where", "HF-1")
    assert (found["step"], found["box"]) == ("handed_over", "B1")
    assert "to LAS Arras" in found["now"]


def test_a_long_list_repeats_its_head_and_counts_its_pages():
    core = "Forêt domaniale de Saint-Germain-en-Laye/Parcelle-0047-nord/Spring 2026/12"
    lines = [
        HandoverLine(
            printed(label_code("K7F", number)), f"BOX-{number % 9}", core, "0-30 cm"
        )
        for number in range(1, 301)
    ]
    name = "Amandine de la Rochefoucauld-Montmorency, équipe nord"
    to = "Laboratoire d'analyses des sols d'Arras <INRAE> & partners"
    pages = pages_of(draw_handover(Handover("P1", name, to, "2026-05-04 17:00", lines)))
    assert len(pages) > 9
    for number, text in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in text
    assert all("depth" in text for text in pages[:-1])
    whole = "".join(pages)
    assert all(line.code in whole for line in lines)
    assert "taken over by" in pages[-1]
    assert "<INRAE> & partners" in whole


def test_a_bag_whose_code_is_no_label_of_a_known_block_warns_until_somebody_says_why(
    bags,
):
    layer = ("--depth-top-cm", 60, "--depth-bottom-cm", 70)
    found = bags("sample", "add", *PLACE, "--sample-code", "K7F-0412-1", *layer)
    assert "may be K7F-0421-1" in found.err
    assert "label_check" in bags("warnings", code=1).out
    why = ("--why", "the label was written by hand")
    bags("warnings", "explain", "sample", "K7F-0412-1", "label_check", *why)
    assert "label_check" not in bags("warnings", code=1).out


def test_what_a_scanner_typed_on_another_keyboard_is_kept_as_the_code_it_meant(field):
    layer = ("--depth-top-cm", 0, "--depth-bottom-cm", 30)
    found = field("sample", "add", *PLACE, "--sample-code", "kèfà'é&&", *layer)
    assert "kèfà'é&& is read as K7F-0421-1" in found.err
    assert field.json("sample", "show", LABEL)["fields"]["sample_code"] == LABEL
    field("sample", "edit", LABEL, "--sample-code", "k7f-0422-x")
    assert field.json("sample", "show", "k7f-0422-x")["name"] == "k7f-0422-x"
    keep(field)
    field("sample", "edit", "k7f-0422-x", "--sample-code", "K7F 0422 X")
    assert field.json("sample", "show", "K7F-0422-X")["name"] == "K7F0422X"


def test_a_bag_is_called_by_its_label_in_any_form(bags):
    for name in ("K7F-0421-1", "k7f 0421 1", LABEL):
        assert bags.json("sample", "show", name)["name"] == LABEL
    typed = [
        "--analyte",
        "soc",
        "--value",
        "14.2",
        "--unit",
        "g_kg",
        "--method",
        "dry_combustion",
    ]
    bags("result", "add", "--sample", "k7f-0421-1", *typed)
    assert bags.json("result", "show", "K7F-0421-1/soc")["name"] == f"{LABEL}/soc/1"
