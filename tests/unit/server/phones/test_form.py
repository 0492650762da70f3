"""The forms of phones: XForms that Collect can open, in every language."""

import shutil

import pytest
from defusedxml.ElementTree import fromstring
from pyxform.validators.odk_validate import check_xform

from schemas.records import TYPES
from schemas.vocabulary import STOP_REASON, TOOL
from server.phones.form import form_of
from server.phones.names import CORE_FORM, FORMS, LISTS, PHOTO_FORM
from server.phones.questions import FormTemplate
from server.phones.words import CHOICES, LANGUAGES, QUESTIONS

XFORMS = "{http://www.w3.org/2002/xforms}"
JAVAROSA = "{http://openrosa.org/javarosa}"
TEMPLATES = {
    "nothing": FormTemplate("HF", "Highfield"),
    "all": FormTemplate("HF", "Highfield", (10.0, 20.5, 30.0), "auger", 57.5),
    "hostile": FormTemplate("A${b}<&>\"'é", "${x}</h:title>", (0.1,)),
}

each_form = pytest.mark.parametrize("form_id", FORMS)
each_template = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)


def model(form):
    return next(fromstring(form.xml).iter(f"{XFORMS}model"))


def nodes(element, path=""):
    """Return the paths of the questions below an element, groups left out."""
    for child in element:
        name = child.tag.rpartition("}")[2]
        if len(child):
            yield from nodes(child, f"{path}/{name}")
        else:
            yield f"{path}/{name}"


def binds(form):
    return {bind.get("nodeset"): bind for bind in model(form).iter(f"{XFORMS}bind")}


@each_form
@each_template
def test_each_question_has_a_bind(form_id, template):
    form = form_of(form_id, template)
    instance = next(model(form).iter(f"{XFORMS}instance"))
    (data,) = instance
    assert (data.get("id"), data.get("version")) == (form_id, form.version)
    assert {*nodes(data, "/data")} == {*binds(form)}


@each_form
def test_each_text_is_there_in_each_language(form_id):
    form = form_of(form_id, TEMPLATES["all"])
    asked = {
        ref.get("ref").split("'")[1]
        for ref in fromstring(form.xml).iter(f"{XFORMS}label")
        if ref.get("ref", "").startswith("jr:itext('")
    }
    asked |= {
        said.split("'")[1]
        for bind in binds(form).values()
        if (said := bind.get(f"{JAVAROSA}constraintMsg"))
    }
    assert asked
    translations = list(model(form).iter(f"{XFORMS}translation"))
    assert [each.get("lang") for each in translations] == list(LANGUAGES)
    for each in translations:
        texts = {text.get("id"): text[0].text for text in each}
        assert asked <= texts.keys()
        assert all(texts.values())


def test_words_are_there_in_each_language():
    every = [
        *QUESTIONS.values(),
        *(w for codes in CHOICES.values() for w in codes.values()),
    ]
    assert all(all(words) for words in every)
    assert set(CHOICES["tool"]) == set(TOOL.codes)
    assert set(CHOICES["stop_reason"]) == set(STOP_REASON.codes)


@each_form
def test_what_is_chosen_comes_from_the_files_of_the_manifest(form_id):
    sources = {
        each.get("src")
        for each in model(form_of(form_id, TEMPLATES["all"])).iter(f"{XFORMS}instance")
        if each.get("src")
    }
    assert sources == {f"jr://file-csv/{name}.csv" for name in LISTS[form_id]}


def test_points_are_those_of_the_plot():
    body = form_of(CORE_FORM, TEMPLATES["all"]).xml.decode()
    assert "instance('points')/root/item[plot= /data/plot ]" in body


def test_the_usual_values_of_a_project_are_there_beforehand():
    form = form_of(CORE_FORM, TEMPLATES["all"])
    said = form.xml.decode()
    assert "<tool>auger</tool>" in said
    assert "<inner_diameter_mm>57.5</inner_diameter_mm>" in said
    layers = {
        each.get("ref"): each.get("value")
        for each in model(form).iter(f"{XFORMS}setvalue")
    }
    assert layers["/data/layer/depth_bottom_cm"] == (
        "if(position(..) = 1, 10, if(position(..) = 2, 20.5,"
        " if(position(..) = 3, 30, '')))"
    )
    assert "position(..) - 1" in layers["/data/layer/depth_top_cm"]
    plain = form_of(CORE_FORM, TEMPLATES["nothing"]).xml.decode()
    assert "<tool/>" in plain


@pytest.mark.parametrize("name", ["inner_diameter_mm", "depth_reached_cm"])
def test_limits_are_those_of_the_field(name):
    bind = binds(form_of(CORE_FORM, TEMPLATES["all"]))[f"/data/{name}"]
    field = TYPES["core"].fields[name]
    assert bind.get("constraint") == f". >= {field.low:g} and . <= {field.high:g}"
    assert bind.get("type") == "decimal"


def test_a_version_stands_for_what_a_form_says():
    all_said = form_of(CORE_FORM, TEMPLATES["all"])
    form_of.cache_clear()
    assert form_of(CORE_FORM, TEMPLATES["all"]) == all_said
    versions = {form_of(CORE_FORM, each).version for each in TEMPLATES.values()}
    assert len(versions) == len(TEMPLATES)
    # Nothing of a project but its name is in the form of photos.
    photos = [form_of(PHOTO_FORM, TEMPLATES[name]) for name in ("nothing", "all")]
    assert photos[0] == photos[1]


@pytest.mark.skipif(shutil.which("java") is None, reason="ODK Validate needs Java")
@pytest.mark.slow
@each_form
@each_template
def test_odk_validate_opens_each_form(form_id, template, tmp_path):
    path = tmp_path / "form.xml"
    path.write_bytes(form_of(form_id, template).xml)
    assert check_xform(str(path)) == []
