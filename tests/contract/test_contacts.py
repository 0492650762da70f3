"""Contacts and what they agreed to, in any store."""

from server.store.contact_values import Consent, Contact, SealedFields
from tests.contract.values import at

SEALED = SealedFields(b"\x00text\xff", b"k" * 32, b"s" * 32)
ADA = Contact("one", "ada", at(1), SEALED, ("p1", "p2"))
BO = Contact("two", "bo", at(2), SEALED._replace(text=b"bo"))
ERASED = {"erased_at": at(5), "erased_by": "Cy", "erased_because": "asked for"}
CONSENT = Consent(
    "one", "ada", 1, "sampling", "2026-05-01", "paper", "2027-05-01", None, at(3)
)


async def add(store):
    for contact in (BO, ADA):
        await store.write(lambda tx, c=contact: tx.add_contact(c))


async def all_of(store, projects=None):
    return await store.read(lambda tx: tx.contacts(projects))


async def test_contacts_are_found_by_their_projects_oldest_first(store):
    await add(store)
    assert await all_of(store) == [ADA, BO]
    assert await all_of(store, ["two"]) == [BO]
    assert await all_of(store, []) == []
    plots = await store.read(lambda tx: tx.plots_of_contacts(["one", "two"]))
    assert plots == [("one", "ada", "p1"), ("one", "ada", "p2")]
    assert await store.read(lambda tx: tx.plots_of_contacts(["two"])) == []


async def test_a_contact_is_sealed_anew_with_other_plots(store):
    await add(store)
    other = ADA._replace(sealed=SEALED._replace(text=b"new"), plots=("p3",))
    await store.write(lambda tx: tx.reseal_contact(other))
    assert await all_of(store) == [other, BO]


async def test_an_erased_contact_keeps_its_id_and_why_and_nothing_else(store):
    await add(store)
    erased = ADA._replace(**ERASED)
    await store.write(lambda tx: tx.erase_contact(erased))
    later = erased._replace(erased_at=at(9), erased_by="Di")
    await store.write(lambda tx: tx.erase_contact(later))
    gone = Contact("one", "ada", at(1), None, (), **ERASED)
    assert await all_of(store) == [gone, BO]
    assert await store.forget_deleted()
    assert await all_of(store) == [gone, BO]


async def test_of_a_consent_only_its_withdrawal_changes(store):
    second = CONSENT._replace(number=2, purpose="contact", ends_on=None)
    foreign = CONSENT._replace(project_id="two", contact_id="bo")
    await store.write(lambda tx: tx.save_consents([second, CONSENT, foreign]))
    ended = CONSENT._replace(withdrawn_on="2026-08-01", purpose="other")
    await store.write(lambda tx: tx.save_consents([ended]))
    kept = CONSENT._replace(withdrawn_on="2026-08-01")
    assert await store.read(lambda tx: tx.consents(["one"])) == [kept, second]
    assert await store.read(lambda tx: tx.consents()) == [kept, second, foreign]
