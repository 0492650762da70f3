"""Sheets of labels: a scanner reads each code where it was meant to be."""

import sys
import unicodedata
from io import BytesIO

import pypdfium2
import pytest
import zxingcpp

from collector.cli import label as commands
from collector.errors import UsageError
from collector.labels.contents import Label, empty_labels
from collector.labels.layouts import LAYOUTS, custom
from collector.labels.sheet import draw_sheets
from collector.labels.writing import printable, wrapped
from collector.laptop import blocks
from collector.store.port import LabelRange
from schemas.labels.codes import label_code, printed
from tests.unit.collector.test_label_numbers import keep

pytestmark = pytest.mark.slow

#: As a telephone sees a sheet from half a metre.
SCALE = 150 / 72
LONG = (
    "Forêt domaniale de Saint-Germain-en-Laye/Parcelle-0047-nord/Spring 2026/12",
    "102.5-130.5 cm, 2026-05-03",
    "CARBO-2026 - Évaluation du stockage de carbone des sols cultivés de la vallée",
)
CUSTOM = custom("63x29", "210x297", "8x15", "2x0")


def pages_of(data):
    document = pypdfium2.PdfDocument(BytesIO(data))
    try:
        for page in document:
            yield (
                page.render(scale=SCALE).to_pil(),
                page.get_textpage().get_text_bounded(),
            )
    finally:
        document.close()


def read(data):
    """Return what a scanner reads on each page, with the middle of each code in mm."""
    found = []
    for picture, _ in pages_of(data):
        codes = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
        found.append({one.text: _middle_mm(one.position) for one in codes})
    return found


def _middle_mm(position):
    corners = (position.top_left, position.bottom_right)
    return tuple(
        sum(getattr(corner, way) for corner in corners) / 2 / SCALE / 72 * 25.4
        for way in ("x", "y")
    )


def codes(count, first=1):
    return blocks.codes_of([LabelRange("K7F", first, first + count - 1)])


def test_a_scanner_reads_every_code_of_a_sheet_of_500():
    data = draw_sheets(empty_labels(codes(500), LONG[2]), LAYOUTS["a4-3x8"])
    pages = read(data)
    assert [len(page) for page in pages] == [24] * 20 + [20]
    assert [code for page in pages for code in sorted(page)] == codes(500)


@pytest.mark.parametrize("layout", [*LAYOUTS.values(), CUSTOM], ids=[*LAYOUTS, "own"])
def test_each_label_lies_inside_its_own_place_and_says_its_code(layout):
    skip = min(2, layout.on_a_page - 1)
    labels = [Label(code, LONG) for code in codes(layout.on_a_page + 1)]
    pages = read(draw_sheets(labels, layout, skip))
    assert len(pages) == -(-(len(labels) + skip) // layout.on_a_page)
    for number, label in enumerate(labels, start=skip):
        page, left, top = layout.place(number)
        x, y = pages[page][label.code]
        assert left < x < left + layout.label_mm[0] / 2
        assert top < y < top + layout.label_mm[1]
    texts = "".join(text for _, text in pages_of(draw_sheets(labels, layout, skip)))
    assert all(label.shown in texts for label in labels)


def test_a_sheet_is_the_same_to_the_byte_when_it_is_drawn_again():
    labels = [Label(code, LONG) for code in codes(3)]
    assert draw_sheets(labels, CUSTOM) == draw_sheets(labels, CUSTOM)


def test_codes_of_other_systems_are_read_too():
    labels = [Label("HF-1"), Label("Forêt/2026 #7é"), Label("X" * 64)]
    (page,) = read(draw_sheets(labels, LAYOUTS["a4-2x7"]))
    assert set(page) == {one.code for one in labels}


def test_a_code_is_one_path():
    data = draw_sheets(empty_labels(codes(5), None), LAYOUTS["a4-2x7"])
    page = pypdfium2.PdfDocument(BytesIO(data))[0]
    kinds = [one.type for one in page.get_objects()]
    assert kinds.count(pypdfium2.raw.FPDF_PAGEOBJ_PATH) == 5
    assert pypdfium2.raw.FPDF_PAGEOBJ_IMAGE not in kinds


def test_a_line_that_does_not_fit_is_broken_and_says_where_it_was_cut():
    lines = wrapped(LONG[0], "Helvetica", 9, 100, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    whole = wrapped(LONG[0], "Helvetica", 9, 100, 9)
    assert "".join(whole).replace(" ", "") == LONG[0].replace(" ", "")


@pytest.mark.parametrize("name", ["Łódź", "Αθήνα", "Київ", "Việt", "e\u0301t\u00e9"])
def test_letters_of_europe_and_beyond_are_printed_as_they_are(name):
    labels = [Label("A-1", [f"plot {name}"])]
    page = pypdfium2.PdfDocument(BytesIO(draw_sheets(labels, LAYOUTS["a4-2x7"])))[0]
    said = unicodedata.normalize("NFC", page.get_textpage().get_text_range())
    assert unicodedata.normalize("NFC", f"plot {name}") in said


def test_a_letter_that_no_font_has_is_told_by_its_name(field, tmp_path):
    assert printable("Łódź 中") == "Łódź ?"
    field("plot", "add", "--code", "中田")
    field("point", "add", "--plot", "中田", "--code", "1")
    field("core", "add", "中田/1", "10=A1:261", "--campaign", "2026")
    out = tmp_path / "bags.pdf"
    done = field("label", "sheet", "--for", "中田", "--out", out)
    assert "CJK UNIFIED IDEOGRAPH-4E2D" in done.err
    listed = field.json(
        "custody", "handover", "--to", "Лаборатория 田", "--out", tmp_path / "list.pdf"
    )
    assert listed["not_printable"] == ["中", "田"]
    page = pypdfium2.PdfDocument(tmp_path / "list.pdf")[0]
    assert "Лаборатория ?" in page.get_textpage().get_text_range()


def test_the_layouts_of_the_help_are_those_there_are():
    assert list(LAYOUTS) == list(commands._LAYOUTS)


@pytest.mark.parametrize(
    "given",
    [
        ("10x10", None, None, None),
        ("62", "10x10", None, None),
        ("sixty", None, None, None),
        ("62x29", "100000x10", None, None),
    ],
)
def test_measures_that_make_no_sheet_are_refused(given):
    with pytest.raises(UsageError):
        custom(*given)


def test_numbers_continue_over_sheets(permille):
    keep(permille)
    first = permille.json("label", "sheet", "--count", 25, "--out", "a.pdf")
    again = permille.json("label", "sheet", "--count", 3, "--skip", 1, "--out", "b.pdf")
    assert (first["pages"], first["last"]) == (2, label_code("K7F", 25))
    assert again["first"] == label_code("K7F", 26)
    folder = permille.home.parent
    (page,) = read((folder / "b.pdf").read_bytes())
    assert sorted(page) == codes(3, 26)
    assert "P1 - Valley" in next(pages_of((folder / "b.pdf").read_bytes()))[1]


def test_labels_of_recorded_bags_say_where_they_are_from(field):
    for number, depths in (("1", (0, 10)), ("2", (10, 30))):
        typed = ("--depth-top-cm", depths[0], "--depth-bottom-cm", depths[1])
        place = ("--plot", "HF", "--point", 1, "--campaign", 2026)
        field("sample", "add", *place, "--sample-code", f"HF-{number}", *typed)
    for place in ("HF/1/2026", "HF/1", "HF", "2026"):
        out = f"{place.replace('/', '-')}.pdf"
        found = field.json("label", "sheet", "--for", place, "--out", out)
        assert (found["labels"], found["ranges"]) == (2, [])
    ((_, text),) = pages_of((field.home.parent / "HF.pdf").read_bytes())
    assert text.index("0-10 cm, 2026-05-03") < text.index("10-30 cm, 2026-05-03")
    assert "HF/1/2026/1" in text
    refused = field("label", "sheet", "--for", "XX", "--out", "x.pdf", code=4)
    assert "no plot, point, campaign, core or bag is called XX" in refused.err


def test_a_file_that_is_there_is_never_written_over_and_costs_no_number(permille):
    keep(permille)
    (permille.home.parent / "a.pdf").write_text("mine")
    refused = permille("label", "sheet", "--count", 1, "--out", "a.pdf", code=4)
    assert "is there already" in refused.err
    assert (permille.home.parent / "a.pdf").read_text() == "mine"
    permille("label", "sheet", "--count", 1, "--out", "no/a.pdf", code=4)
    found = permille.json("label", "sheet", "--count", 1, "--out", "b.pdf")
    assert found["first"] == label_code("K7F", 1)


WRONG = [
    ("--out", "x.pdf"),
    ("--count", 1, "--for", "HF", "--out", "x.pdf"),
    ("--count", 1, "--skip", 24, "--out", "x.pdf"),
    ("--count", 1, "--page", "210x297", "--out", "x.pdf"),
    ("--count", 1, "--size", "62x29", "--layout", "a4-3x8", "--out", "x.pdf"),
]


@pytest.mark.parametrize("given", WRONG)
def test_what_makes_no_sheet_is_wrong_usage(permille, given):
    keep(permille)
    assert permille("label", "sheet", *given, code=2).err


def test_a_code_is_checked_and_what_it_may_be_is_told(field):
    keep(field)
    code = label_code("K7F", 421)
    place = ("--plot", "HF", "--point", 1, "--campaign", 2026)
    layer = ("--depth-top-cm", 0, "--depth-bottom-cm", 30)
    field("sample", "add", *place, "--sample-code", printed(code).lower(), *layer)
    (found,) = field.json("label", "check", code.lower())
    assert (found["code"], found["is_whole"]) == ("K7F-0421-1", True)
    assert found["bag"] == "HF/1/2026/1 0-30 cm"
    (wrong,) = field.json("label", "check", "K7F-0412-1", code=1)
    assert "may be K7F-0421-1" in wrong["words"]


def test_what_a_scanner_types_is_read(permille):
    keep(permille)
    typed = "kèfà'é&&\n\nK7F04211\nHF-1\n"
    found = permille("label", "read", "--json", input=typed, code=1).out.splitlines()
    assert ['"code": "K7F04211"' in line for line in found] == [True, True, False]


@pytest.mark.parametrize("package", ["segno", "reportlab"])
def test_without_the_extra_its_name_is_told_and_no_number_is_taken(
    permille, monkeypatch, package
):
    keep(permille)
    typed = ("label", "sheet", "--count", 1, "--out", "a.pdf")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, package, None)
        refused = permille(*typed, code=4)
        assert f"{package} is missing" in refused.err
        assert "permille[labels]" in refused.err
        listing = ("custody", "handover", "--to", "X", "--out", "l.pdf")
        assert "permille[labels]" in permille(*listing, code=4).err
    assert permille.json(*typed)["first"] == label_code("K7F", 1)
