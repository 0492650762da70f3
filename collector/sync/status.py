"""Where a laptop stands: what waits, and whether it may be wiped."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from collector.files.listing import waiting
from collector.laptop import settings
from collector.laptop.keys import fingerprints
from collector.laptop.laptop import Laptop
from collector.laptop.receipts import without_receipt
from collector.record.names import project_names
from collector.rules.overlay import ChangeStatus
from collector.store.port import Store
from schemas.phrases import Phrase, _, ngettext


class LaptopStatus(NamedTuple):
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
    damage: list[str]
    is_copy: bool
    drafts: int
    laptop_key: str | None
    server_key: str | None

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return self._asdict()


def laptop_status(laptop: Laptop, *, check: bool = False) -> LaptopStatus:
    """Return the status of the laptop; with `check` every page is read."""
    store = laptop.store
    damage = store.damage() if check else []
    if check and not damage:
        # It knows the digests, which take 5 ms.
        from collector.sync.repair import mend_counts  # noqa: PLC0415

        mend_counts(laptop)
    pending = store.count_unacknowledged()
    counts = store.count_changes((ChangeStatus.QUARANTINED, ChangeStatus.HELD))
    quarantined = counts.get(ChangeStatus.QUARANTINED, 0)
    held = counts.get(ChangeStatus.HELD, 0)
    last = store.setting(settings.LAST_SYNC)
    records = store.count_records()
    files = len(waiting(laptop))
    drafts = store.count_drafts()
    waits = _Waits(pending, quarantined, held, files, drafts)
    reasons: list[str] = list(_reasons(store, waits, has_records=bool(records)))
    if damage:
        reasons.append(_("the database is damaged: keep it and restore a copy"))
    return LaptopStatus(
        pending=pending,
        quarantined=quarantined,
        held=held,
        attachments_waiting=files,
        conflicts=store.count_conflicts(),
        last_sync_at=last,
        safe_to_wipe=not reasons,
        reasons=reasons,
        home=str(laptop.home.path),
        name=store.setting(settings.NAME),
        server=store.setting(settings.SERVER),
        device=store.setting(settings.DEVICE),
        projects=list(project_names(store).values()),
        records=records,
        damage=damage,
        is_copy=store.setting(settings.COPY) == settings.YES,
        drafts=drafts,
        **fingerprints(laptop)._asdict(),
    )


class _Waits(NamedTuple):
    """What is not settled on the server."""

    changes: int
    to_fix: int
    held: int
    files: int
    drafts: int


def _reasons(store: Store, waits: _Waits, *, has_records: bool) -> Iterator[Phrase]:
    """Return why this laptop may not be wiped."""
    counted = (
        ngettext(
            "{num} attached file is not on the server: permille sync",
            "{num} attached files are not on the server: permille sync",
            waits.files,
        ),
        ngettext(
            "{num} change is not on the server: permille sync",
            "{num} changes are not on the server: permille sync",
            waits.changes,
        ),
        ngettext(
            "{num} change waits on the fix list: permille fix",
            "{num} changes wait on the fix list: permille fix",
            waits.to_fix,
        ),
        ngettext(
            "{num} change waits on the server for others: permille fix",
            "{num} changes wait on the server for others: permille fix",
            waits.held,
        ),
        ngettext(
            "{num} draft is on this laptop alone, and wiping it loses them:"
            " permille draft list",
            "{num} drafts are on this laptop alone, and wiping it loses them:"
            " permille draft list",
            waits.drafts,
        ),
        ngettext(
            "{num} row is not confirmed by the server yet: permille sync",
            "{num} rows are not confirmed by the server yet: permille sync",
            store.count_stale(),
        ),
    )
    yield from (phrase for phrase in counted if phrase.number)
    if has_records and store.setting(settings.LAST_SYNC) is None:
        yield _("this laptop was never synced: permille sync")
    if not waits.changes and without_receipt(store):
        yield _(
            "the server's receipt for the last changes is missing: permille sync --check"
        )


def needs_person(laptop: Laptop) -> bool:
    """Return whether conflicts or quarantined changes are open."""
    store = laptop.store
    quarantined = store.count_changes((ChangeStatus.QUARANTINED,))
    return bool(quarantined or store.count_conflicts())
