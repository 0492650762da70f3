"""What a tired person is told in the evening, and that a large laptop says it as quickly."""

import pytest

from collector.laptop.laptop import Laptop
from collector.record.core_entry import TypedCore, record_core
from collector.record.field_day import field_day
from collector.record.local_day import day_of
from collector.record.typed_layers import read_layer
from collector.rules.overlay import RecordView
from collector.store.port import Beside, KeptDraft, Timestamp
from schemas.changes import Draft
from schemas.ids import natural_id
from schemas.messages import Op
from tests.unit.collector.conftest import StoppedClock

PROJECT_ID = "0190a000-0000-7000-8000-0000000000aa"
NOON_MS = 1_780_315_200_000  # 2026-06-01T12:00Z, as the stopped clock
DAY_MS = 86_400_000


@pytest.fixture
def plan(permille):
    permille("project", "edit", "--stock-method-profile", "fixed_depth")
    permille("project", "edit", "--layer-depths-cm", "10 20 30")
    permille("plot", "add", "--code", "P1")
    for code in range(1, 5):
        permille("point", "add", "--plot", "P1", "--code", code)
    dates = ["--start-date", "2026-05-01", "--end-date", "2026-06-30"]
    permille("campaign", "add", "--name", "2026", "--purpose", "baseline", *dates)
    return permille


def test_a_day_is_told_in_the_order_of_what_is_to_be_done(plan):
    plan("core", "add", "P1/1", "A1:150", "A2:150", "A3:150")
    plan("core", "add", "P1/2", "A4:150", "A5", "--person", "Bo Ek")
    plan("skip", "add", "P1/3", "--because", "flooded")
    told = plan("today", code=1).out
    assert [line.split()[0] for line in told.splitlines()] == [
        *("2026-06-01,", "done", "plot", "P1", "P1"),
        *("left", "short", "no", "to", "next"),
    ]
    assert "1 point: P1/4" in told
    assert "1 core: P1/2/2026/1 2 of 3" in told
    assert "1 bag: A5" in told
    assert "permille core add P1/4" in told
    said = plan.json("today", code=1)
    assert (said["cores"], said["bags"]) == (2, 5)
    assert said["done"][1] == {"plot": "P1", "cores": 1, "bags": 2, "person": "Bo Ek"}
    assert said["missing"]["points"] == ["P1/4"]


def test_what_is_odd_what_waits_and_what_is_lost_first_are_told(plan):
    plan("core", "add", "P1/1", "A1:150", "A2:150", "200=A3:150")
    plan("core", "add", "P1/2", "A4:150", "--draft")
    told = plan("today", code=1).out
    assert "odd        1 warning: permille warnings" in told
    assert "unusual layer thickness: sample A3" in told
    assert "drafts     1 on this laptop alone" in told
    assert "next       permille draft finish 1" in told


def test_a_core_that_stopped_higher_up_has_fewer_bags_and_is_not_short(plan):
    plan("core", "add", "P1/1", "A1:9", "A2:9", "--depth-reached-cm", 20)
    assert plan.json("today", code=None)["missing"]["short_cores"] == []


def test_another_day_has_what_was_done_on_it_and_words_that_are_none_are_refused(plan):
    plan("core", "add", "P1/1", "A1:150", "A2:150", "A3:150")
    assert plan.json("today", "--date", "yesterday")["cores"] == 0
    assert plan.json("today", "--date", "2026-06-01")["cores"] == 1
    assert "--date" in plan("today", "--help").out
    assert "soon is no day" in plan("today", "--date", "soon", code=2).err


def test_what_was_taken_back_is_not_done(plan):
    plan("core", "add", "P1/1", "A1:150")
    plan("core", "undo", "--yes")
    assert plan.json("today")["cores"] == 0
    assert "P1/1" in plan.json("today")["missing"]["points"]


def drafts_of(plots, cores, bags, first=0):
    """Return a campaign and plots with cores and bags, each core at its own point."""

    def draft(kind, key, fields):
        name = natural_id(PROJECT_ID, kind, [key])
        return Draft(PROJECT_ID, kind, name, fields=fields, is_new=True)

    found = []
    for plot in range(first, first + plots):
        home = draft("plot", plot, {"code": str(plot)})
        found.append(home)
        for number in range(cores):
            key = f"{plot}/{number}"
            point = draft("point", key, {"plot_id": home.record_id, "code": key})
            fields = {
                "point_id": point.record_id,
                "campaign_id": CAMPAIGN.record_id,
                "number": 1,
                "sampled_at": "2026-06-01T12:00:00+00:00",
            }
            core = draft("core", key, fields)
            found += [point, core]
            for depth in range(bags):
                code = f"{key}/{depth}"
                layer = {"depth_top_cm": 10.0 * depth, "depth_bottom_cm": 10.0 + depth}
                fields = {"core_id": core.record_id, "sample_code": code, **layer}
                found.append(draft("sample", code, fields))
    return found


CAMPAIGN = Draft(
    PROJECT_ID,
    "campaign",
    natural_id(PROJECT_ID, "campaign", ["2026"]),
    fields={"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"},
    is_new=True,
)
PROJECT = Draft(
    PROJECT_ID,
    "project",
    PROJECT_ID,
    fields={"code": "P", "title": "T", "layer_depths_cm": [10.0, 20.0]},
    is_new=True,
)


def at(ms):
    return Timestamp(ms, f"2026-{'06-01' if ms >= NOON_MS else '05-31'}T12:00:00+00:00")


@pytest.fixture
def laptop(store):
    store.save([PROJECT, CAMPAIGN], at(NOON_MS - DAY_MS), "Ada")
    return Laptop(None, store, StoppedClock(), None)


def statements_of_today(laptop):
    said = []
    laptop.store._db.set_trace_callback(said.append)
    found = field_day(laptop, PROJECT_ID, day_of(laptop.clock, ""))
    laptop.store._db.set_trace_callback(None)
    return found, len(said)


def test_a_day_takes_as_many_statements_however_much_was_done(laptop):
    laptop.store.save(drafts_of(1, 2, 2), at(NOON_MS), "Ada")
    few, count = statements_of_today(laptop)
    more = drafts_of(1, 60, 3)
    known = {draft.record_id for draft in drafts_of(1, 2, 2)}
    new = [draft for draft in more if draft.record_id not in known]
    laptop.store.save(new, at(NOON_MS), "Ada")
    many, count_of_many = statements_of_today(laptop)
    assert (few.cores, many.cores, many.bags) == (2, 60, 180)
    assert count == count_of_many


def test_a_core_takes_as_many_statements_whatever_lies_on_its_plot(laptop):
    def statements(number):
        said = []
        layers = [read_layer(f"{end}=N{number}-{end}") for end in (10, 20, 30)]
        typed = TypedCore(point="0/0/0", layers=layers, is_another=True)
        laptop.store._db.set_trace_callback(said.append)
        record_core(laptop, PROJECT_ID, typed)
        laptop.store._db.set_trace_callback(None)
        return len(said)

    few = drafts_of(1, 2, 2)
    laptop.store.save(few, at(NOON_MS), "Ada")
    statements(1)  # the first core of a laptop names its fields
    before = statements(2)
    known = {draft.record_id for draft in few}
    more = [one for one in drafts_of(1, 50, 4) if one.record_id not in known]
    laptop.store.save(more, at(NOON_MS), "Ada")
    assert statements(3) == before


def test_a_day_of_an_import_counts_and_leaves_what_is_odd_to_its_command(laptop):
    laptop.store.save(drafts_of(41, 1, 1), at(NOON_MS), "Ada")
    found, _ = statements_of_today(laptop)
    assert (found.cores, found.bags, found.odd) == (41, 41, None)
    assert found.as_data()["odd"] is None


def test_a_day_reads_nothing_of_the_bags_of_other_days(laptop):
    """So many rows of other days; of the pages of the database hardly one more is read."""
    laptop.store.save(drafts_of(1, 2, 2), at(NOON_MS), "Ada")
    _, alone = statements_of_today(laptop)
    steps = steps_of_today(laptop)
    laptop.store.save(drafts_of(30, 5, 10, first=1), at(NOON_MS - DAY_MS), "Ada")
    found, beside = statements_of_today(laptop)
    assert (found.cores, found.bags, alone) == (2, 4, beside)
    # 1,500 bags, 150 cores and 150 points more: of points and visits alone some is read.
    assert steps_of_today(laptop) - steps < 150 * 60


def steps_of_today(laptop):
    """Count what SQLite does for a day, in steps of ten."""
    steps = []
    laptop.store._db.set_progress_handler(lambda: steps.append(10) and None, 10)
    field_day(laptop, PROJECT_ID, day_of(laptop.clock, ""))
    laptop.store._db.set_progress_handler(None, 10)
    return sum(steps)


@pytest.mark.parametrize(
    ("ask", "way"),
    [
        (
            lambda s: s.made_between(1, 2, ["core"]),
            "idx_change_created (created_ms>? AND created_ms<?)",
        ),
        (
            lambda s: s.last_own("core", "campaign_id", PROJECT_ID),
            "PRIMARY KEY (target=? AND field=?)",
        ),
        (
            lambda s: s.unvisited(PROJECT_ID, PROJECT_ID),
            "PRIMARY KEY (target=? AND field=? AND source=?)",
        ),
        (
            lambda s: s.referring("core_id", [PROJECT_ID]),
            "PRIMARY KEY (target=? AND field=?)",
        ),
        (
            lambda s: s.alike_any("sample", PROJECT_ID, ["a"]),
            "idx_record_skeleton (kind=? AND skeleton=?)",
        ),
    ],
)
def test_what_a_day_asks_goes_by_an_index(store, ask, way):
    said = []
    store._db.set_trace_callback(said.append)
    ask(store)
    store._db.set_trace_callback(None)
    (sql,) = said
    plan = [row[3] for row in store._read(f"EXPLAIN QUERY PLAN {sql}")]
    assert any(way in step for step in plan), plan
    whole = [
        step for step in plan if step.startswith("SCAN") and "json_each" not in step
    ]
    assert whole == []


def test_the_last_own_core_is_the_one_that_was_made_here_last(laptop):
    store = laptop.store
    store.save(drafts_of(1, 3, 0), at(NOON_MS), "Ada")
    ask = ("core", "campaign_id", CAMPAIGN.record_id)
    last = store.last_own(*ask)
    assert isinstance(last, RecordView)
    assert last.id == natural_id(PROJECT_ID, "core", ["0/2"])
    store.save([store.shown(last.id).draft(Op.DELETE)], at(NOON_MS), "Ada")
    assert store.last_own(*ask).id == natural_id(PROJECT_ID, "core", ["0/1"])
    assert store.last_own("core", "campaign_id", PROJECT_ID) is None


def test_drafts_stay_on_the_laptop_and_stand_or_fall_with_changes(store, moment):
    draft = KeptDraft(1, "core", PROJECT_ID, "P1/2", {"layers": []}, "Ada", "now")
    store.save([CAMPAIGN], moment, "Ada", Beside([draft]))
    assert store.drafts() == [draft]
    assert store.next_draft() == 2
    assert len(store.tail(0, 10)) == 1, "no line of the log"
    store.write_drafts(Beside([draft._replace(about="P1/3")], [1]))
    assert [one.about for one in store.drafts()] == ["P1/3"]
    store.write_drafts(Beside(drop=[1]))
    assert store.count_drafts() == 0
