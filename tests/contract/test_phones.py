"""Phones and what they sent, in any store."""

from dataclasses import replace

from schemas.signing import public_key
from server.store.phone_values import Phone, PhoneFile, PhonePlace, Submission
from server.store.values import Device
from tests.contract.values import at, new_id

SECRET = bytes(range(32))


def phone(name, project_id, **more):
    key = public_key(SECRET)
    return Phone(
        new_id(), project_id, name, "Ada", "https://soil", SECRET, key, at(1), **more
    )


async def add(store, one, token_hash):
    device = Device(
        one.id, one.name, one.created_at, None, None, public_key=one.public_key
    )

    def job(tx):
        tx.add_device(device, "none")
        tx.add_phone(one, token_hash)

    await store.write(job)


def submission(one, instance_id, digest, **more):
    place = PhonePlace(one.project_id, one.id, instance_id, digest)
    said = ("permille_core", "1-abc", at(2), "3f9a2c1b", ("a.jpg", "b.jpg"))
    return Submission(place, *said, **more)


async def test_a_phone_is_known_by_its_token_until_it_is_revoked(store):
    ada, bo = phone("ada", "one"), replace(phone("bo", "two"), person=None)
    await add(store, ada, "hash")
    await add(store, bo, "other")
    assert await store.read(lambda tx: tx.phone_by_token("hash")) == ada
    assert await store.read(lambda tx: tx.phone_by_token("none")) is None
    await store.write(lambda tx: tx.update_device(bo.id, revoked_at=at(3)))
    await store.write(lambda tx: tx.update_device(ada.id, last_seen_at=at(4)))
    assert await store.read(lambda tx: tx.phone_by_token("other")) is None
    found = await store.read(lambda tx: tx.phones())
    assert sorted(found, key=lambda each: each.name) == [
        replace(ada, last_seen_at=at(4)),
        replace(bo, revoked_at=at(3)),
    ]
    # Nobody enters as a phone by the ways of laptops.
    assert await store.read(lambda tx: tx.device_by_token("hash")) is None


async def test_what_a_phone_sent_is_kept_to_the_letter_and_only_its_changes_grow(store):
    one = phone("ada", "one")
    xml = b"<data>\xc3\xa9\x00\r\n</data>"
    first = submission(one, "uuid:1", "d1", numbers=(1, 2))
    other = submission(one, "uuid:1", "d2", why="form_differs", detail="sent before")
    another = submission(one, "uuid:2", "d1")
    for each in (first, other, another):
        await store.write(lambda tx, s=each: tx.save_submission(s, xml))
    grown = first._replace(numbers=(1, 2, 7), form_id="else")
    await store.write(lambda tx: tx.save_submission(grown, b"other"))
    first = first._replace(numbers=(1, 2, 7))
    of_one = await store.read(lambda tx: tx.submissions("one", one.id, "uuid:1"))
    assert of_one == [first, other]
    assert await store.read(lambda tx: tx.submissions()) == [first, other, another]
    assert await store.read(lambda tx: tx.submissions("two")) == []
    assert await store.read(lambda tx: tx.submission_xml(first.place)) == xml


async def test_a_file_of_a_phone_is_kept_once_and_is_no_orphan(store):
    one = phone("ada", "one")
    place = submission(one, "uuid:1", "d1").place
    file = PhoneFile(place, "a.jpg", "ab" * 32, 7, "image/jpeg", at(2))
    again, same_name = file._replace(received_at=at(9)), file._replace(sha256="cd" * 32)
    for each in (file, again, same_name):
        await store.write(lambda tx, f=each: tx.save_phone_file(f))
    found = await store.read(lambda tx: tx.phone_files("one", one.id, "uuid:1"))
    assert found == [file, same_name]
    assert await store.read(lambda tx: tx.phone_files(instance_id="uuid:2")) == []
    assert await store.read(lambda tx: tx.is_named_since("ab" * 32, at(50)))
    assert not await store.read(lambda tx: tx.is_named_since("ef" * 32, at(0)))
