"""What is wrong with a laptop before somebody walks out: disk, clock, database, backlog."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.sync.status import laptop_status
from schemas import limits
from schemas.gis.extra import how_to_install, is_installed, is_portable
from schemas.health import Health, HealthFinding, disk
from schemas.told import counted, duration

#: A day of photos, and room for the database to be copied.
_FREE_BYTES: Final = 2 * 1024**3
_FULL_BYTES: Final = 200 * 1024**2
_LONG_AGO_S: Final = 14 * 86_400
#: What an extra brings that a technician may miss in the field, and how it is named.
_EXTRAS: Final = {
    "ui": ("jinja2", "the page: permille ui"),
    "labels": ("reportlab", "labels: permille label sheet"),
    "geo": ("shapely", "Shapefile and GeoPackage"),
}
#: The package of the font for letters beyond those of western Europe.
_FONT: Final = "fontpkg_noto_sans"


def examine(laptop: Laptop, version: str) -> list[HealthFinding]:
    """Look at every part of a laptop; the database is read whole."""
    status = laptop_status(laptop, check=True)
    free = shutil.disk_usage(laptop.home.path).free
    parts = [
        disk(free, _FULL_BYTES, _FREE_BYTES, "make room before a day with photos"),
        _clock(laptop),
        _database(status.damage),
        HealthFinding("version", Health.GOOD, f"permille {version}"),
        _backlog(status.pending, status.quarantined, status.conflicts),
        _last_sync(laptop, status.last_sync_at, status.server),
    ]
    if status.is_copy:
        said = "this is a copy of another laptop"
        parts.append(
            HealthFinding("copy", Health.BAD, said, "permille enrol --replaces")
        )
    return [*parts, *_extras()]


def _clock(laptop: Laptop) -> HealthFinding:
    now = laptop.clock.local(laptop.clock.now())
    said = now.isoformat(timespec="seconds")
    kept = laptop.store.setting(settings.CLOCK_OFFSET)
    off_s = abs(int(kept or 0)) / 1000
    if off_s > limits.CLOCK_SKEW_WARN_S:
        wrong = f"{said}: {duration(off_s)} off the server's"
        return HealthFinding("clock", Health.ODD, wrong, "set the clock of this laptop")
    return HealthFinding("clock", Health.GOOD, said)


def _database(damage: Sequence[str]) -> HealthFinding:
    if damage:
        hint = "do not write on; copy the home, then restore or ask the server for all"
        return HealthFinding("database", Health.BAD, damage[0], hint)
    return HealthFinding("database", Health.GOOD, "every page was read, and is right")


def _backlog(pending: int, to_fix: int, conflicts: int) -> HealthFinding:
    waits = [
        said
        for count, said in (
            (pending, f"{counted(pending, 'change')} to send"),
            (to_fix, f"{to_fix} to fix"),
            (conflicts, counted(conflicts, "conflict")),
        )
        if count
    ]
    if not waits:
        return HealthFinding("backlog", Health.GOOD, "nothing waits")
    hint = (
        "permille fix; permille conflicts" if to_fix or conflicts else "permille sync"
    )
    return HealthFinding("backlog", Health.ODD, ", ".join(waits), hint)


def _last_sync(laptop: Laptop, at: str | None, server: str | None) -> HealthFinding:
    if server is None:
        return HealthFinding(
            "server", Health.ODD, "not enrolled", "permille enrol URL CODE"
        )
    if at is None:
        return HealthFinding(
            "server", Health.ODD, f"{server}: never synced", "permille sync"
        )
    age_s = (laptop.clock.now() - datetime.fromisoformat(at)).total_seconds()
    said = f"{server}: last sync {duration(max(age_s, 0))} ago"
    if age_s > _LONG_AGO_S:
        return HealthFinding(
            "server", Health.ODD, said, "permille sync, before a long trip"
        )
    return HealthFinding("server", Health.GOOD, said)


def _extras() -> Iterator[HealthFinding]:
    yield from _named_extras()
    if is_installed("reportlab") and not is_installed(_FONT):
        said = "labels print the letters of western Europe alone"
        hint = _pip("labels")
        yield HealthFinding("printer fonts", Health.ODD, said, hint)
    elif is_installed("reportlab"):
        said = "Latin, Greek and Cyrillic letters print on labels"
        yield HealthFinding("printer fonts", Health.GOOD, said)


def _named_extras() -> Iterator[HealthFinding]:
    for name, (module, what) in _EXTRAS.items():
        if not is_installed(module):
            hint = how_to_install(name) if is_portable() else _pip(name)
            yield HealthFinding(
                f"extra {name}", Health.ODD, f"missing, for {what}", hint
            )
        else:
            yield HealthFinding(f"extra {name}", Health.GOOD, "is there")


def _pip(extra: str) -> str:
    return f"pip install 'permille-….whl[{extra}]'"
