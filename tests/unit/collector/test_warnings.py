"""What is odd is told when it is typed, listed until it is explained, and kept so."""

import pytest

pytestmark = pytest.mark.slow

CORE = ["core", "add", "--plot", "HF", "--point", "1", "--campaign", "2026"]
BAG = ["sample", "add", "--plot", "HF", "--point", "1", "--campaign", "2026"]


def bag(permille, code, top, bottom, *more):
    given = ["--sample-code", code, "--depth-top-cm", top, "--depth-bottom-cm", bottom]
    return permille.json(*BAG, *given, *more)


def told(saved):
    return [each["code"] for each in saved["warnings"]]


def open_warnings(permille, *more, code=1):
    found = permille.json("warnings", *more, code=code)
    return [(each["type"], each["name"], each["code"]) for each in found]


def test_a_second_bag_of_a_layer_is_told_when_it_is_typed_and_stays_on_the_list(field):
    assert told(bag(field, "0071", 0, 30)) == []
    saved = bag(field, "71", 0, 30)
    assert told(saved) == ["layer_twice", "looks_alike"]
    assert "bag 0071 is 0 to 30 cm" in saved["warnings"][0]["text"]
    listed = open_warnings(field)
    assert ("sample", "71", "layer_twice") in listed
    assert ("sample", "71", "looks_alike") in listed
    field("sample", "delete", "71", "--yes")
    assert [code for _, _, code in open_warnings(field)] == ["ends_at_depth"]


def test_a_correction_ends_a_warning(field):
    assert told(bag(field, "A", 0, 30)) == []
    assert told(bag(field, "B", 20, 50)) == ["layers_overlap"]
    edited = field.json("sample", "edit", "B", "--depth-top-cm", 30)
    assert told(edited) == []
    assert open_warnings(field, code=0) == []


def test_an_edit_of_a_campaign_tells_what_it_does_to_its_cores(field):
    dates = ["--start-date", "2026-06-01", "--end-date", "2026-06-09"]
    edited = field("campaign", "edit", "2026", *dates)
    assert "core HF/1/2026/1:" in edited.err
    assert "not taken in the days of its campaign" in edited.err
    assert "permille warnings" in edited.err


def test_an_explanation_stays_with_the_record_and_names_its_author(field):
    field("campaign", "edit", "2026", "--end-date", "2026-05-10")
    late = ["core", "edit", "HF/1/2026/1", "--sampled-at", "2026-05-14"]
    assert told(field.json(*late)) == ["core_outside_campaign"]
    core = ["core", "HF/1/2026/1", "core_outside_campaign"]
    field("warnings", "explain", *core, "--why", "the road was flooded")
    assert open_warnings(field, code=0) == []
    (kept,) = field.json("warnings", "--all")
    assert kept["explained"] == "the road was flooded (Ada)"
    shown = field.json("core", "show", "HF/1/2026/1")["fields"]
    assert shown["explained"] == [
        (
            "core_outside_campaign (sampled_at 2026-05-14T12:00:00+00:00"
            " 2026: 2026-05-01 to 2026-05-10): the road was flooded (Ada)"
        )
    ]
    # Another day is odd in another way.
    field("core", "edit", "HF/1/2026/1", "--sampled-at", "2026-05-24")
    assert open_warnings(field) == [tuple(core)]


def test_only_what_is_there_can_be_explained(field):
    why = ["--why", "so it is"]
    done = field("warnings", "explain", "plot", "HF", "area_differs", *why, code=4)
    assert "has no warning area_differs" in done.err
    done = field("warnings", "explain", "plot", "NO", "area_differs", *why, code=4)
    assert "NO" in done.err
    field("warnings", "explain", "plot", "HF", "area_differs", code=2)
    field("warnings", "explain", "plot", "HF", "area_differs", "--why", " ", code=2)


def test_plots_and_campaigns_that_look_alike_are_told_when_they_are_typed(field):
    cyrillic = "\N{CYRILLIC CAPITAL LETTER EN}F"
    assert told(field.json("plot", "add", "--code", "hf")) == ["looks_alike"]
    assert "looks_alike" in told(field.json("plot", "add", "--code", cyrillic))
    assert told(field.json("plot", "add", "--code", "HG")) == []
    dates = ["--start-date", "2027-05-01", "--purpose", "resampling"]
    assert told(field.json("campaign", "add", "--name", "20 26", *dates)) == [
        "looks_alike"
    ]


def test_a_position_off_its_plot_is_told_when_it_is_typed(field, tmp_path):
    square = (
        "[[2.35,48.85],[2.3525,48.85],[2.3525,48.8516],[2.35,48.8516],[2.35,48.85]]"
    )
    boundary = tmp_path / "plot.geojson"
    boundary.write_text('{"type": "Polygon", "coordinates": [' + square + "]}")
    area = ["--geometry", boundary, "--area-ha", 250]
    assert told(field.json("plot", "edit", "HF", *area)) == ["area_differs"]
    point = ["point", "add", "--plot", "HF", "--code"]
    swapped = field.json(*point, "A", "--lon", 48.851, "--lat", 2.351)
    assert told(swapped) == ["position_exchanged"]
    assert told(field.json(*point, "B", "--lon", 0, "--lat", 0)) == ["position_at_zero"]
    assert told(field.json(*point, "C", "--lon", 2.351, "--lat", 48.851)) == []
    core = field.json(
        *CORE, "--number", 2, "--sampled-at", "2026-05-03", "--lon", 2.8, "--lat", 48.6
    )
    assert told(core) == ["position_outside"]


def test_a_mass_of_ten_times_the_soil_is_told_when_it_is_typed(field):
    field("core", "edit", "HF/1/2026/1", "--inner-diameter-mm", 50)
    saved = bag(field, "A", 0, 10, "--fine-dry-mass-g", 2600)
    assert told(saved) == ["density_unlikely"]
    assert "13.2 g/cm3" in saved["warnings"][0]["text"]


def test_an_analysis_before_the_sampling_is_told_when_it_is_typed(field):
    bag(field, "A", 0, 30)
    given = ["--sample", "A", "--analyte", "soc", "--value", 15, "--unit", "g_kg"]
    method = ["--method", "dry_combustion", "--analysed-on", "2026-04-01"]
    saved = field.json("result", "add", *given, *method)
    assert told(saved) == ["analysed_too_early"]


def test_a_record_is_shown_with_what_is_odd_about_it(field):
    bag(field, "0071", 0, 30)
    bag(field, "71", 0, 30)
    shown = field("sample", "show", "71")
    assert "bag 0071 is 0 to 30 cm" in shown.err
    assert told(field.json("sample", "show", "71")) == ["layer_twice", "looks_alike"]
