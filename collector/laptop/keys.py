"""The keys of a laptop: its own, to sign pushes; the server's, to check receipts."""

from typing import NamedTuple

from collector.clock import Clock
from collector.errors import RefusedError, UnreachableError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.rules.log_heads import LogHead
from collector.rules.reply import Reply
from collector.store.port import Store

# schemas.signing is imported where it is used: it costs 50 ms, and only syncs need it.


def secret_key(store: Store, clock: Clock) -> bytes:
    """Return the device's secret key; the first look makes it."""
    known = store.setting(settings.SIGNING_KEY)
    if known is None:
        known = new_secret(clock).hex()
        store.set_settings({settings.SIGNING_KEY: known})
    return bytes.fromhex(known)


def new_secret(clock: Clock) -> bytes:
    """Make a secret key."""
    return clock.random_bits(256).to_bytes(32, "big")


def public_key(laptop: Laptop) -> str:
    """Return the device's public key."""
    from schemas import signing  # noqa: PLC0415

    return signing.public_key(secret_key(laptop.store, laptop.clock))


class Fingerprints(NamedTuple):
    """Fingerprints of the keys that two people compare; None where there is no key."""

    laptop_key: str | None
    server_key: str | None


def fingerprints(laptop: Laptop) -> Fingerprints:
    """Return the fingerprints of this laptop's key and of the server's, once enrolled."""
    from schemas.fingerprint import fingerprint  # noqa: PLC0415 - only who is enrolled

    store = laptop.store
    if store.setting(settings.DEVICE) is None:
        return Fingerprints(None, None)
    # Who enrolled with an earlier program has kept the secret half alone.
    own = store.setting(settings.PUBLIC_KEY) or public_key(laptop)
    server = store.setting(settings.SERVER_KEY)
    return Fingerprints(fingerprint(own), fingerprint(server) if server else None)


def sign(laptop: Laptop, text: bytes) -> str:
    """Sign with the device's key."""
    from schemas import signing  # noqa: PLC0415

    return signing.sign(secret_key(laptop.store, laptop.clock), text)


def check_receipt(laptop: Laptop, reply: Reply) -> None:
    """Make sure that the server signed for the very log that is on this laptop.

    Raises
    ------
    RefusedError
        If the receipt is another server's, or of another log's changes.
    """
    from schemas import signing  # noqa: PLC0415

    receipt = reply.receipt
    if receipt is None:
        return
    log = named_log(laptop.store.logs(), receipt.log_id)
    own = laptop.store.hash_at(receipt.n, log.number)
    text = signing.receipt_text(receipt.raw)
    if (
        own is None
        or own.hex() != receipt.hash
        or not is_of_server(laptop, receipt.signature, text)
    ):
        raise RefusedError(
            "the server's receipt is not signed by the server this laptop knows, or"
            " not for what this laptop sent",
            "nothing was taken from it; ask the administrator, then enrol again",
            code="bad_receipt",
        )


def is_of_server(laptop: Laptop, signature: str, text: bytes) -> bool:
    """Return whether the server that this laptop knows signed a text."""
    from schemas import signing  # noqa: PLC0415

    known = laptop.store.setting(settings.SERVER_KEY) or ""
    return signing.is_signed(known, signature, text)


def named_log(logs: list[LogHead], log_id: str) -> LogHead:
    """Return a log of this laptop.

    Raises
    ------
    UnreachableError
        If the server speaks of one that was never here.
    """
    for log in logs:
        if log.id == log_id:
            return log
    raise UnreachableError(
        f"the server speaks of a log {log_id} that this laptop never had",
        "nothing is lost; ask the administrator",
    )
