"""Enrolment and access: codes become devices, tokens name them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Self

from schemas.signing import enrolment_text, is_public_key, is_signed
from server.access.address import known_address, public_address, read_address
from server.access.days import end_of
from server.access.devices import laptops, server_fingerprint
from server.clock import Clock, iso
from server.errors import UsageError, refuse
from server.store.port import Store, Transaction
from server.store.values import Device, EnrolmentCode

#: A code is read out or written down, and typed within days.
CODE_LIFE: Final = timedelta(days=7)
#: A sheet of codes is printed before a season.
LONGEST_LIFE: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class NewCodes:
    """What an administrator says of codes: one laptop each, or so many numbered ones.

    `until` is the last day, UTC, on which they are taken; without it they live for
    `CODE_LIFE`. `address` is that of the server, where it was given just now.
    """

    projects: tuple[str, ...]
    name: str = ""
    count: int | None = None
    until: str | None = None
    may_begin: bool = False
    address: str | None = None
    needs_address: bool = False

    def names(self) -> list[str]:
        """Return what the laptops are to be called; an empty name is the laptop's own."""
        if self.count is None:
            return [self.name]
        width = len(str(self.count))
        numbers = [f"{number:0{width}}" for number in range(1, self.count + 1)]
        return [f"{self.name}-{each}" if self.name else "" for each in numbers]


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code, which is shown this once; `address` is that of the server where it is known.

    `server_key` is the fingerprint that the laptop shows when it has enrolled.
    """

    code: str
    name: str
    expires_at: str
    address: str | None
    server_key: str | None

    @property
    def command(self) -> str:
        """Return what is typed on the laptop."""
        return f"permille enrol {self.address or 'https://THIS-SERVER'} {self.code}"


async def issue_codes(store: Store, clock: Clock, asked: NewCodes) -> list[IssuedCode]:
    """Make one-time enrolment codes, all or none; the server keeps their hashes.

    Raises
    ------
    UsageError
        If the day is none, past, or further away than a code may live; if the address is
        none, or is needed and was never given.
    """
    given = read_address(asked.address) if asked.address else None
    expires = _expiry(asked.until, clock)
    codes = [(clock.code(), name) for name in asked.names()]

    def job(tx: Transaction) -> list[IssuedCode]:
        if given is not None or asked.needs_address:
            address: str | None = public_address(tx, given, "laptops")
        else:
            address = known_address(tx)
        for code, name in codes:
            tx.add_code(
                EnrolmentCode(
                    digest(code), name, asked.projects, expires, asked.may_begin
                )
            )
        known = (expires, address, server_fingerprint(tx))
        return [IssuedCode(code, name, *known) for code, name in codes]

    return await store.write(job)


async def issue_code(
    store: Store,
    clock: Clock,
    projects: tuple[str, ...],
    name: str,
    *,
    may_begin: bool = False,
) -> tuple[str, str]:
    """Make a one-time enrolment code; return it and when it expires."""
    asked = NewCodes(projects, name, may_begin=may_begin)
    (issued,) = await issue_codes(store, clock, asked)
    return issued.code, issued.expires_at


def _expiry(until: str | None, clock: Clock) -> str:
    now_ms = clock.now_ms()
    if until is None:
        return iso(now_ms + int(CODE_LIFE.total_seconds() * 1000))
    expires = end_of(until, iso(now_ms))
    if expires > iso(now_ms + int(LONGEST_LIFE.total_seconds() * 1000)):
        raise UsageError(
            f"{until} is more than {LONGEST_LIFE.days} days away",
            "a code that lies about can be used by whoever finds it: name an earlier day",
        )
    return expires


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a laptop says of itself when it enrols."""

    code: str
    name: str
    log: str
    public_key: str
    proof: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> Self:
        """Read the body of a request.

        Raises
        ------
        RequestError
            If the public key is none.
        """
        key = asked["public_key"] or ""
        if not is_public_key(key):
            raise refuse("bad_message", "public_key: 32 bytes in base64 (Ed25519)")
        proof = asked.get("proof", "")
        return cls(asked["code"], asked["name"], asked["log"], key, proof)

    def is_proved(self) -> bool:
        """Return whether who enrols has the key, not only its public half."""
        return is_signed(self.public_key, self.proof, enrolment_text(self.code))


async def enrol(store: Store, clock: Clock, asked: Enrolment) -> tuple[Device, str]:
    """Turn a one-time code into a device with its token.

    A laptop that was revoked and enrols again goes on with its logs, so that what it
    recorded meanwhile still arrives.

    Raises
    ------
    RequestError
        If the code is unknown, used or expired, or the key is another laptop's.
    """
    token, now, device_id = clock.secret(), clock.stamp(), clock.new_id()

    def job(tx: Transaction) -> Device:
        renewed = _to_renew(tx, asked)
        if renewed is not None:
            tx.add_next_token(renewed.id, digest(token), now)
            return renewed
        used = tx.use_code(digest(asked.code.strip().upper()), now, device_id)
        if used is None:
            raise refuse("bad_code")
        is_known = any(d.public_key == asked.public_key for d in laptops(tx))
        if is_known and not asked.is_proved():
            raise refuse("bad_signature", "the enrolment is not signed by its key")
        device = Device(
            device_id,
            used.name or asked.name,
            now,
            None,
            None,
            used.projects,
            public_key=asked.public_key,
            may_begin=used.may_begin,
        )
        tx.add_device(device, digest(token))
        _hand_over_logs(tx, asked.log, device)
        return device

    return await store.write(job), token


def _to_renew(tx: Transaction, asked: Enrolment) -> Device | None:
    """Return the device that gets another token by this code; None where it is no such code.

    The code is of no use without the key of the device. It is taken again until a token
    that it gave was used: an answer may be lost.
    """
    known = tx.device_to_renew(asked.code.strip().upper())
    if known is None:
        return None
    device = tx.device(known)
    if device.revoked_at is not None or device.public_key != asked.public_key:
        raise refuse("bad_code")
    if not asked.is_proved():
        raise refuse("bad_signature", "the enrolment is not signed by its key")
    return device


def _hand_over_logs(tx: Transaction, log_id: str, device: Device) -> None:
    """Hand the logs of a revoked device to the one that takes its place.

    Only the holder of the revoked device's own key gets them.
    """
    log = tx.log_head(log_id)
    revoked = {d.id for d in tx.devices() if d.revoked_at is not None}
    if log is None or log.device_id not in revoked:
        return
    if log.public_key != device.public_key:
        return
    for own in tx.log_family([log_id]):
        if own.device_id == log.device_id:
            tx.save_log(own.log_id, device.id)


async def device_of(store: Store, token: str) -> Device:
    """Return the device a token belongs to.

    Raises
    ------
    RequestError
        If no live device has it.
    """
    kept = digest(token)
    found, is_next = await store.read(
        lambda tx: (tx.device_by_token(kept), tx.has_next_token(kept))
    )
    if is_next:
        found = await store.write(lambda tx: _take(tx, kept))
    if found is None:
        raise refuse("bad_token")
    return found


def _take(tx: Transaction, token_hash: str) -> Device | None:
    """Count the first use of another token: the one before it is refused from now on."""
    tx.take_next_token(token_hash)
    return tx.device_by_token(token_hash)


def digest(secret: str) -> str:
    """Return what is kept of a secret: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
