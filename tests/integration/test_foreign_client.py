"""A client written from docs/protocol.md alone works, and is refused as the page says."""

import json
import random
import shutil

import pytest

from schemas.version import NEWEST_PROTOCOL, PROTOCOL, SCHEMA_VERSION
from server.access.devices import grant
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project
from server.data import init_data
from server.operations.audit.audit import find_faults
from tests.conftest import RunningServer, running
from tests.laptop import new_id
from tests.lines import kept_lines
from tests.protocol import rules
from tests.protocol.page import plain, rows_of, tables
from tests.protocol.pair import Pair, code_for, enrolled
from tests.protocol.reasons import REASONS
from tests.protocol.refusals import REFUSALS
from tests.protocol.values import DamagedError, RefusedError, read

SAMPLE = {"sample_code": "HF-1", "depth_top_cm": 0, "depth_bottom_cm": 30}
RESULT = {
    "analyte": "soc",
    "replicate": 1,
    "value": 14.5,
    "unit": "g_kg",
    "method": "dry_combustion",
}


@pytest.fixture
def quick_locks(monkeypatch):
    """Wait for another process's transaction for a fifth of a second, not for ten."""
    monkeypatch.setattr("server.store.driver._BUSY_MS", 200)


@pytest.fixture
async def pair(quick_locks, server, monkeypatch):
    """Two clients of one project that have read it."""
    me, other = await enrolled(server, "north"), await enrolled(server, "south")
    await me.sync()
    await other.sync()
    return Pair(server, me, other, monkeypatch)


def shown(client):
    """Return what a client shows: fields and open conflicts of each record."""
    return {
        record: (dict(held.fields or {}), [found["id"] for found in held.conflicts])
        for record, held in client.rows.items()
        if held.fields is not None or held.conflicts
    }


async def agree(pair):
    """Sync both until nothing moves; both show what the server has."""
    for client in (pair.me, pair.other):
        await client.sync()
    await pair.server.derived()
    for client in (pair.me, pair.other):
        await client.sync(digest=True)
        assert client.digest(pair.project_id) == client.digests[pair.project_id]
    assert shown(pair.me) == shown(pair.other)


# What works -------------------------------------------------------------------------


async def test_a_code_makes_a_device_that_reads_its_project(server):
    client = await enrolled(server)
    assert client.scope == [server.project_id]
    (answer,) = await client.sync()
    assert answer.hello.keys() == {"k", "protocol", "epoch", "now", "speaks"}
    assert answer.end.keys() == {"k", "cursors", "more"}
    assert answer.of("scope") == [{"k": "scope", "streams": [server.project_id]}]
    assert client.rows[server.project_id].fields["code"] == "HF"
    (answer,) = await client.sync()
    assert [line["k"] for line in answer.lines] == ["hello", "end"]


async def test_a_code_is_read_as_people_type_it(pair):
    code = await code_for(pair.server)
    typed = f" {code.lower()} "
    answer = await pair.me.enrol(typed)
    assert answer["streams"] == [pair.project_id]
    assert (await pair.me.sync())[0].hello["now"].endswith("Z")


async def test_the_hash_of_a_line_covers_every_byte_before_its_newline(pair):
    for code, blank in (("A", b"\r"), ("B", b"  "), ("C", b"\t")):
        pair.me.create(pair.project_id, "plot", {"code": code})
        pair.me.log.lines[-1] += blank
    assert (await pair.me.sync())[0].outcomes == ["accepted"] * 3
    body = pair.me.body(wall="2026-05-04T09:30:00+02:00", app="foreign 1")
    await pair.me.send(body.rstrip(b"\n"))


async def test_a_request_that_names_the_epoch_is_answered_with_what_is_new(pair):
    epoch = pair.me.cursors[pair.project_id][0]
    cursors = {project_id: seq for project_id, (_, seq) in pair.me.cursors.items()}
    answer = await pair.me.send(pair.me.body(epoch=epoch, cursors=cursors))
    assert answer.hello.keys() == {"k", "now", "speaks"}
    assert answer.end.keys() == {"k"}
    pair.other.create(pair.project_id, "plot", {"code": "P1"})
    await pair.other.sync()
    answer = await pair.me.send(pair.me.body(epoch=epoch, cursors=cursors))
    assert answer.end["cursors"] == {pair.project_id: cursors[pair.project_id] + 1}
    news = pair.me.body(epoch=epoch, cursors=cursors, protocol=NEWEST_PROTOCOL)
    assert (await pair.me.send(news)).hello.keys() == {"k", "now"}
    answer = await pair.me.send(pair.me.body(schema=SCHEMA_VERSION + 1))
    assert answer.hello["schema"] == SCHEMA_VERSION


async def visited(pair):
    """Lay a plot out and take a sample; return plot, sample and result."""
    me, project_id, event = pair.me, pair.project_id, new_id()
    plot = me.create(project_id, "plot", {"code": "P1", "area_ha": 2.5, "name": "Zoë"})
    point = me.create(project_id, "point", {"plot_id": plot, "code": "1"})
    campaign = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
    campaign = me.create(project_id, "campaign", campaign)
    core = {"point_id": point, "campaign_id": campaign, "number": 1}
    core |= {"sampled_at": "2026-05-04T09:30:00+02:00", "depth_reached_cm": 30}
    core = me.create(project_id, "core", core, g=event, u="Ada Diallo")
    sample = me.create(project_id, "sample", {"core_id": core, **SAMPLE}, g=event)
    result = me.create(project_id, "result", {"sample_id": sample, **RESULT})
    (answer,) = await me.sync(packed=True)
    assert answer.outcomes == ["accepted"] * 6
    assert answer.of("row", "gone") == [], "its author has them"
    await pair.other.sync()
    return plot, core, sample, result


async def test_a_whole_visit_travels_and_both_sides_have_the_same_digest(pair):
    _, _, sample, result = await visited(pair)
    assert pair.other.rows[result].fields == {"sample_id": sample, **RESULT}
    await agree(pair)
    assert "stock" in {held.type for held in pair.me.rows.values()}


async def test_an_edit_names_the_whole_group_and_its_author_computes_the_row(pair):
    me = pair.me
    plot, _, sample, result = await visited(pair)
    me.edit(result, {"value": 1.4, "unit": "pct"})
    assert b'"method":"dry_combustion","censored":null' in me.body()
    me.edit(sample, {"depth_bottom_cm": 20})
    me.edit(plot, {"name": None})
    (answer,) = await me.sync()
    assert answer.outcomes == ["accepted"] * 3
    assert not {result, sample, plot} & {row["r"] for row in answer.of("row")}
    assert me.rows[plot].fields == {"code": "P1", "area_ha": 2.5}
    await agree(pair)


async def test_a_value_in_another_form_comes_back_as_it_is_kept(pair):
    plot = pair.me.create(pair.project_id, "plot", {"code": "Zoe\u0308", "area_ha": 2})
    campaign = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
    campaign |= {"crew": ["Bo", "Ana"]}
    campaign = pair.me.create(pair.project_id, "campaign", campaign)
    (answer,) = await pair.me.sync()
    assert answer.outcomes == ["accepted"] * 2
    assert pair.me.rows[plot].fields == {"code": "Zo\u00eb", "area_ha": 2}
    assert pair.me.rows[campaign].fields["crew"] == ["Ana", "Bo"]
    await agree(pair)


async def test_what_was_deleted_comes_back_by_who_saw_it(pair):
    *_, sample, result = await visited(pair)
    pair.me.delete(result)
    assert (await pair.me.sync())[0].outcomes == ["accepted"]
    await pair.other.sync()
    assert pair.other.rows[result].fields is None
    pair.other.restore(result, {"sample_id": sample, **RESULT})
    assert (await pair.other.sync())[0].outcomes == ["accepted"]
    await agree(pair)
    assert pair.me.rows[result].fields["value"] == 14.5


async def test_a_repeated_push_gets_the_same_verdicts_and_the_same_receipt(pair):
    for code in ("A", "B"):
        pair.me.create(pair.project_id, "plot", {"code": code})
    pair.me.create(pair.project_id, "plot", {"code": "C", "area_ha": -1})
    body = pair.me.body()
    first, again = [await pair.me.send(body) for _ in range(2)]
    assert [v | {"d": True} for v in first.verdicts] == again.verdicts
    assert not any("d" in verdict for verdict in first.verdicts)
    assert first.end["receipt"] == again.end["receipt"]
    await pair.me.sync()
    pair.me.log.acked = 0
    answers = await pair.me.sync(most=1)
    assert [v["r"] for a in answers for v in a.verdicts] == first.outcomes
    part = json.loads(answers[0].end["receipt"]["raw"])
    assert (part["n"], part["streams"]) == (1, {})
    await agree(pair)


async def may_begin(pair):
    await pair.server.ask(
        lambda store: store.write(
            lambda tx: tx.allow_to_begin(pair.me.device, allowed=True)
        )
    )


async def test_receipts_are_signed_and_chained_over_all_devices(pair):
    await may_begin(pair)
    link, own = rules.FIRST_RECEIPT_FOLLOWS, new_id()
    pair.me.draft(own, "project", own, {"code": "NEW", "title": "New"})
    await pair.me.sync()
    project = (await pair.server.report("projects"))[-1]
    await pair.server.ask(lambda s: grant(s, pair.other.device, project["code"]))
    first = pair.me.receipts[-1]
    assert projects_of(first) == {own: [1, link]}
    link = rules.receipt_link(first["raw"])
    pushes = [(pair.other, "A"), (pair.me, "B"), (pair.me, "C")]
    for number, (client, code) in enumerate(pushes, start=2):
        client.create(own, "plot", {"code": code})
        await client.sync()
        receipt = client.receipts[-1]
        assert projects_of(receipt) == {own: [number, link]}
        link = rules.receipt_link(receipt["raw"])
    forged = receipt | {"raw": receipt["raw"].replace('"n":3', '"n":4')}
    with pytest.raises(DamagedError, match="not signed"):
        pair.me._take_receipt(forged, 3)


def projects_of(receipt):
    """Return what a receipt says of its projects."""
    said = json.loads(receipt["raw"])
    assert said.keys() == keys_of("Receipts")
    return said["streams"]


async def test_the_server_names_changes_as_the_page_does(pair):
    plot = rules.record_id(pair.project_id, "plot", {"code": "LATE"})
    pair.me.create(pair.project_id, "point", {"plot_id": plot, "code": "1"})
    assert (await pair.me.sync())[0].outcomes == ["held"]
    pair.other.create(pair.project_id, "plot", {"code": "LATE"})
    await pair.other.sync()
    (answer,) = await pair.me.sync()
    (late,) = answer.late
    assert (late["i"], late["r"]) == (pair.me.change_id(1), "accepted")
    (answer,) = await pair.me.sync()
    assert answer.late == [], "it was told that this is known"
    await agree(pair)


async def test_pages_are_read_to_the_end_without_a_gap(pair):
    for number in range(25):
        pair.me.create(pair.project_id, "plot", {"code": f"P{number}"})
    await pair.me.sync(most=10)
    reader = await enrolled(pair.server)
    answers = await reader.sync(want=7)
    assert [len(answer.of("row")) for answer in answers] == [7, 7, 7, 5]
    assert shown(reader) == shown(pair.me)


async def test_a_project_can_be_opened_and_is_seen_by_its_device(pair):
    await may_begin(pair)
    own = new_id()
    pair.me.draft(own, "project", own, {"code": "NEW", "title": "New"})
    (answer,) = await pair.me.sync()
    assert answer.outcomes == ["accepted"]
    assert pair.me.scope == sorted([pair.project_id, own])
    await pair.other.sync()
    assert own not in pair.other.rows


async def test_a_correction_closes_the_change_that_it_stands_for(pair):
    record = pair.me.create(pair.project_id, "plot", {"code": "P", "area_ha": -1})
    (answer,) = await pair.me.sync()
    (why,) = answer.verdicts[0]["why"]
    assert why.keys() == keys_of("A problem")
    assert (why["code"], why["path"], why["value"]) == ("out_of_range", "area_ha", -1)
    more = {"x": pair.me.change_id(1), "b": None}
    pair.me.draft(pair.project_id, "plot", record, {"code": "P", "area_ha": 1}, **more)
    assert (await pair.me.sync())[0].outcomes == ["accepted"]
    assert await pair.server.report("quarantine", None) == []
    await agree(pair)


def keys_of(heading):
    """Return the keys that a table of the page has below a heading."""
    return {
        plain(name)
        for title, (head, *rows) in tables()
        for row in rows
        if title == heading and head[1] == "is"
        for name in row[0].split(", ")
    }


# What two do unseen -----------------------------------------------------------------


async def contested(pair, mine=3.0, other=4.0):
    """Measure a plot on both sides, unseen; return its id."""
    plot = await pair.plot(area_ha=2.5)
    pair.me.edit(plot, {"area_ha": mine})
    pair.other.edit(plot, {"area_ha": other})
    await pair.me.sync()
    (answer,) = await pair.other.sync()
    assert answer.outcomes == ["conflict"]
    assert answer.verdicts[0]["cf"] == [f"{pair.other.change_id(1)}:area_ha"]
    return plot


async def test_a_conflict_keeps_both_sides_and_is_settled_by_a_decision(pair):
    plot = await contested(pair)
    await agree(pair)
    (conflict,) = pair.me.rows[plot].conflicts
    assert conflict.keys() == keys_of("A conflict")
    assert conflict["base"] == {"area_ha": 2.5}
    assert conflict["theirs"] == {"area_ha": 3.0}
    assert conflict["ours"] == {"area_ha": 4.0}
    assert conflict["stands"] == [pair.me.change_id(2)]
    assert conflict["change"] == pair.other.change_id(1)
    assert (conflict["group"], conflict["device"]) == ("area_ha", "south")
    pair.me.resolve(plot, {"area_ha": 4.0}, "measured again")
    (answer,) = await pair.me.sync()
    assert answer.outcomes == ["accepted"]
    assert pair.me.rows[plot].conflicts == []
    await agree(pair)
    assert pair.other.rows[plot].fields["area_ha"] == 4.0


async def test_a_deletion_that_meets_an_unseen_edit_is_a_conflict_of_the_record(pair):
    plot = await pair.plot(area_ha=2.5)
    pair.me.edit(plot, {"area_ha": 3.0})
    pair.other.delete(plot)
    await pair.me.sync()
    assert (await pair.other.sync())[0].outcomes == ["conflict"]
    await agree(pair)
    (conflict,) = pair.other.rows[plot].conflicts
    assert (conflict["group"], conflict["ours"]) == ("*", {})
    pair.other.delete(plot, c=[conflict["id"]], y="ploughed under")
    assert (await pair.other.sync())[0].outcomes == ["accepted"]
    await agree(pair)
    assert pair.me.rows[plot].fields is None


async def test_an_edit_of_a_deleted_record_is_a_conflict_in_the_digest_too(pair):
    plot = await pair.plot(area_ha=2.5)
    pair.me.delete(plot)
    pair.other.edit(plot, {"area_ha": 3.0})
    await pair.me.sync()
    assert (await pair.other.sync())[0].outcomes == ["conflict"]
    await agree(pair)
    (conflict,) = pair.me.rows[plot].conflicts
    assert (conflict["group"], conflict["theirs"]) == ("*", {})
    pair.me.restore(plot, conflict["ours"], c=[conflict["id"]])
    assert (await pair.me.sync())[0].outcomes == ["accepted"]
    await agree(pair)
    assert pair.other.rows[plot].fields["area_ha"] == 3.0


VALUE = rules.GROUPS["result"]["value"]


async def test_a_group_named_in_part_never_becomes_a_mixture(pair):
    *_, result = await visited(pair)
    pair.me.edit(result, {"value": 14.0, "unit": "pct"})
    pair.other.draft(pair.project_id, "result", result, {"value": 14.0})
    await pair.me.sync()
    (answer,) = await pair.other.sync()
    assert answer.outcomes == ["conflict"]
    await agree(pair)
    (conflict,) = pair.me.rows[result].conflicts
    nothing = dict.fromkeys(VALUE)
    stands = {"value": 14.0, "unit": "pct", "method": "dry_combustion"}
    assert conflict["theirs"] == nothing | stands
    assert conflict["ours"] == nothing | stands | {"unit": "g_kg"}


async def test_a_group_named_in_part_stands_where_its_author_saw_the_rest(pair):
    *_, result = await visited(pair)
    pair.other.draft(pair.project_id, "result", result, {"value": 1.5})
    pair.other.draft(pair.project_id, "result", result, {"unit": "pct"})
    assert (await pair.other.sync())[0].outcomes == ["accepted"] * 2
    await agree(pair)
    found = pair.me.rows[result].fields
    assert (found["value"], found["unit"]) == (1.5, "pct")


async def test_a_new_record_says_that_the_rest_of_its_groups_is_empty(pair):
    """One core that two add: one with its diameter, one without."""
    core = (await visited(pair))[1]
    fields = pair.me.rows[core].fields | {"number": 2, "tool": "auger"}
    mine = pair.me.create(pair.project_id, "core", fields | {"inner_diameter_mm": 50})
    assert mine == pair.other.create(pair.project_id, "core", fields)
    await pair.me.sync()
    assert (await pair.other.sync())[0].outcomes == ["conflict"]
    await agree(pair)
    (conflict,) = pair.other.rows[mine].conflicts
    assert conflict["group"] == "tool"
    assert conflict["theirs"]["inner_diameter_mm"] == 50
    assert conflict["ours"]["inner_diameter_mm"] is None


async def test_a_group_hidden_by_an_own_waiting_change_keeps_the_older_base(pair):
    plot = await pair.plot(area_ha=2.5)
    await pair.plot("TAKEN")
    old = pair.me.base(plot)
    pair.me.edit(plot, {"code": "TAKEN", "area_ha": 303.0})
    assert (await pair.me.sync())[0].outcomes == ["quarantined"]
    pair.other.edit(plot, {"area_ha": 707.0})
    await pair.other.sync()
    await pair.me.sync()
    waiting = pair.me.change_id(len(pair.me.log.lines))
    fields = {"code": "FREE", "area_ha": 303.0}
    pair.me.edit(plot, fields, x=waiting, bg={"code": old, "area_ha": old})
    assert (await pair.me.sync())[0].outcomes == ["conflict"]
    await agree(pair)
    assert pair.me.rows[plot].fields["area_ha"] == 707.0
    (conflict,) = pair.me.rows[plot].conflicts
    assert conflict["ours"] == {"area_ha": 303.0}
    assert conflict["base"] == {"area_ha": 2.5}


@pytest.mark.parametrize("base", [None, "old"])
async def test_the_base_of_one_group_may_be_no_row_at_all(pair, base):
    plot = await pair.plot(area_ha=2.5)
    found = pair.other.base(plot) if base else None
    pair.other.edit(plot, {"area_ha": 4.0}, bg={"area_ha": found})
    outcome = "accepted" if base else "conflict"
    assert (await pair.other.sync())[0].outcomes == [outcome]
    await agree(pair)


async def test_what_a_change_says_to_have_seen_is_no_conflict(pair):
    plot = await pair.plot(area_ha=2.5)
    seen = [pair.me.change_id(1)]
    more = {"b": None, "a": seen}
    pair.other.draft(pair.project_id, "plot", plot, {"area_ha": 4.0}, **more)
    assert (await pair.other.sync())[0].outcomes[0] in {"accepted", "merged"}
    await agree(pair)
    assert pair.me.rows[plot].fields["area_ha"] == 4.0


@pytest.mark.parametrize("gone", [False, True])
async def test_a_conflict_about_a_deletion_may_leave_the_record_as_it_is(pair, gone):
    plot = await pair.plot(area_ha=2.5)
    first, then = (pair.me, pair.other) if gone else (pair.other, pair.me)
    first.delete(plot) if gone else first.edit(plot, {"area_ha": 3.0})
    then.edit(plot, {"area_ha": 3.0}) if gone else then.delete(plot)
    await first.sync()
    assert (await then.sync())[0].outcomes == ["conflict"]
    await agree(pair)
    first.resolve(plot, {}, "seen on the ground")
    assert (await first.sync())[0].outcomes == ["accepted"]
    await agree(pair)
    assert (then.rows[plot].fields is None, then.rows[plot].conflicts) == (gone, [])


async def test_who_did_not_see_a_deletion_does_not_undo_it(pair):
    plot = await pair.plot(area_ha=2.5)
    old = pair.other.base(plot)
    pair.me.delete(plot)
    await agree(pair)
    pair.other.restore(plot, {"area_ha": 3.0}, bg={"*": old})
    assert (await pair.other.sync())[0].outcomes == ["conflict"]
    await agree(pair)
    assert pair.me.rows[plot].fields is None
    (conflict,) = pair.me.rows[plot].conflicts
    assert (conflict["group"], conflict["theirs"]) == ("*", {})


class Season:
    """Two clients that record at random, one layer and one plot, mostly unseen."""

    def __init__(self, pair, seed):
        self.pair, self.random = pair, random.Random(seed)

    async def run(self, steps):
        plot, _, sample, result = await visited(self.pair)
        for _ in range(steps):
            client = self.random.choice([self.pair.me, self.pair.other])
            self.record(client, self.random.choice([plot, sample, result]))
            if self.random.random() < 0.3:
                await client.sync(most=self.random.choice([1, 2, 500]))
        await agree(self.pair)
        for name in (plot, sample, result):
            self.check_whole(name)

    def check_whole(self, name):
        """Each group stands as somebody wrote it: values of two are never mixed."""
        held = self.pair.me.rows[name]
        lines = [*self.pair.me.log.lines, *self.pair.other.log.lines]
        patches = [found for found in map(json.loads, lines) if found["r"] == name]
        for group in rules.GROUPS.get(held.type, {}).values() if held.fields else ():
            written = [
                [change["f"].get(field) for field in group]
                for change in patches
                if not set(group).isdisjoint(change.get("f", {}))
            ]
            stands = [held.fields.get(field) for field in group]
            assert stands in written or not written

    def record(self, client, name):
        held, number = client.rows[name], self.random.randint(1, 3)
        fields = {
            "plot": {"area_ha": number, "note": f"note {number}"},
            "sample": {"depth_bottom_cm": 10 * number, "horizon": f"A{number}"},
            "result": {
                "value": number / 10,
                "unit": self.random.choice(["pct", "g_kg"]),
            },
        }[held.type]
        some = self.random.sample(sorted(fields), self.random.randint(1, 2))
        patch = {name: fields[name] for name in some}
        if held.fields is None:
            client.restore(name, {})
        elif held.type == "result" and self.random.random() < 0.15:
            client.delete(name)
        elif held.conflicts and self.random.random() < 0.3:
            client.resolve(name, self.decided(held), "at random")
        else:
            client.edit(name, patch)

    def decided(self, held):
        """Return one side of the first conflict of each group."""
        sides = {}
        for conflict in held.conflicts:
            sides.setdefault(conflict["group"], conflict)
        sides.pop("*", None)
        picked = [
            found[self.random.choice(["theirs", "ours"])] for found in sides.values()
        ]
        return {name: value for side in picked for name, value in side.items()}


@pytest.mark.parametrize("seed", range(4))
async def test_whoever_follows_the_page_comes_to_the_rows_of_the_server(pair, seed):
    await Season(pair, seed).run(40)
    assert await pair.server.ask(faults_in) == []


# Copies, restores, repair -----------------------------------------------------------


async def test_a_copy_finds_its_fork_and_goes_on_in_a_log_of_its_own(pair):
    for number in range(40):
        pair.me.create(pair.project_id, "plot", {"code": f"P{number}"})
    await pair.me.sync()
    log = pair.me.log
    for number in range(30, 40):
        log.lines[number] = log.lines[number].replace(b'"code":"P', b'"code":"Q')
    log.acked, probes = 3, 0
    while True:
        answer = await pair.me.post(
            "/v1/sync", pair.me.body(), {"Content-Type": "application/x-ndjson"}
        )
        document = json.loads(answer[1])
        assert (answer[0], document["code"], document["log"]) == (409, "fork", log.id)
        agreed, differs = rules.last_agreed(document, log.hashes)
        if differs == agreed + 1:
            break
        log.acked, probes = agreed, probes + 1
    assert (agreed, probes <= 5) == (30, True)
    old = [rules.change_id(digest) for digest in log.hashes[31:]]
    pair.me.go_on_elsewhere(agreed, new_id())
    assert [pair.me.change_id(n) for n in range(1, 11)] == old
    (answer,) = await pair.me.sync()
    # They meet the plots of the same ids that the server has under the other codes.
    assert len(answer.outcomes) == 10
    await agree(pair)
    pair.me.create(pair.project_id, "plot", {"code": "AFTER"})
    assert (await pair.me.sync())[0].outcomes == ["accepted"]


async def test_a_change_that_was_moved_is_known_by_its_id(pair):
    for code in ("A", "B", "C"):
        pair.me.create(pair.project_id, "plot", {"code": code})
    await pair.me.sync()
    pair.me.go_on_elsewhere(1, new_id())
    (answer,) = await pair.me.sync()
    assert answer.outcomes == ["accepted"] * 2
    assert all(verdict["d"] for verdict in answer.verdicts)
    await agree(pair)


async def founded(data):
    """Serve a new project to two clients that have its one plot."""
    async with running(data) as url:
        server = RunningServer(data, url, "")
        fields = {"code": "HF", "title": "Highfield"}
        server.project_id = await server.ask(
            lambda s: add_project(s, Clock(), fields, {})
        )
        pair = Pair(server, await enrolled(server), await enrolled(server), None)
        plot = await pair.plot(area_ha=2.5)
        await server.derived()
        return pair, plot


async def measured_in_turn(pair, plot, told):
    """Measure a plot twice, the second having seen the first."""
    me, other = pair.me, pair.other
    me.create(pair.project_id, "plot", {"code": "P2"})
    me.edit(plot, {"area_ha": 3.0})
    await me.sync()
    await other.sync()
    seen = {"a": [me.change_id(3)]} if told == "a" else {}
    other.edit(plot, {"area_ha": 4.0}, **seen)
    assert (await other.sync())[0].outcomes == ["accepted"]
    await me.sync()
    await pair.server.derived()


@pytest.mark.parametrize("told", ["nothing", "a", "stood"])
async def test_a_restored_server_gets_back_what_it_lost(tmp_path, told):
    """Who saw a lost row has seen it still, where that is told; else both are kept."""
    data = DataDirectory(tmp_path / "server")
    init_data(data, Clock())
    pair, plot = await founded(data)
    me, other = pair.me, pair.other
    backup = shutil.copy(data.database, tmp_path / "backup")
    async with running(data) as me.url:
        other.url = me.url
        await measured_in_turn(pair, plot, told)
    shutil.copy(backup, data.database)
    async with running(data) as pair.server.url:
        me.url = other.url = pair.server.url
        me.tells_where_it_stood = told == "stood"
        epoch, seq = me.cursors[pair.project_id]
        hello = (await me.sync())[0].hello
        assert (hello["epoch"] != epoch, hello["need_from"]) == (True, 2)
        assert hello["shared"][pair.project_id] < seq
        await agree(pair)
        kept = [conflict["ours"]["area_ha"] for conflict in me.rows[plot].conflicts]
        stands = me.rows[plot].fields["area_ha"]
        assert (stands, kept) == ((3.0, [4.0]) if told == "nothing" else (4.0, []))
        assert await pair.server.ask(faults_in) == []


async def faults_in(store):
    """Return what `permille-server verify` finds."""
    return await store.read(lambda tx: list(find_faults(tx, lambda *_: None)))


async def test_damaged_rows_are_found_by_their_digest_and_mended(pair):
    plot = await contested(pair)
    gone = await pair.plot("GONE", area_ha=1.5)
    pair.me.delete(gone)
    pair.other.edit(gone, {"area_ha": 3.0})
    await pair.me.sync()
    await pair.other.sync()
    for number in range(300):
        pair.me.create(pair.project_id, "plot", {"code": f"P{number}"})
    await pair.me.sync()
    await agree(pair)
    whole = shown(pair.me)
    pair.me.rows[plot].fields["area_ha"] = 9.0
    pair.me.rows[gone].conflicts = []
    del pair.me.rows[rules.record_id(pair.project_id, "plot", {"code": "P7"})]
    strange = "0190a000-0000-7000-8000-0000000000aa"
    pair.me.rows[strange] = pair.me.rows[plot]
    assert pair.me.digest(pair.project_id) != pair.me.digests[pair.project_id]
    wrong = await pair.me.repair(pair.project_id)
    assert 2 <= len(wrong) <= 4
    assert pair.me.digest(pair.project_id) == pair.me.digests[pair.project_id]
    assert shown(pair.me) == whole
    assert await pair.me.repair(pair.project_id) == []


async def test_an_answer_without_its_end_is_no_answer(pair):
    status, raw = await pair.me.post(
        "/v1/sync", pair.me.body(), {"Content-Type": "application/x-ndjson"}
    )
    assert status == 200
    assert raw.endswith(b"\n")
    with pytest.raises(DamagedError):
        read(raw.rstrip(b"\n").rpartition(b"\n")[0])


async def test_the_server_says_which_protocol_it_speaks(pair):
    status, raw = await pair.me.get("/v1/health")
    said = json.loads(raw)
    assert (status, said["status"], said["protocol"]) == (200, "ok", PROTOCOL)
    assert said.keys() == {"status", "version", "protocol"}
    answer = await pair.me.send(pair.me.body())
    assert (answer.hello["protocol"], answer.hello["speaks"]) == (1, 2)
    answer = await pair.me.send(pair.me.body(protocol=2))
    assert answer.hello["protocol"] == 2
    assert "speaks" not in answer.hello
    with pytest.raises(RefusedError, match="protocol_unknown"):
        await pair.me.send(pair.me.body(protocol=3))


async def test_lines_by_columns_are_kept_as_the_lines_that_they_stand_for(pair):
    for code in ("A", "B", "Zoë"):
        pair.me.create(pair.project_id, "plot", {"code": code, "area_ha": 2.0})
    body = pair.me.body(protocol=2)
    assert len(body.splitlines()) == 3
    (answer,) = await pair.me.sync()
    assert answer.outcomes == ["accepted"] * 3
    assert answer.hello["protocol"] == 2
    kept = await pair.server.ask(
        lambda store: store.read(lambda tx: kept_lines(tx.connection))
    )
    assert [raw for log, _, raw, *_ in kept if log == pair.me.log.id] == (
        pair.me.log.lines
    )
    # The same once more, in protocol 1: it is the same push.
    pair.me.log.acked = 0
    answer = await pair.me.send(pair.me.body())
    assert [line["d"] for line in answer.verdicts] == [True] * 3


# What is refused --------------------------------------------------------------------


def refusals():
    """Return status and code of each rule of the page."""
    found = rows_of("rule", "status", "code", "refused when")
    return {plain(rule): (int(status), plain(code)) for rule, status, code, _ in found}


def reasons():
    """Return verdict and path of each reason of the page."""
    found = rows_of("code", "verdict", "path", "given when")
    return {plain(code): (verdict, plain(path)) for code, verdict, path, _ in found}


def test_every_refusal_of_the_page_is_tested_and_no_other():
    assert set(REFUSALS) == set(refusals())


def test_every_reason_of_the_page_is_tested_and_no_other():
    assert set(REASONS) == set(reasons())


@pytest.mark.parametrize("rule", REFUSALS)
async def test_a_request_is_refused_as_the_page_says(pair, rule):
    status, document = await REFUSALS[rule](pair)
    assert (status, document["code"]) == refusals()[rule], document
    keys = {"type", "status", "code", "title", "detail", "hint", "request_id"}
    more = {"log", "n", "hashes"} if document["code"] == "fork" else set()
    assert document.keys() == keys | more
    assert document["type"] == f"urn:permille:problem:{document['code']}"
    assert document["status"] == status
    assert await pair.server.ask(faults_in) == []


@pytest.mark.parametrize("code", REASONS)
async def test_a_change_waits_for_the_reason_that_the_page_says(pair, code):
    verdict = await REASONS[code](pair)
    outcomes, path = reasons()[code]
    assert verdict["r"] in outcomes.split(" or ")
    why = verdict["why"][0]
    assert why["code"] == code
    if path == "a field":
        assert why["path"]
    else:
        assert why["path"] == path
    assert await pair.server.ask(faults_in) == []
