"""Whose clock is wrong decides which description stands, and nothing else (I14).

The same season is lived twice, with the clocks of the laptops given to other laptops.
"""

import json
import os
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.fields import FieldClass
from schemas.records import TYPES
from tests.stateful.invariants import check_all
from tests.stateful.world import World

pytestmark = pytest.mark.timeout(600)

LAPTOPS = 3
EXAMPLES = int(os.environ.get("PERMILLE_EXAMPLES", "60")) // 4
SHELF = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
YEAR_S = 365.25 * 86_400.0
SKEWS_S = [0.0, 1.0, -3_600.0, 86_400.0, -2 * YEAR_S, 3 * YEAR_S, -40 * YEAR_S]
KEPT = {FieldClass.MEASUREMENT, FieldClass.SET}

who = st.integers(0, LAPTOPS - 1)
pick = st.integers(0, 99)
area = st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, -1.0])
operations = st.one_of(
    st.tuples(st.just("add"), who, st.sampled_from("ABC"), area),
    st.tuples(st.just("measure"), who, pick, area),
    # What laptops quarrel about is drawn more often.
    st.tuples(st.just("measure"), who, pick, area),
    st.tuples(st.just("describe"), who, pick),
    st.tuples(st.just("describe"), who, pick),
    st.tuples(st.just("crew"), who, st.sampled_from(["Ada", "Bo", "Cy"])),
    st.tuples(st.just("delete"), who, pick),
    st.tuples(st.just("bring_back"), who, pick),
    st.tuples(st.just("decide"), who, pick, st.booleans()),
    st.tuples(st.just("fix"), who, pick),
    st.tuples(
        st.just("sync"),
        who,
        st.sampled_from(["", "", "", "request", "response", "twice"]),
    ),
)


class Season:
    """One course of events; what is chosen does not hang on ids that hold a stamp."""

    def __init__(self, skews):
        self.world = World(mkdtemp(prefix="clocks-", dir=SHELF), LAPTOPS, skews)
        self.project_id = self.world.project_ids[0]
        self.notes = count()

    def live(self, steps):
        self.add("laptop-0", "A", 1.0)
        for name in self.world.names:
            self.sync(name, "")
        for step, number, *more in steps:
            getattr(self, step)(f"laptop-{number}", *more)
        self.world.settle()
        check_all(self.world)

    def plots(self, name, *, live=True):
        rows = self.world.laptop(name).store._read(
            "SELECT id FROM record WHERE type = 'plot' AND deleted = ? ORDER BY id",
            int(not live),
        )
        return [row[0] for row in rows]

    def put(self, name, kind, fields, record=None, **more):
        draft = self.world.draft(name, self.project_id, kind, fields, record, **more)
        store = self.world.laptop(name).store
        if record is not None or not store.is_used_up(draft.record_id):
            self.world.save(name, draft)

    def add(self, name, code, area):
        self.put(name, "plot", {"code": code, "area_ha": area})

    def edit(self, name, i, fields, **more):
        plots = self.plots(name)
        if plots:
            self.put(name, "plot", fields, plots[i % len(plots)], **more)

    def measure(self, name, i, area):
        self.edit(name, i, {"area_ha": area})

    def describe(self, name, i):
        # Never the same twice: two equal descriptions are accepted, two others merged.
        self.edit(name, i, {"note": f"note {next(self.notes)}"})

    def crew(self, name, person):
        fields = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
        self.put(name, "campaign", {**fields, "crew": [person]})

    def delete(self, name, i):
        self.edit(name, i, {}, op="del")

    def bring_back(self, name, i):
        gone = self.plots(name, live=False)
        if gone:
            self.put(name, "plot", {}, gone[i % len(gone)], op="undel")

    def decide(self, name, i, ours):
        contested = self.world.laptop(name).store.contested()
        if not contested:
            return
        base = sorted(contested, key=lambda found: found.id)[i % len(contested)]
        conflict = min(
            base.conflicts,
            key=lambda c: (c["group"], repr(measured("plot", c["ours"]))),
        )
        side = conflict["ours" if ours else "theirs"]
        fields = {} if conflict["group"] == "*" else side
        resolves = (conflict["id"],)
        self.put(name, base.type, fields, base.id, op="resolve", resolves=resolves)

    def fix(self, name, i):
        waiting = self.world.laptop(name).store.changes_with("quarantined")
        waiting = [c for c in waiting if c.type == "plot" and c.op == "put"]
        if waiting:
            change = waiting[i % len(waiting)]
            fields = {**change.fields, "area_ha": 2.0}
            self.put(name, "plot", fields, change.record_id, replaces=change.id)

    def sync(self, name, fault):
        self.world.sync(name, fault)

    def came_to(self):
        """Return everything that clocks must not decide."""
        records = self.world.sql(
            "SELECT id, type, seq, deleted, open_conflicts, fields FROM record"
        )
        outcomes = self.world.sql("SELECT log_id, n, outcome, seq, why FROM change")
        conflicts = self.world.sql(
            "SELECT record_id, type, group_name, status, ours, theirs FROM conflict"
        )
        quarantine = self.world.sql(
            "SELECT record_id, type, status, why, waits_for, fields FROM quarantine"
        )
        return {
            "records": sorted((*r[:5], measured(r[1], r[5])) for r in records),
            "outcomes": sorted(
                (log, n, outcome, seq or 0, codes(why))
                for log, n, outcome, seq, why in outcomes
            ),
            "conflicts": sorted(
                (*c[:4], measured(c[1], c[4]), measured(c[1], c[5])) for c in conflicts
            ),
            "quarantine": sorted(
                (*q[:3], codes(q[3]), q[4] or "", measured(q[1], q[5]))
                for q in quarantine
            ),
        }


def measured(kind, fields):
    """Return the measurements and sets among some fields, as text that can be sorted."""
    found = json.loads(fields) if isinstance(fields, str) else fields
    known = TYPES[kind].fields
    kept = {k: v for k, v in found.items() if known[k].field_class in KEPT}
    return json.dumps(kept, sort_keys=True)


def codes(why):
    return [problem["code"] for problem in json.loads(why or "[]")]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(
    steps=st.lists(operations, min_size=30, max_size=60),
    skews=st.lists(st.sampled_from(SKEWS_S), min_size=LAPTOPS, max_size=LAPTOPS),
    data=st.data(),
)
def test_clocks_decide_which_description_stands_and_nothing_else(steps, skews, data):
    given_otherwise = data.draw(st.permutations(skews) | st.just([0.0] * LAPTOPS))
    came = []
    for clocks in (skews, given_otherwise):
        season = Season(clocks)
        try:
            season.live(steps)
            came.append(season.came_to())
        finally:
            season.world.close()
    first, second = came
    for part, said in first.items():
        assert said == second[part], part
