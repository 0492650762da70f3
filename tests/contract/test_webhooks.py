"""Webhooks, what they are told, and what came of it, in any store."""

from server.store.webhook_values import Delivery, DeliveryStatus, Webhook
from tests.contract.values import at, new_id

WAITING, DELIVERED = DeliveryStatus.WAITING, DeliveryStatus.DELIVERED


async def add(store, second=1):
    hook = Webhook(new_id(), "p", "https://a/", "s", ("x", "y"), at(second), "{}")
    await store.write(lambda tx: tx.add_webhook(hook))
    return hook


def delivery(hook, second=1, status=WAITING):
    return Delivery(*(new_id(), hook.id, "x", "{}", at(second), status, 0, at(second)))


async def listed(store, hook=None, status=None, most=100):
    place = hook and hook.id
    return await store.read(lambda tx: tx.deliveries(place, status, most))


async def test_what_was_found_is_kept_once_with_how_far_was_looked(store):
    hook = await add(store)
    assert await store.read(lambda tx: tx.webhooks()) == [hook]
    one = delivery(hook)
    assert await store.write(lambda tx: tx.note_events(hook, "[1]", [one]))
    # Another one that looked from the same place comes too late.
    other = delivery(hook)
    assert not await store.write(lambda tx: tx.note_events(hook, "[2]", [other]))
    assert [each.seen for each in await store.read(lambda tx: tx.webhooks())] == ["[1]"]
    assert await listed(store) == [one]


async def test_the_oldest_that_is_due_of_each_webhook_is_taken_for_a_while(store):
    first, second = await add(store), await add(store, 2)
    old, new, later = delivery(first), delivery(first, 2), delivery(second, 5)
    for one in (old, new, later):
        await store.write(lambda tx, o=one: tx.add_delivery(o))
    assert await store.read(lambda tx: tx.next_delivery_at()) == at(1)

    async def claim(now, until, most=9):
        found = await store.write(
            lambda tx: tx.claim_deliveries(at(now), at(until), most)
        )
        return {one.event_id: one.attempts for one in found}

    assert await claim(3, 8) == {old.event_id: 1}
    assert await claim(3, 8) == {new.event_id: 1}
    assert await claim(3, 8) == {}
    assert await claim(9, 20, most=1) == {later.event_id: 1}
    assert await claim(9, 20) == {old.event_id: 2}
    assert await claim(9, 20) == {new.event_id: 2}
    assert await store.read(lambda tx: tx.next_delivery_at()) == at(20)


async def test_what_came_of_a_delivery_is_noted_while_it_waits(store):
    hook = await add(store)
    one = delivery(hook)
    await store.write(lambda tx: tx.add_delivery(one))
    again = one._replace(attempts=1, next_at=at(9), tried_at=at(3), error="refused")
    await store.write(lambda tx: tx.note_delivery(again))
    assert await listed(store) == [again]
    done = again._replace(status=DELIVERED, attempts=2, error=None)
    await store.write(lambda tx: tx.note_delivery(done))
    await store.write(lambda tx: tx.note_delivery(again))
    assert await listed(store) == [done]
    assert await store.read(lambda tx: tx.next_delivery_at()) is None


async def test_a_removed_webhook_is_told_nothing_more(store):
    hook, other = await add(store), await add(store, 2)
    for one in (delivery(hook), delivery(other)):
        await store.write(lambda tx, o=one: tx.add_delivery(o))
    await store.write(lambda tx: tx.remove_webhook(hook.id, at(3)))
    assert await store.read(lambda tx: tx.webhooks()) == [other]
    assert not await store.write(lambda tx: tx.note_events(hook, "[]", []))
    assert await store.read(lambda tx: tx.count_deliveries()) == {
        hook.id: {"given up": 1},
        other.id: {"waiting": 1},
    }
    assert [one.webhook_id for one in await listed(store, status="given up")] == [
        hook.id
    ]
    assert [one.webhook_id for one in await listed(store, other)] == [other.id]
    assert len(await listed(store, most=1)) == 1


async def test_finished_deliveries_are_forgotten_by_age_and_number(store):
    hook, other = await add(store), await add(store, 2)
    waiting = delivery(hook)
    done = [delivery(hook, second, DELIVERED) for second in (1, 2, 3, 4)]
    alone = delivery(other, 1, DELIVERED)
    for one in (waiting, *done, alone):
        await store.write(lambda tx, o=one: tx.add_delivery(o))
    assert await store.write(lambda tx: tx.forget_deliveries("", 3)) == 1
    assert await listed(store) == [alone, *done[:0:-1], waiting]
    assert await store.write(lambda tx: tx.forget_deliveries(at(4), 3)) == 3
    assert await listed(store) == [done[-1], waiting]
