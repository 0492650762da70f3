"""What webhooks are told: found in what is kept, once, without persons and places."""

import json

import pytest

from server.clock import Clock
from server.errors import NotFoundError, RefusedError, UsageError
from server.webhooks.events import EventKind, look_for_all
from server.webhooks.hosts import allow_host, allowed_hosts, read_host, read_url
from server.webhooks.registry import NewWebhook, add_webhook, remove_webhook
from tests.integration.test_boards import DENSITY, planned_points
from tests.integration.test_boards import SOC as RESULT
from tests.integration.test_derivation import SOC, record_campaign
from tests.integration.test_lab_quality import CRM, WHY
from tests.integration.test_portfolio import synced

pytestmark = pytest.mark.slow
URL = "https://hooks.example.org/soil"


async def add(server, *kinds, url=URL):
    async def job(store):
        await store.write(lambda tx: allow_host(tx, "hooks.example.org"))
        asked = NewWebhook(server.project_id, url, kinds or tuple(EventKind))
        return await add_webhook(store, Clock(), asked)

    return await server.ask(job)


async def looked(server):
    """Look for what is new; return what webhooks are told since the start."""
    await server.derived()
    await server.ask(lambda store: look_for_all(store, Clock()))
    found = await server.report("deliveries", None, None, 100)
    return [json.loads(one.body) for one in reversed(found)]


def kinds(told):
    return [one["event"] for one in told]


async def two_values(server, north, south):
    """Record a conflict of two laptops about one plot; return its record."""
    plot = north.add("plot", {"code": "P1", "area_ha": 1.0})
    await synced(server, north)
    base = await server.seen(plot)
    await south.sync()
    north.draft("plot", plot, {"area_ha": 2.0}, base=base)
    south.draft("plot", plot, {"area_ha": 3.0}, base=base)
    await north.sync()
    assert (await south.sync()).outcomes[-1:] == ["conflict"]
    return plot


async def test_a_conflict_is_told_once(server):
    north, south = await server.laptop("north"), await server.laptop("south")
    await add(server, EventKind.CONFLICT_OPENED)
    assert await looked(server) == []
    plot = await two_values(server, north, south)
    (one,) = await looked(server)
    assert (one["event"], one["count"]) == ("conflict-opened", 1)
    (item,) = one["items"]
    assert (item["record"], item["type"]) == (plot, "plot")
    north.draft("plot", plot, {"note": "by the river"}, base=await server.seen(plot))
    await synced(server, north)
    assert len(await looked(server)) == 1


async def test_what_was_there_before_is_not_told(server):
    north, south = await server.laptop("north"), await server.laptop("south")
    await two_values(server, north, south)
    await server.derived()
    await add(server)
    assert await looked(server) == []


async def test_figures_that_were_derived_are_told_by_plot(server):
    north = await server.laptop("north")
    await add(server, EventKind.STOCKS_UPDATED)
    plot = north.add("plot", {"code": "P1"})
    for number, values in SOC.items():
        record_campaign(north, plot, number, values)
    await synced(server, north)
    (one,) = await looked(server)
    assert (one["event"], one["items"]) == (
        "stocks-updated",
        [{"plot": plot, "code": "P1"}],
    )
    assert len(await looked(server)) == 1


async def test_a_batch_that_fails_is_told_and_told_again_when_it_fails_anew(server):
    north = await server.laptop("north")
    await add(server, EventKind.LAB_BATCH_FAILED)
    north.add("lab_control", CRM)
    await synced(server, north)
    (one,) = await looked(server)
    assert one["items"] == [{"batch": "B7", "analyte": "soc"}]
    of_batch = {key: CRM[key] for key in ("lab", "lab_batch", "analyte")}
    said = of_batch | WHY | {"decision": "accepted", "decided_by": "Ada"}
    decision = north.add("lab_batch", said)
    await synced(server, north)
    assert len(await looked(server)) == 1
    base = await server.seen(decision)
    north.draft("lab_batch", decision, {}, op="del", base=base)
    await synced(server, north)
    assert kinds(await looked(server)) == ["lab-batch-failed"] * 2


async def test_a_campaign_is_complete_when_nothing_more_is_to_come_of_its_points(
    server,
):
    north = await server.laptop("north")
    await add(server, EventKind.CAMPAIGN_COMPLETE)
    _, points, campaign = await planned_points(server, north)
    hole = {"point_id": points[0], "campaign_id": campaign, "number": 1}
    core = north.add("core", hole | {"sampled_at": "2026-05-04T12:00:00Z"})
    layer = {"core_id": core, "depth_top_cm": 0.0, "depth_bottom_cm": 30.0}
    bag = north.add("sample", layer | DENSITY | {"sample_code": "HF-1"})
    north.add("result", RESULT | {"sample_id": bag})
    await synced(server, north)
    assert await looked(server) == []
    skip = {"point_id": points[1], "campaign_id": campaign, "because": "wet"}
    north.add("skip", skip)
    await synced(server, north)
    (one,) = await looked(server)
    assert one["event"] == "campaign-complete"
    assert one["items"] == [{"campaign": campaign, "points": 2}]
    assert len(await looked(server)) == 1


async def test_bodies_have_no_person_and_no_place(server):
    north, south = await server.laptop("north"), await server.laptop("south")
    await add(server)
    plot = await two_values(server, north, south)
    for number, values in SOC.items():
        record_campaign(north, plot, number, values)
    north.add("lab_control", CRM | {"note": "Amandine saw it"})
    await synced(server, north)
    told = await looked(server)
    assert {*kinds(told)} >= {"conflict-opened", "stocks-updated", "lab-batch-failed"}
    allowed = {"id", "event", "at", "project", "count", "items", "code"}
    allowed |= {"record", "type", "batch", "analyte", "plot", "campaign", "points"}
    for one in told:
        assert {*one, *one["project"], *(k for i in one["items"] for k in i)} <= allowed


async def test_two_that_look_at_once_keep_each_event_once(server):
    north, south = await server.laptop("north"), await server.laptop("south")
    hook = await add(server, EventKind.CONFLICT_OPENED)
    await two_values(server, north, south)
    assert len(await looked(server)) == 1
    # One that read the webhook before comes to nothing.
    late = await server.ask(
        lambda store: store.write(lambda tx: tx.note_events(hook, "{}", []))
    )
    assert late is False
    assert len(await looked(server)) == 1


async def test_only_hosts_on_the_list_and_addresses_by_https_are_added(server):
    with pytest.raises(RefusedError, match="not on the list"):
        await server.ask(
            lambda store: add_webhook(
                store, Clock(), NewWebhook(server.project_id, URL, (*EventKind,))
            )
        )
    hook = await add(server)
    with pytest.raises(RefusedError, match="already"):
        await add(server)
    await server.ask(lambda store: remove_webhook(store, Clock(), "hooks.example.org"))
    with pytest.raises(NotFoundError):
        await server.ask(lambda store: remove_webhook(store, Clock(), hook.id))
    assert await server.report("setting", "webhook_hosts") == '["hooks.example.org"]'
    assert await server.ask(lambda store: store.read(allowed_hosts)) == [
        "hooks.example.org"
    ]


@pytest.mark.parametrize(
    "said",
    [
        *("http://hooks.example.org/", "ftp://hooks.example.org/", "hooks.example.org"),
        *("https://a:b@hooks.example.org/", "https://hooks.example.org/#x", "https://"),
        *("https://[::1", "https://hooks.example.org:99999/", "", "https:///x", "\x1b"),
        "https://hooks.example.org/" + "x" * 4_000,
    ],
)
def test_what_is_no_address_is_refused(said):
    with pytest.raises(UsageError):
        read_url(said)


@pytest.mark.parametrize("said", ["", "a b", "a/b", "https://a.example", "a:80", "."])
def test_what_is_no_host_is_refused(said):
    with pytest.raises(UsageError):
        read_host(said)
