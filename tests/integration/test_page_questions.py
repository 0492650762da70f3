"""A project's own questions on the page: in the form of a core, in its language, judged."""

import pytest

from tests.faults.homes import Laptop
from tests.integration.test_page_forms import core, visiting

FORM = """
| survey |
| | type | name | label | label::Français (fr) | hint | required | constraint | constraint_message | constraint_message::Français (fr) | relevant |
| | note | hello | Look around <b> | Regardez | | | | | | |
| | decimal | slope | Slope, % | Pente, % | of ten metres | yes | . <= 100 | 100 at most | au plus 100 | |
| | select_multiple signs | signs | Signs | Signes | | | | | | ${slope} > 2 |
| | select_one use | use | Use | Usage | | | | | | |
| | date | on | Ploughed | Labouré | | | | | | |
| | acknowledge | sure | Sure? | Sûr ? | | | | | | |
| choices |
| | list_name | name | label | label::Français (fr) |
| | signs | crust | Crust | Croûte |
| | signs | rills | Rills | Rigoles |
| | use | crop | Crops | Cultures |
"""
ROW = ("10", "A-1", "261")


@pytest.fixture
def laptop(tmp_path):
    """A laptop whose project asks questions of cores and plots."""
    found = Laptop(tmp_path / "lap")
    found("project", "add", "--code", "P", "--title", "Valley")
    found("plot", "add", "--code", "HF")
    for code in "12":
        found("point", "add", "--plot", "HF", "--code", code)
    begun = ("--name", "now", "--start-date", "2020-01-01", "--purpose", "baseline")
    found("campaign", "add", *begun)
    form = tmp_path / "form.md"
    form.write_text(FORM, "utf-8")
    for kind in ("core", "plot"):
        found("questions", "add", form, "--for", kind, "--write")
    return found


def answers(laptop):
    found = laptop.json("answer", "list")
    return {one["name"]: one["fields"]["value"] for one in found}


async def test_the_form_of_a_core_asks_what_the_project_asks(laptop):
    async with visiting(laptop) as visitor:
        page = await visitor.get("/core?point=HF/1")
    assert "Look around &lt;b&gt;" in page
    assert '<label for="answer-slope">Slope, % *</label>' in page
    assert "of ten metres" in page
    assert 'name="answer-signs:crust"' in page
    assert '<option value="crop">Crops</option>' in page
    assert '<input type="date" id="answer-on"' in page
    assert "Only where it applies." in page


async def test_the_questions_are_in_the_language_of_the_page(laptop):
    async with visiting(laptop) as visitor:
        await visitor.post("/language", code="fr")
        page = await visitor.get("/core?point=HF/1")
        assert "Pente, % *" in page
        assert "Rigoles" in page
        wrong = {"answer-slope": "101"}
        page = await visitor.post("/core", **core("HF/1", ROW, **wrong))
        assert "au plus 100" in page
        await visitor.post("/language", code="es")
        # The form has no Spanish: its own language stands there.
        assert "Slope, % *" in await visitor.get("/core?point=HF/1")


async def test_answers_are_saved_with_the_core(laptop):
    typed = {
        "answer-slope": "12,5",
        "answer-signs:rills": "yes",
        "answer-signs:crust": "yes",
        "answer-use": "crop",
        "answer-on": "2020-05-03",
        "answer-sure": "yes",
    }
    async with visiting(laptop) as visitor:
        page = await visitor.post("/core", **core("HF/1", ROW, **typed))
        assert "HF/1/now/1, 1 bag" in page
        # The next core begins without them.
        assert 'value="12,5"' not in page
    assert answers(laptop) == {
        "HF/1/now/1/slope": "12.5",
        "HF/1/now/1/signs": "crust rills",
        "HF/1/now/1/use": "crop",
        "HF/1/now/1/on": "2020-05-03",
        "HF/1/now/1/sure": "OK",
    }


async def test_what_breaks_a_constraint_stays_in_its_field_and_is_told(laptop):
    typed = {"answer-slope": "101", "answer-signs:crust": "yes"}
    async with visiting(laptop) as visitor:
        page = await visitor.post("/core", **core("HF/1", ROW, **typed))
        assert "slope: 100 at most" in page
        assert 'name="answer-slope" inputmode="decimal" value="101"' in page
        assert 'name="answer-signs:crust" value="yes" checked' in page
        assert 'value="A-1"' in page
        assert answers(laptop) == {}
        typed["answer-slope"] = "10"
        await visitor.post("/core", **core("HF/1", ROW, **typed))
    assert answers(laptop)["HF/1/now/1/slope"] == "10"


async def test_what_is_required_is_told_and_stops_nobody(laptop):
    async with visiting(laptop) as visitor:
        page = await visitor.post("/core", **core("HF/1", ROW))
    assert "needs an answer has none (slope: Slope, %)" in page
    assert "HF/1/now/1" in page


async def test_a_plot_has_its_questions_on_a_page_of_their_own(laptop):
    form = {"of": "plot", "name": "HF", "project": "P"}
    async with visiting(laptop) as visitor:
        assert "/answers?of=plot&amp;name=HF" in await visitor.get("/plot?code=HF")
        page = await visitor.get("/answers?of=plot&name=HF")
        assert "permille answer add plot HF" in page
        page = await visitor.post("/answers", **form, **{"answer-slope": "steep"})
        assert "a number, such as 12.5" in page
        assert 'value="steep"' in page
        page = await visitor.post("/answers", **form, **{"answer-slope": "3"})
        assert "HF/slope" in page
        # What is answered is shown, and not asked again.
        assert "<dt>Slope, %</dt><dd>3</dd>" in page
        assert "answer-slope" not in page
    assert answers(laptop) == {"HF/slope": "3"}


@pytest.mark.parametrize(
    "path",
    [
        "/answers",
        "/answers?of=plot",
        "/answers?of=result&name=x",
        "/answers?of=core&name=no",
    ],
)
async def test_a_page_of_nothing_is_refused_in_words(laptop, path):
    async with visiting(laptop) as visitor:
        page = await visitor.get(path, status=422)
    assert "Traceback" not in page
