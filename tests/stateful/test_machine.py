"""Random field seasons: three laptops, one server, every fault that is named.

Hypothesis chooses what happens; after it everybody syncs until nothing moves, and the
invariants of docs/testing.md are checked. `make soak` runs more of it, with a seed.
"""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from collector.errors import RefusedError
from tests.stateful.history import History
from tests.stateful.invariants import check_all
from tests.stateful.world import World, deliver_late

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LAPTOPS = 3
CODES = ["A", "B", "C"]
#: A disk in memory where there is one: databases are real, only faster.
SHELF = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None  # noqa: S108

who = st.sampled_from([f"laptop-{number}" for number in range(LAPTOPS)])
where = st.integers(0, 1)
pick = st.integers(0, 999)
measured = st.sampled_from([1.0, 2.0, 3.0])
described = st.sampled_from(["x", "y", "z"])
faults = st.sampled_from(["", "", "", "request", "response", "late", "twice"])
skews = st.sampled_from([0.0, 0.0, -86_400.0, 3_600.0, 400 * 86_400.0])


class Season(RuleBasedStateMachine):
    """What people, laptops and networks do in a season."""

    def __init__(self):
        super().__init__()
        folder = mkdtemp(prefix="season-", dir=SHELF)
        self.world = World(folder, LAPTOPS)
        self.history = History(self.world)

    def known(self, name, record_type="plot", *, live=True):
        """Give the records of a type that a laptop shows."""
        store = self.world.laptop(name).store
        rows = store._read(
            "SELECT id, stream FROM record WHERE type = ? AND deleted = ? ORDER BY id",
            record_type,
            int(not live),
        )
        return [row for row in rows if row[1] in store.streams()]

    # What people do --------------------------------------------------------------

    @rule(name=who, place=where, code=st.sampled_from(CODES), area=measured)
    def add_plot(self, name, place, code, area):
        """Two laptops that add one plot mint one id."""
        stream = self.world.streams[place]
        fields = {"code": code, "area_ha": area}
        draft = self.world.draft(name, stream, "plot", fields)
        if not self.world.laptop(name).store.is_used_up(draft.record):
            self.history.keep(name, draft)

    @rule(name=who, i=pick, code=st.sampled_from(["1", "2"]))
    def add_point(self, name, i, code):
        """A child: it is held while its plot is not on the server."""
        plots = self.known(name)
        if plots:
            plot, stream = plots[i % len(plots)]
            fields = {"plot_id": plot, "code": code}
            draft = self.world.draft(name, stream, "point", fields)
            if not self.world.laptop(name).store.is_used_up(draft.record):
                self.history.keep(name, draft)

    @rule(name=who, i=pick, area=measured, bad=st.integers(0, 7))
    def measure(self, name, i, area, bad):
        """Every eighth value breaks a rule: it is quarantined and blocks nothing."""
        self.edit(name, i, {"area_ha": -1.0 if bad == 0 else area})

    @rule(name=who, i=pick, note=described)
    def describe(self, name, i, note):
        self.edit(name, i, {"note": note})

    def edit(self, name, i, fields):
        plots = self.known(name)
        if plots:
            record, stream = plots[i % len(plots)]
            self.history.keep(
                name, self.world.draft(name, stream, "plot", fields, record)
            )

    @rule(name=who, i=pick)
    def delete(self, name, i):
        plots = self.known(name)
        if plots:
            record, stream = plots[i % len(plots)]
            if not self.world.laptop(name).store.referrers(record):
                self.history.keep(
                    name, self.world.draft(name, stream, "plot", {}, record, op="del")
                )

    @rule(name=who, i=pick)
    def bring_back(self, name, i):
        gone = self.known(name, live=False)
        if gone:
            record, stream = gone[i % len(gone)]
            self.history.keep(
                name, self.world.draft(name, stream, "plot", {}, record, op="undel")
            )

    @rule(name=who, place=where, code=st.sampled_from(CODES), bad=st.booleans())
    def sample_as_one_event(self, name, place, code, bad):
        """A group: both of it, or none."""
        stream = self.world.streams[place]
        group = self.world.clock.fresh_id()
        one = self.world.draft(
            name, stream, "campaign", {**CAMPAIGN, "name": code}, group=group
        )
        area = -1.0 if bad else 1.0
        two = self.world.draft(
            name, stream, "plot", {"code": f"E{code}", "area_ha": area}, group=group
        )
        store = self.world.laptop(name).store
        if not any(store.is_used_up(draft.record) for draft in (one, two)):
            self.history.keep(name, one, two)

    @rule(name=who, i=pick, ours=st.booleans())
    def decide_a_conflict(self, name, i, ours):
        contested = self.world.laptop(name).store.contested()
        if not contested:
            return
        base = contested[i % len(contested)]
        conflict = base.conflicts[0]
        fields = conflict["ours" if ours else "theirs"]
        if conflict["group"] == "*":
            fields = {}
        self.history.keep(
            name,
            self.world.draft(
                name,
                base.stream,
                base.type,
                fields,
                base.id,
                op="resolve",
                settles=(conflict["id"],),
            ),
        )

    @rule(name=who, i=pick)
    def fix(self, name, i):
        """Send what was quarantined again, mended."""
        store = self.world.laptop(name).store
        waiting = [c for c in store.changes_with("quarantined") if c.type == "plot"]
        if not waiting:
            return
        change = waiting[i % len(waiting)]
        fields = {**change.fields, "area_ha": 2.0}
        draft = self.world.draft(
            name,
            change.stream,
            change.type,
            fields if change.op == "put" else {},
            change.record,
            op=change.op,
            replaces=change.id,
        )
        self.history.keep(name, draft)

    # What networks and machines do -----------------------------------------------

    @rule(name=who, fault=faults, most=st.sampled_from([1, 2, 2000]))
    def sync(self, name, fault, most):
        self.history.sync(name, fault, most)

    @precondition(lambda self: self.world.requests)
    @rule(i=pick)
    def replay(self, i):
        """An old request arrives once more: from a proxy, or from somebody hostile."""
        requests = self.world.requests
        device, body = requests[i % len(requests)]
        # Or it is refused: the log went on otherwise.
        with suppress(RefusedError):
            self.world.run(self.world.serve(device, body))
        self.history.look()

    @precondition(lambda self: self.world.late)
    @rule(i=pick)
    def late_answer(self, i):
        deliver_late(self.world, i)

    @rule(name=who)
    def back_up_laptop(self, name):
        self.world.backup_laptop(name)

    @rule(name=who)
    def restore_laptop(self, name):
        self.world.restore_laptop(name)

    @rule(name=who, onto=who)
    def clone_laptop(self, name, onto):
        if name != onto:
            self.world.clone_laptop(name, onto)

    @rule(name=who)
    def recover_laptop(self, name):
        self.world.recover(name)

    @rule()
    def back_up_server(self):
        self.history.backup_server()

    @rule(how=st.sampled_from(["command", "hand"]))
    def restore_server(self, how):
        self.history.restore_server(how)

    @rule(name=who, place=where, gives=st.booleans())
    def scope(self, name, place, gives):
        stream = self.world.streams[place]
        if gives:
            self.world.grant(name, stream)
        else:
            self.world.withdraw(name, stream)

    @rule()
    def purge(self):
        """Old deletions shrink to their ids: everything of today is old then."""
        far = "2999-01-01T00:00:00.000Z"
        world = self.world
        world.run(world.server.write(lambda unit: unit.purge(far, world.clock.now())))

    @rule()
    def judge_again(self):
        self.history.judge_again()

    @rule(name=who, skew_s=skews)
    def set_clock(self, name, skew_s):
        self.world.laptop(name).clock.skew_s = skew_s

    @rule(name=who, after=st.integers(1, 40))
    def crash_while_taking_in(self, name, after):
        """The process dies in the middle of a transaction: nothing of it stands."""
        self.history.crash(name, after)

    def teardown(self):
        try:
            before = self.history.before_rest()
            self.world.settle()
            self.history.look()
            check_all(self.world)
            self.history.check(before)
        finally:
            self.world.close()


CAMPAIGN = {"start_date": "2026-05-01", "purpose": "baseline"}

#: Shrinking takes minutes: only where a person looks at the result.
SHRINKS = "PERMILLE_SHRINK" in os.environ
PHASES = [Phase.generate, *([Phase.shrink] if SHRINKS else [])]
EXAMPLES = int(os.environ.get("PERMILLE_EXAMPLES", "300"))


def rounds(count):
    """Give the settings of a run; no example of an earlier run is replayed."""
    return settings(
        max_examples=count,
        stateful_step_count=40,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
        report_multiple_bugs=False,
        # The same seasons for everybody; a run that asks for more draws others.
        derandomize="PERMILLE_EXAMPLES" not in os.environ,
    )


# Two halves, so that two workers share them.
class TestSpring(Season.TestCase):
    settings = rounds(EXAMPLES // 2)


class TestAutumn(Season.TestCase):
    settings = rounds(EXAMPLES - EXAMPLES // 2)
