"""People, their roles, links that sign in, and sessions, in any store."""

from server.store.people_values import DeskSession, Person
from tests.contract.values import at, new_id


async def add(store, name, login=None):
    person = Person(new_id(), name, login, at(1))
    await store.write(lambda tx: tx.add_person(person))
    return person


async def test_people_have_the_roles_that_were_given_and_not_taken(store):
    ada, bo = await add(store, "Ada"), await add(store, "Bo", "bo")

    def give(tx):
        tx.add_role("*", ada.id, "admin", at(2))
        tx.add_role("p", ada.id, "lab", at(2))
        tx.add_role("p", ada.id, "lab", at(3))
        tx.add_role("p", bo.id, "lab", at(2))
        tx.drop_role("p", bo.id, "lab")
        tx.drop_role("p", bo.id, "never held")

    await store.write(give)
    found = await store.read(lambda tx: tx.people())
    assert {one.name: one.roles for one in found} == {
        "Ada": (("*", "admin"), ("p", "lab")),
        "Bo": (),
    }
    await store.write(lambda tx: tx.end_person(ada.id, at(4)))
    found = {one.name: one for one in await store.read(lambda tx: tx.people())}
    assert (found["Ada"].roles, found["Ada"].ended_at) == ((), at(4))
    assert (found["Bo"].login, found["Bo"].ended_at) == ("bo", None)


async def test_a_link_is_used_once_and_in_time(store):
    ada = await add(store, "Ada")

    def save(tx):
        tx.add_sign_in_link("one", ada.id, at(5))
        tx.add_sign_in_link("two", ada.id, at(5))

    await store.write(save)

    async def use(name, now):
        return await store.write(lambda tx: tx.use_sign_in_link(name, now))

    assert await use("one", at(4)) == ada.id
    assert await use("one", at(4)) is None
    assert await use("two", at(5)) is None
    assert await use("three", at(4)) is None


async def test_sessions_are_found_noted_and_ended(store):
    ada, bo = await add(store, "Ada"), await add(store, "Bo")
    begun = {}
    for number, who in enumerate((ada, ada, bo)):
        one = DeskSession(new_id(), who.id, at(number), at(number), None, "Firefox")
        begun[f"h{number}"] = one
        await store.write(lambda tx, o=one, n=number: tx.add_session(o, f"h{n}"))
    assert await store.read(lambda tx: tx.session("h1")) == begun["h1"]
    assert await store.read(lambda tx: tx.session("none")) is None
    first, second = begun["h0"].id, begun["h1"].id
    await store.write(lambda tx: tx.note_session_use(second, at(7)))
    assert (await store.read(lambda tx: tx.session("h1"))).used_at == at(7)
    assert await store.write(lambda tx: tx.end_sessions(ada.id, first, at(8))) == 1
    assert await store.write(lambda tx: tx.end_sessions(ada.id, None, at(9))) == 1
    assert await store.write(lambda tx: tx.end_sessions(ada.id, None, at(9))) == 0
    ended = await store.read(lambda tx: [one.ended_at for one in tx.sessions()])
    assert ended == [None, at(9), at(8)]
