"""How far points have come, from what the records of a plot say."""

import pytest

from server.derivation.boards import board_of
from server.derivation.stages import PointStage, stage_groups
from server.store.board_values import Handling, Recorder, SkippedPoint
from server.store.values import DerivationInput, DerivedRow, LabRecords, PlotTree
from tests.unit.server.derivation.trees import PLOT, PROJECT, SPRING, Tree

CORED = "2026-05-01"


class Field(Tree):
    """One plot with its points, and how they were handled."""

    def __init__(self):
        super().__init__()
        self.skips, self.steps, self.recorders = {}, {}, {}
        self.lab = LabRecords()

    def point(self, code, **fields):
        return self.add("point", plot_id="plot", code=code, **fields)

    def sample(self, core, **fields):
        depth = {"depth_top_cm": 0.0, "depth_bottom_cm": 30.0}
        return self.add("sample", core_id=core, **depth, **fields)

    def soc(self, sample, analyte="soc", **fields):
        said = {"unit": "g_kg", "method": "dry_combustion", "value": 14.0}
        return self.add("result", sample_id=sample, analyte=analyte, **said, **fields)

    def skip(self, point, campaign="2026"):
        self.skips[point] = [SkippedPoint(f"skip {point}", campaign)]

    def tree(self):
        return PlotTree(
            project=PROJECT,
            plot=PLOT,
            campaigns=[DerivationInput("2026", "campaign", 4, SPRING, 0)],
            points=self.records["point"],
            cores=self.records["core"],
            samples=self.records["sample"],
            results=self.records["result"],
            frozen={},
            lab=self.lab,
            handling=Handling(self.skips, self.steps, self.recorders),
        )

    def reached(self, derived=()):
        """Return stage and day of each point of the campaign, by code."""
        return {
            code: (group.stage, group.since)
            for group in stage_groups(self.tree(), derived)
            for code in group.codes
            if group.campaign_id == "2026"
        }


@pytest.fixture
def field():
    return Field()


def test_points_without_any_record_are_planned_in_any_campaign(field):
    for code in ("10", "2", "1"):
        field.point(code)
    (group,) = stage_groups(field.tree(), ())
    assert group[:3] == ("", PointStage.PLANNED, "")
    assert group.recorder == Recorder()
    assert group.codes == ("1", "2", "10")


def test_a_core_without_a_bag_is_a_visit(field):
    field.core(field.point("1"))
    field.point("2")
    assert field.reached() == {"1": ("visited", CORED), "2": ("planned", "")}


def test_a_bag_with_nothing_else_is_bagged_on_the_day_of_its_core(field):
    field.sample(field.core(field.point("1")))
    assert field.reached() == {"1": ("bagged", CORED)}


@pytest.mark.parametrize(
    ("step", "stage"),
    [
        ("bagged", "bagged"),
        ("boxed", "bagged"),
        ("handed_over", "handed over"),
        ("received", "at the lab"),
        ("dried", "at the lab"),
        ("sieved", "at the lab"),
        ("archived", "at the lab"),
    ],
)
def test_each_step_of_custody_brings_a_bag_to_a_stage(field, step, stage):
    bag = field.sample(field.core(field.point("1")))
    field.steps[bag] = {step: "2026-05-09"}
    assert field.reached() == {"1": (stage, "2026-05-09")}


def test_a_step_that_this_program_does_not_know_changes_nothing(field):
    bag = field.sample(field.core(field.point("1")))
    field.steps[bag] = {"teleported": "2026-05-09"}
    assert field.reached() == {"1": ("bagged", CORED)}


def test_a_bag_that_was_noted_as_sent_is_handed_over(field):
    core = field.core(field.point("1"))
    field.sample(core, sent_to_lab="LAS", sent_on="2026-05-07")
    assert field.reached() == {"1": ("handed over", "2026-05-07")}


def test_the_last_step_counts_whatever_was_noted_after_it(field):
    bag = field.sample(field.core(field.point("1")))
    field.steps[bag] = {"received": "2026-05-09", "handed_over": "2026-05-20"}
    assert field.reached() == {"1": ("at the lab", "2026-05-09")}


def test_the_bag_that_is_farthest_behind_holds_its_point_back(field):
    core = field.core(field.point("1"))
    first, second, third = (field.sample(core) for _ in range(3))
    field.soc(first, analysed_on="2026-06-01")
    field.steps[second] = {"received": "2026-05-12"}
    field.steps[third] = {"received": "2026-05-09"}
    assert field.reached() == {"1": ("at the lab", "2026-05-09")}


@pytest.mark.parametrize(
    ("analyte", "stage"),
    [
        ("soc", "measured"),
        ("total_carbon", "measured"),
        ("organic_matter", "measured"),
        ("clay", "bagged"),
        ("ph_water", "bagged"),
    ],
)
def test_a_bag_is_measured_where_its_carbon_can_be_computed(field, analyte, stage):
    bag = field.sample(field.core(field.point("1")))
    field.soc(bag, analyte)
    assert field.reached()["1"][0] == stage


def test_results_of_a_rejected_batch_are_expected_again(field):
    bag = field.sample(field.core(field.point("1")))
    batch = {"lab": "LAS", "lab_batch": "B7", "analyte": "soc"}
    field.soc(bag, lab="LAS", lab_batch="B7")
    assert field.reached()["1"][0] == "measured"
    decided = {**batch, "decision": "rejected", "reason": "the oven failed"}
    field.lab = LabRecords({}, (), [DerivationInput("b", "lab_batch", 9, decided, 0)])
    assert field.reached()["1"][0] == "bagged"


def test_a_point_with_a_stock_is_derived_whatever_else_is_missing(field):
    core = field.core(field.point("1"))
    field.soc(field.sample(core), analysed_on="2026-06-01")
    field.sample(core)
    assert field.reached()["1"][0] == "bagged"
    assert field.reached({("2026", "1")})["1"][0] == "derived"
    assert field.reached({("2016", "1")})["1"][0] == "bagged"


def test_a_skipped_point_is_skipped_unless_it_was_cored_all_the_same(field):
    one, two = field.point("1"), field.point("2")
    field.core(two)
    field.skip(one)
    field.skip(two)
    field.recorders["skip point 0"] = Recorder("log", "Ada")
    assert field.reached() == {"1": ("skipped", ""), "2": ("visited", CORED)}
    (group,) = (g for g in stage_groups(field.tree(), ()) if g.stage == "skipped")
    assert group.recorder == Recorder("log", "Ada")


def test_points_of_one_stage_and_day_by_one_hand_are_together(field):
    for code in "123":
        core = field.core(field.point(code))
        name = "Bo" if code == "2" else "Ada"
        field.recorders[core] = Recorder("log", name)
    groups = [g for g in stage_groups(field.tree(), ()) if g.campaign_id]
    assert [(g.recorder.person, g.codes) for g in groups] == [
        ("Ada", ("1", "3")),
        ("Bo", ("2",)),
    ]


def test_a_ring_that_stands_for_the_plot_is_no_visit_of_its_point(field):
    field.sample(field.core(field.point("1"), represents="plot"))
    assert field.reached() == {}
    (group,) = stage_groups(field.tree(), ())
    assert (group.campaign_id, group.codes) == ("", ("1",))


def test_points_of_an_earlier_design_are_not_planned_any_more(field):
    field.point("1", design_number=1)
    field.point("D2-1", design_number=2)
    field.point("extra")
    (group,) = stage_groups(field.tree(), ())
    assert group.codes == ("D2-1", "extra")


def change(late, verdict, change_t_ha=1.0):
    row = {
        "from_campaign": "2000",
        "to_campaign": late,
        "to_date": f"{late}-09-01",
        "years": float(int(late) - 2000),
        "change_t_ha": change_t_ha,
        "verdict_4permille": verdict,
        "reasons": ["METHOD_CHANGED"],
    }
    return DerivedRow("change", f"change {late}", "plot", {"change": row})


def test_the_newest_change_with_figures_is_the_verdict_of_a_plot(field):
    rows = [change("2010", "below"), change("2020", "above"), change("2030", "", None)]
    board = board_of(field.tree(), rows)
    assert (board.verdict, board.change_id) == ("above", "change 2020")
    assert board.reasons == ("METHOD_CHANGED",)


def test_a_plot_without_a_change_has_no_verdict(field):
    board = board_of(field.tree(), [])
    assert (board.code, board.verdict, board.change_id) == ("P1", "", None)
    assert board.place is None


def test_a_plot_without_a_boundary_is_where_its_points_are(field):
    field.point("1", lon=2.0, lat=48.0)
    field.point("2", lon=4.0, lat=49.0)
    field.point("3")
    assert board_of(field.tree(), []).place == (3.0, 48.5)
