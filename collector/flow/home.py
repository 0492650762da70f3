"""Set up a laptop, open it, and say whether it may be wiped."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

from collector.clock import Clock
from collector.config import Home
from collector.core.overlay import ChangeStatus
from collector.errors import RefusedError, StoreError
from collector.flow import laptop as names
from collector.flow.attached import waiting
from collector.flow.laptop import Laptop
from collector.flow.names import told_apart
from collector.flow.receipts import without_receipt
from collector.flow.recovering import notice_copy
from collector.store import driver
from collector.store.port import Store
from collector.store.sqlite import LaptopStore
from collector.store.vault import Vault

_NOT_THERE: Final = "not on the server: permille sync"

#: Asked only when the database is under a passphrase.
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
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = _new_key(home, clock, passphrase)
    store = LaptopStore(home.database, key)
    try:
        store.begin_log(clock.new_id())
        store.set_settings(
            {
                names.NAME: name,
                names.PERSON: person or _login(),
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
    key = _key_of(home, ask)
    store = LaptopStore(home.database, key)
    try:
        if store.setting(names.NAME) is None:
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


@dataclass(frozen=True, slots=True)
class LaptopStatus:
    """Where a laptop stands, and whether it may be wiped."""

    pending: int
    quarantined: int
    held: int
    attachments_waiting: int
    conflicts: int
    last_sync_at: str | None
    safe_to_wipe: bool
    reasons: list[str]
    home: str
    name: str | None
    server: str | None
    device: str | None
    projects: list[str]
    records: dict[str, int]
    damage: list[str] = field(default_factory=list)
    is_copy: bool = False

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return asdict(self)


def laptop_status(laptop: Laptop, *, check: bool = False) -> LaptopStatus:
    """Return the status of the laptop; with `check` every page is read."""
    store = laptop.store
    pending = store.count_unacknowledged()
    counts = store.count_changes()
    quarantined = counts.get(ChangeStatus.QUARANTINED, 0)
    held = counts.get(ChangeStatus.HELD, 0)
    last = store.setting(names.LAST_SYNC)
    records = store.count_records()
    damage = store.damage() if check else []
    files = len(waiting(laptop))
    waits = _Waits(pending, quarantined, held, files)
    reasons = list(_reasons(store, waits, has_records=bool(records)))
    if damage:
        reasons.append("the database is damaged: keep it and restore a copy")
    return LaptopStatus(
        pending=pending,
        quarantined=quarantined,
        held=held,
        attachments_waiting=files,
        conflicts=sum(len(base.conflicts) for base in store.contested()),
        last_sync_at=last,
        safe_to_wipe=not reasons,
        reasons=reasons,
        home=str(laptop.home.path),
        name=store.setting(names.NAME),
        server=store.setting(names.SERVER),
        device=store.setting(names.DEVICE),
        projects=list(told_apart(store.records("project")).values()),
        records=records,
        damage=damage,
        is_copy=store.setting(names.COPY) == names.YES,
    )


class _Waits(NamedTuple):
    """What is not settled on the server."""

    changes: int
    to_fix: int
    held: int
    files: int


def _reasons(store: Store, waits: _Waits, *, has_records: bool) -> Iterator[str]:
    """Return why this laptop may not be wiped."""
    counted = (
        (waits.files, "attached file is", "attached files are", _NOT_THERE),
        (waits.changes, "change is", "changes are", _NOT_THERE),
        (waits.to_fix, "change waits", "changes wait", "on the fix list: permille fix"),
        (
            waits.held,
            "change waits",
            "changes wait",
            "on the server for others: permille fix",
        ),
        (
            store.count_stale(),
            "row is",
            "rows are",
            "not confirmed by the server yet: permille sync",
        ),
    )
    for count, one, many, text in counted:
        if count:
            yield f"{count} {one if count == 1 else many} {text}"
    if has_records and store.setting(names.LAST_SYNC) is None:
        yield "this laptop was never synced: permille sync"
    if not waits.changes and without_receipt(store):
        yield "the server's receipt for the last changes is missing: permille sync --check"


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
        return store.setting(names.NAME) is not None
    finally:
        store.close()


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
