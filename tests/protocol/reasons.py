"""Every reason of docs/protocol.md for which a change waits, brought about once.

A case takes a `Pair` and returns the verdict.
"""

from schemas import limits
from server.access.devices import withdraw
from server.clock import Clock
from server.custody.own_log import add_project
from server.custody.review import discard
from tests.laptop import new_id
from tests.protocol.pair import UNKNOWN

#: Cases by the code of the page.
REASONS = {}


def reason(code):
    def save(case):
        REASONS[code] = case
        return case

    return save


async def _verdict(client, place=-1):
    """Push; return the verdict of a change."""
    return (await client.sync())[0].verdicts[place]


def _plain(code):
    """Return a case of a change that alone has this reason."""

    def save(more, record_type="plot"):
        @reason(code)
        async def _(pair):
            line = {"f": {"code": "P9"}} | more
            pair.me.draft(pair.project_id, record_type, new_id(), {}, **line)
            return await _verdict(pair.me)

    return save


_plain("derived_type")({"t": "stock"})
_plain("unknown_type")({"t": "submission"})
_plain("unknown_op")({"o": "erase"})
_plain("unknown_schema")({"v": 99})
_plain("scope_foreign")({"s": UNKNOWN})
_plain("not_this_project")({"f": {"code": "X", "title": "X"}}, "project")
_plain("no_such_conflict")({"o": "resolve"})
_plain("no_such_record")({"o": "del", "f": {}})


@reason("may_not_begin")
async def _(pair):
    begun = new_id()
    pair.me.draft(begun, "project", begun, {"code": "MINE", "title": "Mine"})
    pair.me.draft(begun, "plot", new_id(), {"code": "A"})
    (answer,) = await pair.me.sync()
    assert answer.outcomes == ["quarantined", "held"], "what is in it follows"
    return answer.verdicts[0]


@reason("code_in_use")
async def _(pair):
    await pair.write(
        "INSERT INTO meta SELECT 'may_begin:' || device_id, 'yes' FROM device"
    )
    begun = new_id()
    pair.me.draft(begun, "project", begun, {"code": "hf", "title": "Mine"})
    return await _verdict(pair.me)


@reason("unreadable_change")
async def _(pair):
    record = new_id()
    strange = (
        {"t": 7},
        {"h": 0},
        {"i": "x"},
        {"h": 2**63},
        {"f": []},
        {"g": "x"},
        {"b": [1, 2]},
    )
    for more in ({"c": []}, {"y": "a\nb"}, {"u": "x" * 201}, *strange):
        pair.me.draft(pair.project_id, "plot", record, {"code": "P"}, **more)
    twice = pair.me.draft(pair.project_id, "plot", record, {"code": "P"})
    line = pair.me.log.lines[-1].replace(b'"o":"put"', b'"o":"put","o":"put"')
    pair.me.log.lines[-1] = line
    (answer,) = await pair.me.sync()
    assert len(answer.verdicts) == twice
    assert {v["r"] for v in answer.verdicts} == {"quarantined"}
    assert {v["why"][0]["code"] for v in answer.verdicts} == {"unreadable_change"}
    return answer.verdicts[-1]


@reason("change_id_taken")
async def _(pair):
    await pair.plot()
    taken = pair.me.change_id(1)
    pair.other.draft(pair.project_id, "plot", new_id(), {"code": "X"}, i=taken)
    return await _verdict(pair.other)


@reason("base_beyond_head")
async def _(pair):
    plot = await pair.plot()
    epoch, seq = pair.me.base(plot)
    pair.me.edit(plot, {"area_ha": 1.0}, b=[epoch, seq + 99])
    return await _verdict(pair.me)


@reason("group_split")
async def _(pair):
    group = new_id()
    for code in ("A", "B"):
        pair.me.create(pair.project_id, "plot", {"code": code}, g=group)
    answers = await pair.me.sync(most=1)
    assert answers[0].outcomes == ["accepted"]
    return answers[1].verdicts[0]


@reason("scope_revoked")
async def _(pair):
    me = pair.me.device
    project = (await pair.server.report("projects"))[0]["code"]
    await pair.server.ask(lambda s: add_project(s, Clock(), OTHER_PROJECT, {}))
    await pair.server.ask(lambda s: withdraw(s, Clock(), me, project))
    pair.me.create(pair.project_id, "plot", {"code": "P9"})
    found = await _verdict(pair.me)
    assert pair.me.rows == {}
    return found


OTHER_PROJECT = {"code": "OTHER", "title": "Another"}


@reason("purged_id")
async def _(pair):
    plot = await pair.plot()
    pair.me.delete(plot)
    await pair.me.sync()
    later = "2099-01-01T00:00:00.000Z"
    await pair.server.ask(
        lambda store: store.write(lambda tx: tx.purge(later, Clock().stamp()))
    )
    fresh = await pair.client()
    (answer,) = await fresh.sync()
    named = [{"k": "purged", "s": pair.project_id, "r": [plot]}]
    assert answer.of("purged") == named
    pair.other.create(pair.project_id, "plot", {"code": "P1"}, b=None)
    (answer,) = await pair.other.sync()
    assert answer.of("purged") == named
    assert plot not in pair.other.rows
    return answer.verdicts[0]


@reason("wrong_type")
async def _(pair):
    plot = await pair.plot()
    pair.me.draft(pair.project_id, "campaign", plot, {"name": "2026"})
    return await _verdict(pair.me)


@reason("foreign_change")
async def _(pair):
    record = pair.me.create(pair.project_id, "plot", {"code": "BAD", "area_ha": -1})
    assert (await _verdict(pair.me))["why"][0]["code"] == "out_of_range"
    pair.other.draft(
        pair.project_id, "plot", record, {"code": "BAD"}, x=pair.me.change_id(1)
    )
    return await _verdict(pair.other)


@reason("has_children")
async def _(pair):
    plot = await pair.plot()
    pair.me.create(pair.project_id, "point", {"plot_id": plot, "code": "1"})
    pair.me.delete(plot)
    return await _verdict(pair.me)


@reason("parent_deleted")
async def _(pair):
    plot = await pair.plot()
    pair.me.delete(plot)
    await pair.me.sync()
    pair.me.create(pair.project_id, "point", {"plot_id": plot, "code": "1"})
    return await _verdict(pair.me)


@reason("wrong_parent")
async def _(pair):
    pair.me.create(pair.project_id, "point", {"plot_id": pair.project_id, "code": "1"})
    return await _verdict(pair.me)


@reason("key_taken")
async def _(pair):
    await pair.plot()
    pair.me.draft(pair.project_id, "plot", new_id(), {"code": "P1"})
    return await _verdict(pair.me)


@reason("waits_for")
async def _(pair):
    pair.me.create(pair.project_id, "point", {"plot_id": UNKNOWN, "code": "1"})
    found = await _verdict(pair.me)
    assert found["why"][0]["value"] == UNKNOWN
    return found


@reason("parent_discarded")
async def _(pair):
    plot = pair.me.create(pair.project_id, "plot", {"code": "BAD", "area_ha": -1})
    pair.me.create(pair.project_id, "point", {"plot_id": plot, "code": "1"})
    pair.me.draft(
        pair.project_id, "plot", plot, {}, o="del", b=None, x=pair.me.change_id(1)
    )
    (answer,) = await pair.me.sync()
    assert answer.outcomes == ["quarantined", "quarantined", "accepted"]
    assert "q" not in answer.verdicts[2]
    return answer.verdicts[1]


@reason("too_many_conflicts")
async def _(pair):
    pair.monkeypatch.setattr(limits, "RECORD_CONFLICTS", 1)
    plot = await pair.plot(area_ha=1.0)
    for _ in range(2):
        pair.other.draft(pair.project_id, "plot", plot, {}, o="del", b=None)
    return await _verdict(pair.other)


@reason("too_many_held")
async def _(pair):
    pair.monkeypatch.setattr(limits, "HELD_CHANGES", 2)
    for code in ("1", "2", "3"):
        pair.me.create(pair.project_id, "point", {"plot_id": UNKNOWN, "code": code})
    return await _verdict(pair.me)


@reason("group_broken")
async def _(pair):
    group = new_id()
    pair.me.create(pair.project_id, "plot", {"code": "A"}, g=group)
    pair.me.create(pair.project_id, "plot", {"code": "B", "area_ha": -1}, g=group)
    found = await _verdict(pair.me, 0)
    assert found["why"][0]["detail"] == pair.me.change_id(2)
    return found


@reason("discarded")
async def _(pair):
    pair.me.create(pair.project_id, "plot", {"code": "BAD", "area_ha": -1})
    await pair.me.sync()
    given_up = [pair.me.change_id(1)]
    await pair.server.ask(
        lambda store: discard(store, Clock(), pair.project_id, given_up, "typed twice")
    )
    (answer,) = await pair.me.sync()
    (late,) = answer.late
    assert (late["i"], late["why"][0]["detail"]) == (given_up[0], "typed twice")
    return late


@reason("not_deleted")
async def _(pair):
    plot = await pair.plot()
    pair.me.restore(plot, {})
    return await _verdict(pair.me)
