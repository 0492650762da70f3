"""The keys of a laptop: its own, to sign pushes; the server's, to check receipts."""

from collector.clock import Clock
from collector.core.reply import SignedReceipt
from collector.flow import laptop as names
from collector.flow.laptop import Laptop
from collector.store.port import Store

# schemas.signing is imported where it is used: it costs 50 ms, and only syncs need it.


def secret_key(store: Store, clock: Clock) -> bytes:
    """Give the device's secret key; the first look makes it."""
    known = store.setting(names.SIGNING_KEY)
    if known is None:
        known = clock.random_bits(256).to_bytes(32, "big").hex()
        store.set_settings({names.SIGNING_KEY: known})
    return bytes.fromhex(known)


def public_key(laptop: Laptop) -> str:
    """Give the device's public key."""
    from schemas import signing  # noqa: PLC0415

    return signing.public_key(secret_key(laptop.store, laptop.clock))


def sign(laptop: Laptop, text: bytes) -> str:
    """Sign with the device's key."""
    from schemas import signing  # noqa: PLC0415

    return signing.sign(secret_key(laptop.store, laptop.clock), text)


def trusts(laptop: Laptop, receipt: SignedReceipt) -> bool:
    """Tell whether the server that this laptop enrolled at signed a receipt."""
    from schemas import signing  # noqa: PLC0415

    known = laptop.store.setting(names.SERVER_KEY) or ""
    return signing.is_signed(
        known, receipt.signature, signing.receipt_text(receipt.raw)
    )
