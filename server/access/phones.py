"""Phones that fill in the forms of a project: who has one, and who speaks by a token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from schemas.signing import public_key
from server.access.address import public_address, read_address
from server.access.enrolment import digest
from server.access.names import Nameable
from server.clock import Clock
from server.errors import RefusedError, refuse
from server.store.phone_values import Phone
from server.store.port import Store, Transaction
from server.store.values import Device

#: No token has this hash: nobody enters as a phone by the ways of laptops.
_NOBODY: Final = "none"


@dataclass(frozen=True, slots=True)
class NewPhone:
    """What an administrator says of a phone; without an address it is the one of before."""

    project_id: str
    name: str
    person: str | None = None
    address: str | None = None


async def add_phone(store: Store, clock: Clock, asked: NewPhone) -> tuple[Phone, str]:
    """Make a phone with its log; return it with its token, which is shown this once.

    Raises
    ------
    UsageError
        If the address is none, would send the token in the clear, or was never given.
    RefusedError
        If a live phone of the project has this name.
    """
    given = read_address(asked.address) if asked.address else None
    token, secret, now = clock.secret(), clock.key(), clock.stamp()
    phone_id = clock.new_id()

    def job(tx: Transaction) -> Phone:
        known = public_address(tx, given, "phones")
        _check_name(tx, asked)
        key = public_key(secret)
        phone = Phone(
            phone_id,
            asked.project_id,
            asked.name,
            asked.person,
            known,
            secret,
            key,
            now,
        )
        projects = (asked.project_id,)
        tx.add_device(
            Device(phone_id, asked.name, now, None, None, projects, public_key=key),
            _NOBODY,
        )
        tx.add_phone(phone, digest(token))
        tx.save_log(phone_id, phone_id)
        return phone

    return await store.write(job), token


def _check_name(tx: Transaction, asked: NewPhone) -> None:
    live = [each for each in tx.phones() if each.revoked_at is None]
    if any(
        one.name == asked.name for one in live if one.project_id == asked.project_id
    ):
        raise RefusedError(
            f"there is a phone {asked.name} already",
            [],
            f"choose another name, or: permille-server phone revoke {asked.name}",
        )


async def who_fills_in(store: Store, token: str, project_id: str) -> Phone:
    """Return the phone of a token, in the project that it is of.

    Raises
    ------
    RequestError
        403, if there is none, it was revoked, or it is of another project.
    """
    found = await store.read(lambda tx: tx.phone_by_token(digest(token)))
    if found is None or found.project_id != project_id:
        raise refuse("bad_phone_token")
    return found


async def revoke_phone(
    store: Store, clock: Clock, name: str, project_id: str | None
) -> Phone:
    """Refuse a phone from now on, by its name, its id or the start of it.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several are called so.
    """
    now = clock.stamp()

    def job(tx: Transaction) -> Phone:
        phone = find_phone(tx, name, project_id)
        tx.update_device(phone.id, revoked_at=now)
        return find_phone(tx, phone.id, project_id)

    return await store.write(job)


def find_phone(tx: Transaction, name: str, project_id: str | None) -> Phone:
    """Return the phone with this name, id or start of an id, a live one before others.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several are called so.
    """
    known = {one.id: one for one in phones_of(tx, project_id)}
    found = _PHONE.meant(name, known, lambda one: one.revoked_at is None)
    return _PHONE.only(name, found, known)


def phones_of(tx: Transaction, project_id: str | None) -> Sequence[Phone]:
    """Return the phones of a project, or of all, oldest first."""
    return [one for one in tx.phones() if project_id in {None, one.project_id}]


_PHONE: Final[Nameable[Phone]] = Nameable(
    "phone",
    "permille-server phone list",
    lambda phone, start: f"{phone.name} ({start}) of {phone.created_at[:16]}",
)
