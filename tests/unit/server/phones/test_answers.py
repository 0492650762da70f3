"""What the answers of a form become: records, files, and what nobody knows."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.problems import Problem
from schemas.records import record_id
from server.phones.answers import files_of, person_of, records_of
from server.phones.filled import FormError, read_filled
from server.phones.names import CORE_FORM, PHOTO_FORM
from tests.collect import core, filled, layer, photos
from tests.laptop import new_id

PROJECT, POINT, CAMPAIGN, PLOT = (new_id() for _ in range(4))


def read(answers, form_id=CORE_FORM, read_label=str):
    return records_of(PROJECT, read_filled(filled(form_id, answers)), read_label)


def test_a_core_has_the_id_that_a_laptop_mints():
    first, bag = read(core(POINT, CAMPAIGN, [layer("0", "10", "L1")]))
    key = {"point_id": POINT, "campaign_id": CAMPAIGN, "number": 1}
    assert first.id == record_id(PROJECT, "core", key)
    own = {"core_id": first.id, "sample_code": "L1"}
    assert bag.id == record_id(PROJECT, "sample", own)
    assert bag.fields == {**own, "depth_top_cm": 0.0, "depth_bottom_cm": 10.0}


def test_labels_are_read_as_laptops_read_them_and_may_be_typed():
    typed = layer("10", "20", "").replace(
        "<typed_code/>", "<typed_code>b2</typed_code>"
    )
    records = read(
        core(POINT, CAMPAIGN, [layer("0", "10", "a1"), typed]), read_label=str.upper
    )
    assert [one.fields["sample_code"] for one in records[1:]] == ["A1", "B2"]


def test_what_cannot_be_read_stays_as_it_was_written():
    said = {"inner_diameter_mm": "wide", "place": "48,8 2,3", "sampled_at": "noon"}
    (found,) = read(core(POINT, CAMPAIGN, [], number="one", **said))
    fields = found.fields
    assert (fields["inner_diameter_mm"], fields["number"]) == ("wide", "one")
    assert (fields["lat"], fields["lon"]) == (48.8, 2.3)
    assert fields["sampled_at"] == "noon"


def test_a_number_beyond_all_bounds_stays_as_it_was_written():
    said = {"inner_diameter_mm": "1e999", "place": "1e999 -1e999 0 1e999"}
    (found,) = read(core(POINT, CAMPAIGN, [], **said))
    assert found.fields["inner_diameter_mm"] == "1e999"
    place = {name: found.fields[name] for name in ("lat", "lon", "accuracy_m")}
    assert place == {"lat": "1e999", "lon": "-1e999", "accuracy_m": "1e999"}


def test_an_empty_layer_is_none_and_an_unlabelled_one_is_a_bag():
    empty = "<layer><depth_top_cm/><photo> </photo></layer>"
    records = read(
        core(POINT, CAMPAIGN, [empty, layer("0", "10", ""), layer("10", "20", "")])
    )
    bags = records[1:]
    assert [one.type for one in bags] == ["sample", "sample"]
    assert len({one.id for one in bags}) == 2
    assert "sample_code" not in bags[0].fields


def test_a_label_of_two_layers_waits_under_the_second_one():
    layers = [layer("0", "10", "L1"), layer("10", "20", "L1"), layer("20", "30", "L1")]
    first, second, third = read(core(POINT, CAMPAIGN, layers))[1:]
    assert first.problem is None
    assert second.problem == Problem(
        "label_twice", "sample_code", "L1", "layers 1 and 2 of the form"
    )
    assert third.problem.detail == "layers 1 and 3 of the form"


def test_the_fields_that_a_record_gets_otherwise_are_nobodys_answers():
    sly = "<core_id>x</core_id><attachments>y</attachments>"
    records = read(core(POINT, CAMPAIGN, [layer("0", "10", "L1", more=sly)]))
    assert records[1].fields["core_id"] == records[0].id
    assert records[2].fields == {
        "layer 1 core_id": "x",
        "layer 1 attachments": "y",
    }


def test_files_are_named_by_core_bags_and_photos_once():
    records = read(
        core(
            POINT,
            CAMPAIGN,
            [layer("0", "9", "L1", "", "b.jpg")],
            photos=["a.jpg", "b.jpg"],
        )
    )
    assert files_of(records) == ["a.jpg", "b.jpg"]
    (plot,) = read(photos(PLOT, ["p.jpg"]), PHOTO_FORM)
    assert (plot.type, plot.id, plot.photos) == ("plot", PLOT, ["p.jpg"])
    (point,) = read(photos(PLOT, ["p.jpg"], POINT), PHOTO_FORM)
    assert (point.type, point.id) == ("point", POINT)


@pytest.mark.parametrize(
    ("name", "person"),
    [("Ada Diallo", "Ada Diallo"), ("", None), ("A" * 300, None), ("A&#10;B", "A B")],
)
def test_who_filled_in_is_one_line_or_nobody(name, person):
    answers = core(POINT, CAMPAIGN, [], username=name)
    assert person_of(read_filled(filled(CORE_FORM, answers))) == person


names = st.sampled_from(
    ["layer", "photos", "photo", "place", "note", "sample_code", "number", "other"]
)
trees = st.recursive(
    st.text("ab1<&é ", max_size=5).map(
        lambda text: text.replace("&", "&amp;").replace("<", "&lt;")
    ),
    lambda inner: st.lists(st.tuples(names, inner), max_size=5).map(
        lambda found: "".join(f"<{name}>{text}</{name}>" for name, text in found)
    ),
    max_leaves=20,
)


@given(trees, st.sampled_from([CORE_FORM, PHOTO_FORM]))
def test_no_answers_are_too_odd_and_none_is_dropped(answers, form_id):
    found = read_filled(filled(form_id, answers))
    kept = Counter()
    for one in records_of(PROJECT, found, str):
        for value in (*one.fields.values(), *one.photos, one.id):
            kept.update(str(value))
    # The text between answers is none; a choice that only narrows another is not kept.
    said = Counter()
    for each in found.root:
        for inner in each.iter():
            said.update(without_blanks(inner.text) if each.tag != "meta" else "")
    missing = {char for char in "abé" if said[char] > kept[char]}
    assert missing == set()


def without_blanks(text):
    return "".join((text or "").split())


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        (b"", "breaks off"),
        (b"\xff\xfe\x00", "breaks off"),
        (b"<?xml version='1.0' encoding='x'?><data/>", "breaks off"),
        (b"<!DOCTYPE a><a/>", "DOCTYPE"),
        (b"<data id='a b'/>", "name a form"),
        (b"<data id='a' version='\xc3\xa9'/>", "no version"),
        (b"<data id='a'/>", "instanceID"),
        (b"<data id='a'><meta><instanceID> </instanceID></meta></data>", "blank"),
        (
            b"<data id='a'><meta><instanceID>"
            + b"x" * 201
            + b"</instanceID></meta></data>",
            "201 characters",
        ),
    ],
)
def test_what_is_no_form_says_why(xml, words):
    with pytest.raises(FormError, match=words):
        read_filled(xml)
