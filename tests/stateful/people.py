"""What people do in a simulated season, through the flows that their commands use."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from collector.fix import conflicts, quarantine
from collector.record import entry, resend
from collector.rules.overlay import undecided
from schemas.conflicts import Take
from schemas.deciding import SideChoice
from schemas.records import TYPES
from schemas.sides import PersonsChoice
from tests.stateful.groups import ANY_RECORD, GROUPS, PATCHES, QUARRELS, STARTS

LAPTOPS = 3
CODES = ["A", "B", "C"]

LAPTOP_NAMES = [f"laptop-{number}" for number in range(LAPTOPS)]

who = st.sampled_from(LAPTOP_NAMES)
pairs = st.permutations(LAPTOP_NAMES).map(lambda names: names[:2])
where = st.integers(0, 1)
pick = st.integers(0, 999)
measured = st.sampled_from([1.0, 2.0, 3.0])
described = st.sampled_from(["x", "y", "z"])
#: What people type into; what they quarrel about is drawn as often as all the rest.
groups = st.sampled_from([*list(PATCHES), *QUARRELS * (len(PATCHES) // len(QUARRELS))])
added = st.sampled_from([kind for kind in TYPES if kind != "project"])
deeds = st.sampled_from(
    [
        *["measure"] * 5,
        *("rename", "delete", "delete", "bring back", "delete and bring back"),
        *("fix", "decide", "mistype", "mistype"),
    ]
)
#: What one of two does in the evening: who synced first lacks what the other one sent.
evenings = st.sampled_from(["", "decide", "decide", "fix", "delete"])
sides = st.sampled_from([Take.STANDS, Take.OTHER, None])


class People(RuleBasedStateMachine):
    """The rules of people; a machine that has them has a `world` and its `history`."""

    @initialize(of=groups)
    def quarrel(self, of):
        """Each season is about one group of fields: there people meet most often."""
        self.kind, self.group = of
        self.history.backup_server()

    def known(self, name, record_type="plot", *, live=True):
        """Return the records of a type that a laptop shows."""
        store = self.world.laptop(name).store
        rows = store._read(
            "SELECT id, project_id FROM record WHERE type = ? AND deleted = ? ORDER BY id",
            record_type,
            int(not live),
        )
        return [row for row in rows if row[1] in store.cursors()]

    def typed(self, name, kind, group, i):
        """Return what is typed into a group; a reference becomes a record that is shown."""
        found = PATCHES[kind, group]
        patch = dict(found[i % len(found)])
        for field, value in patch.items():
            if value is ANY_RECORD:
                others = self.known(name, TYPES[kind].references[field])
                patch[field] = others[i % len(others)][0] if others else None
        return patch

    def view(self, name, record):
        return self.world.laptop(name).store.record(record)

    # Adding ------------------------------------------------------------------------

    @rule(name=who, place=where, code=st.sampled_from(CODES), area=measured)
    def add_plot(self, name, place, code, area):
        """Two laptops that add one plot mint one id."""
        project_id = self.world.project_ids[place]
        self.add(name, "plot", {"code": code, "area_ha": area}, project_id)

    @rule(name=who, i=pick, code=st.sampled_from(["1", "2"]))
    def add_point(self, name, i, code):
        """A child: it is held while its plot is not on the server."""
        plots = self.known(name)
        if plots:
            plot, project_id = plots[i % len(plots)]
            self.add(name, "point", {"plot_id": plot, "code": code}, project_id)

    @rule(first=who, second=who, kind=added, i=pick, j=pick)
    def add_one_thing_twice(self, first, second, kind, i, j):
        """Two people add the same record, each with what they know of it."""
        for name, k in ((first, i), (second, j)):
            self.add_any(name, kind, k)

    def add_any(self, name, kind, i):
        """Add the second record of a type under the first one of its parents."""
        refs = {}
        for field, target in TYPES[kind].references.items():
            if TYPES[kind].fields[field].required:
                others = self.known(name, target)
                if not others:
                    return
                refs[field] = others[0][0]
        new = {"number": 3} if kind == "core" else {}
        new |= {"replicate": 3} if kind == "result" else {}
        new |= {n: "A" for n in ("code", "name", "sample_code") if n in STARTS[kind]}
        multi = [g for g, names in GROUPS[kind].items() if len(names) > 1]
        group = multi[i % len(multi)] if multi else TYPES[kind].key[-1]
        patch = self.typed(name, kind, group, i // 7)
        fields = {**STARTS[kind], **patch, **new, **refs}
        project_id = self.world.project_ids[0]
        if project_id in self.world.laptop(name).store.cursors():
            self.add(name, kind, fields, project_id)

    def add(self, name, kind, fields, project_id):
        typed = {k: v for k, v in fields.items() if v is not None}
        self.history.act(
            name,
            None,
            lambda laptop: entry.add(laptop, kind, fields, project_id),
            typed=typed,
        )

    @rule(name=who, place=where, code=st.sampled_from(CODES), bad=st.booleans())
    def sample_as_one_event(self, name, place, code, bad):
        """A group: both of it, or none."""
        project_id = self.world.project_ids[place]
        group = self.world.clock.new_id()
        one = self.world.draft(
            name, project_id, "campaign", {**CAMPAIGN, "name": code}, group=group
        )
        area = -1.0 if bad else 1.0
        two = self.world.draft(
            name, project_id, "plot", {"code": f"E{code}", "area_ha": area}, group=group
        )
        store = self.world.laptop(name).store
        if not any(store.is_used_up(draft.record_id) for draft in (one, two)):
            self.history.save(name, one, two)

    # Editing -----------------------------------------------------------------------

    @rule(name=who, i=pick, area=measured, bad=st.integers(0, 7))
    def measure(self, name, i, area, bad):
        """Every eighth value breaks a rule: it is quarantined and blocks nothing."""
        plots = self.known(name)
        if plots and bad == 0:
            self.mistype(name, plots[i % len(plots)][0], {"area_ha": -1.0})
        elif plots:
            self.edit(name, plots[i % len(plots)][0], {"area_ha": area})

    def mistype(self, name, record, fields):
        """Keep what the server refuses, as a program of another version might.

        Only where no own change lies over the row, so that what is shown is the row.
        """
        store = self.world.laptop(name).store
        settled = {"accepted", "conflict", "replaced"}
        if all(change.status in settled for change in store.changes(record)):
            view = store.record(record)
            draft = self.world.draft(name, view.project_id, view.type, fields, record)
            self.history.save(name, draft)

    @rule(name=who, i=pick, note=described)
    def describe(self, name, i, note):
        plots = self.known(name)
        if plots:
            self.edit(name, plots[i % len(plots)][0], {"note": note})

    @rule(name=who, of=groups, i=pick, j=pick)
    def edit_a_group(self, name, of, i, j):
        """A person names some fields of a group, and means the rest as it is shown."""
        found = self.known(name, of[0])
        if found:
            self.edit(name, found[i % len(found)][0], self.typed(name, *of, j))

    @rule(name=who, deed=deeds, i=pick, j=pick)
    def work(self, name, deed, i, j):
        """One person does something to what this season is about."""
        self.do(name, deed, i, j)

    @rule(first=who, second=who, one=deeds, other=deeds, i=pick, j=pick, k=pick)
    def work_apart(self, *, first, second, one, other, i, j, k):
        """Two people do something to one record, and neither knows of the other."""
        self.do(first, one, i, j)
        self.do(second, other, i, k)

    @rule(pair=pairs, one=deeds, other=deeds, then=evenings, i=pick, j=pick, k=pick)
    def work_a_day_apart(self, *, pair, one, other, then, i, j, k):
        """They had the same rows in the morning, and sync in the evening."""
        for name in pair:
            self.history.sync(name)
        self.do(pair[0], one, i, j)
        self.do(pair[1], other, i, k)
        for name in pair:
            self.history.sync(name)
        if then:
            self.do(pair[k % 2], then, i, k)
            self.history.sync(pair[k % 2])

    # Rules are drawn evenly: days of field work are most of a season.
    work_the_next_day = work_the_day_after = work_another_day = work_a_day_apart

    def do(self, name, deed, i, j):
        """Do something to a record of the type that this season is about."""
        found = self.known(name, self.kind, live=deed != "bring back")
        if deed == "fix":
            self.fix_one(name, i, j)
        elif deed == "decide":
            self.decide(name, i, j, [Take.STANDS, Take.OTHER, None][j % 3])
        elif found:
            self.do_to(name, deed, found[i % len(found)][0], j)

    def do_to(self, name, deed, record, j):
        match deed:
            case "measure":
                self.edit(name, record, self.typed(name, self.kind, self.group, j))
            case "rename":
                self.rename(name, record, j)
            case "delete":
                self.delete_one(name, record)
            case "bring back":
                self.bring_one_back(name, record)
            case "mistype":
                patch = self.typed(name, self.kind, self.group, j)
                self.mistype(name, record, {**patch, "note": BLANK})
            case "delete and bring back":
                self.delete_one(name, record)
                self.bring_one_back(name, record)

    def rename(self, name, record, j):
        """A name that another record has on the server waits, and its values with it."""
        patch = self.typed(name, self.kind, self.group, j)
        key = TYPES[self.kind].key[-1]
        if isinstance(STARTS[self.kind].get(key), str):
            patch[key] = CODES[j % len(CODES)]
        self.edit(name, record, patch)

    def edit(self, name, record, patch):
        view = self.view(name, record)
        if view is not None and not view.deleted:
            patch = self.mended(view.fields, patch)
            self.history.act(
                name,
                record,
                lambda laptop: entry.edit(laptop, view, patch),
                typed=patch,
            )

    # Deleting and bringing back ----------------------------------------------------

    @rule(name=who, of=groups, i=pick)
    def delete(self, name, of, i):
        found = self.known(name, of[0])
        if found:
            self.delete_one(name, found[i % len(found)][0])

    def delete_one(self, name, record):
        view = self.view(name, record)
        if view.type != "project" and not view.deleted:
            self.history.act(name, record, lambda laptop: entry.delete(laptop, view))

    @rule(name=who, i=pick)
    def bring_back(self, name, i):
        gone = [row for kind in TYPES for row in self.known(name, kind, live=False)]
        if gone:
            self.bring_one_back(name, gone[i % len(gone)][0])

    def bring_one_back(self, name, record):
        view = self.view(name, record)
        if view.deleted:
            self.history.act(name, record, lambda laptop: entry.restore(laptop, view))

    # What waits --------------------------------------------------------------------

    @rule(name=who, i=pick, j=pick, side=sides)
    def decide_a_conflict(self, name, i, j, side):
        """After a sync there is most to decide on; the next sync brings it in."""
        self.history.sync(name)
        self.decide(name, i, j, side)
        self.history.sync(name)

    def decide(self, name, i, j, side):
        store = self.world.laptop(name).store
        contested = store.contested()
        if not contested:
            return
        base = contested[i % len(contested)]
        left = undecided(base, store.changes(base.id)) or base.conflicts
        conflict = left[j % len(left)]
        patch = None
        if side is None:
            if (base.type, conflict["group"]) not in PATCHES:
                return
            patch = self.typed(name, base.type, conflict["group"], j)
        chosen = SideChoice(side) if side else SideChoice(values=patch)
        choice = PersonsChoice(chosen)
        ids = [conflict["id"]]
        self.history.decide(
            name,
            base,
            lambda laptop: conflicts.resolve(laptop, base, ids, choice, "measured"),
            patch,
        )

    @rule(name=who, i=pick, j=pick)
    def fix(self, name, i, j):
        self.fix_one(name, i, j)

    def fix_one(self, name, i, j):
        """Send what waits again, mended."""
        change = self.waiting(name, i)
        if change is not None:
            of = [group for kind, group in PATCHES if kind == change.type]
            patch = self.typed(name, change.type, of[j % len(of)], j // 7)
            patch = self.mended(change.fields, patch)
            self.history.act(
                name,
                change.record_id,
                lambda laptop: resend.send_again(laptop, change.record_id, patch),
                typed=patch,
            )

    def mended(self, fields, patch):
        """Return what is typed, with what makes up for a mistyped value."""
        wrong = {"note": (BLANK, "x"), "area_ha": (-1.0, 2.0)}
        right = {n: new for n, (old, new) in wrong.items() if fields.get(n) == old}
        return {**right, **patch}

    @rule(name=who, i=pick)
    def discard(self, name, i):
        change = self.waiting(name, i)
        if change is not None:
            self.history.act(
                name,
                change.record_id,
                lambda laptop: resend.discard(laptop, change.record_id, "a mistake"),
            )

    def waiting(self, name, i):
        store = self.world.laptop(name).store
        found = [c for status in quarantine.WAITING for c in store.changes_with(status)]
        return found[i % len(found)] if found else None


#: No note: the server refuses it with all that came with it.
BLANK = " "
CAMPAIGN = {"start_date": "2026-05-01", "purpose": "baseline"}
