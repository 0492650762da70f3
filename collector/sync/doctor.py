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
from schemas.health import Health, HealthFinding
from schemas.phrases import _, duration, figure, joined, ngettext

#: A day of photos, and room for the database to be copied.
_FREE_BYTES: Final = 2 * 1024**3
_FULL_BYTES: Final = 200 * 1024**2
_LONG_AGO_S: Final = 14 * 86_400
#: What an extra brings that a technician may miss in the field, and how it is named.
_EXTRAS: Final = {
    "ui": ("jinja2", _("the page: permille ui")),
    "labels": ("reportlab", _("labels: permille label sheet")),
    "geo": ("shapely", _("Shapefile and GeoPackage")),
}
#: The package of the font for letters beyond those of western Europe.
_FONT: Final = "fontpkg_noto_sans"


def examine(laptop: Laptop, version: str) -> list[HealthFinding]:
    """Look at every part of a laptop; the database is read whole."""
    status = laptop_status(laptop, check=True)
    parts = [
        _disk(shutil.disk_usage(laptop.home.path).free),
        _clock(laptop),
        _database(status.damage),
        HealthFinding(
            _("version"), Health.GOOD, _("permille {version}", version=version)
        ),
        _backlog(status.pending, status.quarantined, status.conflicts),
        _last_sync(laptop, status.last_sync_at, status.server),
    ]
    if status.is_copy:
        said = _("this is a copy of another laptop")
        parts.append(
            HealthFinding(_("copy"), Health.BAD, said, "permille enrol --replaces")
        )
    return [*parts, *_extras()]


def _disk(free_bytes: int) -> HealthFinding:
    said = _("{size} GiB free", size=figure(free_bytes / 1024**3, 1))
    if free_bytes < _FULL_BYTES:
        return HealthFinding(
            _("disk"), Health.BAD, said, _("make room before anything is recorded")
        )
    if free_bytes < _FREE_BYTES:
        return HealthFinding(
            _("disk"), Health.ODD, said, _("make room before a day with photos")
        )
    return HealthFinding(_("disk"), Health.GOOD, said)


def _clock(laptop: Laptop) -> HealthFinding:
    now = laptop.clock.local(laptop.clock.now())
    said = now.isoformat(timespec="seconds")
    kept = laptop.store.setting(settings.CLOCK_OFFSET)
    off_s = abs(int(kept or 0)) / 1000
    if off_s > limits.CLOCK_SKEW_WARN_S:
        off = duration(off_s)
        wrong = _("{time}: {off} off the server's", time=said, off=off)
        return HealthFinding(
            _("clock"), Health.ODD, wrong, _("set the clock of this laptop")
        )
    return HealthFinding(_("clock"), Health.GOOD, said)


def _database(damage: Sequence[str]) -> HealthFinding:
    if damage:
        hint = _(
            "do not write on; copy the home, then restore or ask the server for all"
        )
        return HealthFinding(_("database"), Health.BAD, damage[0], hint)
    return HealthFinding(
        _("database"), Health.GOOD, _("every page was read, and is right")
    )


def _backlog(pending: int, to_fix: int, conflicts: int) -> HealthFinding:
    waits = [
        said
        for count, said in (
            (
                pending,
                ngettext("{num} change to send", "{num} changes to send", pending),
            ),
            (to_fix, _("{num} to fix", num=to_fix)),
            (conflicts, ngettext("{num} conflict", "{num} conflicts", conflicts)),
        )
        if count
    ]
    if not waits:
        return HealthFinding(_("backlog"), Health.GOOD, _("nothing waits"))
    hint = (
        "permille fix; permille conflicts" if to_fix or conflicts else "permille sync"
    )
    return HealthFinding(_("backlog"), Health.ODD, joined(waits), hint)


def _last_sync(laptop: Laptop, at: str | None, server: str | None) -> HealthFinding:
    if server is None:
        return HealthFinding(
            _("server"), Health.ODD, _("not enrolled"), "permille enrol URL CODE"
        )
    if at is None:
        return HealthFinding(
            _("server"),
            Health.ODD,
            _("{server}: never synced", server=server),
            "permille sync",
        )
    age_s = (laptop.clock.now() - datetime.fromisoformat(at)).total_seconds()
    ago = duration(max(age_s, 0))
    said = _("{server}: last sync {time} ago", server=server, time=ago)
    if age_s > _LONG_AGO_S:
        return HealthFinding(
            _("server"), Health.ODD, said, _("permille sync, before a long trip")
        )
    return HealthFinding(_("server"), Health.GOOD, said)


def _extras() -> Iterator[HealthFinding]:
    yield from _named_extras()
    if is_installed("reportlab") and not is_installed(_FONT):
        said = _("labels print the letters of western Europe alone")
        hint = _pip("labels")
        yield HealthFinding(_("printer fonts"), Health.ODD, said, hint)
    elif is_installed("reportlab"):
        said = _("Latin, Greek and Cyrillic letters print on labels")
        yield HealthFinding(_("printer fonts"), Health.GOOD, said)


def _named_extras() -> Iterator[HealthFinding]:
    for name, (module, what) in _EXTRAS.items():
        if not is_installed(module):
            hint = how_to_install(name) if is_portable() else _pip(name)
            yield HealthFinding(
                _("extra {name}", name=name),
                Health.ODD,
                _("missing, for {what}", what=what),
                hint,
            )
        else:
            yield HealthFinding(
                _("extra {name}", name=name), Health.GOOD, _("is there")
            )


def _pip(extra: str) -> str:
    return f"pip install 'permille-….whl[{extra}]'"
