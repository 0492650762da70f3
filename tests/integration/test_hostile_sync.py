"""A laptop that lies: each lie has its problem, and costs nobody else anything."""

import json
from collections import defaultdict

import pytest
from aiohttp import ClientSession

from schemas import chain, limits
from schemas.digest import digest_of
from schemas.ids import natural_id
from schemas.messages import encode
from schemas.problem_kinds import KINDS
from schemas.records import record_id
from schemas.signing import push_text, sign
from server.clock import Clock
from server.custody.own_log import add_project
from server.custody.review import rejudge, release
from server.operations.audit.audit import find_faults
from tests.laptop import new_id, read_answer
from tests.lines import kept_lines

PLOT = {"code": "P1", "area_ha": 2.5}
UNKNOWN = "0190a000-0000-7000-8000-00000000dead"


@pytest.fixture
async def pair(server):
    """A victim with the plot P1, and a hostile laptop of the same project.

    Whatever a test did: the chains are whole, the digests right, the victim goes on.
    """
    victim, hostile = await server.laptop("victim"), await server.laptop("hostile")
    victim.plot = victim.add("plot", PLOT)
    await victim.sync()
    answer = await hostile.sync()
    victim.base = [answer.hello["epoch"], max(row["q"] for row in answer.rows)]
    yield victim, hostile
    victim.add("plot", {"code": "AFTER"})
    assert set((await victim.sync()).outcomes) == {"accepted"}
    reader = await server.laptop("reader")
    rows = {row["r"]: row["f"] for row in (await reader.sync()).rows}
    assert rows[victim.plot] == PLOT
    await chains_are_whole(server)


async def chains_are_whole(server):
    lines = await server.ask(
        lambda store: store.read(lambda tx: kept_lines(tx.connection))
    )
    last = defaultdict(lambda: (0, chain.START))
    for log, n, raw, kept, _ in lines:
        before, digest = last[log]
        last[log] = n, chain.link(digest, raw)
        assert n == before + 1
        assert last[log][1] == kept
    live = await server.report("digest_items", server.project_id)
    assert await server.report("digest", server.project_id) == digest_of(live)


async def refused(laptop, code, body=None):
    """Send a body that is refused as a whole; return the problem document."""
    status, raw = await laptop.post(laptop.body() if body is None else body)
    document = json.loads(raw)
    assert (status, document["code"]) == (KINDS[code].status, code), raw
    assert 400 <= status < 500
    return document


async def judged(laptop, most=500):
    """Push; return outcome and problem code of each change."""
    answer = await laptop.sync(most)
    return [(v["r"], *(why["code"] for why in v["why"])) for v in answer.verdicts]


async def asked(laptop, **more):
    """Send a request whose hello claims something; it is answered."""
    status, raw = await laptop.post(laptop.body(**more))
    assert status == 200, raw
    return read_answer(raw)


def ended(laptop, **more):
    """Return a body with another end line."""
    *lines, last = laptop.body().splitlines()
    return b"\n".join([*lines, encode(json.loads(last) | more)])


# Who speaks ----------------------------------------------------------------------


async def test_a_push_needs_the_signature_of_its_own_device(pair):
    victim, hostile = pair
    hostile.add("plot", {"code": "H"})
    text = push_text(hostile.log, 1, hostile.digest(1))
    forged = [None, "x", "A" * 88, sign(victim.secret, text), sign(bytes(32), text)]
    forged.append(sign(hostile.secret, push_text(victim.log, 1, hostile.digest(1))))
    forged.append(sign(hostile.secret, push_text(hostile.log, 2, hostile.digest(1))))
    for signature in forged:
        await refused(hostile, "bad_signature", ended(hostile, sig=signature))
    lines = hostile.body().splitlines()
    unsigned = {"k": "end", "n": 1, "hash": hostile.digest(1).hex()}
    await refused(hostile, "bad_signature", b"\n".join([*lines[:-1], encode(unsigned)]))
    assert await judged(hostile) == [("accepted",)]


async def test_a_replayed_push_doubles_nothing_and_says_the_same(pair, server):
    _, hostile = pair
    hostile.add("plot", {"code": "H"})
    hostile.add("plot", {"code": "H", "area_ha": -1})
    body = hostile.body()
    first = read_answer((await hostile.post(body))[1])
    before = await kept(server)
    for _ in range(3):
        again = read_answer((await hostile.post(body))[1])
        assert [v | {"d": False} for v in again.verdicts] == first.verdicts
        assert again.end["receipt"] == first.end["receipt"]
    assert await kept(server) == before


async def kept(server):
    """Return how much is stored; what is still to be derived does not matter."""
    stats = await server.report("stats")
    return {name: n for name, n in stats.items() if name != "plots_to_derive"}


async def test_what_another_laptop_signed_cannot_be_sent_again_as_ones_own(pair):
    victim, hostile = pair
    victim.add("plot", {"code": "V"})
    await refused(hostile, "bad_signature", victim.body())


async def test_the_log_of_another_laptop_is_refused(pair):
    victim, hostile = pair
    hostile.log = victim.log
    await refused(hostile, "foreign_log")
    hostile.add("plot", {"code": "H"})
    await refused(hostile, "foreign_log")


@pytest.mark.parametrize("n", [0, 1, 2**62])
async def test_a_log_that_claims_to_come_from_another_laptops_is_refused(pair, n):
    victim, hostile = pair
    hostile.log, hostile.parent = new_id(), (victim.log, n, victim.digest(1))
    hostile.add("plot", {"code": "H"})
    await refused(hostile, "foreign_log")


async def test_a_log_that_comes_from_itself_or_from_nowhere_gets_nowhere(pair):
    _, hostile = pair
    hostile.add("plot", {"code": "H"})
    for parent in (None, UNKNOWN):
        hostile.log = new_id()
        hostile.parent = (parent or hostile.log, 3, bytes(32))
        answer = await asked(hostile)
        assert (answer.hello["need_from"], answer.verdicts) == (1, [])


# What was said before ------------------------------------------------------------


async def test_holes_and_wrong_hashes_are_refused_whole(pair, server):
    _, hostile = pair
    for number in range(4):
        hostile.add("plot", {"code": f"H{number}"})
    whole = hostile.body()
    lines = whole.splitlines()
    await refused(hostile, "log_gap", b"\n".join([*lines[:2], *lines[3:]]))
    await refused(
        hostile, "log_gap", b"\n".join([lines[0], lines[2], lines[1], *lines[3:]])
    )
    await refused(hostile, "bad_chain", whole.replace(b'"H2"', b'"HX"'))
    await refused(hostile, "bad_chain", ended(hostile, hash="0" * 64))
    await refused(hostile, "bad_chain", ended(hostile, n=3))
    assert "H0" not in str(await server.report("stats"))
    assert await judged(hostile) == [("accepted",)] * 4


async def test_claims_about_what_was_acknowledged_are_checked(pair):
    _, hostile = pair
    for number in range(3):
        hostile.add("plot", {"code": f"H{number}"})
    await hostile.sync()
    digest = hostile.digest(3).hex()
    for n in (4, 2**62):
        claim = rewritten(hostile, acked={"n": n, "hash": digest}, head=n)
        status, raw = await hostile.post(claim)
        answer = read_answer(raw)
        assert (status, answer.hello["need_from"], answer.verdicts) == (200, 4, [])
    wrong = {"acked": {"n": 2, "hash": "0" * 64}}
    await refused(hostile, "fork", rewritten(hostile, **wrong))
    await refused(hostile, "fork", rewritten(hostile, head=1))
    await refused(hostile, "fork", rewritten(hostile, head=0))


def rewritten(laptop, **more):
    """Return a body without changes whose hello claims something else."""
    return encode(laptop.hello(**more)) + b"\n" + encode({"k": "end"})


async def test_a_closed_log_that_goes_on_harms_only_itself(pair):
    _, hostile = pair
    hostile.add("plot", {"code": "H0"})
    await hostile.sync()
    hostile.closed = True
    assert (await asked(hostile, head=0)).verdicts == []
    hostile.add("plot", {"code": "H1"})
    assert await judged(hostile) == [("accepted",)]
    hostile.lines[0] = hostile.lines[0].replace(b"H0", b"HX")
    hostile.acked = 0
    await refused(hostile, "fork")


# What was read -------------------------------------------------------------------


async def test_a_cursor_of_the_future_begins_one_epoch_an_hour_at_most(pair, server):
    _, hostile = pair
    epochs = []
    for seq in (10**6, 2**62, 10**6):
        epoch = await server.report("epoch")
        answer = await asked(hostile, cursors={server.project_id: [epoch, seq]})
        assert server.project_id in answer.resets
        epochs.append(await server.report("epoch"))
    assert len(set(epochs)) == 1
    other = await asked(hostile, cursors={UNKNOWN: [epochs[0], 5]})
    assert other.hello["epoch"] == epochs[0]


async def test_a_cursor_of_an_unknown_epoch_gets_every_row_again(pair, server):
    victim, hostile = pair
    answer = await asked(hostile, cursors={server.project_id: [UNKNOWN, 7]})
    assert answer.resets == [server.project_id]
    assert victim.plot in {row["r"] for row in answer.rows}


CLAIMS = {
    "many cursors": {
        "cursors": {
            natural_id(UNKNOWN, "plot", [n]): [UNKNOWN, 1]
            for n in range(limits.PROJECTS + 1)
        }
    },
    "a cursor of 64 bits": {"cursors": {UNKNOWN: [UNKNOWN, 2**63]}},
    "a cursor below 0": {"cursors": {UNKNOWN: [UNKNOWN, -1]}},
    "a cursor of no epoch": {"cursors": {UNKNOWN: 3}},
    "a late verdict of no epoch": {"late": 3},
    "a late verdict of 65 bits": {"late": [UNKNOWN, 2**64]},
    "a head below 0": {"head": -1},
    "all rows": {"want": "all"},
    "a digest that is text": {"digest": "yes"},
    "a parent without a place": {"log": {"id": UNKNOWN, "parent": [UNKNOWN]}},
    "half a hash": {"acked": {"n": 1, "hash": "f" * 63}},
}


@pytest.mark.parametrize("claim", CLAIMS)
async def test_a_claim_beyond_every_bound_is_refused(pair, claim):
    _, hostile = pair
    await refused(hostile, "bad_message", hostile.body(**CLAIMS[claim]))


async def test_large_claims_within_the_bounds_are_answered(pair):
    _, hostile = pair
    many = {new_id(): [UNKNOWN, 2**62] for _ in range(limits.PROJECTS)}
    answer = await asked(
        hostile, cursors=many, late=[UNKNOWN, 2**62], want=2**62, purged=["x"] * 9_999
    )
    assert len(answer.scope) == 1
    answer = await asked(hostile, late=[answer.hello["epoch"], 2**62], want=0)
    assert answer.late == {}


# What belongs to others ----------------------------------------------------------


@pytest.fixture
async def strange(server):
    """Another project that the hostile laptop may not see, with a laptop and a plot."""
    fields = {"code": "SECRET", "title": "Secret"}
    project_id = await server.ask(lambda s: add_project(s, Clock(), fields, {}))
    owner = await server.laptop("owner", [project_id])
    owner.project_id = project_id
    owner.plot = owner.add("plot", PLOT)
    await owner.sync()
    return owner


async def test_a_foreign_project_is_neither_written_nor_read(pair, server, strange):
    _, hostile = pair
    hostile.project_id = strange.project_id
    hostile.add("plot", {"code": "H"})
    hostile.draft("plot", strange.plot, {"area_ha": 9.0}, base=None)
    hostile.draft("plot", strange.plot, {}, op="del")
    hostile.draft("project", strange.project_id, {"title": "Mine"})
    assert await judged(hostile) == [
        *[("quarantined", "scope_foreign")] * 3,
        ("quarantined", "may_not_begin"),
    ]
    read = await asked(hostile, cursors={strange.project_id: [UNKNOWN, 0]})
    assert {row["s"] for row in read.rows} <= {server.project_id}
    async with ClientSession() as session:
        for path in ("buckets", "rows?in=00"):
            url = f"{server.url}/v1/streams/{strange.project_id}/{path}"
            token = {"Authorization": f"Bearer {hostile.token}"}
            async with session.get(url, headers=token) as got:
                assert got.status == 404
                assert (await got.json(content_type=None))["code"] == "not_found"
    rows = {row["r"]: row["f"] for row in (await strange.sync()).rows}
    assert rows.get(strange.plot, PLOT) == PLOT


async def test_a_push_into_a_foreign_project_leaves_its_receipts_alone(
    pair, server, strange
):
    """What nobody may write there is no link of its chain, nor is a link shown."""
    _, hostile = pair
    before = await server.report("project_heads", [strange.project_id])
    hostile.add("plot", {"code": "OWN"})
    hostile.draft("plot", strange.plot, {"area_ha": 9.0}, s=strange.project_id)
    answer = await hostile.sync()
    assert answer.outcomes == ["accepted", "quarantined"]
    assert set(json.loads(answer.end["receipt"]["raw"])["streams"]) == {
        server.project_id
    }
    hostile.draft("plot", strange.plot, {"area_ha": 9.0}, s=strange.project_id)
    answer = await hostile.sync()
    assert json.loads(answer.end["receipt"]["raw"])["streams"] == {}
    assert {row["s"] for row in answer.rows} <= {server.project_id}
    assert await server.report("project_heads", [strange.project_id]) == before
    assert await faults(server) == []


async def test_a_foreign_project_does_not_tell_what_it_has(pair, strange):
    """The same reason, whether the record is there, the fields fit, or neither."""
    _, hostile = pair
    hostile.project_id = strange.project_id
    for record in (strange.plot, new_id()):
        hostile.draft("plot", record, {"area_ha": -1.0})
        hostile.draft("plot", record, {"area_ha": 1.0})
    assert await judged(hostile) == [("quarantined", "scope_foreign")] * 4


async def test_a_stolen_change_id_absorbs_nothing(pair, server):
    victim, hostile = pair
    stolen = json.loads(victim.lines[0])["i"]
    hostile.draft("plot", victim.plot, {"area_ha": 9.0}, i=stolen)
    assert await judged(hostile) == [("quarantined", "change_id_taken")]
    mine = await server.report("quarantine", None)
    assert [row["fields"] for row in mine] == [{"area_ha": 9.0}]


async def test_a_stolen_change_id_gains_nothing_when_it_is_judged_again(pair, server):
    victim, hostile = pair
    stolen = json.loads(victim.lines[0])["i"]
    hostile.draft("plot", victim.plot, {"area_ha": 9.0}, i=stolen)
    assert await judged(hostile) == [("quarantined", "change_id_taken")]
    before = await verdict_on(server, stolen)
    (waits,) = await server.report("quarantine", None)
    give = (server.project_id, [waits["change"]])
    done = await server.ask(lambda store: release(store, Clock(), *give))
    assert (done.tried, done.settled) == (1, 1)
    assert await verdict_on(server, stolen) == before
    assert await verdict_on(server, waits["change"]) == [("conflict", 3, None)]
    assert await faults(server) == []
    assert (await victim.sync()).late == {}


async def faults(server):
    """Return what `permille-server verify` finds."""
    return await server.ask(
        lambda store: store.read(lambda tx: list(find_faults(tx, lambda *_: None)))
    )


async def verdict_on(server, change):
    """Return outcome and number of a change, as they are stored."""
    return await server.ask(
        lambda store: store.read(
            lambda tx: tx.connection.execute(
                "SELECT outcome, seq, why FROM change WHERE change_id = ?", (change,)
            ).fetchall()
        )
    )


async def test_the_id_of_a_quarantined_change_cannot_be_taken_over(pair, server):
    victim, hostile = pair
    bad = {"code": "BAD", "area_ha": -1.0}
    waits = victim.draft("plot", record_id(victim.project_id, "plot", bad), bad)
    assert await judged(victim) == [("quarantined", "out_of_range")]
    hostile.draft("plot", new_id(), {"code": "MINE"}, i=waits)
    assert await judged(hostile) == [("quarantined", "change_id_taken")]
    kept = {row["fields"]["code"] for row in await server.report("quarantine", None)}
    assert kept == {"BAD", "MINE"}
    assert (await victim.sync()).late == {}


async def test_the_same_change_from_a_laptop_that_was_enrolled_anew_is_the_same(pair):
    victim, hostile = pair
    hostile.lines = [victim.lines[0]]
    answer = await hostile.sync()
    assert (answer.outcomes, answer.verdicts[0]["d"]) == (["accepted"], True)


async def test_nobody_closes_what_waits_of_another_laptop(pair, server):
    victim, hostile = pair
    bad = {"code": "BAD", "area_ha": -1.0}
    name = record_id(victim.project_id, "plot", bad)
    waits = victim.draft("plot", name, bad)
    await victim.sync()
    hostile.draft("plot", name, {}, op="del", x=waits)
    hostile.draft("plot", name, {"code": "BAD", "area_ha": 1.0}, x=waits)
    hostile.draft("plot", new_id(), {"area_ha": -2.0}, x=waits)
    stranger = {"s": UNKNOWN, "x": waits}
    hostile.draft("plot", new_id(), {"code": "X"}, **stranger)
    verdicts = await judged(hostile)
    assert [v[0] for v in verdicts] == ["quarantined"] * 4
    assert [v[1] for v in verdicts[:2]] == ["foreign_change"] * 2
    open_ones = [row["fields"] for row in await server.report("quarantine", None)]
    assert bad in open_ones
    victim.draft("plot", name, {"code": "BAD", "area_ha": 1.0}, x=waits)
    assert await judged(victim) == [("accepted",)]
    open_ones = [row["fields"] for row in await server.report("quarantine", None)]
    assert bad not in open_ones


async def contested(pair):
    """Measure the plot on both laptops, unseen; return the conflict's id."""
    victim, hostile = pair
    victim.draft("plot", victim.plot, {"area_ha": 2.5, "note": "x"}, base=victim.base)
    hostile.draft("plot", victim.plot, {"area_ha": 4.0})
    await victim.sync()
    answer = await hostile.sync()
    assert answer.outcomes == ["conflict"]
    return answer.verdicts[0]["cf"][0]


async def test_a_conflict_is_settled_on_its_own_record_only(pair, server, strange):
    victim, hostile = pair
    conflict = await contested(pair)
    other = hostile.add("plot", {"code": "H"})
    for op in ("put", "resolve"):
        hostile.draft("plot", other, {}, op=op, c=[conflict])
        hostile.draft("plot", victim.plot, {}, op=op, c=["no such conflict"])
    strange.draft("plot", victim.plot, {"code": "T"}, c=[conflict])
    strange.draft("plot", strange.plot, {}, op="resolve", c=[conflict])
    verdicts = (await judged(hostile))[1:] + await judged(strange)
    assert verdicts == [("quarantined", "no_such_conflict")] * 6
    assert (await server.report("stats"))["open_conflicts"] == 1
    hostile.draft("plot", victim.plot, {"note": None}, op="resolve", c=[conflict])
    assert (await judged(hostile))[0][0] in {"accepted", "merged"}


async def test_no_conflict_no_decision(pair):
    victim, hostile = pair
    hostile.draft("plot", victim.plot, {}, op="resolve", base=victim.base)
    hostile.draft("plot", victim.plot, {"area_ha": 9.0}, op="resolve")
    assert await judged(hostile) == [("quarantined", "no_such_conflict")] * 2


async def test_bringing_back_what_lives_or_never_lived_changes_nothing(pair):
    victim, hostile = pair
    hostile.draft("plot", victim.plot, {}, op="undel")
    hostile.draft("plot", new_id(), {}, op="undel")
    verdicts = await judged(hostile)
    assert verdicts == [("merged", "not_deleted"), ("quarantined", "required")]


# Groups --------------------------------------------------------------------------


async def test_one_bad_change_keeps_a_group_of_500_back_and_nothing_else(pair, server):
    _, hostile = pair
    group = new_id()
    for number in range(limits.BATCH_CHANGES - 1):
        hostile.add("plot", {"code": f"G{number}"}, g=group)
    hostile.add("plot", {"code": "BAD", "area_ha": -1}, g=group)
    verdicts = await judged(hostile)
    assert verdicts[:-1] == [("quarantined", "group_broken")] * 499
    assert verdicts[-1] == ("quarantined", "out_of_range")
    assert (await server.report("stats"))["records"]["plot"] == 1


async def test_250_groups_in_one_push_are_judged(pair):
    _, hostile = pair
    for number in range(250):
        group = new_id()
        hostile.add("plot", {"code": f"A{number}"}, g=group)
        hostile.add(
            "plot", {"code": f"B{number}", "area_ha": number % 2 - 0.5}, g=group
        )
    verdicts = await judged(hostile)
    assert [v[0] for v in verdicts] == (["quarantined"] * 2 + ["accepted"] * 2) * 125


@pytest.mark.parametrize("first", [-1, 1])
async def test_a_group_that_is_split_over_two_pushes_is_not_judged_in_halves(
    pair, server, first
):
    """What comes after the cut waits for a person; nothing is lost, no log is broken."""
    _, hostile = pair
    group = new_id()
    for number in range(4):
        area = first if number == 0 else 1
        hostile.add("plot", {"code": f"G{number}", "area_ha": area}, g=group)
    hostile.add("plot", {"code": "AFTER IT"})
    fell = [("quarantined", "out_of_range"), ("quarantined", "group_broken")]
    assert await judged(hostile, 2) == (fell if first < 0 else [("accepted",)] * 2)
    split = ("quarantined", "group_split")
    assert await judged(hostile, 1) == [split], "also where it is cut again"
    assert await judged(hostile) == [split, ("accepted",)]
    done = await server.ask(lambda store: rejudge(store, Clock(), None))
    settled = 0 if first < 0 else 2
    assert (done.tried, done.settled) == (4 if first < 0 else 2, settled)
    assert await faults(server) == []
