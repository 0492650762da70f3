"""Typing records in: what is kept, what is refused, and in which words."""

import json

import pytest

from schemas.records import TYPES, record_id

pytestmark = pytest.mark.slow

POLYGON = {
    "type": "Polygon",
    "coordinates": [[[2.0, 48.0], [2.1, 48.0], [2.1, 48.1], [2.0, 48.0]]],
}
SAMPLE = ["sample", "add", "--plot", "HF", "--point", "1", "--campaign", "2026"]


def sample(permille, code, top=0, bottom=30, *more, expect=0):
    given = ["--sample-code", code, "--depth-top-cm", top, "--depth-bottom-cm", bottom]
    return permille(*SAMPLE, *given, *more, code=expect)


def test_a_record_is_saved_with_what_goes_without_saying(field):
    project = field.json("project", "show", "P1")
    assert project["fields"]["reference_depth_cm"] == 30.0
    assert project["fields"]["stock_method_profile"] == "permille"
    core = field.json("core", "show", "HF/1/2026/1")["fields"]
    assert core["number"] == 1
    assert core["sampled_at"] == "2026-05-03T12:00:00+00:00"
    assert core["sampled_precision"] == "day"
    sample(field, "HF-1")
    field(
        *[
            "result",
            "add",
            "--sample",
            "HF-1",
            "--analyte",
            "soc",
            "--value",
            "14.2",
            "--unit",
            "g_kg",
        ],
        *["--method", "tinsley"],
    )
    assert field.json("result", "show", "HF-1/soc")["fields"]["replicate"] == 1


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        (["--depth-reached-cm", 30], ["ends_at_depth"]),
        (["--depth-reached-cm", 22.5], ["ends_at_depth"]),
        (["--depth-reached-cm", 50], []),
        (["--depth-reached-cm", 25, "--stop-reason", "bedrock"], []),
        ([], []),
    ],
)
def test_a_core_that_ends_where_the_stock_does_is_kept_with_a_warning(
    field, more, warned
):
    given = ["core", "add", "--plot", "HF", "--point", "1", "--campaign", "2026"]
    added = field.json(*given, "--number", 2, "--sampled-at", "2026-05-03", *more)
    assert [each["code"] for each in added["warnings"]] == warned
    assert field.json("core", "show", "HF/1/2026/2")["fields"]["number"] == 2


def test_a_core_may_end_where_a_stock_to_a_fixed_depth_does(field):
    field("project", "edit", "P1", "--stock-method-profile", "fixed_depth")
    given = ["core", "edit", "HF/1/2026/1", "--depth-reached-cm", 30]
    assert field.json(*given)["warnings"] == []


def test_every_problem_of_an_entry_is_told_at_once_and_nothing_is_kept(field):
    more = ["--bulk-density-g-cm3", 9, "--coarse-fragments-pct", "many"]
    found = sample(field, "HF-1", 30, 10, *more, expect=4)
    assert "--bulk-density-g-cm3 9: " in found.err
    assert "--coarse-fragments-pct many: " in found.err
    assert field.json("sample", "list") == []


def test_an_error_is_one_json_object_when_asked(field):
    found = sample(field, "HF-1", 30, 10, "--json", expect=4)
    error = json.loads(found.out)["error"]
    assert set(error) == {"code", "text", "hint", "problems"}
    assert error["problems"][0]["code"] == "depth_order"


def test_a_warning_is_told_and_the_value_kept(field):
    found = sample(field, "HF-1", 0, 300)
    assert "deeper than 200 cm" in found.err
    assert field.json("sample", "show", "HF-1")["fields"]["depth_bottom_cm"] == 300


def test_the_same_record_twice_is_refused_with_the_way_to_change_it(field):
    sample(field, "HF-1")
    found = sample(field, "HF-1", expect=4)
    assert "permille sample edit HF-1" in found.err


def test_a_label_is_unique_in_its_project_even_on_another_core(field):
    sample(field, "HF-1")
    field(
        *[
            "core",
            "add",
            "--plot",
            "HF",
            "--point",
            "1",
            "--campaign",
            "2026",
            "--number",
            "2",
        ],
        *["--sampled-at", "2026-05-03"],
    )
    found = sample(field, "HF-1", 0, 30, "--core-number", 2, expect=4)
    assert "already recorded" in found.err


def test_two_laptops_give_the_same_place_the_same_id(field):
    """The ids follow from the names, not from the laptop."""
    project_id = field.json("project", "show", "P1")["id"]
    plot = field.json("plot", "show", "HF")["id"]
    assert plot == record_id(project_id, "plot", {"code": "HF"})
    point = field.json("point", "show", "HF/1")
    assert point["id"] == record_id(project_id, "point", point["fields"])


def test_a_name_that_was_given_up_is_used_for_a_new_record(permille):
    permille("plot", "add", "--code", "A")
    first = permille.json("plot", "show", "A")["id"]
    permille("plot", "edit", "A", "--code", "B")
    permille("plot", "add", "--code", "A")
    assert permille.json("plot", "show", "A")["id"] != first
    permille("plot", "delete", "A", "--yes")
    permille("plot", "add", "--code", "A")
    assert len(permille.json("plot", "list")) == 2


def test_renaming_onto_another_record_is_refused(permille):
    permille("plot", "add", "--code", "A")
    permille("plot", "add", "--code", "B")
    permille("plot", "edit", "B", "--code", "A", code=4)


def test_an_edit_keeps_the_rest_and_can_clear(permille):
    permille("plot", "add", "--code", "A", "--area-ha", 2, "--note", "wet")
    permille("plot", "edit", "A", "--area-ha", 3, "--clear", "note")
    fields = permille.json("plot", "show", "A")["fields"]
    assert fields == {"code": "A", "area_ha": 3.0}


def test_an_edit_that_changes_nothing_writes_nothing(permille):
    permille("plot", "add", "--code", "A", "--area-ha", 2)
    before = permille.json("status")["pending"]
    assert "unchanged" in permille("plot", "edit", "A", "--area-ha", 2).out
    assert permille.json("status")["pending"] == before


def test_a_required_field_cannot_be_cleared(permille):
    permille("plot", "add", "--code", "A")
    found = permille("plot", "edit", "A", "--clear", "code", code=4)
    assert "a value is required" in found.err


def test_a_record_with_children_is_not_deleted(field):
    found = field("plot", "delete", "HF", "--yes", code=4)
    assert "HF/1" in found.err


def test_deleting_needs_a_yes(permille):
    permille("plot", "add", "--code", "A")
    found = permille("plot", "delete", "A", code=4)
    assert "--yes" in found.err
    assert len(permille.json("plot", "list")) == 1


def test_a_parent_that_is_not_here_is_named(permille):
    found = permille("point", "add", "--plot", "XX", "--code", 1, code=4)
    assert "no plot XX" in found.err


def test_a_layer_below_the_reach_of_its_core_is_refused(field):
    field("core", "edit", "HF/1/2026", "--depth-reached-cm", 20)
    found = sample(field, "HF-1", 0, 30, expect=4)
    assert "the core reached 20 cm" in found.err


def test_a_time_to_come_is_doubted_and_kept(field):
    given = [
        "core",
        "add",
        "--plot",
        "HF",
        "--point",
        "1",
        "--campaign",
        "2026",
        "--number",
        "7",
    ]
    found = field(*given, "--sampled-at", "2031-01-01")
    assert "the date lies in the future" in found.err


def test_records_are_named_by_codes_that_hold_slashes(permille):
    permille("plot", "add", "--code", "H/L")
    permille("point", "add", "--plot", "H/L", "--code", "01/02")
    assert permille.json("point", "show", "H/L/01/02")["name"] == "H/L/01/02"


def test_records_are_named_by_the_start_of_their_id(permille):
    permille("plot", "add", "--code", "A")
    found = permille.json("plot", "show", "A")
    assert permille.json("plot", "show", found["id"][:8])["id"] == found["id"]
    assert permille.json("plot", "show", found["id"])["id"] == found["id"]


def test_the_project_is_asked_for_only_when_there_are_several(permille):
    permille("plot", "add", "--code", "A")
    permille("project", "add", "--code", "P2", "--title", "T")
    found = permille("plot", "add", "--code", "B", code=4)
    assert "--project" in found.err
    permille("plot", "add", "--code", "A", "--project", "P2")
    assert "several" in permille("plot", "show", "A", code=4).err
    assert permille.json("plot", "show", "A", "--project", "P2")["state"]


def test_two_projects_of_one_code_are_refused(permille):
    permille("project", "add", "--code", "P1", "--title", "again", code=4)


@pytest.mark.parametrize("wrapped", ["bare", "feature", "collection"])
def test_a_boundary_comes_from_a_geojson_file(permille, tmp_path, wrapped):
    feature = {"type": "Feature", "properties": {}, "geometry": POLYGON}
    data = {
        "bare": POLYGON,
        "feature": feature,
        "collection": {"type": "FeatureCollection", "features": [feature]},
    }[wrapped]
    path = tmp_path / "plot.geojson"
    path.write_text("\ufeff" + json.dumps(data), encoding="utf-8")
    permille("plot", "add", "--code", "A", "--geometry", path)
    assert permille.json("plot", "show", "A")["fields"]["geometry"] == POLYGON


@pytest.mark.parametrize(
    "text", ["", "{", '{"type": "FeatureCollection", "features": []}', "[1]", '"x"']
)
def test_a_boundary_that_is_none_is_refused(permille, tmp_path, text):
    path = tmp_path / "plot.geojson"
    path.write_text(text)
    permille("plot", "add", "--code", "A", "--geometry", path, code=4)
    assert permille.json("plot", "list") == []


def test_a_set_is_a_repeated_option(permille):
    given = "campaign add --name 2026 --start-date 2026-05-01 --purpose baseline"
    permille(*given.split(), "--crew", "Ada", "--crew", "Bo")
    assert permille.json("campaign", "show", "2026")["fields"]["crew"] == ["Ada", "Bo"]


def test_a_precision_that_was_typed_beside_a_day_stands(field):
    words = ["--sampled-at", "2026-05-03", "--sampled-precision", "month"]
    field("core", "edit", "HF/1/2026/1", *words)
    core = field.json("core", "show", "HF/1/2026/1")["fields"]
    assert core["sampled_precision"] == "month"


def test_an_area_of_a_stratum_that_is_named_twice_is_refused(permille):
    words = ["--plot-selection", "random_sample", "--sampled-strata-ha", "clay=2"]
    found = permille(
        "project", "edit", "P1", *words, "--sampled-strata-ha", "clay=3", code=4
    )
    assert "clay=2" in found.err


def test_a_point_may_revisit_another_and_does_not_belong_to_it(field):
    sample(field, "HF-1")
    field(*["point", "add", "--plot", "HF", "--code", "1b", "--revisits-point", "HF/1"])
    assert len(field.json("sample", "list", "--plot", "HF", "--point", "1b")) == 0
    assert len(field.json("sample", "list", "--plot", "HF", "--point", "1")) == 1


def test_lists_are_filtered_counted_and_in_the_order_people_count(field):
    for code in ("10", "2"):
        field("point", "add", "--plot", "HF", "--code", code)
    names = [one["name"] for one in field.json("point", "list")]
    assert names == ["HF/1", "HF/2", "HF/10"]
    assert len(field.json("point", "list", "--limit", 2)) == 2
    assert len(field.json("core", "list", "--campaign", "2026")) == 1
    assert "saved here" in field("point", "list").out


def test_an_organisation_runs_a_project(permille):
    permille("organisation", "add", "--code", "O", "--name", "Org", "--kind", "member")
    permille("project", "edit", "P1", "--organisation", "O")
    assert permille.json("project", "show", "P1")["fields"]["organisation_id"]
    found = permille("organisation", "delete", "O", "--yes", code=4)
    assert "project P1" in found.err


@pytest.mark.parametrize("record_type", TYPES)
@pytest.mark.parametrize("verb", ["add", "edit", "show", "list", "delete"])
def test_every_command_has_help_with_an_example(bare, record_type, verb):
    shown = bare(record_type, verb, "--help").out
    assert f"permille {record_type} {verb}" in shown


#: What is added by a command of its own: from a file, or by the names of questions.
ADDED_OTHERWISE = {"question_form", "answer"}


@pytest.mark.parametrize("record_type", sorted(TYPES.keys() - ADDED_OTHERWISE))
def test_every_field_can_be_typed(bare, record_type):
    shown = bare(record_type, "add", "--help").out
    # Files are attached, and warnings explained, by commands of their own.
    for name in TYPES[record_type].fields.keys() - {"attachments", "explained"}:
        option = "--" + name.removesuffix("_id").replace("_", "-")
        assert option in shown, name


@pytest.mark.parametrize(
    "words",
    ["plot", "plot add --nope", "nope", "fix --resend", "fix --discard", "plot show"],
)
def test_wrong_usage_ends_with_two(permille, words):
    permille(*words.split(), code=2)
    found = permille(*words.split(), "--json", code=2)
    if words != "plot":
        assert json.loads(found.out)["error"]["code"] == "usage"


DRAWN = ["--plot-selection", "random_sample"]


def test_a_project_says_what_land_its_plots_were_drawn_from(field):
    field("project", "edit", "P1", *DRAWN, "--sampled-area-ha", 1200)
    shown = field.json("project", "show", "P1")["fields"]
    assert (shown["plot_selection"], shown["sampled_area_ha"]) == (
        "random_sample",
        1200.0,
    )
    strata = ["--sampled-strata-ha", "loam=900", "--sampled-strata-ha", "clay = 300"]
    field("project", "edit", "P1", "--clear", "sampled-area-ha", *strata)
    shown = field.json("project", "show", "P1")["fields"]
    assert shown["sampled_strata_ha"] == {"clay": 300.0, "loam": 900.0}
    assert "sampled_area_ha" not in shown
    words = ["--plot-selection", "all", "--clear", "sampled_strata_ha"]
    field("project", "edit", "P1", *words)
    assert "sampled_strata_ha" not in field.json("project", "show", "P1")["fields"]
    field("project", "add", "--code", "P9", "--title", "T", *DRAWN, *strata)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*DRAWN, "--sampled-area-ha", 0], "more than 0"),
        ([*DRAWN, "--sampled-area-ha", -3], "more than 0"),
        ([*DRAWN, "--sampled-area-ha", "much"], "a number was expected"),
        (["--sampled-area-ha", 900], "sampled_area_ha needs plot_selection"),
        (
            ["--plot-selection", "all", "--sampled-area-ha", 900],
            "sampled_area_ha needs plot_selection random_sample",
        ),
        (DRAWN, "random_sample needs sampled_area_ha or sampled_strata_ha"),
        (
            [*DRAWN, "--sampled-area-ha", 900, "--sampled-strata-ha", "clay=9"],
            "two fields say the same in two ways",
        ),
        ([*DRAWN, "--sampled-strata-ha", "clay"], "NAME=HA"),
        ([*DRAWN, "--sampled-strata-ha", "clay=0"], "clay: ha, more than 0"),
        ([*DRAWN, "--sampled-strata-ha", "clay=much"], "clay: ha, more than 0"),
        (["--plot-selection", "lottery"], "all | random_sample"),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused_with_its_reason(field, words, said):
    found = field("project", "edit", "P1", *words, code=4)
    assert said in found.err
    assert "plot_selection" not in field.json("project", "show", "P1")["fields"]


def test_more_land_drawn_than_there_is_warns_and_is_kept(field):
    field("plot", "edit", "HF", "--area-ha", 40, "--stratum", "clay")
    given = ["project", "edit", "P1", *DRAWN, "--sampled-area-ha"]
    assert field.json(*given, 100)["warnings"] == []
    (warning,) = field.json(*given, 30)["warnings"]
    assert warning["code"] == "area_below_plots"
    assert "30 ha, plots 40 ha" in warning["text"]
    assert field.json(*given, 45)["warnings"] == []
    more = ["plot", "add", "--code", "X", "--area-ha", 10]
    (warning,) = field.json(*more)["warnings"]
    assert (warning["code"], warning["path"]) == ("area_below_plots", "sampled_area_ha")
    strata = ["--clear", "sampled_area_ha", "--sampled-strata-ha", "clay=39"]
    (warning,) = field.json("project", "edit", "P1", *strata)["warnings"]
    assert "clay: 39 ha, plots 40 ha" in warning["text"]
    # A plot of another stratum was not drawn from this one.
    assert field.json("plot", "edit", "X", "--area-ha", 12)["warnings"] == []


def test_a_field_is_not_given_and_cleared_at_once(permille):
    permille("plot", "add", "--code", "N 1")
    given = ["plot", "edit", "N 1", "--note", "x", "--clear", "note", "--json"]
    assert "cleared" in permille(*given, code=2).data["error"]["text"]


def test_a_command_to_type_next_has_its_names_in_quotes(permille):
    permille("plot", "add", "--code", "N 1")
    again = permille("plot", "add", "--code", "N 1", "--json", code=4)
    assert again.data["error"]["hint"].endswith("permille plot edit 'N 1'")


def test_the_first_of_a_list_are_the_first_of_all(permille):
    for code in ("B10", "B9", "A1", "B 2", "b1"):
        permille("plot", "add", "--code", code)
    every = [one["name"] for one in permille.json("plot", "list")]
    assert every.index("B9") < every.index("B10")
    for most in (1, 3, 9):
        first = permille.json("plot", "list", "--limit", most)
        assert [one["name"] for one in first] == every[:most]
