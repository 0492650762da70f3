"""New tokens for devices, in any store."""

from server.store.values import Device
from tests.contract.values import at, new_id


async def add(store, name, token_hash):
    device = Device(new_id(), name, at(1), None, None, public_key="k")
    await store.write(lambda tx: tx.add_device(device, token_hash))
    return device.id


async def test_a_device_is_found_by_the_last_code_that_was_asked_for(store):
    one, two = await add(store, "one", "h1"), await add(store, "two", "h2")
    await store.write(lambda tx: tx.ask_renewal(one, "A", at(2)))
    await store.write(lambda tx: tx.ask_renewal(two, "B", at(2)))
    await store.write(lambda tx: tx.ask_renewal(one, "C", at(3)))
    found = await store.read(
        lambda tx: [tx.device_to_renew(code) for code in ("A", "B", "C", "")]
    )
    assert found == [None, two, one, None]
    assert (await store.read(lambda tx: tx.device(one))).renew_code == "C"


async def test_the_first_token_that_is_used_counts_alone(store):
    one, two = await add(store, "one", "old"), await add(store, "two", "other")
    await store.write(lambda tx: tx.ask_renewal(one, "A", at(2)))
    for number in range(3):
        await store.write(
            lambda tx, n=number: tx.add_next_token(one, f"new{n}", at(3 + n))
        )
    await store.write(lambda tx: tx.add_next_token(two, "else", at(3)))
    assert await store.read(lambda tx: tx.has_next_token("new1"))
    assert (await store.read(lambda tx: tx.device_by_token("old"))).id == one
    assert await store.read(lambda tx: tx.device_by_token("new1")) is None
    await store.write(lambda tx: tx.take_next_token("new1"))
    # A repeat is harmless, and so is a token that nobody was given.
    for token in ("new1", "nothing"):
        await store.write(lambda tx, t=token: tx.take_next_token(t))
    found = await store.read(lambda tx: tx.device_by_token("new1"))
    assert (found.id, found.renew_code) == (one, None)
    for token in ("old", "new0", "new2"):
        assert await store.read(lambda tx, t=token: tx.device_by_token(t)) is None
        assert not await store.read(lambda tx, t=token: tx.has_next_token(t))
    assert await store.read(lambda tx: tx.device_to_renew("A")) is None
    assert await store.read(lambda tx: tx.has_next_token("else"))
    assert (await store.read(lambda tx: tx.device_by_token("other"))).id == two
