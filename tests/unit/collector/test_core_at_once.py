"""One core with its bags in one line: what is saved, filled in, refused and told."""

import re
import shlex

import pytest

from collector.store import logs
from tests.ways import ROOT

LINE = ["core", "add", "P1/2", "10=A12:261", "20=A13:262", "30=A14:270"]
#: What a person may have to type for a core with three layers, Enter included.
MOST_KEYS = 60


@pytest.fixture
def plan(permille):
    """A laptop with two points of a plot and a campaign that is open today."""
    permille("project", "edit", "--stock-method-profile", "fixed_depth")
    permille("plot", "add", "--code", "P1")
    for code in "12":
        permille("point", "add", "--plot", "P1", "--code", code)
    dates = ["--start-date", "2026-05-01", "--end-date", "2026-06-30"]
    permille("campaign", "add", "--name", "2026", "--purpose", "baseline", *dates)
    return permille


@pytest.fixture
def usual(plan):
    """The same, of a project that says what a core usually is."""
    usual = ["--usual-tool", "auger", "--usual-diameter-mm", "50"]
    plan("project", "edit", "--layer-depths-cm", "10 20 30", *usual)
    return plan


def bags(permille):
    found = permille.json("sample", "list")
    return {
        one["name"]: tuple(
            one["fields"].get(name)
            for name in ("depth_top_cm", "depth_bottom_cm", "field_mass_g")
        )
        for one in found
    }


def places(permille):
    """Return how many lines the log has, and the moment of each."""
    store = permille.open_store()
    try:
        return store.head().n
    finally:
        store.close()


def test_a_core_and_its_bags_are_saved_by_one_line(plan):
    told = plan(*LINE)
    assert "saved core P1/2/2026/1 with 3 bags: A12, A13, A14" in told.out
    assert bags(plan) == {
        "A12": (0, 10, 261),
        "A13": (10, 20, 262),
        "A14": (20, 30, 270),
    }
    core = plan.json("core", "show", "P1/2/2026/1")["fields"]
    assert core["sampled_at"].startswith("2026-06-01T12:00")
    assert core["sampled_precision"] == "instant"


@pytest.mark.parametrize("page", ["README.md", "docs/field-day.md"])
def test_a_core_of_three_layers_takes_sixty_keys(page):
    lines = (ROOT / page).read_text("utf-8").splitlines()
    cores = [
        line.partition(" #")[0].rstrip()
        for line in lines
        if re.match(r"permille core add \S+/\S+( \S*\d\S*){3}", line)
    ]
    assert cores
    assert max(len(core) + len("\n") for core in cores) <= MOST_KEYS


@pytest.mark.parametrize("page", ["README.md", "docs/field-day.md"])
def test_the_lines_of_the_pages_work_as_they_stand(usual, page):
    usual("plot", "add", "--code", "HF")
    for plot, code in (("HF", 1), ("HF", 2), ("P1", 3), ("P1", 4), ("P1", 5)):
        usual("point", "add", "--plot", plot, "--code", code)
    lines = (ROOT / page).read_text("utf-8").splitlines()
    wanted = re.compile(r"permille ((core (add|hole)|skip add|today) ?.*)")
    typed = [found[1] for line in lines if (found := wanted.match(line))]
    assert len(typed) >= 3
    for line in typed:
        words = shlex.split(line, comments=True)
        usual(*words, code=None if words[0] == "today" else 0)


def test_labels_alone_take_the_usual_depths_and_a_mass_may_be_left_out(usual):
    usual("core", "add", "P1/2", "A12:261", "A13", "25-40=A14:27,5")
    assert bags(usual) == {
        "A12": (0, 10, 261),
        "A13": (10, 20, None),
        "A14": (25, 40, 27.5),
    }


def test_what_is_filled_in_is_told_and_comes_from_the_last_core(usual):
    first = usual.json("core", "add", "P1/1", "A1")
    assert first["filled_in"]["tool"] == {
        "value": "auger",
        "source": "as usual in the project",
    }
    usual("core", "add", "P1/2", "A2", "--tool", "corer", "--inner-diameter-mm", "80")
    third = usual.json("core", "add", "P1/2", "A3", "--another")
    assert third["name"] == "P1/2/2026/2"
    assert third["filled_in"]["tool"] == {
        "value": "corer",
        "source": "as in your last core",
    }
    assert third["fields"]["inner_diameter_mm"] == 80
    ring = usual.json("core", "add", "P1/2", "A4", "--another", "--tool", "ring")
    assert "inner_diameter_mm" not in ring["fields"], "it belongs to the other tool"


def test_a_bad_label_does_not_hold_up_the_rest_and_is_not_lost(usual):
    usual("core", "add", "P1/1", "A13:100")
    told = usual("core", "add", "P1/2", "A12:261", "A13:262", "A14:27o", code=1)
    assert "with 1 bag: A12" in told.out
    assert "not saved: layer 2, A13:262" in told.err
    assert "the bag 0 to 10 cm of P1/1/2026/1" in told.err
    assert (
        "permille sample add --core P1/2/2026/1 --sample-code LABEL --depth-top-cm 10"
        " --depth-bottom-cm 20 --field-mass-g 262" in told.err
    )
    assert "27o" in told.err
    assert set(bags(usual)) == {"A13", "A12"}
    listed = usual("draft", "list").out
    assert "10-20=A13:262" in listed
    assert "20-30=A14:27o" in listed
    assert "-> permille draft finish 1 LABEL :G" in told.err
    usual("draft", "finish", "1", "A13b", ":270")
    assert bags(usual)["A13b"] == (10, 20, 262)
    assert bags(usual)["A14"] == (20, 30, 270)
    assert "no drafts" in usual("draft", "list").out


def test_the_command_that_is_told_saves_the_bag_and_ends_its_draft(usual):
    usual("core", "add", "P1/1", "A13:100")
    typed = ["A12", "A13:262", "A14:2x"]
    refused = usual.json("core", "add", "P1/2", *typed, code=1)["refused"]
    words = refused[0]["next"].replace("LABEL", "A99").split()[1:]
    usual(*words)
    assert bags(usual)["A99"] == (10, 20, 262)
    (left,) = usual.json("draft", "list")
    assert [one["code"] for one in left["typed"]["layers"]] == ["A14"]
    assert "A13" not in usual("draft", "show", "1").out
    words = refused[1]["next"].replace(" G", " 270").split()[1:]
    usual(*words)
    assert usual.json("draft", "list") == []
    assert (refused[0]["line"], refused[0]["typed"]) == (2, "A13:262")


def test_core_and_good_bags_and_draft_are_one_transaction(usual, monkeypatch):
    def broken(_connection, _beside):
        raise OSError("the disk failed")

    usual("core", "add", "P1/1", "A13")
    before = places(usual)
    monkeypatch.setattr(logs, "write_beside", broken)
    usual("core", "add", "P1/2", "A12", "A13", code=4)
    assert places(usual) == before
    assert set(bags(usual)) == {"A13"}


def test_a_point_that_is_not_there_is_offered_and_never_made_by_a_typing_error(usual):
    told = usual("core", "add", "P1/3", "A12", code=4)
    assert "there is no point P1/3; P1 has: 1; 2" in told.err
    assert "--new-point" in told.err
    assert len(usual.json("point", "list")) == 2
    made = usual("core", "add", "P1/3", "A12", "--new-point")
    assert "saved point P1/3" in made.out
    assert len(usual.json("point", "list")) == 3


def test_a_plot_with_one_point_needs_no_point(usual):
    usual("plot", "add", "--code", "HF")
    usual("point", "add", "--plot", "HF", "--code", "7")
    assert "HF/7/2026/1" in usual("core", "add", "HF", "A12").out
    several = usual("core", "add", "P1", "A13", code=4)
    assert "P1/1; P1/2" in several.err


def test_a_second_core_is_asked_for_and_says_what_is_there(usual):
    usual("core", "add", "P1/2", "A12", "A13")
    told = usual("core", "add", "P1/2", "A14", code=4)
    assert "core 1 of 2026-06-01 12:00 with 2 bags" in " ".join(told.err.split())
    assert "--another" in told.err
    assert "P1/2/2026/2" in usual("core", "add", "P1/2", "A14", "--another").out


def test_a_core_that_cannot_stand_is_refused_whole(usual):
    told = usual("core", "add", "P1/2", "A12", "--inner-diameter-mm", "4", code=4)
    assert "--inner-diameter-mm 4" in told.err
    assert bags(usual) == {}
    assert usual.json("core", "list") == []


def test_a_layer_under_one_that_cannot_be_read_is_not_guessed(plan):
    told = plan.json("core", "add", "P1/2", "10=A", "2o=B", "30=C", code=1)
    assert [one["fields"]["sample_code"] for one in told["bags"]] == ["A"]
    wrong = {one["line"]: one["problems"][0]["path"] for one in told["refused"]}
    assert wrong == {2: "depth_bottom_cm", 3: "depth_top_cm"}


def test_a_reason_is_kept_with_what_is_odd(usual):
    odd = usual.json("core", "add", "P1/1", "A1:5000")
    assert [one["code"] for one in odd["warnings"]] == ["density_unlikely"]
    said = usual.json("core", "add", "P1/2", "A2:5000", "--because", "iron")
    assert (said["warnings"], said["explained"]) == ([], 1)
    explained = usual.json("sample", "show", "A2")["fields"]["explained"]
    assert explained[0].startswith("density_unlikely")
    assert explained[0].endswith("iron (Ada)")
    still = usual.json("warnings", code=1)
    assert [one["name"] for one in still] == ["A1"]


def test_the_campaign_of_the_day_is_taken_and_never_guessed_of_two(usual):
    dates = ["--start-date", "2027-05-01", "--end-date", "2027-06-30"]
    usual("campaign", "add", "--name", "2027", "--purpose", "resampling", *dates)
    assert "2026" in usual("core", "add", "P1/1", "A1").out
    usual("campaign", "edit", "2027", "--start-date", "2026-05-01")
    told = usual("core", "add", "P1/2", "A2", code=4)
    assert "several campaigns are open on 2026-06-01" in told.err
    assert "--campaign" in told.err
    usual("core", "add", "P1/2", "A2", "--campaign", "2027")


def test_without_a_terminal_nobody_is_asked(usual):
    told = usual("core", "add", code=2)
    assert "no terminal" in told.err
    assert "permille core add P1/2" in told.err


def test_the_depth_that_a_core_reached_holds_its_bags(usual):
    told = usual("core", "add", "P1/2", "A", "B", "--depth-reached-cm", "15", code=1)
    assert "the core reached 15 cm" in told.err
    assert set(bags(usual)) == {"A"}


def test_a_core_is_kept_as_typed_until_it_is_finished(usual):
    typed = ["A12:261", "20=A13:2x", "--tool", "spade", "--draft"]
    usual("core", "add", "P1/9", *typed)
    shown = usual("draft", "show", "1").out
    assert "tool=spade A12:261 20=A13:2x" in shown
    status = usual("status")
    assert "drafts     1 on this laptop alone" in status.out
    assert "may I wipe this laptop? no" in status.out
    assert "wiping it loses them" in status.out
    usual("draft", "finish", "1", code=4)
    assert len(usual.json("draft", "list")) == 1, "what cannot be saved stays"
    usual("draft", "drop", "1", "--yes")
    assert usual.json("draft", "list") == []
    usual("draft", "show", "1", code=4)


def test_what_still_cannot_stand_stays_in_its_draft(usual):
    usual("core", "add", "P1/1", "A13:100")
    usual("core", "add", "P1/2", "A12:261", "A13:262", "A13:9", code=1)
    again = usual("draft", "finish", "1", "A13", "A14", code=1)
    assert "with 1 bag: A14" in again.out
    assert "permille draft finish 1 LABEL" in again.err
    assert "10-20=A13:262" in usual("draft", "show", "1").out
    usual("draft", "finish", "1", "A15")
    assert bags(usual)["A15"] == (10, 20, 262)
    assert usual.json("draft", "list") == []


def test_a_gap_that_a_draft_will_fill_is_not_told_as_odd(usual):
    usual("core", "add", "P1/1", "A13")
    said = usual.json("core", "add", "P1/2", "A13", "A14", code=1)
    assert said["warnings"] == []
    gap = usual.json("core", "add", "P1/1", "10-20=A15", "--another")
    assert [one["code"] for one in gap["warnings"]] == ["layer_gap"]


def test_a_label_that_is_typed_twice_is_taken_once(usual):
    told = usual("core", "add", "P1/2", "A12", "A12", "A13", code=1)
    assert "with 2 bags: A12, A13" in told.out
    assert "layer 1 of this core has it" in " ".join(told.err.split())
    assert bags(usual)["A13"][:2] == (20, 30)


def test_a_reason_for_nothing_is_said_to_be_one(usual):
    told = usual("core", "add", "P1/2", "A12:150", "--because", "stones")
    assert "explains nothing" in told.err


def test_fewer_layers_than_a_draft_has_are_not_taken_for_all_of_them(usual):
    usual("core", "add", "P1/2", "A12:261", "A13:262", "--draft")
    told = usual("draft", "finish", "1", "A99", code=4)
    assert "2 layers: A12:261 A13:262" in told.err
    usual("draft", "finish", "1")
    assert set(bags(usual)) == {"A12", "A13"}


def test_holes_are_counted_into_their_core(usual):
    usual("core", "hole", "P1/2", "--lon", "2.35012", "--lat", "48.85031")
    usual("core", "hole", "P1/2")
    usual("core", "hole", "P1/2")
    assert "2 holes at P1/2" in usual("core", "hole", "P1/2", "--undo").out
    bad = usual("core", "hole", "P1/2", "--lon", "200", "--lat", "1", code=4)
    assert "--lon 200" in bad.err
    assert "2 holes" in usual("draft", "list").out
    saved = usual.json("core", "add", "P1/2", "A12:500")
    assert saved["fields"]["cores_composited"] == 2
    assert "2.35012 48.85031" in saved["fields"]["note"]
    assert usual.json("draft", "list") == []


def test_the_last_core_of_today_is_taken_back_with_its_bags(usual):
    usual("core", "add", "P1/1", "A1")
    usual("core", "add", "P1/2", "A2", "A3")
    asked = usual("core", "undo", code=4)
    assert "P1/2/2026/1 with A2, A3" in asked.err
    assert "--yes" in asked.err
    done = usual.json("core", "undo", "--yes")
    assert set(bags(usual)) == {"A1"}
    usual("undo", done["operation"], "--write", "--reason", "it was right")
    assert set(bags(usual)) == {"A1", "A2", "A3"}
    usual("core", "undo", "P1/1", "--yes")
    assert set(bags(usual)) == {"A2", "A3"}


def test_what_hangs_on_a_core_is_named_when_it_cannot_be_taken_back(usual):
    usual("core", "add", "P1/1", "A1")
    found = ["--analyte", "soc", "--value", "14", "--unit", "g_kg"]
    usual("result", "add", "--sample", "A1", *found, "--method", "tinsley")
    told = usual("core", "undo", "--yes", code=4)
    assert "result A1/soc/1" in told.err
    assert set(bags(usual)) == {"A1"}


def test_a_skip_takes_the_point_the_campaign_and_the_day(usual):
    usual("skip", "add", "P1/2", "--because", "flooded")
    fields = usual.json("skip", "show", "P1/2/2026")["fields"]
    assert (fields["because"], fields["decided_on"]) == ("flooded", "2026-06-01")
    by_options = ["--plot", "P1", "--point", "1", "--campaign", "2026"]
    usual("skip", "add", *by_options, "--because", "locked")


def test_a_project_says_what_a_core_usually_is(permille):
    told = permille("project", "edit", "--layer-depths-cm", "10 20 30")
    assert "saved project P1" in told.out
    found = permille.json("project", "show", "P1")["fields"]
    assert found["layer_depths_cm"] == [10, 20, 30]
    wrong = permille("project", "edit", "--layer-depths-cm", "10 5", code=4)
    assert "--layer-depths-cm" in wrong.err
    assert "each deeper than the one before" in wrong.err
    assert '--layer-depths-cm "10 20 30"' in permille("project", "edit", "--help").out
