"""Enrolment and access: codes become devices, tokens name them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Self

from schemas.signing import enrolment_text, is_public_key, is_signed
from server.access.devices import laptops
from server.clock import Clock, iso
from server.errors import refuse
from server.store.port import Store, Transaction
from server.store.values import Device, EnrolmentCode

#: A code is read out or written down, and typed within days.
CODE_LIFE: Final = timedelta(days=7)


async def issue_code(
    store: Store,
    clock: Clock,
    projects: tuple[str, ...],
    name: str,
    *,
    may_begin: bool = False,
) -> tuple[str, str]:
    """Make a one-time enrolment code; return it and when it expires.

    The code is shown this once; the server keeps its hash.
    """
    code = clock.code()
    expires = iso(clock.now_ms() + int(CODE_LIFE.total_seconds() * 1000))
    kept = EnrolmentCode(digest(code), name, projects, expires, may_begin)
    await store.write(lambda tx: tx.add_code(kept))
    return code, expires


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
    found = await store.read(lambda tx: tx.device_by_token(digest(token)))
    if found is None:
        raise refuse("bad_token")
    return found


def digest(secret: str) -> str:
    """Return what is kept of a secret: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
