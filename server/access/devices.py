"""Which laptop sees which project, and the account of what a laptop sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas import limits
from schemas.fingerprint import fingerprint
from schemas.messages import Outcome
from server.access.names import Nameable
from server.access.projects import find_project, known_projects
from server.clock import Clock
from server.errors import NotFoundError, RefusedError
from server.merge.statuses import WAITS, ConflictStatus, CustodyStatus
from server.store.port import Store, Transaction
from server.store.values import Device, LogState


@dataclass(frozen=True, slots=True)
class Account:
    """Every change of a laptop, once, by what became of it."""

    accepted: int
    merged: int
    conflict: int
    held: int
    to_fix: int
    replaced: int
    discarded: int

    @property
    def total(self) -> int:
        """Count the changes."""
        return sum(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class DeviceDetails:
    """A laptop, its projects by code, its logs, and the account of its changes."""

    device: Device
    projects: Sequence[str]
    withdrawn: Sequence[str]
    logs: Sequence[LogState]
    account: Account
    waiting: dict[str, int]
    conflicts: dict[str, int]
    laptop_key: str | None
    server_key: str | None

    @property
    def is_clock_off(self) -> bool:
        """Return whether its clock was off by more than is let pass."""
        return is_clock_off(self.device)


def is_clock_off(device: Device) -> bool:
    """Return whether the clock of a laptop was off by more than is let pass."""
    return abs(device.skew_s or 0.0) > limits.CLOCK_SKEW_WARN_S


def laptops(tx: Transaction) -> list[Device]:
    """Return every laptop, oldest first; a phone is none."""
    phones = {phone.id for phone in tx.phones()}
    return [d for d in tx.devices() if not d.is_server and d.id not in phones]


class Enrolments(NamedTuple):
    """One laptop as it is enrolled now, and its earlier enrolments, oldest first."""

    now: Device
    earlier: tuple[Device, ...] = ()

    @property
    def all(self) -> tuple[Device, ...]:
        """Return every enrolment."""
        return (*self.earlier, self.now)


def folded(devices: Iterable[Device]) -> list[Enrolments]:
    """Return each laptop once, known by its key; the last live enrolment stands for it."""
    by_key: dict[str, list[Device]] = {}
    for device in devices:
        by_key.setdefault(device.public_key or device.id, []).append(device)
    found = []
    for own in by_key.values():
        now = [d for d in own if d.revoked_at is None][-1:] or own[-1:]
        found.append(Enrolments(now[0], tuple(d for d in own if d is not now[0])))
    return found


async def revoke(store: Store, clock: Clock, name: str) -> Enrolments:
    """Refuse a laptop from now on, under each token it was ever given."""
    device = await find_device(store, name)
    now = clock.stamp()

    def job(tx: Transaction) -> Enrolments:
        own = next(each for each in folded(laptops(tx)) if device in each.all)
        for each in own.all:
            if each.revoked_at is None:
                tx.update_device(each.id, revoked_at=now)
        return own

    return await store.write(job)


async def renew(store: Store, clock: Clock, name: str) -> Device:
    """Have a laptop get another token at its next sync; the old one counts until then.

    Raises
    ------
    RefusedError
        If it was revoked, or has no key to show that it is the same laptop.
    """
    device = await find_device(store, name)
    if device.revoked_at is not None or not device.public_key:
        why = "was revoked" if device.revoked_at is not None else "has no key"
        raise RefusedError(
            f"{device.name} {why}", [], "enrol it anew: permille-server device code"
        )
    code, now = clock.code(), clock.stamp()
    await store.write(lambda tx: tx.ask_renewal(device.id, code, now))
    return await find_device(store, device.id)


async def find_device(store: Store, name: str) -> Device:
    """Return the laptop with this name, id or start of an id, a live one before others.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several are called so.
    """
    known = {device.id: device for device in await store.read(laptops)}
    found = _DEVICE.meant(name, known, lambda device: device.revoked_at is None)
    # Who was enrolled again is one laptop.
    once = {each.now.id: each.now for each in folded(found.values())}
    return _DEVICE.only(name, once, known)


_DEVICE: Final[Nameable[Device]] = Nameable(
    "device",
    "permille-server device list",
    lambda device, start: f"{device.name} ({start}) of {device.created_at[:16]}",
)


async def grant(store: Store, name: str, project: str) -> Device:
    """Grant a laptop a project; it receives all of it with its next sync."""
    device, project_id = await _both(store, name, project)
    await store.write(lambda tx: tx.set_access(device.id, project_id, None))
    return await find_device(store, device.id)


async def withdraw(store: Store, clock: Clock, name: str, project: str) -> Device:
    """Take a project from a laptop; what it still sends is kept for review.

    Raises
    ------
    NotFoundError
        If the laptop does not see the project.
    """
    device, project_id = await _both(store, name, project)
    _check_sees(device, project_id, project)
    now = clock.stamp()
    await store.write(lambda tx: tx.set_access(device.id, project_id, now))
    return await find_device(store, device.id)


async def allow_to_begin(store: Store, name: str, *, allowed: bool) -> Device:
    """Allow a laptop to begin projects, or take that from it."""
    device = await find_device(store, name)
    await store.write(lambda tx: tx.allow_to_begin(device.id, allowed=allowed))
    return await find_device(store, device.id)


async def move(
    store: Store, clock: Clock, name: str, projects: tuple[str, str]
) -> Device:
    """Move a laptop from one project to another, in one transaction.

    Raises
    ------
    NotFoundError
        If the laptop does not see the first project.
    RefusedError
        If both are the same one.
    """
    device, old = await _both(store, name, projects[0])
    _, new = await _both(store, name, projects[1])
    _check_sees(device, old, projects[0])
    if old == new:
        raise RefusedError(
            f"--from and --to are one project, {projects[0]}", [], "name another one"
        )
    now = clock.stamp()

    def job(tx: Transaction) -> None:
        tx.set_access(device.id, old, now)
        tx.set_access(device.id, new, None)

    await store.write(job)
    return await find_device(store, device.id)


async def show(store: Store, name: str) -> DeviceDetails:
    """Return a laptop with the account of its changes, in one snapshot."""
    device = await find_device(store, name)
    return await store.read(lambda tx: _show(tx, device))


def _show(tx: Transaction, device: Device) -> DeviceDetails:
    codes = {found["id"]: found["name"] for found in known_projects(tx)}
    account = tx.account(device.id)
    verdicts, custody = account.verdicts, account.custody
    closed = {
        how: sum(found.number for found in custody if found.status == how)
        for how in CustodyStatus
    }
    waiting: dict[str, int] = {}
    for status, reason, count in custody:
        if status in WAITS:
            waiting[reason] = waiting.get(reason, 0) + count
    return DeviceDetails(
        device=device,
        projects=[codes.get(project_id, project_id) for project_id in device.projects],
        withdrawn=[
            codes.get(project_id, project_id) for project_id in device.withdrawn
        ],
        logs=account.logs,
        account=Account(
            accepted=verdicts.get(Outcome.ACCEPTED, 0),
            merged=verdicts.get(Outcome.MERGED, 0),
            conflict=verdicts.get(Outcome.CONFLICT, 0),
            held=closed[CustodyStatus.HELD],
            to_fix=closed[CustodyStatus.OPEN],
            replaced=closed[CustodyStatus.REPLACED],
            discarded=closed[CustodyStatus.DISCARDED],
        ),
        waiting=waiting,
        conflicts={status.value: 0 for status in ConflictStatus} | account.conflicts,
        laptop_key=_fingerprint(device),
        server_key=server_fingerprint(tx),
    )


def server_fingerprint(tx: Transaction) -> str | None:
    """Return the fingerprint of the key that the server signs receipts with."""
    return next((_fingerprint(own) for own in tx.devices() if own.is_server), None)


def _fingerprint(device: Device) -> str | None:
    """Return the fingerprint of the key of a device; None where it has none."""
    return fingerprint(device.public_key) if device.public_key else None


async def _both(store: Store, name: str, project: str) -> tuple[Device, str]:
    device = await find_device(store, name)
    if device.revoked_at is not None:
        raise RefusedError(
            f"{device.name} was revoked",
            [],
            "enrol it anew: permille-server device code",
        )
    return device, (await find_project(store, project))["id"]


def _check_sees(device: Device, project_id: str, project: str) -> None:
    if project_id not in device.projects:
        raise NotFoundError(
            f"{device.name} does not see the project {project}",
            f"see: permille-server device show {device.name}",
        )
