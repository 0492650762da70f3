"""What is wrong with a server, before somebody asks: disk, database, backlog, backup, laptops."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import median
from typing import Final

from schemas import limits
from schemas.gis.extra import is_installed
from schemas.health import Health, HealthFinding, disk
from schemas.phrases import duration
from schemas.told import counted
from schemas.version import __version__
from server.access.devices import folded, laptops
from server.clock import Clock
from server.config import DataDirectory
from server.data import look_into, sole_server
from server.errors import LockedError, ServerError
from server.files.disk import BlobFiles
from server.operations.backup import BACKED_UP
from server.store.port import Store, Transaction
from server.store.values import Device, Stats
from server.store.webhook_values import DeliveryStatus

#: What intake needs, and what a backup beside the data needs besides.
_FULL_BYTES: Final = 500 * 1024**2
_LOW_BYTES: Final = 5 * 1024**3
_BACKUP_AGE_S: Final = 8 * 86_400
_SILENT_S: Final = 30 * 86_400
#: So many laptops say something of the clock here; fewer may all be wrong.
_WITNESSES: Final = 3
#: What an extra brings that an administrator may miss, and how it is named.
_EXTRAS: Final = {
    "geo": ("shapely", "Shapefile and GeoPackage"),
    "parquet": ("pyarrow", "exports as Parquet"),
}


async def examine(
    data: DataDirectory, store: Store, clock: Clock
) -> list[HealthFinding]:
    """Look at every part of a server; nothing is written.

    Raises
    ------
    StorageError
        If the database cannot be read.
    """
    stats = await store.read(lambda tx: tx.stats())
    devices = await store.read(laptops)
    backed_up = await store.read(lambda tx: tx.setting(BACKED_UP))
    missing = await store.read(lambda tx: _files_missing(tx, BlobFiles(data.blobs)))
    given_up = await store.read(_given_up)
    own = [each.now for each in folded(devices) if each.now.revoked_at is None]
    served = _is_served(data)
    return [
        disk(
            shutil.disk_usage(data.path).free,
            _FULL_BYTES,
            _LOW_BYTES,
            "make room; a backup beside the data needs as much again",
        ),
        _database(data, stats),
        HealthFinding("version", Health.GOOD, f"permille-server {__version__}"),
        _serving(data, served=served),
        _derivation(stats.plots_to_derive, served=served),
        _waiting(stats),
        _files(missing),
        _backup(data, backed_up, clock),
        _webhooks(given_up),
        *_clock(own),
        _silent(own, clock),
        *_extras(),
    ]


def _database(data: DataDirectory, stats: Stats) -> HealthFinding:
    """Return how the tables can be read as they are; verify reads every row."""
    size = (
        f"{stats.database_bytes / 1024**2:,.0f} MiB, {counted(stats.changes, 'change')}"
    )
    try:
        with look_into(data) as tx:
            version = tx.table_version()
    except ServerError as error:
        return HealthFinding(
            "database", Health.BAD, error.text, "permille-server verify"
        )
    said = f"{size}, tables of version {version}"
    return HealthFinding("database", Health.GOOD, said)


def _is_served(data: DataDirectory) -> bool | None:
    """Return whether a process serves the data; None where nothing here tells."""
    if data.address is not None:
        return None
    try:
        with sole_server(data):
            return False
    except LockedError:
        return True


def _serving(data: DataDirectory, *, served: bool | None) -> HealthFinding:
    if served is None:
        said = f"any number of processes may serve {data.path} and its database"
        return HealthFinding("serving", Health.GOOD, said)
    if served:
        return HealthFinding("serving", Health.GOOD, "a process serves this data")
    hint = "permille-server run; or start its service"
    return HealthFinding("serving", Health.ODD, "no process serves this data", hint)


def _derivation(plots: int, *, served: bool | None) -> HealthFinding:
    if not plots:
        return HealthFinding("derivation", Health.GOOD, "no plot waits")
    said = f"{counted(plots, 'plot')} to derive"
    if served is False:
        return HealthFinding(
            "derivation", Health.ODD, said, "permille-server derive --once"
        )
    return HealthFinding("derivation", Health.GOOD, f"{said}, which goes on by itself")


def _waiting(stats: Stats) -> HealthFinding:
    waits = [
        said
        for count, said in (
            (stats.open_conflicts, counted(stats.open_conflicts, "conflict")),
            (stats.open_quarantine, f"{stats.open_quarantine} in quarantine"),
            (stats.held, f"{stats.held} held"),
        )
        if count
    ]
    if not waits:
        return HealthFinding("inbox", Health.GOOD, "nothing waits for a person")
    hint = "permille-server conflict list; permille-server quarantine list"
    return HealthFinding("inbox", Health.ODD, ", ".join(waits), hint)


def _given_up(tx: Transaction) -> int:
    """Count the deliveries to webhooks, those that stand, that were given up."""
    counts = tx.count_deliveries()
    return sum(
        counts.get(one.id, {}).get(DeliveryStatus.GIVEN_UP, 0) for one in tx.webhooks()
    )


def _webhooks(given_up: int) -> HealthFinding:
    if not given_up:
        return HealthFinding("webhooks", Health.GOOD, "no delivery was given up")
    said = f"{counted(given_up, 'delivery', 'deliveries')} given up"
    hint = "permille-server webhook deliveries --status 'given up'"
    return HealthFinding("webhooks", Health.ODD, said, hint)


def _files_missing(tx: Transaction, files: BlobFiles) -> int:
    """Count the files that phones sent and that are gone: laptops send theirs again."""
    sent = {file.sha256 for file in tx.phone_files()}
    return sum(not files.path(sha256).exists() for sha256 in sent)


def _files(missing: int) -> HealthFinding:
    if not missing:
        return HealthFinding("files", Health.GOOD, "each file that phones sent is here")
    said = f"{counted(missing, 'file')} that phones sent is gone"
    return HealthFinding("files", Health.BAD, said, "permille-server verify")


def _backup(data: DataDirectory, at: str | None, clock: Clock) -> HealthFinding:
    if data.address is not None:
        said = "PostgreSQL has backups of its own; nothing here tells of them"
        hint = "see docs/operations.md, and try: permille-server drill"
        return HealthFinding("backup", Health.GOOD, said, hint)
    hint = "permille-server backup FILE, on another disk"
    if at is None:
        return HealthFinding("backup", Health.ODD, "none was made yet", hint)
    age_s = _age_s(at, clock)
    said = f"made {duration(age_s)} ago"
    health = Health.ODD if age_s > _BACKUP_AGE_S else Health.GOOD
    return HealthFinding("backup", health, said, hint if health is Health.ODD else "")


def _clock(devices: Sequence[Device]) -> Iterator[HealthFinding]:
    """Return what laptops say of the clock here: most of them are not wrong alike."""
    skews = [each.skew_s for each in devices if each.skew_s is not None]
    off = [skew for skew in skews if abs(skew) > limits.CLOCK_SKEW_WARN_S]
    if len(skews) >= _WITNESSES and abs(median(skews)) > limits.CLOCK_SKEW_WARN_S:
        said = f"most laptops say that it is {duration(abs(median(skews)))} off"
        yield HealthFinding("clock", Health.ODD, said, "set the clock of this machine")
    elif off:
        said = f"{counted(len(off), 'laptop')} of {len(skews)} with a clock that is off"
        yield HealthFinding("clock", Health.ODD, said, "permille-server device list")
    else:
        yield HealthFinding("clock", Health.GOOD, "no laptop says that it is off")


def _silent(devices: Sequence[Device], clock: Clock) -> HealthFinding:
    """Count how many laptops have not been heard of for long."""
    said = counted(len(devices), "laptop")
    silent = [
        each
        for each in devices
        if _age_s(each.last_seen_at or each.created_at, clock) > _SILENT_S
    ]
    if silent:
        said = f"{len(silent)} of {said} not heard of for {duration(_SILENT_S)}"
        return HealthFinding("laptops", Health.ODD, said, "permille-server device list")
    return HealthFinding("laptops", Health.GOOD, said)


def _extras() -> Iterator[HealthFinding]:
    for name, (module, what) in _EXTRAS.items():
        if is_installed(module):
            yield HealthFinding(f"extra {name}", Health.GOOD, "is there")
        else:
            hint = f"pip install 'permille-….whl[server,{name}]'"
            yield HealthFinding(
                f"extra {name}", Health.ODD, f"missing, for {what}", hint
            )


def _age_s(at: str, clock: Clock) -> float:
    now = datetime.fromisoformat(clock.stamp())
    return max((now - datetime.fromisoformat(at)).total_seconds(), 0.0)
