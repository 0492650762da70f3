"""What every reader may rely on: phones, paper, keyboards, readers of a screen."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from server.report.page import render
from tests.unit.server.report.reading import SVG, Page
from tests.unit.server.report.samples import change

pytestmark = pytest.mark.slow

STYLE = files("server.report").joinpath("templates/style.css").read_text("utf-8")
SCREEN, _, PRINT = STYLE.partition("@media print")
ROOT = Path(__file__).parents[4]
#: Pixels beside each other on a small phone, less the margins of the page.
PHONE_PX = 364.0
SMALLEST_PX = 7.0


def rules(style, selector):
    """Return what the rules of exactly this selector say."""
    bare = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    found = re.findall(r"([^{}]+)\{([^{}]*)\}", bare)
    return " ".join(
        said
        for names, said in found
        if selector in [name.strip() for name in names.split(",")]
    )


# --- whole at any width


def test_pictures_have_no_size_but_a_view_box_so_that_they_fit_any_width(
    small, many_page
):
    for html in (render(small), many_page):
        for picture in Page(html).pictures():
            assert picture.get("viewBox")
            assert picture.get("width") is None
            assert picture.get("height") is None
    assert "width: 100%" in rules(SCREEN, "figure svg")
    assert not re.search(r"(?:figure|svg)[^{]*\{[^}]*(min-width|overflow)", SCREEN)


def test_letters_of_pictures_can_be_read_on_a_phone(small, many_page):
    for html in (render(small), many_page):
        for picture in Page(html).pictures():
            wide = float(picture.get("viewBox").split()[2])
            sizes = [
                float(size)
                for text in picture.iter(f"{SVG}text")
                for size in re.findall(r"font-size:\s*([\d.]+)", text.get("style", ""))
            ]
            assert min(sizes) * PHONE_PX / wide >= SMALLEST_PX


def test_a_table_scrolls_inside_of_a_region_that_the_keyboard_reaches(many_page):
    tables = many_page.count("<table>")
    regions = re.findall(
        r'<div class="scroll" tabindex="0" role="region" aria-label="[^"]+">\s*<table>',
        many_page,
    )

    assert tables == len(regions) > 3
    assert "overflow-x: auto" in rules(SCREEN, ".scroll")
    # Nothing else scrolls, so that nothing else needs to be reached.
    assert len(re.findall(r"overflow(?:-x)?:\s*auto", STYLE)) == 1
    assert "hidden" not in STYLE


def test_on_paper_nothing_is_clipped_and_no_picture_is_parted():
    assert "overflow: visible" in rules(PRINT, ".scroll")
    for kept in ("figure", ".row", "tr", "dl"):
        assert "break-inside: avoid" in rules(PRINT, kept)
    assert "size: A4" in PRINT
    assert "table-header-group" in rules(PRINT, "thead")


def test_pictures_stay_in_rows_with_their_names(many_page):
    rows = re.findall(r'<div class="row">(.*?)</div>', many_page, re.DOTALL)

    assert sum(row.count("<figure>") for row in rows) == 24
    assert all(1 <= row.count("<figure>") <= 3 for row in rows)
    assert all(row.count("<figcaption>") == row.count("<svg") for row in rows)


# --- for keyboards and readers of a screen


def test_links_are_targets_of_24_pixels():
    said = rules(SCREEN, "td a")

    assert "display: inline-block" in said
    for name in ("min-width", "min-height"):
        (pixels,) = re.findall(rf"{name}: (\d+)px", said)
        assert int(pixels) >= 24


def test_every_link_stands_in_a_table(small):
    html = render(replace(small, changes=[change(reasons=["GAP", "OVERLAP"])]))

    assert "<a " in html
    assert "<a " not in re.sub(r"<table.*?</table>", "", html, flags=re.DOTALL)


def test_tables_have_captions_and_heads_of_columns_and_rows(many_page):
    for table in re.findall(r"<table>.*?</table>", many_page, re.DOTALL):
        assert "<caption>" in table
        head, body = table.split("<tbody>")
        assert head.count("<th ") == head.count('scope="col"') > 0
        rows = body.count("<tr>")
        assert body.count('<th scope="row"') == body.count("<th") == rows


def test_headings_step_down_one_by_one_and_the_page_says_its_language(small, many_page):
    for html in (render(small), many_page):
        levels = [int(level) for level in re.findall(r"<h(\d)", html)]

        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b <= a + 1 for a, b in pairwise(levels))
        assert '<html lang="en">' in html
        assert "<main>" in html


def test_words_stand_out_from_their_ground():
    for colour in re.findall(r"(?<![-\w])color: (#[0-9a-f]{6})", STYLE):
        assert contrast(colour, "#fef4e8") >= 4.5


def contrast(first, second):
    """Return the contrast of WCAG 2."""

    def light(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(first), light(second)))
    return (high + 0.05) / (low + 0.05)


# --- the same bytes


WRITES = """
import sys
from server.report.model import PlotFacts, ReportPage
from server.report.page import render
from tests.unit.server.report.samples import PROJECT, change, square, stocks
report = ReportPage(
    project=PROJECT,
    plots=[PlotFacts(code=c, farm="F", geometry=square(7 + n / 9)) for n, c in enumerate("XYZ")],
    stocks=[row for c in "XYZ" for y in ("2003", "2013") for row in stocks(c, y)],
    changes=[change(c, ("2003", "2013"), reasons=["GAP", "OVERLAP"]) for c in "XYZ"],
)
sys.stdout.write(render(report))
"""


def written(seed):
    words = [sys.executable, "-c", WRITES]
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        words, cwd=ROOT, env=environment, check=True, capture_output=True
    ).stdout


def test_no_process_writes_other_bytes_of_the_same_report():
    assert written("1") == written("77")


def test_the_page_tells_a_time_only_where_it_was_asked_for(small):
    silent = render(replace(small, written_at=""))

    assert "Written" not in Page(silent).text
    assert "Written 2026-10-05 09:30 UTC" in Page(render(small)).text
