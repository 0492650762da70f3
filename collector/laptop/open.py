"""Set up a laptop, open it, and say whether it may be wiped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from collector.clock import Clock
from collector.config import Home
from collector.errors import RefusedError, StoreError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.laptop.recover import notice_copy
from collector.store import driver
from collector.store.sqlite import LaptopStore
from collector.store.vault import Vault
from schemas.durable_files import PRIVATE_FOLDER, keep_private

AskPassphrase = Callable[[], str]
Tell = Callable[[str], None]


def init(
    home: Home, clock: Clock, name: str, person: str | None, passphrase: str | None
) -> dict[str, Any]:
    """Make a new laptop database, under a key file or a passphrase.

    Raises
    ------
    RefusedError
        If the home has a laptop already.
    """
    if home.exists and _is_set_up(home):
        raise RefusedError(
            f"{home.path} is set up already",
            "go on with: permille status; or choose another --home",
            code="already_set_up",
        )
    home.path.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    keep_private(home.path)
    key = _new_key(home, clock, passphrase)
    store = LaptopStore(home.database, key)
    try:
        store.begin_log(clock.new_id())
        store.set_settings(
            {
                settings.NAME: name,
                settings.PERSON: person or _login(),
                "created_at": clock.stamp(),
            }
        )
    finally:
        store.close()
    return {"home": str(home.path), "name": name, "encrypted": passphrase is not None}


@contextmanager
def opened(
    home: Home, clock: Clock, ask: AskPassphrase, tell: Tell = lambda _text: None
) -> Iterator[Laptop]:
    """Open the laptop of a home, and close it afterwards.

    `tell` is called when a person has to wait, with the reason.

    Raises
    ------
    StoreError
        If there is none, or it cannot be opened under this key.
    """
    if not home.database.exists():
        raise StoreError(
            f"there is no laptop database in {home.path}",
            "run: permille init",
            code="not_set_up",
        )
    keep_private(home.path)
    key = _key_of(home, ask)
    store = LaptopStore(home.database, key)
    try:
        if store.setting(settings.NAME) is None:
            raise StoreError(
                "the set-up of this laptop did not end",
                "run: permille init",
                code="not_set_up",
            )
        laptop = Laptop(home, store, clock, Vault(home.attachments, key), tell)
        notice_copy(laptop)
        yield laptop
    finally:
        store.close()


def _new_key(home: Home, clock: Clock, passphrase: str | None) -> bytes:
    # A set-up that was cut short left its key: go on with that one.
    if passphrase is None:
        if not home.key.exists():
            bits = clock.random_bits(8 * driver.KEY_BYTES)
            driver.write_key(home.key, bits.to_bytes(driver.KEY_BYTES, "big"))
        return driver.read_key(home.key)
    if not home.passphrase_rule.exists():
        salt = clock.random_bits(128).to_bytes(16, "big")
        driver.write_passphrase_rule(home.passphrase_rule, salt)
    return driver.derive_key(home.passphrase_rule, passphrase)


def _key_of(home: Home, ask: AskPassphrase) -> bytes:
    if home.passphrase_rule.exists():
        return driver.derive_key(home.passphrase_rule, ask())
    if not home.key.exists():
        raise StoreError(
            f"the key file {home.key} is missing", "put the key file back", code="key"
        )
    return driver.read_key(home.key)


def _is_set_up(home: Home) -> bool:
    if home.passphrase_rule.exists():
        return True
    store = LaptopStore(home.database, driver.read_key(home.key))
    try:
        return store.setting(settings.NAME) is not None
    finally:
        store.close()


def _login() -> str:
    import getpass  # noqa: PLC0415 - for the set-up alone

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
