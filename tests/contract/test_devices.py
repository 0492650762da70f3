"""Enrolment, access and accounts of devices in any store."""

import asyncio
from dataclasses import replace

import pytest

from schemas.messages import Outcome
from schemas.signing import public_key
from server.intake.receipts import OWN_DEVICE, SIGNING_KEY
from server.store.values import (
    CustodyCount,
    DeviceAccount,
    EnrolmentCode,
    LineQuery,
    ReadToken,
)
from tests.contract.values import (
    Batch,
    Laptop,
    at,
    begin,
    line_of,
    new_id,
    nothing,
    plot,
    point,
    saved,
)

CODE = EnrolmentCode("hash", "north", ("one", "two"), at(10))


async def device(store, name):
    """Return a device of the list, its projects in one order."""
    found = await store.read(lambda tx: tx.devices())
    (one,) = (each for each in found if each.id == name)
    return replace(
        one,
        projects=tuple(sorted(one.projects)),
        withdrawn=tuple(sorted(one.withdrawn)),
    )


async def test_a_token_that_reads_is_taken_until_it_expires_or_is_revoked(store):
    token = ReadToken("t", "qgis", at(1), ("one", "two"), at(9))
    endless = ReadToken("u", "excel", at(2), ("one",))
    await store.write(lambda tx: tx.add_read_token(token, "hash"))
    await store.write(lambda tx: tx.add_read_token(endless, "other"))
    assert await store.read(lambda tx: tx.read_token("hash", at(8))) == token
    assert await store.read(lambda tx: tx.read_token("hash", at(9))) is None
    assert await store.read(lambda tx: tx.read_token("none", at(8))) is None
    assert await store.read(lambda tx: tx.read_tokens()) == [token, endless]
    await store.write(lambda tx: tx.end_read_token("t", at(8)))
    assert await store.read(lambda tx: tx.read_token("hash", at(8))) is None
    for moment in (at(3), at(4)):
        await store.write(lambda tx, now=moment: tx.revoke_read_token("u", now))
    assert await store.read(lambda tx: tx.read_token("other", at(8))) is None
    assert (await store.read(lambda tx: tx.read_tokens()))[1] == replace(
        endless, revoked_at=at(3)
    )


async def test_a_token_that_reads_is_no_device(store):
    token = ReadToken("t", "qgis", at(1), ("one",))
    await store.write(lambda tx: tx.add_read_token(token, "hash"))
    assert await store.read(lambda tx: tx.device_by_token("hash")) is None


async def test_a_code_is_used_once(store):
    await store.write(lambda tx: tx.add_code(CODE))
    assert await store.write(lambda tx: tx.use_code("hash", at(9), "a")) == CODE
    assert await store.write(lambda tx: tx.use_code("hash", at(9), "a")) is None
    assert await store.write(lambda tx: tx.use_code("hash", at(9), "b")) is None


async def test_of_those_who_use_a_code_at_once_one_gets_it(store, opened):
    await store.write(lambda tx: tx.add_code(CODE))
    other = opened()
    try:
        found = await asyncio.gather(
            *(
                one.write(lambda tx: tx.use_code("hash", at(9), "a"))
                for _ in range(4)
                for one in (store, other)
            )
        )
    finally:
        other.close()
    assert [code for code in found if code] == [CODE]


async def test_a_code_that_is_unknown_or_expired_is_none(store):
    await store.write(lambda tx: tx.add_code(CODE))
    assert await store.write(lambda tx: tx.use_code("other", at(9), "a")) is None
    assert await store.write(lambda tx: tx.use_code("hash", at(10), "a")) is None
    assert await store.write(lambda tx: tx.use_code("hash", at(11), "a")) is None
    assert await store.write(lambda tx: tx.use_code("hash", at(9), "a")) == CODE


async def test_a_code_that_a_failed_job_used_is_still_good(store):
    await store.write(lambda tx: tx.add_code(CODE))

    def job(tx):
        assert tx.use_code("hash", at(9), "a") == CODE
        raise LookupError("planted")

    with pytest.raises(LookupError, match="planted"):
        await store.write(job)
    assert await store.write(lambda tx: tx.use_code("hash", at(9), "b")) == CODE


async def test_a_new_store_has_the_device_of_the_server_alone(store):
    (own,) = await store.read(lambda tx: tx.devices())
    key = await store.read(lambda tx: tx.setting(SIGNING_KEY))
    assert own.is_server
    assert own.id == await store.read(lambda tx: tx.setting(OWN_DEVICE))
    assert own.public_key == public_key(bytes.fromhex(key))
    assert (await store.read(lambda tx: tx.log_head(own.id))).device_id == own.id


async def test_devices_come_oldest_first_as_they_were_added(store):
    projects = (new_id(), new_id())
    laptops = {second: Laptop(f"laptop {second}") for second in (30, 10, 20)}
    for second, laptop in laptops.items():
        await store.write(
            lambda tx, own=laptop, s=second: own.enrol(tx, *projects, created=s)
        )
    found = await store.read(lambda tx: tx.devices())
    assert [d.name for d in found if not d.is_server] == [
        "laptop 10",
        "laptop 20",
        "laptop 30",
    ]
    one = await device(store, laptops[10].id)
    assert one == laptops[10].device(*sorted(projects), created=10)


async def test_the_server_sees_every_project_and_a_laptop_its_own(store):
    laptop, one, _ = await begin(store, "P1")
    other, two = await begin(store, name="other")
    (own,) = (d for d in await store.read(lambda tx: tx.devices()) if d.is_server)
    assert set(own.projects) == {one.id, two.id}
    assert (await device(store, laptop.id)).projects == (one.id,)
    assert (await device(store, other.id)).projects == (two.id,)


async def test_who_brings_a_project_that_it_was_given_has_it_once(store):
    laptop = Laptop()
    _, project = await begin(store)
    await store.write(lambda tx: laptop.enrol(tx, project.id))
    name = new_id()
    await store.write(lambda tx: tx.set_access(laptop.id, name, None))
    await store.write(lambda tx: tx.save(nothing(laptop, new_projects=[name])))
    assert (await device(store, laptop.id)).projects == tuple(
        sorted([project.id, name])
    )


async def test_who_may_begin_projects_is_kept_and_what_they_began_is_counted(store):
    laptop, _ = await begin(store)
    assert not (await device(store, laptop.id)).may_begin
    for _ in range(2):
        await store.write(lambda tx: tx.allow_to_begin(laptop.id, allowed=True))
        await store.write(lambda tx: tx.count_begun(laptop.id, 2))
    found = await device(store, laptop.id)
    assert (found.may_begin, found.begun) == (True, 4)
    for _ in range(2):
        await store.write(lambda tx: tx.allow_to_begin(laptop.id, allowed=False))
    found = await device(store, laptop.id)
    assert (found.may_begin, found.begun) == (False, 4)


async def test_a_code_says_once_that_its_laptop_may_begin_projects(store):
    code = replace(CODE, may_begin=True)
    await store.write(lambda tx: tx.add_code(code))
    assert await store.write(lambda tx: tx.use_code("hash", at(9), "a")) == code
    await store.write(lambda tx: tx.add_code(replace(CODE, hash="other")))
    assert not (
        await store.write(lambda tx: tx.use_code("other", at(9), "b"))
    ).may_begin


async def test_a_token_is_that_of_its_device_until_it_is_revoked(store):
    laptop, project, _ = await begin(store, "P1")
    token = f"token {laptop.id}"
    found = await store.read(lambda tx: tx.device_by_token(token))
    assert found == await device(store, laptop.id)
    assert found.projects == (project.id,)
    assert await store.read(lambda tx: tx.device_by_token("other")) is None
    assert await store.read(lambda tx: tx.device(found.id)) == found
    await store.write(lambda tx: tx.update_device(laptop.id, revoked_at=at(7)))
    assert await store.read(lambda tx: tx.device_by_token(token)) is None
    assert (await device(store, laptop.id)).revoked_at == at(7)


async def test_what_is_not_said_of_a_device_stays_and_the_first_revocation_counts(
    store,
):
    laptop, _ = await begin(store)
    other, _ = await begin(store, name="other")
    untouched = await device(store, other.id)
    for said in (
        {"last_seen_at": at(1)},
        {"skew_s": 2.5},
        {"revoked_at": at(3)},
        {"revoked_at": at(4), "last_seen_at": at(4)},
        {},
        {"skew_s": 0.0},
    ):
        await store.write(lambda tx, s=said: tx.update_device(laptop.id, **s))
    found = await device(store, laptop.id)
    assert (found.last_seen_at, found.skew_s, found.revoked_at) == (at(4), 0.0, at(3))
    assert await device(store, other.id) == untouched
    await store.write(lambda tx: tx.update_device(new_id(), skew_s=1.0))


async def test_access_is_granted_and_withdrawn_and_a_repeat_is_harmless(store):
    laptop, project = await begin(store)
    other, elsewhere = await begin(store, name="other")

    async def access(withdrawn_at):
        await store.write(
            lambda tx: tx.set_access(laptop.id, elsewhere.id, withdrawn_at)
        )
        found = await device(store, laptop.id)
        return set(found.projects), set(found.withdrawn)

    both = {project.id, elsewhere.id}
    for _ in range(2):
        assert await access(None) == (both, set())
    for second in (5, 6):
        assert await access(at(second)) == ({project.id}, {elsewhere.id})
    assert await access(None) == (both, set())
    assert (await device(store, other.id)).projects == (elsewhere.id,)


async def test_access_that_was_never_granted_can_be_withdrawn(store):
    laptop, project = await begin(store)
    name = new_id()
    await store.write(lambda tx: tx.set_access(laptop.id, name, at(5)))
    found = await device(store, laptop.id)
    assert (found.projects, found.withdrawn) == ((project.id,), (name,))


async def test_a_device_that_sent_nothing_has_an_empty_account(store):
    assert await store.read(lambda tx: tx.account(new_id())) == DeviceAccount(
        {}, [], {}, []
    )


async def test_an_account_counts_what_became_of_what_a_device_sent(store):
    laptop, project, one, _ = await begin(store, "P1", "P2")
    await begin(store, "P1", name="other")
    parent = new_id()
    batch = Batch(project, laptop)
    gone, released, *_ = (batch.refuse("plot", plot(f"R{n}")) for n in range(4))
    batch.hold("point", point(parent), parent)
    settled = batch.contest(one, "code", {"code": "P8"})
    batch.contest(one, "code", {"code": "P9"})
    await saved(store, batch)
    batch = Batch(project, laptop)
    batch.close(gone, "discarded", "not ours")
    batch.release(released)
    batch.settle(settled, {"code": "P8"})
    more = new_id()
    await saved(store, batch)
    await store.write(lambda tx: tx.save_log(more, laptop.id))
    found = await store.read(lambda tx: tx.account(laptop.id))
    assert found.verdicts == {
        Outcome.ACCEPTED: 4,
        Outcome.QUARANTINED: 3,
        Outcome.HELD: 1,
        Outcome.CONFLICT: 2,
    }
    assert found.custody == [
        CustodyCount("discarded", "out_of_range", 1),
        CustodyCount("held", "waits_for", 1),
        CustodyCount("open", "out_of_range", 2),
    ]
    assert found.conflicts == {"open": 1, "settled": 1}
    assert [(log.log_id, log.n) for log in found.logs] == [(laptop.log, 10), (more, 0)]


async def test_an_account_counts_a_change_that_came_in_two_logs_once(store):
    laptop, *_ = await begin(store, "P1")
    again = Laptop("again", laptop.secret)
    await store.write(again.enrol)

    def job(tx):
        (line,) = tx.lines(LineQuery(log_id=laptop.log, places=[1]))
        change = again.repeat(line)
        tx.save(nothing(again, lines=[(line_of(change), line.verdict)]))
        tx.save_log(laptop.log, again.id)

    await store.write(job)
    found = await store.read(lambda tx: tx.account(again.id))
    assert found.verdicts == {Outcome.ACCEPTED: 1}
    assert {log.log_id for log in found.logs} == {laptop.log, again.log}
    assert await store.read(lambda tx: tx.account(laptop.id)) == DeviceAccount(
        {}, [], {}, []
    )


async def test_what_a_device_sent_and_what_of_it_waits_is_counted(store):
    laptop, project, one = await begin(store, "P1")
    other, *_ = await begin(store, "P1", name="other")
    batch = Batch(project, laptop)
    batch.refuse("plot", plot("BAD"))
    batch.hold("point", point(one.id, "1"), one.id)
    await saved(store, batch)

    async def counted(of):
        return await store.read(lambda tx: (tx.sent_by(of.id), tx.waiting_of(of.id)))

    assert await counted(laptop) == ((3, 1), 2)
    assert await counted(other) == ((1, 1), 0)


async def test_the_bytes_of_files_that_a_device_sends_are_added_up(store):
    for size, sum_bytes in ((5, 5), (7, 12)):
        found = await store.write(lambda tx, size=size: tx.count_file("a", size))
        assert found == sum_bytes
    assert await store.write(lambda tx: tx.count_file("b", 1)) == 1
